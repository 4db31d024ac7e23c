package rails_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/store/postgres"
	"github.com/tasker-systems/tasker-core-go/tests/factory"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

// watched tells what a store says about the triggers.
func (s *scene) watched(db store.Store) bool {
	s.t.Helper()
	about, err := db.Describe(ctx())
	require.NoError(s.t, err)
	return about.Details["foreign_writes_noted"].(bool)
}

func TestATriggerThatIsGoneOrDisabledIsNoticed(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.Register(factory.SimpleLinear(1))
	task := s.Create(factory.SimpleLinear(1))
	stamp := func(db store.Store) store.GraphStamp {
		stamps, err := db.GraphStamps(ctx(), []int64{task})
		require.NoError(t, err)
		return stamps[task]
	}
	require.True(t, stamp(s.Store).Current())
	require.True(t, s.watched(s.Store))
	testdb.Execute(t, s.url, "ALTER TABLE tasker_workflow_steps DISABLE TRIGGER tasker_core_update")
	require.False(t, s.watched(s.Store))
	require.Eventually(t, func() bool { return !stamp(s.Store).Current() }, patience, 50*time.Millisecond,
		"a store that knew them whole asks again")
	testdb.Execute(t, s.url, "ALTER TABLE tasker_workflow_steps ENABLE TRIGGER tasker_core_update")
	require.True(t, s.watched(s.Store))
}

// Without triggers nothing may be kept of a graph.
func TestTriggersAreLeftOutWhereTheyAreOff(t *testing.T) {
	t.Parallel()
	url := testdb.EmptyPostgresDatabase(t)
	off := testdb.OpenPostgres(t, url, func(o *postgres.Options) { o.Migrate, o.TriggersOff = postgres.MigrateAuto, true })
	s := newSceneOn(t, url)
	require.False(t, s.watched(off))
	require.Zero(t, s.number(s.admin(), "SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'tasker\\_core\\_%'"))
	s.Register(factory.SimpleLinear(1))
	task := s.Create(factory.SimpleLinear(1))
	stamps, err := off.GraphStamps(ctx(), []int64{task})
	require.NoError(t, err)
	require.False(t, stamps[task].Current())

	down := 4
	_, err = testdb.OpenPostgres(t, url, only).Migrate(ctx(), store.MigrationPlan{Direction: "down", To: &down, At: at})
	require.NoError(t, err)
	_, err = testdb.OpenPostgres(t, url, only).Migrate(ctx(), store.MigrationPlan{Direction: "up", At: at})
	require.NoError(t, err)
	require.True(t, s.watched(off), "down and up again makes good for it")
}
