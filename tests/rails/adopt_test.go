package rails_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
	"github.com/tasker-systems/tasker-core-go/tests/factory"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

// attached is an engine on a database that only a Rails engine has worked in.
func attached(t *testing.T, more ...string) *scene {
	t.Helper()
	url := railsDatabase(t, more...)
	require.NoError(t, moved(t, url, "up"))
	s := newSceneOn(t, url)
	t.Cleanup(func() { // before the invariants are looked at, which tell of the unknown state
		testdb.Execute(t, url, "DELETE FROM tasker_workflow_step_transitions WHERE to_state = 'skipped'")
	})
	return s
}

// The rows of testdata/rows.sql: NULL attempts and from_state, sort_key 0, a
// cycle, an unknown state, a task without steps, context and lists.
func TestEveryTaskOfTheRailsEngineCanBeRead(t *testing.T) {
	t.Parallel()
	s := attached(t)
	states := []workflow.State{workflow.Pending, workflow.InProgress, workflow.Error, workflow.Complete, workflow.InProgress, workflow.Pending}
	for i, want := range states {
		id := int64(i + 1)
		reply, err := s.GetTask(ctx(), engine.GetTaskRequest{TaskID: id, Include: []string{"steps", "edges", "transitions", "annotations"}})
		require.NoError(t, err)
		require.Equal(t, want, reply.State, "task %d", id)
		_, err = s.ListReadiness(ctx(), engine.ReadinessRequest{TaskID: id})
		require.NoError(t, err)
		require.Equal(t, want, s.Context(id).Status)
	}
	require.EqualValues(t, 0, s.number(s.admin(), "SELECT count(*) FROM tasker_core_tasks"), "they stay the Rails engine's")
	_, err := s.CancelTask(ctx(), engine.CancelTaskRequest{TaskID: 1})
	require.Equal(t, fault.Conflict, fault.KindOf(err))
}

// What the Rails engine has left half done is taken over and brought to its end;
// the association that was missing is made for it.
func TestTasksOfTheRailsEngineAreAdoptedAndRun(t *testing.T) {
	t.Parallel()
	s := attached(t)
	_, err := s.AdoptTasks(ctx(), engine.AdoptTasksRequest{TaskIDs: []int64{1, 2}})
	require.NoError(t, err)
	worker := s.Worker()
	for {
		reply, err := s.ClaimSteps(ctx(), engine.ClaimStepsRequest{WorkerID: worker, Limit: 10})
		require.NoError(t, err)
		if len(reply.Steps) == 0 {
			break
		}
		for _, step := range reply.Steps {
			_, err := s.ReportSteps(ctx(), engine.ReportStepsRequest{Outcomes: []engine.Outcome{
				{StepID: step.StepID, Epoch: step.Epoch, Status: "complete"}}})
			require.NoError(t, err)
		}
	}
	for _, id := range []int64{1, 2} {
		require.Equal(t, workflow.Complete, s.Context(id).Status)
	}
	require.EqualValues(t, 3, s.number(s.admin(), "SELECT count(*) FROM tasker_named_tasks_named_steps"))

	// A write of the Rails engine to a task that stays its own is noted and dropped.
	process := &rails{conn: s.connect(), now: s.Clock.Now()}
	require.NoError(t, process.move(task(6), "in_progress", "{}"))
	require.NoError(t, s.Sweep(ctx()))
	require.Empty(t, s.dirty(s.admin()))
	require.Zero(t, s.number(s.admin(), "SELECT count(*) FROM tasker_core_tasks WHERE task_id = 6"))
}

// With adopt.namespaces no person has to hand tasks over. One that the Rails
// engine is running is taken when that attempt has ended, one that has ended never.
func TestTasksOfANamedNamespaceAreTakenOverWhenTheRailsEngineTouchesThem(t *testing.T) {
	t.Parallel()
	s := attached(t)
	takes := func(namespaces ...string) *engine.Engine {
		return factory.NewEngine(t, s.Store, func(o *engine.Options) { o.AdoptNamespaces = namespaces })
	}
	payments := takes("shop", "payments")
	ours := func() (ids string) {
		require.NoError(t, s.admin().QueryRow(ctx(),
			"SELECT coalesce(string_agg(task_id::text, ' ' ORDER BY task_id), '') FROM tasker_core_tasks").Scan(&ids))
		return ids
	}
	const touch = "UPDATE tasker_workflow_steps SET retry_limit = 7 WHERE task_id IN (1, 4)"

	process := &rails{conn: s.connect(), now: s.Clock.Now()}
	testdb.Execute(t, s.url, touch)
	require.NoError(t, process.move(step(5), "in_progress", "{}"))
	require.NoError(t, takes("shop").Sweep(ctx()))
	require.Empty(t, ours(), "another namespace")

	testdb.Execute(t, s.url, touch, "UPDATE tasker_workflow_steps SET retry_limit = 8 WHERE task_id IN (1, 2, 4)")
	require.NoError(t, payments.Sweep(ctx()))
	require.Equal(t, "1", ours(), "not what runs elsewhere, nor what has ended")
	testdb.Execute(t, s.url, "UPDATE tasker_workflow_steps SET processed = true, processed_at = '2026-01-01', attempts = 1 WHERE workflow_step_id = 5")
	require.NoError(t, process.move(step(5), "complete", "{}"))
	require.NoError(t, payments.Sweep(ctx()))
	require.Equal(t, "1 2", ours())
}
