package testdb_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

// register stores a worker and returns its id.
func register(t *testing.T, db store.Store) (id int64) {
	t.Helper()
	require.NoError(t, db.Write(context.Background(), func(tx store.Tx) (err error) {
		id, err = tx.WorkerInsert(context.Background(), workflow.Worker{
			Name: "w", StartedAt: workflow.At(testdb.Start), HeartbeatAt: workflow.At(testdb.Start),
		})
		return err
	}))
	return id
}

func TestPostgreSQLDatabasesDoNotShareRows(t *testing.T) {
	t.Parallel()
	first, second := testdb.Postgres(t), testdb.PostgresThroughPooler(t)
	register(t, first)
	require.NoError(t, second.Read(context.Background(), func(r store.Reader) error {
		workers, err := r.WorkerList(context.Background())
		require.Empty(t, workers)
		return err
	}))
}

// TestADatabaseIsUsedAgainAsIfItWereNew is not parallel, so that it gets back
// what it gave.
func TestADatabaseIsUsedAgainAsIfItWereNew(t *testing.T) {
	for range 2 {
		t.Run("", func(t *testing.T) {
			require.EqualValues(t, 1, register(t, testdb.Postgres(t)))
		})
	}
}
