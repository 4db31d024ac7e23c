package engine

import (
	"context"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/lifecycle"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// MoveStepRequest moves a step by one transition of its state machine.
type MoveStepRequest struct {
	Call
	// The step.
	StepID int64 `json:"step_id"`
	// The state to go to.
	ToState workflow.State `json:"to_state"`
	// The state that it must be in, else it is a conflict. Absent: any from which the move is legal.
	FromState workflow.State `json:"from_state,omitempty"`
	// The worker that will run it, registered by this process; required for in_progress, where it gets a lease as from step_claim.
	WorkerID int64 `json:"worker_id,omitempty"`
	// What the step gave, for complete, error and resolved_manually, as for step_report and step_resolve.
	Results workflow.JSON `json:"results,omitempty"`
	// What went wrong, for error.
	Error *OutcomeError `json:"error,omitempty"`
	// For error: never try again. Default false.
	Permanent bool `json:"permanent,omitempty"`
	Person
}

// MoveStepReply is the answer to step_transition.
type MoveStepReply struct {
	ActedStep
	// For in_progress: the lease with all that the handler needs, else null.
	Claimed *ClaimedStep `json:"claimed"`
}

// MoveStep moves a step by one legal transition and writes the columns that go
// with it (state-machines sheet, section 8). A step that is in the state already
// is left as it is.
func (e *Engine) MoveStep(ctx context.Context, r MoveStepRequest) (reply MoveStepReply, err error) {
	if err := r.check(); err != nil {
		return reply, err
	}
	err = e.act(ctx, r.CorrelationID, r.Person, func(u *unit) (err error) {
		reply, err = u.moveStep(r)
		return err
	})
	return reply, err
}

func (r *MoveStepRequest) check() error {
	if err := checkStates(r.ToState, r.FromState); err != nil {
		return err
	}
	if (r.WorkerID != 0) != (r.ToState == workflow.InProgress) {
		return fault.New(fault.InvalidRequest, "worker_id goes with in_progress and nothing else").At("worker_id").
			Advise("A step in progress belongs to a worker, or it would count as abandoned; give one for in_progress only.")
	}
	if (r.Error != nil || r.Permanent) && r.ToState != workflow.Error {
		return fault.New(fault.InvalidRequest, "a failure is described and to_state is %s", r.ToState).At("to_state").
			Advise(`Leave out error and permanent, or set to_state to "error".`)
	}
	return nil
}

func (u *unit) moveStep(r MoveStepRequest) (reply MoveStepReply, err error) {
	named := NamedSteps{StepID: r.StepID}
	targets, err := u.targets(named)
	if err != nil {
		return reply, err
	}
	t := targets[0]
	var d deed
	switch {
	case t.step.State == r.ToState:
	case r.FromState != "" && r.FromState != t.step.State:
		return reply, notFrom("step", t.step.ID, t.step.State, r.FromState)
	case !lifecycle.StepAllowed(t.step.State, r.ToState):
		return reply, lifecycle.StepRefusal(t.step.State, r.ToState).At("to_state").With("state", t.step.State)
	case r.ToState == workflow.InProgress:
		reply.Claimed, err = u.startStep(t, r.WorkerID)
		t.step.State = workflow.InProgress
		reply.ActedStep = acted([]target{t}, []deed{{also: func() error { return nil }}}).Items[0]
		return reply, err
	default:
		d = u.transit(t, &r)
	}
	deeds := []deed{d}
	if err := u.carryOut(targets, deeds); err != nil {
		return reply, err
	}
	reply.ActedStep = acted(targets, deeds).Items[0]
	return reply, nil
}

// transit is a legal move with its columns: an attempt is counted when it ends,
// by completing or failing, whoever says so.
func (u *unit) transit(t target, r *MoveStepRequest) deed {
	o := &Outcome{Results: r.Results, Error: r.Error, Permanent: r.Permanent}
	meta := u.who()
	var d deed
	switch r.ToState {
	case workflow.Complete:
		d.edit = u.success(o, meta).edit // marks wrapped results in meta
	case workflow.Error:
		d.edit = u.failure(t.task, t.step, failure{outcome: o, meta: meta}).edit
	case workflow.Pending:
		d.edit = func(c *store.StepChange) { c.Processed, c.ProcessedAt = false, workflow.Instant{} }
	case workflow.ResolvedManually:
		if len(r.Results) > 0 {
			results, wrapped := asObject(r.Results)
			meta.Flag("wrapped", wrapped)
			d.edit = func(c *store.StepChange) { c.Results = results }
		}
	}
	d.hops = u.hops(t, []workflow.State{r.ToState}, meta)
	return d
}

// startStep leases one step to a worker whatever its turn, wait or limit: the
// state machine asks only that its parents are satisfied (G2); one step of a
// serial task at a time is our own rule (D12).
func (u *unit) startStep(t target, worker int64) (*ClaimedStep, error) {
	if err := u.recount(t.task); err != nil {
		return nil, err
	}
	found, err := u.tx.ParentList(u.ctx, []int64{t.step.ID})
	switch {
	case err != nil:
		return nil, err
	case t.task.State.Ended():
		return nil, t.taskOver("started")
	case !allSatisfied(found):
		return nil, t.cannotStart("a step that it depends on is neither complete nor resolved")
	case !t.task.Concurrent && t.task.Running > 0:
		return nil, t.cannotStart("another step of its task is running, which allows one at a time")
	}
	if err := u.holdWorker(worker); err != nil {
		return nil, err
	}
	if _, err := u.tx.ReadyDelete(u.ctx, []int64{t.step.ID}); err != nil {
		return nil, err
	}
	claimed, err := u.start([]*workflow.Step{t.step}, map[int64][]store.Parent{t.step.ID: found}, worker)
	if err == nil && len(claimed) == 0 {
		err = lostToOther("step", t.step.ID)
	}
	if err != nil {
		return nil, err
	}
	t.task.reconcile = true
	return &claimed[0], u.conclude()
}

// recount makes the counters of a task those of its steps, with nothing left to
// be written.
func (u *unit) recount(task *workTask) error {
	task.reconcile = true
	if err := u.reconcile(); err != nil {
		return err
	}
	return u.flush()
}

func (t target) cannotStart(why string) error {
	return fault.New(fault.Conflict, "step %d (%s) cannot start: %s", t.step.ID, t.step.Name, why).At("to_state").
		With("step_id", t.step.ID).With("task_id", t.step.TaskID).With("state", t.step.State).
		Advise("Wait for that step to end; step_readiness tells what is missing.")
}
