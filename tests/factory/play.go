package factory

import (
	"context"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// Played is what a play did.
type Played struct {
	State    workflow.State // of the task, in the end
	Runs     map[string]int // executions of each step's handler
	Order    []string       // of the executions
	Verdicts map[string]int // of all reports
	Elapsed  time.Duration  // by the lab's clock
}

// playRounds bounds a play: a task that neither moves nor ends is a defect.
const playRounds = 1_000_000

// Play runs a task of the shape to its end with one worker that claims up to
// width steps at a time, following the failure plans. Where everything waits for
// a time the clock is moved to it. Steps of other tasks that it meets succeed. A
// task that stands still fails the test.
func (l *Lab) Play(shape Shape, task int64, width int) Played {
	l.t.Helper()
	p := &play{Lab: l, shape: shape, task: task, worker: l.Worker(), width: width, from: l.Clock.Now(),
		done: Played{Runs: map[string]int{}, Verdicts: map[string]int{}}}
	for range playRounds {
		if !p.round() {
			p.done.Elapsed = l.Clock.Now().Sub(p.from)
			return p.done
		}
	}
	require.Fail(l.t, "the task neither moves nor ends", "%+v", l.Context(task))
	return p.done
}

// play is one run of one task.
type play struct {
	*Lab
	shape  Shape
	task   int64
	worker int64
	width  int
	from   time.Time
	done   Played
}

// round claims once and runs what it got; false means that the task has ended.
func (p *play) round() bool {
	p.t.Helper()
	reply, err := p.ClaimSteps(context.Background(), engine.ClaimStepsRequest{WorkerID: p.worker, Limit: p.width})
	require.NoError(p.t, err)
	for i, step := range reply.Steps {
		if !p.execute(step) {
			for range reply.Steps[i+1:] { // lost with the worker
				p.done.Verdicts["lost"]++
			}
			break
		}
	}
	if len(reply.Steps) > 0 {
		return true
	}
	found := p.Context(p.task)
	p.done.State = found.Status
	if found.Status.TaskEnded() {
		return false
	}
	require.False(p.t, found.NextWakeAt.IsZero(), "the task stands still: %+v", found)
	wait := found.NextWakeAt.Sub(p.Clock.Now())
	require.Positive(p.t, wait, "a step is ready and cannot be claimed: %+v", found)
	p.pass(wait)
	return true
}

// pass moves the clock, with heartbeats often enough to stay alive.
func (p *play) pass(d time.Duration) {
	for d > 0 {
		part := min(d, LeasePeriod/3)
		p.Clock.Advance(part)
		require.NoError(p.t, p.Beat(context.Background()))
		d -= part
	}
}

// execute runs one handler; false means that its worker died.
func (p *play) execute(step engine.ClaimedStep) bool {
	p.t.Helper()
	p.executions[step.StepID]++
	p.done.Runs[step.Name]++
	p.done.Order = append(p.done.Order, step.Name)
	var plan Plan
	if known := p.shape.Step(step.Name); known != nil && step.TaskID == p.task {
		plan = known.Plan
	}
	act := plan.Act(step, p.executions[step.StepID], p.Seed)
	if act.Crash {
		p.LoseWorkers()
		p.worker = p.Worker()
		return false
	}
	if act.Hang {
		p.pass(step.DeadlineAt.Sub(p.Clock.Now()) + 3*time.Second) // past the core's grace
		require.NoError(p.t, p.Sweep(context.Background()))
	}
	p.pass(act.Delay)
	reply, err := p.ReportSteps(context.Background(), engine.ReportStepsRequest{Outcomes: []engine.Outcome{act.Outcome}})
	require.NoError(p.t, err)
	p.done.Verdicts[reply.Verdicts[0].Verdict]++
	return true
}
