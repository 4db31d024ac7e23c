package postgres_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/batch"
	"github.com/tasker-systems/tasker-core-go/core/store"
)

// TestAForeignLockOnOneTaskStallsOnlyTheCallsThatNeedIt lets a foreign session
// hold a task that half of a group needs. The other half is done while it is
// held; those that need it wait aside, and succeed once it is free.
func TestAForeignLockOnOneTaskStallsOnlyTheCallsThatNeedIt(t *testing.T) {
	t.Parallel()
	const members = 16
	k := newKit(t, 1)
	other := k.task
	k.add("second", 1)
	holder := k.foreign()
	var attempts atomic.Int64
	first, begin := make(chan struct{}), make(chan struct{})
	g := batch.New(batch.Options[int, int]{Weight: func(int) int { return 1 }, Cap: members,
		Run: func(ctx context.Context, requests []int, patience batch.Patience) ([]batch.Result[int], error) {
			if requests[0] == 0 {
				close(first)
				<-begin
				return make([]batch.Result[int], 1), nil
			}
			attempts.Add(1)
			if patience != batch.Patient {
				ctx = store.Impatient(ctx, 10*time.Millisecond)
			}
			err := k.Write(ctx, func(tx store.Tx) error {
				var ids []int64
				for _, n := range requests {
					ids = append(ids, []int64{other, k.task}[n%2])
				}
				_, err := tx.TaskLock(ctx, ids)
				return err
			})
			return make([]batch.Result[int], len(requests)), err
		}})
	call := func(n int) <-chan error {
		return inBackground(func() error { _, err := g.Do(k.ctx, n); return err })
	}
	started := call(0)
	<-first
	var free, stalled []<-chan error
	for n := 1; n <= members; n++ {
		if n%2 == 0 {
			free = append(free, call(n))
		} else {
			stalled = append(stalled, call(n))
		}
	}
	require.Eventually(t, func() bool { return g.Waiting() == members }, time.Minute, time.Millisecond)
	holder.do("BEGIN")
	holder.do("SELECT 1 FROM tasker_core_tasks WHERE task_id = $1 FOR UPDATE", k.task)
	close(begin)
	for _, answer := range append(free, started) {
		require.NoError(t, awaited(t, answer), "while the other task is held")
	}
	holder.do("COMMIT")
	for _, answer := range stalled {
		require.NoError(t, awaited(t, answer))
	}
	g.Close()
	require.LessOrEqual(t, attempts.Load(), int64(2*members+members/2), "a halving, and one more for each that waited")
}
