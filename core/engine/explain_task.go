package engine

import (
	"context"
	"fmt"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// ExplainTaskRequest names what is to be explained.
type ExplainTaskRequest struct {
	Call
	// The task; give this or step_id.
	TaskID int64 `json:"task_id,omitempty"`
	// The step.
	StepID int64 `json:"step_id,omitempty"`
}

// ExplainTaskReply is the answer to task_explain.
type ExplainTaskReply struct {
	// The task.
	TaskID int64 `json:"task_id"`
	// The step, when one was asked about.
	StepID int64 `json:"step_id,omitempty"`
	// State of the task or step.
	State workflow.State `json:"state"`
	// ended, running, ready, waiting, unserved, blocked or foreign: the worst of what a step needs, the best of what a task has.
	Standing string `json:"standing"`
	// The answer in one sentence.
	Summary string `json:"summary"`
	// What holds it up, the gravest first, at most 20. Steps that only wait for others are no cause.
	Causes []Cause `json:"causes"`
	// Causes in all.
	CausesTotal int `json:"causes_total"`
	// The earliest instant at which something can happen without a person, null when nothing can.
	NextWakeAt workflow.Instant `json:"next_wake_at"`
	// The cheapest thing that lets it go on, null when nothing needs to be done, or nothing can be.
	Action *Advice `json:"action"`
	// Other ways, the cheaper first.
	Alternatives []Advice `json:"alternatives"`
}

// Cause is a step that holds others up by itself.
type Cause struct {
	// The step.
	StepID int64 `json:"step_id"`
	// Its name.
	Name string `json:"name"`
	// Its state.
	State workflow.State `json:"state"`
	// A reason of step_readiness, or ready, no_worker, cycle, parent_in_other_task.
	Reason string `json:"reason"`
	// The reason in one sentence.
	Message string `json:"message"`
	// When time alone ends it, or a handler must have reported; null when time does not.
	Until workflow.Instant `json:"until"`
	// Steps that cannot run before it is gone.
	HoldsBack int `json:"holds_back"`
	// The way from this step to one that waits for it: the one asked about, else a last one. At most 32 links.
	Chain []ChainLink `json:"chain"`
}

// ChainLink is one step on the way from a cause to what it holds up.
type ChainLink struct {
	// The step.
	StepID int64 `json:"step_id"`
	// Its name.
	Name string `json:"name"`
	// Its state.
	State workflow.State `json:"state"`
	// Why it may not run now, empty when it may.
	Reason string `json:"reason"`
}

// Advice is a call that helps.
type Advice struct {
	// Name of the operation.
	Operation string `json:"operation"`
	// Its request.
	Request workflow.JSON `json:"request"`
	// What it does here.
	Effect string `json:"effect"`
}

// The standings, from good to bad.
const (
	standsEnded    = "ended"
	standsRunning  = "running"
	standsReady    = "ready"
	standsWaiting  = "waiting"
	standsUnserved = "unserved"
	standsBlocked  = "blocked"
	standsForeign  = "foreign"
)

// ExplainTask tells, from the rules that decide readiness, why a task or a step
// is not moving, until when, and the cheapest action that changes it.
func (e *Engine) ExplainTask(ctx context.Context, r ExplainTaskRequest) (ExplainTaskReply, error) {
	if (r.TaskID == 0) == (r.StepID == 0) {
		return ExplainTaskReply{}, fault.New(fault.InvalidRequest, "give either task_id or step_id").At("task_id").
			Advise("Ask about a task as a whole or about one of its steps.")
	}
	taskID := r.TaskID
	var routes map[int64]bool
	err := e.Store.Read(ctx, func(reader store.Reader) (err error) {
		if r.StepID != 0 {
			if taskID, err = taskOfStep(ctx, reader, r.StepID); err != nil {
				return err
			}
		}
		routes, err = e.servedRoutes(ctx, reader)
		return err
	})
	if err != nil {
		return ExplainTaskReply{}, err
	}
	all, now, err := e.judge(ctx, []int64{taskID})
	if err != nil {
		return ExplainTaskReply{}, err
	}
	if len(all) == 0 {
		return ExplainTaskReply{}, taskNotFound(taskID)
	}
	return e.explain(&all[0], r.StepID, routes, now), nil
}

func taskOfStep(ctx context.Context, r store.Reader, step int64) (int64, error) {
	steps, err := r.StepList(ctx, []int64{step})
	if err != nil {
		return 0, err
	}
	if len(steps) == 0 {
		return 0, stepNotFound(step)
	}
	return steps[0].TaskID, nil
}

// servedRoutes are the routes that some worker claims whose heartbeat is no
// older than a lease.
func (e *Engine) servedRoutes(ctx context.Context, r store.Reader) (map[int64]bool, error) {
	now, err := e.Store.Now(ctx)
	if err != nil {
		return nil, err
	}
	workers, err := r.WorkerList(ctx)
	served := map[int64]bool{}
	for _, w := range workers {
		if now.Sub(w.HeartbeatAt.Time) > e.Lease {
			continue
		}
		for _, route := range w.Routes {
			served[route] = true
		}
	}
	return served, err
}

// explain puts the answer together for a judged task, or one step of it.
func (e *Engine) explain(j *judged, stepID int64, served map[int64]bool, now workflow.Instant) ExplainTaskReply {
	x := newExplainer(e, j, served, now)
	reply := ExplainTaskReply{TaskID: j.graph.TaskID, StepID: stepID, State: j.graph.State,
		Causes: []Cause{}, Alternatives: []Advice{}}
	roots := x.roots(stepID)
	if stepID != 0 {
		reply.State = x.steps[stepID].State
	}
	reply.Standing = x.standing(stepID, roots)
	reply.CausesTotal = len(roots)
	for _, root := range roots[:min(len(roots), causesMax)] {
		reply.Causes = append(reply.Causes, x.cause(root, stepID))
	}
	reply.NextWakeAt = x.wake(roots)
	if advice := x.advice(reply.Standing, stepID, roots); len(advice) > 0 {
		reply.Action, reply.Alternatives = &advice[0], append(reply.Alternatives, advice[1:]...)
	}
	reply.Summary = x.summary(&reply)
	return reply
}

// causesMax bounds the causes in an answer.
const causesMax = 20

// summary says it in one sentence.
func (x *explainer) summary(r *ExplainTaskReply) string {
	subject := fmt.Sprintf("task %d", r.TaskID)
	if r.StepID != 0 {
		subject = fmt.Sprintf("step %s", x.steps[r.StepID].Name)
	}
	first := ""
	if len(r.Causes) > 0 {
		first = ": " + r.Causes[0].Message
		if more := r.CausesTotal - 1; more > 0 {
			first += fmt.Sprintf(", and %d more", more)
		}
	}
	switch r.Standing {
	case standsEnded:
		return fmt.Sprintf("%s has ended as %s", subject, r.State)
	case standsForeign:
		return subject + " belongs to another engine; this one was not given it"
	case standsRunning:
		return subject + " is running" + first
	case standsReady:
		return subject + " is ready and waits for a worker that is free" + first
	case standsWaiting:
		return subject + " waits for a time or for steps that run" + first
	case standsUnserved:
		return subject + " waits for a worker with the right handler" + first
	}
	return subject + " does not move without a person" + first
}
