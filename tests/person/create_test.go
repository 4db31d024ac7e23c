package person_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/identity"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
	"github.com/tasker-systems/tasker-core-go/tests/factory"
)

// checked has a schema with a default, a step that may be skipped, and systems of
// its own.
const checked = `
name: order
namespace_name: shop
version: 1.2.0
default_dependent_system: storefront
schema:
  type: object
  required: [id]
  properties:
    id: {type: integer, minimum: 1}
    gift: {type: boolean, default: false}
step_templates:
  - {name: price}
  - {name: wrap, depends_on_step: price, skippable: true, dependent_system: warehouse}
  - {name: mail, depends_on_step: wrap}
`

func order(edits ...func(*engine.NewTask)) engine.NewTask {
	task := engine.NewTask{Name: "order", Namespace: "shop", Context: workflow.JSON(`{"id":7}`)}
	for _, edit := range edits {
		edit(&task)
	}
	return task
}

func TestEverythingARequestSaysIsOnTheTask(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(checked)
	priority := 9
	requested := workflow.At(k.Clock.Now().Add(-time.Hour))
	made, err := k.CreateTask(ctx(), engine.CreateTaskRequest{NewTask: order(func(r *engine.NewTask) {
		r.Initiator, r.SourceSystem, r.Reason, r.Tags = "ann", "web", "a gift", []string{"red", "urgent"}
		r.BypassSteps, r.RequestedAt, r.Priority = []string{"wrap"}, requested, &priority
		r.Annotations = []engine.NewAnnotation{{Type: "note", Annotation: workflow.JSON(`{"text":"by phone"}`)},
			{Type: "mark", Annotation: workflow.JSON(`1`)}, {Type: "note", Annotation: workflow.JSON(`2`)}}
	})})
	require.NoError(t, err)
	got, err := k.GetTask(ctx(), engine.GetTaskRequest{TaskID: made.TaskID, Include: []string{"annotations", "steps"}})
	require.NoError(t, err)
	require.Equal(t, []any{"shop", "order", "1.2.0", "ann", "web", "a gift", []string{"red", "urgent"}, []string{"wrap"}, requested, 9},
		[]any{got.Namespace, got.Name, got.Version, got.Initiator, got.SourceSystem, got.Reason, got.Tags, got.BypassSteps, got.RequestedAt, got.Priority})
	require.JSONEq(t, `{"id":7,"gift":false}`, string(got.Context), "defaults are stored (D14)")
	require.Len(t, got.Annotations, 3)
	require.Equal(t, got.Annotations[0].AnnotationTypeID, got.Annotations[2].AnnotationTypeID)
	require.JSONEq(t, `{"text":"by phone"}`, string(got.Annotations[0].Annotation))
	require.JSONEq(t, `{"id":7,"gift":false}`, string(got.Steps[0].Inputs))
	rows := k.rows(k.Steps(made.TaskID)["wrap"].StepID, 1)
	require.Equal(t, workflow.ResolvedManually, rows[0].ToState)
	require.Equal(t, "bypass_steps", rows[0].Metadata.Field("resolved_by").Text(), "D12")
}

func TestWhatARequestLeavesOutIsUnknown(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(checked)
	made, err := k.CreateTask(ctx(), engine.CreateTaskRequest{NewTask: order()})
	require.NoError(t, err)
	got, err := k.GetTask(ctx(), engine.GetTaskRequest{TaskID: made.TaskID, Include: []string{"annotations"}})
	require.NoError(t, err)
	require.Equal(t, []any{"unknown", "unknown", "unknown", workflow.At(k.Clock.Now())},
		[]any{got.Initiator, got.SourceSystem, got.Reason, got.RequestedAt})
	require.Empty(t, got.Annotations)
	require.NotNil(t, got.Annotations, "what was asked for is a list")
	require.Empty(t, got.Tags)
}

func TestADuplicateGetsNoAnnotations(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(checked)
	request := engine.CreateTaskRequest{NewTask: order(func(r *engine.NewTask) {
		r.IdentityKey, r.Annotations = "order-7", []engine.NewAnnotation{{Type: "note", Annotation: workflow.JSON(`1`)}}
	})}
	for _, duplicate := range []bool{false, true} {
		made, err := k.CreateTask(ctx(), request)
		require.NoError(t, err)
		require.Equal(t, duplicate, made.Duplicate)
		require.Len(t, k.annotations(made.TaskID), 1)
	}
}

