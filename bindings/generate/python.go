package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tasker-systems/tasker-core-go/core/fault"
)

const pythonWidth = 96

// errorClasses names the exception class of each kind, the same in every
// language. Three names differ from their codes because Python has such names
// already.
var errorClasses = map[fault.Kind]string{
	fault.InvalidRequest: "InvalidRequestError", fault.NotFound: "NotFoundError", fault.Conflict: "ConflictError",
	fault.Duplicate: "DuplicateError", fault.LeaseLost: "LeaseLostError", fault.Unmigrated: "UnmigratedError",
	fault.IncompatibleSchema: "IncompatibleSchemaError", fault.Unavailable: "UnavailableError",
	fault.Timeout: "CallTimeoutError", fault.Cancelled: "CallCancelledError", fault.LimitExceeded: "LimitExceededError",
	fault.Closed: "ClosedError", fault.Forked: "ForkedError", fault.Unsupported: "UnsupportedError",
	fault.Permission: "PermissionDeniedError", fault.Internal: "InternalError",
}

// pythonKeywords cannot be names of parameters; they get a line below.
var pythonKeywords = map[string]bool{
	"from": true, "class": true, "import": true, "in": true, "is": true, "not": true, "or": true, "and": true,
	"if": true, "else": true, "for": true, "while": true, "with": true, "as": true, "try": true, "except": true,
	"raise": true, "return": true, "pass": true, "def": true, "del": true, "lambda": true, "global": true,
	"nonlocal": true, "yield": true, "async": true, "await": true, "assert": true, "break": true, "continue": true,
	"finally": true, "None": true, "True": true, "False": true, "self": true,
}

// makePython writes the Python class with one method per operation.
func makePython(m *model, _ string) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n", banner)
	b.WriteString(`"""The operations of the engine, one method each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

# The exception class of each error code, by its name in tasker_core.errors.
`)
	b.WriteString("ERRORS: dict[str, str] = {\n")
	for _, k := range fault.Kinds {
		fmt.Fprintf(&b, "    %q: %q,\n", k, errorClasses[k])
	}
	b.WriteString("}\n\n# The number of each operation, for tasker_submit.\nNUMBERS: dict[str, int] = {\n")
	for _, op := range m.Operations {
		fmt.Fprintf(&b, "    %q: %d,\n", op.Name, op.Number)
	}
	b.WriteString("}\n")
	b.WriteString(pythonClass)
	for _, op := range m.Operations {
		pythonMethod(&b, m, op)
	}
	return b.String(), nil
}

const pythonClass = `

def _given(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields that were given: None means absent."""
    return {name: value for name, value in fields.items() if value is not None}


class Operations:
    """All operations of an engine. A client implements ` + "`_call`" + ` alone.

    Every method takes keywords, sends one JSON object and returns the reply as
    it came: instants are RFC 3339 text, ids are integers. A failure raises the
    class that ERRORS names.
    """

    def _call(self, number: int, name: str, request: dict[str, Any]) -> dict[str, Any]:
        raise NotImplementedError
`

func pythonMethod(b *strings.Builder, m *model, op operation) {
	parameters := pythonParameters(m, op)
	if len(parameters) == 0 {
		fmt.Fprintf(b, "\n    def %s(self) -> dict[str, Any]:\n", op.Name)
	} else {
		fmt.Fprintf(b, "\n    def %s(\n        self,\n        *,\n", op.Name)
		for _, f := range parameters {
			fmt.Fprintf(b, "        %s: %s,\n", pythonName(f.Name), pythonType(f))
		}
		b.WriteString("    ) -> dict[str, Any]:\n")
	}
	pythonDocument(b, op, parameters)
	b.WriteString("        return self._call(\n")
	fmt.Fprintf(b, "            %d,\n            %q,\n", op.Number, op.Name)
	if len(parameters) == 0 {
		b.WriteString("            {},\n        )\n")
		return
	}
	b.WriteString("            _given(\n                {\n")
	for _, f := range parameters {
		fmt.Fprintf(b, "                    %q: %s,\n", f.Name, pythonName(f.Name))
	}
	b.WriteString("                }\n            ),\n        )\n")
}

// pythonParameters lists the required fields first, then the optional ones,
// then those that every request may carry.
func pythonParameters(m *model, op operation) []field {
	var required, optional []field
	for _, f := range op.Request.Fields {
		if f.Optional {
			optional = append(optional, f)
		} else {
			required = append(required, f)
		}
	}
	parameters := slices.Concat(required, optional)
	if op.Request.Shared {
		parameters = append(parameters, m.Shared...)
	}
	return parameters
}

func pythonName(name string) string {
	if pythonKeywords[name] {
		return name + "_"
	}
	return name
}

// pythonType is the type and default of a parameter.
func pythonType(f field) string {
	if f.Optional {
		return pythonKind(f.Type) + " | None = None"
	}
	return pythonKind(f.Type)
}

// pythonKind is the type of a value that goes in: any mapping and any sequence
// will do.
func pythonKind(k kind) string {
	switch k.Base {
	case baseText, baseInstant:
		return "str"
	case baseInteger:
		return "int"
	case baseNumber:
		return "float"
	case baseBoolean:
		return "bool"
	case baseList:
		return "Sequence[" + pythonKind(*k.Item) + "]"
	case baseMap:
		return "Mapping[str, " + pythonKind(*k.Item) + "]"
	case baseObject:
		return "Mapping[str, Any]"
	}
	return "Any"
}

func pythonDocument(b *strings.Builder, op operation, parameters []field) {
	var lines []string
	for i, p := range paragraphs(op.Doc) {
		if i > 0 {
			lines = append(lines, "")
		}
		if p.example {
			for _, line := range wrapExample(p.text, pythonWidth-12) {
				lines = append(lines, "    "+line)
			}
			continue
		}
		lines = append(lines, wrap(p.text, pythonWidth-8, 0)...)
	}
	lines = append(lines, pythonFields("Args:", parameters, pythonName)...)
	lines = append(lines, pythonFields("Reply:", op.Reply.Fields, func(name string) string { return name })...)
	if len(op.Errors) > 0 {
		lines = append(lines, "", "Raises:")
		for _, k := range op.Errors {
			lines = append(lines, "    "+errorClasses[k])
		}
	}
	for i, line := range lines {
		text := strings.ReplaceAll(strings.ReplaceAll(line, `\`, `\\`), `"""`, `\"\"\"`)
		if i == 0 {
			text = `"""` + text
		}
		b.WriteString(strings.TrimRight("        "+text, " ") + "\n")
	}
	b.WriteString("        \"\"\"\n")
}

func pythonFields(title string, fields []field, spell func(string) string) []string {
	if len(fields) == 0 {
		return nil
	}
	lines := []string{"", title}
	for _, f := range fields {
		for _, line := range wrap(fmt.Sprintf("%s (%s): %s", spell(f.Name), f.Type, f.Doc), pythonWidth-12, 4) {
			lines = append(lines, "    "+line)
		}
	}
	return lines
}
