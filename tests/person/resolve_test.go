package person_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

func TestResolvingAStepWithResultsLetsItsChildrenRunWithThem(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	task, w := k.start(line, "line"), k.Worker()
	failure := k.block(w)
	reply, err := k.ResolveSteps(ctx(), engine.ResolveStepsRequest{NamedSteps: step(failure.StepID),
		Results: workflow.JSON(`{"rows":12}`), Person: by})
	require.NoError(t, err)
	require.Equal(t, workflow.ResolvedManually, reply.Items[0].State)
	require.Equal(t, workflow.InProgress, reply.Items[0].TaskState)
	requireSigned(t, k.rows(failure.StepID, 1), workflow.ResolvedManually)
	requireSigned(t, k.taskRows(task, 2), workflow.Pending, workflow.InProgress)
	k.requireTruth()
	first := k.Steps(task)["first"]
	require.Equal(t, 1, first.Attempts, "nobody attempted anything")
	require.True(t, first.ProcessedAt.IsZero(), "as in the Rails engine")
	second := k.claim(w)
	require.JSONEq(t, `{"rows":12}`, string(second.Parents[0].Results))
	require.Equal(t, workflow.ResolvedManually, second.Parents[0].State)

	again, err := k.ResolveSteps(ctx(), engine.ResolveStepsRequest{NamedSteps: step(failure.StepID), Results: workflow.JSON(`{"rows":13}`)})
	require.NoError(t, err)
	require.False(t, again.Items[0].Changed)
	require.JSONEq(t, `{"rows":12}`, string(k.Steps(task)["first"].Results), "the results of a resolved step stay")
}

func TestAResultThatIsNoObjectIsWrappedAndUnwrappedAgain(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	task, w := k.start(line, "line"), k.Worker()
	first := k.Steps(task)["first"].StepID
	_, err := k.ResolveSteps(ctx(), engine.ResolveStepsRequest{NamedSteps: step(first), Results: workflow.JSON(`[1,2]`), Person: by})
	require.NoError(t, err)
	require.JSONEq(t, `{"value":[1,2]}`, string(k.Steps(task)["first"].Results), "D18")
	require.JSONEq(t, `[1,2]`, string(k.claim(w).Parents[0].Results))
}

func TestResolvingWithoutResultsLeavesWhatAnAttemptLeft(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	task, w := k.start(line, "line"), k.Worker()
	failure := k.block(w)
	_, err := k.ResolveSteps(ctx(), engine.ResolveStepsRequest{NamedSteps: step(failure.StepID), Person: by})
	require.NoError(t, err)
	require.JSONEq(t, `{"error":"no luck"}`, string(k.Steps(task)["first"].Results))
}

func TestResolvingAStepThatAWorkerHasTakesItAwayAndRefusesTheOutcome(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	task, w := k.start(line, "line"), k.Worker()
	running := k.claim(w)
	reply, err := k.ResolveSteps(ctx(), engine.ResolveStepsRequest{NamedSteps: step(running.StepID), Person: by})
	require.NoError(t, err)
	require.True(t, reply.Items[0].Revoked)
	requireSigned(t, k.rows(running.StepID, 2), workflow.Error, workflow.ResolvedManually)
	k.requireTruth()
	require.Equal(t, "lease_lost", k.report(done(running)).Verdict)
	require.Equal(t, "second", k.claim(w).Name)
	require.False(t, k.Steps(task)["first"].InProcess)
}

func TestResolvingTheLastOpenStepsCompletesTheTaskFromError(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	task, w := k.start(line, "line"), k.Worker()
	k.block(w)
	steps := k.Steps(task)
	reply, err := k.ResolveSteps(ctx(), engine.ResolveStepsRequest{Person: by,
		NamedSteps: engine.NamedSteps{StepIDs: []int64{steps["first"].StepID, steps["second"].StepID, steps["third"].StepID}}})
	require.NoError(t, err)
	require.Equal(t, workflow.Complete, reply.Items[2].TaskState)
	requireSigned(t, k.taskRows(task, 3), workflow.Pending, workflow.InProgress, workflow.Complete)
}

func TestWhatHasEndedCannotBeResolvedOrCancelled(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	task, w := k.start(line, "line"), k.Worker()
	first := k.claim(w)
	k.report(done(first))
	_, err := k.ResolveSteps(ctx(), engine.ResolveStepsRequest{NamedSteps: step(first.StepID)})
	requireConflict(t, err, workflow.Complete)
	_, err = k.CancelSteps(ctx(), engine.CancelStepsRequest{NamedSteps: step(first.StepID)})
	requireConflict(t, err, workflow.Complete)
	second := k.Steps(task)["second"].StepID
	_, err = k.CancelSteps(ctx(), engine.CancelStepsRequest{NamedSteps: step(second), Person: by})
	require.NoError(t, err)
	_, err = k.ResolveSteps(ctx(), engine.ResolveStepsRequest{NamedSteps: step(second)})
	requireConflict(t, err, workflow.Cancelled)
	again, err := k.CancelSteps(ctx(), engine.CancelStepsRequest{NamedSteps: step(second), Person: by})
	require.NoError(t, err)
	require.False(t, again.Items[0].Changed)
}

