package vectors_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
	"github.com/tasker-systems/tasker-core-go/tests/factory"
)

// effects is a task of two steps in a line on a store, whose rows are read
// through it: what section 8 of the state-machines sheet says of each move.
type effects struct {
	*factory.Lab
	t            *testing.T
	task, worker int64
	ids          map[string]int64
}

// line is a shape whose steps differ in everything that the template decides.
func line() factory.Shape {
	return factory.Shape{Name: "effects", Steps: []factory.Step{
		{Name: "first", Limit: 5, Skippable: true},
		{Name: "second", Parents: []string{"first"}, Final: true, Limit: 2},
	}}
}

func newEffects(t *testing.T, open factory.OpenFunc) *effects {
	t.Helper()
	e := &effects{Lab: factory.NewLab(t, open), t: t, ids: map[string]int64{}}
	e.Register(line())
	e.task = e.Create(line(), func(r *engine.NewTask) { r.Context = workflow.JSON(`{"n":1}`) })
	for name, info := range e.Steps(e.task) {
		e.ids[name] = info.StepID
	}
	e.worker = e.Worker()
	return e
}

// read runs fn on a snapshot.
func (e *effects) read(fn func(ctx context.Context, r store.Reader) error) {
	e.t.Helper()
	require.NoError(e.t, e.Store.Read(context.Background(), func(r store.Reader) error { return fn(context.Background(), r) }))
}

func (e *effects) row(name string) (step workflow.Step) {
	e.t.Helper()
	e.read(func(ctx context.Context, r store.Reader) error {
		steps, err := r.StepList(ctx, []int64{e.ids[name]})
		if err == nil {
			step = steps[0]
		}
		return err
	})
	return step
}

func (e *effects) taskRow() (task workflow.Task) {
	e.t.Helper()
	e.read(func(ctx context.Context, r store.Reader) error {
		tasks, err := r.TaskList(ctx, store.TaskFilter{IDs: []int64{e.task}})
		if err == nil {
			task = tasks[0]
		}
		return err
	})
	return task
}

func (e *effects) now() workflow.Instant { return workflow.At(e.Clock.Now()) }

func (e *effects) claim(name string) engine.ClaimedStep {
	e.t.Helper()
	reply, err := e.ClaimSteps(context.Background(), engine.ClaimStepsRequest{WorkerID: e.worker})
	require.NoError(e.t, err)
	require.Len(e.t, reply.Steps, 1)
	require.Equal(e.t, name, reply.Steps[0].Name)
	return reply.Steps[0]
}

func (e *effects) report(step engine.ClaimedStep, outcome engine.Outcome) {
	e.t.Helper()
	outcome.StepID, outcome.Epoch = step.StepID, step.Epoch
	reply, err := e.ReportSteps(context.Background(), engine.ReportStepsRequest{Outcomes: []engine.Outcome{outcome}})
	require.NoError(e.t, err)
	require.Equal(e.t, "recorded", reply.Verdicts[0].Verdict)
}

// onBoth runs a test on either store.
func onBoth(t *testing.T, test func(t *testing.T, e *effects)) {
	t.Helper()
	for title, open := range stores {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			test(t, newEffects(t, open))
		})
	}
}

func TestCreationFillsTheColumnsAndWritesNoTransition(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, e *effects) {
		for name, want := range map[string]workflow.Step{
			"first":  {Retryable: true, RetryLimit: pointer(5), Skippable: true},
			"second": {Retryable: false, RetryLimit: pointer(2)},
		} {
			row := e.row(name)
			require.Equal(t, []any{want.Retryable, want.RetryLimit, want.Skippable}, []any{row.Retryable, row.RetryLimit, row.Skippable}, name)
			require.Equal(t, pointer(0), row.Attempts, "written, for NULL is never ready in the first version (T5)")
			require.False(t, row.InProcess || row.Processed)
			require.True(t, row.ProcessedAt.IsZero() && row.LastAttemptedAt.IsZero())
			require.Nil(t, row.BackoffSeconds)
			require.JSONEq(t, `{"n":1}`, string(row.Inputs), "the task's context")
			require.JSONEq(t, `{}`, string(row.Results))
			require.Zero(t, row.TransitionID)
		}
		e.read(func(ctx context.Context, r store.Reader) error {
			edges, err := r.EdgeListByTask(ctx, []int64{e.task})
			require.Len(t, edges, 1)
			require.Equal(t, workflow.Provides, edges[0].Name)
			require.Equal(t, []int64{e.ids["first"], e.ids["second"]}, []int64{edges[0].From, edges[0].To})
			rows, none := r.TaskTransitions(ctx, []int64{e.task})
			require.NoError(t, none)
			require.Empty(t, rows)
			return err
		})
		require.False(t, e.taskRow().Complete)
	})
}

