package engine_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

func TestADiamondRunsFromCreationToComplete(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(diamond)
	w, task := k.worker(), k.create("diamond")
	require.Equal(t, workflow.Pending, k.state(task))
	k.requireTruth(task)

	start := k.claimOne(w)
	require.Equal(t, "start", start.Name)
	require.Empty(t, k.claim(w, 10), "children wait for their parent")
	require.Equal(t, workflow.InProgress, k.state(task))
	k.requireTruth(task)
	k.finish(start)
	k.requireTruth(task)

	sides := k.claim(w, 10)
	require.Len(t, sides, 2)
	require.JSONEq(t, `{"of":"start"}`, string(sides[0].Parents[0].Results))
	k.finish(sides[0])
	require.Empty(t, k.claim(w, 10), "merge waits for both")
	k.finish(sides[1])

	merge := k.claimOne(w)
	require.Len(t, merge.Parents, 2)
	v := k.finish(merge)
	require.Equal(t, workflow.Complete, v.TaskState, "the end is decided with the last outcome")
	require.Equal(t, workflow.Complete, k.state(task))
	k.requireTruth(task)
	for _, step := range k.steps(task) {
		require.Equal(t, 1, step.Attempts)
		require.Equal(t, []workflow.State{workflow.InProgress, workflow.Complete}, k.history(step.StepID))
	}
}

func TestAReportCanClaimTheNextStepInTheSameCall(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(diamond)
	w := k.worker()
	created, err := k.CreateTask(ctx(), engine.CreateTaskRequest{Claim: &engine.ClaimRequest{WorkerID: w, Limit: 5},
		NewTask: engine.NewTask{Name: "diamond", Context: workflow.JSON(`{"a":1}`)}})
	require.NoError(t, err)
	require.Len(t, created.Claimed, 1)
	next := created.Claimed
	for rounds := 0; len(next) > 0; rounds++ {
		require.Less(t, rounds, 5)
		r := engine.ReportStepsRequest{Claim: &engine.ClaimRequest{WorkerID: w, Limit: 5}}
		for _, step := range next {
			r.Outcomes = append(r.Outcomes, done(step))
		}
		reply, err := k.ReportSteps(ctx(), r)
		require.NoError(t, err)
		next = reply.Claimed
	}
	require.Equal(t, workflow.Complete, k.state(created.TaskID))
	k.requireTruth(created.TaskID)
}

func TestAFailedStepWaitsItsBackoffAndRunsAgain(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(single(", backoff: {base_seconds: 2, jitter: 0}"))
	w, task := k.worker(), k.create("single")
	step := k.claimOne(w)
	v := k.report(failed(step))[0]
	require.Equal(t, "recorded", v.Verdict)
	require.Equal(t, workflow.InProgress, v.TaskState, "a started task stays in progress while it waits for a retry")
	require.Equal(t, 2*time.Second, v.RetryAt.Sub(k.clock.Now()))
	k.requireTruth(task)
	require.Empty(t, k.claim(w, 1))

	k.clock.Advance(2*time.Second - time.Microsecond)
	reply, err := k.ClaimSteps(ctx(), engine.ClaimStepsRequest{WorkerID: w})
	require.NoError(t, err)
	require.Empty(t, reply.Steps, "one microsecond short is not due")
	require.Equal(t, v.RetryAt, reply.NextDue)
	k.clock.Advance(time.Microsecond)

	again := k.claimOne(w)
	require.Equal(t, 2, again.Attempt)
	require.JSONEq(t, `{"error":"no luck","error_class":"Flaky"}`, string(again.PreviousResults))
	k.finish(again)
	require.Equal(t, workflow.Complete, k.state(task))
	require.Equal(t, []workflow.State{workflow.InProgress, workflow.Error, workflow.Pending, workflow.InProgress, workflow.Complete},
		k.history(step.StepID))
	info := k.steps(task)["only"]
	require.Equal(t, 2, info.Attempts)
	require.Nil(t, info.BackoffSeconds, "success clears the wait (D7)")
	k.requireTruth(task)
}

func TestARetryAfterFromTheServerWinsOverTheCurve(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(single(", backoff: {base_seconds: 2, jitter: 0}"))
	w, _ := k.worker(), k.create("single")
	outcome, hint := failed(k.claimOne(w)), 77
	outcome.RetryAfterSeconds = &hint
	v := k.report(outcome)[0]
	require.Equal(t, 77*time.Second, v.RetryAt.Sub(k.clock.Now()))
}

func TestExhaustedAttemptsBlockTheTask(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(single(", default_retry_limit: 2, backoff: {strategy: none}"))
	w, task := k.worker(), k.create("single")
	require.Equal(t, workflow.InProgress, k.report(failed(k.claimOne(w)))[0].TaskState)
	v := k.report(failed(k.claimOne(w)))[0]
	require.Equal(t, workflow.Error, v.TaskState)
	require.True(t, v.RetryAt.IsZero())
	require.Empty(t, k.claim(w, 1))
	k.requireTruth(task)
	context, err := k.GetContext(ctx(), engine.ContextRequest{TaskID: task})
	require.NoError(t, err)
	require.Equal(t, "blocked_by_failures", context.ExecutionStatus)
	require.True(t, context.NextWakeAt.IsZero())
}

