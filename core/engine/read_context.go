package engine

import (
	"context"
	"time"

	"github.com/tasker-systems/tasker-core-go/core/readiness"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// judged is one task with every step judged by the readiness rules.
type judged struct {
	task     workflow.Task
	steps    []workflow.Step
	counts   map[int64]parents
	verdicts []readiness.Verdict // parallel to steps
}

// judge reads tasks and judges all their steps, by task id. Ids that do not
// exist are absent.
func (e *Engine) judge(ctx context.Context, r store.Reader, taskIDs []int64) ([]judged, workflow.Instant, error) {
	now, err := e.Store.Now(ctx)
	if err != nil {
		return nil, now, err
	}
	tasks, err := r.TaskList(ctx, store.TaskFilter{IDs: taskIDs})
	if err != nil {
		return nil, now, err
	}
	t, err := readSteps(ctx, r, taskIDs)
	if err != nil {
		return nil, now, err
	}
	at := make(map[int64]int, len(tasks))
	all := make([]judged, len(tasks))
	for i, task := range tasks {
		at[task.ID] = i
		all[i] = judged{task: task, counts: t.counts}
	}
	for i := range t.steps {
		j := &all[at[t.steps[i].TaskID]]
		_, leased := t.leases[t.steps[i].ID]
		f := facts(&t.steps[i], t.counts[t.steps[i].ID], leased)
		f.TaskState = j.task.State
		if row, queued := t.rows[t.steps[i].ID]; queued && row.Scheduled && t.steps[i].State == workflow.Pending {
			f.NotBefore = row.DueAt // how a task's start_at is remembered
		}
		j.steps = append(j.steps, t.steps[i])
		j.verdicts = append(j.verdicts, e.Policy.Step(f, now))
	}
	return all, now, nil
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
	items := []TaskContext{}
	err := e.Store.Read(ctx, func(r store.Reader) error {
		all, now, err := e.judge(ctx, r, taskIDs)
		for i := range all {
			items = append(items, e.summary(&all[i], now))
		}
		return err
	})
	return items, err
}

// summary is the execution context of a judged task.
func (e *Engine) summary(j *judged, now workflow.Instant) TaskContext {
	c := e.Policy.Task(j.task.State, j.verdicts, now)
	return TaskContext{TaskID: j.task.ID, NamedTaskID: j.task.NamedTaskID, Status: j.task.State,
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
		if err := e.rest(ctx, bell, min(left, pollMax)); err != nil {
			return WaitTaskReply{}, err
		}
	}
}
