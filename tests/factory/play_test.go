package factory_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
	"github.com/tasker-systems/tasker-core-go/tests/factory"
)

func newLab(t *testing.T) *factory.Lab {
	t.Helper()
	return factory.NewLab(t, factory.SQLite)
}

// played registers the shape, creates a task and plays it to its end.
func played(t *testing.T, lab *factory.Lab, shape factory.Shape) (factory.Played, map[string]engine.StepInfo) {
	t.Helper()
	lab.Register(shape)
	task := lab.Create(shape)
	return lab.Play(shape, task, 4), lab.Steps(task)
}

func TestN1ReliableShapesCompleteWithOneAttemptEach(t *testing.T) {
	t.Parallel()
	lab := newLab(t)
	for _, shape := range factory.Catalogue() {
		done, steps := played(t, lab, shape.Reliable())
		require.Equal(t, workflow.Complete, done.State, shape.Code)
		require.Len(t, done.Order, len(shape.Steps), shape.Code)
		for name, step := range steps {
			require.Equal(t, 1, step.Attempts, "%s %s", shape.Code, name)
			require.Equal(t, 1, done.Runs[name])
		}
	}
}

func TestEveryShapeCompletesUnderItsOwnFailurePlan(t *testing.T) {
	t.Parallel()
	lab := newLab(t)
	for _, shape := range factory.Catalogue() {
		done, steps := played(t, lab, shape)
		require.Equal(t, workflow.Complete, done.State, shape.Code)
		for _, step := range shape.Steps {
			require.Equal(t, step.Plan.Times+1, steps[step.Name].Attempts, "%s %s", shape.Code, step.Name)
		}
	}
}

func TestPlaysGoTheSameWayOnPostgreSQL(t *testing.T) {
	t.Parallel()
	pg, lite := factory.NewLab(t, factory.Postgres), newLab(t)
	for _, code := range []string{"S4", "S5", "W2"} {
		shape := factory.Get(code)
		there, _ := played(t, pg, shape)
		here, _ := played(t, lite, shape)
		require.Equal(t, here, there, code)
	}
}

func TestN2AndN3AFailureHoldsBackItsSuccessorsOnly(t *testing.T) {
	t.Parallel()
	lab := newLab(t)
	middle := factory.Diamond().Reliable().With("branch_one_process", func(s *factory.Step) { s.Plan = factory.Permanent("E1") })
	done, steps := played(t, lab, middle)
	require.Equal(t, workflow.Error, done.State)
	require.Equal(t, workflow.Complete, steps["branch_two_validate"].State, "siblings proceed")
	require.Equal(t, workflow.Pending, steps["branch_one_validate"].State)
	first := factory.OrderProcessing().With("validate_cart", func(s *factory.Step) { s.Plan = factory.AlwaysFail() })
	done, _ = played(t, lab, first)
	require.Equal(t, map[string]int{"validate_cart": 3}, done.Runs, "nothing else runs")
}

func TestN4ARetryThatSucceedsLeavesItsHistory(t *testing.T) {
	t.Parallel()
	lab := newLab(t)
	done, steps := played(t, lab, factory.Linear())
	require.Equal(t, workflow.Complete, done.State)
	require.Equal(t, 2, steps["process_data"].Attempts)
	require.Equal(t, []workflow.State{workflow.InProgress, workflow.Error, workflow.Pending, workflow.InProgress, workflow.Complete},
		lab.History(steps["process_data"].StepID))
	require.JSONEq(t, `{"success":true,"total_attempts":2,"failed_attempts":1}`, string(steps["process_data"].Results))
	require.Equal(t, 2*time.Second, done.Elapsed)
}

func TestN5AndN6ExhaustionBlocksTheTaskAndItsMerge(t *testing.T) {
	t.Parallel()
	lab := newLab(t)
	shape := factory.Diamond().Reliable().With("branch_one_process", func(s *factory.Step) { s.Plan = factory.FailTimes(5) })
	lab.Register(shape)
	task := lab.Create(shape)
	require.Equal(t, workflow.Error, lab.Play(shape, task, 4).State)
	steps := lab.Steps(task)
	require.Equal(t, 3, steps["branch_one_process"].Attempts)
	require.Equal(t, workflow.Error, steps["branch_one_process"].State)
	require.Equal(t, workflow.Complete, steps["branch_two_validate"].State)
	require.Equal(t, workflow.Pending, steps["merge_branches"].State)
	require.Equal(t, "blocked_by_failures", lab.Context(task).ExecutionStatus)
}

func TestN7APartlyCompleteTaskHasTheRightReadySet(t *testing.T) {
	t.Parallel()
	lab := newLab(t)
	task := lab.Reach(factory.Dummy(), factory.Point{"step-one": {State: workflow.Complete}, "step-two": {State: workflow.Complete}})
	reply, err := lab.ListReady(context.Background(), engine.ReadinessRequest{TaskID: task})
	require.NoError(t, err)
	require.Len(t, reply.Items, 1)
	require.Equal(t, "step-three", reply.Items[0].Name)
}

