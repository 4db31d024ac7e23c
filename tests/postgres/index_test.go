package postgres_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/store/postgres"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

// railsCounts is how many indexes the Rails engine creates on each table, keys
// included (schema sheet, sections 1 and 2).
var railsCounts = map[string]int64{
	"tasker_task_namespaces": 3, "tasker_named_tasks": 6, "tasker_dependent_systems": 3,
	"tasker_dependent_system_object_maps": 6, "tasker_named_steps": 4, "tasker_named_tasks_named_steps": 4,
	"tasker_tasks": 13, "tasker_workflow_steps": 17, "tasker_workflow_step_edges": 14, "tasker_task_transitions": 8,
	"tasker_workflow_step_transitions": 13, "tasker_annotation_types": 3, "tasker_task_annotations": 5,
}

// indexesOf is the set that a store tells of.
func indexesOf(t *testing.T, s store.Schema) store.IndexSet {
	t.Helper()
	set, err := s.Indexes(t.Context())
	require.NoError(t, err)
	return set
}

func setIndexes(t *testing.T, s store.Schema, plan store.IndexPlan) store.IndexChange {
	t.Helper()
	change, err := s.SetIndexes(t.Context(), plan)
	require.NoError(t, err)
	return change
}

func TestTheRailsEnginesIndexesComeAndGoAsAnOption(t *testing.T) {
	t.Parallel()
	location := testdb.EmptyPostgresDatabase(t)
	opened := testdb.OpenPostgres(t, location, only)
	rails := store.IndexPlan{Set: store.IndexesRails}
	require.EqualValues(t, "", indexesOf(t, opened))
	planned := setIndexes(t, opened, store.IndexPlan{Set: store.IndexesRails, DryRun: true})
	_, err := opened.SetIndexes(t.Context(), rails)
	_ = told(t, err, fault.Unmigrated)

	migrate(t, opened, store.MigrationPlan{Direction: "up"})
	bare := objects(t, location)
	require.Equal(t, store.IndexesMinimal, indexesOf(t, opened))
	require.Equal(t, planned, setIndexes(t, opened, store.IndexPlan{Set: store.IndexesRails, DryRun: true}))
	require.Equal(t, bare, objects(t, location), "a dry run writes nothing")
	require.Equal(t, planned, setIndexes(t, opened, rails))
	require.Equal(t, store.IndexesRails, indexesOf(t, opened))
	look := &session{testdb.Connect(t, location), t}
	var all int64
	for table, count := range railsCounts {
		require.Equal(t, count, look.number("SELECT count(*) FROM pg_indexes WHERE tablename = $1", table), table)
		all += count
	}
	require.EqualValues(t, 99, all)
	require.Subset(t, objects(t, location), bare)
	require.Zero(t, setIndexes(t, opened, rails), "there is nothing left to do")

	dropped := setIndexes(t, opened, store.IndexPlan{Set: store.IndexesMinimal})
	require.ElementsMatch(t, planned.Created, dropped.Dropped)
	require.Equal(t, bare, objects(t, location))
	require.Equal(t, store.IndexesMinimal, indexesOf(t, opened))
}

func TestTheWayDownLeavesNoneOfTheRailsEnginesIndexes(t *testing.T) {
	t.Parallel()
	location := testdb.EmptyPostgresDatabase(t)
	opened := testdb.OpenPostgres(t, location, only)
	migrate(t, opened, store.MigrationPlan{Direction: "up"})
	setIndexes(t, opened, store.IndexPlan{Set: store.IndexesRails})
	migrate(t, opened, store.MigrationPlan{Direction: "down", To: version(1)})
	require.Equal(t, store.IndexesRails, indexesOf(t, opened), "the tables keep theirs while they are there")
	migrate(t, opened, store.MigrationPlan{Direction: "down"})
	require.Empty(t, objects(t, location))
}

func TestAnIndexThatSomebodyElseMadeIsNotDropped(t *testing.T) {
	t.Parallel()
	location := testdb.PostgresDatabase(t)
	testdb.Execute(t, location, "CREATE INDEX tasks_requested_at_index ON tasker_tasks (requested_at)")
	opened := testdb.OpenPostgres(t, location)
	require.NotContains(t, setIndexes(t, opened, store.IndexPlan{Set: store.IndexesRails}).Created, "tasks_requested_at_index")
	setIndexes(t, opened, store.IndexPlan{Set: store.IndexesMinimal})
	look := &session{testdb.Connect(t, location), t}
	require.EqualValues(t, 1, look.number("SELECT count(*) FROM pg_indexes WHERE indexname = 'tasks_requested_at_index'"))
}

func TestTheIndexesOfTheRailsEnginesOwnTablesAreLeftAlone(t *testing.T) {
	t.Parallel()
	location := asTheRailsEngineMadeThem(t)
	opened := testdb.OpenPostgres(t, location, only)
	migrate(t, opened, store.MigrationPlan{Direction: "up"})
	before := objects(t, location)
	require.Equal(t, store.IndexesForeign, indexesOf(t, opened))
	for _, set := range []store.IndexSet{store.IndexesRails, store.IndexesMinimal} {
		_, err := opened.SetIndexes(t.Context(), store.IndexPlan{Set: set})
		_ = told(t, err, fault.Unsupported)
	}
	require.Equal(t, before, objects(t, location))
}

func TestIndexesAreNotSetThroughAPoolerButTold(t *testing.T) {
	t.Parallel()
	location := testdb.ThroughPooler(t, testdb.PostgresDatabase(t))
	opened := testdb.OpenPostgres(t, location, func(o *postgres.Options) { o.Pooler = true })
	require.Equal(t, store.IndexesMinimal, indexesOf(t, opened))
	_, err := opened.SetIndexes(t.Context(), store.IndexPlan{Set: store.IndexesRails})
	_ = told(t, err, fault.Unsupported)
}
