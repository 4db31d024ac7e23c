package store_test

import (
	"database/sql"
	"net/url"
	"regexp"
	"strings"
	"testing"

	_ "github.com/mattn/go-sqlite3" // the driver that the store uses
	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/store/sqlite"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

// raw opens a database file beside the store, for a look at what it left there.
// No store may have the file open.
func raw(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+(&url.URL{Path: path}).EscapedPath()+"?mode=rw")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func TestEveryStatementIsUnderstoodByAMigratedDatabase(t *testing.T) {
	t.Parallel()
	db := raw(t, testdb.File(t))
	statements, err := sqlite.Statements()
	require.NoError(t, err)
	require.Greater(t, len(statements), 40)
	for name, text := range statements {
		statement, err := db.PrepareContext(t.Context(), text)
		require.NoError(t, err, name)
		require.NoError(t, statement.Close(), name)
	}
}

// scanning are statements that may read a whole table, and why.
var scanning = map[string]string{
	"NamedTaskList":     "is completed by a filter and a limit",
	"TaskList":          "is completed by a filter and a limit",
	"LeaseList":         "is completed by a filter and a limit; holds claimed steps only",
	"RouteStamp":        "counts the catalogue, which is far smaller than reading it",
	"RouteNames":        "returns the whole catalogue, which a worker asks for once",
	"WorkerList":        "returns the whole table, in the order of its key",
	"DirtyExists":       "stops at the first row",
	"DirtyTake":         "stops at the limit, in the order of its key",
	"Depths":            "counts, for health reports",
	"NamedTaskVersions": "returns the whole catalogue, for a list that asks for the latest versions",

	"InsightStamps":           "returns a stamp of every task, from indexes",
	"InsightStampsTypes":      "looks at every task type, of which there are few",
	"InsightTasks":            "figures are about all tasks",
	"InsightSlowestSteps":     "figures are about all tasks of a period",
	"InsightHealthTasks":      "counts all tasks, on request",
	"InsightHealthSteps":      "counts all steps, on request",
	"InsightTroublesAttempts": "figures are about all tasks of a period",
	"InsightTroublesClasses":  "as above",
	"InsightTroublesBlocked":  "as above",
	"InsightTroublesBlockers": "as above",

	"ViolationsHistory": "checks every row, for health reports on request",
	"ViolationsDerived": "as above",
	"ViolationsOrphans": "as above",
}

var scan = regexp.MustCompile(`\bSCAN (\w+)`)

// TestNoStatementReadsAWholeTable asks SQLite how it would carry out each
// statement. A scan of json_each is the list of ids that was asked for, and one
// of a common table what was found for them.
func TestNoStatementReadsAWholeTable(t *testing.T) {
	t.Parallel()
	db := raw(t, testdb.File(t))
	statements, err := sqlite.Statements()
	require.NoError(t, err)
	for name, text := range statements {
		if scanning[name] != "" || strings.HasPrefix(name, "Select") { // lists are completed by conditions and a limit
			continue
		}
		for _, step := range plan(t, db, text) {
			if scan.MatchString(step) && !strings.Contains(step, "VIRTUAL TABLE") {
				require.Contains(t, []string{"child", "pair", "due", "later", "queued", "leased", "page", "p"}, scan.FindStringSubmatch(step)[1], "%s: %s", name, step)
			}
		}
	}
	for name := range scanning {
		require.Contains(t, statements, name)
	}
}

func TestAStatementThatReadsAWholeTableIsNoticed(t *testing.T) {
	t.Parallel()
	steps := plan(t, raw(t, testdb.File(t)), "SELECT * FROM tasker_tasks WHERE reason = ?1")
	require.Regexp(t, scan, strings.Join(steps, "\n"))
}

func plan(t *testing.T, db *sql.DB, text string) (steps []string) {
	t.Helper()
	parameters := make([]any, 0, 10)
	for i := range regexp.MustCompile(`\?\d+`).FindAllString(text, -1) {
		if strings.Contains(text, "?"+string(rune('1'+i))) && i < 9 {
			parameters = append(parameters, nil)
		}
	}
	if strings.Contains(text, "?10") {
		parameters = append(parameters, nil)
	}
	rows, err := db.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+text, parameters...)
	require.NoError(t, err, text)
	defer rows.Close()
	for rows.Next() {
		var id, parent, unused int
		var detail string
		require.NoError(t, rows.Scan(&id, &parent, &unused, &detail))
		steps = append(steps, detail)
	}
	require.NoError(t, rows.Err())
	return steps
}
