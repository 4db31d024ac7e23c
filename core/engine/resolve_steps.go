package engine

import (
	"context"

	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// ResolveStepsRequest says that steps were done by hand.
type ResolveStepsRequest struct {
	Call
	NamedSteps
	// What the steps gave, for their children: any JSON value, stored under {"value": ...} when it is not an object. Absent: the stored results stay.
	Results workflow.JSON `json:"results,omitempty"`
	Person
}

// CancelStepsRequest says that steps shall not be done.
type CancelStepsRequest struct {
	Call
	NamedSteps
	Person
}

// ResolveTaskRequest says that a task that is in error was done by hand.
type ResolveTaskRequest struct {
	Call
	// The task.
	TaskID int64 `json:"task_id"`
	Person
}

// ResolveSteps marks steps as done by hand, with or without results, so that
// their children can run. A worker that has one loses it.
func (e *Engine) ResolveSteps(ctx context.Context, r ResolveStepsRequest) (reply ActedStepsReply, err error) {
	err = e.act(ctx, r.CorrelationID, r.Person, func(u *unit) (err error) {
		reply, err = u.actOnSteps(r.NamedSteps, func(t target) (deed, error) { return u.resolve(t, r.Results) })
		return err
	})
	return reply, err
}

// resolve decides about one step. The columns of an attempt stay, as in the Rails
// engine: nobody attempted anything.
func (u *unit) resolve(t target, given workflow.JSON) (deed, error) {
	if t.step.State == workflow.ResolvedManually {
		return deed{}, nil
	}
	d, meta := deed{}, u.who()
	if len(given) > 0 {
		results, wrapped := asObject(given)
		meta.Flag("wrapped", wrapped)
		d.edit = func(c *store.StepChange) { c.Results = results }
	}
	var ok bool
	if d.hops, ok = u.leadTo(t, workflow.ResolvedManually, meta); !ok {
		return deed{}, t.refuse("resolved")
	}
	return d, nil
}

// CancelSteps cancels steps; what depends on them cannot run any more. A worker
// that has one loses it.
func (e *Engine) CancelSteps(ctx context.Context, r CancelStepsRequest) (reply ActedStepsReply, err error) {
	err = e.act(ctx, r.CorrelationID, r.Person, func(u *unit) (err error) {
		reply, err = u.actOnSteps(r.NamedSteps, u.cancelStep)
		return err
	})
	return reply, err
}

func (u *unit) cancelStep(t target) (deed, error) {
	if t.step.State == workflow.Cancelled {
		return deed{}, nil
	}
	hops, ok := u.leadTo(t, workflow.Cancelled, u.who())
	if !ok {
		return deed{}, t.refuse("cancelled")
	}
	return deed{hops: hops}, nil
}

// ResolveTask ends a task that is in error as done by hand. Its steps stay as
// they are: they tell what happened.
func (e *Engine) ResolveTask(ctx context.Context, r ResolveTaskRequest) (reply ActedTask, err error) {
	err = e.act(ctx, r.CorrelationID, r.Person, func(u *unit) (err error) {
		reply, err = u.resolveTask(r.TaskID)
		return err
	})
	return reply, err
}

func (u *unit) resolveTask(id int64) (ActedTask, error) {
	task, err := u.lockTask(id)
	if err != nil {
		return ActedTask{}, err
	}
	switch task.State {
	case workflow.Error:
		u.moveTask(task, workflow.ResolvedManually, u.who().JSON())
		task.reconcile = true
	case workflow.ResolvedManually:
	case workflow.Pending, workflow.InProgress:
		return ActedTask{}, refuseTask(task, "resolved", "Only a task in error can be resolved; resolve or cancel its steps, or cancel it.")
	default:
		return ActedTask{}, refuseTask(task, "resolved", "An ended task stays as it is.")
	}
	return task.actedTask(), nil
}
