package main

import (
	"fmt"
	"strings"

	"github.com/tasker-systems/tasker-core-go/capi/wire"
	"github.com/tasker-systems/tasker-core-go/core/fault"
)

// kindNames are how long an operation can take, in the words of the bindings.
var kindNames = map[wire.Kind]string{wire.Instant: "instant", wire.Brief: "database", wire.Database: "database", wire.Waits: "waits"}

// makeRuby writes the tables from which the Ruby binding makes its methods and
// its exception classes.
func makeRuby(m *model, _ string) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "# frozen_string_literal: true\n\n# %s\n\nmodule TaskerCore\n", banner)
	b.WriteString("  # One row of the operation table.\n")
	b.WriteString("  Operation = Struct.new(:number, :kind)\n\n")
	b.WriteString("  # The number and the kind of each operation, by its name: an instant one is answered\n")
	b.WriteString("  # from memory, one that waits is ended by tasker_interrupt.\n  OPERATIONS = {\n")
	for _, op := range m.Operations {
		fmt.Fprintf(&b, "    %s: Operation.new(%d, :%s).freeze,\n", op.Name, op.Number, kindNames[op.Kind])
	}
	b.WriteString("  }.freeze\n\n")
	b.WriteString("  # The exception class of each error code; the first belongs to status 1.\n  ERRORS = {\n")
	for _, k := range fault.Kinds {
		fmt.Fprintf(&b, "    %q => %q,\n", k, errorClasses[k])
	}
	b.WriteString("  }.freeze\nend\n")
	return b.String(), nil
}

// makeNode writes the same tables for Node.
func makeNode(m *model, _ string) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "// %s\n'use strict';\n\n", banner)
	b.WriteString("// The number and the kind of each operation, by its name: an instant one is answered\n")
	b.WriteString("// from memory, one that waits is ended by tasker_interrupt.\nexports.OPERATIONS = Object.freeze({\n")
	for _, op := range m.Operations {
		fmt.Fprintf(&b, "  %s: { number: %d, kind: '%s' },\n", op.Name, op.Number, kindNames[op.Kind])
	}
	b.WriteString("});\n\n")
	b.WriteString("// The class of each error code; the first belongs to status 1.\nexports.ERRORS = Object.freeze({\n")
	for _, k := range fault.Kinds {
		fmt.Fprintf(&b, "  %s: '%s',\n", k, errorClasses[k])
	}
	b.WriteString("});\n")
	return b.String(), nil
}
