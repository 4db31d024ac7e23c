package sqlite_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

// pausing returns a context for a call on a thread of the host, which counts its
// pauses.
func pausing(t *testing.T) (ctx context.Context, pauses *atomic.Int64) {
	pauses = &atomic.Int64{}
	return store.Hosted(t.Context(), func(while time.Duration) {
		pauses.Add(1)
		time.Sleep(while)
	}), pauses
}

func nothing(store.Tx) error { return nil }

func TestAHostedWriteThatFindsNobodyDoesNotPause(t *testing.T) {
	t.Parallel()
	s := testdb.SQLite(t)
	ctx, pauses := pausing(t)
	require.NoError(t, s.Write(ctx, nothing))
	require.Zero(t, pauses.Load())
}

func TestAHostedWritePausesWhileAnotherOfItsProcessWrites(t *testing.T) {
	t.Parallel()
	s := testdb.SQLite(t)
	ctx, pauses := pausing(t)
	inside, leave, left := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		left <- s.Write(t.Context(), func(store.Tx) error {
			close(inside)
			<-leave
			return nil
		})
	}()
	<-inside
	short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	require.Equal(t, fault.Timeout, fault.KindOf(s.Write(short, nothing)))
	require.Positive(t, pauses.Load())

	written := make(chan error)
	go func() { written <- s.Write(ctx, nothing) }()
	before := pauses.Load()
	require.Eventually(t, func() bool { return pauses.Load() > before }, time.Minute, time.Millisecond)
	close(leave)
	require.NoError(t, <-left)
	require.NoError(t, <-written)
}

func TestAHostedWritePausesWhileAnotherProcessWrites(t *testing.T) {
	t.Parallel()
	path := testdb.File(t)
	s := testdb.Open(t, path)
	ctx, pauses := pausing(t)
	unlock := testdb.LockFile(t, path)
	written := make(chan error)
	go func() { written <- s.Write(ctx, nothing) }()
	require.Eventually(t, func() bool { return pauses.Load() > 0 }, time.Minute, time.Millisecond)
	unlock()
	require.NoError(t, <-written)
}
