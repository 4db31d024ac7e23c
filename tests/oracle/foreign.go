package oracle

import (
	"fmt"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// foreignStep is a move of a step past the engine, with the columns that the
// Rails engine writes beside it and the dirty entry that the triggers write.
type foreignStep struct{ step, target int }

func (f foreignStep) apply(p *party) string {
	all := p.model.steps()
	s := all[f.step%len(all)]
	from := s.state()
	targets := foreignMoves[from]
	if len(targets) == 0 {
		return fmt.Sprintf("a foreign writer looks at %s", s)
	}
	to := targets[f.target%len(targets)]
	p.foreignWrite(s, func(tx store.Tx, row *workflow.Step) error {
		moved, err := tx.StepMove(ctx(), []store.Move{{OwnerID: row.ID, ExpectedID: row.TransitionID, From: from,
			Path: []store.Hop{{To: to}}, At: at(p.now)}})
		if err == nil && len(moved) != 1 {
			return fmt.Errorf("step %d did not move", row.ID)
		}
		return err
	})
	p.model.foreign(s, to)
	p.foreignWrite(s, func(tx store.Tx, row *workflow.Step) error {
		return tx.StepChange(ctx(), []store.StepChange{{ID: row.ID, Retryable: row.Retryable, InProcess: s.inProcess,
			Processed: s.processed, ProcessedAt: at(s.processedAt), Attempts: s.attempts, LastAttemptedAt: at(s.lastAttempt),
			BackoffSeconds: row.BackoffSeconds, At: at(p.now)}})
	})
	return fmt.Sprintf("a foreign writer moves %s from %s to %s", s, from, to)
}

// foreignWrite changes a step and marks its task dirty.
func (p *party) foreignWrite(s *step, change func(store.Tx, *workflow.Step) error) {
	require.NoError(p.scope, p.db.Write(ctx(), func(tx store.Tx) error {
		rows, err := tx.StepList(ctx(), []int64{p.stepIDs[s]})
		if err != nil {
			return err
		}
		if err := change(tx, &rows[0]); err != nil {
			return err
		}
		return tx.DirtyInsert(ctx(), []int64{rows[0].TaskID}, at(p.now))
	}))
	s.task.dirty = true
}

// foreignWait takes a step's wait away, as a person does who cannot wait.
type foreignWait struct{ step int }

func (f foreignWait) apply(p *party) string {
	var waiting []*step
	for _, s := range p.model.steps() {
		if s.backoff != nil && s.state() == workflow.Error {
			waiting = append(waiting, s)
		}
	}
	if len(waiting) == 0 {
		return "no step waits for a foreign writer"
	}
	s := waiting[f.step%len(waiting)]
	s.backoff = nil
	p.foreignWrite(s, func(tx store.Tx, row *workflow.Step) error {
		return tx.StepChange(ctx(), []store.StepChange{{ID: row.ID, Retryable: row.Retryable, InProcess: row.InProcess,
			Processed: row.Processed, ProcessedAt: row.ProcessedAt, Attempts: row.Tries(), LastAttemptedAt: row.LastAttemptedAt,
			At: at(p.now)}})
	})
	return fmt.Sprintf("a foreign writer ends the wait of %s", s)
}

// foreignCancel cancels a task as the Rails engine does: the task's row alone.
type foreignCancel struct{ task int }

func (f foreignCancel) apply(p *party) string {
	t := p.tasks[f.task%len(p.tasks)]
	from := t.state()
	if from != workflow.Pending && from != workflow.InProgress {
		return fmt.Sprintf("a foreign writer cannot cancel %s", t)
	}
	require.NoError(p.scope, p.db.Write(ctx(), func(tx store.Tx) error {
		locks, err := tx.TaskLock(ctx(), []int64{p.taskIDs[t]})
		if err != nil {
			return err
		}
		moved, err := tx.TaskMove(ctx(), []store.Move{{OwnerID: locks[0].ID, ExpectedID: locks[0].TransitionID, From: from,
			Path: []store.Hop{{To: workflow.Cancelled}}, At: at(p.now)}})
		if err == nil && len(moved) != 1 {
			return fmt.Errorf("task %d did not move", locks[0].ID)
		}
		if err != nil {
			return err
		}
		return tx.DirtyInsert(ctx(), []int64{locks[0].ID}, at(p.now))
	}))
	t.move(p.now, false, workflow.Cancelled)
	t.dirty = true
	return fmt.Sprintf("a foreign writer cancels %s", t)
}
