package engine_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

func TestARepeatedReportIsRecognisedByItsDigest(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(single(""))
	w, task := k.worker(), k.create("single")
	step := k.claimOne(w)
	k.finish(step)
	before := k.history(step.StepID)
	v := k.report(done(step))[0]
	require.Equal(t, "already_recorded", v.Verdict)
	require.Equal(t, workflow.Complete, v.StepState)
	require.Equal(t, task, v.TaskID)

	other := done(step)
	other.Results = workflow.JSON(`{"other":1}`)
	require.Equal(t, "superseded", k.report(other)[0].Verdict)
	require.Equal(t, before, k.history(step.StepID), "nothing is written for late outcomes")
	require.Equal(t, 1, k.steps(task)["only"].Attempts)
}

func TestARepeatedFailureIsRecognisedAfterTheRetryRan(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(single(", backoff: {strategy: none}"))
	w, _ := k.worker(), k.create("single")
	first := k.claimOne(w)
	k.report(failed(first))
	second := k.claimOne(w)
	require.Equal(t, "already_recorded", k.report(failed(first))[0].Verdict)
	require.Equal(t, "superseded", k.report(done(first))[0].Verdict)
	k.finish(second)
}

func TestOneEntryTwiceInOneReportIsRecordedOnce(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(single(""))
	w, task := k.worker(), k.create("single")
	step := k.claimOne(w)
	verdicts := k.report(done(step), done(step), failed(step))
	require.Equal(t, "recorded", verdicts[0].Verdict)
	require.Equal(t, "already_recorded", verdicts[1].Verdict)
	require.Equal(t, "superseded", verdicts[2].Verdict)
	require.Equal(t, 1, k.steps(task)["only"].Attempts)
	k.requireTruth(task)
}

func TestUnknownStepsAndEpochsGetTheirOwnVerdicts(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(single(""))
	w, _ := k.worker(), k.create("single")
	step := k.claimOne(w)
	wrong := done(step)
	wrong.Epoch += 1000
	verdicts := k.report(engine.Outcome{StepID: 99999, Epoch: 1, Status: "complete"}, wrong, done(step))
	require.Equal(t, "not_found", verdicts[0].Verdict)
	require.Equal(t, "lease_lost", verdicts[1].Verdict)
	require.Equal(t, "recorded", verdicts[2].Verdict, "a bad entry does not harm its neighbours")
}

// foreignMove moves a step as the Rails engine would: past the engine, with the
// columns that it keeps beside the transition.
func (k *kit) foreignMove(step int64, to workflow.State) {
	k.t.Helper()
	at := workflow.At(k.clock.Now())
	require.NoError(k.t, k.store.Write(ctx(), func(tx store.Tx) error {
		steps, err := tx.StepList(ctx(), []int64{step})
		if err != nil {
			return err
		}
		moved, err := tx.StepMove(ctx(), []store.Move{{OwnerID: step, ExpectedID: steps[0].TransitionID,
			Path: []store.Hop{{To: to}}, At: at}})
		require.Len(k.t, moved, 1)
		if err != nil || to != workflow.Complete {
			return err
		}
		return tx.StepChange(ctx(), []store.StepChange{{ID: step, Retryable: steps[0].Retryable, Processed: true,
			ProcessedAt: at, Attempts: steps[0].Tries() + 1, LastAttemptedAt: at, At: at}})
	}))
}

func TestAStepMovedByAForeignWriterAnswersConflictAndLosesItsLease(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(diamond)
	w, task := k.worker(), k.create("diamond")
	step := k.claimOne(w)
	k.foreignMove(step.StepID, workflow.Complete)
	v := k.report(done(step))[0]
	require.Equal(t, "conflict", v.Verdict)
	require.Equal(t, "conflict", k.report(done(step))[0].Verdict, "also when it is asked again")
	k.requireTruth(task)
	require.Len(t, k.claim(w, 5), 2, "the task was reconciled: the foreign completion released the children")
}

