package sqlite_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/store/sqlite"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

// patience is how long a test waits for what must come: a bound, no measure.
const patience = 30 * time.Second

func TestProcessesThatWriteAtOnceLoseNothingAndSeeNoLock(t *testing.T) {
	t.Parallel()
	path := testdb.File(t)
	s := testdb.Open(t, path)
	at := workflow.At(testdb.Start)
	require.NoError(t, s.Write(t.Context(), func(tx store.Tx) error {
		_, err := tx.WorkerInsert(t.Context(), workflow.Worker{Name: "counter", Routes: []int64{0}, StartedAt: at, HeartbeatAt: at})
		return err
	}))
	const processes = 3
	children := make([]*process, processes)
	for i := range children {
		children[i] = start(t, "count", path)
	}
	for range countsPerProcess {
		require.NoError(t, count(t.Context(), s))
	}
	for _, child := range children {
		child.expect(t, "open")
		child.finish(t)
	}
	require.NoError(t, s.Read(t.Context(), func(r store.Reader) error {
		workers, err := r.WorkerList(t.Context())
		require.Equal(t, []int64{(processes + 1) * countsPerProcess}, workers[0].Routes)
		return err
	}))
}

// waits requires that a change is announced.
func waits(t *testing.T, s store.Store) {
	t.Helper()
	select {
	case <-s.Changes():
	case <-time.After(patience):
		t.Fatal("a commit elsewhere was not announced")
	}
}

func TestACommitOfAnotherProcessIsAnnounced(t *testing.T) {
	t.Parallel()
	path := testdb.File(t)
	s := testdb.Open(t, path)
	child := start(t, "hold", path)
	child.expect(t, "open")
	child.expect(t, "holding")
	require.NoError(t, child.input.Close())
	child.finish(t)
	waits(t, s)
	require.NoError(t, s.Read(t.Context(), func(r store.Reader) error {
		exists, err := r.DirtyExists(t.Context())
		require.True(t, exists)
		return err
	}))
}

func TestACommitOfAnotherStoreInTheProcessIsAnnouncedAndOnesOwnIsNot(t *testing.T) {
	t.Parallel()
	path := testdb.File(t)
	s, other := testdb.Open(t, path), testdb.Open(t, path)
	for range 20 {
		addWorker(t, s)
	}
	waits(t, other)
	require.Empty(t, s.Changes())
	for range 3 {
		addWorker(t, other)
		waits(t, s)
	}
}

func TestAKilledWriterLeavesNothingAndHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	path := testdb.File(t)
	s := testdb.Open(t, path)
	addWorker(t, s)
	child := start(t, "hold", path)
	child.expect(t, "open")
	child.expect(t, "holding")

	// The lock is held: a deadline passes, and the text is ours.
	short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	err := s.Write(short, func(store.Tx) error { return nil })
	require.Equal(t, fault.Timeout, fault.KindOf(err))
	require.NotContains(t, err.Error(), "locked")

	require.NoError(t, child.Process.Kill())
	require.Error(t, child.Wait())
	addWorker(t, s)
	require.NoError(t, s.Read(t.Context(), func(r store.Reader) error {
		exists, err := r.DirtyExists(t.Context())
		require.False(t, exists)
		return err
	}))
}

func TestAReaderGoesOnWhileAnotherProcessWrites(t *testing.T) {
	t.Parallel()
	path := testdb.File(t)
	s := testdb.Open(t, path)
	addWorker(t, s)
	child := start(t, "hold", path)
	child.expect(t, "open")
	child.expect(t, "holding")
	require.NoError(t, s.Read(t.Context(), func(r store.Reader) error {
		workers, err := r.WorkerList(t.Context())
		require.Len(t, workers, 1)
		return err
	}))
	require.NoError(t, child.input.Close())
	child.finish(t)
}

func TestProcessesThatOpenANewFileAtOnceAllSucceed(t *testing.T) {
	t.Parallel()
	path := t.TempDir() + "/new.sqlite3"
	children := make([]*process, 4)
	for i := range children {
		children[i] = start(t, "open", path)
	}
	for _, child := range children {
		child.expect(t, "open")
		child.finish(t)
	}
}

// fill writes tasks of some size until the store refuses, and returns how many
// it took.
func fill(ctx context.Context, s store.Store) (written int, err error) {
	for {
		err := s.Write(ctx, func(tx store.Tx) error {
			for i := range 40 {
				at := workflow.At(testdb.Start)
				_, err := tx.WorkerInsert(ctx, workflow.Worker{Name: fmt.Sprintf("%0512d", i), StartedAt: at, HeartbeatAt: at})
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return written, err
		}
		written += 40
	}
}

func TestAFullFileLeavesNothingHalfWritten(t *testing.T) {
	t.Parallel()
	path := testdb.File(t)
	limited := func(pages int64) testdb.Option {
		return func(o *sqlite.Options) { o.PageCountMax = pages }
	}
	s := testdb.Open(t, path, limited(100))
	written, err := fill(t.Context(), s)
	var f *fault.Error
	require.ErrorAs(t, err, &f)
	require.Equal(t, fault.LimitExceeded, f.Kind)
	require.Equal(t, path, f.Path)
	require.NotEmpty(t, f.Remedy)
	workers := func(s store.Store) (count int64) {
		require.NoError(t, s.Read(t.Context(), func(r store.Reader) error {
			depths, err := r.Depths(t.Context(), workflow.At(testdb.Start))
			count = depths.Workers
			return err
		}))
		return count
	}
	require.Positive(t, written)
	require.EqualValues(t, written, workers(s))
	require.NoError(t, s.Close())

	roomy := testdb.Open(t, path, limited(1000))
	require.EqualValues(t, written, workers(roomy))
	addWorker(t, roomy)
	require.EqualValues(t, written+1, workers(roomy))
}

func TestAFileTooSmallForTheSchemaStaysUnmigrated(t *testing.T) {
	t.Parallel()
	path := t.TempDir() + "/small.sqlite3"
	f := fails(t, sqlite.Options{Path: path, PageCountMax: 20}, fault.LimitExceeded, path)
	require.NotEmpty(t, f.Remedy)
	status, err := testdb.Open(t, path, only).Status(t.Context())
	require.NoError(t, err)
	require.Less(t, status.Current, status.Newest)
	require.NoError(t, testdb.Open(t, path).Close())
}

// With synchronous full the notification of a commit comes before the commit is
// visible; the watcher looked once and then waited for its safety poll of a
// second, in about a quarter of all commits.
func TestAWakeUpIsNotLostWhileTheCommitWaitsForTheDisk(t *testing.T) {
	t.Parallel()
	path := testdb.File(t)
	durable := func(o *sqlite.Options) { o.Synchronous = sqlite.SyncFull }
	s, other := testdb.Open(t, path, durable), testdb.Open(t, path, durable)
	const rounds = 24
	wide := workflow.Worker{Name: "wide", Routes: make([]int64, 500_000), StartedAt: workflow.At(testdb.Start), HeartbeatAt: workflow.At(testdb.Start)}
	late := 0
	for range rounds {
		require.NoError(t, other.Write(t.Context(), func(tx store.Tx) error {
			_, err := tx.WorkerInsert(t.Context(), wide) // a megabyte, which takes the disk a while
			return err
		}))
		began := time.Now()
		waits(t, s)
		if time.Since(began) > 700*time.Millisecond {
			late++
		}
	}
	require.Less(t, late, rounds/8, "the safety poll must not be what announces a commit")
}
