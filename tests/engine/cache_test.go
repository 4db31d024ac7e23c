package engine_test

import (
	"cmp"
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

func kept(o *engine.Options) { o.CacheBytes = 1 << 20 }

// watchedStore says of every stamp that foreign changes show in it, which the
// embedded store says by itself, and counts the graphs that are read.
type watchedStore struct {
	store.Store
	store.Schema
	reads *atomic.Int64
}

func (w watchedStore) GraphStamps(c context.Context, ids []int64) (map[int64]store.GraphStamp, error) {
	stamps, err := w.Store.GraphStamps(c, ids)
	for id, stamp := range stamps {
		stamp.Watched = true
		stamps[id] = stamp
	}
	return stamps, err
}

func (w watchedStore) GraphList(c context.Context, ids []int64) ([]store.TaskGraph, error) {
	w.reads.Add(int64(len(ids)))
	graphs, err := w.Store.GraphList(c, ids)
	for i := range graphs {
		graphs[i].Stamp.Watched = true
	}
	return graphs, err
}

// newKeeper opens an engine that keeps graphs, and counts those that it reads.
func newKeeper(t *testing.T, edits ...func(*engine.Options)) (*kit, *atomic.Int64) {
	t.Helper()
	clock := testdb.NewClock()
	db := newStore(t, clock)
	schema, _ := db.(store.Schema)
	reads := &atomic.Int64{}
	return newKitOn(t, watchedStore{db, schema, reads}, clock, append(edits, kept)...), reads
}

func TestAGraphIsReadOnceUntilItsTaskChanges(t *testing.T) {
	t.Parallel()
	k, reads := newKeeper(t)
	k.register(diamond)
	w, task := k.worker(), k.create("diamond")
	for range 3 {
		require.Equal(t, 1, k.context(task).ReadySteps)
	}
	require.EqualValues(t, 1, reads.Load())
	step := k.claimOne(w)
	require.Equal(t, 1, k.context(task).InProgressSteps)
	k.finish(step)
	require.Equal(t, 2, k.context(task).ReadySteps)
	require.Equal(t, 2, k.context(task).ReadySteps)
	require.EqualValues(t, 3, reads.Load())
	health, err := k.Health(ctx(), engine.HealthRequest{})
	require.NoError(t, err)
	require.Equal(t, 1, health.Cache.Graphs)
	require.EqualValues(t, 3, health.Cache.Hits)
}

func TestAKeptGraphIsJudgedByThePresentTime(t *testing.T) {
	t.Parallel()
	k, reads := newKeeper(t)
	k.register(single(""))
	w, task := k.worker(), k.create("single")
	k.report(failed(k.claimOne(w)))
	before := k.context(task)
	require.Zero(t, before.ReadySteps)
	k.clock.Advance(before.NextWakeAt.Sub(k.clock.Now()) + time.Second)
	require.Equal(t, 1, k.context(task).ReadySteps)
	require.EqualValues(t, 1, reads.Load(), "only time has passed")
}

func TestAForeignChangeIsSeenByTheNextCallThoughTheGraphIsKept(t *testing.T) {
	t.Parallel()
	k, _ := newKeeper(t)
	k.register(diamond)
	task := k.create("diamond")
	require.Equal(t, 1, k.context(task).ReadySteps)
	foreignResolve(k, k.steps(task)["start"].StepID, true)
	require.Equal(t, 2, k.context(task).ReadySteps, "while it is dirty")
	require.NoError(t, k.Sweep(ctx()))
	require.Equal(t, 2, k.context(task).ReadySteps, "and when it was reconciled")
}

// foreignResolve resolves a step past the engine, as another engine does; the
// dirty entry is what its triggers add.
func foreignResolve(k *kit, step int64, dirty bool) {
	k.t.Helper()
	now := workflow.At(k.clock.Now())
	require.NoError(k.t, k.store.Write(ctx(), func(tx store.Tx) error {
		steps, err := tx.StepList(ctx(), []int64{step})
		if err != nil {
			return err
		}
		if _, err = tx.StepMove(ctx(), []store.Move{{OwnerID: step, ExpectedID: steps[0].TransitionID, From: steps[0].State,
			Path: []store.Hop{{To: workflow.ResolvedManually}}, At: now}}); err != nil || !dirty {
			return err
		}
		return tx.DirtyInsert(ctx(), []int64{steps[0].TaskID}, now)
	}))
}

// A change that nobody tells about is what the dirty list is for: without it a
// kept graph is stale, and this test would notice a cache that is never used.
func TestWithoutADirtyEntryAKeptGraphIsStale(t *testing.T) {
	t.Parallel()
	k, _ := newKeeper(t)
	k.register(diamond)
	task := k.create("diamond")
	require.Equal(t, 1, k.context(task).ReadySteps)
	foreignResolve(k, k.steps(task)["start"].StepID, false)
	require.Equal(t, 1, k.context(task).ReadySteps)
	_, _ = k.truth(task) // mends it, for the checks at the end
	require.Equal(t, 2, k.context(task).ReadySteps)
}

func TestATaskWithParentsInAnotherIsNeverKept(t *testing.T) {
	t.Parallel()
	k, reads := newKeeper(t)
	k.register(diamond)
	one, other := k.create("diamond"), k.create("diamond", func(r *engine.CreateTaskRequest) { r.Context = workflow.JSON(`{"n":2}`) })
	parent, child := k.steps(other)["start"].StepID, k.steps(one)["start"].StepID
	require.NoError(t, k.store.Write(ctx(), func(tx store.Tx) error {
		now := workflow.At(k.clock.Now())
		return cmp.Or(tx.EdgeInsert(ctx(), []store.NewEdge{{From: parent, To: child, At: now}}), tx.DirtyInsert(ctx(), []int64{one}, now))
	}))
	require.NoError(t, k.Sweep(ctx()))
	require.Zero(t, k.context(one).ReadySteps)
	foreignResolve(k, parent, true)
	require.Equal(t, 1, k.context(one).ReadySteps, "though nothing of its own changed")
	require.EqualValues(t, 2, reads.Load())
}

func TestWithoutACacheEveryGraphIsRead(t *testing.T) {
	t.Parallel()
	clock := testdb.NewClock()
	db := newStore(t, clock)
	schema, _ := db.(store.Schema)
	reads := &atomic.Int64{}
	k := newKitOn(t, watchedStore{db, schema, reads}, clock)
	k.register(diamond)
	task := k.create("diamond")
	for range 3 {
		require.Equal(t, 1, k.context(task).ReadySteps)
	}
	require.EqualValues(t, 3, reads.Load())
}
