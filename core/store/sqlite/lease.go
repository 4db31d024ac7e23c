package sqlite

import (
	"context"
	"database/sql"

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
		w.and("NOT EXISTS (SELECT 1 FROM tasker_core_workers w WHERE w.worker_id = l.worker_id)")
	}
	limit := filter.Limit
	if limit <= 0 {
		limit = store.MaxPage
	}
	return t.leases(ctx, w, limit)
}

// leasesOf returns the leases of the steps.
func (t *tx) leasesOf(ctx context.Context, stepIDs []int64) ([]workflow.Lease, error) {
	var w where
	w.and("l.step_id IN (SELECT value FROM json_each(?))", idSet(stepIDs))
	return t.leases(ctx, w, max(len(stepIDs), 1))
}

func (t *tx) leases(ctx context.Context, w where, limit int) ([]workflow.Lease, error) {
	var leases []workflow.Lease
	statement := w.complete(t.store.statements["LeaseList"], "\nORDER BY l.step_id\nLIMIT ? + 0")
	err := t.eachText(ctx, statement, appendTo(&leases, scanLease), append(w.args, limit)...)
	return leases, err
}

func scanLease(rows *sql.Rows, l *workflow.Lease) error {
	return rows.Scan(&l.StepID, &l.TaskID, &l.WorkerID, &l.Epoch, &l.Attempt, instant{&l.ClaimedAt}, instant{&l.DeadlineAt})
}

// LeaseInsert adds leases; see store.LeaseWriter.
func (t *tx) LeaseInsert(ctx context.Context, leases []workflow.Lease) error {
	for _, l := range leases {
		_, err := t.exec(ctx, "LeaseInsert", l.StepID, l.TaskID, l.WorkerID, l.Epoch, l.Attempt, stamp(l.ClaimedAt), stamp(l.DeadlineAt))
		if err != nil {
			return err
		}
	}
	return nil
}

// LeaseDelete deletes leases; see store.LeaseWriter.
func (t *tx) LeaseDelete(ctx context.Context, stepIDs []int64) error {
	_, err := t.exec(ctx, "LeaseDelete", idSet(stepIDs))
	return err
}
