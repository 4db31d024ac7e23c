package person_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
	"github.com/tasker-systems/tasker-core-go/tests/factory"
)

func (k *kit) moveStep(id int64, to workflow.State, edits ...func(*engine.MoveStepRequest)) (engine.MoveStepReply, error) {
	r := engine.MoveStepRequest{StepID: id, ToState: to, Person: by}
	for _, edit := range edits {
		edit(&r)
	}
	return k.MoveStep(ctx(), r)
}

func TestAHostDrivesAStepByTransitions(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	task, w := k.start(line, "line"), k.Worker()
	first := k.Steps(task)["first"].StepID
	worker := func(r *engine.MoveStepRequest) { r.WorkerID = w }
	reply, err := k.moveStep(first, workflow.InProgress, worker)
	require.NoError(t, err)
	require.Equal(t, engine.ActedStep{StepID: first, Name: "first", TaskID: task, Changed: true, FromState: workflow.Pending,
		State: workflow.InProgress, TaskState: workflow.InProgress}, reply.ActedStep)
	require.NotNil(t, reply.Claimed)
	requireSigned(t, k.rows(first, 1), workflow.InProgress)
	k.requireTruth()
	k.idle(w)
	again, err := k.moveStep(first, workflow.InProgress, worker)
	require.NoError(t, err)
	require.False(t, again.Changed)
	require.Nil(t, again.Claimed)

	moved, err := k.moveStep(first, workflow.Complete, func(r *engine.MoveStepRequest) { r.Results = workflow.JSON(`7`) })
	require.NoError(t, err)
	require.True(t, moved.Revoked)
	k.requireTruth()
	require.Equal(t, "lease_lost", k.report(done(*reply.Claimed)).Verdict)
	done := k.Steps(task)["first"]
	require.Equal(t, 1, done.Attempts, "counted when the attempt ends")
	require.False(t, done.ProcessedAt.IsZero())
	require.JSONEq(t, `{"value":7}`, string(done.Results))
	require.JSONEq(t, `7`, string(k.claim(w).Parents[0].Results))
}

func TestALeaseByTransitionIsReportedLikeAnyOther(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	task, w := k.start(line, "line"), k.Worker()
	reply, err := k.moveStep(k.Steps(task)["first"].StepID, workflow.InProgress, func(r *engine.MoveStepRequest) { r.WorkerID = w })
	require.NoError(t, err)
	require.Equal(t, "recorded", k.report(done(*reply.Claimed)).Verdict)
	require.Equal(t, "second", k.claim(w).Name)
}

func TestATransitionLeasesToWorkersOfItsOwnProcessAlone(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	first := k.Steps(k.start(line, "line"))["first"].StepID
	theirs, err := factory.NewEngine(t, k.Store).RegisterWorker(ctx(), engine.RegisterWorkerRequest{Handlers: []engine.HandlerMatch{{}}})
	require.NoError(t, err)
	_, err = k.moveStep(first, workflow.InProgress, func(r *engine.MoveStepRequest) { r.WorkerID = theirs.WorkerID })
	require.Equal(t, fault.NotFound, fault.KindOf(err))
	require.ErrorContains(t, err, "not registered by this process")
	require.Empty(t, k.History(first))
}

func TestAFailureByTransitionIsRetriedByTheTemplatesRules(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	task, w := k.start(line, "line"), k.Worker()
	running := k.claim(w)
	_, err := k.moveStep(running.StepID, workflow.Error, func(r *engine.MoveStepRequest) { r.Error = &engine.OutcomeError{Message: "gone"} })
	require.NoError(t, err)
	first := k.Steps(task)["first"]
	require.Equal(t, 1, first.Attempts)
	require.NotNil(t, first.BackoffSeconds, "D8")
	require.JSONEq(t, `{"error":"gone"}`, string(first.Results))
	require.Equal(t, workflow.InProgress, k.Context(task).Status)
	k.idle(w)
	_, err = k.moveStep(running.StepID, workflow.Pending)
	require.NoError(t, err)
	require.NotNil(t, k.Steps(task)["first"].BackoffSeconds, "a plain move keeps the wait; step_retry ends it")
	_, err = k.moveStep(running.StepID, workflow.Error, func(r *engine.MoveStepRequest) { r.Permanent = true })
	require.NoError(t, err)
	require.Equal(t, workflow.Error, k.Context(task).Status)
}

