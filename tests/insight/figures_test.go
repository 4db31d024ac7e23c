package insight_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/readiness"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
	"github.com/tasker-systems/tasker-core-go/tests/factory"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

// everything is what all operations answer, as JSON, without what depends on the
// server.
func everything(t *testing.T, e *engine.Engine) map[string]string {
	t.Helper()
	ctx := t.Context()
	answers := map[string]string{}
	note := func(name string, reply any, err error) {
		require.NoError(t, err, name)
		raw, err := json.Marshal(reply)
		require.NoError(t, err, name)
		answers[name] = string(raw)
	}
	analytics, err := e.Analytics(ctx, engine.AnalyticsRequest{})
	note("analytics", analytics, err)
	again, err := e.Analytics(ctx, engine.AnalyticsRequest{})
	note("analytics again", again, err)
	require.Equal(t, answers["analytics"], answers["analytics again"], "from memory")
	steps, err := e.SlowestSteps(ctx, engine.SlowestRequest{})
	note("slowest steps", steps, err)
	tasks, err := e.SlowestTasks(ctx, engine.SlowestRequest{})
	note("slowest tasks", tasks, err)
	health, err := e.HealthCounts(ctx, engine.Empty{})
	health.ActiveConnections, health.MaxConnections = 0, 0
	note("health", health, err)
	bottlenecks, err := e.Bottlenecks(ctx, engine.BottlenecksRequest{})
	note("bottlenecks", bottlenecks, err)
	for id := int64(1); id <= health.TotalTasks; id++ {
		graph, err := e.GetGraph(ctx, engine.GraphRequest{TaskID: id, Include: []string{"text", "mermaid", "dot"}})
		note(fmt.Sprint("graph ", id), graph, err)
	}
	return answers
}

// random fills a scene with tasks that nobody would make: any states, attempts,
// waits, edges also to steps of other tasks, twice, and in circles.
func random(seed uint64) func(*scene) {
	return func(s *scene) {
		source := rand.New(rand.NewPCG(seed, 1))
		states := append([]workflow.State{"", "skipped", "odd"}, workflow.States...)
		state := func() workflow.State { return states[source.IntN(len(states))] }
		age := func() float64 { return float64(source.IntN(200_000_000_000)) / 1e6 } // two days and more
		var all []string
		for n := range 1 + source.IntN(5) {
			task := sceneTask{Task: fmt.Sprint("T", n), Namespace: []string{"a", "b"}[source.IntN(2)], Name: []string{"x", "y"}[source.IntN(2)],
				Version: []string{"1.0.0", "2.0.0"}[source.IntN(2)], CreatedAgoS: age()}
			if source.IntN(4) > 0 {
				task.Transitions = []sceneRow{{To: state(), SortKey: 10, MostRecent: true, AgoS: age()}}
			}
			for i := range source.IntN(8) {
				step := one(fmt.Sprint("T", n, "-", i), workflow.Pending, source.IntN(5))
				all = append(all, step.Step)
				step.CreatedAgoS, step.Retryable = age(), source.IntN(4) > 0
				if source.IntN(2) == 0 {
					attempted, wait := age(), source.IntN(200_000)
					step.LastAttempted, step.Backoff = &attempted, &wait
				}
				if source.IntN(6) == 0 {
					step.Attempts, step.RetryLimit = nil, nil
				}
				rows := source.IntN(4)
				for r := range rows {
					step.Transitions = append(step.Transitions, sceneRow{To: state(), SortKey: 10 * (r + 1), MostRecent: r == rows-1, AgoS: age(),
						Metadata: []string{"{}", `{"error_class":"Gone"}`, `{"via":"x"}`, `{"lease_expired":true}`}[source.IntN(4)]})
				}
				task.Steps = append(task.Steps, step)
			}
			s.add(task)
		}
		for range source.IntN(2 * (len(all) + 1)) {
			if len(all) > 0 {
				s.edge(all[source.IntN(len(all))], all[source.IntN(len(all))])
			}
		}
	}
}

func TestBothStoresAgreeNumberForNumber(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		for _, policy := range []*readiness.Policy{&readiness.Core, &readiness.Rails} {
			t.Run(fmt.Sprint(policy.Name, " ", seed), func(t *testing.T) {
				t.Parallel()
				left := everything(t, openSQLite(t, policy, random(seed)))
				require.Equal(t, left, everything(t, openPostgres(t, policy, random(seed))))
				require.NotEqual(t, left, everything(t, openSQLite(t, policy, random(seed+1000))), "the comparison can fail")
			})
		}
	}
}

