package person_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// exhaust uses up the attempts of the one claimable step.
func (k *kit) exhaust(worker int64) engine.ClaimedStep {
	k.t.Helper()
	now := 0
	for {
		step := k.claim(worker)
		if k.report(failed(step, func(o *engine.Outcome) { o.RetryAfterSeconds = &now })).TaskState == workflow.Error {
			return step
		}
	}
}

func TestAGreaterLimitSetsAnExhaustedStepGoing(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	task, w := k.start(line, "line"), k.Worker()
	failure := k.exhaust(w)
	five := 5
	update := engine.UpdateStepsRequest{NamedSteps: step(failure.StepID), RetryLimit: &five, Person: by}
	reply, err := k.UpdateSteps(ctx(), update)
	require.NoError(t, err)
	require.Equal(t, []engine.ActedStep{{StepID: failure.StepID, Name: "first", TaskID: task, Changed: true, FromState: workflow.Error,
		State: workflow.Error, TaskState: workflow.InProgress}}, reply.Items)
	k.requireTruth()
	requireSigned(t, k.taskRows(task, 2), workflow.Pending, workflow.InProgress)
	traces := k.annotations(task)
	require.Len(t, traces, 1)
	require.Equal(t, "step_update", traces[0].Type)
	require.Equal(t, by.By, traces[0].Annotation.Field("by").Text())
	require.Equal(t, by.Reason, traces[0].Annotation.Field("reason").Text())
	require.JSONEq(t, `{"from":2,"to":5}`, string(traces[0].Annotation.Field("retry_limit")))
	again, err := k.UpdateSteps(ctx(), update)
	require.NoError(t, err)
	require.False(t, again.Items[0].Changed)
	require.Len(t, k.annotations(task), 1, "a repeat leaves no trace")
	claimed := k.claim(w)
	require.Equal(t, 3, claimed.Attempt)
	require.Equal(t, 5, claimed.RetryLimit)
}

func TestASmallerLimitBlocksAStepThatWaits(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	task, w := k.start(line, "line"), k.Worker()
	failure := k.claim(w)
	k.report(failed(failure))
	require.Equal(t, workflow.InProgress, k.Context(task).Status)
	one := 1
	reply, err := k.UpdateSteps(ctx(), engine.UpdateStepsRequest{NamedSteps: step(failure.StepID), RetryLimit: &one, Person: by})
	require.NoError(t, err)
	require.Equal(t, workflow.Error, reply.Items[0].TaskState)
}

func TestTheNextAttemptIsGivenTheNewInputs(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	task, w := k.start(line, "line"), k.Worker()
	first := k.Steps(task)["first"].StepID
	_, err := k.UpdateSteps(ctx(), engine.UpdateStepsRequest{NamedSteps: step(first), Inputs: workflow.JSON(`{"n":2}`), Person: by})
	require.NoError(t, err)
	claimed := k.claim(w)
	require.JSONEq(t, `{"n":2}`, string(claimed.Inputs))
	require.JSONEq(t, `{"n":1}`, string(claimed.Context))
	require.JSONEq(t, `{"from":{"n":1}}`, string(k.annotations(task)[0].Annotation.Field("inputs")))

	// While it runs, too: this attempt keeps what it was given.
	_, err = k.UpdateSteps(ctx(), engine.UpdateStepsRequest{NamedSteps: step(first), Inputs: workflow.JSON(`{"n":3}`)})
	require.NoError(t, err)
	require.Equal(t, "recorded", k.report(done(claimed)).Verdict)
	_, err = k.UpdateSteps(ctx(), engine.UpdateStepsRequest{NamedSteps: step(first), Inputs: workflow.JSON(`{"n":4}`)})
	requireConflict(t, err, workflow.Complete)
}

func TestAnUpdateThatSaysNothingOrTooMuchIsRefused(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	first := k.Steps(k.start(line, "line"))["first"].StepID
	tooMany := 10_001
	for _, r := range []engine.UpdateStepsRequest{{NamedSteps: step(first)}, {NamedSteps: step(first), RetryLimit: &tooMany},
		{NamedSteps: step(first), Inputs: workflow.JSON(`{}`), Person: engine.Person{By: strings.Repeat("x", 129)}}} {
		_, err := k.UpdateSteps(ctx(), r)
		require.Equal(t, fault.InvalidRequest, fault.KindOf(err))
	}
}

func TestResettingTheAttemptsSetsAnExhaustedStepGoing(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	task, w := k.start(line, "line"), k.Worker()
	failure := k.exhaust(w)
	reply, err := k.ResetSteps(ctx(), engine.ResetStepsRequest{NamedSteps: step(failure.StepID), Person: by})
	require.NoError(t, err)
	require.True(t, reply.Items[0].Changed)
	require.Equal(t, workflow.InProgress, reply.Items[0].TaskState)
	require.Equal(t, workflow.Error, k.Steps(task)["first"].State, "the state stays")
	trace := k.annotations(task)[0]
	require.Equal(t, "step_reset", trace.Type)
	require.JSONEq(t, `{"from":2,"to":0}`, string(trace.Annotation.Field("attempts")))
	require.Equal(t, by.Reason, trace.Annotation.Field("reason").Text())
	again, err := k.ResetSteps(ctx(), engine.ResetStepsRequest{NamedSteps: step(failure.StepID), Person: by})
	require.NoError(t, err)
	require.False(t, again.Items[0].Changed)
	k.requireTruth()
	require.Equal(t, 1, k.claim(w).Attempt)
}

