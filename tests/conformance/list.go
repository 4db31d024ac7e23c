package conformance

import (
	"fmt"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/query"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

func listPromises() []promise {
	return []promise{
		{"a list without conditions is by id, a page at a time", listByID},
		{"tasks of some types in id order are one list", listOfTypes},
		{"texts are ordered by their bytes and null is least", listInOrder},
		{"an owner without history is listed as pending", listPending},
		{"a row is listed once however many of its values fit", listOnce},
		{"each condition is a parameter", listParameters},
		{"transitions, workers and versions are found by id", findByID},
	}
}

// selected returns the ids of a page.
func (f *fixture) selected(e *query.Entity, r query.Request) (ids []int64) {
	f.Helper()
	q, err := e.Parse(r)
	require.NoError(f, err)
	f.read(func(reader store.Reader) {
		for _, mark := range must(reader.Select(f.ctx, q))(f) {
			ids = append(ids, mark.ID)
		}
	})
	return ids
}

func where(field string, operator query.Operator, value string) []query.Filter {
	return []query.Filter{{Place: "where[0]", Field: field, Operator: string(operator), Value: workflow.JSON(value)}}
}

func listByID(f *fixture) {
	named, _ := f.install("order")
	ids := f.insertTasks(newTask(named, "a"), newTask(named, "b"), newTask(named, "c"))
	require.Equal(f, ids, f.selected(&query.Tasks, query.Request{}))
	first, err := query.Tasks.Parse(query.Request{Limit: 2, Descending: true})
	require.NoError(f, err)
	next := first.Cursor(query.Mark{ID: ids[1], Key: query.Value{Integer: ids[1]}})
	require.Equal(f, []int64{ids[2], ids[1]}, f.selected(&query.Tasks, query.Request{Limit: 2, Descending: true}))
	require.Equal(f, ids[:1], f.selected(&query.Tasks, query.Request{Limit: 2, Descending: true, After: next}))
}

func listOfTypes(f *fixture) {
	var tasks []store.NewTask
	for i := range 30 {
		named, _ := f.install([]string{"order", "refund", "other"}[i%3])
		tasks = append(tasks, newTask(named, fmt.Sprint(i)))
	}
	ids := f.insertTasks(tasks...)
	r := query.Request{Where: where("name", query.In, `["refund","order"]`), Limit: 4}
	require.Equal(f, []int64{ids[0], ids[1], ids[3], ids[4]}, f.selected(&query.Tasks, r))
	r.Descending = true
	require.Equal(f, []int64{ids[28], ids[27], ids[25], ids[24]}, f.selected(&query.Tasks, r))
	r.Where = where("name", query.Eq, `"nothing"`)
	require.Empty(f, f.selected(&query.Tasks, r))
}

func listInOrder(f *fixture) {
	var want []int64
	for _, name := range []string{"B", "a", "ä"} {
		id, err := int64(0), error(nil)
		f.write(func(tx store.Tx) {
			id, err = tx.WorkerInsert(f.ctx, workflow.Worker{Name: name, StartedAt: noon, HeartbeatAt: noon})
			require.NoError(f, err)
		})
		want = append(want, id)
	}
	require.Equal(f, want, f.selected(&query.Workers, query.Request{Sort: "name"}))
	j := f.job("order", 2)
	f.write(func(tx store.Tx) {
		require.NoError(f, tx.StepChange(f.ctx, []store.StepChange{{ID: j.steps[0], LastAttemptedAt: noon, At: noon}}))
	})
	require.Equal(f, []int64{j.steps[1], j.steps[0]}, f.selected(&query.Steps, query.Request{Sort: "last_attempted_at"}))
}

func listPending(f *fixture) {
	j := f.job("order", 2)
	f.write(func(tx store.Tx) { f.move(tx, j.steps[0], workflow.InProgress) })
	require.Equal(f, j.steps[1:], f.selected(&query.Steps, query.Request{Where: where("state", query.Eq, `"pending"`)}))
	require.Equal(f, []int64{j.task}, f.selected(&query.Tasks, query.Request{Where: where("state", query.Eq, `"pending"`)}))
	require.Equal(f, []int64{j.task}, f.selected(&query.Tasks, query.Request{Where: where("active", query.Eq, "true")}))
}

func listOnce(f *fixture) {
	j := f.job("order", 3, [2]int{0, 2}, [2]int{0, 2}, [2]int{1, 2})
	require.Equal(f, []int64{j.task}, f.selected(&query.Tasks, query.Request{Where: where("step_state", query.Eq, `"pending"`)}))
	require.Equal(f, j.steps[2:], f.selected(&query.Steps, query.Request{
		Where: where("parent_id", query.In, fmt.Sprintf("[%d, %d]", j.steps[0], j.steps[1]))}))
}

func listParameters(f *fixture) {
	named, _ := f.install("order")
	n := newTask(named, "one")
	n.Reason, n.Tags = `' OR '1'='1`, []string{`"], ["`}
	ids := f.insertTasks(n, newTask(named, "two"))
	for _, r := range []query.Request{
		{Where: where("reason", query.Eq, `"' OR '1'='1"`)},
		{Where: where("tag", query.Eq, `"\"], [\""`)},
		{Where: where("created_at", query.Lte, `"`+noon.String()+`"`), Limit: 1},
	} {
		require.Equal(f, ids[:1], f.selected(&query.Tasks, r))
	}
	require.Empty(f, f.selected(&query.Tasks, query.Request{Where: where("reason", query.Contains, `"%"`)}))
}

func findByID(f *fixture) {
	j := f.job("order", 1)
	f.write(func(tx store.Tx) {
		epoch := f.move(tx, j.steps[0], workflow.InProgress)
		moved := must(tx.TaskMove(f.ctx, []store.Move{{OwnerID: j.task, Path: []store.Hop{{To: workflow.InProgress}}, At: noon}}))(f)
		worker := must(tx.WorkerInsert(f.ctx, workflow.Worker{Name: "w", Routes: j.routes, StartedAt: noon, HeartbeatAt: noon}))(f)
		require.NoError(f, tx.LeaseInsert(f.ctx, []workflow.Lease{{StepID: j.steps[0], TaskID: j.task, WorkerID: worker, Epoch: epoch,
			Attempt: 1, ClaimedAt: noon, DeadlineAt: noon.Plus(time.Minute)}}))
		require.Equal(f, j.steps[0], must(tx.StepTransitionFind(f.ctx, []int64{epoch, 1 << 40}))(f)[0].OwnerID)
		require.Equal(f, j.task, must(tx.TaskTransitionFind(f.ctx, []int64{moved[0].TransitionID}))(f)[0].OwnerID)
		loads := must(tx.WorkerFind(f.ctx, []int64{worker, 1 << 40}))(f)
		require.Equal(f, []store.WorkerLoad{{Worker: workflow.Worker{ID: worker, Name: "w", Routes: j.routes, StartedAt: noon,
			HeartbeatAt: noon}, Leases: 1}}, loads)
		require.Equal(f, []store.NamedTaskVersion{{ID: j.named.ID, NamedTaskKey: key("order")}}, must(tx.NamedTaskVersions(f.ctx))(f))
	})
}
