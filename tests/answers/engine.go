package answers

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	_ "github.com/mattn/go-sqlite3" // the driver of the SQLite store
	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/graph"
	"github.com/tasker-systems/tasker-core-go/core/notify"
	"github.com/tasker-systems/tasker-core-go/core/readiness"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/telemetry"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

// Moment is now for the Go Executors. Its microseconds are easily rounded.
var Moment = workflow.At(time.Date(2026, 1, 31, 9, 30, 0, 999_999_000, time.UTC))

// Engine writes a vector's rows into a database, past the store, and asks the
// engine, which reads them through the store; with the policy rails unless Under
// says otherwise.
type Engine struct {
	title  string
	Store  store.Store
	engine *engine.Engine
	// Empty deletes every row.
	Empty func(t testing.TB)
	// execute runs a statement; begin and end frame them, all or nothing.
	begin func(ctx context.Context) (execute, error)
	// query reads one column of text, past the store.
	query func(ctx context.Context, text string, args ...any) ([]string, error)
}

// execute is an open transaction: a statement, or its end.
type execute struct {
	do  func(ctx context.Context, text string, args ...any) error
	end func(ctx context.Context, commit bool) error
}

// Name is that of an Executor.
func (g *Engine) Name() string { return g.title }

// Under returns an executor on the same database with another policy.
func (g *Engine) Under(t testing.TB, p readiness.Policy) *Engine {
	t.Helper()
	other := *g
	other.engine = newEngine(t, g.Store, &p)
	return &other
}

func newGoOnSQLite(t testing.TB) Executor {
	t.Helper()
	path := testdb.File(t)
	frozen := testdb.NewClock()
	frozen.Advance(Moment.Sub(frozen.Now()))
	opened := testdb.Open(t, path, testdb.WithClock(frozen))
	db, err := sql.Open("sqlite3", "file:"+path+"?_foreign_keys=1&_busy_timeout=10000")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return &Engine{title: OnSQLite, Store: opened, engine: newEngine(t, opened, &readiness.Rails), begin: beginSQLite(db),
		Empty: func(t testing.TB) {
			t.Helper()
			for _, c := range slices.Backward(columns) {
				_, err := db.ExecContext(context.Background(), "DELETE FROM "+c[0])
				require.NoError(t, err)
			}
		},
		query: func(ctx context.Context, text string, args ...any) (found []string, err error) {
			rows, err := db.QueryContext(ctx, text, args...)
			if err != nil {
				return nil, err
			}
			defer rows.Close()
			for rows.Next() {
				var line string
				if err := rows.Scan(&line); err != nil {
					return nil, err
				}
				found = append(found, line)
			}
			return found, rows.Err()
		}}
}

func beginSQLite(db *sql.DB) func(context.Context) (execute, error) {
	return func(ctx context.Context) (execute, error) {
		tx, err := db.BeginTx(ctx, nil)
		return execute{
			do: func(ctx context.Context, text string, args ...any) error {
				_, err := tx.ExecContext(ctx, text, args...)
				return asPostgres(ctx, db, err)
			},
			end: func(_ context.Context, commit bool) error {
				if commit {
					return tx.Commit()
				}
				return tx.Rollback()
			},
		}, err
	}
}

// uniqueness is how SQLite says which columns of which table are taken.
var uniqueness = regexp.MustCompile(`^UNIQUE constraint failed: (.*)$`)

// asPostgres says what PostgreSQL says when a unique index refuses a row; the
// indexes have the same names, which SQLite does not tell.
func asPostgres(ctx context.Context, db *sql.DB, err error) error {
	if err == nil {
		return nil
	}
	match := uniqueness.FindStringSubmatch(err.Error())
	if match == nil {
		return err
	}
	var columns []string
	var table string
	for _, column := range strings.Split(match[1], ", ") {
		name, last, _ := strings.Cut(column, ".")
		table, columns = name, append(columns, last)
	}
	rows := db.QueryRowContext(ctx, `SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = ? AND sql LIKE ?`,
		table, "CREATE UNIQUE INDEX%("+strings.Join(columns, ", ")+")%")
	var index string
	if err := rows.Scan(&index); err != nil {
		return err
	}
	return sqlError{"23505", fmt.Sprintf("duplicate key value violates unique constraint %q", index)}
}

