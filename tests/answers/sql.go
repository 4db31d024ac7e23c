package answers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/workflow"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

// Functions runs the functions of the database. Rows and calls of a vector
// share one transaction, so that now is one instant, and nothing of it stays.
type Functions struct{ conn *pgx.Conn }

func newSQLFunctions(t testing.TB) Executor {
	return &Functions{testdb.Connect(t, testdb.RecycledDatabase(t))}
}

// Name is that of an Executor.
func (s *Functions) Name() string { return InSQL }

// queries are the calls; the first columns of their order make rows whose order
// the sheet leaves open comparable.
var queries = map[string]string{
	"readiness":       "SELECT * FROM get_step_readiness_status($1, $2) ORDER BY task_id, workflow_step_id",
	"readiness_batch": "SELECT * FROM get_step_readiness_status_batch($1) ORDER BY task_id, workflow_step_id",
	"context":         "SELECT * FROM get_task_execution_context($1)",
	"contexts_batch":  "SELECT * FROM get_task_execution_contexts_batch($1)",
	"levels":          "SELECT * FROM calculate_dependency_levels($1)",
	"dag_view":        "SELECT * FROM tasker_step_dag_relationships WHERE task_id = $1 ORDER BY workflow_step_id",
	"analytics":       "SELECT * FROM get_analytics_metrics_v01($1)",
	"slowest_steps":   "SELECT * FROM get_slowest_steps_v01($1%s)",
	"slowest_tasks":   "SELECT * FROM get_slowest_tasks_v01($1%s)",
	"health":          "SELECT * FROM get_system_health_counts_v01()",
}

// Run is that of an Executor.
func (s *Functions) Run(t testing.TB, v Vector, each func(key string, answer func(Call) (any, error))) {
	ctx := context.Background()
	tx, err := s.conn.Begin(ctx)
	require.NoError(t, err)
	defer func() { require.NoError(t, tx.Rollback(ctx)) }()
	var now time.Time
	require.NoError(t, tx.QueryRow(ctx, "SELECT now()").Scan(&now))
	w := Build(v, workflow.At(now))
	err = w.Insert(ctx, func(ctx context.Context, text string, args ...any) error {
		_, err := tx.Exec(ctx, text, append([]any{pgx.QueryExecModeSimpleProtocol}, args...)...)
		return err
	})
	if err != nil {
		each("insert_error", func(Call) (any, error) { return nil, err })
		return
	}
	if v.Zone != "" {
		_, err = tx.Exec(ctx, "SELECT set_config('TimeZone', $1, true)", v.Zone)
		require.NoError(t, err)
	}
	if v.StatementTimeout > 0 {
		_, err = tx.Exec(ctx, fmt.Sprintf("SET LOCAL statement_timeout = '%gs'", v.StatementTimeout))
		require.NoError(t, err)
	}
	for key := range v.Expected {
		each(key, func(c Call) (any, error) {
			nested, err := tx.Begin(ctx) // an error must not end the other calls
			if err != nil {
				return nil, err
			}
			rows, err := s.call(ctx, nested, w, v.Args, c)
			return rows, errors.Join(err, nested.Rollback(ctx))
		})
	}
}

func (s *Functions) call(ctx context.Context, tx pgx.Tx, w *World, a Arguments, c Call) (any, error) {
	text, known := queries[c.function]
	if !known {
		return nil, fmt.Errorf("an unknown call")
	}
	args := []any{pgx.QueryExecModeSimpleProtocol}
	switch c.function {
	case "readiness":
		args = append(args, s.one(w.ids(c)), w.only(c))
	case "context", "levels", "dag_view":
		args = append(args, s.one(w.ids(c)))
	case "readiness_batch", "contexts_batch":
		args = append(args, w.ids(c))
	case "analytics", "slowest_steps", "slowest_tasks":
		var since any
		if a.SinceAgo != nil {
			since = w.ago(*a.SinceAgo).Time
		}
		args = append(args, since)
		if strings.Contains(text, "%s") {
			text = fmt.Sprintf(text, filters(a, &args))
		}
	}
	rows, err := tx.Query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (any, error) { return w.row(row) })
	return shaped(c, found), err
}

// one is the only id, nil for NULL.
func (s *Functions) one(ids []int64) any {
	if ids == nil {
		return nil
	}
	return ids[0]
}

// filters passes the arguments of the slowest by name, those that are given.
func filters(a Arguments, args *[]any) (text string) {
	pass := func(name string, value any) {
		*args = append(*args, value)
		text += fmt.Sprintf(", %s => $%d", name, len(*args)-1)
	}
	if a.Limit != nil {
		pass("limit_count", *a.Limit)
	}
	for name, value := range map[string]*string{
		"namespace_filter": a.Namespace, "task_name_filter": a.TaskName, "version_filter": a.Version,
	} {
		if value != nil {
			pass(name, *value)
		}
	}
	return text
}

// shaped gives the answer the form of the file: one row for what has one, pairs
// for levels.
func shaped(c Call, rows []any) any {
	switch c.function {
	case "health":
		row, _ := rows[0].(map[string]any)
		return ofRows(row)
	case "context", "analytics":
		if len(rows) == 1 {
			return rows[0]
		}
	case "levels":
		for i := range rows {
			row := rows[i].(map[string]any)
			rows[i] = []any{row["step"], row["dependency_level"]}
		}
	}
	if rows == nil {
		return []any{}
	}
	return rows
}

// row renders a row that came as text: names instead of ids, instants relative
// to now, numeric as text with its scale.
func (w *World) row(row pgx.CollectableRow) (any, error) {
	rendered := map[string]any{}
	for i, f := range row.FieldDescriptions() {
		raw := row.RawValues()[i]
		key, value, err := w.value(f.Name, f.DataTypeOID, raw)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		rendered[key] = value
	}
	return rendered, nil
}

func (w *World) value(name string, kind uint32, raw []byte) (string, any, error) {
	text := string(raw)
	switch {
	case kind == pgtype.TimestampOID || kind == pgtype.TimestamptzOID:
		if raw == nil {
			return name + "_rel", nil, nil
		}
		layout := map[uint32]string{pgtype.TimestampOID: "2006-01-02 15:04:05", pgtype.TimestamptzOID: "2006-01-02 15:04:05Z07"}[kind]
		at, err := time.Parse(layout, text)
		return name + "_rel", w.rel(workflow.At(at)), err
	case raw == nil:
		return name, nil, nil
	case kind == pgtype.BoolOID:
		return name, text == "t", nil
	case kind == pgtype.JSONBOID:
		return name, w.names(text), nil
	case !slices.Contains([]uint32{pgtype.Int4OID, pgtype.Int8OID}, kind):
		return name, text, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	switch name {
	case "workflow_step_id":
		return "step", w.stepNames[n], err
	case "task_id":
		return "task", w.taskNames[n], err
	}
	return name, n, err
}

// names renders a JSON array of step ids.
func (w *World) names(array string) any {
	names := []any{}
	ids, _ := list(array)
	for _, id := range ids {
		n, err := strconv.ParseInt(id, 10, 64)
		if err != nil {
			return array
		}
		names = append(names, w.stepNames[n])
	}
	return names
}

// Raised is how the file writes an error of the database.
func Raised(err error) any {
	var theirs *pgconn.PgError
	if errors.As(err, &theirs) {
		return map[string]any{"sqlstate": theirs.Code, "message": theirs.Message}
	}
	var ours sqlError
	if errors.As(err, &ours) {
		return map[string]any{"sqlstate": ours.state, "message": ours.message}
	}
	return map[string]any{"message": err.Error()}
}
