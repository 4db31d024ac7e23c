package engine_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

func newTask(name string) engine.NewTask {
	return engine.NewTask{Name: name, Context: workflow.JSON(`{"n":1}`)}
}

func TestADuplicateAnswersTheExistingTask(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(diamond)
	k.register(single(""))
	r := engine.CreateTaskRequest{NewTask: newTask("diamond")}
	r.IdentityKey = "order-1"
	first, err := k.CreateTask(ctx(), r)
	require.NoError(t, err)
	require.False(t, first.Duplicate)
	second, err := k.CreateTask(ctx(), r)
	require.NoError(t, err)
	require.Equal(t, engine.CreatedTask{TaskID: first.TaskID, Duplicate: true}, second.CreatedTask)

	r.OnDuplicate = "error"
	_, err = k.CreateTask(ctx(), r)
	require.Equal(t, fault.Duplicate, fault.KindOf(err))

	other := engine.CreateTaskRequest{NewTask: newTask("single")}
	other.IdentityKey = "order-1"
	third, err := k.CreateTask(ctx(), other)
	require.NoError(t, err)
	require.False(t, third.Duplicate, "a key belongs to its task type")
}

func TestTheHashStrategyRecognisesTheSameRequestWithinAMinute(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(diamond)
	r := engine.CreateTaskRequest{NewTask: newTask("diamond")}
	r.IdentityStrategy = "hash"
	first, err := k.CreateTask(ctx(), r)
	require.NoError(t, err)
	again, err := k.CreateTask(ctx(), r)
	require.NoError(t, err)
	require.True(t, again.Duplicate)
	k.clock.Advance(time.Minute)
	next, err := k.CreateTask(ctx(), r)
	require.NoError(t, err)
	require.NotEqual(t, first.TaskID, next.TaskID)
}

func TestManyTasksAreCreatedTogetherOrNotAtAll(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(diamond)
	r := engine.CreateTasksRequest{}
	for i := range 500 {
		task := newTask("diamond")
		task.IdentityKey = string(rune('a' + i%250))
		r.Tasks = append(r.Tasks, task)
	}
	reply, err := k.CreateTasks(ctx(), r)
	require.NoError(t, err)
	require.Equal(t, reply.Items[3].TaskID, reply.Items[253].TaskID)
	require.True(t, reply.Items[253].Duplicate)
	k.requireTruth(reply.Items[17].TaskID)
	list, err := k.ListTasks(ctx(), engine.ListTasksRequest{PageRequest: engine.PageRequest{Limit: 1000}})
	require.NoError(t, err)
	require.Len(t, list.Items, 250)

	bad := engine.CreateTasksRequest{Tasks: []engine.NewTask{newTask("diamond"), newTask("diamond"), newTask("diamond")}}
	bad.Tasks[1].Context = workflow.JSON(`[]`)
	bad.Tasks[2].BypassSteps = []string{"nowhere"}
	_, err = k.CreateTasks(ctx(), bad)
	require.Equal(t, fault.InvalidRequest, fault.KindOf(err))
	var f *fault.Error
	require.ErrorAs(t, err, &f)
	require.GreaterOrEqual(t, len(f.Problems), 2, "every problem of every task at once")
	require.True(t, strings.HasPrefix(f.Problems[0].Path, "tasks[1]"), f.Problems[0].Path)
	after, err := k.ListTasks(ctx(), engine.ListTasksRequest{PageRequest: engine.PageRequest{Limit: 1000}})
	require.NoError(t, err)
	require.Len(t, after.Items, 250, "nothing half-written")
}

func TestAnUnknownTemplateIsNamedWhole(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	for _, task := range []engine.NewTask{newTask("nowhere"), {Name: "nowhere", Version: "1.2.3", Context: workflow.JSON(`{"n":1}`)}} {
		_, err := k.CreateTask(ctx(), engine.CreateTaskRequest{NewTask: task})
		require.Equal(t, fault.NotFound, fault.KindOf(err))
		require.ErrorContains(t, err, "default/nowhere")
		require.ErrorContains(t, err, task.Version)
	}
}

func TestWithoutAVersionTheGreatestIsUsed(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	for _, version := range []string{"1.10.0", "1.9.0", "1.2.0"} {
		k.register("name: single\nversion: \"" + version + "\"\nstep_templates:\n  - {name: only}\n")
	}
	reply, err := k.GetTask(ctx(), engine.GetTaskRequest{TaskID: k.create("single")})
	require.NoError(t, err)
	require.Equal(t, "1.10.0", reply.Version)
}

// A version with a leading zero is no semantic version to the letter and was
// taken for the smallest.
func TestAVersionWithALeadingZeroCanBeTheGreatest(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	for _, version := range []string{"1.9.0", "01.10.0", "1.2.0"} {
		k.register("name: single\nversion: \"" + version + "\"\nstep_templates:\n  - {name: only}\n")
	}
	reply, err := k.GetTask(ctx(), engine.GetTaskRequest{TaskID: k.create("single")})
	require.NoError(t, err)
	require.Equal(t, "01.10.0", reply.Version)
}

