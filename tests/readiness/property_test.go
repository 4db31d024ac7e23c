package readiness_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tasker-systems/tasker-core-go/core/readiness"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

func drawStep(t *rapid.T) readiness.Step {
	number := func(name string, low, high int) *int {
		if rapid.Bool().Draw(t, name+" set") {
			n := rapid.IntRange(low, high).Draw(t, name)
			return &n
		}
		return nil
	}
	s := readiness.Step{
		State:          rapid.SampledFrom(append(workflow.States, "skipped", "")).Draw(t, "state"),
		Attempts:       number("attempts", -1, 60),
		RetryLimit:     number("limit", -1, 60),
		BackoffSeconds: number("backoff", 0, 100),
		Retryable:      rapid.Bool().Draw(t, "retryable"),
		Permanent:      rapid.Bool().Draw(t, "permanent"),
		Processed:      rapid.Bool().Draw(t, "processed"),
		InProcess:      rapid.Bool().Draw(t, "in process"),
		Leased:         rapid.Bool().Draw(t, "leased"),
		Parents:        2,
		ParentsDone:    rapid.IntRange(1, 2).Draw(t, "parents done"),
		TaskState:      rapid.SampledFrom(workflow.States).Draw(t, "task"),
		SerialBusy:     rapid.Bool().Draw(t, "serial busy"),
	}
	if rapid.Bool().Draw(t, "attempted") {
		s.LastAttemptedAt = ago(float64(rapid.IntRange(-50, 100).Draw(t, "attempted ago")))
	}
	if s.State == workflow.Error {
		s.FailedAt = ago(float64(rapid.IntRange(-50, 100).Draw(t, "failed ago")))
	}
	return s
}

func TestAStepThatWaitsBecomesReadyExactlyWhenItIsDue(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawStep(t)
		for _, p := range []readiness.Policy{readiness.Core, readiness.Rails} {
			v := p.Step(s, moment)
			require.Equal(t, v.Ready, v.Reason == "")
			require.Equal(t, v.Runnable, v.Ready || !v.DueAt.IsZero())
			require.False(t, v.Stuck && v.Runnable)
			later := p.Step(s, moment.Plus(24*time.Hour))
			require.Equal(t, v.Runnable, later.Ready, "only time was missing, or more was")
			if !v.DueAt.IsZero() {
				require.True(t, v.DueAt.After(moment.Time))
				require.True(t, p.Step(s, v.DueAt).Ready)
				require.False(t, p.Step(s, v.DueAt.Plus(-time.Microsecond)).Ready)
			}
		}
	})
}

func TestACoreTaskIsReadyRunningWaitingCompleteOverOrBlocked(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		status := rapid.SampledFrom(workflow.States).Draw(t, "status")
		var verdicts []readiness.Verdict
		tally := readiness.Core.Tally()
		going := status.Ended()
		for range rapid.IntRange(1, 6).Draw(t, "steps") {
			v := readiness.Core.Step(drawStep(t), moment)
			verdicts = append(verdicts, v)
			tally.Add(&v)
			going = going || v.Runnable || v.Reason == readiness.Running
		}
		c := readiness.Core.Task(status, verdicts, moment)
		require.Equal(t, c, tally.Context(status, moment))
		require.Equal(t, !going && c.CompletedSteps < c.TotalSteps, c.Blocked, "D4 has no second condition")
		require.Equal(t, c.ReadySteps > 0, c.NextWakeAt.Equal(moment.Time))
		unknown := 0
		for _, v := range verdicts {
			if !v.State.Known() {
				unknown++
			}
		}
		require.Equal(t, c.TotalSteps,
			c.PendingSteps+c.InProgressSteps+c.CompletedSteps+c.FailedSteps+c.CancelledSteps+unknown)
	})
}

func TestOnlyTheCorePolicyLooksAtTheTask(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawStep(t)
		bare := s
		bare.TaskState, bare.SerialBusy = "", false
		require.Equal(t, readiness.Rails.Step(bare, moment), readiness.Rails.Step(s, moment))
	})
}

func TestPercentageIsRoundedHalfAwayFromZero(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		done, total int
		want        float64
	}{{1, 32, 3.13}, {1, 3, 33.33}, {2, 3, 66.67}, {1, 800, 0.13}, {0, 7, 0}, {7, 7, 100}} {
		tally := readiness.Core.Tally()
		for i := range c.total {
			v := readiness.Verdict{State: workflow.Pending}
			if i < c.done {
				v.State = workflow.Complete
			}
			tally.Add(&v)
		}
		require.Equal(t, c.want, tally.Context(workflow.InProgress, moment).CompletionPercentage)
	}
}

func TestParentsCountDuplicatedEdgesTwice(t *testing.T) {
	t.Parallel()
	edges := []workflow.Edge{{From: 1, To: 3}, {From: 1, To: 3}, {From: 2, To: 3}, {From: 9, To: 4}}
	got := readiness.Parents(edges, func(id int64) workflow.State {
		return map[int64]workflow.State{1: workflow.Complete, 2: workflow.Cancelled, 9: workflow.ResolvedManually}[id]
	})
	require.Equal(t, map[int64][2]int{3: {3, 2}, 4: {1, 1}}, got)
}
