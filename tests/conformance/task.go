package conformance

import (
	"fmt"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

func taskPromises() []promise {
	return []promise{
		{"tasks come back as they were stored, contexts with every key and digit", taskRoundTrip},
		{"ids are returned in the order of the tasks", taskIDsInOrder},
		{"an identity that exists is a Duplicate and ends the transaction", duplicateIdentity},
		{"tasks are found by identity", identifyTasks},
		{"each filter selects, and all are combined with and", filterTasks},
		{"a page is kept within, except for ids that were asked for", pageTasks},
		{"the state is that of the current transition, else pending", taskState},
		{"locking reads tasks in id order and leaves out unknown ids", lockTasks},
		{"a change sets counters and flag and adds one to the version", changeTasks},
		{"an edit sets what is given and leaves the rest", editTasks},
		{"an adoption gives a row of ours to those that have none, and the routes that are missing", adoptTasks},
		{"names longer than their columns are refused", longNames},
	}
}

func (f *fixture) insertTasks(tasks ...store.NewTask) (ids []int64) {
	f.Helper()
	f.write(func(tx store.Tx) { ids = must(tx.TaskInsert(f.ctx, tasks))(f) })
	require.Len(f, ids, len(tasks))
	return ids
}

func (f *fixture) tasks(filter store.TaskFilter) (found []workflow.Task) {
	f.Helper()
	f.read(func(r store.Reader) { found = must(r.TaskList(f.ctx, filter))(f) })
	return found
}

func taskRoundTrip(f *fixture) {
	named, _ := f.install("order")
	n := newTask(named, "identity")
	n.Context = workflow.JSON(`{"z":1.50, "a":12345678901234567890,"é":"\u00e9 \"quoted\""}`)
	n.Tags = []string{"plain", `with "quotes" and \`, "line\nbreak", "é😀", ""}
	n.BypassSteps = []string{"one", "two"}
	n.RequestedAt = noon.Plus(-time.Minute)
	id := f.insertTasks(n)[0]
	stored := f.tasks(store.TaskFilter{IDs: []int64{id}})
	for i := range stored {
		stored[i].Context = plain(f, stored[i].Context)
	}
	require.Equal(f, []workflow.Task{{
		ID: id, NamedTaskID: named.ID, Namespace: "shop", Name: "order", Version: "1.0.0", State: workflow.Pending,
		StateSince: noon, RequestedAt: n.RequestedAt, Initiator: n.Initiator, SourceSystem: n.SourceSystem, Reason: n.Reason,
		BypassSteps: n.BypassSteps, Tags: n.Tags, Context: plain(f, n.Context), IdentityHash: "identity", Priority: 2, Concurrent: true,
		CreatedAt: noon, UpdatedAt: noon,
	}}, stored)
}

func taskIDsInOrder(f *fixture) {
	named, _ := f.install("order")
	ids := f.insertTasks(newTask(named, "b"), newTask(named, "a"), newTask(named, "c"))
	for i, hash := range []string{"b", "a", "c"} {
		require.Equal(f, hash, f.tasks(store.TaskFilter{IDs: ids[i : i+1]})[0].IdentityHash)
	}
}

func duplicateIdentity(f *fixture) {
	named, _ := f.install("order")
	id := f.insertTasks(newTask(named, "same"))[0]
	err := f.store.Write(f.ctx, func(tx store.Tx) error {
		_, err := tx.TaskInsert(f.ctx, []store.NewTask{newTask(named, "other"), newTask(named, "same")})
		return err
	})
	require.Equal(f, fault.Duplicate, fault.KindOf(err))
	require.Equal(f, []int64{id}, taskIDs(f.tasks(store.TaskFilter{})))
}

func identifyTasks(f *fixture) {
	named, _ := f.install("order")
	ids := f.insertTasks(newTask(named, "one"), newTask(named, `two "quoted"`))
	f.read(func(r store.Reader) {
		require.Equal(f, map[string]int64{"one": ids[0], `two "quoted"`: ids[1]},
			must(r.TaskIdentify(f.ctx, []string{"one", `two "quoted"`, "three"}))(f))
	})
}

func taskIDs(tasks []workflow.Task) []int64 {
	ids := make([]int64, 0, len(tasks))
	for _, task := range tasks {
		ids = append(ids, task.ID)
	}
	return ids
}

func filterTasks(f *fixture) {
	order, _ := f.install("order")
	refund, _ := f.install("refund")
	later := newTask(order, "later")
	later.At, later.Tags = noon.Plus(time.Hour), []string{"red", "blue"}
	ids := f.insertTasks(newTask(order, "first"), later, newTask(refund, "third"))
	f.write(func(tx store.Tx) {
		moved := must(tx.TaskMove(f.ctx, []store.Move{{OwnerID: ids[1], Path: []store.Hop{{To: workflow.InProgress}}, At: noon}}))(f)
		require.Len(f, moved, 1)
	})
	name, namespace, nowhere, version, blue, hour := "order", "shop", "nowhere", "1.0.0", "blue", noon.Plus(time.Hour)
	for sentence, c := range map[string]struct {
		filter store.TaskFilter
		want   []int64
	}{
		"none":           {store.TaskFilter{}, ids},
		"ids":            {store.TaskFilter{IDs: []int64{ids[2], ids[0], ids[2]}}, []int64{ids[0], ids[2]}},
		"name":           {store.TaskFilter{Name: &name}, ids[:2]},
		"namespace":      {store.TaskFilter{Namespace: &namespace}, ids},
		"no namespace":   {store.TaskFilter{Namespace: &nowhere}, nil},
		"version":        {store.TaskFilter{Version: &version}, ids},
		"state":          {store.TaskFilter{States: []workflow.State{workflow.InProgress}}, ids[1:2]},
		"pending":        {store.TaskFilter{States: []workflow.State{workflow.Pending}}, []int64{ids[0], ids[2]}},
		"two states":     {store.TaskFilter{States: []workflow.State{workflow.Pending, workflow.InProgress}}, ids},
		"tag":            {store.TaskFilter{Tag: &blue}, ids[1:2]},
		"after":          {store.TaskFilter{CreatedAfter: &noon}, ids[1:2]},
		"before":         {store.TaskFilter{CreatedBefore: &hour}, []int64{ids[0], ids[2]}},
		"all but a name": {store.TaskFilter{Name: &name, CreatedBefore: &hour, Namespace: &namespace}, ids[:1]},
	} {
		require.ElementsMatch(f, c.want, taskIDs(f.tasks(c.filter)), sentence)
	}
}

func pageTasks(f *fixture) {
	named, _ := f.install("order")
	var tasks []store.NewTask
	for i := range store.DefaultPage + 2 {
		tasks = append(tasks, newTask(named, fmt.Sprint(i)))
	}
	ids := f.insertTasks(tasks...)
	list := func(filter store.TaskFilter) []int64 { return taskIDs(f.tasks(filter)) }
	require.Equal(f, ids[:store.DefaultPage], list(store.TaskFilter{}))
	require.Equal(f, ids[3:5], list(store.TaskFilter{Page: store.Page{After: ids[2], Limit: 2}}))
	require.Equal(f, []int64{ids[1], ids[0]}, list(store.TaskFilter{Page: store.Page{After: ids[2], Limit: 9, Descending: true}}))
	require.Equal(f, ids, list(store.TaskFilter{IDs: ids, Page: store.Page{Limit: 1}}))
}

func taskState(f *fixture) {
	named, _ := f.install("order")
	id := f.insertTasks(newTask(named, "one"))[0]
	later := noon.Plus(time.Minute)
	f.write(func(tx store.Tx) {
		must(tx.TaskMove(f.ctx, []store.Move{{
			OwnerID: id, Path: []store.Hop{{To: workflow.InProgress}, {To: workflow.Error}}, At: later,
		}}))(f)
	})
	task := f.tasks(store.TaskFilter{IDs: []int64{id}})[0]
	require.Equal(f, workflow.Error, task.State)
	require.Equal(f, later, task.StateSince)
}

func lockTasks(f *fixture) {
	named, _ := f.install("order")
	n := newTask(named, "one")
	n.Open, n.Running, n.Waiting, n.Stuck, n.Priority, n.Concurrent = 4, 1, 2, 1, -3, false
	n.StartAt = noon.Plus(time.Hour)
	ids := f.insertTasks(n, newTask(named, "two"))
	f.write(func(tx store.Tx) {
		moved := must(tx.TaskMove(f.ctx, []store.Move{{OwnerID: ids[0], Path: []store.Hop{{To: workflow.InProgress}}, At: noon}}))(f)
		locks := must(tx.TaskLock(f.ctx, []int64{ids[1], 1 << 40, ids[0], ids[0]}))(f)
		require.Len(f, locks, 2)
		require.Equal(f, workflow.TaskLock{
			ID: ids[0], NamedTaskID: named.ID, NamespaceID: named.NamespaceID, Priority: -3, StartAt: n.StartAt,
			Version: locks[0].Version,
			Open:    4, Running: 1, Waiting: 2, Stuck: 1, State: workflow.InProgress, TransitionID: moved[0].TransitionID,
		}, locks[0])
		require.Equal(f, ids[1], locks[1].ID)
		require.Equal(f, workflow.Pending, locks[1].State)
		require.Zero(f, locks[1].TransitionID)
		require.True(f, locks[1].Concurrent)
		require.Zero(f, locks[1].StartAt)
	})
	tasks := f.tasks(store.TaskFilter{IDs: ids})
	require.Equal(f, []any{false, n.StartAt, -3}, []any{tasks[0].Concurrent, tasks[0].StartAt, tasks[0].Priority})
	require.Equal(f, []any{true, workflow.Instant{}}, []any{tasks[1].Concurrent, tasks[1].StartAt})
	graphs := must(f.store.GraphList(f.ctx, ids))(f)
	require.Equal(f, []any{false, n.StartAt}, []any{graphs[0].Concurrent, graphs[0].StartAt})
	require.Equal(f, []any{true, workflow.Instant{}}, []any{graphs[1].Concurrent, graphs[1].StartAt})
}

func changeTasks(f *fixture) {
	named, _ := f.install("order")
	ids := f.insertTasks(newTask(named, "one"), newTask(named, "two"))
	f.write(func(tx store.Tx) {
		before := must(tx.TaskLock(f.ctx, ids))(f)
		require.NoError(f, tx.TaskChange(f.ctx, []store.TaskChange{
			{ID: ids[0], Open: 1, Running: 2, Waiting: 3, Stuck: 4, At: noon},
			{ID: ids[1], Complete: true, At: noon.Plus(time.Minute)},
		}))
		after := must(tx.TaskLock(f.ctx, ids))(f)
		want := before
		want[0].Version, want[0].Open, want[0].Running, want[0].Waiting, want[0].Stuck = before[0].Version+1, 1, 2, 3, 4
		want[1].Version, want[1].Open, want[1].Complete = before[1].Version+1, 0, true
		require.Equal(f, want, after)
	})
	tasks := f.tasks(store.TaskFilter{IDs: ids})
	require.False(f, tasks[0].Complete)
	require.True(f, tasks[1].Complete)
	require.Equal(f, noon.Plus(time.Minute), tasks[1].UpdatedAt)
}

func longNames(f *fixture) {
	named, _ := f.install("order")
	n := newTask(named, "long")
	n.Reason = fmt.Sprintf("%0129d", 1)
	err := f.store.Write(f.ctx, func(tx store.Tx) error {
		_, err := tx.TaskInsert(f.ctx, []store.NewTask{n})
		return err
	})
	require.Equal(f, fault.InvalidRequest, fault.KindOf(err))
}

func editTasks(f *fixture) {
	named, _ := f.install("order")
	ids := f.insertTasks(newTask(named, "one"), newTask(named, "two"))
	before := f.tasks(store.TaskFilter{IDs: ids})
	reason, priority, later := `by "hand"`, -7, noon.Plus(time.Hour)
	f.write(func(tx store.Tx) {
		must(tx.TaskLock(f.ctx, ids))(f)
		require.NoError(f, tx.TaskEdit(f.ctx, []store.TaskEdit{
			{ID: ids[0], Reason: &reason, Priority: &priority, At: later}, {ID: ids[1], Tags: []string{}, At: later}}))
	})
	after := f.tasks(store.TaskFilter{IDs: ids})
	want := append([]workflow.Task{}, before...)
	want[0].Reason, want[0].Priority, want[0].UpdatedAt = reason, priority, later
	want[1].Tags, want[1].UpdatedAt = []string{}, later
	require.Equal(f, want, after)
}

func adoptTasks(f *fixture) {
	j := f.job("a", 2)
	f.write(func(tx store.Tx) {
		require.Empty(f, must(tx.TaskAdopt(f.ctx, []store.Adoption{{TaskID: j.task, Priority: 9, At: noon}, {TaskID: 999, At: noon}}))(f),
			"it has one already, or does not exist")
		lock := must(tx.TaskLock(f.ctx, []int64{j.task}))(f)[0]
		require.Equal(f, 2, lock.Priority)
	})
}
