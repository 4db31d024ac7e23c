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
	var beats, sweeps, rings atomic.Int64
	reported := make(chan error, 1000)
	changes := make(chan struct{}, 1)
	l := worker.Start(worker.Options{
		Beat: func(ctx context.Context) error {
			_, bounded := ctx.Deadline()
			if beats.Add(1); !bounded {
				return errors.New("no deadline")
			}
			return nil
		},
		Sweep: func(context.Context) error {
			if sweeps.Add(1)%2 == 0 {
				panic("odd")
			}
			return fault.New(fault.Unavailable, "away")
		},
		Ring: func() { rings.Add(1) }, Report: func(err error) { reported <- err },
		BeatEvery: time.Millisecond, SweepEvery: time.Millisecond, Draw: func() float64 { return 0.5 }, Changes: changes,
	})
	changes <- struct{}{}
	require.Eventually(t, func() bool { return beats.Load() > 3 && sweeps.Load() > 3 && rings.Load() == 1 }, 10*time.Second, time.Millisecond)
	l.Stop()
	l.Stop()
	kinds := map[fault.Kind]bool{}
	for len(reported) > 0 {
		kinds[fault.KindOf(<-reported)] = true
	}
	require.True(t, kinds[fault.Unavailable])
	require.True(t, kinds[fault.Internal], "a panic is reported and survived")
	stopped := beats.Load()
	time.Sleep(10 * time.Millisecond)
	require.Equal(t, stopped, beats.Load())
}

func TestAClosedChangesChannelEndsListeningOnly(t *testing.T) {
	t.Parallel()
	changes := make(chan struct{})
	close(changes)
	var beats atomic.Int64
	nothing := func(context.Context) error { return nil }
	l := worker.Start(worker.Options{Beat: func(context.Context) error { beats.Add(1); return nil }, Sweep: nothing,
		Ring: func() {}, Report: func(error) {}, BeatEvery: time.Millisecond, SweepEvery: time.Hour,
		Draw: func() float64 { return 0 }, Changes: changes})
	require.Eventually(t, func() bool { return beats.Load() > 2 }, 10*time.Second, time.Millisecond)
	l.Stop()
}