func TestResettingDoesNotForgiveAPermanentFailure(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	_, w := k.start(line, "line"), k.Worker()
	failure := k.block(w)
	reply, err := k.ResetSteps(ctx(), engine.ResetStepsRequest{NamedSteps: step(failure.StepID), Person: by})
	require.NoError(t, err)
	require.Equal(t, workflow.Error, reply.Items[0].TaskState)
	k.idle(w)
}

func TestANewPriorityMovesTheStepsThatWait(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	_, w := k.start(line, "line"), k.Worker()
	later := k.start(line, "line")
	high := 50
	update := engine.UpdateTaskRequest{TaskID: later, Priority: &high, By: "ann", Comment: "the customer waits"}
	reply, err := k.UpdateTask(ctx(), update)
	require.NoError(t, err)
	require.True(t, reply.Changed)
	k.requireTruth()
	trace := k.annotations(later)[0]
	require.Equal(t, "task_update", trace.Type)
	require.JSONEq(t, `{"by":"ann","comment":"the customer waits","priority":{"from":0,"to":50}}`, string(trace.Annotation))
	reply, err = k.UpdateTask(ctx(), update)
	require.NoError(t, err)
	require.False(t, reply.Changed)
	first := k.claim(w)
	require.Equal(t, later, first.TaskID)
	k.report(done(first))
	require.Equal(t, later, k.claim(w).TaskID, "its children, too")
}

func TestANewPriorityLeavesWaitsAlone(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	task, w := k.start(line, "line"), k.Worker()
	k.report(failed(k.claim(w)))
	before := k.Context(task).NextWakeAt
	high := 50
	_, err := k.UpdateTask(ctx(), engine.UpdateTaskRequest{TaskID: task, Priority: &high})
	require.NoError(t, err)
	require.Equal(t, before, k.Context(task).NextWakeAt)
	k.idle(w)
	k.Clock.Advance(before.Sub(k.Clock.Now()))
	require.Equal(t, "first", k.claim(w).Name)
}

func TestReasonAndTagsOfATaskCanBeChanged(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	task := k.start(line, "line", func(r *engine.NewTask) { r.Reason, r.Tags = "night run", []string{"red"} })
	reason := `by "hand"`
	_, err := k.UpdateTask(ctx(), engine.UpdateTaskRequest{TaskID: task, Reason: &reason, Tags: []string{}})
	require.NoError(t, err)
	reply, err := k.GetTask(ctx(), engine.GetTaskRequest{TaskID: task})
	require.NoError(t, err)
	require.Equal(t, reason, reply.Reason)
	require.Empty(t, reply.Tags)
	require.JSONEq(t, `{"reason":{"from":"night run","to":"by \"hand\""},"tags":{"from":["red"],"to":[]}}`,
		string(k.annotations(task)[0].Annotation))
	_, err = k.UpdateTask(ctx(), engine.UpdateTaskRequest{TaskID: task})
	require.Equal(t, fault.InvalidRequest, fault.KindOf(err))
	long, far := strings.Repeat("x", 129), 1001
	_, err = k.UpdateTask(ctx(), engine.UpdateTaskRequest{TaskID: task, Reason: &long, Priority: &far, Tags: []string{long}})
	var f *fault.Error
	require.ErrorAs(t, err, &f)
	require.Len(t, f.Problems, 3, "every problem at once")
	_, err = k.UpdateTask(ctx(), engine.UpdateTaskRequest{TaskID: 999, Reason: &reason})
	require.Equal(t, fault.NotFound, fault.KindOf(err))
}

func TestAnnotationsAreKeptWithWhoMadeThem(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	task := k.start(line, "line")
	for _, c := range []struct{ given, by, stored string }{
		{`{"text":"called"}`, "ann", `{"text":"called","by":"ann"}`},
		{`{"text":"called","by":"bob"}`, "ann", `{"text":"called","by":"bob"}`},
		{`"called"`, "ann", `{"value":"called","by":"ann"}`},
		{`"called"`, "", `"called"`},
		{`{"a\"b":[1.50]}`, "ann", `{"a\"b":[1.50],"by":"ann"}`},
	} {
		reply, err := k.AnnotateTask(ctx(), engine.AnnotateTaskRequest{TaskID: task, By: c.by,
			NewAnnotation: engine.NewAnnotation{Type: "note", Annotation: workflow.JSON(c.given)}})
		require.NoError(t, err)
		require.JSONEq(t, c.stored, string(reply.Annotation))
		all := k.annotations(task)
		last := all[len(all)-1]
		require.JSONEq(t, c.stored, string(last.Annotation))
		reply.Annotation, last.Annotation = nil, nil
		require.Equal(t, reply, last)
		require.Equal(t, all[0].AnnotationTypeID, last.AnnotationTypeID, "a type is made once")
	}
	for _, bad := range []engine.AnnotateTaskRequest{{TaskID: task}, {TaskID: task, NewAnnotation: engine.NewAnnotation{Type: "note"}},
		{TaskID: task, NewAnnotation: engine.NewAnnotation{Type: strings.Repeat("x", 65), Annotation: workflow.JSON("1")}}} {
		_, err := k.AnnotateTask(ctx(), bad)
		require.Equal(t, fault.InvalidRequest, fault.KindOf(err))
	}
	_, err := k.AnnotateTask(ctx(), engine.AnnotateTaskRequest{TaskID: 999, NewAnnotation: engine.NewAnnotation{Type: "note", Annotation: workflow.JSON("1")}})
	require.Equal(t, fault.NotFound, fault.KindOf(err))
}
