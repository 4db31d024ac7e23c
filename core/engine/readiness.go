package engine

import (
	"context"

	"github.com/tasker-systems/tasker-core-go/core/readiness"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// facts gathers what the readiness rules look at.
func facts(step *workflow.Step, count [2]int, leased bool) readiness.Step {
	f := readiness.Step{State: step.State, Attempts: step.Attempts, RetryLimit: step.RetryLimit,
		Retryable: step.Retryable, Processed: step.Processed, InProcess: step.InProcess, Leased: leased,
		LastAttemptedAt: step.LastAttemptedAt, BackoffSeconds: step.BackoffSeconds,
		Parents: count[0], ParentsDone: count[1]}
	if step.State == workflow.Error {
		f.FailedAt = step.StateSince
		f.Permanent = step.StateMetadata.Field("permanent").True()
	}
	return f
}

// runnable tells whether a step of a locked task may run now or at a known time,
// and when: zero for now. Whether its task has room for it is the caller's to
// know.
func (u *unit) runnable(task *workTask, step *workflow.Step, satisfied bool) (workflow.Instant, bool) {
	var count [2]int
	if !satisfied {
		count[0] = 1
	}
	f := facts(step, count, false)
	f.TaskState, f.NotBefore = task.State, task.StartAt
	verdict := u.engine.Policy.Step(f, u.now)
	return verdict.DueAt, verdict.Runnable
}

// statesOf returns the states of the steps and of parents in other tasks.
func statesOf(ctx context.Context, r store.Reader, steps []workflow.Step, edges []workflow.Edge) (map[int64]workflow.State, error) {
	states := make(map[int64]workflow.State, len(steps))
	for i := range steps {
		states[steps[i].ID] = steps[i].State
	}
	var foreign []int64
	for _, edge := range edges {
		if _, known := states[edge.From]; !known {
			states[edge.From] = workflow.Pending
			foreign = append(foreign, edge.From)
		}
	}
	if len(foreign) == 0 {
		return states, nil
	}
	others, err := r.StepList(ctx, foreign)
	for i := range others {
		states[others[i].ID] = others[i].State
	}
	return states, err
}
