package postgres_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

// Both are far from each other and from the second in which the tick looks: a
// waiting claim looks by itself only after half a minute or more.
const (
	waitMS = 600_000
	soonBy = 25 * time.Second
)

// claimAnswer is what a waiting claim got.
type claimAnswer struct {
	engine.ClaimStepsReply
	err error
}

// waitForStep lets a claim wait.
func waitForStep(t *testing.T, e *engine.Engine, worker int64) <-chan claimAnswer {
	answered := make(chan claimAnswer, 1)
	go func() {
		reply, err := e.ClaimSteps(t.Context(), engine.ClaimStepsRequest{WorkerID: worker, WaitMS: waitMS})
		answered <- claimAnswer{reply, err}
	}()
	return answered
}

// served returns the step that a waiting claim must get.
func served(t *testing.T, answered <-chan claimAnswer) engine.ClaimedStep {
	t.Helper()
	select {
	case got := <-answered:
		require.NoError(t, got.err)
		require.Len(t, got.Steps, 1)
		return got.Steps[0]
	case <-time.After(soonBy):
		require.Fail(t, "the tick does not find what the other committed")
		return engine.ClaimedStep{}
	}
}

// TestWithoutNotificationsEverythingThatWaitsIsServedByThePoll has two engines
// that tell each other nothing. One waits; the other creates, fails, lets retry
// and finishes.
func TestWithoutNotificationsEverythingThatWaitsIsServedByThePoll(t *testing.T) {
	t.Parallel()
	location := testdb.PostgresDatabase(t)
	quiet := map[string]any{"notify": false}
	waiting, acting := openEngine(t, location, quiet).Cases(), openEngine(t, location, quiet).Cases()
	worker := single(t, waiting)
	acting.DropCaches() // it is to find the template that the other registered
	outside := &session{testdb.Connect(t, location), t}
	require.Zero(t, outside.number("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'"))
	wait := func() <-chan claimAnswer { return waitForStep(t, waiting, worker) }

	claim := wait()
	created, err := acting.CreateTask(t.Context(), newSingle(""))
	require.NoError(t, err)
	step := served(t, claim)

	claim = wait()
	soon := 1
	reply, err := acting.ReportSteps(t.Context(), engine.ReportStepsRequest{Outcomes: []engine.Outcome{{StepID: step.StepID,
		Epoch: step.Epoch, Status: "error", RetryAfterSeconds: &soon, Error: &engine.OutcomeError{Message: "no luck"}}}})
	require.NoError(t, err)
	require.Equal(t, "recorded", reply.Verdicts[0].Verdict)
	step = served(t, claim)
	require.Equal(t, 2, step.Attempt, "the retry came due")

	claim = wait()
	_, err = acting.ReportSteps(t.Context(), engine.ReportStepsRequest{Outcomes: []engine.Outcome{{StepID: step.StepID,
		Epoch: step.Epoch, Status: "error", Permanent: true, Error: &engine.OutcomeError{Message: "no luck"}}}})
	require.NoError(t, err)
	_, err = acting.RetrySteps(t.Context(), engine.RetryStepsRequest{NamedSteps: engine.NamedSteps{StepID: step.StepID}})
	require.NoError(t, err)
	step = served(t, claim)

	ended := make(chan engine.WaitTaskReply, 1)
	long := int64(waitMS)
	failed := inBackground(func() error {
		reply, err := waiting.WaitTask(t.Context(), engine.WaitTaskRequest{TaskID: created.TaskID, WaitMS: &long})
		ended <- reply
		return err
	})
	_, err = acting.ReportSteps(t.Context(), engine.ReportStepsRequest{Outcomes: []engine.Outcome{{StepID: step.StepID,
		Epoch: step.Epoch, Status: "complete"}}})
	require.NoError(t, err)
	require.NoError(t, awaited(t, failed))
	over := <-ended
	require.False(t, over.TimedOut)
	require.Equal(t, "all_complete", over.ExecutionStatus)
}
