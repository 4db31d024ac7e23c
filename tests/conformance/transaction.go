package conformance

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

func transactionPromises() []promise {
	return []promise{
		{"a write that fails leaves nothing and returns its error", failedWrite},
		{"a write that panics leaves nothing and lets go of its locks", panickingWrite},
		{"a write reads its own writes", ownWrites},
		{"a read sees one snapshot while others write", oneSnapshot},
		{"writers of one task take turns", writersTakeTurns},
		{"a call whose context has ended answers Cancelled and writes nothing", cancelledCall},
		{"a context that ends inside a write undoes it", cancelledInside},
		{"a call that waits past its deadline answers Timeout", timedOut},
		{"a transaction is dead when its function has returned", deadTransaction},
		{"closing twice is legal and later calls answer Closed", closedStore},
		{"closing ends the calls that wait", closingEndsWaits},
		{"the description names the kind of store and its schema version", description},
		{"empty sets are legal everywhere", emptySets},
	}
}

var errRefused = errors.New("refused")

func (f *fixture) workers() (count int) {
	f.Helper()
	f.read(func(r store.Reader) { count = len(must(r.WorkerList(f.ctx))(f)) })
	return count
}

// someWorker is a worker to be stored.
func someWorker(name string) workflow.Worker {
	return workflow.Worker{
		Name: name, Host: "host", PID: 7, Language: "python", Routes: []int64{3, 1}, StartedAt: noon, HeartbeatAt: noon,
	}
}

func failedWrite(f *fixture) {
	err := f.store.Write(f.ctx, func(tx store.Tx) error {
		must(tx.WorkerInsert(f.ctx, someWorker("w")))(f)
		return errRefused
	})
	require.ErrorIs(f, err, errRefused)
	require.Zero(f, f.workers())
}

func panickingWrite(f *fixture) {
	require.PanicsWithError(f, errRefused.Error(), func() {
		_ = f.store.Write(f.ctx, func(tx store.Tx) error {
			must(tx.WorkerInsert(f.ctx, someWorker("w")))(f)
			panic(errRefused)
		})
	})
	require.Zero(f, f.workers())
	f.write(func(tx store.Tx) { must(tx.WorkerInsert(f.ctx, someWorker("w")))(f) })
	require.Equal(f, 1, f.workers())
}

func ownWrites(f *fixture) {
	f.write(func(tx store.Tx) {
		must(tx.WorkerInsert(f.ctx, someWorker("w")))(f)
		require.Len(f, must(tx.WorkerList(f.ctx))(f), 1)
	})
}

// oneSnapshot tolerates a store whose writers wait for readers.
func oneSnapshot(f *fixture) {
	f.read(func(r store.Reader) {
		short, cancel := context.WithTimeout(f.ctx, 50*time.Millisecond)
		defer cancel()
		err := f.store.Write(short, func(tx store.Tx) error {
			_, err := tx.WorkerInsert(short, someWorker("w"))
			return err
		})
		require.Contains(f, []fault.Kind{"", fault.Timeout}, fault.KindOf(err))
		require.Empty(f, must(r.WorkerList(f.ctx))(f))
	})
}

func writersTakeTurns(f *fixture) {
	const writers, turns = 6, 10
	j := f.job("turns", 1)
	var all sync.WaitGroup
	for range writers {
		all.Add(1)
		go func() {
			defer all.Done()
			for range turns {
				err := f.store.Write(f.ctx, func(tx store.Tx) error {
					locks, err := tx.TaskLock(f.ctx, []int64{j.task})
					if err != nil {
						return err
					}
					return tx.TaskChange(f.ctx, []store.TaskChange{{ID: j.task, Open: locks[0].Open + 1, At: noon}})
				})
				if err != nil {
					f.Error(err)
				}
			}
		}()
	}
	all.Wait()
	f.write(func(tx store.Tx) {
		lock := must(tx.TaskLock(f.ctx, []int64{j.task}))(f)[0]
		require.Equal(f, 1+writers*turns, lock.Open)
		require.EqualValues(f, 1+writers*turns, lock.Version)
	})
}

func cancelledCall(f *fixture) {
	over, cancel := context.WithCancel(f.ctx)
	cancel()
	err := f.store.Write(over, func(tx store.Tx) error {
		_, err := tx.WorkerInsert(over, someWorker("w"))
		return err
	})
	require.Equal(f, fault.Cancelled, fault.KindOf(err))
	err = f.store.Read(over, func(r store.Reader) error {
		_, err := r.WorkerList(over)
		return err
	})
	require.Equal(f, fault.Cancelled, fault.KindOf(err))
	require.Zero(f, f.workers())
}

func cancelledInside(f *fixture) {
	ending, cancel := context.WithCancel(f.ctx)
	err := f.store.Write(ending, func(tx store.Tx) error {
		_, err := tx.WorkerInsert(ending, someWorker("w"))
		cancel()
		return err
	})
	require.Equal(f, fault.Cancelled, fault.KindOf(err))
	require.Zero(f, f.workers())
}

