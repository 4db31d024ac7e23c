-- Surveys for databases without triggers. Each looks at one page in the order of
-- a key, so that no index of the shared tables but the primary keys and those of
-- 0001 is needed. They answer how many tasks were looked at, the last of them, and
-- the ids of those that count.

-- name: TaskSurveyActive
WITH page AS (
    SELECT a.task_id FROM (
        (SELECT DISTINCT q.task_id FROM {schema}.tasker_core_ready q
            WHERE q.task_id > $1::bigint ORDER BY q.task_id LIMIT $2::bigint)
        UNION
        (SELECT DISTINCT l.task_id FROM {schema}.tasker_core_leases l
            WHERE l.task_id > $1::bigint ORDER BY l.task_id LIMIT $2::bigint)
    ) a
    ORDER BY a.task_id
    LIMIT $2::bigint
)
SELECT count(*), coalesce(max(p.task_id), 0), coalesce(array_agg(p.task_id ORDER BY p.task_id), '{}') FROM page p

-- The counters sort out tasks that are complete, which are most, without a look
-- at another table; LIMIT keeps the planner from reading all transitions.

-- name: TaskSurveyBlocked
WITH page AS MATERIALIZED (
    SELECT k.task_id, k.open > 0 AND k.running = 0 AND k.waiting = 0 AS blocked
    FROM {schema}.tasker_core_tasks k
    WHERE k.task_id > $1::bigint
    ORDER BY k.task_id
    LIMIT $2::bigint
)
SELECT count(*), coalesce(max(p.task_id), 0), ARRAY(
    SELECT b.task_id FROM page b
    LEFT JOIN LATERAL (
        SELECT h.to_state FROM {schema}.tasker_task_transitions h WHERE h.task_id = b.task_id AND h.most_recent LIMIT 1
    ) c ON true
    WHERE b.blocked AND coalesce(c.to_state, '') NOT IN ('complete', 'cancelled', 'resolved_manually')
    ORDER BY b.task_id
)
FROM page p

-- name: TaskSurveyForeign
WITH page AS MATERIALIZED (
    SELECT t.task_id, t.named_task_id, t.complete
    FROM {schema}.tasker_tasks t
    WHERE t.task_id > $1::bigint
    ORDER BY t.task_id
    LIMIT $2::bigint
)
SELECT count(*), coalesce(max(p.task_id), 0), ARRAY(
    SELECT o.task_id FROM page o
    JOIN {schema}.tasker_named_tasks nt ON nt.named_task_id = o.named_task_id
    JOIN {schema}.tasker_task_namespaces ns ON ns.task_namespace_id = nt.task_namespace_id
    LEFT JOIN LATERAL (
        SELECT k.task_id FROM {schema}.tasker_core_tasks k WHERE k.task_id = o.task_id LIMIT 1
    ) k ON true
    WHERE NOT o.complete AND ns.name = ANY($3::text[]) AND k.task_id IS NULL
    ORDER BY o.task_id
)
FROM page p

-- One pass over the steps of each task by its index. An aggregate cannot be turned
-- into a join, which on old statistics would read the whole tables.

-- name: TaskWritten
SELECT t.task_id
FROM {schema}.tasker_tasks t
CROSS JOIN LATERAL (
    SELECT max(h.updated_at) AS at FROM {schema}.tasker_task_transitions h WHERE h.task_id = t.task_id AND h.most_recent
) c
CROSS JOIN LATERAL (
    SELECT max(greatest(s.updated_at, own.at, above.at)) AS at
    FROM {schema}.tasker_workflow_steps s
    CROSS JOIN LATERAL (
        SELECT max(h.updated_at) AS at FROM {schema}.tasker_workflow_step_transitions h
        WHERE h.workflow_step_id = s.workflow_step_id AND h.most_recent
    ) own
    CROSS JOIN LATERAL (
        SELECT max(greatest(e.updated_at, p.updated_at)) AS at
        FROM {schema}.tasker_workflow_step_edges e
        LEFT JOIN {schema}.tasker_workflow_step_transitions p ON p.workflow_step_id = e.from_step_id AND p.most_recent
        WHERE e.to_step_id = s.workflow_step_id
    ) above
    WHERE s.task_id = t.task_id
) w
WHERE t.task_id = ANY($1::bigint[]) AND greatest(t.updated_at, c.at, w.at) >= $2::timestamp
ORDER BY t.task_id
