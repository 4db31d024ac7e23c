package engine

import (
	"context"
	"time"

	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// ContextRequest names a task.
type ContextRequest struct {
	Call
	// The task.
	TaskID int64 `json:"task_id"`
}

// ContextsRequest names many tasks.
type ContextsRequest struct {
	Call
	// The tasks, 1 to 10000; ids that do not exist are left out of the answer.
	TaskIDs []int64 `json:"task_ids"`
}

// TaskContext is the execution context of a task: where it stands and what can happen next.
type TaskContext struct {
	// The task.
	TaskID int64 `json:"task_id"`
	// Its task type.
	NamedTaskID int64 `json:"named_task_id"`
	// Its state.
	Status workflow.State `json:"status"`
	// All steps.
	TotalSteps int `json:"total_steps"`
	// Steps in state pending.
	PendingSteps int `json:"pending_steps"`
	// Steps in state in_progress.
	InProgressSteps int `json:"in_progress_steps"`
	// Steps that are complete or resolved.
	CompletedSteps int `json:"completed_steps"`
	// Steps in state error.
	FailedSteps int `json:"failed_steps"`
	// Steps that may run now.
	ReadySteps int `json:"ready_steps"`
	// has_ready_steps, processing, blocked_by_failures, all_complete or waiting_for_dependencies.
	ExecutionStatus string `json:"execution_status"`
	// execute_ready_steps, wait_for_completion, handle_failures, finalize_task or wait_for_dependencies.
	RecommendedAction string `json:"recommended_action"`
	// 0 to 100 with two decimals.
	CompletionPercentage float64 `json:"completion_percentage"`
	// healthy, recovering or blocked.
	HealthStatus string `json:"health_status"`
	// The earliest instant at which something can happen without a person, null when nothing can.
	NextWakeAt workflow.Instant `json:"next_wake_at"`
}

// ContextsReply is the answer to task_context_many.
type ContextsReply struct {
	// The contexts by task id.
	Items []TaskContext `json:"items"`
	// Always null: the request bounds the list.
	Next *int64 `json:"next"`
}

// WaitTaskRequest waits for a task.
type WaitTaskRequest struct {
	Call
	// The task.
	TaskID int64 `json:"task_id"`
	// How long to wait, in milliseconds, 0 to 600000. Default 30000; timeout_ms is raised to fit.
	WaitMS *int64 `json:"wait_ms,omitempty"`
}

// WaitTaskReply is the answer to task_wait.
type WaitTaskReply struct {
	TaskContext
	// True when the task had not ended when the wait was over.
	TimedOut bool `json:"timed_out"`
}

// GetContext returns where a task stands and what can happen next.
func (e *Engine) GetContext(ctx context.Context, r ContextRequest) (TaskContext, error) {
	found, err := e.contexts(ctx, []int64{r.TaskID})
	if err != nil {
		return TaskContext{}, err
	}
	if len(found) == 0 {
		return TaskContext{}, taskNotFound(r.TaskID)
	}
	return found[0], nil
}

// ListContexts returns the contexts of many tasks in one read.
func (e *Engine) ListContexts(ctx context.Context, r ContextsRequest) (ContextsReply, error) {
	if err := checkRange("task_ids", int64(len(r.TaskIDs)), 1, batchMax); err != nil {
		return ContextsReply{}, err
	}
	found, err := e.contexts(ctx, r.TaskIDs)
	return ContextsReply{Items: found}, err
}

func (e *Engine) contexts(ctx context.Context, taskIDs []int64) ([]TaskContext, error) {
	all, now, err := e.judge(ctx, taskIDs)
	items := make([]TaskContext, len(all))
	for i := range all {
		items[i] = e.summary(&all[i], now)
	}
	return items, err
}

// summary is the execution context of a judged task.
func (e *Engine) summary(j *judged, now workflow.Instant) TaskContext {
	c := e.Policy.Task(j.graph.State, j.verdicts, now)
	return TaskContext{TaskID: j.graph.TaskID, NamedTaskID: j.graph.NamedTaskID, Status: j.graph.State,
		TotalSteps: c.TotalSteps, PendingSteps: c.PendingSteps, InProgressSteps: c.InProgressSteps,
		CompletedSteps: c.CompletedSteps, FailedSteps: c.FailedSteps, ReadySteps: c.ReadySteps,
		ExecutionStatus: c.ExecutionStatus, RecommendedAction: c.RecommendedAction,
		CompletionPercentage: c.CompletionPercentage, HealthStatus: c.HealthStatus, NextWakeAt: c.NextWakeAt}
}

// waitDefaultMS is how long task_wait waits unless told otherwise.
const waitDefaultMS = 30_000

// WaitTask waits until the task has ended: complete, error, cancelled or
// resolved. It holds no connection while it waits.
func (e *Engine) WaitTask(ctx context.Context, r WaitTaskRequest) (WaitTaskReply, error) {
	wait := int64(waitDefaultMS)
	if r.WaitMS != nil {
		wait = *r.WaitMS
	}
	if err := checkRange("wait_ms", wait, 0, timeoutMaxMS); err != nil {
		return WaitTaskReply{}, err
	}
	until := time.Now().Add(time.Duration(wait) * time.Millisecond)
	for {
		bell := e.Hub.Bell()
		found, err := e.GetContext(ctx, ContextRequest{TaskID: r.TaskID})
		if err != nil {
			return WaitTaskReply{}, err
		}
		left := time.Until(until)
		if found.Status.TaskEnded() || left <= 0 {
			return WaitTaskReply{TaskContext: found, TimedOut: !found.Status.TaskEnded()}, nil
		}
		if err := e.rest(ctx, bell, min(left, taskPoll)); err != nil {
			return WaitTaskReply{}, err
		}
	}
}
