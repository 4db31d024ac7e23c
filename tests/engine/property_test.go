package engine_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// randomTemplate draws a DAG of a few steps as YAML.
func randomTemplate(r *rapid.T) string {
	n := rapid.IntRange(1, 9).Draw(r, "steps")
	var b strings.Builder
	fmt.Fprintf(&b, "name: random\nconcurrent: %v\nbackoff: {base_seconds: 1, jitter: 0}\nstep_templates:\n",
		rapid.Bool().Draw(r, "concurrent"))
	for i := range n {
		var parents []string
		for p := range i {
			if rapid.IntRange(0, 3).Draw(r, "edge") == 0 {
				parents = append(parents, fmt.Sprintf("s%d", p))
			}
		}
		fmt.Fprintf(&b, "  - {name: s%d, default_retry_limit: %d, default_retryable: %v, depends_on_steps: [%s]}\n", i,
			rapid.IntRange(0, 4).Draw(r, "limit"), rapid.IntRange(0, 4).Draw(r, "retryable") > 0, strings.Join(parents, ", "))
	}
	return b.String()
}

// actor drives one task at random and remembers the leases it holds.
type actor struct {
	*kit
	r        *rapid.T
	worker   int64
	task     int64
	held     []engine.ClaimedStep
	recorded map[string]int
}

func (a *actor) pick() (engine.ClaimedStep, bool) {
	if len(a.held) == 0 {
		return engine.ClaimedStep{}, false
	}
	i := rapid.IntRange(0, len(a.held)-1).Draw(a.r, "which")
	step := a.held[i]
	a.held = append(a.held[:i:i], a.held[i+1:]...)
	return step, true
}

func (a *actor) act() {
	switch rapid.SampledFrom([]string{"claim", "claim", "complete", "complete", "complete", "fail", "permanent", "release",
		"time", "die", "repeat"}).Draw(a.r, "action") {
	case "claim":
		a.held = append(a.held, a.claim(a.worker, rapid.IntRange(1, 4).Draw(a.r, "n"))...)
	case "complete":
		if step, ok := a.pick(); ok {
			a.finish(step)
			a.recorded[step.Name]++
		}
	case "fail", "permanent":
		if step, ok := a.pick(); ok {
			outcome := failed(step)
			outcome.Permanent = rapid.IntRange(0, 9).Draw(a.r, "permanent") == 0
			require.Equal(a.t, "recorded", a.report(outcome)[0].Verdict)
			require.Equal(a.t, "already_recorded", a.report(outcome)[0].Verdict)
		}
	case "release":
		if step, ok := a.pick(); ok {
			_, err := a.ReleaseSteps(ctx(), engine.ReleaseStepsRequest{Steps: []engine.LeaseName{{StepID: step.StepID, Epoch: step.Epoch}}})
			require.NoError(a.t, err)
		}
	case "time":
		a.clock.Advance(time.Duration(rapid.IntRange(1, 4).Draw(a.r, "seconds")) * time.Second)
		require.NoError(a.t, a.Beat(ctx()))
	case "die":
		lostSteps := a.held
		a.held = nil
		a.sweepAfter(lease)
		require.NoError(a.t, a.Beat(ctx()))
		for _, step := range lostSteps {
			require.Equal(a.t, "lease_lost", a.report(done(step))[0].Verdict)
		}
		a.worker = a.kit.worker()
	case "repeat":
		require.NoError(a.t, a.Sweep(ctx()))
	}
}

// drain runs everything that is left to its end.
func (a *actor) drain() {
	for range 200 {
		a.held = append(a.held, a.claim(a.worker, 10)...)
		if len(a.held) == 0 && a.state(a.task).TaskEnded() {
			return
		}
		for step, ok := a.pick(); ok; step, ok = a.pick() {
			a.finish(step)
			a.recorded[step.Name]++
		}
		a.clock.Advance(time.Second)
		require.NoError(a.t, a.Beat(ctx()))
	}
	require.Fail(a.t, "the task did not end")
}

func TestAnySequenceKeepsTheTruthAndEveryTaskEnds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		k := newKit(t)
		yaml := randomTemplate(r)
		k.register(yaml)
		a := &actor{kit: k, r: r, worker: k.worker(), task: k.create("random"), recorded: map[string]int{}}
		for range rapid.IntRange(0, 25).Draw(r, "length") {
			a.act()
			k.requireTruth(a.task)
		}
		a.drain()
		k.requireTruth(a.task)
		for name, step := range k.steps(a.task) {
			require.LessOrEqual(t, a.recorded[name], 1, "a result is recorded once")
			require.Equal(t, step.State == workflow.Complete, a.recorded[name] == 1)
			require.False(t, step.InProcess)
		}
	})
}

func TestManyCallersShareWorkWithoutDoublingIt(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(diamond)
	const tasks, callers = 60, 8
	r := engine.CreateTasksRequest{}
	for range tasks {
		r.Tasks = append(r.Tasks, newTask("diamond"))
	}
	created, err := k.CreateTasks(ctx(), r)
	require.NoError(t, err)
	var mu sync.Mutex // guards runs
	runs := map[int64]int{}
	var group sync.WaitGroup
	for range callers {
		w := k.worker()
		group.Go(func() {
			for {
				reply, err := k.ClaimSteps(ctx(), engine.ClaimStepsRequest{WorkerID: w, Limit: 3, WaitMS: 300})
				if err != nil || len(reply.Steps) == 0 {
					require.NoError(t, err)
					return
				}
				for next := reply.Steps; len(next) > 0; {
					report := engine.ReportStepsRequest{Claim: &engine.ClaimRequest{WorkerID: w, Limit: 2}}
					mu.Lock()
					for _, step := range next {
						runs[step.StepID]++
						report.Outcomes = append(report.Outcomes, done(step))
					}
					mu.Unlock()
					answer, err := k.ReportSteps(ctx(), report)
					require.NoError(t, err)
					for _, v := range answer.Verdicts {
						require.Equal(t, "recorded", v.Verdict)
					}
					next = answer.Claimed
				}
			}
		})
	}
	group.Wait()
	require.Len(t, runs, 4*tasks)
	for _, n := range runs {
		require.Equal(t, 1, n)
	}
	for _, item := range created.Items {
		require.Equal(t, workflow.Complete, k.state(item.TaskID))
	}
	k.requireTruth(created.Items[0].TaskID)
}
