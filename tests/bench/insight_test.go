package bench_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/graph"
	"github.com/tasker-systems/tasker-core-go/core/notify"
	"github.com/tasker-systems/tasker-core-go/core/readiness"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/telemetry"
	"github.com/tasker-systems/tasker-core-go/tests/bench"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

// stand is a database at work, with a connection beside the engine's.
type stand struct {
	*testing.T
	conn   *pgx.Conn
	opened store.Store
	turns  int
}

func newStand(t *testing.T, tasks, steps int) *stand {
	location := testdb.PostgresDatabase(t)
	s := &stand{T: t, conn: testdb.Connect(t, location), turns: bench.Size(t, "BENCH_TURNS", 1)}
	bench.Fill(t, s.conn, tasks, steps)
	s.opened = testdb.OpenPostgres(t, location)
	return s
}

func (s *stand) engine(policy *readiness.Policy, cacheBytes int64) *engine.Engine {
	s.Helper()
	log, err := telemetry.NewLog(100, "error")
	require.NoError(s, err)
	options := engine.Options{Store: s.opened, Hub: notify.NewHub(nil), Log: log, Policy: policy, CacheBytes: cacheBytes, Version: "bench"}
	options.Schema, _ = s.opened.(store.Schema)
	e := engine.New(options)
	s.Cleanup(func() { e.Close(); options.Hub.Close() })
	return e
}

// rows runs a query and returns its answer.
func (s *stand) rows(query string, args ...any) [][]any {
	s.Helper()
	found, err := s.conn.Query(context.Background(), query, args...)
	require.NoError(s, err)
	all, err := pgx.CollectRows(found, func(row pgx.CollectableRow) ([]any, error) { return row.Values() })
	require.NoError(s, err)
	return all
}

func (s *stand) settings() string {
	var told []string
	for _, name := range []string{"server_version", "shared_buffers", "work_mem", "jit", "fsync", "max_parallel_workers_per_gather"} {
		told = append(told, name+" "+s.rows("SHOW " + name)[0][0].(string))
	}
	return "PostgreSQL on the same machine: " + strings.Join(told, ", ")
}

func (s *stand) analytics(e *engine.Engine) engine.AnalyticsReply {
	reply, err := e.Analytics(context.Background(), engine.AnalyticsRequest{})
	require.NoError(s, err)
	return reply
}

const cacheBytes = 64 << 20

// metrics are the figures of the function that are whole numbers or rates.
const metrics = `SELECT active_tasks_count, total_namespaces_count, unique_task_types_count, task_throughput, completion_count,
	error_count, step_throughput, completion_rate::float8, error_rate::float8, system_health_score::float8,
	avg_task_duration::float8, avg_step_duration::float8 FROM get_analytics_metrics_v01()`

func TestInsightAnalyticsBesideTheSQLFunction(t *testing.T) {
	tasks, steps := bench.Size(t, "BENCH_TASKS", 60), bench.Size(t, "BENCH_STEPS", 5)
	s := newStand(t, tasks, steps)
	keeps, lean := s.engine(&readiness.Core, cacheBytes), s.engine(&readiness.Core, 0)

	// The same figures first: under the policy that follows the function.
	a := s.analytics(s.engine(&readiness.Rails, cacheBytes))
	require.Equal(t, []any{a.ActiveTasks, a.Namespaces, a.TaskTypes, a.TaskThroughput, a.CompletionCount, a.ErrorCount, a.StepThroughput,
		a.CompletionRate, a.ErrorRate, a.HealthScore, a.AvgTaskDuration, a.AvgStepDuration}, s.rows(metrics)[0])
	require.Equal(t, int64(tasks), a.TaskThroughput)

	turn := 0
	results := bench.Race(s.turns,
		bench.Contestant{Name: "get_analytics_metrics_v01()", Run: func() { s.rows("SELECT * FROM get_analytics_metrics_v01()") }},
		bench.Contestant{Name: "insight_analytics, nothing changed since the last call", Run: func() { s.analytics(keeps) }},
		bench.Contestant{Name: "insight_analytics, 1 % of the tasks changed", Prepare: func() {
			turn++
			s.rows("UPDATE tasker_core_tasks SET version = version + 1 WHERE task_id % 100 = $1 RETURNING 1", turn%100)
		}, Run: func() { s.analytics(keeps) }},
		bench.Contestant{Name: "insight_analytics, nothing kept in memory", Run: func() { s.analytics(lean) }},
	)
	require.Len(t, results, 4)
	s.report(fmt.Sprintf("Figures about %d tasks of %d steps, medians of %d turns", tasks, steps, s.turns), results)
}

