package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"slices"

	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// WorkerList returns all workers by id; see store.WorkerReader.
func (t *tx) WorkerList(ctx context.Context) ([]workflow.Worker, error) {
	return list(ctx, t, "WorkerList", func(rows *sql.Rows, w *workflow.Worker) error { return scanWorker(rows, w) }, store.MaxPage)
}

// WorkerFind returns workers by id; see store.WorkerReader.
func (t *tx) WorkerFind(ctx context.Context, ids []int64) ([]store.WorkerLoad, error) {
	return list(ctx, t, "WorkerFind", func(rows *sql.Rows, w *store.WorkerLoad) error {
		return scanWorker(rows, &w.Worker, &w.Leases)
	}, idSet(ids))
}

// scanWorker scans a worker and what follows it.
func scanWorker(rows *sql.Rows, w *workflow.Worker, more ...any) error {
	var routes string
	err := rows.Scan(append([]any{&w.ID, &w.Name, &w.Host, &w.PID, &w.Language, &routes, instant{&w.StartedAt},
		instant{&w.HeartbeatAt}}, more...)...)
	if err != nil {
		return err
	}
	w.Routes, err = parseIDs(routes)
	return err
}

// WorkerInsert stores a worker; see store.WorkerWriter.
func (t *tx) WorkerInsert(ctx context.Context, w workflow.Worker) (int64, error) {
	return t.insert(ctx, "WorkerInsert", w.Name, w.Host, w.PID, w.Language, idArray(w.Routes), stamp(w.StartedAt), stamp(w.HeartbeatAt))
}

// WorkerHold reports whether a worker exists; see store.WorkerWriter. Nobody
// can delete it meanwhile, since no other writer can be at work.
func (t *tx) WorkerHold(ctx context.Context, id int64) (exists bool, err error) {
	err = t.each(ctx, "WorkerHold", func(rows *sql.Rows) error { return rows.Scan(&exists) }, id)
	return exists, err
}

// WorkerTouch sets heartbeat and routes; see store.WorkerWriter.
func (t *tx) WorkerTouch(ctx context.Context, w workflow.Worker) (bool, error) {
	result, err := t.exec(ctx, "WorkerTouch", w.ID, stamp(w.HeartbeatAt), idArray(w.Routes))
	if err != nil {
		return false, err
	}
	touched, err := result.RowsAffected()
	return touched > 0, err
}

// WorkerDelete removes workers; see store.WorkerWriter.
func (t *tx) WorkerDelete(ctx context.Context, ids []int64) error {
	_, err := t.exec(ctx, "WorkerDelete", idSet(ids))
	return err
}

// DirtyExists reports whether the list has an entry; see store.DirtyReader.
func (t *tx) DirtyExists(ctx context.Context) (exists bool, err error) {
	err = t.each(ctx, "DirtyExists", func(rows *sql.Rows) error { return rows.Scan(&exists) })
	return exists, err
}

// DirtyInsert appends tasks to the list; see store.DirtyWriter.
func (t *tx) DirtyInsert(ctx context.Context, taskIDs []int64, at workflow.Instant) error {
	for _, id := range taskIDs {
		if _, err := t.exec(ctx, "DirtyInsert", id, stamp(at)); err != nil {
			return err
		}
	}
	return nil
}

// DirtyDelete takes tasks off the list; see store.DirtyWriter.
func (t *tx) DirtyDelete(ctx context.Context, taskIDs []int64) error {
	_, err := t.exec(ctx, "DirtyDelete", idSet(taskIDs))
	return err
}

// DirtyTake takes the oldest entries from the list; see store.DirtyWriter.
func (t *tx) DirtyTake(ctx context.Context, limit int) ([]int64, error) {
	type entry struct{ id, task int64 }
	entries, err := list(ctx, t, "DirtyTake", func(rows *sql.Rows, e *entry) error { return rows.Scan(&e.id, &e.task) }, limit)
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
