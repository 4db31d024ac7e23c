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

// TestAGroupOfOneHotTaskWaitsForAForeignLockWithoutThrashing lets a foreign
// session hold the task that every call of a group needs. The group is halved
// down to one call, which waits for the lock; nobody tries again meanwhile, and
// all succeed once it is free.
func TestAGroupOfOneHotTaskWaitsForAForeignLockWithoutThrashing(t *testing.T) {
	t.Parallel()
	const members, halvings = 16, 4
	k := newKit(t, 1)
	holder := k.foreign()
	var groups atomic.Int64
	alone, first, begin := make(chan struct{}, members), make(chan struct{}), make(chan struct{})
	g := batch.New(batch.Options[int, int]{Weight: func(int) int { return 1 }, Cap: members,
		Run: func(ctx context.Context, requests []int) ([]batch.Result[int], error) {
			if requests[0] == 0 {
				close(first)
				<-begin
				return make([]batch.Result[int], 1), nil
			}
			if len(requests) > 1 {
				groups.Add(1)
				ctx = store.Impatient(ctx)
			} else {
				alone <- struct{}{}
			}
			err := k.Write(ctx, func(tx store.Tx) error {
				_, err := tx.TaskLock(ctx, []int64{k.task})
				return err
			})
			return make([]batch.Result[int], len(requests)), err
		}})
	call := func(n int) <-chan error {
		return inBackground(func() error { _, err := g.Do(k.ctx, n); return err })
	}
	answers := []<-chan error{call(0)}
	<-first
	for i := range members {
		answers = append(answers, call(i+1))
	}
	require.Eventually(t, func() bool { return g.Waiting() == members }, time.Minute, time.Millisecond)
	holder.do("BEGIN")
	holder.do("SELECT 1 FROM tasker_core_tasks WHERE task_id = $1 FOR UPDATE", k.task)
	close(begin)
	<-alone
	require.EqualValues(t, halvings, groups.Load(), "tried before one call waits alone")
	holder.do("COMMIT")
	for _, answer := range answers {
		require.NoError(t, awaited(t, answer))
	}
	g.Close()
}