func timedOut(f *fixture) {
	j := f.job("slow", 1)
	f.write(func(tx store.Tx) {
		must(tx.TaskLock(f.ctx, []int64{j.task}))(f)
		short, cancel := context.WithTimeout(f.ctx, 20*time.Millisecond)
		defer cancel()
		err := f.store.Write(short, func(tx store.Tx) error {
			_, err := tx.TaskLock(short, []int64{j.task})
			return err
		})
		require.Equal(f, fault.Timeout, fault.KindOf(err))
	})
}

func deadTransaction(f *fixture) {
	var kept store.Tx
	f.write(func(tx store.Tx) { kept = tx })
	_, err := kept.WorkerList(f.ctx)
	require.Equal(f, fault.Internal, fault.KindOf(err))
	require.Error(f, kept.DirtyInsert(f.ctx, []int64{1}, noon))
}

func closedStore(f *fixture) {
	require.NoError(f, f.store.Close())
	require.NoError(f, f.store.Close())
	nothing := func() error { return nil }
	require.Equal(f, fault.Closed, fault.KindOf(f.store.Read(f.ctx, func(store.Reader) error { return nothing() })))
	require.Equal(f, fault.Closed, fault.KindOf(f.store.Write(f.ctx, func(store.Tx) error { return nothing() })))
	_, err := f.store.Describe(f.ctx)
	require.Equal(f, fault.Closed, fault.KindOf(err))
}

func closingEndsWaits(f *fixture) {
	j := f.job("closing", 1)
	answers := make(chan error, 1)
	closed := make(chan error, 1)
	f.write(func(tx store.Tx) {
		must(tx.TaskLock(f.ctx, []int64{j.task}))(f)
		go func() {
			answers <- f.store.Write(f.ctx, func(tx store.Tx) error {
				_, err := tx.TaskLock(f.ctx, []int64{j.task})
				return err
			})
		}()
		time.Sleep(10 * time.Millisecond) // most likely waiting now; the promise holds either way
		go func() { closed <- f.store.Close() }()
		require.Equal(f, fault.Closed, fault.KindOf(<-answers))
	})
	require.NoError(f, <-closed)
}

func description(f *fixture) {
	d := must(f.store.Describe(f.ctx))(f)
	require.Contains(f, []string{"sqlite", "postgresql"}, d.Kind)
	require.NotEmpty(f, d.ServerVersion)
	require.NotEmpty(f, d.Location)
	require.Positive(f, d.SchemaVersion)
}

func emptySets(f *fixture) {
	f.write(func(tx store.Tx) {
		require.Empty(f, must(tx.NamedTaskFind(f.ctx, nil, true))(f))
		require.Empty(f, must(tx.RouteList(f.ctx, nil))(f))
		require.Empty(f, must(tx.TaskInsert(f.ctx, nil))(f))
		require.Empty(f, must(tx.TaskIdentify(f.ctx, nil))(f))
		require.Empty(f, must(tx.TaskLock(f.ctx, nil))(f))
		require.Empty(f, must(tx.TaskMove(f.ctx, nil))(f))
		require.NoError(f, tx.TaskChange(f.ctx, nil))
		require.Empty(f, must(tx.StepInsert(f.ctx, nil))(f))
		require.Empty(f, must(tx.StepList(f.ctx, nil))(f))
		require.Empty(f, must(tx.StepListByTask(f.ctx, nil))(f))
		require.Empty(f, must(tx.EdgeListByTask(f.ctx, nil))(f))
		require.Empty(f, must(tx.ChildList(f.ctx, nil))(f))
		require.Empty(f, must(tx.ParentList(f.ctx, nil))(f))
		require.Empty(f, must(tx.StepLock(f.ctx, nil))(f))
		require.NoError(f, tx.EdgeInsert(f.ctx, nil))
		require.NoError(f, tx.StepChange(f.ctx, nil))
		require.Empty(f, must(tx.StepClosings(f.ctx, nil))(f))
		require.Empty(f, must(tx.ReadyCandidates(f.ctx, nil, noon, 5))(f))
		require.True(f, must(tx.ReadyNextDue(f.ctx, nil, noon))(f).IsZero())
		require.NoError(f, tx.ReadyInsert(f.ctx, nil))
		require.Empty(f, must(tx.ReadyTake(f.ctx, nil))(f))
		require.Empty(f, must(tx.ReadyDelete(f.ctx, nil))(f))
		require.NoError(f, tx.LeaseInsert(f.ctx, nil))
		require.NoError(f, tx.LeaseDelete(f.ctx, nil))
		require.NoError(f, tx.WorkerDelete(f.ctx, nil))
		require.NoError(f, tx.DirtyInsert(f.ctx, nil, noon))
		require.Empty(f, must(tx.DirtyTake(f.ctx, 10))(f))
	})
}
