package oracle_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
	"github.com/tasker-systems/tasker-core-go/tests/oracle"
)

// broken is a store that breaks one rule in its write transactions.
type broken struct {
	store.Store
	rule func(store.Tx) store.Tx
}

func (b broken) Write(c context.Context, fn func(store.Tx) error) error {
	return b.Store.Write(c, func(tx store.Tx) error { return fn(b.rule(tx)) })
}

// noCompareAndSet moves steps whatever row is current.
type noCompareAndSet struct{ store.Tx }

func (b noCompareAndSet) StepMove(c context.Context, moves []store.Move) ([]store.Moved, error) {
	for i := range moves {
		steps, err := b.StepList(c, []int64{moves[i].OwnerID})
		if err != nil {
			return nil, err
		}
		moves[i].ExpectedID = steps[0].TransitionID
	}
	return b.Tx.StepMove(c, moves)
}

// noFence shows every lease as good, and moves steps whatever row is current.
type noFence struct{ noCompareAndSet }

func (b noFence) StepLock(c context.Context, ids []int64) (store.StepLocked, error) {
	locked, err := b.Tx.StepLock(c, ids)
	for i := range locked.Steps {
		for _, lease := range locked.Leases {
			if lease.StepID == locked.Steps[i].ID {
				locked.Steps[i].State, locked.Steps[i].TransitionID = workflow.InProgress, lease.Epoch
			}
		}
	}
	return locked, err
}

// lostRow loses the queue row of every fifth step.
type lostRow struct{ store.Tx }

func (b lostRow) ReadyInsert(c context.Context, rows []workflow.ReadyStep) error {
	kept := []workflow.ReadyStep{}
	for _, row := range rows {
		if row.StepID%5 != 3 {
			kept = append(kept, row)
		}
	}
	return b.Tx.ReadyInsert(c, kept)
}

// uncounted forgets to count failed attempts.
type uncounted struct{ store.Tx }

func (b uncounted) StepChange(c context.Context, changes []store.StepChange) error {
	for i := range changes {
		if changes[i].BackoffSeconds != nil {
			changes[i].Attempts--
		}
	}
	return b.Tx.StepChange(c, changes)
}

// keptWait forgets to clear the wait on success (D7).
type keptWait struct{ store.Tx }

func (b keptWait) StepChange(c context.Context, changes []store.StepChange) error {
	for i := range changes {
		if changes[i].Processed && changes[i].Attempts > 1 {
			changes[i].BackoffSeconds = new(int)
		}
	}
	return b.Tx.StepChange(c, changes)
}

// keptLease never gives a lease back.
type keptLease struct{ store.Tx }

func (keptLease) LeaseDelete(context.Context, []int64) error { return nil }

// eager calls every child satisfied as soon as one parent is.
type eager struct{ store.Tx }

func (b eager) ChildList(c context.Context, ids []int64) ([]store.Child, error) {
	children, err := b.Tx.ChildList(c, ids)
	for i := range children {
		children[i].Satisfied = true
	}
	return children, err
}

// barren never finds the children of a step.
type barren struct{ store.Tx }

func (barren) ChildList(context.Context, []int64) ([]store.Child, error) { return nil, nil }

// immortal lets workers without heartbeat live.
type immortal struct{ store.Tx }

func (immortal) WorkerDelete(context.Context, []int64) error { return nil }

// forgetful does not recognise duplicates.
type forgetful struct{ store.Tx }

func (forgetful) TaskIdentify(context.Context, []string) (map[string]int64, error) {
	return map[string]int64{}, nil
}

// unsorted ignores priorities.
type unsorted struct{ store.Tx }

func (b unsorted) ReadyCandidates(c context.Context, routes []int64, now workflow.Instant, n int) ([]workflow.ReadyStep, error) {
	rows, err := b.Tx.ReadyCandidates(c, routes, now, n)
	for i := range rows {
		rows[i].Priority = 0
	}
	return rows, err
}

// undigested keeps no digest of an outcome, so that a repeat is not recognised.
type undigested struct{ store.Tx }

