package conformance

import (
	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

func graphPromises() []promise {
	return []promise{
		{"a write raises the version of its task's stamp", stampVersion},
		{"a stamp tells of a change that waits", stampDirty},
		{"a stamp of a task that does not exist is absent", stampUnknown},
		{"a graph holds the steps, edges and leases of its task", wholeGraph},
		{"a parent in another task comes with its state", outsideParent},
		{"graphs come by task id, each with what is its own", manyGraphs},
		{"a graph carries the metadata of a failure and no payloads", leanGraph},
	}
}

func (f *fixture) stamp(id int64) store.GraphStamp {
	stamps := must(f.store.GraphStamps(f.ctx, []int64{id}))(f)
	require.Contains(f, stamps, id)
	return stamps[id]
}

func stampVersion(f *fixture) {
	j := f.job("order", 1)
	before := f.stamp(j.task)
	require.Positive(f, before.Version)
	require.False(f, before.Dirty)
	require.True(f, before.Current(), "foreign writers are watched where there may be any")
	f.write(func(tx store.Tx) {
		must(tx.TaskLock(f.ctx, []int64{j.task}))(f)
		require.NoError(f, tx.TaskChange(f.ctx, []store.TaskChange{{ID: j.task, Open: 1, At: noon}}))
	})
	require.Equal(f, before.Version+1, f.stamp(j.task).Version)
	require.Equal(f, before.Version+1, must(f.store.GraphList(f.ctx, []int64{j.task}))(f)[0].Stamp.Version)
}

func stampDirty(f *fixture) {
	j, other := f.job("order", 1), f.job("other", 1)
	f.write(func(tx store.Tx) { require.NoError(f, tx.DirtyInsert(f.ctx, []int64{j.task}, noon)) })
	require.True(f, f.stamp(j.task).Dirty)
	require.False(f, f.stamp(j.task).Current())
	require.False(f, f.stamp(other.task).Dirty)
	graphs := must(f.store.GraphList(f.ctx, []int64{j.task, other.task}))(f)
	require.True(f, graphs[0].Stamp.Dirty)
	require.False(f, graphs[1].Stamp.Dirty)
}

func stampUnknown(f *fixture) {
	require.Empty(f, must(f.store.GraphStamps(f.ctx, []int64{1 << 40}))(f))
	require.Empty(f, must(f.store.GraphList(f.ctx, []int64{1 << 40}))(f))
	require.Empty(f, must(f.store.GraphStamps(f.ctx, nil))(f))
}

func wholeGraph(f *fixture) {
	j := f.job("order", 3, [2]int{0, 1}, [2]int{0, 2}, [2]int{1, 2})
	lease := workflow.Lease{StepID: j.steps[0], TaskID: j.task, WorkerID: 5, Epoch: 9, Attempt: 1, ClaimedAt: noon, DeadlineAt: noon}
	f.write(func(tx store.Tx) {
		require.NoError(f, tx.LeaseInsert(f.ctx, []workflow.Lease{lease}))
	})
	g := must(f.store.GraphList(f.ctx, []int64{j.task}))(f)[0]
	require.Equal(f, j.task, g.TaskID)
	require.Equal(f, j.named.ID, g.NamedTaskID)
	require.Equal(f, workflow.Pending, g.State)
	require.True(f, g.Concurrent)
	require.Equal(f, []store.GraphEdge{{From: j.steps[0], To: j.steps[1]}, {From: j.steps[0], To: j.steps[2]},
		{From: j.steps[1], To: j.steps[2]}}, g.Edges)
	require.Equal(f, []workflow.Lease{lease}, g.Leases)
	f.read(func(r store.Reader) {
		steps := must(r.StepListByTask(f.ctx, []int64{j.task}))(f)
		for i := range steps {
			steps[i].Inputs, steps[i].Results, steps[i].StateMetadata = nil, nil, nil
		}
		require.Equal(f, steps, g.Steps)
	})
}

func outsideParent(f *fixture) {
	j, other := f.job("order", 1), f.job("other", 1)
	f.write(func(tx store.Tx) {
		require.NoError(f, tx.EdgeInsert(f.ctx, []store.NewEdge{{From: other.steps[0], To: j.steps[0], At: noon}}))
	})
	edge := store.GraphEdge{From: other.steps[0], To: j.steps[0], Outside: workflow.Pending}
	require.Equal(f, []store.GraphEdge{edge}, must(f.store.GraphList(f.ctx, []int64{j.task}))(f)[0].Edges)
	f.write(func(tx store.Tx) {
		must(tx.StepMove(f.ctx, []store.Move{{OwnerID: other.steps[0], Path: []store.Hop{{To: workflow.InProgress}}, At: noon}}))(f)
	})
	edge.Outside = workflow.InProgress
	require.Equal(f, []store.GraphEdge{edge},
		must(f.store.GraphList(f.ctx, []int64{j.task, other.task}))(f)[0].Edges, "also when both tasks are asked for")
}

func manyGraphs(f *fixture) {
	first, second := f.job("order", 2, [2]int{0, 1}), f.job("other", 3)
	graphs := must(f.store.GraphList(f.ctx, []int64{second.task, first.task, second.task, 1 << 40}))(f)
	require.Len(f, graphs, 2)
	require.Equal(f, []int64{first.task, second.task}, []int64{graphs[0].TaskID, graphs[1].TaskID})
	require.Len(f, graphs[0].Steps, 2)
	require.Len(f, graphs[0].Edges, 1)
	require.Len(f, graphs[1].Steps, 3)
	require.Empty(f, graphs[1].Edges)
}

func leanGraph(f *fixture) {
	j := f.job("order", 2)
	f.write(func(tx store.Tx) {
		must(tx.StepMove(f.ctx, []store.Move{
			{OwnerID: j.steps[0], Path: []store.Hop{{To: workflow.Error, Metadata: workflow.JSON(`{"permanent": true}`)}}, At: noon},
			{OwnerID: j.steps[1], Path: []store.Hop{{To: workflow.InProgress, Metadata: workflow.JSON(`{"worker_id": 1}`)}}, At: noon},
		}))(f)
	})
	steps := must(f.store.GraphList(f.ctx, []int64{j.task}))(f)[0].Steps
	require.JSONEq(f, `{"permanent": true}`, string(steps[0].StateMetadata))
	require.Equal(f, workflow.Error, steps[0].State)
	require.Nil(f, steps[1].StateMetadata)
	require.Nil(f, steps[0].Inputs)
	require.Nil(f, steps[0].Results)
}
