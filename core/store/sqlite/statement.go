package sqlite

import (
	"embed"
	"strings"

	"github.com/tasker-systems/tasker-core-go/core/fault"
)

// statementFiles hold every statement of the store, one file per noun, each
// statement opened by a line "-- name: MethodName".
//
// SQLite compiles a statement again, at several times the cost of executing it,
// whenever a parameter changes on which its plan depends: a bare parameter as
// the limit, or compared with a column beside the index in use. "+ 0", or an
// empty text joined to a text, makes it an expression that the planner leaves
// alone.
//
//go:embed *.sql
var statementFiles embed.FS

// nameMark opens a statement.
const nameMark = "-- name: "

// Statements returns the text of every statement by name, as the store uses it;
// tests prepare each of them.
func Statements() (map[string]string, error) { return parseStatements() }

// parseStatements reads the statements from their files.
func parseStatements() (map[string]string, error) {
	files, err := statementFiles.ReadDir(".")
	if err != nil {
		return nil, fault.Wrap(fault.Internal, err, "the statements cannot be read")
	}
	statements := map[string]string{}
	for _, file := range files {
		text, err := statementFiles.ReadFile(file.Name())
		if err != nil {
			return nil, fault.Wrap(fault.Internal, err, "the statements cannot be read").At(file.Name())
		}
		for _, part := range strings.Split(string(text), nameMark)[1:] {
			name, body, _ := strings.Cut(part, "\n")
			if _, twice := statements[name]; twice {
				return nil, fault.New(fault.Internal, "two statements have the name %s", name).At(file.Name())
			}
			// A blank line ends a statement; what follows is about the next one. The
			// name stays in front, where it shows in traces and errors.
			body, _, _ = strings.Cut(body, "\n\n")
			statements[name] = nameMark + name + "\n" + strings.TrimSpace(body)
		}
	}
	return statements, nil
}
