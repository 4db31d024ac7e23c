package engine_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

func (k *kit) explain(task, step int64) engine.ExplainTaskReply {
	k.t.Helper()
	reply, err := k.ExplainTask(ctx(), engine.ExplainTaskRequest{TaskID: task, StepID: step})
	require.NoError(k.t, err)
	return reply
}

// only returns the single cause of an explanation.
func only(t *testing.T, r engine.ExplainTaskReply) engine.Cause {
	t.Helper()
	require.Len(t, r.Causes, 1)
	require.Equal(t, 1, r.CausesTotal)
	return r.Causes[0]
}

func names(links []engine.ChainLink) []string {
	var list []string
	for _, link := range links {
		list = append(list, link.Name)
	}
	return list
}

func TestWithoutAWorkerTheStepsHandlerIsAskedFor(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(diamond)
	task := k.create("diamond")
	r := k.explain(task, 0)
	require.Equal(t, "unserved", r.Standing)
	cause := only(t, r)
	require.Equal(t, "no_worker", cause.Reason)
	require.Equal(t, 3, cause.HoldsBack)
	require.Equal(t, "worker_register", r.Action.Operation)
	require.JSONEq(t, `{"handlers":[{"namespace":"default","task":"diamond","step":"start"}]}`, string(r.Action.Request))

	w := k.worker()
	r = k.explain(task, 0)
	require.Equal(t, "ready", r.Standing)
	require.Nil(t, r.Action)
	require.Equal(t, workflow.At(k.clock.Now()), r.NextWakeAt)

	require.NoError(t, k.store.Write(ctx(), func(tx store.Tx) error { return tx.WorkerDelete(ctx(), []int64{w}) }))
	require.Equal(t, "unserved", k.explain(task, 0).Standing, "a worker that is gone serves nothing")
}

func TestASilentWorkerServesNothing(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(diamond)
	k.worker()
	task := k.create("diamond")
	k.clock.Advance(lease + time.Second)
	require.Equal(t, "unserved", k.explain(task, 0).Standing)
}

func TestARunningStepIsNamedWithItsWorkerAndDeadline(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(diamond)
	w, task := k.worker(), k.create("diamond")
	step := k.claimOne(w)
	r := k.explain(task, 0)
	require.Equal(t, "running", r.Standing)
	cause := only(t, r)
	require.Equal(t, step.DeadlineAt, cause.Until)
	require.Contains(t, cause.Message, "start runs at worker")
	require.Nil(t, r.Action)
	require.True(t, r.NextWakeAt.IsZero(), "nothing happens before it reports")

	merge := k.explain(0, k.steps(task)["merge"].StepID)
	require.Equal(t, "running", merge.Standing)
	require.Equal(t, []string{"start", "left", "merge"}, names(only(t, merge).Chain))
}

func TestAWaitIsToldWithItsEndAndWhatTheHandlerSaid(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(single(""))
	w, task := k.worker(), k.create("single")
	k.report(failed(k.claimOne(w)))
	r := k.explain(task, 0)
	require.Equal(t, "waiting", r.Standing)
	cause := only(t, r)
	require.Equal(t, "waiting_for_retry", cause.Reason)
	require.Equal(t, k.context(task).NextWakeAt, cause.Until)
	require.Equal(t, cause.Until, r.NextWakeAt)
	require.Contains(t, cause.Message, "no luck")
	require.Nil(t, r.Action, "time ends it")
	require.Contains(t, r.Summary, "no luck")
}

func TestAFailedStepIsTracedFromTheStepThatWaitsForIt(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(diamond)
	w, task := k.worker(), k.create("diamond")
	k.finish(k.claimOne(w))
	sides := k.claim(w, 2)
	k.report(engine.Outcome{StepID: sides[0].StepID, Epoch: sides[0].Epoch, Status: "error", Permanent: true,
		Error: &engine.OutcomeError{Message: "card refused"}})
	k.finish(sides[1])
	require.Equal(t, workflow.Error, k.state(task))

	r := k.explain(0, k.steps(task)["merge"].StepID)
	require.Equal(t, "blocked", r.Standing)
	require.Equal(t, workflow.Pending, r.State)
	cause := only(t, r)
	require.Equal(t, "permanent_failure", cause.Reason)
	require.Equal(t, []string{sides[0].Name, "merge"}, names(cause.Chain))
	require.Contains(t, cause.Message, "card refused")
	require.Equal(t, "step_retry", r.Action.Operation)
	require.Equal(t, "step_resolve", r.Alternatives[0].Operation)
	require.Equal(t, "task_cancel", r.Alternatives[1].Operation)
	require.True(t, r.NextWakeAt.IsZero())
}

