package store

import (
	"context"

	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// StepEpoch names one lease of one step for ever.
type StepEpoch struct{ StepID, Epoch int64 }

// TransitionReader reads histories.
type TransitionReader interface {
	// TaskTransitions returns the histories of tasks, by task and sort key.
	TaskTransitions(ctx context.Context, taskIDs []int64) ([]workflow.Transition, error)

	// StepTransitions returns the histories of steps, by step and sort key.
	StepTransitions(ctx context.Context, stepIDs []int64) ([]workflow.Transition, error)

	// TaskTransitionFind returns rows of tasks' histories by their ids, in id
	// order; unknown ids are absent.
	TaskTransitionFind(ctx context.Context, ids []int64) ([]workflow.Transition, error)

	// StepTransitionFind returns rows of steps' histories by their ids, in id
	// order; unknown ids are absent.
	StepTransitionFind(ctx context.Context, ids []int64) ([]workflow.Transition, error)

	// StepClosings returns, for each lease, the row that followed its
	// in_progress row, which is how that lease ended. A lease that never was,
	// or is still open, is absent.
	StepClosings(ctx context.Context, leases []StepEpoch) (map[StepEpoch]workflow.Transition, error)
}
