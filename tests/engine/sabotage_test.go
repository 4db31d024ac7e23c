package engine_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

func TestTheTruthCheckNoticesALostQueueRowAndAWrongCounter(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(diamond)
	task := k.create("diamond")
	start := k.steps(task)["start"].StepID
	require.NoError(t, k.store.Write(ctx(), func(tx store.Tx) error {
		_, err := tx.ReadyDelete(ctx(), []int64{start})
		return err
	}))
	kept, computed := k.truth(task)
	require.NotEqual(t, computed, kept)
	k.requireTruth(task) // mended

	require.NoError(t, k.store.Write(ctx(), func(tx store.Tx) error {
		if _, err := tx.TaskLock(ctx(), []int64{task}); err != nil {
			return err
		}
		return tx.TaskChange(ctx(), []store.TaskChange{{ID: task, Open: 3, Waiting: 1, At: workflow.At(k.clock.Now())}})
	}))
	kept, computed = k.truth(task)
	require.NotEqual(t, computed, kept)
}

// blindTx moves steps whatever row is current: the compare-and-set is off.
type blindTx struct{ store.Tx }

func (b blindTx) StepMove(c context.Context, moves []store.Move) ([]store.Moved, error) {
	for i := range moves {
		steps, err := b.StepList(c, []int64{moves[i].OwnerID})
		if err != nil {
			return nil, err
		}
		moves[i].ExpectedID = steps[0].TransitionID
	}
	return b.Tx.StepMove(c, moves)
}

// blindStore is a store without compare-and-set, and without the fence: every
// lease is shown as the current one.
type blindStore struct{ store.Store }

func (b blindStore) Write(c context.Context, fn func(store.Tx) error) error {
	return b.Store.Write(c, func(tx store.Tx) error { return fn(blindTx{tx}) })
}

func (b blindTx) StepLock(c context.Context, ids []int64) (store.StepLocked, error) {
	locked, err := b.Tx.StepLock(c, ids)
	for i := range locked.Steps {
		locked.Steps[i].State = workflow.InProgress
		for _, lease := range locked.Leases {
			if lease.StepID == locked.Steps[i].ID {
				locked.Steps[i].TransitionID = lease.Epoch
			}
		}
	}
	return locked, err
}

func TestWithoutFenceAndCompareAndSetAForeignMoveWouldBeOverwritten(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(diamond)
	w, task := k.worker(), k.create("diamond")
	step := k.claimOne(w)
	k.foreignMove(step.StepID, workflow.Error)
	blind := newKitOn(t, blindStore{k.store}, k.clock)
	k.broken = []store.Rule{store.LegalMove, store.UnbrokenChain}
	blind.broken = k.broken
	require.Equal(t, "recorded", blind.report(done(step))[0].Verdict, "the sabotaged store loses the foreign move")
	require.Equal(t, workflow.Complete, k.steps(task)["start"].State)

	task = k.create("diamond")
	step = k.claimOne(w)
	for step.TaskID != task {
		step = k.claimOne(w)
	}
	k.foreignMove(step.StepID, workflow.Error)
	require.Equal(t, "conflict", k.report(done(step))[0].Verdict, "the real one keeps it")
}

// racyStore lets a foreign writer move a step between the engine's read and its
// move, as on PostgreSQL, where the Rails engine takes no lock of ours.
type racyStore struct {
	store.Store
	between func(c context.Context, tx store.Tx) error
}

type racyTx struct {
	store.Tx
	between func(c context.Context, tx store.Tx) error
}

func (r racyStore) Write(c context.Context, fn func(store.Tx) error) error {
	return r.Store.Write(c, func(tx store.Tx) error { return fn(racyTx{tx, r.between}) })
}

func (r racyTx) StepMove(c context.Context, moves []store.Move) ([]store.Moved, error) {
	if err := r.between(c, r.Tx); err != nil {
		return nil, err
	}
	return r.Tx.StepMove(c, moves)
}

func TestAForeignMoveBetweenReadAndMoveWins(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(diamond)
	w, task := k.worker(), k.create("diamond")
	step := k.claimOne(w)
	racy := newKitOn(t, racyStore{k.store, func(c context.Context, tx store.Tx) error {
		_, err := tx.StepMove(c, []store.Move{{OwnerID: step.StepID, ExpectedID: step.Epoch,
			Path: []store.Hop{{To: workflow.Error}}, At: workflow.At(k.clock.Now())}})
		return err
	}}, k.clock)
	require.Equal(t, "conflict", racy.report(done(step))[0].Verdict)
	require.Equal(t, workflow.Error, k.steps(task)["start"].State, "the loser leaves the step untouched (D10)")
	k.requireTruth(task)
}