func TestLevelsBesideTheEnumerationOfPaths(t *testing.T) {
	s := newStand(t, 1, 1)
	steps := bench.Size(t, "BENCH_GRAPH_STEPS", 30)
	e := s.engine(&readiness.Core, cacheBytes)
	task := s.rows(bench.Layered, steps)[0][0].(int64)
	nodes, edges := bench.Layers(steps)

	reply, err := e.GetGraph(t.Context(), engine.GraphRequest{TaskID: task})
	require.NoError(t, err)
	walked := s.rows(bench.Enumeration, task)
	require.Len(t, walked, steps)
	for i, level := range graph.New(nodes, edges).Levels() {
		row := walked[i] // by level, then by id: the order of the layers
		require.EqualValues(t, level, row[1])
		require.EqualValues(t, level, reply.Dependencies.Levels[fmt.Sprint(row[0])])
	}
	results := bench.Race(s.turns,
		bench.Contestant{Name: "enumeration of paths in SQL", Run: func() { s.rows(bench.Enumeration, task) }},
		bench.Contestant{Name: "calculate_dependency_levels(), our function", Run: func() { s.rows("SELECT * FROM calculate_dependency_levels($1)", task) }},
		bench.Contestant{Name: "task_graph with all that it answers", Run: func() {
			_, err := e.GetGraph(t.Context(), engine.GraphRequest{TaskID: task})
			require.NoError(t, err)
		}},
		bench.Contestant{Name: "levels in the library, DAG built from its edges", Times: 100, Run: func() { graph.New(nodes, edges).Levels() }},
	)
	s.report(fmt.Sprintf("Levels of a layered task: %d steps, %d edges, medians of %d turns", steps, len(edges), s.turns), results)
}

func TestLevelsGrowWithTheSize(t *testing.T) {
	s := newStand(t, 1, 1)
	e := s.engine(&readiness.Core, cacheBytes)
	largest, text := bench.Size(t, "BENCH_GRAPH_MAX", 100), strings.Builder{}
	for steps := 10; steps <= largest; steps *= 10 {
		task := s.rows(bench.Layered, steps)[0][0].(int64)
		nodes, edges := bench.Layers(steps)
		results := bench.Race(s.turns,
			bench.Contestant{Name: "levels", Times: max(1, 10_000/steps), Run: func() { graph.New(nodes, edges).Levels() }},
			bench.Contestant{Name: "task_graph", Run: func() {
				reply, err := e.GetGraph(t.Context(), engine.GraphRequest{TaskID: task})
				require.NoError(t, err)
				require.Len(t, reply.Dependencies.Levels, steps)
			}})
		per := func(d time.Duration) time.Duration { return d / time.Duration(steps+len(edges)) }
		fmt.Fprintf(&text, "%7d steps %7d edges   levels %10s, %4d ns per step and edge   task_graph %10s, %5d ns\n", steps, len(edges),
			results[0].Median.Round(time.Microsecond), per(results[0].Median).Nanoseconds(),
			results[1].Median.Round(time.Microsecond), per(results[1].Median).Nanoseconds())
	}
	t.Logf("\nGrowth, medians of %d turns\n%s", s.turns, text.String())
	require.Contains(t, text.String(), fmt.Sprint(largest, " steps"))
}

// report prints the table, which a plain `go test` keeps to itself.
func (s *stand) report(title string, results []bench.Result) {
	s.Logf("%s\n%s\n%s", bench.Table(title, results), bench.Machine(), s.settings())
}

func TestAContestantThatIsSlowerIsSeen(t *testing.T) {
	t.Parallel()
	prepared := 0
	results := bench.Race(3, bench.Contestant{Name: "slow", Prepare: func() { prepared++ }, Run: func() { time.Sleep(20 * time.Millisecond) }},
		bench.Contestant{Name: "fast", Times: 10, Run: func() {}})
	require.Equal(t, 4, prepared, "one turn warms up")
	require.Greater(t, results[0].Median, results[1].Median)
	table := bench.Table("two", results)
	require.Contains(t, table, "1.0")
	require.Contains(t, table, "slow")
}
