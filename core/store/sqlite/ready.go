package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"slices"

	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// ReadyCandidates looks at the top of queues; see store.ReadyReader.
func (t *tx) ReadyCandidates(
	ctx context.Context, routes []int64, now workflow.Instant, limit int,
) ([]workflow.ReadyStep, error) {
	wanted := distinct(routes)
	if len(wanted) >= store.WalkFrom {
		found, complete, err := store.Walk(wanted, limit, func(perQueue, atMost int) ([]workflow.ReadyStep, error) {
			return list(ctx, t, "ReadyWalk", scanReady, perQueue, atMost, stamp(now))
		})
		if err != nil || complete {
			return found, err
		}
	}
	set := idArray(wanted)
	due, err := list(ctx, t, "ReadyCandidates", scanReady, set, limit)
	if err != nil {
		return nil, err
	}
	scheduled, err := list(ctx, t, "ReadyCandidatesScheduled", scanReady, set, limit, stamp(now))
	return append(due, scheduled...), err
}

func scanReady(rows *sql.Rows, r *workflow.ReadyStep) error {
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
	err = t.each(ctx, "ReadyNextDue", func(rows *sql.Rows) error { return rows.Scan(instant{&next}) },
		idArray(wanted), stamp(now))
	return next, err
}

// ReadyListByTask returns the queue's rows of tasks; see store.ReadyReader.
func (t *tx) ReadyListByTask(ctx context.Context, taskIDs []int64) ([]workflow.ReadyStep, error) {
	return list(ctx, t, "ReadyListByTask", scanReady, idSet(taskIDs))
}

// Depths counts the queues; see store.ReadyReader.
func (t *tx) Depths(ctx context.Context, now workflow.Instant) (d store.Depths, err error) {
	err = t.each(ctx, "Depths", func(rows *sql.Rows) error {
		return rows.Scan(&d.OpenTasks, &d.ReadySteps, &d.ScheduledSteps, &d.Leases, &d.Workers, &d.DirtyTasks)
	}, stamp(now))
	return d, err
}

// ReadyInsert adds rows to the queue; see store.ReadyWriter.
func (t *tx) ReadyInsert(ctx context.Context, rows []workflow.ReadyStep) error {
	for _, r := range rows {
		_, err := t.exec(ctx, "ReadyInsert", r.StepID, r.TaskID, r.RouteID, r.NamespaceID, r.Priority, stamp(r.DueAt), r.Scheduled)
		if err != nil {
			return err
		}
	}
	return nil
}

// ReadyTake takes rows out of the queue; see store.ReadyWriter. Every row is to
// be had, since no other writer can be at work.
func (t *tx) ReadyTake(ctx context.Context, stepIDs []int64) (taken store.ReadyTaken, err error) {
	if taken.Rows, err = list(ctx, t, "ReadyTake", scanReady, idSet(stepIDs)); err != nil {
		return taken, err
	}
	slices.SortFunc(taken.Rows, func(a, b workflow.ReadyStep) int { return cmp.Compare(a.StepID, b.StepID) })
	steps, tasks := make([]int64, 0, len(taken.Rows)), make([]int64, 0, len(taken.Rows))
	for _, row := range taken.Rows {
		steps, tasks = append(steps, row.StepID), append(tasks, row.TaskID)
	}
	if taken.Tasks, err = t.TaskLock(ctx, tasks); err != nil {
		return taken, err
	}
	taken.Steps, err = t.StepList(ctx, steps)
	return taken, err
}

// ReadyDelete deletes rows of the queue; see store.ReadyWriter.
func (t *tx) ReadyDelete(ctx context.Context, stepIDs []int64) ([]int64, error) {
	deleted, err := list(ctx, t, "ReadyDelete", func(rows *sql.Rows, id *int64) error { return rows.Scan(id) }, idSet(stepIDs))
	slices.Sort(deleted)
	return deleted, err
}
