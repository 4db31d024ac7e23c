package bench

import (
	"context"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/graph"
)

// Enumeration finds the levels of a task as the Rails engine's function does: it
// walks every path from every root (readiness sheet, section 6, L1 to L5).
const Enumeration = `
WITH RECURSIVE path AS (
    SELECT s.workflow_step_id AS step, 0 AS level
    FROM tasker_workflow_steps s
    WHERE s.task_id = $1 AND NOT EXISTS (SELECT 1 FROM tasker_workflow_step_edges e WHERE e.to_step_id = s.workflow_step_id)
    UNION ALL
    SELECT e.to_step_id, p.level + 1
    FROM path p
    JOIN tasker_workflow_step_edges e ON e.from_step_id = p.step
    JOIN tasker_workflow_steps s ON s.workflow_step_id = e.to_step_id
    WHERE s.task_id = $1
)
SELECT step, max(level) FROM path GROUP BY step ORDER BY 2, 1`

// world makes the rows that figures are made of, past the engine since playing
// thousands of tasks would take minutes: five task types in each of four
// namespaces, tasks of the last fifty minutes, of which 60 % are complete, 10 %
// in error, 15 % running and 15 % untouched. The engine's own rows are there and
// the statistics of the tables current, as in a database at work.
const world = `
INSERT INTO tasker_task_namespaces (name, created_at, updated_at)
    SELECT 'namespace ' || n, now(), now() FROM generate_series(1, 4) n;
INSERT INTO tasker_named_tasks (name, task_namespace_id, version, configuration, created_at, updated_at)
    SELECT 'type ' || n, 1 + n % 4, '1.0.0', '{}', now(), now() FROM generate_series(1, 20) n;
INSERT INTO tasker_dependent_systems (name, created_at, updated_at) VALUES ('default', now(), now());
INSERT INTO tasker_named_steps (dependent_system_id, name, created_at, updated_at)
    SELECT 1, 'step ' || n, now(), now() FROM generate_series(1, current_setting('bench.steps')::integer) n;
INSERT INTO tasker_tasks (named_task_id, requested_at, identity_hash, context, created_at, updated_at)
    SELECT 1 + n % 20, c.at, md5(n::text), jsonb_build_object('order', n), c.at, c.at
    FROM generate_series(1, current_setting('bench.tasks')::integer) n
    CROSS JOIN LATERAL (SELECT (now() AT TIME ZONE 'UTC') - make_interval(secs => 300 + 2700 * random() + 0 * n) AS at) c;
INSERT INTO tasker_core_tasks (task_id, namespace_id, open, running, waiting, stuck)
    SELECT t.task_id, n.task_namespace_id, 0, 0, 0, 0 FROM tasker_tasks t JOIN tasker_named_tasks n USING (named_task_id);
INSERT INTO tasker_workflow_steps (task_id, named_step_id, attempts, inputs, results, created_at, updated_at)
    SELECT t.task_id, n.named_step_id, 1, t.context, '{"done": true}', t.created_at, t.created_at
    FROM tasker_tasks t CROSS JOIN tasker_named_steps n ORDER BY t.task_id, n.named_step_id;
INSERT INTO tasker_workflow_step_transitions (workflow_step_id, to_state, sort_key, most_recent, created_at, updated_at)
    SELECT s.workflow_step_id, r.to_state, r.sort_key, r.last, s.created_at + make_interval(secs => r.sort_key * s.named_step_id * 0.5), s.created_at
    FROM tasker_workflow_steps s
    CROSS JOIN LATERAL (SELECT s.task_id % 20 AS kind) k
    CROSS JOIN LATERAL (VALUES
        ('in_progress', 10, false, k.kind < 12 OR s.named_step_id < 3), ('complete', 20, true, k.kind < 12 OR s.named_step_id < 3),
        ('in_progress', 10, false, k.kind IN (12, 13) AND s.named_step_id = 3), ('error', 20, true, k.kind IN (12, 13) AND s.named_step_id = 3),
        ('in_progress', 10, true, k.kind IN (14, 15, 16) AND s.named_step_id = 3)) r (to_state, sort_key, last, wanted)
    WHERE r.wanted ORDER BY s.workflow_step_id, r.sort_key;
INSERT INTO tasker_task_transitions (task_id, to_state, sort_key, most_recent, created_at, updated_at)
    SELECT t.task_id, CASE WHEN t.task_id % 20 < 12 THEN 'complete' WHEN t.task_id % 20 < 14 THEN 'error' ELSE 'in_progress' END, 10, true,
        t.created_at + interval '1 minute', t.created_at
    FROM tasker_tasks t WHERE t.task_id % 20 < 17;`

// Layered adds a task of so many steps in ten layers, each step with three
// parents in the layer before, and returns its id.
const Layered = `
WITH task AS (
    INSERT INTO tasker_tasks (named_task_id, requested_at, identity_hash, created_at, updated_at)
    SELECT min(named_task_id), now(), 'layered ' || $1::integer, '2020-01-01', now() FROM tasker_named_tasks RETURNING task_id
), own AS (
    INSERT INTO tasker_core_tasks (task_id, namespace_id, open, running, waiting, stuck) SELECT task_id, 1, $1::integer, 0, 0, 0 FROM task
), step AS (
    INSERT INTO tasker_workflow_steps (task_id, named_step_id, created_at, updated_at)
    SELECT t.task_id, 1, '2020-01-01', now() FROM task t CROSS JOIN generate_series(1, $1::integer) RETURNING workflow_step_id, task_id
), placed AS (
    SELECT workflow_step_id AS id, row_number() OVER (ORDER BY workflow_step_id) - 1 AS n FROM step
), edge AS (
    INSERT INTO tasker_workflow_step_edges (from_step_id, to_step_id, name, created_at, updated_at)
    SELECT p.id, c.id, 'provides', now(), now()
    FROM placed c CROSS JOIN generate_series(0, 2) k CROSS JOIN (SELECT $1::integer / 10 AS width) w
    JOIN placed p ON p.n = (c.n / w.width - 1) * w.width + (c.n + k) % w.width
    WHERE c.n >= w.width
)
SELECT task_id FROM task`

// Fill makes the rows on a connection that the triggers take for the engine's.
func Fill(t testing.TB, conn *pgx.Conn, tasks, steps int) {
	t.Helper()
	ctx := context.Background()
	for name, value := range map[string]any{"bench.tasks": tasks, "bench.steps": steps, "tasker_core.writer": 1} {
		_, err := conn.Exec(ctx, "SELECT set_config($1, $2, false)", name, fmt.Sprint(value))
		require.NoError(t, err)
	}
	_, err := conn.Exec(ctx, world)
	require.NoError(t, err)
	_, err = conn.Exec(ctx, "VACUUM ANALYZE")
	require.NoError(t, err)
}

// Layers is the DAG that Layered stores, over 0 to steps-1.
func Layers(steps int) ([]int64, []graph.Edge[int64]) {
	nodes, width := make([]int64, steps), int64(steps/10)
	var edges []graph.Edge[int64]
	for i := range nodes {
		nodes[i] = int64(i)
		for k := int64(0); nodes[i] >= width && k < 3; k++ {
			edges = append(edges, graph.Edge[int64]{From: (nodes[i]/width-1)*width + (nodes[i]+k)%width, To: nodes[i]})
		}
	}
	return nodes, edges
}
