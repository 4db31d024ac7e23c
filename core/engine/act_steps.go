package engine

import (
	"fmt"
	"slices"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/lifecycle"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// NamedSteps are the steps that a person acts on.
type NamedSteps struct {
	// The step; give this or step_ids.
	StepID int64 `json:"step_id,omitempty"`
	// The steps, 1 to 1000, of one or several tasks: all are changed or none.
	StepIDs []int64 `json:"step_ids,omitempty"`
}

// ActedStep says what became of a step that a person acted on.
type ActedStep struct {
	// The step.
	StepID int64 `json:"step_id"`
	// Its name.
	Name string `json:"name"`
	// Its task.
	TaskID int64 `json:"task_id"`
	// False when it was so already and nothing was written.
	Changed bool `json:"changed"`
	// Its state before.
	FromState workflow.State `json:"from_state"`
	// Its state now.
	State workflow.State `json:"state"`
	// True when a worker had the step and lost it; the worker's outcome will be refused.
	Revoked bool `json:"revoked"`
	// The task's state now.
	TaskState workflow.State `json:"task_state"`
}

// ActedStepsReply is the answer to what a person does to steps.
type ActedStepsReply struct {
	// One answer per step, in the request's order.
	Items []ActedStep `json:"items"`
}

// actedStepsMax bounds the steps of one act: more is the work of a template.
const actedStepsMax = 1_000

// target is one step of an act as it was read under the lock.
type target struct {
	path  string // of the step in the request, for errors
	task  *workTask
	step  *workflow.Step
	from  workflow.State
	lease *workflow.Lease // nil unless a worker has the step
	stale bool            // it has a lease that a foreign writer made worthless
}

// deed is what becomes of a step; the zero deed is nothing.
type deed struct {
	hops []store.Hop             // rows to write
	edit func(*store.StepChange) // columns to change
	also func() error            // what else is to be written
}

func (d *deed) none() bool { return len(d.hops) == 0 && d.edit == nil && d.also == nil }

// ids lists the steps that are named, with the place of each in the request.
func (n NamedSteps) ids() (ids []int64, paths map[int64]string, err error) {
	paths = map[int64]string{}
	add := func(id int64, path string) error {
		if first, twice := paths[id]; twice {
			return fault.New(fault.InvalidRequest, "step %d is named twice, as %s and as %s", id, first, path).At(path).
				Advise("Name each step once.")
		}
		ids, paths[id] = append(ids, id), path
		return nil
	}
	for i, id := range n.StepIDs {
		if err := add(id, fmt.Sprintf("step_ids[%d]", i)); err != nil {
			return nil, nil, err
		}
	}
	if n.StepID != 0 {
		if err := add(n.StepID, "step_id"); err != nil {
			return nil, nil, err
		}
	}
	return ids, paths, checkRange("step_ids", int64(len(ids)), 1, actedStepsMax)
}

// actOnSteps decides about each of the named steps, carries everything out or
// nothing, and recomputes their tasks from the truth. Every refusal is told.
func (u *unit) actOnSteps(n NamedSteps, decide func(target) (deed, error)) (ActedStepsReply, error) {
	targets, err := u.targets(n)
	if err != nil {
		return ActedStepsReply{}, err
	}
	deeds, err := decideAll(targets, decide)
	if err != nil {
		return ActedStepsReply{}, err
	}
	if err := u.carryOut(targets, deeds); err != nil {
		return ActedStepsReply{}, err
	}
	return acted(targets, deeds), nil
}

func decideAll(targets []target, decide func(target) (deed, error)) ([]deed, error) {
	deeds := make([]deed, len(targets))
	var problems []error
	for i, t := range targets {
		var err error
		if deeds[i], err = decide(t); err != nil {
			problems = append(problems, err)
		}
	}
	return deeds, joinProblems(problems)
}

func acted(targets []target, deeds []deed) ActedStepsReply {
	reply := ActedStepsReply{Items: make([]ActedStep, len(targets))}
	for i, t := range targets {
		reply.Items[i] = ActedStep{StepID: t.step.ID, Name: t.step.Name, TaskID: t.task.ID, Changed: !deeds[i].none(),
			FromState: t.from, State: t.step.State, Revoked: t.lease != nil && len(deeds[i].hops) > 0, TaskState: t.task.State}
	}
	return reply
}

// targets locks the tasks of the named steps and reads them.
func (u *unit) targets(n NamedSteps) ([]target, error) {
	ids, paths, err := n.ids()
	if err != nil {
		return nil, err
	}
	locked, err := u.tx.StepLock(u.ctx, ids)
	if err != nil {
		return nil, err
	}
	if err := u.adopt(locked.Tasks); err != nil {
		return nil, err
	}
	read := u.standing(locked.Steps, locked.Leases)
	targets := make([]target, 0, len(ids))
	var problems []error
	for _, id := range ids {
		t, found := read[id]
		t.path = paths[id]
		switch {
		case !found:
			problems = append(problems, stepMissing(id).At(t.path))
		case t.task == nil:
			problems = append(problems, notOurs(t.step.TaskID).At(t.path))
		}
		targets = append(targets, t)
	}
	return targets, joinProblems(problems)
}

// standing joins steps with their tasks and leases, by id.
func (u *unit) standing(steps []workflow.Step, leases []workflow.Lease) map[int64]target {
	read := make(map[int64]target, len(steps))
	for i := range steps {
		read[steps[i].ID] = target{step: &steps[i], from: steps[i].State, task: u.tasks[steps[i].TaskID]}
	}
	for i := range leases {
		if t, found := read[leases[i].StepID]; found {
			held := t.step.State == workflow.InProgress && t.step.TransitionID == leases[i].Epoch
			if t.stale = !held; held {
				t.lease = &leases[i]
			}
			read[t.step.ID] = t
		}
	}
	return read
}

// hops is a way with who and why in its last row and the detour marked (D15). The
// row that closes a lease names its epoch, so that the late outcome is refused.
func (u *unit) hops(t target, path []workflow.State, last *workflow.Object) []store.Hop {
	hops := make([]store.Hop, len(path))
	for i, state := range path {
		meta := last
		if i < len(path)-1 {
			meta = u.metadata().Text("via", string(path[len(path)-1]))
		}
		if i == 0 && t.lease != nil {
			meta.Flag("revoked", true).Int("epoch", t.lease.Epoch)
		}
		hops[i] = store.Hop{To: state, Metadata: meta.JSON()}
	}
	return hops
}

// leadTo is the way to a state, by a detour if there is no direct move.
func (u *unit) leadTo(t target, to workflow.State, last *workflow.Object) ([]store.Hop, bool) {
	path, ok := lifecycle.StepPath(t.step.State, to)
	if !ok {
		return nil, false
	}
	return u.hops(t, path, last), true
}

// carryOut takes the steps that move out of the queue, moves them by
// compare-and-set, writes their columns, and settles their tasks. A step that a
// foreign writer moved meanwhile fails everything.
func (u *unit) carryOut(targets []target, deeds []deed) error {
	var moves []store.Move
	var queued []int64
	for i, t := range targets {
		if len(deeds[i].hops) > 0 {
			queued = append(queued, t.step.ID)
			moves = append(moves, store.Move{OwnerID: t.step.ID, ExpectedID: t.step.TransitionID, From: t.from,
				Path: deeds[i].hops, At: u.now})
		}
	}
	if err := skipEmpty(queued, func() error { _, err := u.tx.ReadyDelete(u.ctx, queued); return err }); err != nil {
		return err
	}
	if err := skipEmpty(moves, func() error { return u.moveAll(moves) }); err != nil {
		return err
	}
	var satisfied []int64
	for i, t := range targets {
		if deeds[i].none() {
			continue
		}
		if err := u.follow(t, &deeds[i]); err != nil {
			return err
		}
		if len(deeds[i].hops) > 0 && t.step.State.Satisfies() {
			satisfied = append(satisfied, t.step.ID)
		}
	}
	if err := u.tellOthers(satisfied); err != nil {
		return err
	}
	return u.conclude()
}

// follow writes what goes with a deed.
func (u *unit) follow(t target, d *deed) error {
	if len(d.hops) > 0 {
		t.step.State = d.hops[len(d.hops)-1].To
		u.change(t.step, func(c *store.StepChange) { c.InProcess = false })
		if t.lease != nil || t.stale {
			u.freed = append(u.freed, t.step.ID)
		}
	}
	if d.edit != nil {
		u.change(t.step, d.edit)
	}
	t.task.reconcile, t.task.touched = true, true
	if d.also != nil {
		return d.also()
	}
	return nil
}

// moveAll moves every step or fails.
func (u *unit) moveAll(moves []store.Move) error {
	moved, err := u.moveSteps(moves)
	if err != nil || len(moved) == len(moves) {
		return err
	}
	won := map[int64]bool{}
	for _, m := range moved {
		won[m.OwnerID] = true
	}
	lost := slices.IndexFunc(moves, func(m store.Move) bool { return !won[m.OwnerID] })
	return lostToOther("step", moves[lost].OwnerID)
}

// tellOthers marks the tasks of other tasks' children for reconciliation.
func (u *unit) tellOthers(satisfied []int64) error {
	if len(satisfied) == 0 {
		return nil
	}
	children, err := u.tx.ChildList(u.ctx, satisfied)
	for i := range children {
		if task := children[i].Step.TaskID; u.tasks[task] == nil {
			u.dirty = append(u.dirty, task)
		}
	}
	return err
}

// refuse is the answer for a step whose state does not allow what was asked.
func (t target) refuse(verb string) error {
	remedy := "A step that has ended stays as it is; create another task to do the work again."
	switch {
	case t.lease != nil:
		remedy = "Wait for the worker's outcome, or cancel or resolve the step, which takes it from the worker."
	case !t.step.State.Known():
		remedy = "Another writer left a state that the engine does not know; set it right first."
	}
	return fault.New(fault.Conflict, "step %d (%s) is %s and cannot be %s", t.step.ID, t.step.Name, t.step.State, verb).
		At(t.path).With("step_id", t.step.ID).With("task_id", t.step.TaskID).With("state", t.step.State).Advise("%s", remedy)
}

// taskOver is the answer for a step that cannot run since its task has ended.
func (t target) taskOver(verb string) error {
	return fault.New(fault.Conflict, "step %d (%s) cannot be %s, since its task is %s", t.step.ID, t.step.Name, verb, t.task.State).
		At(t.path).With("step_id", t.step.ID).With("task_id", t.step.TaskID).With("state", t.step.State).
		With("task_state", t.task.State).Advise("An ended task stays as it is; create another one to do the work again.")
}
