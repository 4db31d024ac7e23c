package postgres_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/store/postgres"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

// child names the database that a child of this test binary migrates.
const child = "TASKER_MIGRATE_DATABASE"

func TestMain(m *testing.M) {
	if location := os.Getenv(child); location != "" {
		os.Exit(migrateAsChild(location))
	}
	os.Exit(m.Run())
}

// migrateAsChild prints a line per step that this process took.
func migrateAsChild(location string) int {
	ctx := context.Background()
	opened, err := postgres.Open(ctx, postgres.Options{URL: location, Migrate: postgres.MigrateOnly})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	defer opened.Close()
	taken, err := opened.Migrate(ctx, store.MigrationPlan{Direction: "up", At: at})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	for _, step := range taken {
		fmt.Println("took", step.Version)
	}
	return 0
}

func only(o *postgres.Options) { o.Migrate = postgres.MigrateOnly }

func version(n int) *int { return &n }

// objects lists every column, index, constraint, view, sequence and function
// with its definition.
func objects(t *testing.T, location string) (list []string) {
	t.Helper()
	rows, err := testdb.Connect(t, location).Query(t.Context(), `
		WITH ours AS (
			SELECT c.oid, c.relname, n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
			WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
		)
		SELECT format('column %s.%s %s %s', o.relname, a.attname, format_type(a.atttypid, a.atttypmod),
			CASE WHEN a.attnotnull THEN 'not null' END) || coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '')
		FROM ours o JOIN pg_attribute a ON a.attrelid = o.oid AND a.attnum > 0 AND NOT a.attisdropped
		JOIN pg_class c ON c.oid = o.oid AND c.relkind IN ('r', 'v')
		LEFT JOIN pg_attrdef d ON d.adrelid = o.oid AND d.adnum = a.attnum
		UNION ALL SELECT 'index ' || i.indexdef FROM pg_indexes i JOIN ours o ON o.relname = i.indexname
		UNION ALL SELECT format('constraint %s.%s %s', o.relname, k.conname, pg_get_constraintdef(k.oid))
			FROM pg_constraint k JOIN ours o ON o.oid = k.conrelid
		UNION ALL SELECT format('view %s %s', v.viewname, v.definition) FROM pg_views v JOIN ours o ON o.relname = v.viewname
		UNION ALL SELECT format('sequence %s %s', s.sequencename, s.data_type) FROM pg_sequences s
		UNION ALL SELECT 'function ' || pg_get_functiondef(f.oid) FROM pg_proc f JOIN pg_namespace n ON n.oid = f.pronamespace
			WHERE n.nspname NOT IN ('pg_catalog', 'information_schema')
		ORDER BY 1`)
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		var object string
		require.NoError(t, rows.Scan(&object))
		list = append(list, object)
	}
	require.NoError(t, rows.Err())
	return list
}

func migrate(t *testing.T, s store.Schema, plan store.MigrationPlan) (versions []int) {
	t.Helper()
	plan.At = at
	taken, err := s.Migrate(t.Context(), plan)
	require.NoError(t, err)
	for _, step := range taken {
		require.Equal(t, plan.Direction, step.Direction)
		require.NotEmpty(t, step.Name)
		versions = append(versions, step.Version)
	}
	return versions
}

func TestUpDownUpGivesTheSameSchema(t *testing.T) {
	t.Parallel()
	location := testdb.EmptyPostgresDatabase(t)
	opened := testdb.OpenPostgres(t, location, only)
	require.Equal(t, []int{1, 2, 3, 4, 5}, migrate(t, opened, store.MigrationPlan{Direction: "up"}))
	first := objects(t, location)
	require.Greater(t, len(first), 150)
	require.Equal(t, []int{5, 4, 3, 2, 1}, migrate(t, opened, store.MigrationPlan{Direction: "down"}))
	require.Empty(t, objects(t, location))
	require.Equal(t, []int{1, 2, 3, 4, 5}, migrate(t, opened, store.MigrationPlan{Direction: "up"}))
	require.Equal(t, first, objects(t, location))
	require.Empty(t, migrate(t, opened, store.MigrationPlan{Direction: "up"}))
}

