package engine

import (
	"context"

	"github.com/tasker-systems/tasker-core-go/core/lifecycle"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// CancelTaskRequest cancels a task.
type CancelTaskRequest struct {
	Call
	// The task.
	TaskID int64 `json:"task_id"`
	// Why, kept in the history.
	Reason string `json:"reason,omitempty"`
	// Who, kept in the history.
	By string `json:"by,omitempty"`
	// Cancel unfinished steps and revoke their leases too. Default true.
	Cascade *bool `json:"cascade,omitempty"`
}

// CancelTaskReply is the answer to task_cancel.
type CancelTaskReply struct {
	// The task.
	TaskID int64 `json:"task_id"`
	// Its state now.
	State workflow.State `json:"state"`
	// Steps that were cancelled.
	CancelledSteps int `json:"cancelled_steps"`
	// Leases that were revoked; their workers' outcomes will be refused.
	RevokedLeases int `json:"revoked_leases"`
}

// CancelTask cancels a task, and unless cascade is false its unfinished steps
// and their leases, in one transaction (D15). Of a task that is cancelled already,
// by this engine or another, the steps that are left follow.
func (e *Engine) CancelTask(ctx context.Context, r CancelTaskRequest) (CancelTaskReply, error) {
	var reply CancelTaskReply
	err := e.act(ctx, r.CorrelationID, Person{By: r.By, Reason: r.Reason}, func(u *unit) (err error) {
		reply, err = u.cancel(r)
		return err
	})
	return reply, err
}

func (u *unit) cancel(r CancelTaskRequest) (CancelTaskReply, error) {
	reply := CancelTaskReply{TaskID: r.TaskID, State: workflow.Cancelled}
	task, err := u.lockTask(r.TaskID)
	if err != nil {
		return reply, err
	}
	if _, ok := lifecycle.TaskPath(task.State, workflow.Cancelled); !ok && task.State != workflow.Cancelled {
		return reply, refuseTask(task, "cancelled", "Another writer left a state that the engine does not know; set it right first.")
	}
	if err := u.dropQueue(task); err != nil {
		return reply, err
	}
	if r.Cascade == nil || *r.Cascade {
		if reply.CancelledSteps, reply.RevokedLeases, err = u.cancelSteps(task); err != nil {
			return reply, err
		}
	}
	u.moveTask(task, workflow.Cancelled, u.who().JSON()) // nothing when it is cancelled already
	return reply, nil
}

// dropQueue deletes the task's queue rows, first of all, so that no claim can
// take them while the rest is read.
func (u *unit) dropQueue(task *workTask) error {
	rows, err := u.tx.ReadyListByTask(u.ctx, []int64{task.ID})
	if err != nil || len(rows) == 0 {
		return err
	}
	ids := make([]int64, len(rows))
	for i, row := range rows {
		ids[i] = row.StepID
	}
	_, err = u.tx.ReadyDelete(u.ctx, ids)
	task.Waiting, task.touched = 0, true
	return err
}

// cancelSteps cancels what has not ended and revokes the leases.
func (u *unit) cancelSteps(task *workTask) (cancelled, revoked int, err error) {
	steps, err := u.tx.StepListByTask(u.ctx, []int64{task.ID})
	if err != nil {
		return 0, 0, err
	}
	leases, err := u.tx.LeaseList(u.ctx, store.LeaseFilter{TaskIDs: []int64{task.ID}, Limit: max(1, len(steps))})
	if err != nil {
		return 0, 0, err
	}
	epochs := map[int64]int64{}
	for _, lease := range leases {
		epochs[lease.StepID] = lease.Epoch
		u.freed = append(u.freed, lease.StepID)
	}
	byID := map[int64]*workflow.Step{}
	var moves []store.Move
	for i := range steps {
		if path, ok := lifecycle.StepPath(steps[i].State, workflow.Cancelled); ok && !steps[i].State.Ended() {
			byID[steps[i].ID] = &steps[i]
			moves = append(moves, u.cancelMove(&steps[i], path, epochs[steps[i].ID]))
		}
	}
	moved, err := u.moveSteps(moves)
	if err != nil {
		return 0, 0, err
	}
	for _, m := range moved {
		u.change(byID[m.OwnerID], func(c *store.StepChange) { c.InProcess = false })
	}
	if len(moved) < len(moves) {
		task.reconcile = true
	}
	task.Running, task.Stuck, task.touched = 0, task.Open, true
	return len(moved), len(leases), nil
}

// cancelMove is the legal way of one step to cancelled. A revoked lease's epoch
// stands in the row that closes it.
func (u *unit) cancelMove(step *workflow.Step, path []workflow.State, epoch int64) store.Move {
	hops := make([]store.Hop, len(path))
	for i, state := range path {
		hops[i] = store.Hop{To: state, Metadata: u.via(workflow.Cancelled)}
	}
	meta := u.who().Flag("revoked", epoch != 0)
	if epoch != 0 {
		meta.Int("epoch", epoch)
	}
	hops[len(hops)-1].Metadata = meta.JSON()
	return store.Move{OwnerID: step.ID, ExpectedID: step.TransitionID, From: step.State, Path: hops, At: u.now}
}