func TestTheSchemasDefaultsAreStoredInTheContext(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(`
name: checked
schema:
  type: object
  required: [id]
  properties:
    id: {type: integer}
    gift: {type: boolean, default: false}
step_templates:
  - {name: only}
`)
	task := k.create("checked", func(r *engine.CreateTaskRequest) { r.Context = workflow.JSON(`{"z": 1.50, "id": 7}`) })
	reply, err := k.GetTask(ctx(), engine.GetTaskRequest{TaskID: task})
	require.NoError(t, err)
	require.JSONEq(t, `{"z": 1.50, "id": 7, "gift": false}`, string(reply.Context))
	require.Contains(t, string(reply.Context), "1.50", "number text is kept")
	_, err = k.CreateTask(ctx(), engine.CreateTaskRequest{NewTask: engine.NewTask{Name: "checked", Context: workflow.JSON(`{"id":"x"}`)}})
	require.Equal(t, fault.InvalidRequest, fault.KindOf(err))
	require.ErrorContains(t, err, "context")
}

func TestRegisteringATemplateAgainIsHarmlessAndChangesNeedReplace(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	require.Equal(t, "created", k.register(diamond).Outcome)
	require.Equal(t, "unchanged", k.register(diamond).Outcome)
	changed := workflow.JSON(`{"name": "diamond", "step_templates": [{"name": "start", "timeout_seconds": 9}]}`)
	_, err := k.RegisterTemplate(ctx(), engine.RegisterTemplateRequest{Template: changed})
	require.Equal(t, fault.Conflict, fault.KindOf(err))
	reply, err := k.RegisterTemplate(ctx(), engine.RegisterTemplateRequest{Template: changed, Replace: true})
	require.NoError(t, err)
	require.Equal(t, "replaced", reply.Outcome)
	w, _ := k.worker(), k.create("diamond")
	require.Equal(t, 9, k.claimOne(w).TimeoutSeconds)
}

func TestAWorkerIsGivenOnlyStepsItHasHandlersFor(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(diamond)
	info, err := k.RegisterWorker(ctx(), engine.RegisterWorkerRequest{Handlers: []engine.HandlerMatch{{Step: "left"}, {Task: "later"}}})
	require.NoError(t, err)
	require.Len(t, info.Routes, 1)
	k.create("diamond")
	require.Empty(t, k.claim(info.WorkerID, 5))
	k.finish(k.claimOne(k.worker()))
	require.Equal(t, "left", k.claimOne(info.WorkerID).Name)

	k.register("name: later\nstep_templates:\n  - {name: only}\n")
	k.create("later")
	require.Equal(t, "only", k.claimOne(info.WorkerID).Name, "templates registered later are found")
}

func TestAWaitingClaimIsWokenByANewTask(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(diamond)
	w := k.worker()
	got := make(chan engine.ClaimStepsReply, 1)
	go func() {
		reply, err := k.ClaimSteps(ctx(), engine.ClaimStepsRequest{WorkerID: w, WaitMS: 20_000})
		assert.NoError(t, err)
		got <- reply
	}()
	k.create("diamond")
	require.Len(t, (<-got).Steps, 1)
}

func TestWaitingForATaskEndsWithIt(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(single(""))
	w, task := k.worker(), k.create("single")
	none := int64(0)
	early, err := k.WaitTask(ctx(), engine.WaitTaskRequest{TaskID: task, WaitMS: &none})
	require.NoError(t, err)
	require.True(t, early.TimedOut)
	got := make(chan engine.WaitTaskReply, 1)
	go func() {
		reply, err := k.WaitTask(ctx(), engine.WaitTaskRequest{TaskID: task})
		assert.NoError(t, err)
		got <- reply
	}()
	k.finish(k.claimOne(w))
	reply := <-got
	require.False(t, reply.TimedOut)
	require.Equal(t, workflow.Complete, reply.Status)
	require.InDelta(t, 100, reply.CompletionPercentage, 0)
}

func TestIdsThatDoNotExistAreNotFound(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	_, err := k.GetTask(ctx(), engine.GetTaskRequest{TaskID: 404})
	require.Equal(t, fault.NotFound, fault.KindOf(err))
	_, err = k.GetContext(ctx(), engine.ContextRequest{TaskID: 404})
	require.Equal(t, fault.NotFound, fault.KindOf(err))
	_, err = k.WaitTask(ctx(), engine.WaitTaskRequest{TaskID: 404})
	require.Equal(t, fault.NotFound, fault.KindOf(err))
	_, err = k.CancelTask(ctx(), engine.CancelTaskRequest{TaskID: 404})
	require.Equal(t, fault.NotFound, fault.KindOf(err))
	_, err = k.GetStep(ctx(), engine.GetStepRequest{StepID: 404})
	require.Equal(t, fault.NotFound, fault.KindOf(err))
	_, err = k.ListTransitions(ctx(), engine.ListTransitionsRequest{StepID: 404})
	require.Equal(t, fault.NotFound, fault.KindOf(err))
	_, err = k.ListReadiness(ctx(), engine.ReadinessRequest{TaskID: 404})
	require.Equal(t, fault.NotFound, fault.KindOf(err))
}

