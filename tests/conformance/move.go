package conformance

import (
	"slices"
	"sync"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// movePromises hold for tasks and for steps alike, so each is checked on both.
func movePromises() []promise {
	var all []promise
	for _, owner := range []struct {
		name string
		kind mover
	}{{"task", taskMover()}, {"step", stepMover()}} {
		for _, p := range []struct {
			sentence string
			check    func(f *fixture, m mover)
		}{
			{"the first move writes the first row", firstMove},
			{"a move flags its new row alone and counts on", nextMove},
			{"a detour writes each hop and flags the last", detour},
			{"a move that expects another row changes nothing", staleMove},
			{"a move that expects no row loses when there is one", unexpectedRow},
			{"a batch answers its winners", batchOfMoves},
			{"an owner that does not exist does not move", unknownOwner},
			{"of concurrent moves from one row exactly one wins", concurrentMoves},
		} {
			all = append(all, promise{owner.name + ": " + p.sentence, func(f *fixture) { p.check(f, owner.kind) }})
		}
	}
	return all
}

// mover is what differs between moving tasks and moving steps.
type mover struct {
	owners  func(f *fixture) []int64
	move    func(f *fixture, tx store.Tx, moves ...store.Move) ([]store.Moved, error)
	history func(f *fixture, r store.Reader, owner int64) []workflow.Transition
}

func taskMover() mover {
	return mover{
		owners: func(f *fixture) []int64 {
			named, _ := f.install("order")
			return f.insertTasks(newTask(named, "one"), newTask(named, "two"), newTask(named, "three"))
		},
		move: func(f *fixture, tx store.Tx, moves ...store.Move) ([]store.Moved, error) {
			return tx.TaskMove(f.ctx, moves)
		},
		history: func(f *fixture, r store.Reader, owner int64) []workflow.Transition {
			return must(r.TaskTransitions(f.ctx, []int64{owner}))(f)
		},
	}
}

func stepMover() mover {
	return mover{
		owners: func(f *fixture) []int64 { return f.job("order", 3).steps },
		move: func(f *fixture, tx store.Tx, moves ...store.Move) ([]store.Moved, error) {
			return tx.StepMove(f.ctx, moves)
		},
		history: func(f *fixture, r store.Reader, owner int64) []workflow.Transition {
			return must(r.StepTransitions(f.ctx, []int64{owner}))(f)
		},
	}
}

// to is a move of one hop.
func to(owner, expected int64, from, next workflow.State) store.Move {
	return store.Move{OwnerID: owner, ExpectedID: expected, From: from, Path: []store.Hop{{To: next}}, At: noon}
}

func firstMove(f *fixture, m mover) {
	owner := m.owners(f)[0]
	f.write(func(tx store.Tx) {
		moved := must(m.move(f, tx, to(owner, 0, workflow.Pending, workflow.InProgress)))(f)
		require.Equal(f, owner, moved[0].OwnerID)
		require.Equal(f, []workflow.Transition{{
			ID: moved[0].TransitionID, OwnerID: owner, From: workflow.Pending, To: workflow.InProgress, SortKey: 10,
			MostRecent: true, Metadata: workflow.JSON(`{}`), CreatedAt: noon,
		}}, m.history(f, tx, owner))
	})
}

func nextMove(f *fixture, m mover) {
	owner := m.owners(f)[0]
	f.write(func(tx store.Tx) {
		first := must(m.move(f, tx, to(owner, 0, "", workflow.InProgress)))(f)[0].TransitionID
		move := to(owner, first, workflow.InProgress, workflow.Error)
		move.Path[0].Metadata = workflow.JSON(`{"why":"it broke"}`)
		second := must(m.move(f, tx, move))(f)[0].TransitionID
		require.Greater(f, second, first)
		history := m.history(f, tx, owner)
		require.Len(f, history, 2)
		require.Empty(f, history[0].From)
		require.False(f, history[0].MostRecent)
		require.Equal(f, workflow.Transition{
			ID: second, OwnerID: owner, From: workflow.InProgress, To: workflow.Error, SortKey: 20, MostRecent: true,
			Metadata: history[1].Metadata, CreatedAt: noon,
		}, history[1])
		require.JSONEq(f, `{"why":"it broke"}`, string(history[1].Metadata))
	})
}

func detour(f *fixture, m mover) {
	owner := m.owners(f)[0]
	f.write(func(tx store.Tx) {
		first := must(m.move(f, tx, to(owner, 0, "", workflow.Error)))(f)[0].TransitionID
		move := to(owner, first, workflow.Error, workflow.Pending)
		move.Path = append(move.Path, store.Hop{To: workflow.Cancelled})
		last := must(m.move(f, tx, move))(f)[0].TransitionID
		history := m.history(f, tx, owner)
		require.Len(f, history, 3)
		require.Equal(f, []workflow.State{"", workflow.Error, workflow.Pending},
			[]workflow.State{history[0].From, history[1].From, history[2].From})
		require.Equal(f, []int{10, 20, 30}, []int{history[0].SortKey, history[1].SortKey, history[2].SortKey})
		require.False(f, history[1].MostRecent)
		require.True(f, history[2].MostRecent)
		require.Equal(f, last, history[2].ID)
	})
}

func staleMove(f *fixture, m mover) {
	owner := m.owners(f)[0]
	f.write(func(tx store.Tx) {
		first := must(m.move(f, tx, to(owner, 0, "", workflow.InProgress)))(f)[0].TransitionID
		must(m.move(f, tx, to(owner, first, workflow.InProgress, workflow.Error)))(f)
		before := m.history(f, tx, owner)
		require.Empty(f, must(m.move(f, tx, to(owner, first, workflow.InProgress, workflow.Complete)))(f))
		require.Empty(f, must(m.move(f, tx, to(owner, 1<<40, workflow.Error, workflow.Pending)))(f))
		require.Equal(f, before, m.history(f, tx, owner))
	})
}

func unexpectedRow(f *fixture, m mover) {
	owner := m.owners(f)[0]
	f.write(func(tx store.Tx) {
		must(m.move(f, tx, to(owner, 0, "", workflow.InProgress)))(f)
		require.Empty(f, must(m.move(f, tx, to(owner, 0, "", workflow.Cancelled)))(f))
		require.Len(f, m.history(f, tx, owner), 1)
	})
}

func batchOfMoves(f *fixture, m mover) {
	owners := m.owners(f)
	f.write(func(tx store.Tx) {
		must(m.move(f, tx, to(owners[1], 0, "", workflow.InProgress)))(f)
		moved := must(m.move(f, tx,
			to(owners[0], 0, "", workflow.InProgress), to(owners[1], 0, "", workflow.InProgress), to(owners[2], 0, "", workflow.InProgress)))(f)
		require.Len(f, moved, 2)
		require.ElementsMatch(f, []int64{owners[0], owners[2]}, []int64{moved[0].OwnerID, moved[1].OwnerID})
	})
}

func unknownOwner(f *fixture, m mover) {
	f.write(func(tx store.Tx) {
		require.Empty(f, must(m.move(f, tx, to(1<<40, 0, "", workflow.InProgress)))(f))
	})
}

func concurrentMoves(f *fixture, m mover) {
	const racers = 8
	owner := m.owners(f)[0]
	var start int64
	f.write(func(tx store.Tx) {
		start = must(m.move(f, tx, to(owner, 0, "", workflow.InProgress)))(f)[0].TransitionID
	})
	wins := make([]int, racers)
	var all sync.WaitGroup
	for i := range racers {
		all.Add(1)
		go func() {
			defer all.Done()
			err := f.store.Write(f.ctx, func(tx store.Tx) error {
				moved, err := m.move(f, tx, to(owner, start, workflow.InProgress, workflow.Complete))
				wins[i] = len(moved)
				return err
			})
			if err != nil {
				f.Error(err)
			}
		}()
	}
	all.Wait()
	slices.Sort(wins)
	require.Equal(f, []int{0, 0, 0, 0, 0, 0, 0, 1}, wins)
	f.read(func(r store.Reader) { require.Len(f, m.history(f, r, owner), 2) })
}
