package factory

import (
	"context"
	"fmt"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// At is a point of a step's life.
type At struct {
	State       workflow.State // cancelled and resolved_manually are reached by a person's move
	Attempts    int            // attempts that have ended; at least 1 is meant for complete and error
	WaitSeconds int            // in error: what is left of the wait for the next attempt
	Results     workflow.JSON  // of a complete step; nil: {}
}

// Point is a point of a task's life: each step by name; steps that it does not
// name stay pending.
type Point map[string]At

// Reach creates a task of the shape and drives it through the engine to the
// point, without moving the clock. A point that no life leads to fails the test:
// a step that has run below a parent that is not satisfied, or more attempts
// than the limit allows.
func (l *Lab) Reach(shape Shape, point Point, edits ...func(*engine.NewTask)) int64 {
	l.t.Helper()
	l.Register(shape)
	task := l.Create(shape, edits...)
	ids := l.Steps(task)
	for name := range point {
		require.NotNil(l.t, shape.Step(name), "the shape has no step %s", name)
	}
	for _, name := range shape.graph().Order() {
		at, named := point[name]
		if !named {
			continue
		}
		l.reach(shape, task, ids[name].StepID, name, at)
	}
	return task
}

func (l *Lab) reach(shape Shape, task, step int64, name string, at At) {
	l.t.Helper()
	if at.Attempts == 0 && (at.State == workflow.Complete || at.State == workflow.Error) {
		at.Attempts = 1
	}
	worker := l.worker(engine.HandlerMatch{Namespace: shape.Namespace, Task: shape.Name, Version: shape.Version, Step: name})
	failures := at.Attempts
	if at.State == workflow.Complete {
		failures--
	}
	for n := range failures {
		wait := 0
		if n == failures-1 && at.State == workflow.Error {
			wait = at.WaitSeconds
		}
		l.report(engine.Outcome{StepID: step, Epoch: l.take(worker, task, name).Epoch, Status: "error", RetryAfterSeconds: &wait,
			Error: &engine.OutcomeError{Message: "driven to this point", Class: "PlannedFailure"}})
	}
	switch at.State {
	case workflow.Complete:
		l.report(engine.Outcome{StepID: step, Epoch: l.take(worker, task, name).Epoch, Status: "complete", Results: at.Results})
	case workflow.InProgress:
		l.take(worker, task, name)
	case workflow.Pending:
		if at.Attempts > 0 {
			l.giveBack(l.take(worker, task, name))
		}
	case workflow.Cancelled, workflow.ResolvedManually:
		l.Foreign(step, at.State)
		require.NoError(l.t, l.Sweep(context.Background()))
	}
	if at.State != workflow.InProgress {
		_, err := l.StopWorker(context.Background(), engine.StopWorkerRequest{WorkerID: worker})
		require.NoError(l.t, err)
	}
}

// take claims the named step of the task; steps of other tasks that it met on
// the way are given back.
func (l *Lab) take(worker, task int64, name string) engine.ClaimedStep {
	l.t.Helper()
	reply, err := l.ClaimSteps(context.Background(), engine.ClaimStepsRequest{WorkerID: worker, Limit: 1000})
	require.NoError(l.t, err)
	var found *engine.ClaimedStep
	for i, step := range reply.Steps {
		if step.TaskID == task {
			found = &reply.Steps[i]
		} else {
			l.giveBack(step)
		}
	}
	require.NotNil(l.t, found, fmt.Sprintf("step %s cannot run at this point", name))
	return *found
}

func (l *Lab) giveBack(step engine.ClaimedStep) {
	l.t.Helper()
	_, err := l.ReleaseSteps(context.Background(), engine.ReleaseStepsRequest{
		Steps: []engine.LeaseName{{StepID: step.StepID, Epoch: step.Epoch}}})
	require.NoError(l.t, err)
}

func (l *Lab) report(outcome engine.Outcome) {
	l.t.Helper()
	reply, err := l.ReportSteps(context.Background(), engine.ReportStepsRequest{Outcomes: []engine.Outcome{outcome}})
	require.NoError(l.t, err)
	require.Equal(l.t, "recorded", reply.Verdicts[0].Verdict)
}