func TestAnEmptyDatabaseAnswersZeros(t *testing.T) {
	onEach(t, func(t *testing.T, d dialect) {
		for _, policy := range []*readiness.Policy{&readiness.Core, &readiness.Rails} {
			for name, answer := range everything(t, d.open(t, policy, func(*scene) {})) {
				for _, word := range []string{"null", "NaN", "Inf"} {
					plain := strings.ReplaceAll(answer, `"next":null`, "") // the end of a list
					plain = strings.ReplaceAll(plain, `"scope":{"namespace":null,"name":null,"version":null}`, "")
					require.NotContains(t, plain, word, name)
				}
			}
		}
	})
}

// Under core a task is judged by its own state; each task here is one that the
// SQL functions count otherwise (readiness sheet, section 7; design, section 5).
func TestUnderCoreATaskIsJudgedByItsOwnState(t *testing.T) {
	onEach(t, func(t *testing.T, d dialect) {
		fill := func(s *scene) {
			running := tasks("running", []sceneStep{one("a", workflow.Complete, 1), one("b", workflow.Pending, 0)})
			running.Transitions = []sceneRow{{To: workflow.InProgress, SortKey: 10, MostRecent: true, AgoS: 300}}
			done := tasks("done", []sceneStep{one("c", workflow.Complete, 1), one("d", workflow.Complete, 1)})
			done.Transitions = []sceneRow{{To: workflow.Complete, SortKey: 10, MostRecent: true, AgoS: 90}}
			failed := tasks("failed", []sceneStep{one("e", workflow.Complete, 1), one("f", workflow.Error, 3)})
			failed.Transitions = []sceneRow{{To: workflow.Error, SortKey: 10, MostRecent: true, AgoS: 90}}
			cancelled := tasks("cancelled", []sceneStep{one("g", workflow.Cancelled, 0)})
			cancelled.Transitions = []sceneRow{{To: workflow.Cancelled, SortKey: 10, MostRecent: true, AgoS: 90}}
			for _, task := range []sceneTask{running, done, failed, cancelled, tasks("untouched", []sceneStep{one("h", workflow.Pending, 0)})} {
				s.add(task)
			}
		}
		a, err := d.open(t, &readiness.Core, fill).Analytics(t.Context(), engine.AnalyticsRequest{})
		require.NoError(t, err)
		require.Equal(t, []int64{2, 5, 1, 1, 8}, []int64{a.ActiveTasks, a.TaskThroughput, a.CompletionCount, a.ErrorCount, a.StepThroughput})
		require.Equal(t, []float64{20, 20, 0.5, 510, 400}, []float64{a.CompletionRate, a.ErrorRate, a.HealthScore, a.AvgTaskDuration, a.AvgStepDuration})
		rails, err := d.open(t, &readiness.Rails, fill).Analytics(t.Context(), engine.AnalyticsRequest{})
		require.NoError(t, err)
		require.Equal(t, []int64{1, 3, 1}, []int64{rails.ActiveTasks, rails.CompletionCount, rails.ErrorCount})

		h, err := d.open(t, &readiness.Core, fill).HealthCounts(t.Context(), engine.Empty{})
		require.NoError(t, err)
		require.Equal(t, h.TotalTasks, h.PendingTasks+h.InProgressTasks+h.CompleteTasks+h.ErrorTasks+h.CancelledTasks+h.ResolvedTasks+h.UnknownTasks)
		require.Equal(t, []int64{1, 2, 1, 0}, []int64{h.PendingTasks, h.PendingSteps, h.ExhaustedRetrySteps, h.RetryableErrorSteps})
	})
}

func TestABackoffThatIsOverIsNoneUnderCore(t *testing.T) {
	onEach(t, func(t *testing.T, d dialect) {
		over, waiting, exact := one("a", workflow.Error, 1), one("b", workflow.Error, 1), one("c", workflow.Error, 1)
		attempted, long := 30.0, 31
		wait := 30
		over.LastAttempted, over.Backoff = &attempted, new(int)
		waiting.LastAttempted, waiting.Backoff = &attempted, &long
		exact.LastAttempted, exact.Backoff = &attempted, &wait
		fill := func(s *scene) { s.add(tasks("T", []sceneStep{over, waiting, exact})) }
		h, err := d.open(t, &readiness.Core, fill).HealthCounts(t.Context(), engine.Empty{})
		require.NoError(t, err)
		require.Equal(t, []int64{3, 1}, []int64{h.RetryableErrorSteps, h.InBackoffSteps})
		h, err = d.open(t, &readiness.Rails, fill).HealthCounts(t.Context(), engine.Empty{})
		require.NoError(t, err)
		require.Equal(t, []int64{3, 3}, []int64{h.RetryableErrorSteps, h.InBackoffSteps}, "to the letter the time does not matter")
	})
}

