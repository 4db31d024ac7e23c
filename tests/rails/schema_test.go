package rails_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

// schemaVariable names a dump of a Rails engine's schema to run this family
// against instead of the one of testdata: make test/rails-schema.
const schemaVariable = "TASKER_TEST_SCHEMA"

// unloadable are lines of a dump that speak of the server it was taken from: its
// roles, settings that another version lacks, and commands of psql.
var unloadable = regexp.MustCompile(`(?m)^(\\.*|ALTER .* OWNER TO .*;|(GRANT|REVOKE) .*;|CREATE SCHEMA public;|` +
	`COMMENT ON (SCHEMA|EXTENSION) .*;|SET (transaction_timeout|idle_session_timeout) .*;)$`)

// readSchema returns the dump of a Rails engine's schema.
func readSchema(t *testing.T) string {
	t.Helper()
	path := os.Getenv(schemaVariable)
	if path == "" {
		path = filepath.Join("testdata", "schema.sql")
	}
	text, err := os.ReadFile(path)
	require.NoError(t, err, "%s is a path seen from tests/rails, or absolute", schemaVariable)
	return unloadable.ReplaceAllString(string(text), "")
}

// railsDatabase is a database that only a Rails engine has worked in: its schema,
// and the rows of testdata/rows.sql.
func railsDatabase(t *testing.T, more ...string) string {
	t.Helper()
	url := testdb.EmptyPostgresDatabase(t)
	rows, err := os.ReadFile(filepath.Join("testdata", "rows.sql"))
	require.NoError(t, err)
	testdb.Execute(t, url, readSchema(t))
	testdb.Execute(t, url, append(more, string(rows))...)
	return url
}

// readV01 is the older version of the readiness functions.
func readV01(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "readiness_v01.sql"))
	require.NoError(t, err)
	return string(text)
}

// catalogue are queries that together tell everything of the schemas that users
// make: a line for each object with its definition, owner and rights. Triggers
// that a foreign key makes have no names of their own.
const catalogue = `
	WITH space AS (SELECT oid, nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'),
	relation AS (SELECT c.*, format('%I.%I', s.nspname, c.relname) AS name FROM pg_class c JOIN space s ON s.oid = c.relnamespace)
	SELECT * FROM (
	SELECT r.name, format('relation %s kind %s owner %s rights %s options %s', r.name, r.relkind, r.relowner::regrole, r.relacl,
		r.reloptions) AS line FROM relation r
	UNION ALL SELECT r.name, format('column %s.%s %s %s %s %s %s', r.name, a.attname, a.attnum, format_type(a.atttypid, a.atttypmod),
		a.attnotnull, a.attidentity, pg_get_expr(d.adbin, d.adrelid))
		FROM relation r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0
		LEFT JOIN pg_attrdef d ON d.adrelid = r.oid AND d.adnum = a.attnum WHERE r.relkind IN ('r', 'v', 'p')
	UNION ALL SELECT r.name, 'index ' || pg_get_indexdef(r.oid) FROM relation r WHERE r.relkind = 'i'
	UNION ALL SELECT r.name, format('constraint %s %s %s', r.name, k.conname, pg_get_constraintdef(k.oid))
		FROM relation r JOIN pg_constraint k ON k.conrelid = r.oid
	UNION ALL SELECT r.name, format('trigger %s %s %s', r.name, g.tgname, pg_get_triggerdef(g.oid))
		FROM relation r JOIN pg_trigger g ON g.tgrelid = r.oid WHERE NOT g.tgisinternal
	UNION ALL SELECT r.name, format('rule %s', pg_get_ruledef(u.oid)) FROM relation r JOIN pg_rewrite u ON u.ev_class = r.oid
	UNION ALL SELECT r.name, format('sequence %s %s %s %s %s', r.name, q.seqtypid::regtype, q.seqstart, q.seqincrement, q.seqmax)
		FROM relation r JOIN pg_sequence q ON q.seqrelid = r.oid
	UNION ALL SELECT p.proname, format('function %s %s %s rights %s', p.oid::regprocedure, p.proowner::regrole, pg_get_functiondef(p.oid), p.proacl)
		FROM pg_proc p JOIN space s ON s.oid = p.pronamespace WHERE p.prokind <> 'a'
	UNION ALL SELECT y.typname, format('type %s %s', y.typname, y.typtype) FROM pg_type y JOIN space s ON s.oid = y.typnamespace
		WHERE y.typrelid = 0 AND y.typelem = 0
	UNION ALL SELECT s.nspname, 'schema ' || s.nspname FROM space s
	UNION ALL SELECT e.extname, format('extension %s %s', e.extname, e.extversion) FROM pg_extension e
	) all_of_it ORDER BY 2`

