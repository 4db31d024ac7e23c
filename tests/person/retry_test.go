package person_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

func TestRetryingAStepForgetsItsPermanentFailureAndSetsTheTaskGoing(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	task, w := k.start(line, "line"), k.Worker()
	failure := k.block(w)
	require.False(t, k.Steps(task)["first"].Retryable, "D2")

	reply, err := k.RetrySteps(ctx(), engine.RetryStepsRequest{NamedSteps: step(failure.StepID), Person: by})
	require.NoError(t, err)
	require.Equal(t, []engine.ActedStep{{StepID: failure.StepID, Name: "first", TaskID: task, Changed: true,
		FromState: workflow.Error, State: workflow.Pending, TaskState: workflow.InProgress}}, reply.Items)
	k.requireTruth()
	requireSigned(t, k.rows(failure.StepID, 1), workflow.Pending)
	requireSigned(t, k.taskRows(task, 2), workflow.Pending, workflow.InProgress)
	first := k.Steps(task)["first"]
	require.True(t, first.Retryable, "the template's value is back (D2)")
	require.Zero(t, first.Attempts, "D2")
	again := k.claim(w)
	require.Equal(t, 1, again.Attempt)
	require.Equal(t, workflow.InProgress, k.report(done(again)).TaskState)
}

func TestRetryingRestoresTheTemplatesValueWhateverItIs(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	task, w := k.start("name: once\nstep_templates:\n  - {name: only, default_retryable: false}\n", "once"), k.Worker()
	failure := k.claim(w)
	k.report(failed(failure))
	_, err := k.RetrySteps(ctx(), engine.RetryStepsRequest{NamedSteps: step(failure.StepID), Person: by})
	require.NoError(t, err)
	require.False(t, k.Steps(task)["only"].Retryable)
	require.Equal(t, workflow.Complete, k.report(done(k.claim(w))).TaskState, "the first attempt is always allowed (D3)")
}

func TestRetryingEndsAWaitAtOnce(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	task, w := k.start(line, "line"), k.Worker()
	failure := k.claim(w)
	hour := 3600
	k.report(failed(failure, func(o *engine.Outcome) { o.RetryAfterSeconds = &hour }))
	k.idle(w)
	reply, err := k.RetrySteps(ctx(), engine.RetryStepsRequest{NamedSteps: step(failure.StepID), Person: by})
	require.NoError(t, err)
	require.True(t, reply.Items[0].Changed)
	require.Nil(t, k.Steps(task)["first"].BackoffSeconds, "D7")
	k.requireTruth()
	require.Equal(t, failure.StepID, k.claim(w).StepID)
}

func TestRetryingAPendingStepChangesNothing(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	task := k.start(line, "line")
	first := k.Steps(task)["first"].StepID
	for range 2 {
		reply, err := k.RetrySteps(ctx(), engine.RetryStepsRequest{NamedSteps: step(first), Person: by})
		require.NoError(t, err)
		require.Equal(t, []engine.ActedStep{{StepID: first, Name: "first", TaskID: task, FromState: workflow.Pending,
			State: workflow.Pending, TaskState: workflow.Pending}}, reply.Items)
	}
	require.Empty(t, k.History(first))
}

func TestWhatCannotBeRetriedIsAConflictThatTellsTheState(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	task, w := k.start(line, "line"), k.Worker()
	running := k.claim(w)
	_, err := k.RetrySteps(ctx(), engine.RetryStepsRequest{NamedSteps: step(running.StepID)})
	requireConflict(t, err, workflow.InProgress)
	k.report(done(running))
	_, err = k.RetrySteps(ctx(), engine.RetryStepsRequest{NamedSteps: step(running.StepID)})
	requireConflict(t, err, workflow.Complete)
	second := k.claim(w)
	k.report(failed(second, permanently))
	no := false
	_, err = k.CancelTask(ctx(), engine.CancelTaskRequest{TaskID: task, Cascade: &no})
	require.NoError(t, err)
	_, err = k.RetrySteps(ctx(), engine.RetryStepsRequest{NamedSteps: step(second.StepID)})
	requireConflict(t, err, workflow.Error)
	require.ErrorContains(t, err, "its task is cancelled")
	_, err = k.RetryTask(ctx(), engine.RetryTaskRequest{TaskID: task})
	requireConflict(t, err, workflow.Cancelled)
}

