package postgres_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

// finishBoth lets the two parents of a child finish in transactions that
// overlap and returns how often the child was found satisfied.
func finishBoth(k *kit, lock func(store.Tx, int64) error) (satisfied int) {
	k.t.Helper()
	epochs := []int64{k.start(k.steps[0]), k.start(k.steps[1])}
	var mu sync.Mutex // guards satisfied
	finish := func(n int, tx store.Tx) error {
		if err := lock(tx, k.steps[n]); err != nil {
			return err
		}
		moved, err := tx.StepMove(k.ctx, []store.Move{move(k.steps[n], epochs[n], workflow.Complete)})
		if err != nil {
			return err
		}
		require.Len(k.t, moved, 1)
		children, err := tx.ChildList(k.ctx, []int64{k.steps[n]})
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		if children[0].Satisfied {
			satisfied++
		}
		return nil
	}
	watcher := k.foreign()
	var second <-chan error
	done := make(chan struct{})
	k.write(k.ctx, func(tx store.Tx) error {
		if err := finish(0, tx); err != nil {
			return err
		}
		second = inBackground(func() error {
			return k.Write(k.ctx, func(tx store.Tx) error {
				defer close(done)
				return finish(1, tx)
			})
		})
		select { // the first commits when the second waits for it, or is through
		case <-done:
		case err := <-inBackground(func() error { watcher.waitForLock(1); return nil }):
			return err
		}
		return nil
	})
	require.NoError(k.t, awaited(k.t, second))
	return satisfied
}

// TestOfTwoParentsThatFinishAtOnceExactlyOneReleasesTheChild also holds where
// the database has another isolation level as default.
func TestOfTwoParentsThatFinishAtOnceExactlyOneReleasesTheChild(t *testing.T) {
	t.Parallel()
	for _, level := range []string{"read committed", "repeatable read", "serializable"} {
		t.Run(level, func(t *testing.T) {
			t.Parallel()
			url := testdb.PostgresDatabase(t)
			testdb.Execute(t, url, "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_isolation = ''"+
				level+"''', current_database()); END $$")
			k := newKitOn(t, url, 3, [2]int{0, 2}, [2]int{1, 2})
			require.Equal(t, 1, finishBoth(k, func(tx store.Tx, step int64) error {
				locked, err := tx.StepLock(k.ctx, []int64{step})
				require.Len(t, locked.Tasks, 1)
				return err
			}))
		})
	}
}

// TestWithoutTheLockNobodyReleasesTheChild shows that the test above can fail.
func TestWithoutTheLockNobodyReleasesTheChild(t *testing.T) {
	t.Parallel()
	k := newKit(t, 3, [2]int{0, 2}, [2]int{1, 2})
	epochs := []int64{k.start(k.steps[0]), k.start(k.steps[1])}
	satisfied := func(tx store.Tx, n int) bool {
		_, err := tx.StepMove(k.ctx, []store.Move{move(k.steps[n], epochs[n], workflow.Complete)})
		require.NoError(t, err)
		children, err := tx.ChildList(k.ctx, []int64{k.steps[n]})
		require.NoError(t, err)
		return children[0].Satisfied
	}
	k.write(k.ctx, func(first store.Tx) error {
		require.False(t, satisfied(first, 0))
		k.write(k.ctx, func(second store.Tx) error {
			require.False(t, satisfied(second, 1))
			return nil
		})
		return nil
	})
}

func TestAStepWhoseTaskWasNotGivenToTheEngineHasNoLock(t *testing.T) {
	t.Parallel()
	k := newKit(t, 1)
	k.foreign().do("DELETE FROM tasker_core_tasks")
	k.write(k.ctx, func(tx store.Tx) error {
		found, err := tx.StepLock(k.ctx, k.steps)
		require.Len(t, found.Steps, 1)
		require.Empty(t, found.Tasks)
		return err
	})
}

func TestAClaimPassesOverATaskThatIsLocked(t *testing.T) {
	t.Parallel()
	k := newKit(t, 2)
	k.queue(k.steps...)
	locked, steps := k.task, k.steps
	k.add("second", 1)
	k.queue(k.steps...)
	take := func(tx store.Tx) (taken []int64) {
		got, err := tx.ReadyTake(k.ctx, append(append([]int64{}, steps...), k.steps...))
		require.NoError(t, err)
		require.Len(t, got.Steps, len(got.Rows))
		for _, row := range got.Rows {
			taken = append(taken, row.StepID)
		}
		return taken
	}
	k.write(k.ctx, func(holder store.Tx) error {
		_, err := holder.TaskLock(k.ctx, []int64{locked})
		require.NoError(t, err)
		k.write(k.ctx, func(tx store.Tx) error { // in the same goroutine: waiting would never end
			require.Equal(t, k.steps, take(tx))
			return nil
		})
		return nil
	})
	k.write(k.ctx, func(tx store.Tx) error {
		require.Equal(t, steps, take(tx), "the rows of the locked task stayed where they were")
		return nil
	})
}

