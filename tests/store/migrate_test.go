package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/store/sqlite"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

// child names the file that a child of this test binary migrates.
const child = "TASKER_MIGRATE_FILE"

func TestMain(m *testing.M) {
	if path := os.Getenv(child); path != "" {
		os.Exit(migrateAsChild(path))
	}
	os.Exit(m.Run())
}

// migrateAsChild prints a line per step that this process took.
func migrateAsChild(path string) int {
	ctx := context.Background()
	opened, err := sqlite.Open(ctx, sqlite.Options{Path: path, Migrate: sqlite.MigrateOnly})
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

// at is when everything in these tests is migrated.
var at = workflow.At(testdb.Start)

func newFile(t *testing.T) string { return filepath.Join(t.TempDir(), "new.sqlite3") }

func only(o *sqlite.Options) { o.Migrate = sqlite.MigrateOnly }

// schema lists every table, index and view with its text.
func schema(t *testing.T, path string) (objects []string) {
	t.Helper()
	db := raw(t, path)
	rows, err := db.QueryContext(t.Context(), "SELECT type || ' ' || name || ': ' || coalesce(sql, '') FROM sqlite_schema "+
		"WHERE name NOT LIKE 'sqlite_%' ORDER BY 1")
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		var object string
		require.NoError(t, rows.Scan(&object))
		objects = append(objects, object)
	}
	require.NoError(t, rows.Err())
	return objects
}

func version(n int) *int { return &n }

func up(t *testing.T, s store.Schema, plan store.MigrationPlan) (versions []int) {
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
	path := newFile(t)
	migrate := func(direction string) []int {
		opened := testdb.Open(t, path, only)
		defer opened.Close()
		return up(t, opened, store.MigrationPlan{Direction: direction})
	}
	require.Equal(t, []int{1, 2, 3, 4, 5}, migrate("up"))
	first := schema(t, path)
	require.Len(t, tables(first, "table tasker_core_"), 6)
	require.Len(t, tables(first, "table tasker_"), 6+13)
	require.Len(t, tables(first, "view tasker_step_dag_relationships"), 1)
	require.Equal(t, []int{5, 4, 3, 2, 1}, migrate("down"))
	require.Empty(t, schema(t, path))
	require.Equal(t, []int{1, 2, 3, 4, 5}, migrate("up"))
	require.Equal(t, first, schema(t, path))
	require.Empty(t, migrate("up"))
}

func tables(objects []string, prefix string) (found []string) {
	for _, object := range objects {
		if strings.HasPrefix(object, prefix) {
			found = append(found, object)
		}
	}
	return found
}

func TestMigrationStopsAtTheVersionAskedFor(t *testing.T) {
	t.Parallel()
	opened := testdb.Open(t, newFile(t), only)
	require.Equal(t, []int{1, 2}, up(t, opened, store.MigrationPlan{Direction: "up", To: version(2)}))
	require.Equal(t, []int{2}, up(t, opened, store.MigrationPlan{Direction: "down", To: version(1)}))
	require.Equal(t, []int{2, 3, 4, 5}, up(t, opened, store.MigrationPlan{Direction: "up"}))
	_, err := opened.Migrate(t.Context(), store.MigrationPlan{Direction: "up", To: version(99)})
	require.Equal(t, fault.InvalidRequest, fault.KindOf(err))
	_, err = opened.Migrate(t.Context(), store.MigrationPlan{Direction: "sideways"})
	require.Equal(t, fault.InvalidRequest, fault.KindOf(err))
}

func TestADryRunChangesNothing(t *testing.T) {
	t.Parallel()
	path := newFile(t)
	opened := testdb.Open(t, path, only)
	require.Equal(t, []int{1, 2, 3, 4, 5}, up(t, opened, store.MigrationPlan{Direction: "up", DryRun: true}))
	require.NoError(t, opened.Close())
	require.Empty(t, schema(t, path))
}

func TestTheStatusTellsWhatIsInstalled(t *testing.T) {
	t.Parallel()
	opened := testdb.Open(t, newFile(t), only)
	up(t, opened, store.MigrationPlan{Direction: "up", To: version(1)})
	status, err := opened.Status(t.Context())
	require.NoError(t, err)
	require.NotEmpty(t, status.Migrations[0].AppliedBy)
	status.Migrations[0].AppliedBy = ""
	require.Equal(t, store.SchemaStatus{Current: 1, Newest: sqlite.Newest(), Migrations: []store.Migration{
		{Version: 1, Name: "rails_tables", AppliedAt: at}, {Version: 2, Name: "core_tables"}, {Version: 3, Name: "views"},
		{Version: 4, Name: "functions"}, {Version: 5, Name: "triggers"},
	}}, status)
}

