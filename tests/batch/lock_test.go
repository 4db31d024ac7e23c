package batch_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/batch"
	"github.com/tasker-systems/tasker-core-go/core/fault"
)

// lockedStore plays a store in which somebody else holds the lock that calls
// with an odd number need: the impatient give up on it, the patient wait.
type lockedStore struct {
	free            chan struct{} // closed when the lock is given back
	impatient       atomic.Int64  // attempts that gave up
	waiting, crowds atomic.Int64  // calls that wait now; and how often more than two did
}

func (l *lockedStore) run(ctx context.Context, requests []int, patience batch.Patience) ([]batch.Result[int], error) {
	results := make([]batch.Result[int], len(requests))
	for i, n := range requests {
		results[i].Value = n
		if n%2 == 0 {
			continue
		}
		select {
		case <-l.free:
			continue
		default:
		}
		if patience != batch.Patient {
			l.impatient.Add(1)
			return nil, fault.New(fault.Conflict, "another transaction holds the lock")
		}
		if l.waiting.Add(1) > 2 {
			l.crowds.Add(1)
		}
		defer l.waiting.Add(-1)
		select {
		case <-l.free:
		case <-ctx.Done():
			return nil, batch.Ended(ctx)
		}
	}
	return results, nil
}

func newLocked() (*lockedStore, *batch.Group[int, int]) {
	l := &lockedStore{free: make(chan struct{})}
	return l, batch.New(batch.Options[int, int]{Run: l.run, Weight: func(int) int { return 1 }, Cap: 100})
}

// A call that waited for a foreign lock stood in the way of every later one.
func TestACallThatWaitsForAForeignLockDoesNotHoldUpTheOthers(t *testing.T) {
	t.Parallel()
	l, g := newLocked()
	defer g.Close()
	var calls sync.WaitGroup
	for n := range 20 {
		calls.Go(func() {
			got, err := g.Do(t.Context(), 2*n+1)
			require.NoError(t, err)
			require.Equal(t, 2*n+1, got)
		})
	}
	for n := range 20 {
		got, err := g.Do(t.Context(), 2*n)
		require.NoError(t, err)
		require.Equal(t, 2*n, got)
	}
	require.Eventually(t, func() bool { return l.waiting.Load() == 2 && g.Waiting() == 0 }, time.Minute, time.Millisecond)
	close(l.free)
	calls.Wait()
	require.Zero(t, l.crowds.Load(), "each holds a connection")
}

func TestWhoWaitsForAForeignLockEndsWithItsOwnDeadline(t *testing.T) {
	t.Parallel()
	l, g := newLocked()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	var calls sync.WaitGroup
	for n := range 10 {
		calls.Go(func() {
			_, err := g.Do(ctx, 2*n+1)
			require.Equal(t, fault.Timeout, fault.KindOf(err))
		})
	}
	calls.Wait()
	g.Close()
	require.LessOrEqual(t, l.impatient.Load(), int64(2*10), "halved once, not again and again")
}

func TestClosingFailsWhatWasSetAside(t *testing.T) {
	t.Parallel()
	l, g := newLocked()
	errs := make(chan error, 5)
	for n := range 5 {
		go func() { // joined by the answers below
			_, err := g.Do(t.Context(), 2*n+1)
			errs <- err
		}()
	}
	require.Eventually(t, func() bool { return l.waiting.Load() == 2 && g.Waiting() == 0 }, time.Minute, time.Millisecond)
	closed := make(chan struct{})
	go func() { // joined by the channel
		g.Close()
		close(closed)
	}()
	for range 3 {
		require.Equal(t, fault.Closed, fault.KindOf(<-errs))
	}
	close(l.free)
	for range 2 {
		require.NoError(t, <-errs)
	}
	<-closed
}