func TestMigrationStopsAtTheVersionAskedForAndTellsTheStatus(t *testing.T) {
	t.Parallel()
	opened := testdb.OpenPostgres(t, testdb.EmptyPostgresDatabase(t), only)
	require.Equal(t, []int{1, 2, 3, 4, 5}, migrate(t, opened, store.MigrationPlan{Direction: "up", DryRun: true}))
	require.Equal(t, []int{1, 2}, migrate(t, opened, store.MigrationPlan{Direction: "up", To: version(2)}))
	require.Equal(t, []int{2}, migrate(t, opened, store.MigrationPlan{Direction: "down", To: version(1)}))
	status, err := opened.Status(t.Context())
	require.NoError(t, err)
	require.Contains(t, status.Migrations[0].AppliedBy, fmt.Sprintf("process %d", os.Getpid()))
	status.Migrations[0].AppliedBy = ""
	require.Equal(t, store.SchemaStatus{Current: 1, Newest: postgres.Newest(), Migrations: []store.Migration{
		{Version: 1, Name: "rails_tables", AppliedAt: at}, {Version: 2, Name: "core_tables"}, {Version: 3, Name: "views"},
		{Version: 4, Name: "functions"}, {Version: 5, Name: "triggers"},
	}}, status)
	require.Equal(t, []int{2, 3, 4, 5}, migrate(t, opened, store.MigrationPlan{Direction: "up"}))
	_, err = opened.Migrate(t.Context(), store.MigrationPlan{Direction: "up", To: version(99)})
	require.Equal(t, fault.InvalidRequest, fault.KindOf(err))
	_, err = opened.Migrate(t.Context(), store.MigrationPlan{Direction: "sideways"})
	require.Equal(t, fault.InvalidRequest, fault.KindOf(err))
}

func TestProcessesThatMigrateAtOnceTakeEachStepOnce(t *testing.T) {
	t.Parallel()
	location := testdb.EmptyPostgresDatabase(t)
	const processes = 3
	commands, outputs := make([]*exec.Cmd, processes), make([]strings.Builder, processes)
	for i := range commands {
		commands[i] = exec.CommandContext(t.Context(), os.Args[0])
		commands[i].Env = append(os.Environ(), child+"="+location)
		commands[i].Stdout = &outputs[i]
		require.NoError(t, commands[i].Start())
	}
	var all string
	for i, command := range commands {
		require.NoError(t, command.Wait(), outputs[i].String())
		all += outputs[i].String()
	}
	for _, step := range []string{"took 1", "took 2", "took 3", "took 4"} {
		require.Equal(t, 1, strings.Count(all, step), all)
	}
	require.Equal(t, objects(t, testdb.PostgresDatabase(t)), objects(t, location))
}

func TestAMigratorWaitsForAnotherUntilItsDeadline(t *testing.T) {
	t.Parallel()
	location := testdb.EmptyPostgresDatabase(t)
	other := &session{testdb.Connect(t, location), t}
	other.do("SELECT pg_advisory_lock(hashtextextended('tasker_core migrations of public', 0))")
	opened := testdb.OpenPostgres(t, location, only)
	short, cancel := context.WithTimeout(t.Context(), 300e6)
	defer cancel()
	_, err := opened.Migrate(short, store.MigrationPlan{Direction: "up", At: at})
	require.Equal(t, fault.Timeout, fault.KindOf(err))
	require.NoError(t, other.Close(t.Context()))
	require.Len(t, migrate(t, opened, store.MigrationPlan{Direction: "up"}), 5)
}

func TestAMigrationThatFailsLeavesItsVersionOut(t *testing.T) {
	t.Parallel()
	location := testdb.EmptyPostgresDatabase(t)
	opened := testdb.OpenPostgres(t, location, only)
	migrate(t, opened, store.MigrationPlan{Direction: "up", To: version(1)})
	// The last table of the second migration is in the way.
	testdb.Execute(t, location, "CREATE TABLE tasker_core_dirty (x int)")
	before := objects(t, location)
	_, err := opened.Migrate(t.Context(), store.MigrationPlan{Direction: "up", At: at})
	require.Error(t, err)
	require.Equal(t, before, objects(t, location))
	status, err := opened.Status(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, status.Current)
}