func TestN13TheNaturalBackoffIs2_4_8_16_30Seconds(t *testing.T) {
	t.Parallel()
	lab := newLab(t)
	done, _ := played(t, lab, factory.SimpleLinear(1).Each(func(s *factory.Step) { s.Limit, s.Plan = 6, factory.FailTimes(5) }))
	require.Equal(t, workflow.Complete, done.State)
	require.Equal(t, (2+4+8+16+30)*time.Second, done.Elapsed)
}

func TestN17AHighLimitAllowsTenAttempts(t *testing.T) {
	t.Parallel()
	lab := newLab(t)
	done, _ := played(t, lab, factory.SimpleLinear(1).Each(func(s *factory.Step) { s.Limit, s.Plan, s.NoWait = 10, factory.AlwaysFail(), true }))
	require.Equal(t, workflow.Error, done.State)
	require.Equal(t, 10, done.Runs["s0"])
}

func TestN18PlayingACompleteTaskAgainRunsNothing(t *testing.T) {
	t.Parallel()
	lab := newLab(t)
	shape := factory.Mixed()
	lab.Register(shape)
	task := lab.Create(shape)
	require.Equal(t, workflow.Complete, lab.Play(shape, task, 3).State)
	for range 3 {
		again := lab.Play(shape, task, 3)
		require.Equal(t, workflow.Complete, again.State)
		require.Empty(t, again.Order)
	}
}

func TestN19TwoWorkersOnOneTaskRunEachStepOnce(t *testing.T) {
	t.Parallel()
	lab := newLab(t)
	shape := factory.Layered(5, 60, 12, 2)
	lab.Register(shape)
	task := lab.Create(shape)
	var mu sync.Mutex // guards runs
	runs := map[string]int{}
	var group sync.WaitGroup
	for range 2 {
		e := factory.NewEngine(t, lab.Store)
		info, err := e.RegisterWorker(context.Background(), engine.RegisterWorkerRequest{Handlers: []engine.HandlerMatch{{}}})
		require.NoError(t, err)
		group.Go(func() {
			for {
				reply, err := e.ClaimSteps(context.Background(), engine.ClaimStepsRequest{WorkerID: info.WorkerID, Limit: 2, WaitMS: 50})
				if err != nil {
					t.Error(err)
					return
				}
				if found, _ := e.GetContext(context.Background(), engine.ContextRequest{TaskID: task}); found.Status.TaskEnded() {
					return
				}
				for _, step := range reply.Steps {
					mu.Lock()
					runs[step.Name]++
					mu.Unlock()
					act := factory.Plan{}.Act(step, 1, 0)
					if _, err := e.ReportSteps(context.Background(), engine.ReportStepsRequest{Outcomes: []engine.Outcome{act.Outcome}}); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	group.Wait()
	require.Len(t, runs, 60)
	for name, n := range runs {
		require.Equal(t, 1, n, name)
	}
	require.Equal(t, workflow.Complete, lab.Context(task).Status)
}

func TestN22TheSameNameInTwoNamespacesStaysApart(t *testing.T) {
	t.Parallel()
	lab := newLab(t)
	payments, success := factory.PaymentsRefund(), factory.CustomerSuccessRefund()
	lab.Register(payments, success)
	first, second := lab.Create(payments), lab.Create(success)
	info, err := lab.RegisterWorker(context.Background(), engine.RegisterWorkerRequest{Handlers: []engine.HandlerMatch{{Namespace: "payments"}}})
	require.NoError(t, err)
	reply, err := lab.ClaimSteps(context.Background(), engine.ClaimStepsRequest{WorkerID: info.WorkerID, Limit: 10})
	require.NoError(t, err)
	require.Len(t, reply.Steps, 1)
	require.Equal(t, first, reply.Steps[0].TaskID)
	require.Len(t, lab.Steps(first), 4)
	require.Len(t, lab.Steps(second), 5)
}

func TestN23ATaskCancelledWhileItRunsRefusesTheLateAnswer(t *testing.T) {
	t.Parallel()
	lab := newLab(t)
	shape := factory.Tree().Reliable()
	lab.Register(shape)
	task, worker := lab.Create(shape), lab.Worker()
	reply, err := lab.ClaimSteps(context.Background(), engine.ClaimStepsRequest{WorkerID: worker})
	require.NoError(t, err)
	_, err = lab.CancelTask(context.Background(), engine.CancelTaskRequest{TaskID: task})
	require.NoError(t, err)
	late, err := lab.ReportSteps(context.Background(), engine.ReportStepsRequest{Outcomes: []engine.Outcome{
		factory.Plan{}.Act(reply.Steps[0], 1, 0).Outcome}})
	require.NoError(t, err)
	require.Equal(t, "lease_lost", late.Verdicts[0].Verdict)
	for _, step := range lab.Steps(task) {
		require.Equal(t, workflow.Cancelled, step.State)
	}
}
