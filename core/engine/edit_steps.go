package engine

import (
	"bytes"
	"context"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/template"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// UpdateStepsRequest changes what steps are tried with.
type UpdateStepsRequest struct {
	Call
	NamedSteps
	// Attempts allowed in total, 0 to 10000; 0 and 1 both mean one. Absent: as it is.
	RetryLimit *int `json:"retry_limit,omitempty"`
	// What the handler of the next attempt is given instead of the task's context: any JSON value. Absent: as it is.
	Inputs workflow.JSON `json:"inputs,omitempty"`
	Person
}

// ResetStepsRequest gives steps their attempts back.
type ResetStepsRequest struct {
	Call
	NamedSteps
	Person
}

// Names of the annotation types under which edits leave their trace: those of the
// operations.
const (
	traceStepUpdate = "step_update"
	traceStepReset  = "step_reset"
	traceTaskUpdate = "task_update"
)

// UpdateSteps changes retry limit and inputs of steps that have not ended. A step
// that was exhausted goes on when its limit leaves it an attempt, and its task
// with it.
func (e *Engine) UpdateSteps(ctx context.Context, r UpdateStepsRequest) (reply ActedStepsReply, err error) {
	if r.RetryLimit == nil && len(r.Inputs) == 0 {
		return reply, fault.New(fault.InvalidRequest, "neither retry_limit nor inputs is given").At("retry_limit").
			Advise("Give one of them or both.")
	}
	if r.RetryLimit != nil {
		if err := checkRange("retry_limit", int64(*r.RetryLimit), 0, template.MaxRetryLimit); err != nil {
			return reply, err
		}
	}
	err = e.act(ctx, r.CorrelationID, r.Person, func(u *unit) (err error) {
		reply, err = u.actOnSteps(r.NamedSteps, func(t target) (deed, error) { return u.update(t, r) })
		return err
	})
	return reply, err
}

// update decides about one step; what was there before is kept in the trace.
func (u *unit) update(t target, r UpdateStepsRequest) (deed, error) {
	if t.step.State.Ended() {
		return deed{}, t.refuse("edited")
	}
	edit := store.StepEdit{ID: t.step.ID, At: u.now}
	trace := u.trace(t)
	changed := false
	if limit := r.RetryLimit; limit != nil && (t.step.RetryLimit == nil || *t.step.RetryLimit != *limit) {
		edit.RetryLimit, changed = limit, true
		was := (&workflow.Object{}).Raw("from", integerOrNull(t.step.RetryLimit)).Int("to", int64(*limit))
		trace.Raw("retry_limit", was.JSON())
	}
	if len(r.Inputs) > 0 && !bytes.Equal(r.Inputs, t.step.Inputs) {
		edit.Inputs, changed = r.Inputs, true
		trace.Raw("inputs", (&workflow.Object{}).Raw("from", t.step.Inputs).JSON())
	}
	if !changed {
		return deed{}, nil
	}
	return deed{also: func() error {
		u.annotate(t.step.TaskID, traceStepUpdate, trace)
		return u.tx.StepEdit(u.ctx, []store.StepEdit{edit})
	}}, nil
}

// trace starts the annotation of an edit.
func (u *unit) trace(t target) *workflow.Object {
	return u.who().Int("step_id", t.step.ID).Text("step", t.step.Name)
}

func integerOrNull(n *int) workflow.JSON {
	if n == nil {
		return nil
	}
	return workflow.JSON((&workflow.Object{}).Int("n", int64(*n)).JSON().Field("n"))
}

// ResetSteps sets the attempts of steps that have not ended to 0 and leaves
// everything else: state, wait and permanence.
func (e *Engine) ResetSteps(ctx context.Context, r ResetStepsRequest) (reply ActedStepsReply, err error) {
	err = e.act(ctx, r.CorrelationID, r.Person, func(u *unit) (err error) {
		reply, err = u.actOnSteps(r.NamedSteps, u.reset)
		return err
	})
	return reply, err
}

func (u *unit) reset(t target) (deed, error) {
	switch {
	case t.step.State.Ended():
		return deed{}, t.refuse("reset")
	case t.step.Tries() == 0:
		return deed{}, nil
	}
	trace := u.trace(t).Raw("attempts", (&workflow.Object{}).Int("from", int64(t.step.Tries())).Int("to", 0).JSON())
	return deed{edit: func(c *store.StepChange) { c.Attempts = 0 }, also: func() error {
		u.annotate(t.step.TaskID, traceStepReset, trace)
		return nil
	}}, nil
}