func TestCancellingAStepBlocksWhatDependsOnIt(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	task, w := k.start(line, "line"), k.Worker()
	running := k.claim(w)
	reply, err := k.CancelSteps(ctx(), engine.CancelStepsRequest{NamedSteps: step(running.StepID), Person: by})
	require.NoError(t, err)
	require.Equal(t, []engine.ActedStep{{StepID: running.StepID, Name: "first", TaskID: task, Changed: true, FromState: workflow.InProgress,
		State: workflow.Cancelled, Revoked: true, TaskState: workflow.Error}}, reply.Items)
	requireSigned(t, k.rows(running.StepID, 1), workflow.Cancelled)
	require.Equal(t, "lease_lost", k.report(done(running)).Verdict)
	k.requireTruth()

	// What was cancelled stays so; the task can be set going past it.
	_, err = k.ResolveSteps(ctx(), engine.ResolveStepsRequest{NamedSteps: step(k.Steps(task)["second"].StepID), Person: by})
	require.NoError(t, err)
	require.Equal(t, workflow.InProgress, k.Context(task).Status)
	require.Equal(t, workflow.Error, k.report(done(k.claim(w))).TaskState, "the cancelled step still stands in the way of the end")
}

func TestAFailedStepIsCancelledByWayOfPending(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	task, w := k.start(line, "line"), k.Worker()
	failure := k.block(w)
	_, err := k.CancelSteps(ctx(), engine.CancelStepsRequest{NamedSteps: step(failure.StepID), Person: by})
	require.NoError(t, err)
	requireSigned(t, k.rows(failure.StepID, 2), workflow.Pending, workflow.Cancelled)
	require.Equal(t, workflow.Error, k.Context(task).Status)
}

func TestATaskInErrorIsResolvedAndItsStepsTellWhatHappened(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	task, w := k.start(line, "line"), k.Worker()
	_, err := k.ResolveTask(ctx(), engine.ResolveTaskRequest{TaskID: task})
	requireConflict(t, err, workflow.Pending)
	k.block(w)
	for _, changed := range []bool{true, false} {
		reply, err := k.ResolveTask(ctx(), engine.ResolveTaskRequest{TaskID: task, Person: by})
		require.NoError(t, err)
		require.Equal(t, changed, reply.Changed)
		require.Equal(t, workflow.ResolvedManually, reply.State)
	}
	requireSigned(t, k.taskRows(task, 1), workflow.ResolvedManually)
	require.Equal(t, workflow.Error, k.Steps(task)["first"].State)
	k.idle(w)
}

func TestCancellingATaskTakesItsStepsAndLeasesAlong(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	task, w := k.start("name: pair\nstep_templates:\n  - {name: left}\n  - {name: right}\n  - {name: merge, depends_on_steps: [left, right]}\n", "pair"), k.Worker()
	k.report(failed(k.claim(w), permanently))
	running := k.claim(w)
	reply, err := k.CancelTask(ctx(), engine.CancelTaskRequest{TaskID: task, By: by.By, Reason: by.Reason})
	require.NoError(t, err)
	require.Equal(t, engine.CancelTaskReply{TaskID: task, State: workflow.Cancelled, CancelledSteps: 3, RevokedLeases: 1}, reply)
	k.requireTruth()
	steps := k.Steps(task)
	requireSigned(t, k.rows(steps["left"].StepID, 2), workflow.Pending, workflow.Cancelled)
	requireSigned(t, k.rows(steps["right"].StepID, 1), workflow.Cancelled)
	requireSigned(t, k.rows(steps["merge"].StepID, 1), workflow.Cancelled)
	requireSigned(t, k.taskRows(task, 1), workflow.Cancelled)
	require.Equal(t, "lease_lost", k.report(done(running)).Verdict)
	k.idle(w)
}

func TestATaskInErrorIsCancelledByWayOfPending(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	task, w := k.start(line, "line"), k.Worker()
	k.block(w)
	_, err := k.CancelTask(ctx(), engine.CancelTaskRequest{TaskID: task, By: by.By, Reason: by.Reason})
	require.NoError(t, err)
	requireSigned(t, k.taskRows(task, 2), workflow.Pending, workflow.Cancelled)
}

func TestACompleteTaskCanBeCancelledAndItsFlagStays(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	task, w := k.start("name: one\nstep_templates:\n  - {name: only}\n", "one"), k.Worker()
	k.report(done(k.claim(w)))
	reply, err := k.CancelTask(ctx(), engine.CancelTaskRequest{TaskID: task, By: by.By, Reason: by.Reason})
	require.NoError(t, err)
	require.Zero(t, reply.CancelledSteps)
	requireSigned(t, k.taskRows(task, 1), workflow.Cancelled)
}

func TestTheStepsThatACancelLeftCanFollowLater(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	task, w := k.start(line, "line"), k.Worker()
	running, no := k.claim(w), false
	reply, err := k.CancelTask(ctx(), engine.CancelTaskRequest{TaskID: task, Cascade: &no})
	require.NoError(t, err)
	require.Zero(t, reply.CancelledSteps)
	k.requireTruth()
	require.Equal(t, workflow.InProgress, k.Steps(task)["first"].State)
	reply, err = k.CancelTask(ctx(), engine.CancelTaskRequest{TaskID: task})
	require.NoError(t, err)
	require.Equal(t, 3, reply.CancelledSteps)
	require.Equal(t, 1, reply.RevokedLeases)
	require.Equal(t, "lease_lost", k.report(done(running)).Verdict)
	reply, err = k.CancelTask(ctx(), engine.CancelTaskRequest{TaskID: task})
	require.NoError(t, err)
	require.Zero(t, reply.CancelledSteps, "a repeat changes nothing")
}