func TestSeveralFailuresAreRetriedTogether(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register("name: pair\nstep_templates:\n  - {name: a, default_retryable: false}\n  - {name: b, default_retryable: false}\n")
	w, task := k.worker(), k.create("pair")
	for _, step := range k.claim(w, 2) {
		k.report(failed(step))
	}
	r := k.explain(task, 0)
	require.Equal(t, "blocked", r.Standing)
	require.Len(t, r.Causes, 2)
	require.Equal(t, "task_retry", r.Action.Operation)
}

func TestAnEndedTaskNeedsNothing(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(single(""))
	w, task := k.worker(), k.create("single")
	k.finish(k.claimOne(w))
	r := k.explain(task, 0)
	require.Equal(t, "ended", r.Standing)
	require.Empty(t, r.Causes)
	require.Nil(t, r.Action)
	require.Contains(t, r.Summary, "has ended as complete")
}

func TestACycleMadeByHandIsTold(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(diamond)
	task := k.create("diamond")
	steps := k.steps(task)
	require.NoError(t, k.store.Write(ctx(), func(tx store.Tx) error {
		now := workflow.At(k.clock.Now())
		if err := tx.EdgeInsert(ctx(), []store.NewEdge{{From: steps["merge"].StepID, To: steps["start"].StepID, At: now}}); err != nil {
			return err
		}
		return tx.DirtyInsert(ctx(), []int64{task}, now)
	}))
	require.NoError(t, k.Sweep(ctx()))
	for _, r := range []engine.ExplainTaskReply{k.explain(task, 0), k.explain(0, steps["left"].StepID)} {
		require.Equal(t, "blocked", r.Standing)
		cause := only(t, r)
		require.Equal(t, "cycle", cause.Reason)
		require.Contains(t, cause.Message, "start → left → merge → start")
		require.Equal(t, "step_resolve", r.Action.Operation)
	}
}

func TestAParentInAnotherTaskIsPointedAt(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(diamond)
	one, other := k.create("diamond"), k.create("diamond", func(r *engine.CreateTaskRequest) { r.Context = workflow.JSON(`{"n":2}`) })
	parent := k.steps(other)["start"].StepID
	require.NoError(t, k.store.Write(ctx(), func(tx store.Tx) error {
		now := workflow.At(k.clock.Now())
		if err := tx.EdgeInsert(ctx(), []store.NewEdge{{From: parent, To: k.steps(one)["start"].StepID, At: now}}); err != nil {
			return err
		}
		return tx.DirtyInsert(ctx(), []int64{one}, now)
	}))
	require.NoError(t, k.Sweep(ctx()))
	r := k.explain(one, 0)
	require.Equal(t, "waiting", r.Standing)
	cause := only(t, r)
	require.Equal(t, "parent_in_other_task", cause.Reason)
	require.Equal(t, parent, cause.StepID)
	require.Equal(t, 4, cause.HoldsBack)
	require.Equal(t, "task_explain", r.Action.Operation)
}

func TestManyCausesAreCutAndCounted(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	steps := ""
	for i := range 300 {
		steps += fmt.Sprintf("  - {name: s%d}\n", i)
	}
	k.register("name: wide\nstep_templates:\n" + steps)
	task := k.create("wide")
	r := k.explain(task, 0)
	require.Len(t, r.Causes, 20)
	require.Equal(t, 300, r.CausesTotal)
	require.Contains(t, r.Summary, "and 299 more")
}

func TestWhatDoesNotExistIsNotExplained(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	for kind, r := range map[fault.Kind]engine.ExplainTaskRequest{
		fault.InvalidRequest: {}, fault.NotFound: {TaskID: 1 << 40},
	} {
		_, err := k.ExplainTask(ctx(), r)
		require.Equal(t, kind, fault.KindOf(err))
	}
	_, err := k.ExplainTask(ctx(), engine.ExplainTaskRequest{StepID: 1 << 40})
	require.Equal(t, fault.NotFound, fault.KindOf(err))
	_, err = k.ExplainTask(ctx(), engine.ExplainTaskRequest{StepID: 1, TaskID: 1})
	require.Equal(t, fault.InvalidRequest, fault.KindOf(err))
}