func TestADatabaseInMemoryMigratesToo(t *testing.T) {
	t.Parallel()
	opened := testdb.Open(t, sqlite.Memory)
	require.Equal(t, []int{5, 4, 3, 2, 1}, up(t, opened, store.MigrationPlan{Direction: "down"}))
	require.Equal(t, []int{1, 2, 3, 4, 5}, up(t, opened, store.MigrationPlan{Direction: "up"}))
}

func TestProcessesThatMigrateAtOnceTakeEachStepOnce(t *testing.T) {
	t.Parallel()
	path := newFile(t)
	const processes = 3
	commands, outputs := make([]*exec.Cmd, processes), make([]strings.Builder, processes)
	for i := range commands {
		commands[i] = exec.CommandContext(t.Context(), os.Args[0])
		commands[i].Env = append(os.Environ(), child+"="+path)
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
	require.Equal(t, schema(t, testdb.File(t)), schema(t, path))
}

func TestAMigrationThatFailsLeavesItsVersionOut(t *testing.T) {
	t.Parallel()
	path := newFile(t)
	opened := testdb.Open(t, path, only)
	up(t, opened, store.MigrationPlan{Direction: "up", To: version(1)})
	require.NoError(t, opened.Close())
	// The last table of the second migration is in the way.
	db := raw(t, path)
	_, err := db.ExecContext(t.Context(), "CREATE TABLE tasker_core_dirty (x)")
	require.NoError(t, err)
	require.NoError(t, db.Close())
	before := schema(t, path)

	opened = testdb.Open(t, path, only)
	_, err = opened.Migrate(t.Context(), store.MigrationPlan{Direction: "up", At: at})
	require.Error(t, err)
	status, err := opened.Status(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, status.Current)
	require.NoError(t, opened.Close())
	require.Equal(t, before, schema(t, path))
}

func TestTheVersionTableSaysWhoApplied(t *testing.T) {
	t.Parallel()
	var by string
	db := raw(t, testdb.File(t))
	require.NoError(t, db.QueryRowContext(t.Context(), "SELECT applied_by FROM tasker_core_migrations WHERE version = 1").Scan(&by))
	require.Contains(t, by, fmt.Sprintf("process %d", os.Getpid()))
}

func TestTheViewOfTheGraphTellsParentsChildrenAndDepth(t *testing.T) {
	t.Parallel()
	db := raw(t, testdb.File(t))
	exec := func(text string) {
		_, err := db.ExecContext(t.Context(), text)
		require.NoError(t, err)
	}
	// A cycle stands beside a diamond with a shortcut; the view must end on it.
	exec(`PRAGMA foreign_keys = OFF;
		INSERT INTO tasker_workflow_steps (workflow_step_id, task_id, named_step_id, created_at, updated_at)
		VALUES (1,1,1,'',''), (2,1,1,'',''), (3,1,1,'',''), (4,1,1,'',''), (5,2,1,'',''), (6,2,1,'','');
		INSERT INTO tasker_workflow_step_edges (from_step_id, to_step_id, name, created_at, updated_at)
		VALUES (1,2,'provides','',''), (2,3,'provides','',''), (3,4,'provides','',''), (1,4,'provides','',''),
			(5,6,'provides','',''), (6,5,'provides','','');`)
	read := func(id int) (parents, children string, parentCount, childCount int, root, leaf bool, depth sql.NullInt64) {
		require.NoError(t, db.QueryRowContext(t.Context(), `SELECT parent_step_ids, child_step_ids, parent_count, child_count,
			is_root_step, is_leaf_step, min_depth_from_root FROM tasker_step_dag_relationships WHERE workflow_step_id = ?`, id).
			Scan(&parents, &children, &parentCount, &childCount, &root, &leaf, &depth))
		return
	}
	parents, children, parentCount, childCount, root, leaf, depth := read(4)
	require.Equal(t, "[1,3]", parents)
	require.Equal(t, "[]", children)
	require.Equal(t, []int{2, 0}, []int{parentCount, childCount})
	require.False(t, root)
	require.True(t, leaf)
	require.EqualValues(t, 1, depth.Int64)
	_, children, _, _, root, _, depth = read(1)
	require.Equal(t, "[2,4]", children)
	require.True(t, root)
	require.True(t, depth.Valid)
	require.Zero(t, depth.Int64)
	_, _, _, _, _, _, depth = read(3)
	require.EqualValues(t, 2, depth.Int64)
	_, _, _, _, _, _, depth = read(5)
	require.False(t, depth.Valid)
}
