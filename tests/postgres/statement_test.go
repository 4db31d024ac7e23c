package postgres_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/store/postgres"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

func statements(t *testing.T) map[string]string {
	t.Helper()
	all, err := postgres.Statements(postgres.SchemaDefault)
	require.NoError(t, err)
	require.Greater(t, len(all), 50)
	return all
}

func TestEveryStatementIsUnderstoodByAMigratedDatabase(t *testing.T) {
	t.Parallel()
	conn := testdb.Connect(t, testdb.PostgresDatabase(t))
	for name, text := range statements(t) {
		_, err := conn.Prepare(t.Context(), name, text)
		require.NoError(t, err, name)
	}
}

func TestEveryTableIsQualified(t *testing.T) {
	t.Parallel()
	all, err := postgres.Statements(`odd schema`)
	require.NoError(t, err)
	bare := regexp.MustCompile(`[^.']\btasker_[a-z_]+`)
	for name, text := range all {
		require.NotContains(t, text, "{schema}", name)
		require.Empty(t, bare.FindAllString(text, -1), name)
		if name != "InsightHealthConnections" && name != "MigrateShared" { // of the server, of the catalogue
			require.Contains(t, text, `"odd schema".tasker_`, name)
		}
	}
	require.NotEmpty(t, bare.FindAllString("SELECT 1 FROM tasker_tasks", -1), "a bare name is noticed")
}

// scanning are statements that may read a whole table, and why.
var scanning = map[string]string{
	"NamedTaskList": "is completed by a filter and a limit",
	"TaskList":      "is completed by a filter and a limit",
	"LeaseList":     "is completed by a filter and a limit; holds claimed steps only",
	"RouteNames":    "returns the whole catalogue, which a worker asks for once",
	"StatusApplied": "returns the whole table, some rows",
	"DirtyExists":   "stops at the first row",
	"Depths":        "counts, for health reports",
	"IndexesFound":  "reads some rows and the catalogue",

	"InsightStampsTypes":      "looks at every task type, of which there are few",
	"InsightTasks":            "figures are about all tasks",
	"InsightSlowestSteps":     "figures are about all tasks of a period",
	"InsightHealthTasks":      "counts all tasks, on request",
	"InsightHealthSteps":      "counts all steps, on request",
	"InsightTroublesAttempts": "figures are about all tasks of a period",
	"InsightTroublesClasses":  "as above",
	"InsightTroublesBlocked":  "as above",
	"InsightTroublesBlockers": "as above",
	"NamedTaskVersions":       "returns the whole catalogue, for a list that asks for the latest versions",
}

// TestNoStatementReadsAWholeTable asks the server how it would carry out each
// statement for parameters that it does not know yet, with sequential scans so
// dear that one is left only where no index serves. Violations read everything
// by their nature, and lists are completed by conditions and a limit.
func TestNoStatementReadsAWholeTable(t *testing.T) {
	t.Parallel()
	all := statements(t)
	explain := explainer(t)
	for name, text := range all {
		if scanning[name] == "" && !strings.HasPrefix(name, "Violations") && !strings.HasPrefix(name, "Select") {
			require.NotContains(t, explain(text), "Seq Scan", name)
		}
	}
	for name := range scanning {
		require.Contains(t, all, name)
	}
	require.Contains(t, explain("SELECT 1 FROM tasker_tasks WHERE reason = $1"), "Seq Scan", "one that does is noticed")
}

func explainer(t *testing.T) func(text string) string {
	t.Helper()
	conn := testdb.Connect(t, testdb.PostgresDatabase(t))
	s := &session{conn, t}
	s.do("SET enable_seqscan = off")
	s.do("SET plan_cache_mode = force_generic_plan")
	return func(text string) string {
		_, body, _ := strings.Cut(text, "\n")
		if !strings.HasPrefix(text, "-- name: ") {
			body = text
		}
		s.do("PREPARE asked AS " + body)
		defer s.do("DEALLOCATE asked")
		count := s.number("SELECT cardinality(parameter_types) FROM pg_prepared_statements WHERE name = 'asked'")
		execute := "EXPLAIN EXECUTE asked"
		if count > 0 {
			execute += "(" + strings.TrimSuffix(strings.Repeat("NULL, ", int(count)), ", ") + ")"
		}
		rows, err := conn.Query(t.Context(), execute)
		require.NoError(t, err, body)
		defer rows.Close()
		var plan []string
		for rows.Next() {
			var line string
			require.NoError(t, rows.Scan(&line))
			plan = append(plan, line)
		}
		require.NoError(t, rows.Err(), fmt.Sprint(body))
		return strings.Join(plan, "\n")
	}
}
