package conformance

import (
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/insight"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

func insightPromises() []promise {
	return []promise{
		{"facts about a task follow from its rows, to the microsecond", insightFacts},
		{"a task without steps and rows has facts, too", insightBare},
		{"facts and stamps carry the same version", insightStamps},
		{"facts are selected by ids or by a filter", insightSelected},
		{"the slowest steps are complete ones that took time, the longest first", insightSlowest},
		{"tasks and steps are counted by what they share", insightHealth},
		{"failures are counted by class, without detours and returns", insightFailures},
		{"steps that wait are counted with what they wait for", insightWaits},
		{"an empty database has no facts", insightEmpty},
	}
}

// went moves a step along states, a second each, from noon on, the last with
// the given metadata.
func (f *fixture) went(step int64, metadata string, states ...workflow.State) {
	f.Helper()
	f.write(func(tx store.Tx) {
		for i, state := range states {
			now := must(tx.StepList(f.ctx, []int64{step}))(f)[0]
			hop := store.Hop{To: state}
			if i == len(states)-1 {
				hop.Metadata = workflow.JSON(metadata)
			}
			moved := must(tx.StepMove(f.ctx, []store.Move{{OwnerID: step, ExpectedID: now.TransitionID, From: now.State,
				Path: []store.Hop{hop}, At: noon.Plus(time.Duration(i+1) * (time.Second + 5*time.Microsecond))}}))(f)
			require.Len(f, moved, 1)
		}
	})
}

func (f *fixture) facts(ids []int64, filter store.InsightFilter) []store.InsightTask {
	f.Helper()
	return must(f.store.InsightTasks(f.ctx, ids, filter))(f)
}

func insightFacts(f *fixture) {
	j := f.job("order", 4, [2]int{0, 1})
	f.went(j.steps[0], `{}`, workflow.InProgress, workflow.Complete)
	f.went(j.steps[1], `{}`, workflow.InProgress, workflow.Error)
	f.went(j.steps[2], `{}`, workflow.InProgress)
	f.write(func(tx store.Tx) {
		must(tx.TaskMove(f.ctx, []store.Move{{OwnerID: j.task, From: workflow.Pending,
			Path: []store.Hop{{To: workflow.InProgress}}, At: noon.Plus(time.Minute)}}))(f)
	})
	const took = 2 * (1_000_000 + 5)
	require.Equal(f, []insight.Task{{
		ID: j.task, Type: j.named.ID, Created: insight.Micros(noon), State: workflow.InProgress,
		Since: insight.Micros(noon.Plus(time.Minute)), Steps: 4, Active: 1, Complete: 1, Failed: 1,
		LastEnd: insight.Micros(noon) + took, StepTime: took, TaskTime: took,
	}}, plainFacts(f.facts([]int64{j.task, 1 << 40}, store.InsightFilter{})))
}

func plainFacts(found []store.InsightTask) []insight.Task {
	tasks := make([]insight.Task, len(found))
	for i := range found {
		tasks[i] = found[i].Task
	}
	return tasks
}

func insightBare(f *fixture) {
	named, _ := f.install("order")
	id := f.insertTasks(newTask(named, "bare"))[0]
	require.Equal(f, []insight.Task{{ID: id, Type: named.ID, Created: insight.Micros(noon)}},
		plainFacts(f.facts(nil, store.InsightFilter{})))
}

func insightStamps(f *fixture) {
	j, other := f.job("order", 1), f.job("other", 1)
	f.write(func(tx store.Tx) {
		require.NoError(f, tx.TaskChange(f.ctx, []store.TaskChange{{ID: j.task, Open: 1, At: noon}}))
		require.NoError(f, tx.DirtyInsert(f.ctx, []int64{other.task}, noon))
	})
	stamps := must(f.store.InsightStamps(f.ctx))(f)
	require.Equal(f, []int64{1, 2}, []int64{stamps.Namespaces, stamps.TaskTypes})
	require.Len(f, stamps.Tasks, 2)
	for i, facts := range f.facts(nil, store.InsightFilter{}) {
		require.Equal(f, facts.ID, stamps.Tasks[i].TaskID)
		require.Equal(f, facts.Stamp, stamps.Tasks[i].Stamp)
		require.Equal(f, f.stamp(facts.ID), facts.Stamp)
	}
	require.True(f, stamps.Tasks[0].Stamp.Current())
	require.False(f, stamps.Tasks[1].Stamp.Current())
}

func insightSelected(f *fixture) {
	a, b := f.job("order", 1), f.job("other", 2)
	text := func(s string) *string { return &s }
	ids := func(ids []int64, filter store.InsightFilter) (found []int64) {
		for _, facts := range f.facts(ids, filter) {
			found = append(found, facts.ID)
		}
		return found
	}
	require.Equal(f, []int64{a.task, b.task}, ids(nil, store.InsightFilter{}))
	require.Equal(f, []int64{b.task}, ids([]int64{b.task, b.task}, store.InsightFilter{}))
	require.Empty(f, ids([]int64{}, store.InsightFilter{}))
	require.Equal(f, []int64{b.task}, ids(nil, store.InsightFilter{Namespace: text("shop"), Name: text("other"), Version: text("1.0.0")}))
	require.Empty(f, ids(nil, store.InsightFilter{Namespace: text("Shop")}))
	require.Empty(f, ids(nil, store.InsightFilter{Version: text("1")}))
	require.Empty(f, ids(nil, store.InsightFilter{CreatedAfter: noon}), "strictly after")
	require.Len(f, ids(nil, store.InsightFilter{CreatedAfter: noon.Plus(-time.Microsecond)}), 2)
}

func insightSlowest(f *fixture) {
	j := f.job("order", 4)
	f.went(j.steps[0], `{}`, workflow.InProgress, workflow.Complete)
	f.went(j.steps[1], `{}`, workflow.Complete)
	f.went(j.steps[2], `{}`, workflow.InProgress, workflow.ResolvedManually)
	f.went(j.steps[3], `{}`, workflow.InProgress, workflow.Complete)
	attempts := int64(0)
	slow := insight.SlowStep{StepID: j.steps[0], TaskID: j.task, StepName: "order-a", TaskName: "order", Namespace: "shop",
		Version: "1.0.0", DurationSeconds: 2, Attempts: &attempts, CreatedAt: noon,
		CompletedAt: noon.Plus(2*time.Second + 10*time.Microsecond), Retryable: true, Status: workflow.Complete}
	found := must(f.store.InsightSlowestSteps(f.ctx, store.InsightFilter{}, 10))(f)
	require.Len(f, found, 3)
	require.Equal(f, slow, found[0])
	require.Equal(f, []int64{j.steps[3], j.steps[1]}, []int64{found[1].StepID, found[2].StepID})
	require.Len(f, must(f.store.InsightSlowestSteps(f.ctx, store.InsightFilter{}, 1))(f), 1)
	require.Empty(f, must(f.store.InsightSlowestSteps(f.ctx, store.InsightFilter{CreatedAfter: noon}, 10))(f))
	other := "other"
	require.Empty(f, must(f.store.InsightSlowestSteps(f.ctx, store.InsightFilter{Name: &other}, 10))(f))
}

func insightHealth(f *fixture) {
	j := f.job("order", 4)
	f.went(j.steps[0], `{}`, workflow.Error)
	f.went(j.steps[1], `{}`, workflow.Error)
	f.went(j.steps[2], `{}`, workflow.Complete)
	wait := 30
	f.write(func(tx store.Tx) {
		require.NoError(f, tx.StepChange(f.ctx, []store.StepChange{
			{ID: j.steps[0], Retryable: true, Attempts: 2, LastAttemptedAt: noon, BackoffSeconds: &wait, At: noon},
			{ID: j.steps[2], Attempts: 1, LastAttemptedAt: noon, At: noon}}))
	})
	number := func(n int64) *int64 { return &n }
	at := noon.Plus(30*time.Second - time.Microsecond)
	facts := must(f.store.InsightHealth(f.ctx, at))(f)
	require.Equal(f, []insight.Owners{{Count: 1}}, facts.Tasks)
	require.ElementsMatch(f, []insight.StepGroup{
		{Count: 1}, {State: workflow.Complete, Count: 1},
		{State: workflow.Error, Attempts: number(2), RetryLimit: number(3), Retryable: true, Attempted: true, Waiting: true, Count: 1},
		{State: workflow.Error, Attempts: number(0), RetryLimit: number(3), Retryable: true, Count: 1},
	}, facts.Steps)
	require.Positive(f, facts.ActiveConnections)
	require.GreaterOrEqual(f, facts.MaxConnections, facts.ActiveConnections)
	for _, group := range must(f.store.InsightHealth(f.ctx, at.Plus(time.Microsecond)))(f).Steps {
		require.False(f, group.Waiting, "a wait that ends now is over")
	}
}

func insightFailures(f *fixture) {
	j := f.job("order", 5)
	f.went(j.steps[0], `{"error_class":"Gone"}`, workflow.InProgress, workflow.Error)
	f.went(j.steps[0], `{}`, workflow.Pending, workflow.InProgress, workflow.Complete)
	f.went(j.steps[1], `{"error_class":"Gone"}`, workflow.InProgress, workflow.Error)
	f.went(j.steps[2], `{"lease_expired":true}`, workflow.InProgress, workflow.Error)
	f.went(j.steps[3], `{"released":true}`, workflow.InProgress, workflow.Error)
	f.went(j.steps[4], `{"via":"cancelled"}`, workflow.Error)
	troubles := must(f.store.InsightTroubles(f.ctx, store.InsightFilter{}, noon, 5))(f)
	require.Equal(f, insight.Troubles{Attempts: 4, Failures: 3, FailedSteps: 3, RecoveredSteps: 1,
		Classes: []insight.ErrorClass{{Class: "Gone", Count: 2}, {Class: "lease_expired", Count: 1}}}, troubles)
	require.Len(f, must(f.store.InsightTroubles(f.ctx, store.InsightFilter{}, noon, 1))(f).Classes, 1)
	require.Zero(f, must(f.store.InsightTroubles(f.ctx, store.InsightFilter{CreatedAfter: noon}, noon, 5))(f))
}

func insightWaits(f *fixture) {
	// a and b before c, c before d; a is complete.
	j := f.job("order", 4, [2]int{0, 2}, [2]int{1, 2}, [2]int{2, 3})
	f.went(j.steps[0], `{}`, workflow.Complete)
	troubles := must(f.store.InsightTroubles(f.ctx, store.InsightFilter{}, noon.Plus(1500*time.Millisecond), 5))(f)
	troubles.Attempts = 0
	require.Equal(f, insight.Troubles{BlockedSteps: 2, BlockingEdges: 2, WaitMicroseconds: 3_000_000, Blockers: []insight.Blocker{
		{Namespace: "shop", TaskName: "order", StepName: "order-b", BlockedSteps: 1},
		{Namespace: "shop", TaskName: "order", StepName: "order-c", BlockedSteps: 1},
	}}, troubles)
}

func insightEmpty(f *fixture) {
	require.Zero(f, must(f.store.InsightStamps(f.ctx))(f))
	require.Empty(f, f.facts(nil, store.InsightFilter{}))
	require.Empty(f, must(f.store.InsightSlowestSteps(f.ctx, store.InsightFilter{}, 10))(f))
	require.Zero(f, must(f.store.InsightTroubles(f.ctx, store.InsightFilter{}, noon, 5))(f))
	facts := must(f.store.InsightHealth(f.ctx, noon))(f)
	require.Empty(f, facts.Tasks)
	require.Empty(f, facts.Steps)
}