// What is kept in memory must not outlive a change, whoever made it.
func TestFiguresFollowEveryChange(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]factory.OpenFunc{"SQLite": factory.SQLite, "PostgreSQL": factory.Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lab := factory.NewLab(t, open)
			other, keeps := factory.NewEngine(t, lab.Store), newEngine(t, lab.Store, &readiness.Core)
			shape := factory.Diamond().Reliable()
			lab.Register(shape)
			ask := func() engine.AnalyticsReply {
				kept, err := keeps.Analytics(t.Context(), engine.AnalyticsRequest{})
				require.NoError(t, err)
				fresh, err := other.Analytics(t.Context(), engine.AnalyticsRequest{})
				require.NoError(t, err)
				require.Equal(t, fresh, kept)
				return kept
			}
			require.Zero(t, ask().TaskThroughput)
			first := lab.Create(shape)
			require.Equal(t, int64(1), ask().ActiveTasks)
			lab.Clock.Advance(time.Minute)
			lab.Play(shape, first, 1)
			require.Equal(t, []int64{0, 1}, []int64{ask().ActiveTasks, ask().CompletionCount})
			second := lab.Create(shape)
			require.Equal(t, []int64{1, 1}, []int64{ask().ActiveTasks, ask().CompletionCount})
			_, err := other.CancelTask(t.Context(), engine.CancelTaskRequest{TaskID: second})
			require.NoError(t, err)
			require.Zero(t, ask().ActiveTasks)
			third := lab.Create(shape)
			ask()
			lab.Foreign(lab.Steps(third)["start_workflow"].StepID, workflow.Cancelled)
			ask()
			require.NoError(t, lab.Sweep(t.Context()))
			ask()
			lab.Clock.Advance(2 * time.Hour)
			require.Equal(t, []int64{0, 3}, []int64{ask().TaskThroughput, ask().Trends.Last4Hours.TaskThroughput})
		})
	}
}

// counted is a store that tells which facts were read.
type counted struct {
	store.Store
	asked [][]int64
}

func (c *counted) InsightTasks(ctx context.Context, ids []int64, filter store.InsightFilter) ([]store.InsightTask, error) {
	c.asked = append(c.asked, ids)
	return c.Store.InsightTasks(ctx, ids, filter)
}

func TestOnlyWhatHasChangedIsReadAgain(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]factory.OpenFunc{"SQLite": factory.SQLite, "PostgreSQL": factory.Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lab := factory.NewLab(t, open)
			shape := factory.Chain(2)
			lab.Register(shape)
			ids := []int64{lab.Create(shape), lab.Create(shape), lab.Create(shape)}
			c := &counted{Store: lab.Store}
			e := newEngine(t, c, &readiness.Core)
			ask := func() [][]int64 {
				c.asked = nil
				_, err := e.Analytics(t.Context(), engine.AnalyticsRequest{})
				require.NoError(t, err)
				return c.asked
			}
			require.Equal(t, [][]int64{nil}, ask(), "all at first")
			require.Empty(t, ask())
			_, err := lab.CancelTask(t.Context(), engine.CancelTaskRequest{TaskID: ids[1]})
			require.NoError(t, err)
			require.Equal(t, [][]int64{{ids[1]}}, ask())
			require.Empty(t, ask())
			e.DropCaches()
			require.Len(t, ask(), 1)
		})
	}
}

func TestAForeignWritersChangeIsInTheNextFigures(t *testing.T) {
	t.Parallel()
	location := testdb.RecycledDatabase(t)
	e := newEngine(t, testdb.OpenPostgres(t, location, testdb.WithPostgresClock(testdb.NewClock())), &readiness.Rails)
	_, err := e.RegisterTemplate(t.Context(), engine.RegisterTemplateRequest{Template: workflow.JSON(`{"name":"order","step_templates":[{"name":"a"}]}`)})
	require.NoError(t, err)
	_, err = e.CreateTask(t.Context(), engine.CreateTaskRequest{NewTask: engine.NewTask{Name: "order", Context: workflow.JSON(`{"n":1}`)}})
	require.NoError(t, err)
	completed := func() int64 {
		a, err := e.Analytics(t.Context(), engine.AnalyticsRequest{})
		require.NoError(t, err)
		return a.CompletionCount
	}
	require.Zero(t, completed())
	require.Zero(t, completed(), "from memory")
	testdb.Execute(t, location, `INSERT INTO tasker_workflow_step_transitions
		(workflow_step_id, to_state, sort_key, most_recent, created_at, updated_at)
		SELECT workflow_step_id, 'complete', 10, true, created_at, created_at FROM tasker_workflow_steps`)
	require.Equal(t, int64(1), completed())
}

