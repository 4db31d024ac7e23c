package sqlite

import (
	"context"
	"database/sql"
	"errors"

	sqlite3 "github.com/mattn/go-sqlite3"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// TaskList returns tasks by id; see store.TaskReader.
func (t *tx) TaskList(ctx context.Context, filter store.TaskFilter) ([]workflow.Task, error) {
	var w where
	w.among("t.task_id", filter.IDs)
	w.equal("ns.name", filter.Namespace)
	w.equal("nt.name", filter.Name)
	w.equal("nt.version", filter.Version)
	w.instant("t.created_at", ">", filter.CreatedAfter)
	w.instant("t.created_at", "<", filter.CreatedBefore)
	if len(filter.States) > 0 {
		w.and("coalesce(nullif(c.to_state, ''), 'pending') IN (SELECT value FROM json_each(?))", stringArray(filter.States))
	}
	if filter.Tag != nil {
		w.and("EXISTS (SELECT 1 FROM json_each(t.tags) tag WHERE tag.value = ?)", *filter.Tag)
	}
	unbounded := len(filter.IDs) > 0
	tail := w.page("t.task_id", filter.Page, unbounded)
	if !unbounded {
		w.args = append(w.args, filter.Page.Capped())
	}
	var tasks []workflow.Task
	err := t.eachText(ctx, w.complete(t.store.statements["TaskList"], tail), appendTo(&tasks, scanTask), w.args...)
	return tasks, err
}

func scanTask(rows *sql.Rows, t *workflow.Task) error {
	return rows.Scan(&t.ID, &t.NamedTaskID, &t.Namespace, &t.Name, &t.Version, &t.State, instant{&t.StateSince},
		&t.Complete, instant{&t.RequestedAt}, &t.Initiator, &t.SourceSystem, &t.Reason, stringList{&t.BypassSteps},
		stringList{&t.Tags}, raw(&t.Context), &t.IdentityHash, &t.Priority, &t.Concurrent, instant{&t.StartAt},
		instant{&t.CreatedAt}, instant{&t.UpdatedAt})
}

// TaskIdentify returns the tasks with these hashes; see store.TaskReader.
func (t *tx) TaskIdentify(ctx context.Context, hashes []string) (map[string]int64, error) {
	found := map[string]int64{}
	err := t.each(ctx, "TaskIdentify", func(rows *sql.Rows) error {
		var hash string
		var id int64
		if err := rows.Scan(&hash, &id); err != nil {
			return err
		}
		found[hash] = id
		return nil
	}, stringArray(hashes))
	return found, err
}

// TaskInsert stores new tasks; see store.TaskWriter.
func (t *tx) TaskInsert(ctx context.Context, tasks []store.NewTask) ([]int64, error) {
	ids := make([]int64, 0, len(tasks))
	for i := range tasks {
		n := &tasks[i]
		id, err := t.insert(ctx, "TaskInsert", n.NamedTaskID, stamp(n.RequestedAt), n.Initiator, n.SourceSystem, n.Reason,
			stringArray(n.BypassSteps), stringArray(n.Tags), text(n.Context), n.IdentityHash, stamp(n.At))
		if err != nil {
			return nil, t.duplicate(ctx, err, n.IdentityHash)
		}
		_, err = t.exec(ctx, "TaskInsertCore", id, n.Open, n.Running, n.Waiting, n.Stuck, n.Priority, n.Concurrent, n.NamespaceID,
			stamp(n.StartAt))
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// duplicate names the task that has the identity hash already.
func (t *tx) duplicate(ctx context.Context, err error, hash string) error {
	var cause *fault.Error
	if !errors.As(err, &cause) || !violates(cause.Err, sqlite3.ErrConstraintUnique) {
		return err
	}
	found, identifyErr := t.TaskIdentify(ctx, []string{hash})
	if identifyErr != nil {
		return identifyErr
	}
	return fault.Wrap(fault.Duplicate, err, "a task with this identity exists already").
		With("task_id", found[hash]).With("identity_hash", hash)
}

// TaskLock reads tasks that this transaction has locked; see store.TaskWriter.
func (t *tx) TaskLock(ctx context.Context, ids []int64) ([]workflow.TaskLock, error) {
	return list(ctx, t, "TaskLock", func(rows *sql.Rows, l *workflow.TaskLock) error {
		return rows.Scan(&l.ID, &l.NamedTaskID, &l.NamespaceID, &l.Priority, &l.Concurrent, instant{&l.StartAt}, &l.Version,
			&l.Open, &l.Running, &l.Waiting, &l.Stuck, &l.State, &l.TransitionID, &l.Complete, &l.Dirty)
	}, idSet(ids))
}

// TaskMove moves tasks by compare-and-set; see store.TaskWriter.
func (t *tx) TaskMove(ctx context.Context, moves []store.Move) ([]store.Moved, error) {
	return t.move(ctx, moves, "TaskMoveClear", "TaskMove")
}

// TaskChange writes counters and flags; see store.TaskWriter.
func (t *tx) TaskChange(ctx context.Context, changes []store.TaskChange) error {
	for _, c := range changes {
		result, err := t.exec(ctx, "TaskChange", c.ID, c.Open, c.Running, c.Waiting, c.Stuck)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n != 1 {
			return fault.Wrap(fault.Internal, err, "task %d was changed without being locked", c.ID)
		}
		if _, err := t.exec(ctx, "TaskChangeComplete", c.ID, c.Complete, stamp(c.At)); err != nil {
			return err
		}
	}
	return nil
}

// TaskEdit writes what a person may change; see store.TaskWriter.
func (t *tx) TaskEdit(ctx context.Context, edits []store.TaskEdit) error {
	for _, e := range edits {
		var tags any
		if e.Tags != nil {
			tags = stringArray(e.Tags)
		}
		if _, err := t.exec(ctx, "TaskEdit", e.ID, e.Reason, tags, stamp(e.At)); err != nil {
			return err
		}
		if _, err := t.exec(ctx, "TaskEditCore", e.ID, e.Priority); err != nil {
			return err
		}
	}
	return nil
}

// TaskAdopt gives rows of ours to tasks; see store.TaskWriter.
func (t *tx) TaskAdopt(ctx context.Context, adoptions []store.Adoption) ([]int64, error) {
	var adopted []int64
	for _, a := range adoptions {
		result, err := t.exec(ctx, "TaskAdopt", idArray([]int64{a.TaskID}), a.Priority, a.Concurrent)
		if err != nil {
			return nil, err
		}
		n, err := result.RowsAffected()
		if err != nil {
			return nil, err
		}
		if n > 0 {
			adopted = append(adopted, a.TaskID)
		}
	}
	if len(adopted) == 0 {
		return nil, nil
	}
	_, err := t.exec(ctx, "TaskAdoptRoutes", idArray(adopted), stamp(adoptions[0].At))
	return distinct(adopted), err
}
