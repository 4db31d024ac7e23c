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

// leader marks the context of calls that may lead.
type leader struct{}

func leading() context.Context { return context.WithValue(context.Background(), leader{}, true) }

func newLedGroup(run func(context.Context, []int, batch.Patience) ([]batch.Result[int], error)) *batch.Group[int, int] {
	return batch.New(batch.Options[int, int]{Run: run, Weight: func(int) int { return 1 }, Cap: 10,
		Leads:    func(ctx context.Context) bool { return ctx.Value(leader{}) != nil },
		Panicked: func(cause any, _ []byte) error { return fault.New(fault.Internal, "panic: %v", cause) }})
}

func TestACallThatLeadsIsServedWithItsOwnContextAndAllPatience(t *testing.T) {
	t.Parallel()
	var marks []any
	var patiences []batch.Patience
	g := newLedGroup(func(ctx context.Context, requests []int, patience batch.Patience) ([]batch.Result[int], error) {
		marks, patiences = append(marks, ctx.Value(leader{})), append(patiences, patience)
		return []batch.Result[int]{{Value: 2 * requests[0]}}, nil
	})
	defer g.Close()
	for _, ctx := range []context.Context{leading(), context.Background(), leading()} {
		got, err := g.Do(ctx, 4)
		require.NoError(t, err)
		require.Equal(t, 8, got)
	}
	require.Equal(t, []any{true, nil, true}, marks)
	require.Equal(t, []batch.Patience{batch.Patient, batch.Brief, batch.Patient}, patiences)
}

func TestWhatArrivesWhileACallLeadsGoesTogetherAfterIt(t *testing.T) {
	t.Parallel()
	r := &recorder{gate: make(chan struct{})}
	g := newLedGroup(r.run)
	defer g.Close()
	var calls sync.WaitGroup
	call := func(n int) {
		calls.Go(func() {
			got, err := g.Do(leading(), n)
			require.NoError(t, err)
			require.Equal(t, 2*n, got)
		})
	}
	call(0)
	require.Eventually(t, func() bool { return len(r.seen()) == 1 }, time.Minute, time.Millisecond)
	for n := 1; n <= 3; n++ {
		call(n)
	}
	require.Eventually(t, func() bool { return g.Waiting() == 3 }, time.Minute, time.Millisecond)
	r.gate <- struct{}{}
	r.gate <- struct{}{}
	calls.Wait()
	groups := r.seen()
	require.Len(t, groups, 2)
	require.Equal(t, []int{0}, groups[0])
	require.ElementsMatch(t, []int{1, 2, 3}, groups[1])
}

func TestAPanicWhileACallLeadsEndsThatCallAlone(t *testing.T) {
	t.Parallel()
	g := newLedGroup(func(_ context.Context, requests []int, _ batch.Patience) ([]batch.Result[int], error) {
		if requests[0] == 1 {
			panic("boom")
		}
		return []batch.Result[int]{{Value: 7}}, nil
	})
	defer g.Close()
	_, err := g.Do(leading(), 1)
	require.Equal(t, fault.Internal, fault.KindOf(err))
	got, err := g.Do(leading(), 2)
	require.NoError(t, err)
	require.Equal(t, 7, got)
}

func TestClosingWaitsForACallThatLeads(t *testing.T) {
	t.Parallel()
	r := &recorder{gate: make(chan struct{})}
	g := newLedGroup(r.run)
	var got int
	var err error
	var call, closing sync.WaitGroup
	call.Go(func() { got, err = g.Do(leading(), 5) })
	require.Eventually(t, func() bool { return len(r.seen()) == 1 }, time.Minute, time.Millisecond)
	closed := make(chan struct{})
	closing.Go(func() {
		g.Close()
		close(closed)
	})
	select {
	case <-closed:
		require.Fail(t, "closed while a call was served")
	case <-time.After(20 * time.Millisecond):
	}
	r.gate <- struct{}{}
	call.Wait()
	closing.Wait()
	require.NoError(t, err)
	require.Equal(t, 10, got)
	_, err = g.Do(leading(), 6)
	require.Equal(t, fault.Closed, fault.KindOf(err))
}
