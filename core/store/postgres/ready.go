package postgres

import (
	"cmp"
	"context"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// ReadyCandidates looks at the top of queues; see store.ReadyReader.
func (t *tx) ReadyCandidates(
	ctx context.Context, routes []int64, now workflow.Instant, limit int,
) (candidates []workflow.ReadyStep, err error) {
	wanted := distinct(routes)
	if len(wanted) >= store.WalkFrom {
		found, complete, err := store.Walk(wanted, limit, func(perQueue, atMost int) ([]workflow.ReadyStep, error) {
			return list(ctx, t, "ReadyWalk", scanReady, perQueue, atMost, stamp(now))
		})
		if err != nil || complete {
			return found, err
		}
	}
	collect := appendTo(&candidates, scanReady)
	if err := t.ask(ctx, t.store.statements["ReadyCandidates"], collect, wanted, limit); err != nil {
		return nil, err
	}
	err = t.each(ctx, "ReadyCandidatesScheduled", collect, wanted, limit, stamp(now))
	return candidates, err
}

func scanReady(rows pgx.Rows, r *workflow.ReadyStep) error {
	return rows.Scan(&r.StepID, &r.TaskID, &r.RouteID, &r.NamespaceID, &r.Priority, instant{&r.DueAt}, &r.Scheduled)
}

// ReadyNextDue returns the next due time; see store.ReadyReader.
func (t *tx) ReadyNextDue(ctx context.Context, routes []int64, now workflow.Instant) (next workflow.Instant, err error) {
	wanted := distinct(routes)
	if len(wanted) >= store.WalkFrom {
		found, complete, err := store.Walk(wanted, 1, func(perQueue, atMost int) ([]workflow.ReadyStep, error) {
			return list(ctx, t, "ReadyWalkNext", scanReady, perQueue, atMost, stamp(now))
		})
		if err != nil || complete {
			return store.EarliestDue(found), err
		}
	}
	err = t.each(ctx, "ReadyNextDue", func(rows pgx.Rows) error { return rows.Scan(instant{&next}) }, wanted, stamp(now))
	return next, err
}

// ReadyListByTask returns the queue's rows of tasks; see store.ReadyReader.
func (t *tx) ReadyListByTask(ctx context.Context, taskIDs []int64) ([]workflow.ReadyStep, error) {
	return list(ctx, t, "ReadyListByTask", scanReady, distinct(taskIDs))
}

// Depths counts the queues; see store.ReadyReader.
func (t *tx) Depths(ctx context.Context, now workflow.Instant) (d store.Depths, err error) {
	err = t.each(ctx, "Depths", func(rows pgx.Rows) error {
		return rows.Scan(&d.OpenTasks, &d.ReadySteps, &d.ScheduledSteps, &d.Leases, &d.Workers, &d.DirtyTasks)
	}, stamp(now))
	return d, err
}

// ReadyInsert adds rows to the queue; see store.ReadyWriter.
func (t *tx) ReadyInsert(ctx context.Context, rows []workflow.ReadyStep) error {
	t.news = true
	return t.plan(ctx, "ReadyInsert",
		column(rows, func(r *workflow.ReadyStep) int64 { return r.StepID }),
		column(rows, func(r *workflow.ReadyStep) int64 { return r.TaskID }),
		column(rows, func(r *workflow.ReadyStep) int64 { return r.RouteID }),
		column(rows, func(r *workflow.ReadyStep) int64 { return r.NamespaceID }),
		column(rows, func(r *workflow.ReadyStep) int { return r.Priority }),
		column(rows, func(r *workflow.ReadyStep) pgtype.Timestamp { return stamp(r.DueAt) }),
		column(rows, func(r *workflow.ReadyStep) bool { return r.Scheduled }))
}

// ReadyTake locks what is to be had of rows and tasks without waiting, then
// deletes those rows and reads the rest; see store.ReadyWriter.
func (t *tx) ReadyTake(ctx context.Context, stepIDs []int64) (taken store.ReadyTaken, err error) {
	var steps, tasks []int64
	err = t.each(ctx, "ReadyTakeLock", func(rows pgx.Rows) error {
		var step, task int64
		if err := rows.Scan(&step, &task); err != nil {
			return err
		}
		steps, tasks = append(steps, step), append(tasks, task)
		return nil
	}, distinct(stepIDs))
	if err != nil || len(steps) == 0 {
		return taken, err
	}
	statements := t.store.statements
	for _, err := range []error{
		t.ask(ctx, statements["ReadyTake"], appendTo(&taken.Rows, scanReady), steps),
		t.ask(ctx, statements["TaskLock"], appendTo(&taken.Tasks, scanTaskLock), distinct(tasks)),
		t.ask(ctx, statements["StepList"], appendTo(&taken.Steps, scanStep), steps),
	} {
		if err != nil {
			return taken, err
		}
	}
	err = t.flush(ctx)
	slices.SortFunc(taken.Rows, func(a, b workflow.ReadyStep) int { return cmp.Compare(a.StepID, b.StepID) })
	return taken, err
}

// ReadyDelete deletes rows of the queue; see store.ReadyWriter.
func (t *tx) ReadyDelete(ctx context.Context, stepIDs []int64) ([]int64, error) {
	deleted, err := list(ctx, t, "ReadyDelete", func(rows pgx.Rows, id *int64) error { return rows.Scan(id) }, distinct(stepIDs))
	slices.Sort(deleted)
	return deleted, err
}
