package engine

import (
	"context"

	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// RetryStepsRequest asks for another attempt at failed steps.
type RetryStepsRequest struct {
	Call
	NamedSteps
	Person
}

// RetryTaskRequest asks for another attempt at all failed steps of a task.
type RetryTaskRequest struct {
	Call
	// The task.
	TaskID int64 `json:"task_id"`
	Person
}

// RetryTaskReply is the answer to task_retry.
type RetryTaskReply struct {
	ActedTask
	// Steps that are tried again.
	RetriedSteps int `json:"retried_steps"`
}

// RetrySteps makes failed steps ready again at once, with all their attempts
// before them (D2, D7). A step that is pending is left as it is.
func (e *Engine) RetrySteps(ctx context.Context, r RetryStepsRequest) (reply ActedStepsReply, err error) {
	err = e.act(ctx, r.CorrelationID, r.Person, func(u *unit) (err error) {
		reply, err = u.actOnSteps(r.NamedSteps, u.retry)
		return err
	})
	return reply, err
}

// retry decides about one step. One that is in progress without a worker was left
// behind by another engine; the way back is that of a lost lease.
func (u *unit) retry(t target) (deed, error) {
	switch {
	case t.task.State.Ended():
		return deed{}, t.taskOver("retried")
	case t.step.State == workflow.Pending:
		return deed{}, nil
	case t.lease != nil:
		return deed{}, t.refuse("retried")
	}
	hops, ok := u.leadTo(t, workflow.Pending, u.who().Flag("retry", true))
	if !ok {
		return deed{}, t.refuse("retried")
	}
	retryable := u.engine.catalog.retryable(t.task.NamedTaskID, t.step)
	return deed{hops: hops, edit: func(c *store.StepChange) {
		c.Retryable, c.Attempts, c.BackoffSeconds = retryable, 0, nil
		c.Processed, c.ProcessedAt = false, workflow.Instant{}
	}}, nil
}

// RetryTask retries every failed step of a task and, if the task was in error,
// sets it going again (D15). A task with nothing to retry that is not blocked is
// left as it is.
func (e *Engine) RetryTask(ctx context.Context, r RetryTaskRequest) (reply RetryTaskReply, err error) {
	err = e.act(ctx, r.CorrelationID, r.Person, func(u *unit) (err error) {
		reply, err = u.retryTask(r.TaskID)
		return err
	})
	return reply, err
}

func (u *unit) retryTask(id int64) (RetryTaskReply, error) {
	task, err := u.lockTask(id)
	if err != nil {
		return RetryTaskReply{}, err
	}
	if task.State.Ended() {
		return RetryTaskReply{}, refuseTask(task, "retried", "An ended task stays as it is; create another one to do the work again.")
	}
	failed, err := u.failedSteps(task)
	if err != nil {
		return RetryTaskReply{}, err
	}
	deeds, err := decideAll(failed, u.retry)
	if err != nil {
		return RetryTaskReply{}, err
	}
	task.reconcile = task.reconcile || task.State == workflow.Error
	if err := u.carryOut(failed, deeds); err != nil {
		return RetryTaskReply{}, err
	}
	if task.State == workflow.Error {
		return RetryTaskReply{}, refuseTask(task, "retried",
			"Nothing in it could run afterwards: task_get with steps shows what is cancelled or left behind. Retry or resolve those steps, or resolve the task.")
	}
	reply := RetryTaskReply{ActedTask: task.actedTask(), RetriedSteps: len(failed)}
	reply.Changed = reply.Changed || len(failed) > 0
	return reply, nil
}

// failedSteps reads those steps of a locked task that are in error.
func (u *unit) failedSteps(task *workTask) ([]target, error) {
	steps, err := u.tx.StepListByTask(u.ctx, []int64{task.ID})
	if err != nil {
		return nil, err
	}
	leases, err := u.tx.LeaseList(u.ctx, store.LeaseFilter{TaskIDs: []int64{task.ID}, Limit: max(1, len(steps))})
	if err != nil {
		return nil, err
	}
	read := u.standing(steps, leases)
	var failed []target
	for i := range steps {
		if steps[i].State == workflow.Error {
			failed = append(failed, read[steps[i].ID])
		}
	}
	return failed, nil
}
