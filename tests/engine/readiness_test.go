package engine_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// reasons returns why the steps of a task do not run, by name; empty for one
// that is ready.
func (k *kit) reasons(task int64) map[string]string {
	k.t.Helper()
	reply, err := k.ListReadiness(ctx(), engine.ReadinessRequest{TaskID: task})
	require.NoError(k.t, err)
	byName := map[string]string{}
	for _, item := range reply.Items {
		byName[item.Name] = item.Reason
	}
	return byName
}

func (k *kit) context(task int64) engine.TaskContext {
	k.t.Helper()
	found, err := k.GetContext(ctx(), engine.ContextRequest{TaskID: task})
	require.NoError(k.t, err)
	return found
}

// The other steps of a serial task were called ready while one was running.
func TestNoStepOfASerialTaskIsReadyWhileAnotherRuns(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register("name: turn\nconcurrent: false\nstep_templates: [{name: a}, {name: b}, {name: c, depends_on_step: a}]\n")
	w, task := k.worker(), k.create("turn")
	require.Equal(t, map[string]string{"a": "", "b": "", "c": "dependencies_not_satisfied"}, k.reasons(task))
	step := k.claimOne(w)
	require.Equal(t, map[string]string{"a": "running", "b": "serial_busy", "c": "dependencies_not_satisfied"}, k.reasons(task))
	found := k.context(task)
	require.Zero(t, found.ReadySteps)
	require.Equal(t, "processing", found.ExecutionStatus)
	require.True(t, found.NextWakeAt.IsZero(), "nothing happens before the running step ends")
	k.finish(step)
	require.Equal(t, map[string]string{"a": "complete", "b": "", "c": ""}, k.reasons(task))
	require.Equal(t, workflow.At(k.clock.Now()), k.context(task).NextWakeAt)
}

// start_at was remembered only in the queue rows of first steps: a step that
// became one later ran at once, and a first step that failed read as ready.
func TestStartAtHoldsForEveryStepOfTheTask(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(diamond)
	w, at := k.worker(), workflow.At(k.clock.Now().Add(time.Hour))
	task := k.create("diamond", func(r *engine.CreateTaskRequest) { r.StartAt = at })
	k.foreignMove(k.steps(task)["start"].StepID, workflow.ResolvedManually)
	k.truth(task)
	require.Equal(t, map[string]string{"start": "resolved_manually", "left": "waiting_for_start", "right": "waiting_for_start",
		"merge": "dependencies_not_satisfied"}, k.reasons(task))
	require.Equal(t, at, k.context(task).NextWakeAt)
	reply, err := k.ClaimSteps(ctx(), engine.ClaimStepsRequest{WorkerID: w})
	require.NoError(t, err)
	require.Empty(t, reply.Steps)
	require.Equal(t, at, reply.NextDue)
	k.foreignMove(k.steps(task)["left"].StepID, workflow.Error)
	require.Equal(t, "waiting_for_start", k.reasons(task)["left"])
	k.requireTruth(task)
	k.clock.Advance(time.Hour)
	require.Len(t, k.claim(w, 5), 2)
}

// A queue row that lies about its task's start is not believed.
func TestAClaimRefusesAStepWhoseTaskHasNotStarted(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(single(""))
	w, at := k.worker(), workflow.At(k.clock.Now().Add(time.Hour))
	task := k.create("single", func(r *engine.CreateTaskRequest) { r.StartAt = at })
	row := k.derived(task).ready[0]
	row.DueAt, row.Scheduled = workflow.At(k.clock.Now()), false
	require.NoError(t, k.store.Write(ctx(), func(tx store.Tx) error {
		if _, err := tx.ReadyDelete(ctx(), []int64{row.StepID}); err != nil {
			return err
		}
		return tx.ReadyInsert(ctx(), []workflow.ReadyStep{row})
	}))
	require.Empty(t, k.claim(w, 1))
	require.Equal(t, at, k.derived(task).ready[0].DueAt, "and is mended")
	k.requireTruth(task)
}

// A step whose wait a foreign writer had taken away was still claimed only at the
// old time, since its queue row was left alone.
func TestAStepWhoseWaitAForeignWriterTookAwayRunsAtOnce(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(single(", backoff: {base_seconds: 60, max_seconds: 60, jitter: 0}"))
	w, task := k.worker(), k.create("single")
	step := k.claimOne(w)
	k.report(failed(step))
	require.Empty(t, k.claim(w, 1))
	changed := store.StepChange{ID: step.StepID, Retryable: true, Attempts: 1, LastAttemptedAt: workflow.At(k.clock.Now()),
		At: workflow.At(k.clock.Now())}
	require.NoError(t, k.store.Write(ctx(), func(tx store.Tx) error { return tx.StepChange(ctx(), []store.StepChange{changed}) }))
	k.truth(task)
	require.Equal(t, 2, k.claimOne(w).Attempt)
	k.requireTruth(task)
}

// A step that a person had started before its task's start_at was ready at once
// when its worker gave it back.
func TestAStepGivenBackBeforeItsTaskStartsWaitsForTheStart(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(single(""))
	start := workflow.At(k.clock.Now().Add(time.Hour))
	w, task := k.worker(), k.create("single", func(r *engine.CreateTaskRequest) { r.StartAt = start })
	moved, err := k.MoveStep(ctx(), engine.MoveStepRequest{StepID: k.steps(task)["only"].StepID, ToState: workflow.InProgress, WorkerID: w})
	require.NoError(t, err)
	_, err = k.ReleaseSteps(ctx(), engine.ReleaseStepsRequest{
		Steps: []engine.LeaseName{{StepID: moved.Claimed.StepID, Epoch: moved.Claimed.Epoch}}})
	require.NoError(t, err)
	require.Equal(t, start, k.derived(task).ready[0].DueAt)
	require.Empty(t, k.claim(w, 1))
	k.clock.Advance(time.Hour)
	require.Len(t, k.claim(w, 1), 1)
}