func TestEveryProblemOfEveryTaskIsToldWithItsPlace(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(checked)
	far := 1001
	long := strings.Repeat("x", 129)
	_, err := k.CreateTasks(ctx(), engine.CreateTasksRequest{Tasks: []engine.NewTask{order(), {}, {Name: "nowhere", Reason: long},
		order(func(r *engine.NewTask) {
			r.Context, r.BypassSteps = workflow.JSON(`{"id":0,"gift":"yes"}`), []string{"wrap", "price", "no"}
			r.Initiator, r.Tags, r.Priority, r.OnDuplicate = long, []string{"a", long}, &far, "maybe"
			r.Annotations = []engine.NewAnnotation{{Type: "note"}, {Annotation: workflow.JSON(`1`)}}
		})}})
	var f *fault.Error
	require.ErrorAs(t, err, &f)
	require.Equal(t, fault.InvalidRequest, f.Kind)
	var paths []string
	for _, p := range f.Problems {
		paths = append(paths, p.Path)
		require.NotEmpty(t, p.Message)
	}
	require.ElementsMatch(t, []string{"tasks[1].name", "tasks[2].name", "tasks[2].reason", "tasks[3].context.id", "tasks[3].context.gift",
		"tasks[3].bypass_steps[1]", "tasks[3].bypass_steps[2]", "tasks[3].initiator", "tasks[3].tags[1]", "tasks[3].priority",
		"tasks[3].on_duplicate", "tasks[3].annotations[0].annotation", "tasks[3].annotations[1].type"}, paths)
	list, err := k.ListTasks(ctx(), engine.ListTasksRequest{})
	require.NoError(t, err)
	require.Empty(t, list.Items, "nothing half-written")
}

func TestTheHashIsOfTheContextAsItWasSent(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(checked)
	create := func(context string) engine.CreateTaskReply {
		made, err := k.CreateTask(ctx(), engine.CreateTaskRequest{NewTask: order(func(r *engine.NewTask) {
			r.IdentityStrategy, r.Context = "hash", workflow.JSON(context)
		})})
		require.NoError(t, err)
		return made
	}
	first := create(`{"id":7,"a":1}`)
	want, err := identity.Key(identity.Request{Strategy: identity.Hash, Name: "order", Initiator: "unknown", SourceSystem: "unknown",
		Reason: "unknown", Context: workflow.JSON(`{"id":7,"a":1}`), RequestedAt: workflow.At(k.Clock.Now())})
	require.NoError(t, err)
	got, err := k.GetTask(ctx(), engine.GetTaskRequest{TaskID: first.TaskID})
	require.NoError(t, err)
	require.Equal(t, want, got.IdentityHash, "another engine that shares the database finds the same")
	require.True(t, create(`{"id":7,"a":1}`).Duplicate)
	require.False(t, create(`{"a":1,"id":7}`).Duplicate, "the order of keys counts")
	require.False(t, create(`{"id":7,"a":1,"gift":false}`).Duplicate)
}

// Two processes that create the same at the same moment: the loser was told
// duplicate though it had asked for the existing task.
func TestALostRaceForAnIdentityAnswersTheExistingTask(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(checked)
	engines := []*engine.Engine{k.Engine, factory.NewEngine(t, k.Store)}
	var wait sync.WaitGroup
	const rounds = 30
	replies, errs := make([]engine.CreateTasksReply, 2*rounds), make([]error, 2*rounds)
	for i := range 2 * rounds {
		wait.Add(1)
		go func() {
			defer wait.Done()
			r := engine.CreateTasksRequest{}
			for n := range 3 {
				r.Tasks = append(r.Tasks, order(func(t *engine.NewTask) { t.IdentityKey = fmt.Sprintf("key %d", (i/2+n)%rounds) }))
			}
			replies[i], errs[i] = engines[i%2].CreateTasks(ctx(), r)
		}()
	}
	wait.Wait()
	fresh, ids := 0, map[string]int64{}
	for i, reply := range replies {
		require.NoError(t, errs[i])
		for n, item := range reply.Items {
			key := fmt.Sprintf("key %d", (i/2+n)%rounds)
			if !item.Duplicate {
				fresh++
			}
			if ids[key] == 0 {
				ids[key] = item.TaskID
			}
			require.Equal(t, ids[key], item.TaskID, key)
		}
	}
	require.Equal(t, rounds, fresh)
}

func TestTenThousandTasksAreCreatedInOneCallInTheirOrder(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(checked)
	r := engine.CreateTasksRequest{Tasks: make([]engine.NewTask, 10_000)}
	for i := range r.Tasks {
		r.Tasks[i] = order(func(t *engine.NewTask) { t.Context = workflow.JSON(fmt.Sprintf(`{"id":%d}`, i+1)) })
	}
	reply, err := k.CreateTasks(ctx(), r)
	require.NoError(t, err)
	require.Len(t, reply.Items, 10_000)
	for _, i := range []int{0, 499, 500, 9_999} {
		got, err := k.GetTask(ctx(), engine.GetTaskRequest{TaskID: reply.Items[i].TaskID, Include: []string{"steps"}})
		require.NoError(t, err)
		require.JSONEq(t, fmt.Sprintf(`{"id":%d,"gift":false}`, i+1), string(got.Context))
		require.Equal(t, []string{"wrap"}, got.Steps[2].DependsOn)
	}
	_, err = k.CreateTasks(ctx(), engine.CreateTasksRequest{Tasks: append(r.Tasks, order())})
	require.Equal(t, fault.InvalidRequest, fault.KindOf(err))
}