// asTheRailsEngineMadeThem leaves the shared tables in the database and nothing
// of ours.
func asTheRailsEngineMadeThem(t *testing.T) string {
	t.Helper()
	location := testdb.PostgresDatabase(t)
	testdb.Execute(t, location, "DROP TABLE tasker_core_tasks, tasker_core_ready, tasker_core_leases, tasker_core_workers, "+
		"tasker_core_dirty, tasker_core_objects, tasker_core_migrations",
		`DO $$ BEGIN EXECUTE (SELECT 'DROP FUNCTION ' || string_agg(p.oid::regprocedure::text, ', ') || ' CASCADE'
			FROM pg_proc p WHERE p.proname LIKE 'tasker\_core\_%'); END $$`,
		"CREATE INDEX by_rails ON tasker_tasks (reason)")
	return location
}

func TestTablesOfTheRailsEngineAreLeftAloneUpAndDown(t *testing.T) {
	t.Parallel()
	location := asTheRailsEngineMadeThem(t)
	before := objects(t, location)
	opened := testdb.OpenPostgres(t, location, only)
	require.Equal(t, []int{1, 2, 3, 4, 5}, migrate(t, opened, store.MigrationPlan{Direction: "up"}))
	require.Subset(t, objects(t, location), before)
	require.Equal(t, []int{5, 4, 3, 2, 1}, migrate(t, opened, store.MigrationPlan{Direction: "down"}))
	require.Equal(t, before, objects(t, location))
}

func TestHalfOfTheTablesOfTheRailsEngineAreNobodysSchema(t *testing.T) {
	t.Parallel()
	location := asTheRailsEngineMadeThem(t)
	testdb.Execute(t, location, "DROP TABLE tasker_task_annotations, tasker_annotation_types")
	before := objects(t, location)
	_, err := testdb.OpenPostgres(t, location, only).Migrate(t.Context(), store.MigrationPlan{Direction: "up", At: at})
	require.Equal(t, fault.IncompatibleSchema, fault.KindOf(err))
	require.ErrorContains(t, err, "lacks tasker_annotation_types, tasker_task_annotations")
	require.Equal(t, before, objects(t, location))
}

func TestEverythingLivesInTheSchemaOfTheOptions(t *testing.T) {
	t.Parallel()
	location := testdb.EmptyPostgresDatabase(t)
	_, err := postgres.Open(t.Context(), postgres.Options{URL: location, Schema: `My "own" schema`})
	require.Equal(t, fault.InvalidRequest, fault.KindOf(err))
	in := func(o *postgres.Options) { o.Schema, o.Migrate = "My own-schema", postgres.MigrateAuto }
	_, err = postgres.Open(t.Context(), postgres.Options{URL: location, Schema: "My own-schema", Migrate: postgres.MigrateAuto})
	require.Equal(t, fault.NotFound, fault.KindOf(err))
	testdb.Execute(t, location, `CREATE SCHEMA "My own-schema"`)
	k := &kit{Store: testdb.OpenPostgres(t, location, in), t: t, ctx: t.Context(), url: location}
	k.add("first", 2, [2]int{0, 1})
	k.start(k.steps[0])
	outside := k.foreign()
	require.EqualValues(t, 1, outside.number(`SELECT count(*) FROM "My own-schema".tasker_tasks`))
	require.Zero(t, outside.number("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"))
	require.Equal(t, []int{5, 4, 3, 2, 1}, migrate(t, k.Store, store.MigrationPlan{Direction: "down"}))
	require.Zero(t, outside.number(`SELECT count(*) FROM pg_class WHERE relnamespace = '"My own-schema"'::regnamespace`))
	require.Zero(t, outside.number(`SELECT count(*) FROM pg_proc WHERE pronamespace IN ('"My own-schema"'::regnamespace, 'public'::regnamespace)`))
}

