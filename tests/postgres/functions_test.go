package postgres_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

// signatures are the nine functions with the types of their arguments and of
// their results, as section 1 of the readiness sheet gives them.
var signatures = map[string]string{
	"get_step_readiness_status(bigint, bigint[])": "bigint, bigint, integer, text, text, boolean, boolean, boolean, " +
		"timestamp without time zone, timestamp without time zone, integer, integer, integer, integer, integer, timestamp without time zone",
	"get_step_readiness_status_batch(bigint[])": "bigint, bigint, integer, text, text, boolean, boolean, boolean, " +
		"timestamp without time zone, timestamp without time zone, integer, integer, integer, integer, integer, timestamp without time zone",
	"get_task_execution_context(bigint)": "bigint, integer, text, bigint, bigint, bigint, bigint, bigint, bigint, text, text, " +
		"numeric, text",
	"get_task_execution_contexts_batch(bigint[])": "bigint, integer, text, bigint, bigint, bigint, bigint, bigint, bigint, text, text, " +
		"numeric, text",
	"calculate_dependency_levels(bigint)": "bigint, integer",
	"get_analytics_metrics_v01(timestamp with time zone)": "bigint, bigint, bigint, numeric, bigint, bigint, bigint, numeric, numeric, " +
		"numeric, numeric, bigint, timestamp with time zone, timestamp with time zone",
	"get_slowest_steps_v01(timestamp with time zone, integer, text, text, text)": "bigint, bigint, character varying, character varying, " +
		"character varying, character varying, numeric, integer, timestamp with time zone, timestamp with time zone, boolean, " +
		"character varying",
	"get_slowest_tasks_v01(timestamp with time zone, integer, text, text, text)": "bigint, character varying, character varying, " +
		"character varying, numeric, bigint, bigint, bigint, timestamp with time zone, timestamp with time zone, character varying, " +
		"character varying",
	"get_system_health_counts_v01()": strings.TrimSuffix(strings.Repeat("bigint, ", 16), ", "),
}

// functions returns each function of the database with the types of its columns.
func functions(t *testing.T, location string) map[string]string {
	t.Helper()
	rows, err := testdb.Connect(t, location).Query(t.Context(), `
		SELECT format('%s(%s)', p.proname, oidvectortypes(p.proargtypes)), coalesce(
			(SELECT string_agg(format_type(a.type, NULL), ', ' ORDER BY a.n) FROM unnest(p.proallargtypes, p.proargmodes)
				WITH ORDINALITY a (type, mode, n) WHERE a.mode = 't'), format_type(p.prorettype, NULL))
		FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.prorettype <> 'trigger'::regtype`)
	require.NoError(t, err)
	defer rows.Close()
	found := map[string]string{}
	for rows.Next() {
		var name, columns string
		require.NoError(t, rows.Scan(&name, &columns))
		found[name] = columns
	}
	require.NoError(t, rows.Err())
	return found
}

func TestTheNineFunctionsHaveTheSignaturesOfTheSheet(t *testing.T) {
	t.Parallel()
	require.Equal(t, signatures, functions(t, testdb.PostgresDatabase(t)))
}

// A function of one of the names stays whatever its arguments are; the others
// are created beside it, and down leaves it where it was.
func TestAFunctionThatIsThereAlreadyStays(t *testing.T) {
	t.Parallel()
	location := testdb.EmptyPostgresDatabase(t)
	testdb.Execute(t, location, "CREATE FUNCTION calculate_dependency_levels(integer) RETURNS text LANGUAGE sql AS $$SELECT 'theirs'$$")
	before := functions(t, location)
	opened := testdb.OpenPostgres(t, location, only)
	migrate(t, opened, store.MigrationPlan{Direction: "up"})
	found := functions(t, location)
	require.Len(t, found, 9)
	require.Equal(t, "text", found["calculate_dependency_levels(integer)"])
	recorded := (&session{testdb.Connect(t, location), t}).number("SELECT count(*) FROM tasker_core_objects WHERE kind = 'function'")
	require.EqualValues(t, 8, recorded)
	migrate(t, opened, store.MigrationPlan{Direction: "down"})
	require.Equal(t, before, functions(t, location))
}
