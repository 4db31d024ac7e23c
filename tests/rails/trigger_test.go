package rails_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/workflow"
	"github.com/tasker-systems/tasker-core-go/tests/factory"
)

// watched are the kinds of foreign writes that the triggers see. $1 is the first
// step of the first task and $2 the second one; $3 is the first of the other task.
var watched = []struct {
	name, text string
	both       bool // the other task is concerned, too
}{
	{"a first transition of a task", `INSERT INTO tasker_task_transitions (task_id, to_state, sort_key, created_at, updated_at)
		SELECT task_id, 'in_progress', 10, now(), now() FROM tasker_workflow_steps WHERE workflow_step_id = $1`, false},
	{"a task's flag that is cleared", `UPDATE tasker_task_transitions SET most_recent = false WHERE task_id =
		(SELECT task_id FROM tasker_workflow_steps WHERE workflow_step_id = $1)`, false},
	{"a task's history that is deleted", `DELETE FROM tasker_task_transitions WHERE task_id =
		(SELECT task_id FROM tasker_workflow_steps WHERE workflow_step_id = $1)`, false},
	{"a first transition of a step", `INSERT INTO tasker_workflow_step_transitions (workflow_step_id, to_state, sort_key, created_at, updated_at)
		VALUES ($1, 'in_progress', 10, now(), now())`, false},
	{"a step's flag that is cleared", `UPDATE tasker_workflow_step_transitions SET most_recent = false WHERE workflow_step_id = $1`, false},
	{"an edge into another task", `INSERT INTO tasker_workflow_step_edges (from_step_id, to_step_id, name, created_at, updated_at)
		VALUES ($1, $3, 'provides', now(), now())`, true},
	{"a parent in another task that moves", `INSERT INTO tasker_workflow_step_transitions (workflow_step_id, to_state, sort_key, created_at, updated_at)
		VALUES ($1, 'complete', 20, now(), now())`, true},
	{"an edge that is turned to another task", `UPDATE tasker_workflow_step_edges SET to_step_id = $3 WHERE from_step_id = $1 AND to_step_id = $2`, true},
	{"an edge that is turned away", `UPDATE tasker_workflow_step_edges SET to_step_id = $2 WHERE from_step_id = $1 AND to_step_id = $3`, true},
	{"edges that are deleted", `DELETE FROM tasker_workflow_step_edges WHERE from_step_id = $1 OR to_step_id = $1`, false},
	{"a step's history that is deleted", `DELETE FROM tasker_workflow_step_transitions WHERE workflow_step_id = $1`, false},
	{"retryable", `UPDATE tasker_workflow_steps SET retryable = NOT retryable WHERE workflow_step_id = $1`, false},
	{"retry_limit", `UPDATE tasker_workflow_steps SET retry_limit = 7 WHERE workflow_step_id = $1`, false},
	{"retry_limit that is taken away", `UPDATE tasker_workflow_steps SET retry_limit = NULL WHERE workflow_step_id = $1`, false},
	{"attempts", `UPDATE tasker_workflow_steps SET attempts = attempts + 1 WHERE workflow_step_id = $1`, false},
	{"in_process", `UPDATE tasker_workflow_steps SET in_process = NOT in_process WHERE workflow_step_id = $1`, false},
	{"processed", `UPDATE tasker_workflow_steps SET processed = NOT processed WHERE workflow_step_id = $1`, false},
	{"last_attempted_at", `UPDATE tasker_workflow_steps SET last_attempted_at = now() WHERE workflow_step_id = $1`, false},
	{"backoff_request_seconds", `UPDATE tasker_workflow_steps SET backoff_request_seconds = 5 WHERE workflow_step_id = $1`, false},
	{"a step that is added", `INSERT INTO tasker_workflow_steps (task_id, named_step_id, created_at, updated_at)
		SELECT task_id, named_step_id, now(), now() FROM tasker_workflow_steps WHERE workflow_step_id = $1`, false},
	{"a step that is deleted", `DELETE FROM tasker_workflow_steps WHERE workflow_step_id = $1`, false},
	{"many tasks at once", `UPDATE tasker_workflow_steps SET attempts = coalesce(attempts, 0) + 1`, true},
}

// passedOver are foreign writes that change nothing that is kept about a task.
var passedOver = []string{
	`UPDATE tasker_workflow_steps SET results = '{"a":1}', inputs = '{}', updated_at = now(), processed_at = now()`,
	`UPDATE tasker_workflow_steps SET attempts = attempts, retryable = retryable`,
	`UPDATE tasker_tasks SET reason = 'edited', tags = '["a"]', updated_at = now()`,
	`UPDATE tasker_workflow_steps SET attempts = 3 WHERE workflow_step_id = -1`,
}

// fill puts the ids of the steps into a text, which uses those that it needs.
func fill(text string, ids [3]int64) string {
	for i, id := range ids {
		text = strings.ReplaceAll(text, fmt.Sprintf("$%d", i+1), fmt.Sprint(id))
	}
	return text
}

