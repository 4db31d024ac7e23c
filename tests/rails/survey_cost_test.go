package rails_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

// old fills a database with so many tasks of four steps in a line: all are
// complete but the last 3,000, of which 2,000 wait with their second step in the
// queue and 1,000 are in error. Nothing of it goes through an engine.
const old = `
SET tasker_core.writer = '1';
INSERT INTO tasker_task_namespaces (name, created_at, updated_at) VALUES ('shop', now(), now());
INSERT INTO tasker_named_tasks (task_namespace_id, name, version, configuration, created_at, updated_at)
    SELECT task_namespace_id, 'order', '1.0.0', '{}', now(), now() FROM tasker_task_namespaces;
INSERT INTO tasker_dependent_systems (name, created_at, updated_at) VALUES ('s', now(), now());
INSERT INTO tasker_named_steps (dependent_system_id, name, created_at, updated_at)
    SELECT dependent_system_id, 'step', now(), now() FROM tasker_dependent_systems;
CREATE TEMP TABLE plan AS
    SELECT n, CASE WHEN n <= %[1]d - 3000 THEN 'complete' WHEN n <= %[1]d - 1000 THEN 'in_progress' ELSE 'error' END AS state,
        timestamp '2026-01-01' + n * interval '1 second' AS at
    FROM generate_series(1, %[1]d) n;
INSERT INTO tasker_tasks (named_task_id, complete, requested_at, context, identity_hash, created_at, updated_at)
    SELECT (SELECT named_task_id FROM tasker_named_tasks), state = 'complete', at,
        jsonb_build_object('order', n, 'note', repeat('x', 200)), n::text, at, at FROM plan ORDER BY plan.n;
INSERT INTO tasker_core_tasks (task_id, namespace_id, open, running, waiting, stuck)
    SELECT t.task_id, 1, CASE p.state WHEN 'complete' THEN 0 ELSE 3 END, 0, CASE p.state WHEN 'in_progress' THEN 1 ELSE 0 END, 0
    FROM plan p JOIN tasker_tasks t ON t.identity_hash = p.n::text ORDER BY t.task_id;
INSERT INTO tasker_task_transitions (task_id, to_state, sort_key, most_recent, created_at, updated_at)
    SELECT t.task_id, h.state, h.key, h.key = 20, p.at, p.at
    FROM plan p JOIN tasker_tasks t ON t.identity_hash = p.n::text
    CROSS JOIN LATERAL (VALUES ('in_progress', 10), (p.state, 20)) h (state, key) ORDER BY t.task_id;
INSERT INTO tasker_workflow_steps (task_id, named_step_id, attempts, results, created_at, updated_at)
    SELECT t.task_id, (SELECT named_step_id FROM tasker_named_steps), 1, jsonb_build_object('note', repeat('y', 200)), t.created_at, t.created_at
    FROM tasker_tasks t CROSS JOIN generate_series(1, 4) ORDER BY t.task_id;
CREATE TEMP TABLE placed AS
    SELECT s.workflow_step_id AS id, s.task_id, s.created_at AS at, p.state,
        row_number() OVER (PARTITION BY s.task_id ORDER BY s.workflow_step_id) AS place
    FROM tasker_workflow_steps s JOIN tasker_tasks t USING (task_id) JOIN plan p ON t.identity_hash = p.n::text;
INSERT INTO tasker_workflow_step_edges (from_step_id, to_step_id, name, created_at, updated_at)
    SELECT id - 1, id, 'provides', at, at FROM placed WHERE place > 1 ORDER BY id;
INSERT INTO tasker_workflow_step_transitions (workflow_step_id, to_state, sort_key, most_recent, created_at, updated_at)
    SELECT s.id, h.state, h.key, h.key = 20, s.at, s.at
    FROM placed s CROSS JOIN LATERAL (VALUES ('in_progress', 10),
        (CASE WHEN s.state = 'complete' OR s.place = 1 THEN 'complete' ELSE 'error' END, 20)) h (state, key)
    WHERE s.state = 'complete' OR s.place = 1 OR s.state = 'error' AND s.place = 2 ORDER BY s.id, h.key;
INSERT INTO tasker_core_ready (step_id, task_id, route_id, namespace_id, due_at, priority, scheduled)
    SELECT id, task_id, 1, 1, at, 0, false FROM placed WHERE state = 'in_progress' AND place = 2`

// BenchmarkALookAtALongHistory measures one page of each survey, and one look at
// whether the tasks in it were written to, after ten and a hundred thousand tasks.
func BenchmarkALookAtALongHistory(b *testing.B) {
	for _, tasks := range []int{10_000, 100_000} {
		url := testdb.PostgresDatabase(b)
		conn := testdb.Connect(b, url)
		for _, text := range []string{fmt.Sprintf(old, tasks), "VACUUM ANALYZE"} {
			_, err := conn.Exec(ctx(), text)
			require.NoError(b, err)
		}
		db := testdb.OpenPostgres(b, url)
		since := workflow.At(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC))
		for _, kind := range []struct {
			name   string
			survey store.Survey
			found  int
		}{
			{"active", store.Survey{Of: store.SurveyActive, Limit: 1_000}, 1_000},
			{"blocked", store.Survey{Of: store.SurveyBlocked, After: int64(tasks) - 10_000, Limit: 10_000}, 1_000},
			{"ended", store.Survey{Of: store.SurveyBlocked, Limit: 1_000}, 0},
			{"foreign", store.Survey{Of: store.SurveyForeign, Limit: 10_000, Namespaces: []string{"shop"}}, 0},
		} {
			b.Run(fmt.Sprintf("tasks=%d/%s", tasks, kind.name), func(b *testing.B) {
				for b.Loop() {
					require.NoError(b, db.Read(ctx(), func(r store.Reader) error {
						page, err := r.TaskSurvey(ctx(), kind.survey)
						require.NoError(b, err)
						require.Len(b, page.TaskIDs, kind.found)
						written, err := r.TaskWritten(ctx(), page.TaskIDs, since)
						require.Empty(b, written)
						return err
					}))
				}
			})
		}
	}
}