func newGoOnPostgres(t testing.TB) Executor {
	t.Helper()
	location := testdb.RecycledDatabase(t)
	frozen := testdb.NewClock()
	frozen.Advance(Moment.Sub(frozen.Now()))
	opened := testdb.OpenPostgres(t, location, testdb.WithPostgresClock(frozen))
	conn := testdb.Connect(t, location)
	return &Engine{title: OnPostgres, Store: opened, engine: newEngine(t, opened, &readiness.Rails), begin: beginPostgres(conn),
		Empty: func(t testing.TB) {
			t.Helper()
			for _, c := range slices.Backward(columns) {
				_, err := conn.Exec(context.Background(), "DELETE FROM "+c[0])
				require.NoError(t, err)
			}
		},
		query: func(ctx context.Context, text string, args ...any) ([]string, error) {
			rows, err := conn.Query(ctx, text, args...)
			if err != nil {
				return nil, err
			}
			return pgx.CollectRows(rows, pgx.RowTo[string])
		}}
}

func beginPostgres(conn *pgx.Conn) func(context.Context) (execute, error) {
	return func(ctx context.Context) (execute, error) {
		tx, err := conn.Begin(ctx)
		return execute{
			do: func(ctx context.Context, text string, args ...any) error {
				_, err := tx.Exec(ctx, text, append([]any{pgx.QueryExecModeSimpleProtocol}, args...)...)
				return err
			},
			end: func(ctx context.Context, commit bool) error {
				if commit {
					return tx.Commit(ctx)
				}
				return tx.Rollback(ctx)
			},
		}, err
	}
}

func newEngine(t testing.TB, db store.Store, policy *readiness.Policy) *engine.Engine {
	t.Helper()
	log, err := telemetry.NewLog(100, "error")
	require.NoError(t, err)
	options := engine.Options{Store: db, Hub: notify.NewHub(nil), Log: log, Policy: policy, Version: "test"}
	options.Schema, _ = db.(store.Schema)
	e := engine.New(options)
	t.Cleanup(func() { e.Close(); options.Hub.Close() })
	return e
}

// Put writes a vector's rows into the engine's database.
func (g *Engine) Put(v Vector) (*World, error) {
	ctx := context.Background()
	w := Build(v, Moment)
	tx, err := g.begin(ctx)
	if err != nil {
		return nil, err
	}
	if err = w.Insert(ctx, tx.do); err != nil {
		_ = tx.end(ctx, false) // the error of the insert is the one to tell
		return w, err
	}
	return w, tx.end(ctx, true)
}

// Run is that of an Executor. Rows, once written, are gone when it returns.
func (g *Engine) Run(t testing.TB, v Vector, each func(key string, answer func(Call) (any, error))) {
	ctx := context.Background()
	w, err := g.Put(v)
	if err != nil {
		each("insert_error", func(Call) (any, error) { return nil, err })
		return
	}
	defer g.Empty(t)
	for key := range v.Expected {
		each(key, func(c Call) (any, error) { return g.Ask(ctx, w, v, c) })
	}
}

// Ask answers one call about rows that Put has written.
func (g *Engine) Ask(ctx context.Context, w *World, v Vector, c Call) (any, error) {
	ids := w.ids(c)
	switch c.function {
	case "readiness", "readiness_batch":
		return g.readiness(ctx, w, ids, w.only(c))
	case "context":
		found, err := g.contexts(ctx, w, ids)
		if len(found) == 1 {
			return found[0], err
		}
		return found, err
	case "contexts_batch":
		return g.contexts(ctx, w, ids)
	case "levels":
		return g.levels(ctx, w, ids)
	case "dag_view":
		return g.view(ctx, w, ids)
	}
	return g.insight(ctx, w, v.Args, c)
}

// nothing turns the refusal of an empty or unknown list into no rows, which is
// what a function answers.
func nothing(err error) error {
	if kind := fault.KindOf(err); kind == fault.NotFound || kind == fault.InvalidRequest {
		return nil
	}
	return err
}

func (g *Engine) readiness(ctx context.Context, w *World, ids, only []int64) (any, error) {
	reply, err := g.engine.ListReadiness(ctx, engine.ReadinessRequest{TaskIDs: ids, StepIDs: only})
	rows := []any{}
	for _, r := range reply.Items {
		rows = append(rows, map[string]any{
			"step": w.stepNames[r.StepID], "task": w.taskNames[r.TaskID], "named_step_id": r.NamedStepID, "name": r.Name,
			"reason": r.Reason, "current_state": r.CurrentState,
			"dependencies_satisfied": r.DependenciesSatisfied, "retry_eligible": r.RetryEligible,
			"ready_for_execution": r.ReadyForExecution, "last_failure_at_rel": w.rel(r.LastFailureAt),
			"next_retry_at_rel": w.rel(r.NextRetryAt), "total_parents": r.TotalParents, "completed_parents": r.CompletedParents,
			"attempts": r.Attempts, "retry_limit": r.RetryLimit, "backoff_request_seconds": r.BackoffSeconds,
			"last_attempted_at_rel": w.rel(r.LastAttemptedAt),
		})
	}
	return rows, nothing(err)
}