func TestIllegalTransitionsTellTheStateAndTheWaysOut(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	task, w := k.start(line, "line"), k.Worker()
	steps := k.Steps(task)
	first, second := steps["first"].StepID, steps["second"].StepID
	worker := func(r *engine.MoveStepRequest) { r.WorkerID = w }
	_, err := k.moveStep(first, workflow.Complete)
	requireConflict(t, err, workflow.Pending)
	_, err = k.moveStep(second, workflow.InProgress, worker)
	requireConflict(t, err, workflow.Pending)
	require.ErrorContains(t, err, "depends")
	_, err = k.moveStep(first, workflow.Cancelled, func(r *engine.MoveStepRequest) { r.FromState = workflow.Error })
	requireConflict(t, err, workflow.Pending)
	for _, bad := range []engine.MoveStepRequest{{StepID: first, ToState: "skipped"}, {StepID: first, ToState: workflow.InProgress},
		{StepID: first, ToState: workflow.Cancelled, WorkerID: w}, {StepID: first, ToState: workflow.Cancelled, Permanent: true}} {
		_, err := k.MoveStep(ctx(), bad)
		require.Equal(t, fault.InvalidRequest, fault.KindOf(err))
	}
	_, err = k.moveStep(999, workflow.Cancelled)
	require.Equal(t, fault.NotFound, fault.KindOf(err))
	_, err = k.moveStep(first, workflow.InProgress, func(r *engine.MoveStepRequest) { r.WorkerID = 999 })
	require.Equal(t, fault.NotFound, fault.KindOf(err))
	require.Empty(t, k.History(first))
}

func TestOneStepOfASerialTaskAtATimeHoldsForTransitionsToo(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	task, w := k.start("name: serial\nconcurrent: false\nstep_templates:\n  - {name: left}\n  - {name: right}\n", "serial"), k.Worker()
	running := k.claim(w)
	other := "right"
	if running.Name == other {
		other = "left"
	}
	worker := func(r *engine.MoveStepRequest) { r.WorkerID = w }
	_, err := k.moveStep(k.Steps(task)[other].StepID, workflow.InProgress, worker)
	requireConflict(t, err, workflow.Pending)
	k.report(done(running))
	_, err = k.moveStep(k.Steps(task)[other].StepID, workflow.InProgress, worker)
	require.NoError(t, err)
}

func (k *kit) moveTask(id int64, to workflow.State) (engine.ActedTask, error) {
	return k.MoveTask(ctx(), engine.MoveTaskRequest{TaskID: id, ToState: to, Person: by})
}

func TestAHostDrivesATaskByTransitions(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	task, w := k.start(line, "line"), k.Worker()
	for _, to := range []workflow.State{workflow.InProgress, workflow.Pending, workflow.InProgress} {
		reply, err := k.moveTask(task, to)
		require.NoError(t, err)
		require.True(t, reply.Changed)
		require.Equal(t, to, reply.State)
		k.requireTruth()
		again, err := k.moveTask(task, to)
		require.NoError(t, err)
		require.Equal(t, engine.ActedTask{TaskID: task, FromState: to, State: to}, again)
	}
	requireSigned(t, k.taskRows(task, 1), workflow.InProgress)
	_, err := k.moveTask(task, workflow.Complete)
	requireConflict(t, err, workflow.InProgress)
	_, err = k.moveTask(task, workflow.Error)
	requireConflict(t, err, workflow.InProgress)
	_, err = k.moveTask(task, workflow.ResolvedManually)
	requireConflict(t, err, workflow.InProgress)
	k.block(w)
	_, err = k.moveTask(task, workflow.Pending)
	requireConflict(t, err, workflow.Error)
	reply, err := k.moveTask(task, workflow.ResolvedManually)
	require.NoError(t, err)
	require.True(t, reply.Changed)
	_, err = k.MoveTask(ctx(), engine.MoveTaskRequest{TaskID: task, ToState: workflow.Cancelled, FromState: workflow.Error})
	requireConflict(t, err, workflow.ResolvedManually)
	reply, err = k.moveTask(task, workflow.Cancelled)
	require.NoError(t, err)
	require.True(t, reply.Changed)
	_, err = k.moveTask(task, workflow.Pending)
	requireConflict(t, err, workflow.Cancelled)
	_, err = k.moveTask(task, "skipped")
	require.Equal(t, fault.InvalidRequest, fault.KindOf(err))
	_, err = k.moveTask(999, workflow.Cancelled)
	require.Equal(t, fault.NotFound, fault.KindOf(err))
}

