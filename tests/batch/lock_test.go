package batch_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/batch"
	"github.com/tasker-systems/tasker-core-go/core/fault"
)

// TestAGroupOnOneLockedTaskIsTriedAFewTimesAndThenWaits plays a store in which
// somebody else holds the one lock that all of a group need: groups give up on
// it, a lone call waits. The group is halved down to one call, which waits, and
// nobody tries again before the deadline.
func TestAGroupOnOneLockedTaskIsTriedAFewTimesAndThenWaits(t *testing.T) {
	t.Parallel()
	const members, halvings = 64, 6
	var mu sync.Mutex // guards live
	live := 0         // attempts that reached the lock
	busy, begin := make(chan struct{}), make(chan struct{})
	g := batch.New(batch.Options[int, int]{Weight: func(int) int { return 1 }, Cap: members,
		Run: func(ctx context.Context, requests []int) ([]batch.Result[int], error) {
			if requests[0] == 0 {
				close(busy)
				<-begin
				return make([]batch.Result[int], 1), nil
			}
			if ctx.Err() == nil {
				mu.Lock()
				live++
				mu.Unlock()
			}
			if len(requests) > 1 && ctx.Err() == nil {
				return nil, fault.New(fault.Conflict, "another transaction holds the lock")
			}
			<-ctx.Done()
			return nil, batch.Ended(ctx)
		}})
	var calls sync.WaitGroup
	calls.Go(func() { _, _ = g.Do(t.Context(), 0) })
	<-busy
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	errs := make([]error, members)
	for i := range members {
		calls.Go(func() { _, errs[i] = g.Do(ctx, i+1) })
	}
	require.Eventually(t, func() bool { return g.Waiting() == members }, time.Minute, time.Millisecond)
	close(begin)
	calls.Wait()
	g.Close()
	for _, err := range errs {
		require.Equal(t, fault.Timeout, fault.KindOf(err))
	}
	require.LessOrEqual(t, live, halvings+1)
	require.NotZero(t, live)
}
