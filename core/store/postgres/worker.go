package postgres

import (
	"cmp"
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// WorkerList returns all workers by id; see store.WorkerReader.
func (t *tx) WorkerList(ctx context.Context) ([]workflow.Worker, error) {
	return list(ctx, t, "WorkerList", func(rows pgx.Rows, w *workflow.Worker) error { return scanWorker(rows, w) }, store.MaxPage)
}

// WorkerFind returns workers by id; see store.WorkerReader.
func (t *tx) WorkerFind(ctx context.Context, ids []int64) ([]store.WorkerLoad, error) {
	return list(ctx, t, "WorkerFind", func(rows pgx.Rows, w *store.WorkerLoad) error {
		return scanWorker(rows, &w.Worker, &w.Leases)
	}, distinct(ids))
}

// scanWorker scans a worker and what follows it.
func scanWorker(rows pgx.Rows, w *workflow.Worker, more ...any) error {
	err := rows.Scan(append([]any{&w.ID, &w.Name, &w.Host, &w.PID, &w.Language, &w.Routes, instant{&w.StartedAt},
		instant{&w.HeartbeatAt}}, more...)...)
	if len(w.Routes) == 0 {
		w.Routes = nil
	}
	return err
}

// WorkerInsert stores a worker; see store.WorkerWriter.
func (t *tx) WorkerInsert(ctx context.Context, w workflow.Worker) (id int64, err error) {
	err = t.each(ctx, "WorkerInsert", scanID(&id), w.Name, w.Host, w.PID, w.Language, routesOf(w),
		stamp(w.StartedAt), stamp(w.HeartbeatAt))
	return id, err
}

// routesOf returns the routes as they are, never nil.
func routesOf(w workflow.Worker) []int64 { return append([]int64{}, w.Routes...) }

// scanID scans a row that is one id.
func scanID(id *int64) func(pgx.Rows) error {
	return func(rows pgx.Rows) error { return rows.Scan(id) }
}

// WorkerHold keeps a worker's row from being deleted; see store.WorkerWriter.
func (t *tx) WorkerHold(ctx context.Context, id int64) (bool, error) {
	var found int64
	if err := t.ask(ctx, t.store.statements["WorkerHold"], scanID(&found), id); err != nil {
		return false, err
	}
	err := t.patiently(ctx)
	return found != 0, err
}

// WorkerTouch sets heartbeat and routes; see store.WorkerWriter.
func (t *tx) WorkerTouch(ctx context.Context, w workflow.Worker) (bool, error) {
	var found int64
	err := t.each(ctx, "WorkerTouch", scanID(&found), w.ID, stamp(w.HeartbeatAt), routesOf(w))
	return found != 0, err
}

// WorkerDelete removes workers; see store.WorkerWriter.
func (t *tx) WorkerDelete(ctx context.Context, ids []int64) error {
	return t.plan(ctx, "WorkerDelete", distinct(ids))
}

// DirtyExists reports whether the list has an entry; see store.DirtyReader.
func (t *tx) DirtyExists(ctx context.Context) (exists bool, err error) {
	err = t.each(ctx, "DirtyExists", func(rows pgx.Rows) error { return rows.Scan(&exists) })
	return exists, err
}

// DirtyInsert appends tasks to the list; see store.DirtyWriter.
func (t *tx) DirtyInsert(ctx context.Context, taskIDs []int64, at workflow.Instant) error {
	t.news = true
	return t.plan(ctx, "DirtyInsert", append([]int64{}, taskIDs...), stamp(at))
}

// DirtyDelete takes tasks off the list; see store.DirtyWriter.
func (t *tx) DirtyDelete(ctx context.Context, taskIDs []int64) error {
	return t.plan(ctx, "DirtyDelete", distinct(taskIDs))
}

// DirtyTake takes the oldest entries from the list; see store.DirtyWriter.
func (t *tx) DirtyTake(ctx context.Context, limit int) ([]int64, error) {
	type entry struct{ id, task int64 }
	entries, err := list(ctx, t, "DirtyTake", func(rows pgx.Rows, e *entry) error { return rows.Scan(&e.id, &e.task) }, limit)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.id, b.id) })
	var tasks []int64
	for _, e := range entries {
		if !slices.Contains(tasks, e.task) {
			tasks = append(tasks, e.task)
		}
	}
	return tasks, nil
}