// pair is two tasks with two steps each, and a session in a transaction that is
// taken back, so that the scene ends as it began.
func (s *scene) pair() (tx pgx.Tx, tasks [2]int64, steps [3]int64) {
	s.t.Helper()
	s.Register(factory.SimpleLinear(2))
	tasks = [2]int64{s.Create(factory.SimpleLinear(2)), s.Create(factory.SimpleLinear(2))}
	conn := s.admin()
	require.NoError(s.t, conn.QueryRow(ctx(), `SELECT min(workflow_step_id) FILTER (WHERE task_id = $1),
		max(workflow_step_id) FILTER (WHERE task_id = $1), min(workflow_step_id) FILTER (WHERE task_id = $2)
		FROM tasker_workflow_steps`, tasks[0], tasks[1]).Scan(&steps[0], &steps[1], &steps[2]))
	tx, err := conn.Begin(ctx())
	require.NoError(s.t, err)
	s.t.Cleanup(func() { _ = tx.Rollback(ctx()) })
	return tx, tasks, steps
}

// noted carries out a statement as the Rails engine and returns the tasks that
// are dirty by it.
func (s *scene) noted(tx pgx.Tx, text string) []int64 {
	s.t.Helper()
	for _, statement := range []string{"SET LOCAL ROLE " + railsRole, text, "RESET ROLE"} {
		_, err := tx.Exec(ctx(), statement)
		require.NoError(s.t, err, statement)
	}
	return s.dirty(tx)
}

// unnoticed returns the foreign writes whose tasks are not those on the dirty
// list.
func (s *scene) unnoticed(tx pgx.Tx, tasks [2]int64, steps [3]int64) (names []string) {
	s.t.Helper()
	for _, w := range watched {
		want := tasks[:1]
		if w.both {
			want = tasks[:]
		}
		if !slices.Equal(want, s.noted(tx, fill(w.text, steps))) {
			names = append(names, w.name)
		}
	}
	return names
}

func TestEveryForeignWritePutsItsTasksOnTheDirtyList(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	tx, tasks, steps := s.pair()
	require.Empty(t, s.dirty(tx), "what this library writes is passed over")
	for _, text := range passedOver {
		require.Empty(t, s.noted(tx, text), text)
	}
	require.Empty(t, s.unnoticed(tx, tasks, steps))
}

// TestEachTriggerIsNeeded takes the triggers away one by one.
func TestEachTriggerIsNeeded(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	outer, tasks, steps := s.pair()
	rows, err := outer.Query(ctx(), `SELECT format('%I ON %s', g.tgname, g.tgrelid::regclass) FROM pg_trigger g
		WHERE g.tgname LIKE 'tasker\_core\_%' ORDER BY 1`)
	require.NoError(t, err)
	triggers, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.Len(t, triggers, 13)
	for _, trigger := range triggers {
		tx, err := outer.Begin(ctx())
		require.NoError(t, err)
		_, err = tx.Exec(ctx(), "DROP TRIGGER "+trigger)
		require.NoError(t, err)
		require.NotEmpty(t, s.unnoticed(tx, tasks, steps), trigger)
		require.NoError(t, tx.Rollback(ctx()))
	}
}

func TestTheWritesOfThisLibraryArePassedOver(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.Register(factory.Diamond())
	task := s.Create(factory.Diamond())
	s.Play(factory.Diamond(), task, 1)
	require.Equal(t, workflow.Complete, s.Context(task).Status)
	require.Empty(t, s.dirty(s.admin()))
}

// A role that sets a search_path of its own to objects of its own is not lent our
// rights for them.
func TestTheTriggersLookAtNoSearchPath(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.Register(factory.SimpleLinear(1))
	task := s.Create(factory.SimpleLinear(1))
	rails := s.connect()
	for _, text := range []string{
		"CREATE TEMP TABLE tasker_core_dirty (task_id text, created_at text)",
		"CREATE TEMP TABLE tasker_workflow_steps (LIKE public.tasker_workflow_steps)",
		"SET search_path = pg_temp",
		"UPDATE public.tasker_workflow_steps SET attempts = 1",
		"INSERT INTO public.tasker_workflow_step_transitions (workflow_step_id, to_state, sort_key, created_at, updated_at) " +
			"SELECT workflow_step_id, 'error', 10, now(), now() FROM public.tasker_workflow_steps",
	} {
		_, err := rails.Exec(ctx(), text)
		require.NoError(t, err, text)
	}
	require.Equal(t, []int64{task}, s.dirty(s.admin()))
	s.mark(task)
	require.NoError(t, s.Sweep(ctx()))
}

func TestAForeignTransactionThatIsTakenBackLeavesNoTrace(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.Register(factory.SimpleLinear(1))
	s.Create(factory.SimpleLinear(1))
	require.ErrorIs(t, pgx.BeginFunc(ctx(), s.connect(), func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx(), "UPDATE tasker_workflow_steps SET attempts = 1")
		require.NoError(t, err)
		return pgx.ErrTxClosed
	}), pgx.ErrTxClosed)
	require.Empty(t, s.dirty(s.admin()))
}
