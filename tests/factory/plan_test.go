package factory_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
	"github.com/tasker-systems/tasker-core-go/tests/factory"
)

// one is a single step with the plan.
func one(plan factory.Plan, edits ...func(*factory.Step)) factory.Shape {
	return factory.SimpleLinear(1).Each(func(s *factory.Step) {
		s.Plan, s.Limit = plan, 4
		for _, edit := range edits {
			edit(s)
		}
	})
}

func TestEachFailurePlanEndsAsTheSheetSays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		plan     factory.Plan
		state    workflow.State
		runs     int
		attempts int
	}{
		{"F1", factory.FailTimes(2), workflow.Complete, 3, 3},
		{"F3", factory.TimeoutTimes(2), workflow.Complete, 3, 3},
		{"F4", factory.Idempotent(), workflow.Complete, 1, 1},
		{"F5", factory.Composite(factory.Pattern{Min: 1, Max: 2, Action: "fail"}, factory.Pattern{Action: "delay", Seconds: 5}),
			workflow.Complete, 3, 3},
		{"F6", factory.AlwaysFail(), workflow.Error, 4, 4},
		{"F7", factory.Permanent("CARD_STOLEN"), workflow.Error, 1, 1},
		{"F8", factory.RetryAfter(77, 1), workflow.Complete, 2, 2},
		{"F9", factory.Hang(1), workflow.Complete, 2, 2},
		{"F10", factory.Crash(2), workflow.Complete, 3, 1},
		{"F11", factory.NonObject(`[1,2]`), workflow.Complete, 1, 1},
		{"F12", factory.WrongResult(), workflow.Complete, 1, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			done, steps := played(t, newLab(t), one(c.plan, func(s *factory.Step) { s.TimeoutSeconds = 20 }))
			require.Equal(t, c.state, done.State)
			require.Equal(t, c.runs, done.Runs["s0"])
			require.Equal(t, c.attempts, steps["s0"].Attempts)
			if c.name == "F9" {
				require.Equal(t, 1, done.Verdicts["lease_lost"], "the late answer is refused")
			}
			if c.name == "F8" {
				require.Equal(t, 77*time.Second, done.Elapsed)
			}
			if c.name == "F10" {
				require.Equal(t, 2*factory.LeasePeriod, done.Elapsed)
			}
		})
	}
}

func TestThreeCrashesInARowAreAPoisonPill(t *testing.T) {
	t.Parallel()
	done, steps := played(t, newLab(t), one(factory.Crash(9)))
	require.Equal(t, workflow.Error, done.State)
	require.Equal(t, 3, done.Runs["s0"])
	require.False(t, steps["s0"].Retryable)
}

func TestRandomPlansRepeatUnderTheirSeed(t *testing.T) {
	t.Parallel()
	plan, failures := factory.RandomFailure(0.3), 0
	for n := range 2000 {
		step := engine.ClaimedStep{TaskID: 1, Name: "s0"}
		act := plan.Act(step, n, 42)
		require.Equal(t, act, plan.Act(step, n, 42))
		if act.Outcome.Status == "error" {
			failures++
		}
	}
	require.InDelta(t, 600, failures, 90, "about three in ten")
}

func TestARepeatedIdempotentExecutionSaysSo(t *testing.T) {
	t.Parallel()
	step := engine.ClaimedStep{Name: "finalize_and_report"}
	first, second := factory.Idempotent().Act(step, 1, 0), factory.Idempotent().Act(step, 2, 0)
	require.Equal(t, first.Outcome.Results.Field("checksum"), second.Outcome.Results.Field("checksum"))
	require.JSONEq(t, `{"execution_count":2,"is_repeat_execution":true}`, string(second.Outcome.Results.Field("idempotency_check")))
}
