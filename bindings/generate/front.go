package main

import (
	"fmt"
	"strings"

	"github.com/tasker-systems/tasker-core-go/capi/wire"
	"github.com/tasker-systems/tasker-core-go/core/fault"
)

// makeFront writes the C functions of the operations.
func makeFront(m *model, _ string) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "/* %s */\n\n", banner)
	b.WriteString("#include \"front.h\"\n#include \"operations_gen.h\"\n\n")
	b.WriteString("/* All of one shape: the number is the only difference. */\n")
	for _, op := range m.Operations {
		fmt.Fprintf(&b, "\nint32_t tasker_%s(tasker_engine engine, const uint8_t *request, size_t request_len, tasker_buffer *reply) {\n", op.Name)
		fmt.Fprintf(&b, "    return tk_operation(TASKER_OP_%s, engine, request, request_len, reply);\n}\n", upper(op.Name))
	}
	return b.String(), nil
}

// makeAssertions writes what the table and the vocabulary say about the header,
// as assertions that the compiler checks wherever the header is included too.
func makeAssertions(m *model, _ string) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "/* %s */\n\n", banner)
	b.WriteString("#ifndef TASKER_OPERATIONS_GEN_H\n#define TASKER_OPERATIONS_GEN_H\n\n")
	b.WriteString("#include \"tasker_core.h\"\n\n")
	b.WriteString("#define TK_OPERATIONS " + fmt.Sprint(len(m.Operations)) + "\n\n")
	b.WriteString("#ifdef __cplusplus\n#define TK_SAME(a, b) static_assert((a) == (b), #a)\n")
	b.WriteString("#else\n#define TK_SAME(a, b) _Static_assert((a) == (b), #a)\n#endif\n\n")
	b.WriteString("/* Status codes against the order of fault.Kinds. */\n")
	fmt.Fprintf(&b, "TK_SAME(TASKER_OK, %d);\n", wire.StatusOK)
	for _, k := range fault.Kinds {
		fmt.Fprintf(&b, "TK_SAME(TASKER_E_%s, %d);\n", upper(string(k)), wire.StatusOf(k))
	}
	b.WriteString("\n/* Operation numbers against the order of the table. */\n")
	for _, op := range m.Operations {
		fmt.Fprintf(&b, "TK_SAME(TASKER_OP_%s, %d);\n", upper(op.Name), op.Number)
	}
	b.WriteString("\n#endif\n")
	return b.String(), nil
}
