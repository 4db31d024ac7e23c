package architecture

import (
	"go/ast"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// The places where the public surface is written down.
const (
	headerFile     = "include/tasker_core.h"
	kindsFile      = "core/fault/fault.go"
	operationsFile = "capi/wire/operations.go"
	operationsPart = "capi/wire/operations"
	pythonFile     = "bindings/python/src/tasker_core/operations.py"
	pythonErrors   = "bindings/python/src/tasker_core/errors.py"
)

// beside are the functions of the header that are not operations.
var beside = []string{
	"tasker_open", "tasker_close", "tasker_close_with_thread", "tasker_interrupt", "tasker_wake_fd", "tasker_submit", "tasker_submit_many", "tasker_collect",
	"tasker_abi_version", "tasker_build_info", "tasker_buffer_free",
}

// bindingOnly are codes that a binding gives itself: a library that cannot be
// loaded cannot answer.
var bindingOnly = []string{"library"}

var (
	headerCode      = regexp.MustCompile(`\bTASKER_E_([A-Z_]+)(?:\s*=\s*|[ \t]+)(\d+)`)
	headerPrototype = regexp.MustCompile(`(?m)^TASKER_API [^;(]*\b(tasker_\w+)\(`)
	headerDocument  = regexp.MustCompile(`\*/\s*TASKER_API [^;(]*\b(tasker_\w+)\(`)
	blockComment    = regexp.MustCompile(`(?s)/\*.*?\*/`)
	pythonOperation = regexp.MustCompile(`(?m)^    (?:async )?def ([a-z]\w*)\(`)
	pythonCode      = regexp.MustCompile(`(?m)^    code = "([a-z_]+)"$`)
)

func decimal(n int) string { return strconv.Itoa(n) }

// goFile finds a parsed file by its path.
func (t *Tree) goFile(name string) *ast.File {
	for _, file := range t.Go {
		if file.Path == name {
			return file.AST
		}
	}
	return nil
}

// kinds reads fault.Kinds: the values in the order of the list.
func (t *Tree) kinds() []string {
	file := t.goFile(kindsFile)
	if file == nil {
		return nil
	}
	values := map[string]string{}
	var order []string
	ast.Inspect(file, func(node ast.Node) bool {
		spec, ok := node.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		switch value := spec.Values[0].(type) {
		case *ast.BasicLit:
			values[spec.Names[0].Name] = unquote(value.Value)
		case *ast.CompositeLit:
			if spec.Names[0].Name == "Kinds" {
				for _, element := range value.Elts {
					order = append(order, spelled(element))
				}
			}
		}
		return true
	})
	for index, name := range order {
		order[index] = values[name]
	}
	return order
}

// Codes reports status codes of the header that are not fault.Kinds, in name or
// in number: a kind's status is its position in the list, from 1.
func Codes(tree *Tree) []Finding {
	header, present := tree.Text[headerFile]
	if !present {
		return nil
	}
	want := map[string]string{}
	for index, kind := range tree.kinds() {
		want[strings.ToUpper(kind)] = decimal(index + 1)
	}
	have := map[string]string{}
	for _, match := range headerCode.FindAllStringSubmatch(blockComment.ReplaceAllString(header, ""), -1) {
		have[match[1]] = match[2]
	}
	var findings []Finding
	for _, name := range keys(want) {
		if have[name] != want[name] {
			findings = append(findings, found(headerFile, "TASKER_E_%s is %q; fault.Kinds says %s", name, have[name], want[name]))
		}
	}
	for _, name := range keys(have) {
		if want[name] == "" {
			findings = append(findings, found(headerFile, "TASKER_E_%s is no kind of core/fault", name))
		}
	}
	return findings
}

// operations reads the names in the operation table, whose parts lie in files of
// one prefix, in the order of the files.
func (t *Tree) operations() []string {
	var names []string
	for _, file := range t.Go {
		if strings.HasPrefix(file.Path, operationsPart) {
			names = append(names, rowNames(file)...)
		}
	}
	return names
}

func rowNames(file *File) (names []string) {
	ast.Inspect(file.AST, func(node ast.Node) bool {
		pair, ok := node.(*ast.KeyValueExpr)
		if ok && spelled(pair.Key) == "Name" {
			if literal, isLiteral := pair.Value.(*ast.BasicLit); isLiteral {
				names = append(names, unquote(literal.Value))
			}
		}
		return true
	})
	return names
}

// Operations reports where the header's prototypes or the Python operations
// differ from the operation table, and rows that are not in noun_verb form.
func Operations(tree *Tree) []Finding {
	operations := tree.operations()
	var findings []Finding
	for _, name := range operations {
		if !strings.Contains(name, "_") {
			findings = append(findings, found(operationsFile, "%s is not noun_verb", name))
		}
	}
	if header, present := tree.Text[headerFile]; present {
		want := slices.Clone(beside)
		for _, name := range operations {
			want = append(want, "tasker_"+name)
		}
		have := submatches(headerPrototype, blockComment.ReplaceAllString(header, ""))
		findings = append(findings, differences(headerFile, "prototype", want, have)...)
	}
	if python, present := tree.Text[pythonFile]; present {
		have := slices.DeleteFunc(submatches(pythonOperation, python), func(name string) bool { return strings.HasPrefix(name, "_") })
		findings = append(findings, differences(pythonFile, "operation", operations, have)...)
	}
	return findings
}

// ErrorClasses reports kinds without a Python exception class, and the reverse.
func ErrorClasses(tree *Tree) []Finding {
	python, present := tree.Text[pythonErrors]
	if !present {
		return nil
	}
	return differences(pythonErrors, "code", tree.kinds(), slices.DeleteFunc(submatches(pythonCode, python), func(code string) bool {
		return slices.Contains(bindingOnly, code)
	}))
}

// Header reports prototypes without a comment directly above, and a header in
// which less than 60 lines of 100 are comment: it is the manual.
func Header(tree *Tree) []Finding {
	header, present := tree.Text[headerFile]
	if !present {
		return nil
	}
	findings := differences(headerFile, "commented prototype",
		submatches(headerPrototype, blockComment.ReplaceAllString(header, "")), submatches(headerDocument, header))
	said := 0
	for _, comment := range blockComment.FindAllString(header, -1) {
		said += strings.Count(comment, "\n") + 1
	}
	if total := strings.Count(header, "\n"); said*100 < total*60 {
		findings = append(findings, found(headerFile, "%d of %d lines are comment; at least 60 in 100 are", said, total))
	}
	return findings
}

func submatches(pattern *regexp.Regexp, text string) []string {
	var names []string
	for _, match := range pattern.FindAllStringSubmatch(text, -1) {
		names = append(names, match[1])
	}
	return names
}

// differences compares two lists as sets.
func differences(place, what string, want, have []string) []Finding {
	var findings []Finding
	for _, name := range want {
		if !slices.Contains(have, name) {
			findings = append(findings, found(place, "%s %s is missing", what, name))
		}
	}
	for _, name := range have {
		if !slices.Contains(want, name) {
			findings = append(findings, found(place, "%s %s is one too many", what, name))
		}
	}
	return findings
}