func TestBottlenecksAreComputedAndNotInvented(t *testing.T) {
	onEach(t, func(t *testing.T, d dialect) {
		e := d.open(t, &readiness.Core, func(s *scene) {
			for i := range 100 { // durations of 1 to 100 s
				task := tasks(fmt.Sprint("T", i), []sceneStep{one(fmt.Sprint("s", i), workflow.Complete, 1)})
				task.Steps[0].CreatedAgoS = 600
				task.Steps[0].Transitions[0].AgoS = 600 - float64(i+1)
				s.add(task)
			}
			failed := one("broken", workflow.Error, 1)
			failed.Transitions[0].Metadata = `{"error_class":"Gone"}`
			s.add(tasks("F", []sceneStep{failed, one("after", workflow.Pending, 0)}, [2]string{"broken", "after"}))
		})
		b, err := e.Bottlenecks(t.Context(), engine.BottlenecksRequest{Namespace: "shop"})
		require.NoError(t, err)
		require.Equal(t, int64(101), b.ScopeSummary.TotalTasks)
		require.Equal(t, int64(1), b.ScopeSummary.UniqueTaskTypes)
		require.InDelta(t, 0.17, b.ScopeSummary.TimeSpanHours, 0)
		require.Equal(t, []float64{51, 96, 100}, []float64{b.Distribution.Percentiles.P50, b.Distribution.Percentiles.P95, b.Distribution.Percentiles.P99})
		counts, total := []int64{}, int64(0)
		for _, bucket := range b.Distribution.Buckets {
			counts, total = append(counts, bucket.Count), total+bucket.Count
		}
		require.Equal(t, []int64{0, 9, 50, 42, 0, 0}, counts)
		require.Equal(t, int64(101), total)
		require.Len(t, b.Analysis.SlowestTasks, 10)
		require.InDelta(t, 500, b.Analysis.SlowestTasks[0].DurationSeconds, 0)
		require.InDelta(t, 100, b.Analysis.SlowestSteps[0].DurationSeconds, 0)
		require.Equal(t, int64(1), b.Analysis.ErrorPatterns.TotalErrors)
		require.InDelta(t, 0.99, b.Analysis.ErrorPatterns.RecentErrorRate, 0)
		require.Equal(t, "Gone", b.Analysis.ErrorPatterns.CommonErrorTypes[0].Class)
		require.Equal(t, "broken", b.Analysis.Dependencies.MostBlockedSteps[0].StepName)
		require.InDelta(t, 500, b.Analysis.Dependencies.AvgWaitTime, 0)
		require.NotEmpty(t, b.Recommendations)
		none, err := e.Bottlenecks(t.Context(), engine.BottlenecksRequest{Namespace: "nobody"})
		require.NoError(t, err)
		require.Zero(t, none.ScopeSummary)
		require.Empty(t, none.Recommendations)
	})
}

func TestRequestsThatCannotBeAreRefused(t *testing.T) {
	t.Parallel()
	e := openSQLite(t, &readiness.Core, func(*scene) {})
	for _, r := range []engine.SlowestRequest{{Limit: -1}, {Limit: 1001}, {Namespace: "a\x00b"}, {Version: strings.Repeat("v", 129)}} {
		_, err := e.SlowestSteps(t.Context(), r)
		require.Equal(t, fault.InvalidRequest, fault.KindOf(err), r)
		_, err = e.SlowestTasks(t.Context(), r)
		require.Equal(t, fault.InvalidRequest, fault.KindOf(err), r)
	}
	for _, r := range []engine.BottlenecksRequest{{PeriodHours: -1}, {PeriodHours: 1 << 40}, {Name: "\x00"}} {
		_, err := e.Bottlenecks(t.Context(), r)
		require.Equal(t, fault.InvalidRequest, fault.KindOf(err), r)
	}
	for _, since := range []time.Time{{}, time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(1, 1, 2, 0, 0, 0, 0, time.UTC)} {
		_, err := e.Analytics(t.Context(), engine.AnalyticsRequest{Since: workflow.At(since)})
		require.NoError(t, err)
	}
}