// picture is a database as it is: every object, and every row of every table with
// the state of every sequence.
type picture struct{ objects, rows []string }

// takePicture describes the database. Without ours it leaves out what bears our
// prefix, and the triggers of ours on the shared tables.
func takePicture(t *testing.T, url string, ours bool) (p picture) {
	t.Helper()
	conn := testdb.Connect(t, url)
	belongs := regexp.MustCompile(`^(public\.)?tasker_core_`)
	rows, err := conn.Query(ctx(), catalogue)
	require.NoError(t, err)
	var name, line string
	_, err = pgx.ForEachRow(rows, []any{&name, &line}, func() error {
		if ours || !belongs.MatchString(name) && !regexp.MustCompile(`^trigger \S+ tasker_core_`).MatchString(line) {
			p.objects = append(p.objects, line)
		}
		return nil
	})
	require.NoError(t, err)
	rows, err = conn.Query(ctx(), `SELECT schemaname || '.' || tablename FROM pg_tables
		WHERE schemaname !~ '^pg_' AND schemaname <> 'information_schema' ORDER BY 1`)
	require.NoError(t, err)
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	for _, table := range tables {
		if ours || !belongs.MatchString(table) {
			p.rows = append(p.rows, lines(t, conn, fmt.Sprintf("SELECT '%[1]s ' || x::text FROM %[1]s x ORDER BY 1", table))...)
		}
	}
	p.rows = append(p.rows, lines(t, conn, `SELECT format('%s %s', sequencename, last_value) FROM pg_sequences
		WHERE sequencename NOT LIKE 'tasker\_core\_%' ORDER BY 1`)...)
	return p
}

func lines(t *testing.T, conn *pgx.Conn, query string) []string {
	t.Helper()
	rows, err := conn.Query(ctx(), query)
	require.NoError(t, err)
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	return found
}

// moved migrates a database.
func moved(t *testing.T, url, direction string) error {
	t.Helper()
	_, err := testdb.OpenPostgres(t, url, only).Migrate(context.Background(), store.MigrationPlan{Direction: direction, At: at})
	return err
}

func TestMigratingADatabaseOfTheRailsEngineAddsOnlyWhatIsOurs(t *testing.T) {
	t.Parallel()
	for name, more := range map[string][]string{"v02": nil, "v01": {readV01(t)},
		"other indexes": {"CREATE INDEX by_the_house ON tasker_tasks (reason, created_at)", "DROP INDEX IF EXISTS tasks_tags_idx",
			"ALTER TABLE tasker_tasks ADD COLUMN colour text, ADD COLUMN weight integer NOT NULL DEFAULT 1"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := railsDatabase(t, more...)
			before := takePicture(t, url, true)
			require.Greater(t, len(before.objects), 250)
			require.Greater(t, len(before.rows), 40)
			require.NoError(t, moved(t, url, "up"))
			require.Equal(t, before, takePicture(t, url, false), "all but ours")
			added := len(takePicture(t, url, true).objects) - len(before.objects)
			require.Greater(t, added, 60, "ours is there")
			require.NoError(t, moved(t, url, "down"))
			require.Equal(t, before, takePicture(t, url, true), "no trace")
			require.NoError(t, moved(t, url, "up"), "and again")
		})
	}
}

