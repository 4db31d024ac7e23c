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

// solitude marks the context of calls that are served alone.
type solitude struct{}

func solitary() context.Context { return context.WithValue(context.Background(), solitude{}, true) }

func newGroupWithSolitude(run func(context.Context, []int, batch.Patience) ([]batch.Result[int], error)) *batch.Group[int, int] {
	return batch.New(batch.Options[int, int]{Run: run, Weight: func(int) int { return 1 }, Cap: 10,
		Alone:    func(ctx context.Context) bool { return ctx.Value(solitude{}) != nil },
		Panicked: func(cause any, _ []byte) error { return fault.New(fault.Internal, "panic: %v", cause) }})
}

func TestACallAloneIsServedWithItsOwnContextAndAllPatience(t *testing.T) {
	t.Parallel()
	var marks []any
	var patiences []batch.Patience
	g := newGroupWithSolitude(func(ctx context.Context, requests []int, patience batch.Patience) ([]batch.Result[int], error) {
		marks, patiences = append(marks, ctx.Value(solitude{})), append(patiences, patience)
		return []batch.Result[int]{{Value: 2 * requests[0]}}, nil
	})
	defer g.Close()
	for _, ctx := range []context.Context{solitary(), context.Background(), solitary()} {
		got, err := g.Do(ctx, 4)
		require.NoError(t, err)
		require.Equal(t, 8, got)
	}
	require.Equal(t, []any{true, nil, true}, marks)
	require.Equal(t, []batch.Patience{batch.Patient, batch.Brief, batch.Patient}, patiences)
}

func TestACallAloneWaitsForNoGroupAndKeepsNoneWaiting(t *testing.T) {
	t.Parallel()
	r := &recorder{gate: make(chan struct{})}
	g := newGroupWithSolitude(r.run)
	defer g.Close()
	var calls sync.WaitGroup
	for n, ctx := range []context.Context{solitary(), context.Background(), solitary()} {
		calls.Go(func() {
			got, err := g.Do(ctx, n)
			require.NoError(t, err)
			require.Equal(t, 2*n, got)
		})
		require.Eventually(t, func() bool { return len(r.seen()) == n+1 }, time.Minute, time.Millisecond)
	}
	for range 3 {
		r.gate <- struct{}{}
	}
	calls.Wait()
	require.Equal(t, [][]int{{0}, {1}, {2}}, r.seen())
}

func TestAPanicEndsACallAloneAndNothingElse(t *testing.T) {
	t.Parallel()
	g := newGroupWithSolitude(func(_ context.Context, requests []int, _ batch.Patience) ([]batch.Result[int], error) {
		if requests[0] == 1 {
			panic("boom")
		}
		return []batch.Result[int]{{Value: 7}}, nil
	})
	defer g.Close()
	_, err := g.Do(solitary(), 1)
	require.Equal(t, fault.Internal, fault.KindOf(err))
	got, err := g.Do(solitary(), 2)
	require.NoError(t, err)
	require.Equal(t, 7, got)
}

func TestClosingWaitsForACallAlone(t *testing.T) {
	t.Parallel()
	r := &recorder{gate: make(chan struct{})}
	g := newGroupWithSolitude(r.run)
	var got int
	var err error
	var call, closing sync.WaitGroup
	call.Go(func() { got, err = g.Do(solitary(), 5) })
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
	_, err = g.Do(solitary(), 6)
	require.Equal(t, fault.Closed, fault.KindOf(err))
}