func TestReadinessTellsWhyAStepDoesNotRun(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(diamond)
	w, task := k.worker(), k.create("diamond")
	reason := func() map[string]string {
		reply, err := k.ListReadiness(ctx(), engine.ReadinessRequest{TaskID: task})
		require.NoError(t, err)
		reasons := map[string]string{}
		for _, item := range reply.Items {
			reasons[item.Name] = item.Reason
		}
		return reasons
	}
	require.Equal(t, map[string]string{"start": "", "left": "dependencies_not_satisfied", "right": "dependencies_not_satisfied",
		"merge": "dependencies_not_satisfied"}, reason())
	step := k.claimOne(w)
	require.Equal(t, "running", reason()["start"])
	k.report(failed(step))
	require.Equal(t, "waiting_for_retry", reason()["start"])
	ready, err := k.ListReady(ctx(), engine.ReadinessRequest{TaskIDs: []int64{task, 404}})
	require.NoError(t, err)
	require.Empty(t, ready.Items)
}

func TestListsPageWithoutGapsOrRepeats(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(single(""))
	want := map[int64]bool{}
	for range 23 {
		want[k.create("single", func(r *engine.CreateTaskRequest) { r.Tags = []string{"blue"} })] = true
	}
	k.create("single")
	for _, order := range []string{"asc", "desc"} {
		seen := map[int64]bool{}
		r := engine.ListTasksRequest{Tag: "blue", Selection: engine.Selection{Order: order}, PageRequest: engine.PageRequest{Limit: 5}}
		for {
			page, err := k.ListTasks(ctx(), r)
			require.NoError(t, err)
			for _, item := range page.Items {
				require.False(t, seen[item.TaskID])
				seen[item.TaskID] = true
			}
			if page.Next == nil {
				break
			}
			r.After = *page.Next
		}
		require.Equal(t, want, seen)
	}
}

func TestHealthReportsDepthsAndMissingWorkers(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(diamond)
	k.create("diamond")
	health, err := k.Health(ctx(), engine.HealthRequest{})
	require.NoError(t, err)
	require.Equal(t, "degraded", health.Status)
	require.EqualValues(t, 1, health.ReadySteps)
	k.claimOne(k.worker())
	health, err = k.Health(ctx(), engine.HealthRequest{})
	require.NoError(t, err)
	require.Equal(t, "ok", health.Status)
	require.EqualValues(t, 1, health.LeasedSteps)
	require.Contains(t, []string{"sqlite", "postgresql"}, health.Store)
}

func TestTheDrawingShowsStatesAndAttempts(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(diamond)
	w, task := k.worker(), k.create("diamond")
	k.finish(k.claimOne(w))
	reply, err := k.GetTask(ctx(), engine.GetTaskRequest{TaskID: task, Include: []string{"drawing", "edges", "transitions"}})
	require.NoError(t, err)
	require.Contains(t, reply.Drawing, "start")
	require.Contains(t, reply.Drawing, "✔ complete")
	require.Len(t, reply.Edges, 4)
	require.Len(t, reply.Transitions, 3)
}

func TestATickFindsUnannouncedWorkAndRenewsTheHeartbeat(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	other := newKitOn(t, k.store, k.clock) // another process: no bell of ours rings for it
	k.register(single(""))
	w := k.worker()
	got := make(chan engine.ClaimStepsReply, 1)
	go func() {
		reply, err := k.ClaimSteps(ctx(), engine.ClaimStepsRequest{WorkerID: w, WaitMS: 60_000})
		assert.NoError(t, err)
		got <- reply
	}()
	other.create("single")
	k.clock.Advance(time.Second)
	for ticked := false; !ticked || len(got) == 0; ticked = true {
		require.NoError(t, k.Tick(ctx(), true))
	}
	require.Len(t, (<-got).Steps, 1)
	list, err := k.ListWorkers(ctx(), engine.ListWorkersRequest{})
	require.NoError(t, err)
	require.Equal(t, workflow.At(k.clock.Now()), list.Items[0].HeartbeatAt)
	require.Equal(t, 1, list.Items[0].Leases)
}

func TestTheHashIsInTheApplicationsTimeZoneAndMayTellVersionsApart(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("half", 30*60)
	hash := func(namespace string, edits ...func(*engine.Options)) string {
		k := newKit(t, edits...)
		k.register("name: single\nnamespace_name: " + namespace + "\nstep_templates:\n  - {name: only}\n")
		r := engine.CreateTaskRequest{NewTask: newTask("single")}
		r.Namespace, r.IdentityStrategy = namespace, "hash"
		made, err := k.CreateTask(ctx(), r)
		require.NoError(t, err)
		got, err := k.GetTask(ctx(), engine.GetTaskRequest{TaskID: made.TaskID})
		require.NoError(t, err)
		return got.IdentityHash
	}
	versioned := func(o *engine.Options) { o.IdentityVersioned = true }
	require.Equal(t, hash("left"), hash("right"), "as the Rails engine does (D16)")
	require.NotEqual(t, hash("left", versioned), hash("right", versioned))
	require.NotEqual(t, hash("left"), hash("left", func(o *engine.Options) { o.IdentityZone = zone }))
}