// differences are changes of the Rails engine's tables that this library cannot
// work with, each with the place that the refusal must name and its remedy.
var differences = []struct{ change, place, remedy string }{
	{"ALTER TABLE tasker_workflow_steps DROP COLUMN backoff_request_seconds CASCADE", "tasker_workflow_steps.backoff_request_seconds",
		"ALTER TABLE tasker_workflow_steps ADD COLUMN backoff_request_seconds integer"},
	{"ALTER TABLE tasker_workflow_steps RENAME COLUMN attempts TO tries", "tasker_workflow_steps.attempts", "ADD COLUMN attempts integer"},
	{"ALTER TABLE tasker_workflow_steps ALTER COLUMN retry_limit TYPE bigint", "tasker_workflow_steps.retry_limit",
		"ALTER COLUMN retry_limit TYPE integer"},
	{"ALTER TABLE tasker_tasks ALTER COLUMN reason TYPE text", "tasker_tasks.reason", "TYPE character varying(128)"},
	{"ALTER TABLE tasker_task_transitions ALTER COLUMN created_at TYPE timestamptz", "tasker_task_transitions.created_at",
		"TYPE timestamp without time zone"},
	{"ALTER TABLE tasker_workflow_step_transitions ALTER COLUMN metadata TYPE json", "tasker_workflow_step_transitions.metadata", "TYPE jsonb"},
	{"ALTER TABLE tasker_tasks ALTER COLUMN complete DROP NOT NULL", "tasker_tasks.complete", "SET NOT NULL"},
	{"ALTER TABLE tasker_workflow_step_transitions ALTER COLUMN from_state SET NOT NULL", "tasker_workflow_step_transitions.from_state", "DROP NOT NULL"},
	{"ALTER TABLE tasker_tasks ALTER COLUMN task_id DROP DEFAULT", "tasker_tasks.task_id", "SET DEFAULT nextval('tasker_tasks_task_id_seq')"},
	{"ALTER TABLE tasker_workflow_steps ALTER COLUMN in_process SET DEFAULT true", "tasker_workflow_steps.in_process", "SET default false"},
	{"ALTER TABLE tasker_tasks ADD COLUMN tenant integer NOT NULL", "tasker_tasks.tenant", "ALTER COLUMN tenant DROP NOT NULL"},
	{"DROP INDEX idx_on_workflow_step_id_most_recent_97d5374ad6", "tasker_workflow_step_transitions.workflow_step_id,most_recent",
		"CREATE UNIQUE INDEX ON tasker_workflow_step_transitions (workflow_step_id, most_recent) WHERE (most_recent = true)"},
	{"DROP TABLE tasker_task_annotations", "tasker_task_annotations", "the Rails engine's own migrations"},
}

func TestATableThatDiffersIsRefusedByColumnWithTheRemedy(t *testing.T) {
	t.Parallel()
	for _, d := range differences {
		t.Run(d.place, func(t *testing.T) {
			t.Parallel()
			url := testdb.EmptyPostgresDatabase(t)
			testdb.Execute(t, url, readSchema(t))
			testdb.Execute(t, url, "ALTER TABLE tasker_workflow_step_transitions ALTER COLUMN from_state DROP NOT NULL", d.change)
			before := takePicture(t, url, true)
			err := moved(t, url, "up")
			require.Equal(t, fault.IncompatibleSchema, fault.KindOf(err), "%v", err)
			var refused *fault.Error
			require.ErrorAs(t, err, &refused)
			require.Equal(t, d.place, refused.Path)
			require.Contains(t, refused.Remedy, d.remedy)
			require.Equal(t, before, takePicture(t, url, true))
			_, err = testdb.OpenPostgres(t, url, only).Migrate(ctx(), store.MigrationPlan{Direction: "up", DryRun: true, At: at})
			require.Equal(t, fault.IncompatibleSchema, fault.KindOf(err), "a dry run tells it, too")
		})
	}
}

func TestEveryDifferenceIsToldAtOnce(t *testing.T) {
	t.Parallel()
	url := testdb.EmptyPostgresDatabase(t)
	testdb.Execute(t, url, readSchema(t)) // which may end without a search_path
	testdb.Execute(t, url, "ALTER TABLE tasker_tasks ALTER COLUMN reason TYPE text, DROP COLUMN context CASCADE")
	var refused *fault.Error
	require.ErrorAs(t, moved(t, url, "up"), &refused)
	require.Len(t, refused.Problems, 2)
	require.Equal(t, "tasker_tasks.reason", refused.Problems[0].Path)
	require.Equal(t, "tasker_tasks.context", refused.Problems[1].Path)
	require.Contains(t, refused.Message, "and 1 more")
}

// TestTheDescriptionIsThatOfOurOwnTables compares the tables that migration 0001
// makes with the description that foreign ones are held to: our own rows, with
// the record of them gone, count as somebody else's.
func TestTheDescriptionIsThatOfOurOwnTables(t *testing.T) {
	t.Parallel()
	url := testdb.PostgresDatabase(t)
	testdb.Execute(t, url, "DROP TABLE tasker_core_migrations, tasker_core_objects, tasker_core_tasks, tasker_core_ready, "+
		"tasker_core_leases, tasker_core_workers, tasker_core_dirty", `DO $$ BEGIN EXECUTE (SELECT 'DROP FUNCTION ' ||
		string_agg(p.oid::regprocedure::text, ', ') || ' CASCADE' FROM pg_proc p WHERE p.proname LIKE 'tasker\_core\_%'); END $$`)
	require.NoError(t, moved(t, url, "up"))
}