func TestOfClaimsThatMeetEachStepGoesToOne(t *testing.T) {
	t.Parallel()
	const claimers = 6
	k := newKit(t, 1)
	var steps []int64
	for i := range 10 {
		k.add(string(rune('a'+i)), 3)
		k.queue(k.steps...)
		steps = append(steps, k.steps...)
	}
	var mu sync.Mutex // guards owners
	owners := map[int64]int{}
	var all sync.WaitGroup
	for range claimers {
		all.Go(func() {
			for range 20 {
				var taken []workflow.ReadyStep
				if err := k.Write(k.ctx, func(tx store.Tx) error {
					got, err := tx.ReadyTake(k.ctx, steps)
					taken = got.Rows
					return err
				}); err != nil {
					t.Error(err)
				}
				mu.Lock()
				for _, row := range taken {
					owners[row.StepID]++
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	require.Len(t, owners, len(steps))
	for step, times := range owners {
		require.Equal(t, 1, times, step)
	}
}

// holdRow lets a foreign transaction hold the row of a step.
func (k *kit) holdRow() *session {
	holder := k.foreign()
	holder.do("BEGIN")
	holder.do("SELECT 1 FROM tasker_workflow_steps WHERE workflow_step_id = $1 FOR UPDATE", k.steps[0])
	return holder
}

func TestAGroupGivesUpOnAForeignLockAndTellsSo(t *testing.T) {
	t.Parallel()
	k := newKit(t, 1)
	holder := k.holdRow()
	ctx := store.Impatient(k.ctx, 0)
	err := k.Write(ctx, func(tx store.Tx) error {
		return tx.StepChange(ctx, []store.StepChange{{ID: k.steps[0], At: at}})
	})
	require.Equal(t, fault.Conflict, fault.KindOf(err))
	require.False(t, fault.Retryable(err))
	var told *fault.Error
	require.ErrorAs(t, err, &told)
	require.Equal(t, "55P03", told.Details["sqlstate"])
	holder.do("ROLLBACK")
}

func TestALoneCallWaitsForAForeignLock(t *testing.T) {
	t.Parallel()
	k := newKit(t, 1)
	holder := k.holdRow()
	tries := make(chan struct{}, 1000)
	answer := inBackground(func() error {
		return k.Write(k.ctx, func(tx store.Tx) error {
			tries <- struct{}{}
			return tx.StepChange(k.ctx, []store.StepChange{{ID: k.steps[0], Attempts: 7, At: at}})
		})
	})
	for range 3 { // taken back and tried again meanwhile
		<-tries
	}
	holder.do("COMMIT")
	require.NoError(t, awaited(t, answer))
	require.EqualValues(t, 7, holder.number("SELECT attempts FROM tasker_workflow_steps WHERE workflow_step_id = $1", k.steps[0]))
}

// foreignMove lets somebody move a step without committing, as the Rails engine
// does: clear the flag, then insert.
func (k *kit) foreignMove(expected int64, sortKey int) *session {
	mover := k.foreign()
	mover.do("BEGIN")
	if expected != 0 {
		mover.do("UPDATE tasker_workflow_step_transitions SET most_recent = false WHERE id = $1", expected)
	}
	mover.do(`INSERT INTO tasker_workflow_step_transitions (workflow_step_id, to_state, sort_key, most_recent, created_at, updated_at)
		VALUES ($1, 'cancelled', $2, true, '2026-01-01', '2026-01-01')`, k.steps[0], sortKey)
	return mover
}

func TestACompareAndSetWaitsForAForeignMoveAndBelievesIt(t *testing.T) {
	t.Parallel()
	for sentence, c := range map[string]struct {
		started bool   // the step has a row
		sortKey int    // of the foreign row
		end     string // of the foreign transaction
		path    []workflow.State
		wins    int
		history []workflow.State
	}{
		"committed":           {true, 20, "COMMIT", []workflow.State{workflow.Complete}, 0, []workflow.State{workflow.InProgress, workflow.Cancelled}},
		"rolled back":         {true, 20, "ROLLBACK", []workflow.State{workflow.Complete}, 1, []workflow.State{workflow.InProgress, workflow.Complete}},
		"first, committed":    {false, 10, "COMMIT", []workflow.State{workflow.Complete}, 0, []workflow.State{workflow.Cancelled}},
		"first, rolled back":  {false, 10, "ROLLBACK", []workflow.State{workflow.Complete}, 1, []workflow.State{workflow.Complete}},
		"detour, committed":   {false, 10, "COMMIT", []workflow.State{workflow.InProgress, workflow.Complete}, 0, []workflow.State{workflow.Cancelled}},
		"detour, other key":   {false, 3, "COMMIT", []workflow.State{workflow.InProgress, workflow.Complete}, 0, []workflow.State{workflow.Cancelled}},
		"detour, rolled back": {false, 3, "ROLLBACK", []workflow.State{workflow.InProgress, workflow.Complete}, 1, []workflow.State{workflow.InProgress, workflow.Complete}},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			k := newKit(t, 1)
			var expected int64
			if c.started {
				expected = k.start(k.steps[0])
			}
			mover := k.foreignMove(expected, c.sortKey)
			watcher := k.foreign()
			wins := -1
			answer := inBackground(func() error {
				return k.Write(k.ctx, func(tx store.Tx) error {
					moved, err := tx.StepMove(k.ctx, []store.Move{move(k.steps[0], expected, c.path...)})
					wins = len(moved)
					return err
				})
			})
			watcher.waitForLock(1)
			mover.do(c.end)
			require.NoError(t, awaited(t, answer))
			require.Equal(t, c.wins, wins)
			require.Equal(t, c.history, k.history(k.steps[0]))
			require.EqualValues(t, 1, watcher.number("SELECT count(*) FROM tasker_workflow_step_transitions WHERE most_recent"))
		})
	}
}
