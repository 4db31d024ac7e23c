package postgres

import (
	"embed"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/migrations"
)

// statementFiles hold every statement of the store, one file per noun, each
// statement opened by a line "-- name: MethodName".
//
//go:embed *.sql
var statementFiles embed.FS

// nameMark opens a statement.
const nameMark = "-- name: "

// Statements returns the text of every statement by name, as the store uses it
// for tables in the schema; tests prepare each of them.
func Statements(schema string) (map[string]string, error) { return renderStatements(schema) }

// renderStatements reads the statements from their files and qualifies the
// names in them.
func renderStatements(schema string) (map[string]string, error) {
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
		for _, part := range strings.Split(render(string(text), schema), nameMark)[1:] {
			name, body, _ := strings.Cut(part, "\n")
			if _, twice := statements[name]; twice {
				return nil, fault.New(fault.Internal, "two statements have the name %s", name).At(file.Name())
			}
			// A blank line ends a statement; what follows is about the next one. The
			// name stays in front, where it shows in the server's views and logs.
			body, _, _ = strings.Cut(body, "\n\n")
			statements[name] = nameMark + name + "\n" + strings.TrimSpace(body)
		}
	}
	return statements, nil
}

// lockClause is what a build without the lock strips from the statements.
var lockClause = regexp.MustCompile(`FOR NO KEY UPDATE( OF [ks])?( SKIP LOCKED)?`)

// render puts the quoted schema in its places.
func render(text, schema string) string {
	if !locked {
		text = lockClause.ReplaceAllString(text, "")
	}
	return strings.ReplaceAll(text, migrations.SchemaMark, pgx.Identifier{schema}.Sanitize())
}
