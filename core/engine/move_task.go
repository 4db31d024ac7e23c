package engine

import (
	"context"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/lifecycle"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// MoveTaskRequest moves a task by one transition of its state machine.
type MoveTaskRequest struct {
	Call
	// The task.
	TaskID int64 `json:"task_id"`
	// The state to go to.
	ToState workflow.State `json:"to_state"`
	// The state that it must be in, else it is a conflict. Absent: any from which the move is legal.
	FromState workflow.State `json:"from_state,omitempty"`
	Person
}

// FinalizeTaskRequest has the end of a task decided.
type FinalizeTaskRequest struct {
	Call
	// The task.
	TaskID int64 `json:"task_id"`
	Person
}

// FinalizeTaskReply is the answer to task_finalize.
type FinalizeTaskReply struct {
	TaskContext
	// Whether its state changed now.
	Changed bool `json:"changed"`
	// Its state before.
	FromState workflow.State `json:"from_state"`
}

// MoveTask moves a task by one legal transition. A task that is in the state
// already is left as it is. What the engine would take back at once, since the
// steps say otherwise (D4), is a conflict.
func (e *Engine) MoveTask(ctx context.Context, r MoveTaskRequest) (reply ActedTask, err error) {
	if err := checkStates(r.ToState, r.FromState); err != nil {
		return reply, err
	}
	err = e.act(ctx, r.CorrelationID, r.Person, func(u *unit) (err error) {
		reply, err = u.moveTo(r)
		return err
	})
	return reply, err
}

// checkStates refuses texts that are no states; the state to come from may be
// absent.
func checkStates(to, from workflow.State) error {
	for path, state := range map[string]workflow.State{"to_state": to, "from_state": from} {
		if !state.Known() && (path == "to_state" || state != "") {
			return fault.New(fault.InvalidRequest, "%q is not a state", state).At(path).
				Advise("Use pending, in_progress, complete, error, cancelled or resolved_manually.")
		}
	}
	return nil
}

func (u *unit) moveTo(r MoveTaskRequest) (ActedTask, error) {
	task, err := u.lockTask(r.TaskID)
	if err != nil {
		return ActedTask{}, err
	}
	if task.State == r.ToState { // of a dirty task the steps may say otherwise
		err = u.conclude()
		return task.actedTask(), err
	}
	if r.FromState != "" && r.FromState != task.State {
		return ActedTask{}, notFrom("task", task.ID, task.State, r.FromState)
	}
	if !lifecycle.TaskAllowed(task.State, r.ToState) {
		return ActedTask{}, lifecycle.TaskRefusal(task.State, r.ToState).At("to_state").With("state", task.State)
	}
	task.reconcile = true
	if err := u.reconcile(); err != nil {
		return ActedTask{}, err
	}
	if err := task.contradicts(r.ToState); err != nil {
		return ActedTask{}, err
	}
	u.moveTask(task, r.ToState, u.who().JSON())
	task.reconcile = true // an ended task has no rows in the queue
	err = u.conclude()    // a foreign writer may have resolved what was open
	return task.actedTask(), err
}

// contradicts tells why the steps of a task, which were counted, do not allow a
// state: complete asks that none is open (state-machines sheet, G1), error that
// the task is blocked, and a way out of error that it is not (D4).
func (t *workTask) contradicts(to workflow.State) error {
	var why, remedy string
	switch {
	case to == workflow.Complete && t.Open > 0:
		why, remedy = "some of its steps are neither complete nor resolved", "Complete or resolve them; the task follows by itself."
	case to == workflow.Error && !t.blocked():
		why, remedy = "its steps can go on", "Cancel the task, or what can still run in it."
	case to == workflow.Pending && t.State == workflow.Error && t.blocked():
		why, remedy = "nothing in it can run", "task_retry retries its failed steps, too; step_retry and step_resolve take single ones."
	default:
		return nil
	}
	return fault.New(fault.Conflict, "task %d cannot go from %s to %s: %s", t.ID, t.State, to, why).At("to_state").
		With("task_id", t.ID).With("state", t.State).With("open_steps", t.Open).Advise("%s", remedy)
}

func notFrom(noun string, id int64, now, expected workflow.State) error {
	return fault.New(fault.Conflict, "%s %d is %s and not %s", noun, id, now, expected).At("from_state").
		With(noun+"_id", id).With("state", now).Advise("Look at its state and decide again.")
}

// FinalizeTask decides from its steps whether a task has ended, which the engine
// otherwise does with each outcome, and answers where it stands. Calling it again
// changes nothing.
func (e *Engine) FinalizeTask(ctx context.Context, r FinalizeTaskRequest) (reply FinalizeTaskReply, err error) {
	var acted ActedTask
	err = e.act(ctx, r.CorrelationID, r.Person, func(u *unit) error {
		task, err := u.lockTask(r.TaskID)
		if err != nil {
			return err
		}
		task.reconcile = true
		err = u.conclude()
		acted = task.actedTask()
		return err
	})
	if err != nil {
		return reply, err
	}
	reply.TaskContext, err = e.GetContext(ctx, ContextRequest{TaskID: r.TaskID})
	reply.Changed, reply.FromState = acted.Changed, acted.FromState
	return reply, err
}
