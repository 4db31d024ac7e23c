package conformance

import (
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

func readyPromises() []promise {
	return []promise{
		{"due rows come by priority, due time and step id", candidateOrder},
		{"each route gives at most its limit", candidateLimit},
		{"scheduled rows come when they are due, by due time and step id", scheduledCandidates},
		{"the next due time is the earliest that is later than now", nextDue},
		{"a row that exists stays as it is", readyStays},
		{"taking a row returns it with its task and step, once", takeReady},
		{"deleting returns what existed", deleteReady},
		{"rows of a task are listed by step id", listReady},
		{"depths count each queue", depths},
	}
}

// row is a queue's row of the n-th step of a job, on the job's first route so
// that several steps share a queue.
func (j job) row(n, priority int, due workflow.Instant, scheduled bool) workflow.ReadyStep {
	return workflow.ReadyStep{
		StepID: j.steps[n], TaskID: j.task, RouteID: j.routes[0], NamespaceID: j.named.NamespaceID,
		Priority: priority, DueAt: due, Scheduled: scheduled,
	}
}

func candidateOrder(f *fixture) {
	j, other := f.job("order", 4), f.job("other", 1)
	rows := []workflow.ReadyStep{
		j.row(0, 1, noon, false), j.row(1, 5, noon.Plus(time.Second), false), j.row(2, 5, noon, false), j.row(3, 1, noon, false),
	}
	f.write(func(tx store.Tx) {
		require.NoError(f, tx.ReadyInsert(f.ctx, append(rows, other.row(0, 9, noon, false))))
		want := []workflow.ReadyStep{rows[2], rows[1], rows[0], rows[3]}
		require.Equal(f, want, must(tx.ReadyCandidates(f.ctx, []int64{j.routes[0], 1 << 40}, noon, 10))(f))
		require.Equal(f, want, must(tx.ReadyCandidates(f.ctx, []int64{j.routes[0]}, noon.Plus(-time.Hour), 10))(f))
	})
}

func candidateLimit(f *fixture) {
	j, other := f.job("order", 3), f.job("other", 3)
	f.write(func(tx store.Tx) {
		for i := range 3 {
			require.NoError(f, tx.ReadyInsert(f.ctx, []workflow.ReadyStep{j.row(i, i, noon, false), other.row(i, i, noon, true)}))
		}
		found := must(tx.ReadyCandidates(f.ctx, []int64{other.routes[0], j.routes[0]}, noon, 2))(f)
		require.ElementsMatch(f, []workflow.ReadyStep{
			j.row(2, 2, noon, false), j.row(1, 1, noon, false), other.row(0, 0, noon, true), other.row(1, 1, noon, true),
		}, found)
	})
}

func scheduledCandidates(f *fixture) {
	j := f.job("order", 4)
	later := noon.Plus(time.Minute)
	rows := []workflow.ReadyStep{
		j.row(0, 1, later, true), j.row(1, 5, later, true), j.row(2, 1, noon, true), j.row(3, 1, later.Plus(time.Microsecond), true),
	}
	f.write(func(tx store.Tx) {
		require.NoError(f, tx.ReadyInsert(f.ctx, rows))
		routes := j.routes[:1]
		require.Empty(f, must(tx.ReadyCandidates(f.ctx, routes, noon.Plus(-time.Microsecond), 10))(f))
		require.Equal(f, rows[2:3], must(tx.ReadyCandidates(f.ctx, routes, noon, 10))(f))
		require.Equal(f, []workflow.ReadyStep{rows[2], rows[0], rows[1]}, must(tx.ReadyCandidates(f.ctx, routes, later, 10))(f))
	})
}

func nextDue(f *fixture) {
	j, other := f.job("order", 3), f.job("other", 1)
	f.write(func(tx store.Tx) {
		require.NoError(f, tx.ReadyInsert(f.ctx, []workflow.ReadyStep{
			j.row(0, 1, noon.Plus(time.Hour), false), j.row(1, 1, noon, true), j.row(2, 1, noon.Plus(2*time.Hour), true),
			other.row(0, 1, noon.Plus(time.Minute), true),
		}))
		require.Equal(f, noon.Plus(2*time.Hour), must(tx.ReadyNextDue(f.ctx, j.routes, noon))(f))
		require.Equal(f, noon.Plus(time.Minute), must(tx.ReadyNextDue(f.ctx, []int64{j.routes[0], other.routes[0]}, noon))(f))
		require.True(f, must(tx.ReadyNextDue(f.ctx, j.routes, noon.Plus(2*time.Hour)))(f).IsZero())
	})
}

func readyStays(f *fixture) {
	j := f.job("order", 1)
	f.write(func(tx store.Tx) {
		require.NoError(f, tx.ReadyInsert(f.ctx, []workflow.ReadyStep{j.row(0, 1, noon, false)}))
		require.NoError(f, tx.ReadyInsert(f.ctx, []workflow.ReadyStep{j.row(0, 7, noon.Plus(time.Hour), true)}))
		require.Equal(f, []workflow.ReadyStep{j.row(0, 1, noon, false)}, must(tx.ReadyListByTask(f.ctx, []int64{j.task}))(f))
	})
}

func takeReady(f *fixture) {
	j, other := f.job("order", 2), f.job("other", 1)
	rows := []workflow.ReadyStep{j.row(0, 1, noon, false), j.row(1, 1, noon, true), other.row(0, 1, noon, false)}
	f.write(func(tx store.Tx) { require.NoError(f, tx.ReadyInsert(f.ctx, rows)) })
	f.write(func(tx store.Tx) {
		taken := must(tx.ReadyTake(f.ctx, []int64{j.steps[1], j.steps[0], 1 << 40}))(f)
		require.ElementsMatch(f, rows[:2], taken.Rows)
		require.Equal(f, must(tx.TaskLock(f.ctx, []int64{j.task}))(f), taken.Tasks)
		require.Equal(f, must(tx.StepList(f.ctx, j.steps))(f), taken.Steps)
		again := must(tx.ReadyTake(f.ctx, j.steps))(f)
		require.Empty(f, again.Rows)
		require.Empty(f, again.Tasks)
		require.Empty(f, again.Steps)
		require.Equal(f, rows[2:], must(tx.ReadyListByTask(f.ctx, []int64{j.task, other.task}))(f))
	})
}

func deleteReady(f *fixture) {
	j := f.job("order", 3)
	f.write(func(tx store.Tx) {
		require.NoError(f, tx.ReadyInsert(f.ctx, []workflow.ReadyStep{j.row(0, 1, noon, false), j.row(2, 1, noon, true)}))
		deleted := must(tx.ReadyDelete(f.ctx, []int64{j.steps[2], j.steps[1], j.steps[0]}))(f)
		require.ElementsMatch(f, []int64{j.steps[0], j.steps[2]}, deleted)
		require.Empty(f, must(tx.ReadyListByTask(f.ctx, []int64{j.task}))(f))
	})
}

func listReady(f *fixture) {
	j := f.job("order", 2)
	f.write(func(tx store.Tx) {
		rows := []workflow.ReadyStep{j.row(0, 1, noon, true), j.row(1, 9, noon, false)}
		require.NoError(f, tx.ReadyInsert(f.ctx, []workflow.ReadyStep{rows[1], rows[0]}))
		require.Equal(f, rows, must(tx.ReadyListByTask(f.ctx, []int64{j.task, 1 << 40}))(f))
	})
}

func depths(f *fixture) {
	j, ended := f.job("order", 3), f.job("ended", 1)
	f.write(func(tx store.Tx) {
		require.NoError(f, tx.ReadyInsert(f.ctx, []workflow.ReadyStep{
			j.row(0, 1, noon.Plus(time.Hour), false), j.row(1, 1, noon, true), j.row(2, 1, noon.Plus(time.Hour), true),
		}))
		must(tx.TaskMove(f.ctx, []store.Move{to(ended.task, 0, "", workflow.Error)}))(f)
		must(tx.WorkerInsert(f.ctx, someWorker("w")))(f)
		require.NoError(f, tx.LeaseInsert(f.ctx, []workflow.Lease{{StepID: j.steps[0], TaskID: j.task, ClaimedAt: noon, DeadlineAt: noon}}))
		require.NoError(f, tx.DirtyInsert(f.ctx, []int64{j.task, j.task, ended.task}, noon))
		require.Equal(f, store.Depths{
			OpenTasks: 1, ReadySteps: 2, ScheduledSteps: 1, Leases: 1, Workers: 1, DirtyTasks: 2,
		}, must(tx.Depths(f.ctx, noon))(f))
	})
}
