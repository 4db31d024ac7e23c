package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

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
		w.and("coalesce(nullif(c.to_state, ''), 'pending') = ANY(?::text[])", texts(filter.States))
	}
	if filter.Tag != nil {
		w.and("t.tags @> to_jsonb(ARRAY[?::text])", *filter.Tag)
	}
	tail := w.page("t.task_id", filter.Page, len(filter.IDs) > 0)
	var tasks []workflow.Task
	if err := t.ask(ctx, w.complete(t.store.statements["TaskList"], tail), appendTo(&tasks, scanTask), w.args...); err != nil {
		return nil, err
	}
	return tasks, t.flush(ctx)
}

func scanTask(rows pgx.Rows, t *workflow.Task) error {
	return rows.Scan(&t.ID, &t.NamedTaskID, &t.Namespace, &t.Name, &t.Version, (*string)(&t.State), instant{&t.StateSince},
		&t.Complete, instant{&t.RequestedAt}, &t.Initiator, &t.SourceSystem, &t.Reason, &t.BypassSteps, &t.Tags,
		raw(&t.Context), &t.IdentityHash, &t.Priority, &t.Concurrent, instant{&t.StartAt}, instant{&t.CreatedAt},
		instant{&t.UpdatedAt})
}

// TaskIdentify returns the tasks with these hashes; see store.TaskReader.
func (t *tx) TaskIdentify(ctx context.Context, hashes []string) (map[string]int64, error) {
	found := map[string]int64{}
	err := t.each(ctx, "TaskIdentify", func(rows pgx.Rows) error {
		var hash string
		var id int64
		if err := rows.Scan(&hash, &id); err != nil {
			return err
		}
		found[hash] = id
		return nil
	}, append([]string{}, hashes...))
	return found, err
}

// identityIndex keeps identity hashes apart.
const identityIndex = "index_tasks_on_identity_hash"

// TaskInsert stores new tasks; see store.TaskWriter.
func (t *tx) TaskInsert(ctx context.Context, tasks []store.NewTask) ([]int64, error) {
	t.news = true
	ids, err := list(ctx, t, "TaskInsert", func(rows pgx.Rows, id *int64) error { return rows.Scan(id) },
		column(tasks, func(n *store.NewTask) int64 { return n.NamedTaskID }),
		column(tasks, func(n *store.NewTask) pgtype.Timestamp { return stamp(n.RequestedAt) }),
		column(tasks, func(n *store.NewTask) string { return n.Initiator }),
		column(tasks, func(n *store.NewTask) string { return n.SourceSystem }),
		column(tasks, func(n *store.NewTask) string { return n.Reason }),
		column(tasks, func(n *store.NewTask) string { return stringArray(n.BypassSteps) }),
		column(tasks, func(n *store.NewTask) string { return stringArray(n.Tags) }),
		column(tasks, func(n *store.NewTask) *string { return text(n.Context) }),
		column(tasks, func(n *store.NewTask) string { return n.IdentityHash }),
		column(tasks, func(n *store.NewTask) pgtype.Timestamp { return stamp(n.At) }))
	if violates(err, identityIndex) {
		t.failed = fault.Wrap(fault.Duplicate, err, "a task with this identity exists already")
		return nil, t.failed
	}
	if err != nil {
		return nil, err
	}
	return ids, t.plan(ctx, "TaskInsertCore", ids,
		column(tasks, func(n *store.NewTask) int { return n.Open }),
		column(tasks, func(n *store.NewTask) int { return n.Running }),
		column(tasks, func(n *store.NewTask) int { return n.Waiting }),
		column(tasks, func(n *store.NewTask) int { return n.Stuck }),
		column(tasks, func(n *store.NewTask) int { return n.Priority }),
		column(tasks, func(n *store.NewTask) bool { return n.Concurrent }),
		column(tasks, func(n *store.NewTask) int64 { return n.NamespaceID }),
		column(tasks, func(n *store.NewTask) pgtype.Timestamp { return stamp(n.StartAt) }))
}

// TaskLock locks tasks and reads them; see store.TaskWriter.
func (t *tx) TaskLock(ctx context.Context, ids []int64) (locks []workflow.TaskLock, err error) {
	wanted := distinct(ids)
	if err := t.plan(ctx, "TaskLockRows", wanted); err != nil {
		return nil, err
	}
	if err := t.ask(ctx, t.store.statements["TaskLock"], appendTo(&locks, scanTaskLock), wanted); err != nil {
		return nil, err
	}
	err = t.patiently(ctx)
	return locks, err
}

func scanTaskLock(rows pgx.Rows, l *workflow.TaskLock) error {
	return rows.Scan(&l.ID, &l.NamedTaskID, &l.NamespaceID, &l.Priority, &l.Concurrent, instant{&l.StartAt}, &l.Version,
		&l.Open, &l.Running, &l.Waiting, &l.Stuck, (*string)(&l.State), &l.TransitionID, &l.Complete, &l.Dirty)
}

// TaskMove moves tasks by compare-and-set; see store.TaskWriter.
func (t *tx) TaskMove(ctx context.Context, moves []store.Move) ([]store.Moved, error) {
	return t.move(ctx, moves, "TaskMove")
}

