package sqlite

import (
	"context"
	"database/sql"

	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// TaskTransitions returns histories of tasks; see store.TransitionReader.
func (t *tx) TaskTransitions(ctx context.Context, taskIDs []int64) ([]workflow.Transition, error) {
	return list(ctx, t, "TaskTransitions", scanTransition, idSet(taskIDs))
}

// StepTransitions returns histories of steps; see store.TransitionReader.
func (t *tx) StepTransitions(ctx context.Context, stepIDs []int64) ([]workflow.Transition, error) {
	return list(ctx, t, "StepTransitions", scanTransition, idSet(stepIDs))
}

func scanTransition(rows *sql.Rows, h *workflow.Transition) error {
	return rows.Scan(&h.ID, &h.OwnerID, &h.From, &h.To, &h.SortKey, &h.MostRecent, raw(&h.Metadata), instant{&h.CreatedAt})
}

// TaskTransitionFind returns rows by id; see store.TransitionReader.
func (t *tx) TaskTransitionFind(ctx context.Context, ids []int64) ([]workflow.Transition, error) {
	return list(ctx, t, "TaskTransitionFind", scanTransition, idSet(ids))
}

// StepTransitionFind returns rows by id; see store.TransitionReader.
func (t *tx) StepTransitionFind(ctx context.Context, ids []int64) ([]workflow.Transition, error) {
	return list(ctx, t, "StepTransitionFind", scanTransition, idSet(ids))
}

// StepClosings returns how leases ended; see store.TransitionReader.
func (t *tx) StepClosings(
	ctx context.Context, leases []store.StepEpoch,
) (map[store.StepEpoch]workflow.Transition, error) {
	closings := make(map[store.StepEpoch]workflow.Transition, len(leases))
	for _, lease := range leases {
		rows, err := list(ctx, t, "StepClosings", scanTransition, lease.StepID, lease.Epoch)
		if err != nil {
			return nil, err
		}
		for _, closing := range rows {
			closings[lease] = closing
		}
	}
	return closings, nil
}
