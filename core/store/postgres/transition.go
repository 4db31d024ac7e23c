package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// TaskTransitions returns histories of tasks; see store.TransitionReader.
func (t *tx) TaskTransitions(ctx context.Context, taskIDs []int64) ([]workflow.Transition, error) {
	return list(ctx, t, "TaskTransitions", scanTransition, distinct(taskIDs))
}

// StepTransitions returns histories of steps; see store.TransitionReader.
func (t *tx) StepTransitions(ctx context.Context, stepIDs []int64) ([]workflow.Transition, error) {
	return list(ctx, t, "StepTransitions", scanTransition, distinct(stepIDs))
}

func scanTransition(rows pgx.Rows, h *workflow.Transition) error {
	return rows.Scan(transitionFields(h)...)
}

func transitionFields(h *workflow.Transition) []any {
	return []any{&h.ID, &h.OwnerID, (*string)(&h.From), (*string)(&h.To), &h.SortKey, &h.MostRecent, raw(&h.Metadata), instant{&h.CreatedAt}}
}

// TaskTransitionFind returns rows by id; see store.TransitionReader.
func (t *tx) TaskTransitionFind(ctx context.Context, ids []int64) ([]workflow.Transition, error) {
	return list(ctx, t, "TaskTransitionFind", scanTransition, distinct(ids))
}

// StepTransitionFind returns rows by id; see store.TransitionReader.
func (t *tx) StepTransitionFind(ctx context.Context, ids []int64) ([]workflow.Transition, error) {
	return list(ctx, t, "StepTransitionFind", scanTransition, distinct(ids))
}

// StepClosings returns how leases ended; see store.TransitionReader.
func (t *tx) StepClosings(
	ctx context.Context, leases []store.StepEpoch,
) (map[store.StepEpoch]workflow.Transition, error) {
	closings := make(map[store.StepEpoch]workflow.Transition, len(leases))
	err := t.each(ctx, "StepClosings", func(rows pgx.Rows) error {
		var closing workflow.Transition
		var epoch int64
		if err := rows.Scan(append(transitionFields(&closing), &epoch)...); err != nil {
			return err
		}
		closings[store.StepEpoch{StepID: closing.OwnerID, Epoch: epoch}] = closing
		return nil
	}, column(leases, func(l *store.StepEpoch) int64 { return l.StepID }),
		column(leases, func(l *store.StepEpoch) int64 { return l.Epoch }))
	return closings, err
}
