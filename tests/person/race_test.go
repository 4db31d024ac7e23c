package person_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
	"github.com/tasker-systems/tasker-core-go/tests/factory"
	"github.com/tasker-systems/tasker-core-go/tests/invariant"
)

// meddled is a store in whose write transactions something happens.
type meddled struct {
	store.Store
	meddle func(store.Tx) store.Tx
}

func (m meddled) Write(c context.Context, fn func(store.Tx) error) error {
	return m.Store.Write(c, func(tx store.Tx) error { return fn(m.meddle(tx)) })
}

// overtaken is a transaction in which a foreign writer moves every step and task
// between the look and the move.
type overtaken struct{ store.Tx }

func (o overtaken) StepMove(c context.Context, moves []store.Move) ([]store.Moved, error) {
	return o.Tx.StepMove(c, late(moves))
}

func (o overtaken) TaskMove(c context.Context, moves []store.Move) ([]store.Moved, error) {
	return o.Tx.TaskMove(c, late(moves))
}

func late(moves []store.Move) []store.Move {
	for i := range moves {
		moves[i].ExpectedID += 1_000_000 // not the row that is current
	}
	return moves
}

func TestAnActThatAForeignWriterOvertakesIsAConflictAndNothingIsStored(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	task, w := k.start(line, "line"), k.Worker()
	failure := k.block(w)
	second := k.Steps(task)["second"].StepID
	slow := factory.NewEngine(t, meddled{Store: k.Store, meddle: func(tx store.Tx) store.Tx { return overtaken{tx} }})
	before := k.taskRows(task, 1)
	acts := map[string]func() error{
		"retry": func() error {
			_, err := slow.RetrySteps(ctx(), engine.RetryStepsRequest{NamedSteps: step(failure.StepID)})
			return err
		},
		"resolve": func() error { _, err := slow.ResolveTask(ctx(), engine.ResolveTaskRequest{TaskID: task}); return err },
		"cancel": func() error {
			_, err := slow.CancelSteps(ctx(), engine.CancelStepsRequest{NamedSteps: step(second)})
			return err
		},
		"task": func() error {
			_, err := slow.RetryTask(ctx(), engine.RetryTaskRequest{TaskID: task})
			return err
		},
	}
	for name, act := range acts {
		err := act()
		require.Equal(t, fault.Conflict, fault.KindOf(err), name)
		require.ErrorContains(t, err, "another writer", name)
	}
	require.Equal(t, before, k.taskRows(task, 1))
	require.Equal(t, workflow.Error, k.Steps(task)["first"].State)
	require.Equal(t, workflow.Pending, k.Steps(task)["second"].State)
}

func TestOfTwoWhoDoTheSameAtOnceOneChangesIt(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	task, w := k.start(line, "line"), k.Worker()
	failure := k.block(w)
	engines := []*engine.Engine{k.Engine, factory.NewEngine(t, k.Store)}
	changed := make([]bool, 2*len(engines))
	var wait sync.WaitGroup
	for i := range changed {
		wait.Add(1)
		go func() {
			defer wait.Done()
			reply, err := engines[i%2].RetrySteps(ctx(), engine.RetryStepsRequest{NamedSteps: step(failure.StepID), Person: by})
			if err == nil {
				changed[i] = reply.Items[0].Changed
			}
		}()
	}
	wait.Wait()
	winners := 0
	for _, won := range changed {
		if won {
			winners++
		}
	}
	require.Equal(t, 1, winners)
	require.Equal(t, []workflow.State{workflow.InProgress, workflow.Error, workflow.Pending}, k.History(failure.StepID))
	require.Equal(t, workflow.InProgress, k.Context(task).Status)
}

// keptRows is a transaction that leaves the queue as it is.
type keptRows struct{ store.Tx }

func (keptRows) ReadyDelete(context.Context, []int64) ([]int64, error) { return nil, nil }

// unsigned is a transaction that loses who and why.
type unsigned struct{ store.Tx }

func (u unsigned) StepMove(c context.Context, moves []store.Move) ([]store.Moved, error) {
	for i := range moves {
		for h := range moves[i].Path {
			moves[i].Path[h].Metadata = workflow.JSON(`{}`)
		}
	}
	return u.Tx.StepMove(c, moves)
}

// failures counts what a check says when it may fail.
type failures struct {
	testing.TB
	count int
}

func (f *failures) Errorf(string, ...any) { f.count++ }
func (f *failures) Helper()               {}
func (f *failures) FailNow()              {}

func TestAnActThatLeavesTheQueueAsItWasIsNoticed(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	task := k.start(line, "line")
	bad := factory.NewEngine(t, meddled{Store: k.Store, meddle: func(tx store.Tx) store.Tx { return keptRows{tx} }})
	_, err := bad.CancelSteps(ctx(), engine.CancelStepsRequest{NamedSteps: step(k.Steps(task)["first"].StepID)})
	require.NoError(t, err)
	found, err := invariant.Check(ctx(), k.Store)
	require.NoError(t, err)
	require.NotEmpty(t, found)
	require.True(t, strings.Contains(invariant.Sentence(found[0]), "queue") || strings.Contains(invariant.Sentence(found[0]), "counters"))
	_, err = k.Health(ctx(), engine.HealthRequest{Repair: true}) // this test ends with the invariants, too
	require.NoError(t, err)
}

func TestAnActThatIsNotSignedIsNoticed(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	task := k.start(line, "line")
	bad := factory.NewEngine(t, meddled{Store: k.Store, meddle: func(tx store.Tx) store.Tx { return unsigned{tx} }})
	first := k.Steps(task)["first"].StepID
	_, err := bad.CancelSteps(ctx(), engine.CancelStepsRequest{NamedSteps: step(first), Person: by})
	require.NoError(t, err)
	f := &failures{TB: t}
	requireSigned(f, k.rows(first, 1), workflow.Cancelled)
	require.Positive(t, f.count)
}