// follow does what an advice says, as a host would that passes its request on.
func (k *kit) follow(advice *engine.Advice) {
	k.t.Helper()
	require.NotNil(k.t, advice)
	switch advice.Operation {
	case "step_retry":
		do(k, advice, k.RetrySteps)
	case "task_retry":
		do(k, advice, k.RetryTask)
	case "step_resolve":
		do(k, advice, k.ResolveSteps)
	case "step_transition":
		do(k, advice, k.MoveStep)
	case "task_cancel":
		do(k, advice, k.CancelTask)
	case "worker_register":
		do(k, advice, k.RegisterWorker)
	default:
		require.Fail(k.t, "nobody follows "+advice.Operation)
	}
}

func do[Request, Reply any](k *kit, advice *engine.Advice, method func(context.Context, Request) (Reply, error)) {
	k.t.Helper()
	var request Request
	decoder := json.NewDecoder(bytes.NewReader(advice.Request))
	decoder.DisallowUnknownFields()
	require.NoError(k.t, decoder.Decode(&request))
	_, err := method(ctx(), request)
	require.NoError(k.t, err)
}

// Each scene leaves a diamond standing still; what is advised, in whatever
// choice, sets it going or ends it.
func TestWhatIsAdvisedHelps(t *testing.T) {
	t.Parallel()
	scenes := map[string]func(k *kit, w, task int64){
		"a permanent failure": func(k *kit, w, _ int64) {
			step := k.claimOne(w)
			k.report(engine.Outcome{StepID: step.StepID, Epoch: step.Epoch, Status: "error", Permanent: true,
				Error: &engine.OutcomeError{Message: "no"}})
		},
		"two failures": func(k *kit, w, _ int64) {
			k.finish(k.claimOne(w))
			for _, step := range k.claim(w, 2) {
				k.report(engine.Outcome{StepID: step.StepID, Epoch: step.Epoch, Status: "error", Permanent: true,
					Error: &engine.OutcomeError{Message: "no"}})
			}
		},
		"a cancelled parent": func(k *kit, w, task int64) {
			k.foreign(task, "start", workflow.Cancelled)
		},
		"a step that another engine left in progress": func(k *kit, w, task int64) {
			k.foreign(task, "start", workflow.InProgress)
		},
		"a cycle": func(k *kit, w, task int64) {
			steps := k.steps(task)
			require.NoError(k.t, k.store.Write(ctx(), func(tx store.Tx) error {
				now := workflow.At(k.clock.Now())
				edge := store.NewEdge{From: steps["merge"].StepID, To: steps["start"].StepID, At: now}
				return cmp.Or(tx.EdgeInsert(ctx(), []store.NewEdge{edge}), tx.DirtyInsert(ctx(), []int64{task}, now))
			}))
		},
	}
	for name, prepare := range scenes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for choice := range 4 {
				k := newKit(t)
				k.register(diamond)
				w, task := k.worker(), k.create("diamond")
				prepare(k, w, task)
				require.NoError(t, k.Sweep(ctx()))
				r := k.explain(task, 0)
				require.Equal(t, "blocked", r.Standing)
				advice := append([]engine.Advice{*r.Action}, r.Alternatives...)
				if choice == len(advice) {
					return
				}
				k.follow(&advice[choice])
				after := k.explain(task, 0)
				require.NotEqual(t, r.Summary, after.Summary, advice[choice].Operation)
			}
		})
	}
}

// foreign moves a step past the engine, as another engine does.
func (k *kit) foreign(task int64, name string, to workflow.State) {
	k.t.Helper()
	step, now := k.steps(task)[name].StepID, workflow.At(k.clock.Now())
	require.NoError(k.t, k.store.Write(ctx(), func(tx store.Tx) error {
		steps, err := tx.StepList(ctx(), []int64{step})
		if err != nil {
			return err
		}
		_, err = tx.StepMove(ctx(), []store.Move{{OwnerID: step, ExpectedID: steps[0].TransitionID, From: steps[0].State,
			Path: []store.Hop{{To: to}}, At: now}})
		return cmp.Or(err, tx.DirtyInsert(ctx(), []int64{task}, now))
	}))
}
