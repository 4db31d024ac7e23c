package batch_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/tasker-systems/tasker-core-go/core/batch"
	"github.com/tasker-systems/tasker-core-go/core/fault"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// recorder serves groups of numbers by doubling them and remembers the groups.
type recorder struct {
	mu     sync.Mutex // guards groups
	groups [][]int
	gate   chan struct{} // each group waits for one value, unless nil
	fail   func(group []int) error
}

func (r *recorder) run(_ context.Context, requests []int, _ batch.Patience) ([]batch.Result[int], error) {
	r.mu.Lock()
	r.groups = append(r.groups, append([]int(nil), requests...))
	r.mu.Unlock()
	if r.gate != nil {
		<-r.gate
	}
	if r.fail != nil {
		if err := r.fail(requests); err != nil {
			return nil, err
		}
	}
	results := make([]batch.Result[int], len(requests))
	for i, n := range requests {
		results[i].Value = 2 * n
	}
	return results, nil
}

func (r *recorder) seen() [][]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([][]int(nil), r.groups...)
}

func newGroup(r *recorder, most int) *batch.Group[int, int] {
	return batch.New(batch.Options[int, int]{Run: r.run, Weight: func(int) int { return 1 }, Cap: most,
		Panicked: func(cause any, _ []byte) error { return fault.New(fault.Internal, "panic: %v", cause) }})
}

func TestALoneCallRunsAtOnceAndAlone(t *testing.T) {
	t.Parallel()
	r := &recorder{}
	g := newGroup(r, 10)
	defer g.Close()
	for n := range 3 {
		got, err := g.Do(context.Background(), n)
		require.NoError(t, err)
		require.Equal(t, 2*n, got)
	}
	require.Equal(t, [][]int{{0}, {1}, {2}}, r.seen())
}

func TestWhatArrivesMeanwhileGoesTogetherUpToTheCap(t *testing.T) {
	t.Parallel()
	r := &recorder{gate: make(chan struct{})}
	g := newGroup(r, 4)
	defer g.Close()
	var calls sync.WaitGroup
	call := func(n int) {
		calls.Go(func() {
			got, err := g.Do(context.Background(), n)
			require.NoError(t, err)
			require.Equal(t, 2*n, got)
		})
	}
	call(0)
	require.Eventually(t, func() bool { return len(r.seen()) == 1 }, 10*time.Second, time.Millisecond)
	for n := 1; n <= 6; n++ {
		call(n)
	}
	require.Eventually(t, func() bool { return g.Waiting() == 6 }, 10*time.Second, time.Millisecond)
	close(r.gate)
	calls.Wait()
	groups := r.seen()
	require.Len(t, groups, 3)
	require.Len(t, groups[1], 4)
	require.Len(t, groups[2], 2)
}

func TestOneBadRequestDoesNotFailItsNeighbours(t *testing.T) {
	t.Parallel()
	r := &recorder{gate: make(chan struct{}, 100)}
	r.fail = func(group []int) error {
		for _, n := range group {
			if n == 3 {
				return fault.New(fault.Conflict, "three is bad")
			}
			if n == 5 {
				panic("five")
			}
		}
		return nil
	}
	g := newGroup(r, 100)
	defer g.Close()
	var calls sync.WaitGroup
	calls.Go(func() { _, _ = g.Do(context.Background(), 100) })
	require.Eventually(t, func() bool { return len(r.seen()) == 1 }, 10*time.Second, time.Millisecond)
	errs := make([]error, 8)
	for n := range errs {
		calls.Go(func() { _, errs[n] = g.Do(context.Background(), n) })
	}
	require.Eventually(t, func() bool { return g.Waiting() == 8 }, 10*time.Second, time.Millisecond)
	for range 100 {
		r.gate <- struct{}{}
	}
	calls.Wait()
	for n, err := range errs {
		switch n {
		case 3:
			require.Equal(t, fault.Conflict, fault.KindOf(err))
		case 5:
			require.Equal(t, fault.Internal, fault.KindOf(err))
		default:
			require.NoError(t, err, fmt.Sprint(n))
		}
	}
}

func TestADatabaseThatIsAwayFailsTheGroupWithoutRepeats(t *testing.T) {
	t.Parallel()
	r := &recorder{fail: func([]int) error { return fault.New(fault.Unavailable, "away") }}
	g := newGroup(r, 100)
	defer g.Close()
	_, err := g.Do(context.Background(), 1)
	require.Equal(t, fault.Unavailable, fault.KindOf(err))
	require.Len(t, r.seen(), 1)
}

func TestACallThatGivesUpInTheQueueHasNoEffect(t *testing.T) {
	t.Parallel()
	r := &recorder{gate: make(chan struct{}, 10)}
	g := newGroup(r, 1)
	defer g.Close()
	var calls sync.WaitGroup
	calls.Go(func() { _, _ = g.Do(context.Background(), 1) })
	require.Eventually(t, func() bool { return len(r.seen()) == 1 }, 10*time.Second, time.Millisecond)
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	_, err := g.Do(ctx, 2)
	require.Equal(t, fault.Timeout, fault.KindOf(err))
	cancelled, stop := context.WithCancel(context.Background())
	stop()
	_, err = g.Do(cancelled, 3)
	require.Equal(t, fault.Cancelled, fault.KindOf(err))
	r.gate <- struct{}{}
	calls.Wait()
	require.Equal(t, [][]int{{1}}, r.seen())
}

func TestClosingFailsWhatWaitsAndRefusesWhatComes(t *testing.T) {
	t.Parallel()
	r := &recorder{gate: make(chan struct{}, 10)}
	g := newGroup(r, 1)
	var calls sync.WaitGroup
	var first, second error
	calls.Go(func() { _, first = g.Do(context.Background(), 1) })
	require.Eventually(t, func() bool { return len(r.seen()) == 1 }, 10*time.Second, time.Millisecond)
	calls.Go(func() { _, second = g.Do(context.Background(), 2) })
	require.Eventually(t, func() bool { return g.Waiting() == 1 }, 10*time.Second, time.Millisecond)
	calls.Go(g.Close)
	require.Eventually(t, func() bool { return g.Waiting() == 0 }, 10*time.Second, time.Millisecond)
	r.gate <- struct{}{}
	calls.Wait()
	require.NoError(t, first, "what is in flight ends properly")
	require.Equal(t, fault.Closed, fault.KindOf(second))
	_, err := g.Do(context.Background(), 3)
	require.Equal(t, fault.Closed, fault.KindOf(err))
	g.Close()
}

func TestWhatACallerWhoLeftHadAchievedIsHandedBack(t *testing.T) {
	t.Parallel()
	r := &recorder{gate: make(chan struct{}, 10)}
	var mu sync.Mutex // guards undone
	var undone []int
	g := batch.New(batch.Options[int, int]{Run: r.run, Weight: func(int) int { return 1 }, Cap: 10,
		Abandoned: func(_, value int) { mu.Lock(); undone = append(undone, value); mu.Unlock() }})
	ctx, leave := context.WithCancel(context.Background())
	var calls sync.WaitGroup
	calls.Go(func() {
		_, err := g.Do(ctx, 21)
		require.Equal(t, fault.Cancelled, fault.KindOf(err))
	})
	require.Eventually(t, func() bool { return len(r.seen()) == 1 }, 10*time.Second, time.Millisecond)
	leave()
	calls.Wait()
	r.gate <- struct{}{}
	r.gate <- struct{}{}
	got, err := g.Do(context.Background(), 1)
	require.NoError(t, err)
	require.Equal(t, 2, got)
	g.Close()
	require.Equal(t, []int{42}, undone)
}
