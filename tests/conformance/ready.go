package conformance

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

func readyPromises() []promise {
	return []promise{
		{"due rows come by priority, due time and step id", candidateOrder},
		{"each route gives at most its limit", candidateLimit},
		{"many routes are answered like few", candidatesOfMany},
		{"every namespace gives its first rows, however long the queues of others are", candidatesOfNamespaces},
		{"rows of other routes in front hide nothing", candidatesBehindOthers},
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

// candidates asks for the routes alone and as a few of very many, where a store
// may go about it in another way, and returns what both answer, in claim order.
func (f *fixture) candidates(r store.Reader, routes []int64, now workflow.Instant, limit int) []workflow.ReadyStep {
	f.Helper()
	few := first(must(r.ReadyCandidates(f.ctx, routes, now, limit))(f), limit)
	require.Equal(f, few, first(must(r.ReadyCandidates(f.ctx, amongMany(routes), now, limit))(f), limit))
	return few
}

// amongMany adds routes that have no rows, before and after.
func amongMany(routes []int64) []int64 {
	many := slices.Clone(routes)
	for i := range int64(2 * store.WalkFrom) {
		many = append(many, 1<<40+i, -1-i)
	}
	return many
}

// first returns the first rows of each queue, up to limit, in the order of
// claims: what a claim that takes as many chooses from.
func first(rows []workflow.ReadyStep, limit int) (kept []workflow.ReadyStep) {
	slices.SortFunc(rows, func(a, b workflow.ReadyStep) int {
		byPriority := 0
		if !a.Scheduled && !b.Scheduled {
			byPriority = cmp.Compare(b.Priority, a.Priority)
		}
		return cmp.Or(cmp.Compare(a.NamespaceID, b.NamespaceID), compareFlags(a.Scheduled, b.Scheduled), byPriority,
			a.DueAt.Compare(b.DueAt.Time), cmp.Compare(a.StepID, b.StepID))
	})
	seen := map[string]int{}
	for _, row := range rows {
		queue := fmt.Sprint(row.NamespaceID, row.Scheduled)
		if seen[queue]++; seen[queue] <= limit {
			kept = append(kept, row)
		}
	}
	return kept
}

func compareFlags(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

func candidateOrder(f *fixture) {
	j, other := f.job("order", 4), f.job("other", 1)
	rows := []workflow.ReadyStep{
		j.row(0, 1, noon, false), j.row(1, 5, noon.Plus(time.Second), false), j.row(2, 5, noon, false), j.row(3, 1, noon, false),
	}
	f.write(func(tx store.Tx) {
		require.NoError(f, tx.ReadyInsert(f.ctx, append(rows, other.row(0, 9, noon, false))))
		want := []workflow.ReadyStep{rows[2], rows[1], rows[0], rows[3]}
		for limit := range 5 {
			require.Equal(f, want[:limit:4], append([]workflow.ReadyStep{}, f.candidates(tx, []int64{j.routes[0], 1 << 40}, noon, limit)...))
		}
		require.Equal(f, want, f.candidates(tx, j.routes[:1], noon.Plus(-time.Hour), 10))
	})
}

func candidateLimit(f *fixture) {
	j, other := f.job("order", 3), f.job("other", 3)
	f.write(func(tx store.Tx) {
		for i := range 3 {
			require.NoError(f, tx.ReadyInsert(f.ctx, []workflow.ReadyStep{j.row(i, i, noon, false), other.row(i, i, noon, true)}))
		}
		routes := []int64{other.routes[0], j.routes[0]}
		want := []workflow.ReadyStep{
			j.row(2, 2, noon, false), j.row(1, 1, noon, false), other.row(0, 0, noon, true), other.row(1, 1, noon, true),
		}
		require.ElementsMatch(f, want, must(tx.ReadyCandidates(f.ctx, routes, noon, 2))(f))
		require.ElementsMatch(f, want, must(tx.ReadyCandidates(f.ctx, amongMany(routes), noon, 2))(f))
	})
}

// queueOf returns n rows of steps that nobody stored, from the id on.
func (j job) queueOf(n int, from, route, namespace int64, change func(i int, row *workflow.ReadyStep)) []workflow.ReadyStep {
	rows := make([]workflow.ReadyStep, n)
	for i := range rows {
		rows[i] = workflow.ReadyStep{StepID: from + int64(i), TaskID: j.task, RouteID: route, NamespaceID: namespace, DueAt: noon}
		change(i, &rows[i])
	}
	return rows
}

func candidatesOfMany(f *fixture) {
	j := f.job("order", 1)
	f.write(func(tx store.Tx) {
		for namespace := range int64(3) {
			rows := j.queueOf(200, 1_000*(namespace+1), 0, namespace+1, func(i int, row *workflow.ReadyStep) {
				row.RouteID, row.Priority = 100*namespace+int64(i*i%11), i*7%5 // a route is of one namespace
				row.DueAt, row.Scheduled = noon.Plus(time.Duration(i*13%17)*time.Second), i%3 == 0
			})
			require.NoError(f, tx.ReadyInsert(f.ctx, rows))
		}
		for _, routes := range [][]int64{{0}, {1, 104, 209, 203}, {3, 4, 5, 800}, {100, 201}, {900}} {
			for _, limit := range []int{1, 5, 30, 500} {
				for _, now := range []workflow.Instant{noon.Plus(-time.Second), noon.Plus(5 * time.Second), noon.Plus(time.Hour)} {
					f.candidates(tx, routes, now, limit)
				}
			}
		}
	})
}

func candidatesOfNamespaces(f *fixture) {
	j := f.job("order", 1)
	urgent := func(_ int, row *workflow.ReadyStep) { row.Priority = 9 }
	f.write(func(tx store.Tx) {
		long := j.queueOf(3*store.WalkFrom, 1_000, 7_000, 1, urgent)
		lone := j.queueOf(1, 500, 7_001, 2, func(int, *workflow.ReadyStep) {})
		require.NoError(f, tx.ReadyInsert(f.ctx, append(lone, long...)))
		require.Equal(f, append(long[:2:2], lone...), f.candidates(tx, []int64{7_000, 7_001}, noon, 2))
		require.Equal(f, append(long[:200:200], lone...), f.candidates(tx, []int64{7_000, 7_001}, noon, 200))
	})
}

func candidatesBehindOthers(f *fixture) {
	j := f.job("order", 1)
	f.write(func(tx store.Tx) {
		foreign := j.queueOf(9*store.WalkFrom, 1_000, 7_000, 1, func(int, *workflow.ReadyStep) {})
		waiting := j.queueOf(9*store.WalkFrom, 100_000, 7_000, 1, func(_ int, row *workflow.ReadyStep) { row.Scheduled = true })
		own := j.queueOf(2, 500_000, 7_001, 1, func(i int, row *workflow.ReadyStep) {
			row.DueAt, row.Scheduled = noon.Plus(time.Minute), i == 1
		})
		require.NoError(f, tx.ReadyInsert(f.ctx, slices.Concat(foreign, waiting, own)))
		require.Equal(f, own, f.candidates(tx, []int64{7_001}, noon.Plus(time.Hour), 1))
		require.Equal(f, noon.Plus(time.Minute), must(tx.ReadyNextDue(f.ctx, amongMany([]int64{7_001}), noon.Plus(-time.Hour)))(f))
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
		require.Empty(f, f.candidates(tx, routes, noon.Plus(-time.Microsecond), 10))
		require.Equal(f, rows[2:3], f.candidates(tx, routes, noon, 10))
		require.Equal(f, []workflow.ReadyStep{rows[2], rows[0], rows[1]}, f.candidates(tx, routes, later, 10))
	})
}

func nextDue(f *fixture) {
	j, other := f.job("order", 3), f.job("other", 1)
	f.write(func(tx store.Tx) {
		require.NoError(f, tx.ReadyInsert(f.ctx, []workflow.ReadyStep{
			j.row(0, 1, noon.Plus(time.Hour), false), j.row(1, 1, noon, true), j.row(2, 1, noon.Plus(2*time.Hour), true),
			other.row(0, 1, noon.Plus(time.Minute), true),
		}))
		for _, with := range []func([]int64) []int64{slices.Clone[[]int64], amongMany} {
			own, both := with(j.routes), with([]int64{j.routes[0], other.routes[0]})
			require.Equal(f, noon.Plus(2*time.Hour), must(tx.ReadyNextDue(f.ctx, own, noon))(f))
			require.Equal(f, noon.Plus(time.Minute), must(tx.ReadyNextDue(f.ctx, both, noon))(f))
			require.True(f, must(tx.ReadyNextDue(f.ctx, own, noon.Plus(2*time.Hour)))(f).IsZero())
		}
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
