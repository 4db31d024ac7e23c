package testdb_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

func TestADatabaseTellsTheTimeOfItsClock(t *testing.T) {
	t.Parallel()
	clock := testdb.NewClock()
	db := testdb.SQLite(t, testdb.WithClock(clock))
	clock.Advance(time.Hour)
	now, err := db.Now(context.Background())
	require.NoError(t, err)
	require.Equal(t, workflow.At(testdb.Start.Add(time.Hour)), now)
}

func TestDatabasesDoNotShareRows(t *testing.T) {
	t.Parallel()
	for _, open := range []func(testing.TB, ...testdb.Option) store.Store{testdb.SQLite, testdb.Memory} {
		first, second := open(t), open(t)
		require.NoError(t, first.Write(context.Background(), func(tx store.Tx) error {
			_, err := tx.WorkerInsert(context.Background(), workflow.Worker{Name: "w", StartedAt: workflow.At(testdb.Start), HeartbeatAt: workflow.At(testdb.Start)})
			return err
		}))
		require.NoError(t, second.Read(context.Background(), func(r store.Reader) error {
			workers, err := r.WorkerList(context.Background())
			require.Empty(t, workers)
			return err
		}))
	}
}
