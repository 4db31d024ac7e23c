package conformance

import (
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

func surveyPromises() []promise {
	return []promise{
		{"changes of foreign writers make a task dirty where there may be any", surveyWatched},
		{"a survey of active tasks finds those with a lease or a row in the queue, page by page", surveyActive},
		{"a survey of blocked tasks finds those that have not ended and in which nothing can run", surveyBlocked},
		{"a survey of foreign tasks leaves out ours", surveyForeign},
		{"a task counts as written to by its row, a step, an edge, a current transition and a parent elsewhere", surveyWritten},
		{"a task that is peeked at looks as if it were locked", surveyPeek},
	}
}

func surveyWatched(f *fixture) {
	f.read(func(r store.Reader) { require.True(f, must(r.Watched(f.ctx))(f)) })
}

// walked asks for every page of a survey.
func (f *fixture) walked(survey store.Survey) (ids []int64, pages int) {
	f.read(func(r store.Reader) {
		for more := true; more; more = survey.After != 0 {
			page := must(r.TaskSurvey(f.ctx, survey))(f)
			ids, survey.After = append(ids, page.TaskIDs...), page.Next
			pages++
		}
	})
	return ids, pages
}

func surveyActive(f *fixture) {
	queued, idle, leased, both := f.job("queued", 2), f.job("idle", 1), f.job("leased", 1), f.job("both", 2)
	f.write(func(tx store.Tx) {
		require.NoError(f, tx.ReadyInsert(f.ctx, []workflow.ReadyStep{
			readyRow(queued, 0), readyRow(queued, 1), readyRow(both, 0)}))
		require.NoError(f, tx.LeaseInsert(f.ctx, []workflow.Lease{lease(leased, 0, 1, noon), lease(both, 1, 1, noon)}))
	})
	for limit, pages := range map[int]int{1: 4, 2: 2, 3: 2, 10: 1} {
		ids, count := f.walked(store.Survey{Of: store.SurveyActive, Limit: limit})
		require.Equal(f, []int64{queued.task, leased.task, both.task}, ids)
		require.NotContains(f, ids, idle.task)
		require.Equal(f, pages, count, "pages of %d", limit)
	}
}

func readyRow(j job, n int) workflow.ReadyStep {
	return workflow.ReadyStep{StepID: j.steps[n], TaskID: j.task, RouteID: j.routes[n], NamespaceID: j.named.NamespaceID, DueAt: noon}
}

func surveyBlocked(f *fixture) {
	var want []int64
	f.write(func(tx store.Tx) {
		for name, c := range map[string]struct {
			change store.TaskChange
			states []workflow.State
			counts bool
		}{
			"untouched": {store.TaskChange{Open: 2}, nil, true},
			"blocked":   {store.TaskChange{Open: 2}, []workflow.State{workflow.InProgress, workflow.Error}, true},
			"running":   {store.TaskChange{Open: 2, Running: 1}, []workflow.State{workflow.InProgress}, false},
			"waiting":   {store.TaskChange{Open: 2, Waiting: 1}, []workflow.State{workflow.InProgress}, false},
			"complete":  {store.TaskChange{}, []workflow.State{workflow.InProgress, workflow.Complete}, false},
			"cancelled": {store.TaskChange{Open: 2}, []workflow.State{workflow.Cancelled}, false},
			"resolved":  {store.TaskChange{Open: 2}, []workflow.State{workflow.Error, workflow.ResolvedManually}, false},
		} {
			named, _ := f.installIn(tx, name)
			id := must(tx.TaskInsert(f.ctx, []store.NewTask{newTask(named, name)}))(f)[0]
			if c.counts {
				want = append(want, id)
			}
			for _, to := range c.states {
				lock := must(tx.TaskLock(f.ctx, []int64{id}))(f)[0]
				must(tx.TaskMove(f.ctx, []store.Move{{OwnerID: id, ExpectedID: lock.TransitionID, From: lock.State,
					Path: []store.Hop{{To: to}}, At: noon}}))(f)
			}
			c.change.ID, c.change.At = id, noon
			require.NoError(f, tx.TaskChange(f.ctx, []store.TaskChange{c.change}))
		}
	})
	for limit, pages := range map[int]int{1: 8, 3: 3, 100: 1} {
		ids, count := f.walked(store.Survey{Of: store.SurveyBlocked, Limit: limit})
		require.Equal(f, want, ids)
		require.Equal(f, pages, count, "pages of %d", limit)
	}
}

// installIn stores a task type without steps.
func (f *fixture) installIn(tx store.Tx, name string) (workflow.NamedTask, []workflow.Route) {
	named, routes, err := tx.NamedTaskInstall(f.ctx, store.NamedTaskInstall{Key: key(name), Configuration: workflow.JSON(`{}`), At: noon})
	require.NoError(f, err)
	return named, routes
}

func surveyForeign(f *fixture) {
	f.job("one", 1)
	f.job("two", 1)
	ids, pages := f.walked(store.Survey{Of: store.SurveyForeign, Namespaces: []string{"shop", "other"}, Limit: 1})
	require.Empty(f, ids)
	require.Equal(f, 3, pages)
}

func surveyWritten(f *fixture) {
	later := noon.Plus(time.Hour)
	parent := f.job("parent", 1)
	jobs := map[string]job{}
	all := []int64{1 << 40}
	names := []string{"quiet", "row", "step", "edge", "task state", "step state", "parent state"}
	for _, name := range names {
		j := f.job(name, 2)
		jobs[name], all = j, append(all, j.task, j.task)
	}
	written := func(since workflow.Instant) (ids []int64) {
		f.read(func(r store.Reader) { ids = must(r.TaskWritten(f.ctx, all, since))(f) })
		return ids
	}
	f.write(func(tx store.Tx) {
		require.NoError(f, tx.EdgeInsert(f.ctx, []store.NewEdge{{From: parent.steps[0], To: jobs["parent state"].steps[1], At: noon}}))
	})
	require.Empty(f, written(later))
	require.Len(f, written(noon), len(names), "the instant itself counts")
	require.Empty(f, written(noon.Plus(time.Microsecond)))

	f.write(func(tx store.Tx) {
		reason := "changed"
		require.NoError(f, tx.TaskEdit(f.ctx, []store.TaskEdit{{ID: jobs["row"].task, Reason: &reason, At: later}}))
		require.NoError(f, tx.StepChange(f.ctx, []store.StepChange{{ID: jobs["step"].steps[1], Attempts: 1, At: later}}))
		require.NoError(f, tx.EdgeInsert(f.ctx, []store.NewEdge{
			{From: jobs["edge"].steps[0], To: jobs["edge"].steps[1], At: later}}))
		begin := []store.Hop{{To: workflow.InProgress}}
		must(tx.TaskMove(f.ctx, []store.Move{{OwnerID: jobs["task state"].task, Path: begin, At: later}}))(f)
		must(tx.StepMove(f.ctx, []store.Move{{OwnerID: jobs["step state"].steps[1], Path: begin, At: later}}))(f)
		must(tx.StepMove(f.ctx, []store.Move{{OwnerID: parent.steps[0], Path: begin, At: later}}))(f)
	})
	var want []int64
	for _, name := range names[1:] {
		want = append(want, jobs[name].task)
	}
	require.Equal(f, want, written(later))
	require.Empty(f, written(later.Plus(time.Microsecond)))
}

func surveyPeek(f *fixture) {
	j, other := f.job("order", 1), f.job("other", 1)
	f.write(func(tx store.Tx) {
		must(tx.TaskMove(f.ctx, []store.Move{{OwnerID: j.task, Path: []store.Hop{{To: workflow.InProgress}}, At: noon}}))(f)
		require.NoError(f, tx.TaskChange(f.ctx, []store.TaskChange{{ID: j.task, Open: 4, Running: 1, Waiting: 2, Stuck: 1, At: noon}}))
		require.NoError(f, tx.DirtyInsert(f.ctx, []int64{other.task}, noon))
	})
	ids := []int64{other.task, j.task, 1 << 40, j.task}
	var peeked []workflow.TaskLock
	f.read(func(r store.Reader) { peeked = must(r.TaskPeek(f.ctx, ids))(f) })
	f.write(func(tx store.Tx) { require.Equal(f, must(tx.TaskLock(f.ctx, ids))(f), peeked) })
	require.Len(f, peeked, 2)
}
