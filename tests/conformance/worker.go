package conformance

import (
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

func workerPromises() []promise {
	return []promise{
		{"workers come back as they were stored, by id", workersByID},
		{"the id of a worker is never used again", workerIDs},
		{"touching sets heartbeat and routes of a worker that exists", touchWorker},
		{"holding tells whether the worker exists", holdWorker},
		{"deleting a worker leaves its leases", workerLeases},
		{"the dirty list gives distinct tasks, oldest first, within the limit", dirtyList},
		{"a locked task tells whether it is dirty, and its entries can be deleted", dirtyTasks},
	}
}

func workersByID(f *fixture) {
	f.write(func(tx store.Tx) {
		first, second := someWorker("first"), someWorker("second")
		second.Routes = nil
		first.ID = must(tx.WorkerInsert(f.ctx, first))(f)
		second.ID = must(tx.WorkerInsert(f.ctx, second))(f)
		require.Less(f, first.ID, second.ID)
		require.Equal(f, []workflow.Worker{first, second}, must(tx.WorkerList(f.ctx))(f))
	})
}

func workerIDs(f *fixture) {
	var first int64
	f.write(func(tx store.Tx) {
		first = must(tx.WorkerInsert(f.ctx, someWorker("first")))(f)
		require.NoError(f, tx.WorkerDelete(f.ctx, []int64{first}))
	})
	f.write(func(tx store.Tx) {
		require.Greater(f, must(tx.WorkerInsert(f.ctx, someWorker("second")))(f), first)
	})
}

func touchWorker(f *fixture) {
	f.write(func(tx store.Tx) {
		w := someWorker("w")
		w.ID = must(tx.WorkerInsert(f.ctx, w))(f)
		w.HeartbeatAt, w.Routes = noon.Plus(time.Second), []int64{9}
		require.True(f, must(tx.WorkerTouch(f.ctx, w))(f))
		require.Equal(f, []workflow.Worker{w}, must(tx.WorkerList(f.ctx))(f))
		w.ID++
		require.False(f, must(tx.WorkerTouch(f.ctx, w))(f))
	})
}

func holdWorker(f *fixture) {
	f.write(func(tx store.Tx) {
		id := must(tx.WorkerInsert(f.ctx, someWorker("w")))(f)
		require.True(f, must(tx.WorkerHold(f.ctx, id))(f))
		require.False(f, must(tx.WorkerHold(f.ctx, id+1))(f))
		require.NoError(f, tx.WorkerDelete(f.ctx, []int64{id}))
		require.False(f, must(tx.WorkerHold(f.ctx, id))(f))
	})
}

func workerLeases(f *fixture) {
	j := f.job("order", 1)
	f.write(func(tx store.Tx) {
		id := must(tx.WorkerInsert(f.ctx, someWorker("w")))(f)
		require.NoError(f, tx.LeaseInsert(f.ctx, []workflow.Lease{lease(j, 0, id, noon)}))
		require.Empty(f, must(tx.LeaseList(f.ctx, store.LeaseFilter{Orphaned: true}))(f))
		require.NoError(f, tx.WorkerDelete(f.ctx, []int64{id, 1 << 40}))
		require.Len(f, must(tx.LeaseList(f.ctx, store.LeaseFilter{Orphaned: true}))(f), 1)
	})
}

func dirtyList(f *fixture) {
	f.write(func(tx store.Tx) {
		require.False(f, must(tx.DirtyExists(f.ctx))(f))
		require.NoError(f, tx.DirtyInsert(f.ctx, []int64{7, 5, 7}, noon))
		require.NoError(f, tx.DirtyInsert(f.ctx, []int64{1, 5}, noon.Plus(time.Second)))
		require.True(f, must(tx.DirtyExists(f.ctx))(f))
		require.Equal(f, []int64{7, 5}, must(tx.DirtyTake(f.ctx, 3))(f))
		require.Equal(f, []int64{1, 5}, must(tx.DirtyTake(f.ctx, 100))(f))
		require.False(f, must(tx.DirtyExists(f.ctx))(f))
	})
}

func dirtyTasks(f *fixture) {
	one, two := f.job("one", 1), f.job("two", 1)
	f.write(func(tx store.Tx) {
		require.NoError(f, tx.DirtyInsert(f.ctx, []int64{one.task, one.task, two.task}, noon))
	})
	f.write(func(tx store.Tx) {
		dirty := func(locks []workflow.TaskLock) (found []bool) {
			for _, lock := range locks {
				found = append(found, lock.Dirty)
			}
			return found
		}
		both := []int64{one.task, two.task}
		require.Equal(f, []bool{true, true}, dirty(must(tx.TaskLock(f.ctx, both))(f)))
		require.NoError(f, tx.DirtyDelete(f.ctx, []int64{one.task, 1 << 40}))
		require.Equal(f, []bool{false, true}, dirty(must(tx.TaskLock(f.ctx, both))(f)))
		require.Equal(f, []bool{true}, dirty(must(tx.StepLock(f.ctx, two.steps))(f).Tasks))
		require.Equal(f, []int64{two.task}, must(tx.DirtyTake(f.ctx, 10))(f))
	})
}
