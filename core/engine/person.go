package engine

import (
	"context"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// Person says who asks for a change and why. A change of state keeps both in its
// transition's metadata; any other change in an annotation of the task whose type
// has the name of the operation.
type Person struct {
	// Who, kept in the history; at most 128 characters.
	By string `json:"by,omitempty"`
	// Why, kept in the history; at most 128 characters.
	Reason string `json:"reason,omitempty"`
}

// ActedTask says what became of a task that a person acted on.
type ActedTask struct {
	// The task.
	TaskID int64 `json:"task_id"`
	// False when it was so already and nothing was written.
	Changed bool `json:"changed"`
	// Its state before.
	FromState workflow.State `json:"from_state"`
	// Its state now.
	State workflow.State `json:"state"`
}

func (p Person) check() error {
	if err := checkText("by", p.By); err != nil {
		return err
	}
	return checkText("reason", p.Reason)
}

// act runs what a person asks for as one unit, in which a foreign writer that is
// faster is a conflict and not a matter for the sweep: the answer must be true.
func (e *Engine) act(ctx context.Context, correlation string, person Person, fn func(*unit) error) error {
	if err := person.check(); err != nil {
		return err
	}
	return e.write(ctx, correlation, func(u *unit) error {
		u.person, u.alone = person, true
		return fn(u)
	})
}

// who starts metadata that tells who did it and why.
func (u *unit) who() *workflow.Object { return u.person.sign(u.metadata()) }

func (p Person) sign(meta *workflow.Object) *workflow.Object {
	return meta.TextIf("by", p.By).TextIf("reason", p.Reason)
}

// annotate plans the trace of a change that moves no state.
func (u *unit) annotate(task int64, operation string, value *workflow.Object) {
	u.notes = append(u.notes, store.NewAnnotation{TaskID: task, Type: operation, Value: value.JSON(), At: u.now})
}

// lockTask locks a task and takes it into the unit.
func (u *unit) lockTask(id int64) (*workTask, error) {
	locked, err := u.tx.TaskLock(u.ctx, []int64{id})
	if err != nil {
		return nil, err
	}
	if len(locked) == 0 {
		if _, err := readTask(u.ctx, u.tx, id); err != nil {
			return nil, err
		}
		return nil, notOurs(id).At("task_id")
	}
	err = u.adopt(locked)
	return u.tasks[id], err
}

// notOurs is the answer for a task that another engine created.
func notOurs(task int64) *fault.Error {
	return fault.New(fault.Conflict, "task %d belongs to another engine", task).With("task_id", task).
		Advise("Hand it over with task_adopt.")
}

// lostToOther is the answer when a foreign writer moved the owner between the
// look and the move.
func lostToOther(noun string, id int64) *fault.Error {
	return fault.New(fault.Conflict, "another writer moved %s %d at the same time", noun, id).With(noun+"_id", id).
		Advise("Look at its state and repeat the call if it is still wanted.")
}

// refuseTask is the answer for a task whose state does not allow what was asked.
func refuseTask(task *workTask, verb, remedy string) *fault.Error {
	return fault.New(fault.Conflict, "task %d is %s and cannot be %s", task.ID, task.State, verb).At("task_id").
		With("task_id", task.ID).With("state", task.State).Advise("%s", remedy)
}

// actedTask tells what became of a task.
func (t *workTask) actedTask() ActedTask {
	return ActedTask{TaskID: t.ID, Changed: len(t.hops) > 0, FromState: t.from, State: t.State}
}