func (b undigested) StepMove(c context.Context, moves []store.Move) ([]store.Moved, error) {
	for i := range moves {
		last := &moves[i].Path[len(moves[i].Path)-1]
		if epoch, ok := last.Metadata.Field("epoch").Int(); ok && last.Metadata.Field("digest") != nil {
			last.Metadata = (&workflow.Object{}).Int("epoch", epoch).JSON()
		}
	}
	return b.Tx.StepMove(c, moves)
}

// clean loses the dirty list.
type clean struct{ store.Tx }

func (clean) DirtyTake(context.Context, int) ([]int64, error) { return nil, nil }

// overlooked shows the tasks of an outcome as nobody else's concern.
type overlooked struct{ store.Tx }

func (b overlooked) StepLock(c context.Context, ids []int64) (store.StepLocked, error) {
	locked, err := b.Tx.StepLock(c, ids)
	for i := range locked.Tasks {
		locked.Tasks[i].Dirty = false
	}
	return locked, err
}

// sabotages are the rules broken, each with what is lost.
var sabotages = map[string]func(store.Tx) store.Tx{
	"fence and compare-and-set off":  func(tx store.Tx) store.Tx { return noFence{noCompareAndSet{tx}} },
	"queue row lost":                 func(tx store.Tx) store.Tx { return lostRow{tx} },
	"failed attempts not counted":    func(tx store.Tx) store.Tx { return uncounted{tx} },
	"wait kept after success":        func(tx store.Tx) store.Tx { return keptWait{tx} },
	"leases never deleted":           func(tx store.Tx) store.Tx { return keptLease{tx} },
	"child ready before all parents": func(tx store.Tx) store.Tx { return eager{tx} },
	"children never ready":           func(tx store.Tx) store.Tx { return barren{tx} },
	"dead workers live on":           func(tx store.Tx) store.Tx { return immortal{tx} },
	"duplicates not recognised":      func(tx store.Tx) store.Tx { return forgetful{tx} },
	"priorities ignored":             func(tx store.Tx) store.Tx { return unsorted{tx} },
	"outcomes without digest":        func(tx store.Tx) store.Tx { return undigested{tx} },
	"dirty list lost":                func(tx store.Tx) store.Tx { return clean{tx} },
	"outcomes of dirty tasks":        func(tx store.Tx) store.Tx { return overlooked{tx} },
}

// sabotageSequences is how many sequences a broken rule may take to be noticed:
// the longest needs about a tenth of it.
const sabotageSequences = 240

// notice returns the number of sequences after which the oracle sees a
// difference, and the difference; "" when it never does. The seeds are fixed, so
// that the same sequences run each time.
func notice(t *testing.T, rule func(store.Tx) store.Tx) (int, string) {
	sabotaged := oracle.Store{Name: "sabotaged", Open: inMemory, Wrap: func(db store.Store) store.Store { return broken{db, rule} }}
	sequence := rapid.Custom(func(r *rapid.T) string { return oracle.Run(t, r, sabotaged) })
	for seed := 1; seed <= sabotageSequences; seed++ {
		if difference := sequence.Example(seed); difference != "" {
			return seed, difference
		}
	}
	return sabotageSequences, ""
}

func TestTheOracleNoticesEachBrokenRule(t *testing.T) {
	t.Parallel()
	for name, rule := range sabotages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seed, difference := notice(t, rule)
			require.NotEmpty(t, difference, "the oracle is blind to this")
			t.Logf("noticed in sequence %d: %.300s", seed, difference)
		})
	}
}

func TestTheSameSequencesFindNothingInAWholeStore(t *testing.T) {
	t.Parallel()
	whole := oracle.Store{Name: "whole", Open: inMemory, Wrap: func(db store.Store) store.Store {
		return broken{db, func(tx store.Tx) store.Tx { return tx }}
	}}
	sequence := rapid.Custom(func(r *rapid.T) string { return oracle.Run(t, r, whole) })
	for seed := 1; seed <= 30; seed++ {
		require.Empty(t, sequence.Example(seed))
	}
}