// contexts answers once for each occurrence of an id, by id, as the function
// does; the operation answers each task once.
func (g *Engine) contexts(ctx context.Context, w *World, ids []int64) ([]any, error) {
	reply, err := g.engine.ListContexts(ctx, engine.ContextsRequest{TaskIDs: ids})
	rows := []any{}
	for _, c := range reply.Items {
		percentage := fmt.Sprintf("%.2f", c.CompletionPercentage)
		if c.TotalSteps == 0 {
			percentage = "0.0"
		}
		row := map[string]any{
			"task": w.taskNames[c.TaskID], "named_task_id": c.NamedTaskID, "status": c.Status, "total_steps": c.TotalSteps,
			"pending_steps": c.PendingSteps, "in_progress_steps": c.InProgressSteps, "completed_steps": c.CompletedSteps,
			"failed_steps": c.FailedSteps, "ready_steps": c.ReadySteps, "execution_status": c.ExecutionStatus,
			"recommended_action": c.RecommendedAction, "completion_percentage": percentage, "health_status": c.HealthStatus, "next_wake_at_rel": w.rel(c.NextWakeAt),
		}
		for _, id := range ids {
			if id == c.TaskID {
				rows = append(rows, row)
			}
		}
	}
	return rows, nothing(err)
}

// graphOf reads a task's graph through the store.
func (g *Engine) graphOf(ctx context.Context, ids []int64) (found *graph.Graph[int64], edges []workflow.Edge, err error) {
	err = g.Store.Read(ctx, func(r store.Reader) error {
		steps, err := r.StepListByTask(ctx, ids)
		if err != nil {
			return err
		}
		if edges, err = r.EdgeListByTask(ctx, ids); err != nil {
			return err
		}
		var nodes []int64
		var pairs []graph.Edge[int64]
		for _, s := range steps {
			nodes = append(nodes, s.ID)
		}
		for _, e := range edges {
			pairs = append(pairs, graph.Edge[int64]{From: e.From, To: e.To})
		}
		found = graph.New(nodes, pairs)
		return nil
	})
	return found, edges, err
}

// levels are those of the operation that draws a task's graph.
func (g *Engine) levels(ctx context.Context, w *World, ids []int64) (any, error) {
	rows := []any{}
	if ids == nil {
		return rows, nil
	}
	reply, err := g.engine.GetGraph(ctx, engine.GraphRequest{TaskID: ids[0]})
	nodes := slices.DeleteFunc(reply.Dependencies.Nodes, func(n engine.GraphNode) bool { return n.Level == nil })
	slices.SortStableFunc(nodes, func(a, b engine.GraphNode) int { return cmp.Compare(*a.Level, *b.Level) })
	for _, n := range nodes {
		rows = append(rows, []any{w.stepNames[n.ID], *n.Level})
	}
	return rows, nothing(err)
}

// view compares the view of the database with what Go makes of the edges, and
// answers the former. Unlike the graph of a task, the view walks into other tasks.
func (g *Engine) view(ctx context.Context, w *World, ids []int64) (any, error) {
	found, edges, err := g.graphOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	depths := found.Depths()
	lines, err := g.query(ctx, `SELECT workflow_step_id || '|' || task_id || '|' || named_step_id || '|' || parent_step_ids || '|' || child_step_ids || '|' || parent_count || '|' ||
		child_count || '|' || is_root_step || '|' || is_leaf_step || '|' || coalesce('' || min_depth_from_root, '')
		FROM tasker_step_dag_relationships WHERE task_id = $1 ORDER BY workflow_step_id`, ids[0])
	rows := []any{}
	for _, line := range lines {
		var row relationship
		if err := row.scan(line); err != nil {
			return nil, err
		}
		if depth, has := depths[row.step]; found.Foreign() == 0 && (has != (row.depth != nil) || has && depth != *row.depth) {
			return nil, fmt.Errorf("the view has step %d at another depth than the graph, %d", row.step, depth)
		}
		if parents := slices.DeleteFunc(slices.Clone(edges), func(e workflow.Edge) bool { return e.To != row.step }); len(parents) != row.parents {
			return nil, fmt.Errorf("the view gives step %d %d parents instead of %d", row.step, row.parents, len(parents))
		}
		rows = append(rows, map[string]any{
			"step": w.stepNames[row.step], "task": w.taskNames[row.task], "named_step_id": row.namedStep, "parent_step_ids": w.names(row.parentIDs), "child_step_ids": w.names(row.childIDs),
			"parent_count": row.parents, "child_count": row.children, "is_root_step": row.root, "is_leaf_step": row.leaf,
			"min_depth_from_root": row.depth,
		})
	}
	return rows, err
}
