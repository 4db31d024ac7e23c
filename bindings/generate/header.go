package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tasker-systems/tasker-core-go/capi/wire"
	"github.com/tasker-systems/tasker-core-go/core/fault"
)

// The generated part of the header lies between these lines.
const (
	headerBegin = "/* tasker:generated:begin */\n"
	headerEnd   = "/* tasker:generated:end */\n"
	headerWidth = 84
)

// makeHeader replaces the generated part of the header and leaves the rest,
// which is written by hand.
func makeHeader(m *model, present string) (string, error) {
	before, rest, begins := strings.Cut(present, headerBegin)
	_, after, ends := strings.Cut(rest, headerEnd)
	if !begins || !ends {
		return "", errors.New("the lines that mark the generated part are missing")
	}
	var b strings.Builder
	fmt.Fprintf(&b, "/* %s */\n\n", banner)
	headerShared(&b, m)
	headerObjects(&b, m)
	for _, op := range m.Operations {
		headerOperation(&b, op)
	}
	return before + headerBegin + b.String() + headerEnd + after, nil
}

// comment writes a block comment. Text from elsewhere must not end it.
func comment(b *strings.Builder, lines []string) {
	b.WriteString("/*\n")
	for _, line := range lines {
		line = strings.ReplaceAll(strings.ReplaceAll(line, "*/", "* /"), "/*", "/ *")
		b.WriteString(strings.TrimRight(" * "+line, " ") + "\n")
	}
	b.WriteString(" */\n")
}

func headerShared(b *strings.Builder, m *model) {
	lines := []string{"FIELDS THAT EVERY REQUEST MAY CARRY", ""}
	lines = append(lines, headerFields(m.Shared)...)
	lines = append(lines, "", "ERRORS THAT OPERATIONS SHARE", "")
	lines = append(lines, wrap("Answered from memory: "+codes(wire.CommonErrors(wire.Instant))+".", headerWidth, 2)...)
	lines = append(lines, wrap("With the database: "+codes(wire.CommonErrors(wire.Database))+".", headerWidth, 2)...)
	comment(b, lines)
	b.WriteString("\n")
}

func headerObjects(b *strings.Builder, m *model) {
	lines := []string{"OBJECTS THAT FIELDS REFER TO", ""}
	for _, o := range m.Objects {
		lines = append(lines, wrap(o.Name+": "+described(o.Name, o.Doc), headerWidth, 2)...)
		lines = append(lines, headerFields(o.Fields)...)
		lines = append(lines, "")
	}
	comment(b, lines[:len(lines)-1])
	b.WriteString("\n")
}

// headerFields lists fields, one paragraph each.
func headerFields(fields []field) []string {
	var lines []string
	for _, f := range fields {
		mark := ""
		if f.Optional {
			mark = ", optional"
		}
		for _, line := range wrap(fmt.Sprintf("%s (%s%s): %s", f.Name, f.Type, mark, f.Doc), headerWidth-2, 4) {
			lines = append(lines, "  "+line)
		}
	}
	return lines
}

func headerOperation(b *strings.Builder, op operation) {
	fmt.Fprintf(b, "#define TASKER_OP_%s %d\n", upper(op.Name), op.Number)
	lines := headerText(op)
	lines = append(lines, "", "Request:")
	lines = append(lines, orNone(headerFields(op.Request.Fields))...)
	lines = append(lines, "", "Reply:")
	lines = append(lines, orNone(headerFields(op.Reply.Fields))...)
	lines = append(lines, "")
	lines = append(lines, wrap("Errors: "+ownErrors(op), headerWidth, 2)...)
	lines = append(lines, wrap(blocking(op)+" Any thread. The reply is the caller's to release. Since "+op.Since+".", headerWidth, 0)...)
	comment(b, lines)
	fmt.Fprintf(b, "TASKER_API int32_t tasker_%s(tasker_engine engine, const uint8_t *request, size_t request_len,\n", op.Name)
	fmt.Fprintf(b, "%stasker_buffer *reply);\n\n", strings.Repeat(" ", len("TASKER_API int32_t tasker_(")+len(op.Name)))
}

// headerText is the table's text, its paragraphs apart.
func headerText(op operation) []string {
	lines := wrap("tasker_"+op.Name+": "+paragraphs(op.Doc)[0].text, headerWidth, 0)
	for _, p := range paragraphs(op.Doc)[1:] {
		lines = append(lines, "")
		if p.example {
			for _, line := range wrapExample(p.text, headerWidth-4) {
				lines = append(lines, "    "+line)
			}
			continue
		}
		lines = append(lines, wrap(p.text, headerWidth, 0)...)
	}
	return lines
}

func orNone(lines []string) []string {
	if len(lines) == 0 {
		return []string{"  no fields of its own"}
	}
	return lines
}

// codes lists status names of kinds, each once.
func codes(kinds []fault.Kind) string {
	var names []string
	for _, k := range kinds {
		if name := "TASKER_E_" + upper(string(k)); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

func ownErrors(op operation) string {
	shared := "those of every operation with the database."
	if op.Kind == wire.Instant {
		shared = "those of every operation answered from memory."
	}
	if len(op.Errors) == 0 {
		return shared
	}
	return codes(op.Errors) + ", and " + shared
}

// blocking is how long a call can take, as a sentence.
func blocking(op operation) string {
	switch op.Kind {
	case wire.Instant:
		return "Never blocks: it is answered from memory."
	case wire.Waits:
		return "Blocks for at most wait_ms, and ends early by tasker_interrupt, or at timeout_ms."
	}
	return "Blocks until the database has answered, at most timeout_ms."
}