func TestAnUntrueReadyRowIsDroppedAndItsTaskMended(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(diamond)
	w, task := k.worker(), k.create("diamond")
	k.foreignMove(k.steps(task)["start"].StepID, workflow.ResolvedManually)
	require.Empty(t, k.claim(w, 1), "the stale row gives no work")
	require.Len(t, k.claim(w, 5), 2, "and does not stop its route for ever")
}

func TestReleasedStepsAreReadyAgainWithoutCountingTheAttempt(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(single(""))
	w, task := k.worker(), k.create("single")
	step := k.claimOne(w)
	reply, err := k.ReleaseSteps(ctx(), engine.ReleaseStepsRequest{Steps: []engine.LeaseName{{StepID: step.StepID, Epoch: step.Epoch}}})
	require.NoError(t, err)
	require.Equal(t, "recorded", reply.Verdicts[0].Verdict)
	require.Equal(t, "lease_lost", k.report(done(step))[0].Verdict)
	k.requireTruth(task)
	again := k.claimOne(w)
	require.Equal(t, 1, again.Attempt)
	require.Greater(t, again.Epoch, step.Epoch)
	require.Equal(t, []workflow.State{workflow.InProgress, workflow.Error, workflow.Pending, workflow.InProgress}, k.history(step.StepID))
}

func TestStoppingAWorkerReleasesItsSteps(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(diamond)
	w, task := k.worker(), k.create("diamond")
	k.claimOne(w)
	reply, err := k.StopWorker(ctx(), engine.StopWorkerRequest{WorkerID: w})
	require.NoError(t, err)
	require.Equal(t, 1, reply.Released)
	k.requireTruth(task)
	_, err = k.ClaimSteps(ctx(), engine.ClaimStepsRequest{WorkerID: w})
	require.Equal(t, fault.NotFound, fault.KindOf(err))
	require.Equal(t, "start", k.claimOne(k.worker()).Name)
}

// sweepAfter lets a lease period pass without heartbeats, seen by the sweeper.
func (k *kit) sweepAfter(d time.Duration) {
	k.t.Helper()
	require.NoError(k.t, k.Sweep(ctx()))
	k.clock.Advance(d)
	require.NoError(k.t, k.Sweep(ctx()))
}

func TestADeadWorkersStepComesBackWithoutCountingTheAttempt(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(single(""))
	w, task := k.worker(), k.create("single")
	step := k.claimOne(w)
	k.sweepAfter(lease - time.Second)
	require.Equal(t, workflow.InProgress, k.steps(task)["only"].State, "not before a full lease period")
	k.clock.Advance(time.Second)
	require.NoError(t, k.Sweep(ctx()))
	require.Equal(t, workflow.Error, k.steps(task)["only"].State)
	k.requireTruth(task)

	v := k.report(done(step))[0]
	require.Equal(t, "lease_lost", v.Verdict, "the late answer is refused")
	require.NoError(t, k.Beat(ctx()))
	_, err := k.ClaimSteps(ctx(), engine.ClaimStepsRequest{WorkerID: w})
	require.Equal(t, fault.NotFound, fault.KindOf(err), "the dead worker must register again")
	again := k.claimOne(k.worker())
	require.Equal(t, 1, again.Attempt)
	k.finish(again)
	require.Equal(t, workflow.Complete, k.state(task))
}

func TestAHeartbeatKeepsTheLease(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(single(""))
	w, _ := k.worker(), k.create("single")
	step := k.claimOne(w)
	for range 5 {
		k.sweepAfter(lease - time.Second)
		require.NoError(t, k.Beat(ctx()))
	}
	reply, err := k.HeartbeatSteps(ctx(), engine.HeartbeatStepsRequest{WorkerID: w,
		Steps: []engine.LeaseName{{StepID: step.StepID, Epoch: step.Epoch}, {StepID: step.StepID, Epoch: step.Epoch + 1000}}})
	require.NoError(t, err)
	require.True(t, reply.Steps[0].Held)
	require.Equal(t, step.DeadlineAt, reply.Steps[0].DeadlineAt)
	require.False(t, reply.Steps[1].Held)
}