func TestStartOfAStepTouchesNoColumnButInProcess(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, e *effects) {
		before := e.row("first")
		e.claim("first")
		row := e.row("first")
		require.True(t, row.InProcess, "D9; the Rails engine leaves it")
		require.Equal(t, []any{before.Attempts, before.LastAttemptedAt, before.Processed, before.ProcessedAt, before.Results},
			[]any{row.Attempts, row.LastAttemptedAt, row.Processed, row.ProcessedAt, row.Results}, "an attempt counts when it ends")
		require.Equal(t, workflow.InProgress, e.taskRow().State)
		require.False(t, e.taskRow().Complete)
	})
}

func TestSuccessWritesTheColumnsOfTheSheet(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, e *effects) {
		first := e.claim("first")
		e.Clock.Advance(3 * time.Second)
		e.report(first, engine.Outcome{Status: "complete", Results: workflow.JSON(`{"r":1}`)})
		row := e.row("first")
		require.Equal(t, workflow.Complete, row.State)
		require.Equal(t, pointer(1), row.Attempts)
		require.Equal(t, []workflow.Instant{e.now(), e.now()}, []workflow.Instant{row.LastAttemptedAt, row.ProcessedAt})
		require.Equal(t, []bool{true, false}, []bool{row.Processed, row.InProcess})
		require.JSONEq(t, `{"r":1}`, string(row.Results))
		require.False(t, e.taskRow().Complete, "a step is left")

		e.report(e.claim("second"), engine.Outcome{Status: "complete"})
		require.Equal(t, workflow.Complete, e.taskRow().State)
		require.True(t, e.taskRow().Complete, "in the transaction of the last step")
		_, err := e.CancelTask(context.Background(), engine.CancelTaskRequest{TaskID: e.task})
		require.NoError(t, err)
		require.Equal(t, workflow.Cancelled, e.taskRow().State)
		require.True(t, e.taskRow().Complete, "never reset (T15)")
	})
}

func TestFailureWritesTheColumnsOfTheSheetAndARetryClearsThem(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, e *effects) {
		first := e.claim("first")
		e.Clock.Advance(3 * time.Second)
		e.report(first, engine.Outcome{Status: "error", Error: &engine.OutcomeError{Message: "no", Class: "Refused", Backtrace: "a\nb"}})
		row := e.row("first")
		require.Equal(t, workflow.Error, row.State)
		require.Equal(t, pointer(1), row.Attempts)
		require.Equal(t, e.now(), row.LastAttemptedAt)
		require.False(t, row.Processed || row.InProcess)
		require.True(t, row.ProcessedAt.IsZero())
		require.NotNil(t, row.BackoffSeconds)
		require.JSONEq(t, `{"error":"no","error_class":"Refused","backtrace":"a\nb"}`, string(row.Results))
		require.False(t, e.taskRow().Complete)

		_, err := e.RetrySteps(context.Background(), engine.RetryStepsRequest{NamedSteps: engine.NamedSteps{StepID: row.ID}})
		require.NoError(t, err)
		row = e.row("first")
		require.Equal(t, workflow.Pending, row.State)
		require.False(t, row.Processed || row.InProcess)
		require.True(t, row.ProcessedAt.IsZero())
		require.Equal(t, []workflow.State{workflow.InProgress, workflow.Error, workflow.Pending}, e.History(row.ID))
	})
}

func TestCancellingAndResolvingTouchNoColumnOfAnAttempt(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, e *effects) {
		before := map[string]workflow.Step{"first": e.row("first"), "second": e.row("second")}
		_, err := e.ResolveSteps(context.Background(), engine.ResolveStepsRequest{NamedSteps: engine.NamedSteps{StepID: e.ids["first"]}})
		require.NoError(t, err)
		_, err = e.CancelSteps(context.Background(), engine.CancelStepsRequest{NamedSteps: engine.NamedSteps{StepID: e.ids["second"]}})
		require.NoError(t, err)
		for name, state := range map[string]workflow.State{"first": workflow.ResolvedManually, "second": workflow.Cancelled} {
			was, row := before[name], e.row(name)
			require.Equal(t, state, row.State)
			require.Equal(t, []any{was.Attempts, was.LastAttemptedAt, was.Processed, was.ProcessedAt, was.InProcess, was.Results, was.BackoffSeconds},
				[]any{row.Attempts, row.LastAttemptedAt, row.Processed, row.ProcessedAt, row.InProcess, row.Results, row.BackoffSeconds}, name)
		}
		require.False(t, e.taskRow().Complete, "a cancelled step is in the way for ever (G1)")
	})
}

func pointer(n int) *int { return &n }
