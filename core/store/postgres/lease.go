package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// LeaseList returns leases by step id; see store.LeaseReader.
func (t *tx) LeaseList(ctx context.Context, filter store.LeaseFilter) ([]workflow.Lease, error) {
	var w where
	w.among("l.worker_id", filter.WorkerIDs)
	w.among("l.task_id", filter.TaskIDs)
	w.instant("l.deadline_at", "<", filter.DeadlineBefore)
	if filter.Orphaned {
		w.and("NOT EXISTS (SELECT 1 FROM " + render("{schema}.tasker_core_workers", t.store.options.Schema) +
			" w WHERE w.worker_id = l.worker_id)")
	}
	limit := filter.Limit
	if limit <= 0 {
		limit = store.MaxPage
	}
	var leases []workflow.Lease
	statement := w.complete(t.store.statements["LeaseList"], "\nORDER BY l.step_id"+w.limit(limit))
	if err := t.ask(ctx, statement, appendTo(&leases, scanLease), w.args...); err != nil {
		return nil, err
	}
	return leases, t.flush(ctx)
}

func scanLease(rows pgx.Rows, l *workflow.Lease) error {
	return rows.Scan(&l.StepID, &l.TaskID, &l.WorkerID, &l.Epoch, &l.Attempt, instant{&l.ClaimedAt}, instant{&l.DeadlineAt})
}

// LeaseInsert adds leases; see store.LeaseWriter.
func (t *tx) LeaseInsert(ctx context.Context, leases []workflow.Lease) error {
	return t.plan(ctx, "LeaseInsert",
		column(leases, func(l *workflow.Lease) int64 { return l.StepID }),
		column(leases, func(l *workflow.Lease) int64 { return l.TaskID }),
		column(leases, func(l *workflow.Lease) int64 { return l.WorkerID }),
		column(leases, func(l *workflow.Lease) int64 { return l.Epoch }),
		column(leases, func(l *workflow.Lease) int { return l.Attempt }),
		column(leases, func(l *workflow.Lease) pgtype.Timestamp { return stamp(l.ClaimedAt) }),
		column(leases, func(l *workflow.Lease) pgtype.Timestamp { return stamp(l.DeadlineAt) }))
}

// LeaseDelete deletes leases; see store.LeaseWriter.
func (t *tx) LeaseDelete(ctx context.Context, stepIDs []int64) error {
	return t.plan(ctx, "LeaseDelete", distinct(stepIDs))
}