// TestTwoSchemasOfOneDatabaseAreMigratedApart fails when a name in a migration
// or the version table is left to the search_path of the session.
func TestTwoSchemasOfOneDatabaseAreMigratedApart(t *testing.T) {
	t.Parallel()
	location := testdb.EmptyPostgresDatabase(t)
	testdb.Execute(t, location, "CREATE SCHEMA one", "CREATE SCHEMA two", "CREATE TABLE public.tasker_core_migrations (mine int)",
		"DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = public, two', current_database()); END $$")
	in := func(schema string) *postgres.Store {
		return testdb.OpenPostgres(t, location, only, func(o *postgres.Options) { o.Schema = schema })
	}
	one, two := in("one"), in("two")
	current := func(s *postgres.Store) int {
		status, err := s.Status(t.Context())
		require.NoError(t, err)
		return status.Current
	}
	look := &session{testdb.Connect(t, location), t}
	inPublic := func() int64 {
		return look.number("SELECT (SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace) + " +
			"(SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace)")
	}
	migrate(t, one, store.MigrationPlan{Direction: "up"})
	require.Equal(t, []int{postgres.Newest(), 0}, []int{current(one), current(two)})
	migrate(t, two, store.MigrationPlan{Direction: "up", To: version(2)})
	require.Equal(t, []int{postgres.Newest(), 2}, []int{current(one), current(two)})
	require.EqualValues(t, 1, inPublic(), "the table that was there and nothing else")
	migrate(t, one, store.MigrationPlan{Direction: "down"})
	require.Equal(t, []int{0, 2}, []int{current(one), current(two)})
	require.Zero(t, look.number("SELECT count(*) FROM pg_class WHERE relnamespace = 'one'::regnamespace"))
	require.EqualValues(t, 1, inPublic())
}

func TestMigratingThroughAPoolerIsRefused(t *testing.T) {
	t.Parallel()
	location := testdb.ThroughPooler(t, testdb.EmptyPostgresDatabase(t))
	opened := testdb.OpenPostgres(t, location, only, func(o *postgres.Options) { o.Pooler = true })
	_, err := opened.Migrate(t.Context(), store.MigrationPlan{Direction: "up", At: at})
	require.Equal(t, fault.Unsupported, fault.KindOf(err))
	require.ErrorContains(t, err, "pooler")

	_, err = postgres.Open(t.Context(), postgres.Options{URL: location, Migrate: postgres.MigrateOnly})
	require.Equal(t, fault.Unsupported, fault.KindOf(err), "a pooler that the options do not tell of is noticed")
	require.ErrorContains(t, err, "pooler")
}

func TestTheViewOfTheGraphTellsParentsChildrenAndDepth(t *testing.T) {
	t.Parallel()
	k := newKit(t, 4, [2]int{0, 1}, [2]int{1, 2}, [2]int{2, 3}, [2]int{0, 3})
	diamond := k.steps
	k.add("cycle", 2, [2]int{0, 1}, [2]int{1, 0})
	type row struct {
		parents, children       string
		parentCount, childCount int64
		root, leaf              bool
		depth                   *int64
	}
	look := k.foreign()
	read := func(step int64) (r row) {
		require.NoError(t, look.QueryRow(t.Context(), `SELECT parent_step_ids::text, child_step_ids::text, parent_count, child_count,
			is_root_step, is_leaf_step, min_depth_from_root FROM tasker_step_dag_relationships WHERE workflow_step_id = $1`, step).
			Scan(&r.parents, &r.children, &r.parentCount, &r.childCount, &r.root, &r.leaf, &r.depth))
		return r
	}
	zero, one, two := int64(0), int64(1), int64(2)
	require.Equal(t, row{"[]", fmt.Sprintf("[%d, %d]", diamond[1], diamond[3]), 0, 2, true, false, &zero}, read(diamond[0]))
	require.Equal(t, row{fmt.Sprintf("[%d, %d]", diamond[0], diamond[2]), "[]", 2, 0, false, true, &one}, read(diamond[3]))
	require.Equal(t, &two, read(diamond[2]).depth)
	require.Nil(t, read(k.steps[0]).depth)
}

// withParameter adds a parameter to a URL.
func withParameter(t *testing.T, location, name, value string) string {
	t.Helper()
	parsed, err := url.Parse(location)
	require.NoError(t, err)
	query := parsed.Query()
	query.Set(name, value)
	parsed.RawQuery = query.Encode()
	return parsed.String()
}
