package store_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"

	sqlite3 "github.com/mattn/go-sqlite3"
	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/store/sqlite"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

// compiler counts how often SQLite compiles a statement on one connection: it
// asks for authorisation then and at no other time.
type compiler struct {
	conn  *sql.Conn
	asked int
}

func newCompiler(t *testing.T) *compiler {
	t.Helper()
	conn, err := raw(t, testdb.File(t)).Conn(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	c := &compiler{conn: conn}
	require.NoError(t, conn.Raw(func(driver any) error {
		driver.(*sqlite3.SQLiteConn).RegisterAuthorizer(func(int, string, string, string) int {
			c.asked++
			return sqlite3.SQLITE_OK
		})
		return nil
	}))
	return c
}

// again reports whether a prepared statement is compiled again when it is
// executed with other parameters.
func (c *compiler) again(t *testing.T, text string) bool {
	t.Helper()
	statement, err := c.conn.PrepareContext(t.Context(), text)
	require.NoError(t, err)
	defer statement.Close()
	for value := range 3 {
		if value == 1 {
			c.asked = 0 // the first execution may follow a change of the schema
		}
		c.execute(statement, strings.Count(text, "?"), value+1)
	}
	return c.asked > 0
}

// execute runs the statement with as many of its parameters as it turns out to
// have. Rows that the schema refuses do not matter here.
func (c *compiler) execute(statement *sql.Stmt, parametersMax, value int) {
	for n := range parametersMax + 1 {
		parameters := make([]any, n)
		for i := range parameters {
			parameters[i] = value
		}
		rows, err := statement.QueryContext(context.Background(), parameters...)
		if err == nil {
			for rows.Next() {
				continue
			}
			_ = errors.Join(rows.Err(), rows.Close()) // refused rows do not matter
		}
	}
}

// TestNoStatementIsCompiledAgain guards what made a claim several times slower:
// SQLite compiles a statement again when a parameter changes that its plan
// depends on, such as a bare parameter as the limit.
func TestNoStatementIsCompiledAgain(t *testing.T) {
	t.Parallel()
	statements, err := sqlite.Statements()
	require.NoError(t, err)
	c := newCompiler(t)
	for name, text := range statements {
		if !strings.HasPrefix(name, "Violations") { // for health reports on request
			require.False(t, c.again(t, text), name)
		}
	}
}

func TestAStatementThatIsCompiledAgainIsNoticed(t *testing.T) {
	t.Parallel()
	require.True(t, newCompiler(t).again(t, "SELECT task_id FROM tasker_tasks ORDER BY task_id LIMIT ?1"))
}