// move carries out moves with the statement of one kind of owner.
func (t *tx) move(ctx context.Context, moves []store.Move, statement string) ([]store.Moved, error) {
	t.news = true
	args, hops, err := moveArguments(moves)
	if err != nil {
		return nil, err
	}
	var moved []store.Moved
	rowsOf := map[int64]int{}
	err = t.each(ctx, statement, func(rows pgx.Rows) error {
		var m store.Moved
		var last bool
		if err := rows.Scan(&m.TransitionID, &m.OwnerID, &last); err != nil {
			return err
		}
		rowsOf[m.OwnerID]++
		if last {
			moved = append(moved, m)
		}
		return nil
	}, args...)
	if err != nil {
		return nil, err
	}
	return moved, t.wholePaths(rowsOf, hops)
}

// wholePaths makes sure that an owner got every row of its path or none. Part of
// it means that a foreign writer has added the owner's first row at the same
// time; looking again is the only way to know better.
func (t *tx) wholePaths(rowsOf, hops map[int64]int) error {
	for owner, rows := range rowsOf {
		if rows != hops[owner] {
			t.failed = fault.Wrap(fault.Conflict, errLostRace, "%d was moved by another writer at the same time", owner)
			return t.failed
		}
	}
	return nil
}

// moveArguments turns moves into the arrays of a move statement, and counts the
// hops of each owner. Of several moves of one owner only the first can win.
func moveArguments(moves []store.Move) (args []any, hops map[int64]int, err error) {
	var owners, expected, hopOwners []int64
	var at []pgtype.Timestamp
	var numbers []int
	var from, to, metadata []string
	var last []bool
	hops = make(map[int64]int, len(moves))
	for i := range moves {
		m := &moves[i]
		if len(m.Path) == 0 {
			return nil, nil, fault.New(fault.Internal, "a move of %d leads nowhere", m.OwnerID)
		}
		if hops[m.OwnerID] > 0 {
			continue
		}
		hops[m.OwnerID] = len(m.Path)
		owners, expected, at = append(owners, m.OwnerID), append(expected, m.ExpectedID), append(at, stamp(m.At))
		before := m.From
		for n, hop := range m.Path {
			hopOwners, numbers = append(hopOwners, m.OwnerID), append(numbers, n+1)
			from, to = append(from, string(before)), append(to, string(hop.To))
			metadata, last = append(metadata, string(hop.Metadata.Or("{}"))), append(last, n == len(m.Path)-1)
			before = hop.To
		}
	}
	return []any{owners, expected, at, hopOwners, numbers, from, to, metadata, last}, hops, nil
}

// TaskChange writes counters and flags; see store.TaskWriter.
func (t *tx) TaskChange(ctx context.Context, changes []store.TaskChange) error {
	ids := column(changes, func(c *store.TaskChange) int64 { return c.ID })
	err := t.plan(ctx, "TaskChange", ids,
		column(changes, func(c *store.TaskChange) int { return c.Open }),
		column(changes, func(c *store.TaskChange) int { return c.Running }),
		column(changes, func(c *store.TaskChange) int { return c.Waiting }),
		column(changes, func(c *store.TaskChange) int { return c.Stuck }))
	if err != nil {
		return err
	}
	return t.plan(ctx, "TaskChangeComplete", ids,
		column(changes, func(c *store.TaskChange) bool { return c.Complete }),
		column(changes, func(c *store.TaskChange) pgtype.Timestamp { return stamp(c.At) }))
}

// TaskEdit writes what a person may change; see store.TaskWriter.
func (t *tx) TaskEdit(ctx context.Context, edits []store.TaskEdit) error {
	ids := column(edits, func(e *store.TaskEdit) int64 { return e.ID })
	err := t.plan(ctx, "TaskEdit", ids,
		column(edits, func(e *store.TaskEdit) *string { return e.Reason }),
		column(edits, func(e *store.TaskEdit) *string {
			if e.Tags == nil {
				return nil
			}
			tags := stringArray(e.Tags)
			return &tags
		}),
		column(edits, func(e *store.TaskEdit) pgtype.Timestamp { return stamp(e.At) }))
	if err != nil {
		return err
	}
	return t.plan(ctx, "TaskEditCore", ids, column(edits, func(e *store.TaskEdit) *int { return e.Priority }))
}

// TaskAdopt gives rows of ours to tasks; see store.TaskWriter. Two that adopt at
// once: the second waits for the first and finds the rows.
func (t *tx) TaskAdopt(ctx context.Context, adoptions []store.Adoption) ([]int64, error) {
	t.news = true
	adopted, err := list(ctx, t, "TaskAdopt", func(rows pgx.Rows, id *int64) error { return rows.Scan(id) },
		column(adoptions, func(a *store.Adoption) int64 { return a.TaskID }),
		column(adoptions, func(a *store.Adoption) int { return a.Priority }),
		column(adoptions, func(a *store.Adoption) bool { return a.Concurrent }))
	if err != nil || len(adopted) == 0 {
		return nil, err
	}
	if err := t.plan(ctx, "TaskAdoptRoutes", adopted, stamp(adoptions[0].At)); err != nil {
		return nil, err
	}
	if err := t.flush(ctx); violates(err, "") {
		t.failed = fault.Wrap(fault.Conflict, errLostRace, "another process creates the same routes")
		return nil, t.failed
	} else if err != nil {
		return nil, err
	}
	return distinct(adopted), nil
}
