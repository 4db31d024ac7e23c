package main

import (
	"fmt"
	"strings"

	"github.com/tasker-systems/tasker-core-go/capi/wire"
	"github.com/tasker-systems/tasker-core-go/core/fault"
)

// makeReference writes the reference for readers.
func makeReference(m *model, _ string) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "<!-- %s -->\n\n# Operations\n\n", banner)
	b.WriteString(`The same operations exist in every language: ` + "`tasker_task_create`" + ` in C is ` + "`task_create`" + ` in Python.
Each takes one JSON object and answers one JSON object. Unknown keys are errors; absent and null mean the same; ids are
integers; an instant is RFC 3339 text in UTC with microseconds; "any JSON" is your own data, kept byte for byte.

`)
	referenceIndex(&b, m)
	b.WriteString("## Fields that every request may carry\n\n")
	referenceFields(&b, m.Shared)
	b.WriteString("## Errors\n\nEvery error is `{\"error\": {\"code\", \"message\", \"details\", \"retryable\"}}`.\n\n| Code | Status in C | Exception in Python |\n|---|---|---|\n")
	for _, k := range fault.Kinds {
		fmt.Fprintf(&b, "| `%s` | %d `TASKER_E_%s` | `%s` |\n", k, wire.StatusOf(k), upper(string(k)), errorClasses[k])
	}
	fmt.Fprintf(&b, "\nEvery operation can answer %s; those with the database also %s.\n\n",
		referenceKinds(wire.CommonErrors(wire.Instant)),
		referenceKinds(wire.CommonErrors(wire.Database)[len(wire.CommonErrors(wire.Instant)):]))
	for _, op := range m.Operations {
		referenceOperation(&b, op)
	}
	b.WriteString("## Objects\n\n")
	for _, o := range m.Objects {
		fmt.Fprintf(&b, "### %s\n\n%s\n\n", o.Name, o.Doc)
		referenceFields(&b, o.Fields)
	}
	return strings.TrimRight(b.String(), "\n") + "\n", nil
}

func referenceIndex(b *strings.Builder, m *model) {
	b.WriteString("| Operation | Does |\n|---|---|\n")
	for _, op := range m.Operations {
		fmt.Fprintf(b, "| [`%s`](#%s) | %s |\n", op.Name, op.Name, cell(firstSentence(op.Doc)))
	}
	b.WriteString("\n")
}

func referenceOperation(b *strings.Builder, op operation) {
	fmt.Fprintf(b, "## %s\n\n", op.Name)
	for _, p := range paragraphs(op.Doc) {
		if p.example {
			fmt.Fprintf(b, "```json\n%s\n```\n\n", p.text)
			continue
		}
		b.WriteString(p.text + "\n\n")
	}
	b.WriteString("Request:\n\n")
	referenceFields(b, op.Request.Fields)
	b.WriteString("Reply:\n\n")
	referenceFields(b, op.Reply.Fields)
	if len(op.Errors) > 0 {
		fmt.Fprintf(b, "Errors of its own: %s.\n\n", referenceKinds(op.Errors))
	}
	fmt.Fprintf(b, "%s Since %s.\n\n", blocking(op), op.Since)
}

func referenceFields(b *strings.Builder, fields []field) {
	if len(fields) == 0 {
		b.WriteString("no fields of its own\n\n")
		return
	}
	b.WriteString("| Field | Type | |\n|---|---|---|\n")
	for _, f := range fields {
		kind := f.Type.String()
		if of := f.Type.object(); of != nil {
			kind = strings.Replace(kind, of.Name, "["+of.Name+"](#"+strings.ToLower(of.Name)+")", 1)
		}
		if f.Optional {
			kind += ", optional"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", f.Name, kind, cell(f.Doc))
	}
	b.WriteString("\n")
}

func referenceKinds(kinds []fault.Kind) string {
	var names []string
	for _, k := range kinds {
		names = append(names, "`"+string(k)+"`")
	}
	return strings.Join(names, ", ")
}

// cell is text inside a table.
func cell(text string) string { return strings.ReplaceAll(text, "|", "\\|") }
