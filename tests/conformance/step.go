package conformance

import (
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

func stepPromises() []promise {
	return []promise{
		{"an edit sets what is given and leaves the rest", editSteps},
		{"a new step has no attempts and empty results", newStepRow},
		{"steps are listed by task and id, unknown ids left out", listSteps},
		{"edges into a task's steps are listed, also from another task", listEdges},
		{"children are listed once each, by id", listChildren},
		{"a child is satisfied when every parent is complete or resolved", satisfiedChildren},
		{"parents come with state and results, one row per pair", listParents},
		{"locking steps finds their tasks, rows and leases", lockSteps},
		{"a change sets the columns of an attempt", changeStep},
		{"results that are not given stay", resultsStay},
	}
}

func newStepRow(f *fixture) {
	j := f.job("order", 1)
	zero, three := 0, 3
	f.read(func(r store.Reader) {
		steps := must(r.StepList(f.ctx, j.steps))(f)
		steps[0].Inputs = plain(f, steps[0].Inputs)
		require.Equal(f, []workflow.Step{{
			ID: j.steps[0], TaskID: j.task, NamedStepID: steps[0].NamedStepID, RouteID: j.routes[0], Name: "order-a",
			State: workflow.Pending, Retryable: true, RetryLimit: &three, Attempts: &zero, Inputs: workflow.JSON(`{"in":1}`),
			Results: workflow.JSON(`{}`), CreatedAt: noon, UpdatedAt: noon,
		}}, steps)
	})
}

func stepIDs(steps []workflow.Step) (ids []int64) {
	for i := range steps {
		ids = append(ids, steps[i].ID)
	}
	return ids
}

func listSteps(f *fixture) {
	one, two := f.job("one", 2), f.job("two", 2)
	all := append(append([]int64{}, one.steps...), two.steps...)
	f.read(func(r store.Reader) {
		wanted := []int64{two.steps[1], one.steps[1], two.steps[0], one.steps[0], one.steps[0], 1 << 40}
		require.Equal(f, all, stepIDs(must(r.StepList(f.ctx, wanted))(f)))
		require.Equal(f, all, stepIDs(must(r.StepListByTask(f.ctx, []int64{two.task, one.task, 1 << 40}))(f)))
		require.Equal(f, two.steps, stepIDs(must(r.StepListByTask(f.ctx, []int64{two.task}))(f)))
	})
}

func listEdges(f *fixture) {
	one, two := f.job("one", 2, [2]int{0, 1}), f.job("two", 1)
	f.write(func(tx store.Tx) {
		require.NoError(f, tx.EdgeInsert(f.ctx, []store.NewEdge{{From: two.steps[0], To: one.steps[1], At: noon}}))
		edges := must(tx.EdgeListByTask(f.ctx, []int64{one.task}))(f)
		require.Len(f, edges, 2)
		require.Equal(f, workflow.Edge{ID: edges[0].ID, From: one.steps[0], To: one.steps[1], Name: workflow.Provides}, edges[0])
		require.Equal(f, two.steps[0], edges[1].From)
		require.Less(f, edges[0].ID, edges[1].ID)
		require.Empty(f, must(tx.EdgeListByTask(f.ctx, []int64{two.task}))(f))
	})
}

func listChildren(f *fixture) {
	j := f.job("fan", 4, [2]int{0, 2}, [2]int{1, 2}, [2]int{1, 3}, [2]int{1, 3})
	f.read(func(r store.Reader) {
		children := must(r.ChildList(f.ctx, []int64{j.steps[1], j.steps[0]}))(f)
		require.Len(f, children, 2)
		require.Equal(f, j.steps[2], children[0].Step.ID)
		require.Equal(f, j.steps[3], children[1].Step.ID)
		require.Equal(f, j.routes[3], children[1].Step.RouteID)
		require.Empty(f, must(r.ChildList(f.ctx, j.steps[2:]))(f))
	})
}

// satisfiedChildren walks a child through the states of its two parents, all
// inside one transaction, since a report relies on seeing its own moves.
func satisfiedChildren(f *fixture) {
	j := f.job("join", 3, [2]int{0, 2}, [2]int{1, 2})
	f.write(func(tx store.Tx) {
		satisfied := func() bool { return must(tx.ChildList(f.ctx, j.steps[:1]))(f)[0].Satisfied }
		require.False(f, satisfied())
		f.move(tx, j.steps[1], workflow.ResolvedManually)
		require.False(f, satisfied())
		f.move(tx, j.steps[0], workflow.InProgress)
		require.False(f, satisfied())
		f.move(tx, j.steps[0], workflow.Error)
		require.False(f, satisfied())
		f.move(tx, j.steps[0], workflow.Pending)
		f.move(tx, j.steps[0], workflow.InProgress)
		f.move(tx, j.steps[0], workflow.Complete)
		require.True(f, satisfied())
	})
	k := f.job("cancelled", 3, [2]int{0, 2}, [2]int{1, 2})
	f.write(func(tx store.Tx) {
		f.move(tx, k.steps[0], workflow.ResolvedManually)
		f.move(tx, k.steps[1], workflow.Cancelled)
		require.False(f, must(tx.ChildList(f.ctx, k.steps[:1]))(f)[0].Satisfied)
	})
}

func listParents(f *fixture) {
	j := f.job("join", 4, [2]int{1, 2}, [2]int{0, 2}, [2]int{0, 2}, [2]int{1, 3})
	f.write(func(tx store.Tx) {
		f.move(tx, j.steps[0], workflow.ResolvedManually)
		require.NoError(f, tx.StepChange(f.ctx, []store.StepChange{{ID: j.steps[0], Results: workflow.JSON(`{"n":1.0}`), At: noon}}))
		parents := must(tx.ParentList(f.ctx, []int64{j.steps[3], j.steps[2]}))(f)
		for i := range parents {
			parents[i].Results = plain(f, parents[i].Results)
		}
		require.Equal(f, []store.Parent{
			{
				ChildID: j.steps[2], StepID: j.steps[0], Name: "join-a", State: workflow.ResolvedManually,
				StateMetadata: workflow.JSON(`{}`), Results: workflow.JSON(`{"n":1.0}`),
			},
			{ChildID: j.steps[2], StepID: j.steps[1], Name: "join-b", State: workflow.Pending, Results: workflow.JSON(`{}`)},
			{ChildID: j.steps[3], StepID: j.steps[1], Name: "join-b", State: workflow.Pending, Results: workflow.JSON(`{}`)},
		}, parents)
	})
}

func lockSteps(f *fixture) {
	one, two := f.job("one", 2), f.job("two", 1)
	f.write(func(tx store.Tx) {
		lease := workflow.Lease{
			StepID: one.steps[1], TaskID: one.task, WorkerID: 5, Epoch: 9, Attempt: 2, ClaimedAt: noon, DeadlineAt: noon.Plus(time.Minute),
		}
		require.NoError(f, tx.LeaseInsert(f.ctx, []workflow.Lease{lease}))
		found := must(tx.StepLock(f.ctx, []int64{two.steps[0], 1 << 40, one.steps[1]}))(f)
		require.Equal(f, []int64{one.steps[1], two.steps[0]}, stepIDs(found.Steps))
		require.Equal(f, must(tx.TaskLock(f.ctx, []int64{one.task, two.task}))(f), found.Tasks)
		require.Equal(f, []workflow.Lease{lease}, found.Leases)
	})
}

func changeStep(f *fixture) {
	j := f.job("order", 2)
	two, ten := 2, 10
	f.write(func(tx store.Tx) {
		require.NoError(f, tx.StepChange(f.ctx, []store.StepChange{{
			ID: j.steps[0], InProcess: true, Processed: true, ProcessedAt: noon, Attempts: 2,
			LastAttemptedAt: noon.Plus(time.Second), BackoffSeconds: &ten, Results: workflow.JSON(`{"ok": true}`), At: noon.Plus(time.Minute),
		}}))
		steps := must(tx.StepList(f.ctx, j.steps))(f)
		got := steps[0]
		require.False(f, got.Retryable)
		require.True(f, got.InProcess)
		require.True(f, got.Processed)
		require.Equal(f, noon, got.ProcessedAt)
		require.Equal(f, &two, got.Attempts)
		require.Equal(f, noon.Plus(time.Second), got.LastAttemptedAt)
		require.Equal(f, &ten, got.BackoffSeconds)
		require.JSONEq(f, `{"ok": true}`, string(got.Results))
		require.Equal(f, noon.Plus(time.Minute), got.UpdatedAt)
		require.Equal(f, noon, steps[1].UpdatedAt)
	})
}

func resultsStay(f *fixture) {
	j := f.job("order", 1)
	ten := 10
	f.write(func(tx store.Tx) {
		require.NoError(f, tx.StepChange(f.ctx, []store.StepChange{{
			ID: j.steps[0], ProcessedAt: noon, LastAttemptedAt: noon, BackoffSeconds: &ten, Results: workflow.JSON(`{"kept":1}`), At: noon,
		}}))
		require.NoError(f, tx.StepChange(f.ctx, []store.StepChange{{ID: j.steps[0], At: noon}}))
		step := must(tx.StepList(f.ctx, j.steps))(f)[0]
		require.JSONEq(f, `{"kept":1}`, string(step.Results))
		require.True(f, step.ProcessedAt.IsZero())
		require.True(f, step.LastAttemptedAt.IsZero())
		require.Nil(f, step.BackoffSeconds)
	})
}

func editSteps(f *fixture) {
	j := f.job("a", 2)
	limit, later := 9, noon.Plus(time.Hour)
	var before, after []workflow.Step
	f.read(func(r store.Reader) { before = must(r.StepList(f.ctx, j.steps))(f) })
	f.write(func(tx store.Tx) {
		require.NoError(f, tx.StepEdit(f.ctx, []store.StepEdit{
			{ID: j.steps[0], RetryLimit: &limit, At: later}, {ID: j.steps[1], Inputs: workflow.JSON(`[1.50]`), At: later}}))
	})
	f.read(func(r store.Reader) { after = must(r.StepList(f.ctx, j.steps))(f) })
	before[0].RetryLimit, before[0].UpdatedAt = &limit, later
	before[1].Inputs, before[1].UpdatedAt = workflow.JSON(`[1.50]`), later
	require.Equal(f, before, after)
}