// The answer said in_progress while the transaction completed the task.
func TestAMoveToTheStateThatATaskHasTellsWhatAForeignWriterMadeOfIt(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	task := k.start(line, "line")
	_, err := k.moveTask(task, workflow.InProgress)
	require.NoError(t, err)
	for _, name := range []string{"first", "second", "third"} {
		k.Foreign(k.Steps(task)[name].StepID, workflow.ResolvedManually)
	}
	reply, err := k.moveTask(task, workflow.InProgress)
	require.NoError(t, err)
	require.Equal(t, engine.ActedTask{TaskID: task, Changed: true, FromState: workflow.InProgress, State: workflow.Complete}, reply)
	require.Equal(t, workflow.Complete, k.Context(task).Status)
}

func TestACancelByTransitionLeavesTheStepsAndEmptiesTheQueue(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	task, w := k.start(line, "line"), k.Worker()
	_, err := k.moveTask(task, workflow.Cancelled)
	require.NoError(t, err)
	require.Equal(t, workflow.Pending, k.Steps(task)["first"].State)
	k.idle(w)
}

func TestFinalizingDecidesFromWhatAForeignWriterLeft(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	task := k.start(line, "line")
	reply, err := k.FinalizeTask(ctx(), engine.FinalizeTaskRequest{TaskID: task, Person: by})
	require.NoError(t, err)
	require.False(t, reply.Changed)
	require.Equal(t, "has_ready_steps", reply.ExecutionStatus)
	require.False(t, reply.NextWakeAt.IsZero(), "D5")
	for _, name := range []string{"first", "second", "third"} {
		k.Foreign(k.Steps(task)[name].StepID, workflow.ResolvedManually)
	}
	for _, changed := range []bool{true, false} {
		reply, err = k.FinalizeTask(ctx(), engine.FinalizeTaskRequest{TaskID: task, Person: by})
		require.NoError(t, err)
		require.Equal(t, changed, reply.Changed)
		require.Equal(t, workflow.Complete, reply.Status)
	}
	requireSigned(t, k.taskRows(task, 2), workflow.InProgress, workflow.Complete)
	_, err = k.FinalizeTask(ctx(), engine.FinalizeTaskRequest{TaskID: 999})
	require.Equal(t, fault.NotFound, fault.KindOf(err))
}

func TestAdoptionIsRefusedWhileAnotherEngineMayBeAtAStep(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	task, w := k.disown(line, "line"), k.Worker()
	_, err := k.RetryTask(ctx(), engine.RetryTaskRequest{TaskID: task})
	require.Equal(t, fault.Conflict, fault.KindOf(err))
	require.ErrorContains(t, err, "another engine")
	first := k.Steps(task)["first"].StepID
	_, err = k.RetrySteps(ctx(), engine.RetryStepsRequest{NamedSteps: step(first)})
	require.ErrorContains(t, err, "another engine")
	k.idle(w)
	k.foreignMove(first, workflow.InProgress)
	_, err = k.AdoptTasks(ctx(), engine.AdoptTasksRequest{TaskID: task})
	requireConflict(t, err, workflow.InProgress)
	reply, err := k.AdoptTasks(ctx(), engine.AdoptTasksRequest{TaskID: task, Recover: true, Person: by})
	require.NoError(t, err)
	require.Equal(t, []engine.AdoptedTask{{TaskID: task, Adopted: true, State: workflow.Pending}}, reply.Items)
	k.requireTruth()
	requireSigned(t, k.rows(first, 1), workflow.Error)
	again := k.claim(k.Worker())
	require.Equal(t, first, again.StepID)
	require.Equal(t, 1, again.Attempt, "a lost attempt is not counted")
}

func TestAnAdoptedTaskIsRunToItsEnd(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	task, w := k.disown(line, "line"), int64(0)
	for _, adopted := range []bool{true, false} {
		reply, err := k.AdoptTasks(ctx(), engine.AdoptTasksRequest{TaskIDs: []int64{task}, Person: by})
		require.NoError(t, err)
		require.Equal(t, adopted, reply.Items[0].Adopted)
		k.requireTruth()
	}
	w = k.Worker() // whose routes were created with the adoption
	require.Equal(t, "task_adopt", k.annotations(task)[0].Type)
	for range 3 {
		k.report(done(k.claim(w)))
	}
	require.Equal(t, workflow.Complete, k.Context(task).Status)
	_, err := k.AdoptTasks(ctx(), engine.AdoptTasksRequest{TaskIDs: []int64{task, 999}})
	require.Equal(t, fault.NotFound, fault.KindOf(err))
}
