package worker_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/worker"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestTheLoopsGoOnAfterErrorsAndPanicsAndEndTogether(t *testing.T) {
	t.Parallel()
	var ticks, rings atomic.Int64
	reported := make(chan error, 10_000)
	changes := make(chan struct{}, 1)
	l := worker.Start(worker.Options{
		Tick: func(ctx context.Context, _ bool) error {
			if _, bounded := ctx.Deadline(); !bounded {
				return errors.New("no deadline")
			}
			if ticks.Add(1)%2 == 0 {
				panic("odd")
			}
			return fault.New(fault.Unavailable, "away")
		},
		Ring: func() { rings.Add(1) }, Report: func(err error) { reported <- err },
		Panicked: func(cause any, stack []byte) error {
			return fault.New(fault.Internal, "%v in %d bytes", cause, len(stack))
		},
		BeatEvery: time.Millisecond, TickEvery: time.Millisecond, Draw: func() float64 { return 0.5 }, Changes: changes,
	})
	changes <- struct{}{}
	require.Eventually(t, func() bool { return ticks.Load() > 5 && rings.Load() == 1 }, 10*time.Second, time.Millisecond)
	l.Stop()
	l.Stop()
	kinds := map[fault.Kind]bool{}
	for len(reported) > 0 {
		kinds[fault.KindOf(<-reported)] = true
	}
	require.True(t, kinds[fault.Unavailable])
	require.True(t, kinds[fault.Internal], "a panic is reported and survived")
	stopped := ticks.Load()
	time.Sleep(10 * time.Millisecond)
	require.Equal(t, stopped, ticks.Load())
}

func TestHeartbeatsComeWithTheTicksInTimeAndAgainAfterAFailure(t *testing.T) {
	t.Parallel()
	var ticks, beats atomic.Int64
	l := worker.Start(worker.Options{
		Tick: func(_ context.Context, beat bool) error {
			ticks.Add(1)
			if beat && beats.Add(1) == 1 {
				return fault.New(fault.Unavailable, "away")
			}
			return nil
		},
		Ring: func() {}, Report: func(error) {}, TickEvery: 2 * time.Millisecond, BeatEvery: 40 * time.Millisecond,
		Draw: func() float64 { return 0 },
	})
	require.Eventually(t, func() bool { return beats.Load() >= 4 }, 10*time.Second, time.Millisecond)
	l.Stop()
	require.Greater(t, ticks.Load(), beats.Load(), "not every tick beats")
}

func TestAClosedChangesChannelEndsListeningOnly(t *testing.T) {
	t.Parallel()
	changes := make(chan struct{})
	close(changes)
	var ticks atomic.Int64
	l := worker.Start(worker.Options{Tick: func(context.Context, bool) error { ticks.Add(1); return nil },
		Ring: func() {}, Report: func(error) {}, BeatEvery: time.Millisecond, TickEvery: time.Hour,
		Draw: func() float64 { return 0 }, Changes: changes})
	require.Eventually(t, func() bool { return ticks.Load() > 2 }, 10*time.Second, time.Millisecond)
	l.Stop()
}