func TestAStepThatAnotherEngineLeftInProgressIsSetBack(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	task, w := k.start(line, "line"), k.Worker()
	first := k.Steps(task)["first"].StepID
	k.Foreign(first, workflow.InProgress)
	require.NoError(t, k.Sweep(ctx()))
	require.Equal(t, workflow.Error, k.Context(task).Status, "nobody is at it")
	_, err := k.RetrySteps(ctx(), engine.RetryStepsRequest{NamedSteps: step(first), Person: by})
	require.NoError(t, err)
	requireSigned(t, k.rows(first, 2), workflow.Error, workflow.Pending)
	require.Equal(t, first, k.claim(w).StepID)
}

func TestRetryingATaskRetriesAllItsFailedSteps(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	task, w := k.start("name: pair\nstep_templates:\n  - {name: left}\n  - {name: right}\n  - {name: merge, depends_on_steps: [left, right]}\n", "pair"), k.Worker()
	for range 2 {
		k.report(failed(k.claim(w), permanently))
	}
	require.Equal(t, workflow.Error, k.Context(task).Status)
	reply, err := k.RetryTask(ctx(), engine.RetryTaskRequest{TaskID: task, Person: by})
	require.NoError(t, err)
	require.Equal(t, engine.RetryTaskReply{RetriedSteps: 2, ActedTask: engine.ActedTask{TaskID: task, Changed: true,
		FromState: workflow.Error, State: workflow.InProgress}}, reply)
	k.requireTruth()
	requireSigned(t, k.taskRows(task, 2), workflow.Pending, workflow.InProgress)
	for _, name := range []string{"left", "right"} {
		requireSigned(t, k.rows(k.Steps(task)[name].StepID, 1), workflow.Pending)
	}
	again, err := k.RetryTask(ctx(), engine.RetryTaskRequest{TaskID: task, Person: by})
	require.NoError(t, err)
	require.False(t, again.Changed, "a repeat changes nothing")
	for range 3 {
		k.report(done(k.claim(w)))
	}
	require.Equal(t, workflow.Complete, k.Context(task).Status)
	_, err = k.RetryTask(ctx(), engine.RetryTaskRequest{TaskID: task})
	requireConflict(t, err, workflow.Complete)
}

func TestATaskInWhichNothingCouldRunCannotBeRetried(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	task, w := k.start(line, "line"), k.Worker()
	_, err := k.CancelSteps(ctx(), engine.CancelStepsRequest{NamedSteps: step(k.Steps(task)["first"].StepID)})
	require.NoError(t, err)
	require.Equal(t, workflow.Error, k.Context(task).Status)
	before := len(k.taskRows(task, 1))
	_, err = k.RetryTask(ctx(), engine.RetryTaskRequest{TaskID: task})
	requireConflict(t, err, workflow.Error)
	require.Len(t, k.taskRows(task, 1), before, "nothing of it is stored")
	k.idle(w)
}

func TestManyStepsAreRetriedTogetherOrNotAtAll(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	one, w := k.start(line, "line"), k.Worker()
	a := k.block(w)
	two := k.start(line, "line")
	b := k.block(w)
	c := k.Steps(two)["second"].StepID
	_, err := k.RetrySteps(ctx(), engine.RetryStepsRequest{NamedSteps: engine.NamedSteps{StepIDs: []int64{a.StepID, 999, b.StepID, 1000}}})
	require.Equal(t, fault.NotFound, fault.KindOf(err))
	var f *fault.Error
	require.ErrorAs(t, err, &f)
	require.Len(t, f.Problems, 2)
	require.Equal(t, "step_ids[1]", f.Problems[0].Path)
	require.Equal(t, "step_ids[3]", f.Problems[1].Path)
	require.Equal(t, workflow.Error, k.Context(one).Status)
	_, err = k.RetrySteps(ctx(), engine.RetryStepsRequest{NamedSteps: engine.NamedSteps{StepIDs: []int64{a.StepID, a.StepID}}})
	require.Equal(t, fault.InvalidRequest, fault.KindOf(err))
	_, err = k.RetrySteps(ctx(), engine.RetryStepsRequest{})
	require.Equal(t, fault.InvalidRequest, fault.KindOf(err))

	reply, err := k.RetrySteps(ctx(), engine.RetryStepsRequest{NamedSteps: engine.NamedSteps{StepIDs: []int64{b.StepID, c, a.StepID}}, Person: by})
	require.NoError(t, err)
	require.Equal(t, []int64{b.StepID, c, a.StepID}, []int64{reply.Items[0].StepID, reply.Items[1].StepID, reply.Items[2].StepID})
	require.Equal(t, []bool{true, false, true}, []bool{reply.Items[0].Changed, reply.Items[1].Changed, reply.Items[2].Changed})
	require.Equal(t, workflow.InProgress, k.Context(one).Status)
	require.Equal(t, workflow.InProgress, k.Context(two).Status)
}
