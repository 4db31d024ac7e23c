package crash_test

import (
	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// scenario is a task, how a host works on it, and how it must end whatever
// happens on the way.
type scenario struct {
	name     string
	template string

	claims  bool   // create and report ask for the next work in the same call
	fails   string // the step whose first attempt fails
	cancels string // the step before whose report the task is cancelled
	gives   string // the step that is given back once instead of run
	drops   string // the step whose first holder falls silent
	stops   string // the step before whose report the worker is stopped once

	state workflow.State
	steps map[string]end
}

// end is how a step must end.
type end struct {
	state    workflow.State
	attempts int // that count
}

func completed(names ...string) map[string]end {
	steps := map[string]end{}
	for _, name := range names {
		steps[name] = end{workflow.Complete, 1}
	}
	return steps
}

const linear = `
name: job
step_templates:
  - {name: a}
  - {name: b, depends_on_step: a}
  - {name: c, depends_on_step: b}
`

const diamond = `
name: job
step_templates:
  - {name: start}
  - {name: left, depends_on_step: start}
  - {name: right, depends_on_step: start}
  - {name: merge, depends_on_steps: [left, right]}
`

const pair = `
name: job
backoff: {base_seconds: 2, jitter: 0}
step_templates:
  - {name: a}
  - {name: b, depends_on_step: a}
`

var scenarios = []scenario{
	{name: "linear", template: linear, state: workflow.Complete, steps: completed("a", "b", "c")},
	{name: "diamond", template: diamond, state: workflow.Complete, steps: completed("start", "left", "right", "merge")},
	{name: "create with claim", template: diamond, claims: true, state: workflow.Complete,
		steps: completed("start", "left", "right", "merge")},
	{name: "retry", template: pair, fails: "a", state: workflow.Complete,
		steps: map[string]end{"a": {workflow.Complete, 2}, "b": {workflow.Complete, 1}}},
	{name: "cancel", template: diamond, cancels: "right", state: workflow.Cancelled,
		steps: map[string]end{"start": {workflow.Complete, 1}, "left": {workflow.Complete, 1},
			"right": {workflow.Cancelled, 0}, "merge": {workflow.Cancelled, 0}}},
	{name: "serial", template: "name: job\nconcurrent: false\nstep_templates: [{name: a}, {name: b}, {name: c}]\n",
		state: workflow.Complete, steps: completed("a", "b", "c")},
	{name: "release", template: pair, gives: "a", state: workflow.Complete, steps: completed("a", "b")},
	{name: "stop", template: pair, stops: "a", state: workflow.Complete, steps: completed("a", "b")},
	{name: "dead worker", template: pair, drops: "a", state: workflow.Complete, steps: completed("a", "b")},
}

// outcome is what the handler of a step answers; each run of a handler has
// results of its own.
func (s *scenario) outcome(step engine.ClaimedStep, run int) engine.Outcome {
	o := engine.Outcome{StepID: step.StepID, Epoch: step.Epoch, Status: "complete",
		Results: (&workflow.Object{}).Text("of", step.Name).Int("run", int64(run)).JSON()}
	if s.fails == step.Name && step.Attempt == 1 {
		o.Status, o.Error = "error", &engine.OutcomeError{Message: "no luck"}
	}
	return o
}
