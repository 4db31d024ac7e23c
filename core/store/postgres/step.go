package postgres

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// StepList returns steps; see store.StepReader.
func (t *tx) StepList(ctx context.Context, ids []int64) ([]workflow.Step, error) {
	return list(ctx, t, "StepList", scanStep, distinct(ids))
}

// StepListByTask returns the steps of tasks; see store.StepReader.
func (t *tx) StepListByTask(ctx context.Context, taskIDs []int64) ([]workflow.Step, error) {
	return list(ctx, t, "StepListByTask", scanStep, distinct(taskIDs))
}

func scanStep(rows pgx.Rows, s *workflow.Step) error { return rows.Scan(stepFields(s)...) }

func stepFields(s *workflow.Step) []any {
	return []any{
		&s.ID, &s.TaskID, &s.NamedStepID, &s.RouteID, &s.Name, (*string)(&s.State), &s.TransitionID, instant{&s.StateSince},
		raw(&s.StateMetadata), &s.Retryable, &s.RetryLimit, &s.InProcess, &s.Processed, instant{&s.ProcessedAt}, &s.Attempts,
		instant{&s.LastAttemptedAt}, &s.BackoffSeconds, raw(&s.Inputs), raw(&s.Results), &s.Skippable, instant{&s.CreatedAt},
		instant{&s.UpdatedAt},
	}
}

// EdgeListByTask returns the edges into steps of tasks; see store.StepReader.
func (t *tx) EdgeListByTask(ctx context.Context, taskIDs []int64) ([]workflow.Edge, error) {
	return list(ctx, t, "EdgeListByTask", func(rows pgx.Rows, e *workflow.Edge) error {
		return rows.Scan(&e.ID, &e.From, &e.To, &e.Name)
	}, distinct(taskIDs))
}

// ChildList returns the steps below steps; see store.StepReader.
func (t *tx) ChildList(ctx context.Context, parentIDs []int64) ([]store.Child, error) {
	return list(ctx, t, "ChildList", func(rows pgx.Rows, c *store.Child) error {
		return rows.Scan(append(stepFields(&c.Step), &c.Satisfied)...)
	}, distinct(parentIDs))
}

// ParentList returns the steps above steps; see store.StepReader.
func (t *tx) ParentList(ctx context.Context, stepIDs []int64) ([]store.Parent, error) {
	return list(ctx, t, "ParentList", func(rows pgx.Rows, p *store.Parent) error {
		return rows.Scan(&p.ChildID, &p.StepID, &p.Name, (*string)(&p.State), raw(&p.StateMetadata), raw(&p.Results))
	}, distinct(stepIDs))
}

// StepInsert stores steps; see store.StepWriter.
func (t *tx) StepInsert(ctx context.Context, steps []store.NewStep) ([]int64, error) {
	ids, err := list(ctx, t, "StepInsert", func(rows pgx.Rows, id *int64) error { return rows.Scan(id) },
		column(steps, func(n *store.NewStep) int64 { return n.TaskID }),
		column(steps, func(n *store.NewStep) int64 { return n.NamedStepID }),
		column(steps, func(n *store.NewStep) bool { return n.Retryable }),
		column(steps, func(n *store.NewStep) int { return n.RetryLimit }),
		column(steps, func(n *store.NewStep) *string { return text(n.Inputs) }),
		column(steps, func(n *store.NewStep) bool { return n.Skippable }),
		column(steps, func(n *store.NewStep) pgtype.Timestamp { return stamp(n.At) }))
	slices.Sort(ids) // given in order, so this is the order of the steps
	return ids, err
}

// EdgeInsert stores edges; see store.StepWriter.
func (t *tx) EdgeInsert(ctx context.Context, edges []store.NewEdge) error {
	return t.plan(ctx, "EdgeInsert",
		column(edges, func(e *store.NewEdge) int64 { return e.From }),
		column(edges, func(e *store.NewEdge) int64 { return e.To }), workflow.Provides,
		column(edges, func(e *store.NewEdge) pgtype.Timestamp { return stamp(e.At) }))
}

// StepLock locks the tasks of steps, then reads all three in later statements
// of the same round trip; see store.StepWriter.
func (t *tx) StepLock(ctx context.Context, stepIDs []int64) (found store.StepLocked, err error) {
	ids := distinct(stepIDs)
	for _, lock := range []string{"StepLockRows", "StepLockSteps"} {
		if err := t.plan(ctx, lock, ids); err != nil {
			return found, err
		}
	}
	statements := t.store.statements
	for _, err := range []error{
		t.ask(ctx, statements["StepLockTasks"], appendTo(&found.Tasks, scanTaskLock), ids),
		t.ask(ctx, statements["StepList"], appendTo(&found.Steps, scanStep), ids),
		t.ask(ctx, statements["StepLockLeases"], appendTo(&found.Leases, scanLease), ids),
	} {
		if err != nil {
			return found, err
		}
	}
	err = t.patiently(ctx)
	return found, err
}

// StepMove moves steps by compare-and-set; see store.StepWriter.
func (t *tx) StepMove(ctx context.Context, moves []store.Move) ([]store.Moved, error) {
	return t.move(ctx, moves, "StepMove")
}

// StepChange writes the columns of steps; see store.StepWriter.
func (t *tx) StepChange(ctx context.Context, changes []store.StepChange) error {
	return t.plan(ctx, "StepChange",
		column(changes, func(c *store.StepChange) int64 { return c.ID }),
		column(changes, func(c *store.StepChange) bool { return c.Retryable }),
		column(changes, func(c *store.StepChange) bool { return c.InProcess }),
		column(changes, func(c *store.StepChange) bool { return c.Processed }),
		column(changes, func(c *store.StepChange) pgtype.Timestamp { return stamp(c.ProcessedAt) }),
		column(changes, func(c *store.StepChange) int { return c.Attempts }),
		column(changes, func(c *store.StepChange) pgtype.Timestamp { return stamp(c.LastAttemptedAt) }),
		column(changes, func(c *store.StepChange) *int { return c.BackoffSeconds }),
		column(changes, func(c *store.StepChange) *string { return text(c.Results) }),
		column(changes, func(c *store.StepChange) pgtype.Timestamp { return stamp(c.At) }))
}

// StepEdit writes what a person may change; see store.StepWriter.
func (t *tx) StepEdit(ctx context.Context, edits []store.StepEdit) error {
	return t.plan(ctx, "StepEdit",
		column(edits, func(e *store.StepEdit) int64 { return e.ID }),
		column(edits, func(e *store.StepEdit) *int { return e.RetryLimit }),
		column(edits, func(e *store.StepEdit) *string { return text(e.Inputs) }),
		column(edits, func(e *store.StepEdit) pgtype.Timestamp { return stamp(e.At) }))
}