func TestThreeLossesInARowMakeAPoisonPill(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(single(", default_retry_limit: 50"))
	task := k.create("single")
	for loss := 1; loss <= 3; loss++ {
		k.claimOne(k.worker())
		k.sweepAfter(lease)
		k.requireTruth(task)
	}
	require.Equal(t, workflow.Error, k.state(task))
	require.False(t, k.steps(task)["only"].Retryable)
}

func TestALostStepThatMayNotBeRetriedIsAPermanentError(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(single(", default_retryable: false"))
	task := k.create("single")
	k.claimOne(k.worker())
	k.sweepAfter(lease)
	require.Equal(t, workflow.Error, k.state(task), "it may have taken effect")
	k.requireTruth(task)
}

func TestAHandlerPastItsDeadlineIsAFailedAttempt(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(single(", timeout_seconds: 60, backoff: {strategy: none}"))
	w, task := k.worker(), k.create("single")
	step := k.claimOne(w)
	require.Equal(t, 60*time.Second, step.DeadlineAt.Sub(k.clock.Now()))
	k.clock.Advance(61 * time.Second)
	require.NoError(t, k.Beat(ctx()))
	require.NoError(t, k.Sweep(ctx()))
	require.Equal(t, workflow.InProgress, k.steps(task)["only"].State, "the worker's own report has a moment's grace")
	k.clock.Advance(2 * time.Second)
	require.NoError(t, k.Sweep(ctx()))
	info := k.steps(task)["only"]
	require.Equal(t, workflow.Error, info.State)
	require.Equal(t, 1, info.Attempts)
	require.Equal(t, "lease_lost", k.report(done(step))[0].Verdict)
	k.requireTruth(task)
	require.Equal(t, 2, k.claimOne(w).Attempt)
}

func TestCancellingATaskCancelsItsStepsAndRevokesLeases(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(diamond)
	w, task := k.worker(), k.create("diamond")
	k.finish(k.claimOne(w))
	side := k.claimOne(w)
	reply, err := k.CancelTask(ctx(), engine.CancelTaskRequest{TaskID: task, By: "ops", Reason: "wrong basket"})
	require.NoError(t, err)
	require.Equal(t, engine.CancelTaskReply{TaskID: task, State: workflow.Cancelled, CancelledSteps: 3, RevokedLeases: 1}, reply)
	require.Equal(t, "lease_lost", k.report(done(side))[0].Verdict)
	require.Empty(t, k.claim(w, 5))
	require.Equal(t, workflow.Complete, k.steps(task)["start"].State)
	require.Equal(t, workflow.Cancelled, k.steps(task)["merge"].State)
	k.requireTruth(task)
	again, err := k.CancelTask(ctx(), engine.CancelTaskRequest{TaskID: task})
	require.NoError(t, err)
	require.Zero(t, again.CancelledSteps)
}

func TestCancellingFromErrorGoesThroughPending(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(single(", default_retry_limit: 1"))
	w, task := k.worker(), k.create("single")
	step := k.claimOne(w)
	k.report(failed(step))
	require.Equal(t, workflow.Error, k.state(task))
	_, err := k.CancelTask(ctx(), engine.CancelTaskRequest{TaskID: task})
	require.NoError(t, err)
	require.Equal(t, []workflow.State{workflow.InProgress, workflow.Error, workflow.Pending, workflow.Cancelled}, k.history(step.StepID))
	reply, err := k.ListTransitions(ctx(), engine.ListTransitionsRequest{StepID: step.StepID})
	require.NoError(t, err)
	require.JSONEq(t, `{"via":"cancelled"}`, string(reply.Items[2].Metadata))
}

func TestCancelWithoutCascadeLetsRunningStepsFinish(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(diamond)
	w, task := k.worker(), k.create("diamond")
	step := k.claimOne(w)
	cascade := false
	_, err := k.CancelTask(ctx(), engine.CancelTaskRequest{TaskID: task, Cascade: &cascade})
	require.NoError(t, err)
	v := k.finish(step)
	require.Equal(t, workflow.Cancelled, v.TaskState)
	require.Empty(t, k.claim(w, 5), "nothing new starts")
	k.requireTruth(task)
}
