package engine

import (
	"fmt"
	"strconv"

	"github.com/tasker-systems/tasker-core-go/core/readiness"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// standing sums the causes up. A task goes on while anything in it can, so its
// best cause counts; a step needs all of them to go away, so its worst does.
func (x *explainer) standing(stepID int64, roots []*waiter) string {
	g := x.judged.graph
	switch {
	case stepID != 0 && x.steps[stepID].State.Ended(), stepID == 0 && g.State.Ended():
		return standsEnded
	case g.State.Ended():
		return standsBlocked
	case g.Stamp.Version == 0:
		return standsForeign
	case len(roots) == 0:
		return standsBlocked // nothing is left to happen, and yet it has not ended
	case stepID != 0:
		return roots[0].standing()
	}
	return roots[len(roots)-1].standing()
}

func (w *waiter) standing() string {
	switch w.gravity() {
	case 0:
		return standsBlocked
	case 2:
		return standsUnserved
	case 4:
		return standsRunning
	case 5:
		return standsReady
	}
	return standsWaiting
}

// wake is the earliest instant at which one of the causes changes by itself.
func (x *explainer) wake(roots []*waiter) workflow.Instant {
	if x.judged.graph.State.Ended() {
		return workflow.Instant{}
	}
	var wake workflow.Instant
	for _, w := range roots {
		at := workflow.Instant{}
		switch {
		case w.verdict == nil || w.reason == causeCycle:
			continue
		case w.verdict.Ready:
			at = x.now
		default:
			at = w.verdict.DueAt
		}
		if !at.IsZero() && (wake.IsZero() || at.Before(wake.Time)) {
			wake = at
		}
	}
	return wake
}

// advice lists what helps, the cheapest first. Nothing has to be done for what
// time, work under way or a free worker ends.
func (x *explainer) advice(standing string, stepID int64, roots []*waiter) []Advice {
	task := x.judged.graph.TaskID
	switch {
	case standing == standsEnded:
		return nil
	case x.judged.graph.State.Ended():
		return nil // a step of an ended task never runs
	case standing == standsForeign:
		return []Advice{call("task_adopt", "task_id", task, "gives the task to this engine, which then runs its steps")}
	case len(roots) == 0:
		return []Advice{call("task_finalize", "task_id", task, "decides the end of the task from its steps")}
	}
	worst := roots[0]
	switch worst.gravity() {
	case 0:
		return append(x.unblock(worst, stepID, roots), call("task_cancel", "task_id", task, "ends the task and what is open in it"))
	case 1:
		return []Advice{call("task_explain", "step_id", worst.StepID, "tells what holds up the step of the other task")}
	case 2:
		return []Advice{x.register(worst)}
	}
	return nil
}

// unblock lists what takes away a cause that needs a person.
func (x *explainer) unblock(w *waiter, stepID int64, roots []*waiter) []Advice {
	resolve := call("step_resolve", "step_id", w.StepID, "counts the step as done, so that what is below it may run")
	switch w.reason {
	case readiness.RetriesExhausted, readiness.NotRetryable, readiness.PermanentFailure:
		retry := call("step_retry", "step_id", w.StepID, "gives the step its attempts back and runs it again")
		if failed := countFailed(roots); failed > 1 && stepID == 0 {
			all := call("task_retry", "task_id", x.judged.graph.TaskID, fmt.Sprintf("runs all %d failed steps again", failed))
			return []Advice{all, retry, resolve}
		}
		return []Advice{retry, resolve}
	case readiness.AlreadyCancelled:
		return x.passBy(w.StepID)
	case readiness.NotLeased:
		return []Advice{{Operation: "step_transition", Effect: "records that the attempt failed, so that it can be tried again",
			Request: (&workflow.Object{}).Int("step_id", w.StepID).Text("to_state", string(workflow.Error)).JSON()}}
	case readiness.InProcess, readiness.Processed:
		return []Advice{call("step_retry", "step_id", w.StepID, "clears the marks and runs the step again"), resolve}
	case causeCycle:
		return []Advice{resolve}
	}
	return nil
}

// passBy advises to resolve what waits below a cancelled step, which itself is
// final.
func (x *explainer) passBy(cancelled int64) []Advice {
	below := []byte("[")
	for _, child := range x.graph.Children(cancelled) {
		if x.steps[child].State == workflow.Pending {
			below = append(strconv.AppendInt(below, child, 10), ',')
		}
	}
	if len(below) == 1 {
		return nil
	}
	below[len(below)-1] = ']'
	return []Advice{{Operation: "step_resolve", Request: (&workflow.Object{}).Raw("step_ids", below).JSON(),
		Effect: "counts the steps below the cancelled one, which is final, as done"}}
}

// countFailed counts the causes that a retry of the task takes away.
func countFailed(roots []*waiter) int {
	failed := 0
	for _, w := range roots {
		switch w.reason {
		case readiness.RetriesExhausted, readiness.NotRetryable, readiness.PermanentFailure:
			failed++
		}
	}
	return failed
}

// register advises a worker for a step's handler.
func (x *explainer) register(w *waiter) Advice {
	handler := &workflow.Object{}
	if entry := x.engine.catalog.get(x.judged.graph.NamedTaskID); entry != nil {
		handler.Text("namespace", entry.Namespace).Text("task", entry.Name)
	}
	handlers := append(append([]byte("["), handler.Text("step", w.Name).JSON()...), ']')
	return Advice{Operation: "worker_register", Effect: "announces a worker that runs the step",
		Request: (&workflow.Object{}).Raw("handlers", handlers).JSON()}
}

// call is advice to call an operation with one id.
func call(operation, key string, id int64, effect string) Advice {
	return Advice{Operation: operation, Effect: effect, Request: (&workflow.Object{}).Int(key, id).JSON()}
}