func TestAPermanentErrorStopsRetriesForBothEngines(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(single(", default_retry_limit: 9"))
	w, task := k.worker(), k.create("single")
	outcome := failed(k.claimOne(w))
	outcome.Permanent = true
	require.Equal(t, workflow.Error, k.report(outcome)[0].TaskState)
	require.False(t, k.steps(task)["only"].Retryable, "D2: what the Rails engine understands")
	k.requireTruth(task)
}

func TestOneBranchExhaustedLetsTheOtherFinishBeforeTheTaskFails(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(diamond)
	w, task := k.worker(), k.create("diamond")
	k.finish(k.claimOne(w))
	sides := k.claim(w, 2)
	outcome := failed(sides[0])
	outcome.Permanent = true
	require.Equal(t, workflow.InProgress, k.report(outcome)[0].TaskState, "the other side still runs")
	require.Equal(t, workflow.Error, k.finish(sides[1]).TaskState)
	require.Equal(t, workflow.Pending, k.steps(task)["merge"].State)
	k.requireTruth(task)
}

func TestAStepThatMayNotBeRetriedStillRunsOnce(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(single(", default_retryable: false, default_retry_limit: 0"))
	w, task := k.worker(), k.create("single")
	k.finish(k.claimOne(w))
	require.Equal(t, workflow.Complete, k.state(task))
}

func TestATaskDoesNotStartBeforeItsStartAt(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(diamond)
	w := k.worker()
	at := workflow.At(k.clock.Now().Add(time.Hour))
	task := k.create("diamond", func(r *engine.CreateTaskRequest) { r.StartAt = at })
	k.requireTruth(task)
	reply, err := k.ClaimSteps(ctx(), engine.ClaimStepsRequest{WorkerID: w})
	require.NoError(t, err)
	require.Empty(t, reply.Steps)
	require.Equal(t, at, reply.NextDue)
	context, err := k.GetContext(ctx(), engine.ContextRequest{TaskID: task})
	require.NoError(t, err)
	require.Equal(t, at, context.NextWakeAt)
	k.clock.Advance(time.Hour)
	require.Equal(t, "start", k.claimOne(w).Name)
}

func TestAnyJSONValueIsALegalResult(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register("name: pair\nstep_templates:\n  - {name: a}\n  - {name: b, depends_on_step: a}\n")
	w, task := k.worker(), k.create("pair")
	outcome := done(k.claimOne(w))
	outcome.Results = workflow.JSON(`[1, 2.50, "three"]`)
	k.report(outcome)
	require.JSONEq(t, `{"value":[1, 2.50, "three"]}`, string(k.steps(task)["a"].Results), "stored as an object (D18)")
	require.JSONEq(t, `[1, 2.50, "three"]`, string(k.claimOne(w).Parents[0].Results), "and unwrapped for the child")
}

func TestSerialTasksRunOneStepAtATime(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register("name: serial\nconcurrent: false\nstep_templates:\n  - {name: a}\n  - {name: b}\n  - {name: c}\n")
	w, task := k.worker(), k.create("serial")
	for i := range 3 {
		steps := k.claim(w, 10)
		require.Len(t, steps, 1)
		require.Empty(t, k.claim(w, 10))
		k.requireTruth(task)
		if i == 1 { // a failure gives the turn to others as well
			outcome := failed(steps[0])
			outcome.Permanent = true
			k.report(outcome)
			continue
		}
		k.finish(steps[0])
		k.requireTruth(task)
	}
	require.Equal(t, workflow.Error, k.state(task))
}

func TestBypassedStepsAreResolvedAtCreation(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register("name: skips\nstep_templates:\n  - {name: a, skippable: true}\n  - {name: b, depends_on_step: a}\n")
	w := k.worker()
	task := k.create("skips", func(r *engine.CreateTaskRequest) { r.BypassSteps = []string{"a"} })
	k.requireTruth(task)
	step := k.claimOne(w)
	require.Equal(t, "b", step.Name)
	require.Equal(t, workflow.ResolvedManually, step.Parents[0].State)
	k.finish(step)
	require.Equal(t, workflow.Complete, k.state(task))

	_, err := k.CreateTask(ctx(), engine.CreateTaskRequest{NewTask: engine.NewTask{Name: "skips",
		Context: workflow.JSON(`{"n":1}`), BypassSteps: []string{"b"}}})
	require.Equal(t, fault.InvalidRequest, fault.KindOf(err))
	require.ErrorContains(t, err, "bypass_steps[0]")
}

func TestATaskWhoseStepsAreAllBypassedIsCompleteAtOnce(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(single(", skippable: true"))
	task := k.create("single", func(r *engine.CreateTaskRequest) { r.BypassSteps = []string{"only"} })
	require.Equal(t, workflow.Complete, k.state(task))
	k.requireTruth(task)
}

func TestHigherPriorityRunsFirstAndNamespacesShareFairly(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	for _, ns := range []string{"busy", "quiet"} {
		k.register("name: single\nnamespace_name: " + ns + "\nstep_templates:\n  - {name: only}\n")
	}
	w := k.worker()
	in := func(ns string, priority int) int64 {
		return k.create("single", func(r *engine.CreateTaskRequest) { r.Namespace, r.Priority = ns, &priority })
	}
	for range 20 {
		in("busy", 0)
	}
	urgent, quiet := in("busy", 5), in("quiet", -5)
	var first []int64
	for _, step := range k.claim(w, 2) {
		first = append(first, step.TaskID)
	}
	require.ElementsMatch(t, []int64{urgent, quiet}, first)
}
