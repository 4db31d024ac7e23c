package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"slices"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// StepList returns steps; see store.StepReader.
func (t *tx) StepList(ctx context.Context, ids []int64) ([]workflow.Step, error) {
	return list(ctx, t, "StepList", scanStep, idSet(ids))
}

// StepListByTask returns the steps of tasks; see store.StepReader.
func (t *tx) StepListByTask(ctx context.Context, taskIDs []int64) ([]workflow.Step, error) {
	return list(ctx, t, "StepListByTask", scanStep, idSet(taskIDs))
}

func scanStep(rows *sql.Rows, s *workflow.Step) error {
	return rows.Scan(&s.ID, &s.TaskID, &s.NamedStepID, &s.RouteID, &s.Name,
		&s.State, &s.TransitionID, instant{&s.StateSince}, raw(&s.StateMetadata), &s.Retryable,
		&s.RetryLimit, &s.InProcess, &s.Processed, instant{&s.ProcessedAt}, &s.Attempts, instant{&s.LastAttemptedAt},
		&s.BackoffSeconds, raw(&s.Inputs), raw(&s.Results), &s.Skippable, instant{&s.CreatedAt}, instant{&s.UpdatedAt})
}

// EdgeListByTask returns the edges into steps of tasks; see store.StepReader.
func (t *tx) EdgeListByTask(ctx context.Context, taskIDs []int64) ([]workflow.Edge, error) {
	return list(ctx, t, "EdgeListByTask", func(rows *sql.Rows, e *workflow.Edge) error {
		return rows.Scan(&e.ID, &e.From, &e.To, &e.Name)
	}, idSet(taskIDs))
}

// ChildList returns the steps below steps; see store.StepReader.
func (t *tx) ChildList(ctx context.Context, parentIDs []int64) ([]store.Child, error) {
	satisfied := map[int64]bool{}
	var ids []int64
	err := t.each(ctx, "ChildList", func(rows *sql.Rows) error {
		var id int64
		var met bool
		if err := rows.Scan(&id, &met); err != nil {
			return err
		}
		ids, satisfied[id] = append(ids, id), met
		return nil
	}, idSet(parentIDs))
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	steps, err := t.StepList(ctx, ids)
	if err != nil {
		return nil, err
	}
	children := make([]store.Child, 0, len(steps))
	for _, step := range steps {
		children = append(children, store.Child{Step: step, Satisfied: satisfied[step.ID]})
	}
	slices.SortFunc(children, func(a, b store.Child) int { return cmp.Compare(a.Step.ID, b.Step.ID) })
	return children, nil
}

// ParentList returns the steps above steps; see store.StepReader.
func (t *tx) ParentList(ctx context.Context, stepIDs []int64) ([]store.Parent, error) {
	return list(ctx, t, "ParentList", func(rows *sql.Rows, p *store.Parent) error {
		return rows.Scan(&p.ChildID, &p.StepID, &p.Name, &p.State, raw(&p.StateMetadata), raw(&p.Results))
	}, idSet(stepIDs))
}

// StepInsert stores steps; see store.StepWriter.
func (t *tx) StepInsert(ctx context.Context, steps []store.NewStep) ([]int64, error) {
	ids := make([]int64, 0, len(steps))
	for i := range steps {
		n := &steps[i]
		id, err := t.insert(ctx, "StepInsert", n.TaskID, n.NamedStepID, n.Retryable, n.RetryLimit, text(n.Inputs),
			n.Skippable, stamp(n.At))
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// EdgeInsert stores edges; see store.StepWriter.
func (t *tx) EdgeInsert(ctx context.Context, edges []store.NewEdge) error {
	for _, e := range edges {
		if _, err := t.exec(ctx, "EdgeInsert", e.From, e.To, workflow.Provides, stamp(e.At)); err != nil {
			return err
		}
	}
	return nil
}

// StepLock reads steps with their tasks and leases; see store.StepWriter.
func (t *tx) StepLock(ctx context.Context, stepIDs []int64) (found store.StepLocked, err error) {
	if found.Steps, err = t.StepList(ctx, stepIDs); err != nil {
		return found, err
	}
	if found.Tasks, err = t.TaskLock(ctx, tasksOf(found.Steps)); err != nil {
		return found, err
	}
	found.Leases, err = t.leasesOf(ctx, stepIDs)
	return found, err
}

func tasksOf(steps []workflow.Step) []int64 {
	ids := make([]int64, 0, len(steps))
	for i := range steps {
		ids = append(ids, steps[i].TaskID)
	}
	return ids
}

// StepMove moves steps by compare-and-set; see store.StepWriter.
func (t *tx) StepMove(ctx context.Context, moves []store.Move) ([]store.Moved, error) {
	return t.move(ctx, moves, "StepMoveClear", "StepMove")
}

// move carries out moves with the statements of one kind of owner.
func (t *tx) move(ctx context.Context, moves []store.Move, clearing, inserting string) ([]store.Moved, error) {
	moved := make([]store.Moved, 0, len(moves))
	for i := range moves {
		id, err := t.moveOne(ctx, &moves[i], clearing, inserting)
		if err != nil {
			return nil, err
		}
		if id != 0 {
			moved = append(moved, store.Moved{OwnerID: moves[i].OwnerID, TransitionID: id})
		}
	}
	return moved, nil
}

// moveOne takes the flag from the expected row, which the unique index on the
// flag wants to be first, then adds the rows of the path. It returns the id of
// the last, 0 when the expected row is not current.
func (t *tx) moveOne(ctx context.Context, m *store.Move, clearing, inserting string) (id int64, err error) {
	at := stamp(m.At)
	if len(m.Path) == 0 {
		return 0, fault.New(fault.Internal, "a move of %d leads nowhere", m.OwnerID)
	}
	if m.ExpectedID != 0 {
		result, err := t.exec(ctx, clearing, m.ExpectedID, m.OwnerID, at)
		if err != nil {
			return 0, err
		}
		if cleared, err := result.RowsAffected(); err != nil || cleared == 0 {
			return 0, err
		}
	}
	from := m.From
	for i, hop := range m.Path {
		last := i == len(m.Path)-1
		result, err := t.exec(ctx, inserting, m.OwnerID, state(from), string(hop.To), string(hop.Metadata.Or("{}")), last, at)
		if err != nil {
			return 0, err
		}
		if inserted, err := result.RowsAffected(); err != nil || inserted == 0 {
			return 0, err
		}
		if id, err = result.LastInsertId(); err != nil {
			return 0, err
		}
		from = hop.To
	}
	return id, nil
}

// StepChange writes the columns of steps; see store.StepWriter.
func (t *tx) StepChange(ctx context.Context, changes []store.StepChange) error {
	for i := range changes {
		c := &changes[i]
		_, err := t.exec(ctx, "StepChange", c.ID, c.Retryable, c.InProcess, c.Processed, stamp(c.ProcessedAt), c.Attempts,
			stamp(c.LastAttemptedAt), c.BackoffSeconds, text(c.Results), stamp(c.At))
		if err != nil {
			return err
		}
	}
	return nil
}

// StepEdit writes what a person may change; see store.StepWriter.
func (t *tx) StepEdit(ctx context.Context, edits []store.StepEdit) error {
	for _, e := range edits {
		if _, err := t.exec(ctx, "StepEdit", e.ID, e.RetryLimit, text(e.Inputs), stamp(e.At)); err != nil {
			return err
		}
	}
	return nil
}
