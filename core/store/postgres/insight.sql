-- Facts for figures about many tasks. What counts as what, and every rate and
-- rounding, is core/insight's: states are given as they are stored.

-- name: InsightStamps
SELECT t.task_id, coalesce(k.version, 0),
    t.task_id IN (SELECT d.task_id FROM {schema}.tasker_core_dirty d)
FROM {schema}.tasker_tasks t
LEFT JOIN {schema}.tasker_core_tasks k ON k.task_id = t.task_id
ORDER BY t.task_id

-- name: InsightStampsTypes
SELECT count(DISTINCT nt.task_namespace_id), count(DISTINCT nt.name)
FROM {schema}.tasker_named_tasks nt
WHERE EXISTS (SELECT 1 FROM {schema}.tasker_tasks t WHERE t.named_task_id = nt.named_task_id)

-- The steps are summed up by task in one pass, before anything else is joined: a
-- subquery per task costs four times as much, and so does carrying the columns of
-- the task through the grouping. The stamp is read along, so that facts and stamp
-- are of one moment.

-- name: InsightTasks
SELECT t.task_id, coalesce(k.version, 0),
    t.task_id IN (SELECT d.task_id FROM {schema}.tasker_core_dirty d),
    t.named_task_id, t.created_at, coalesce(e.to_state, ''), e.created_at, coalesce(f.steps, 0), coalesce(f.active, 0),
    coalesce(f.complete, 0), coalesce(f.failed, 0), f.last_end, coalesce(f.step_time, 0), coalesce(f.task_time, 0)
FROM {schema}.tasker_tasks t
JOIN {schema}.tasker_named_tasks nt ON nt.named_task_id = t.named_task_id
JOIN {schema}.tasker_task_namespaces ns ON ns.task_namespace_id = nt.task_namespace_id
LEFT JOIN {schema}.tasker_core_tasks k ON k.task_id = t.task_id
LEFT JOIN {schema}.tasker_task_transitions e ON e.task_id = t.task_id AND e.most_recent
LEFT JOIN (
        SELECT s.task_id, count(*) AS steps,
            count(*) FILTER (WHERE c.to_state NOT IN ('complete', 'error', 'skipped', 'resolved_manually')) AS active,
            count(*) FILTER (WHERE c.to_state = 'complete') AS complete,
            count(*) FILTER (WHERE c.to_state = 'error') AS failed,
            max(c.created_at) FILTER (WHERE c.to_state IN ('complete', 'error')) AS last_end,
            coalesce((1000000 * extract(epoch FROM sum(c.created_at - s.created_at) FILTER (WHERE c.to_state = 'complete')))::bigint, 0) AS step_time,
            coalesce((1000000 * extract(epoch FROM sum(c.created_at - o.created_at) FILTER (WHERE c.to_state = 'complete')))::bigint, 0) AS task_time
        FROM {schema}.tasker_tasks o
        JOIN {schema}.tasker_workflow_steps s ON s.task_id = o.task_id
        LEFT JOIN {schema}.tasker_workflow_step_transitions c ON c.workflow_step_id = s.workflow_step_id AND c.most_recent
        WHERE ($1::timestamp IS NULL OR o.created_at > $1::timestamp)
        GROUP BY s.task_id
    ) f ON f.task_id = t.task_id
WHERE ($1::timestamp IS NULL OR t.created_at > $1::timestamp)
  AND ($2::text IS NULL OR ns.name = $2::text) AND ($3::text IS NULL OR nt.name = $3::text)
  AND ($4::text IS NULL OR nt.version = $4::text)
ORDER BY t.task_id

-- The same about tasks by id. It is a statement of its own, since one plan for
-- both would read everything.

-- name: InsightTasksByID
SELECT t.task_id, coalesce(k.version, 0),
    t.task_id IN (SELECT d.task_id FROM {schema}.tasker_core_dirty d),
    t.named_task_id, t.created_at, coalesce(e.to_state, ''), e.created_at, coalesce(f.steps, 0), coalesce(f.active, 0),
    coalesce(f.complete, 0), coalesce(f.failed, 0), f.last_end, coalesce(f.step_time, 0), coalesce(f.task_time, 0)
FROM {schema}.tasker_tasks t
LEFT JOIN {schema}.tasker_core_tasks k ON k.task_id = t.task_id
LEFT JOIN {schema}.tasker_task_transitions e ON e.task_id = t.task_id AND e.most_recent
LEFT JOIN (
        SELECT s.task_id, count(*) AS steps,
            count(*) FILTER (WHERE c.to_state NOT IN ('complete', 'error', 'skipped', 'resolved_manually')) AS active,
            count(*) FILTER (WHERE c.to_state = 'complete') AS complete,
            count(*) FILTER (WHERE c.to_state = 'error') AS failed,
            max(c.created_at) FILTER (WHERE c.to_state IN ('complete', 'error')) AS last_end,
            coalesce((1000000 * extract(epoch FROM sum(c.created_at - s.created_at) FILTER (WHERE c.to_state = 'complete')))::bigint, 0) AS step_time,
            coalesce((1000000 * extract(epoch FROM sum(c.created_at - o.created_at) FILTER (WHERE c.to_state = 'complete')))::bigint, 0) AS task_time
        FROM {schema}.tasker_tasks o
        JOIN {schema}.tasker_workflow_steps s ON s.task_id = o.task_id
        LEFT JOIN {schema}.tasker_workflow_step_transitions c ON c.workflow_step_id = s.workflow_step_id AND c.most_recent
        WHERE o.task_id = ANY($1::bigint[])
        GROUP BY s.task_id
    ) f ON f.task_id = t.task_id
WHERE t.task_id = ANY($1::bigint[])
ORDER BY t.task_id

-- name: InsightSlowestSteps
SELECT s.workflow_step_id, s.task_id, n.name, nt.name, ns.name, nt.version, s.attempts, s.created_at, c.created_at, s.retryable
FROM {schema}.tasker_workflow_steps s
JOIN {schema}.tasker_workflow_step_transitions c
    ON c.workflow_step_id = s.workflow_step_id AND c.most_recent AND c.to_state = 'complete'
JOIN {schema}.tasker_named_steps n ON n.named_step_id = s.named_step_id
JOIN {schema}.tasker_tasks t ON t.task_id = s.task_id
JOIN {schema}.tasker_named_tasks nt ON nt.named_task_id = t.named_task_id
JOIN {schema}.tasker_task_namespaces ns ON ns.task_namespace_id = nt.task_namespace_id
WHERE ($1::timestamp IS NULL OR s.created_at > $1::timestamp) AND c.created_at > s.created_at
  AND ($2::text IS NULL OR ns.name = $2::text) AND ($3::text IS NULL OR nt.name = $3::text)
  AND ($4::text IS NULL OR nt.version = $4::text)
ORDER BY c.created_at - s.created_at DESC, s.workflow_step_id
LIMIT $5::bigint

-- name: InsightHealthTasks
SELECT coalesce(c.to_state, ''), count(*)
FROM {schema}.tasker_tasks t
LEFT JOIN {schema}.tasker_task_transitions c ON c.task_id = t.task_id AND c.most_recent
GROUP BY 1

-- name: InsightHealthSteps
SELECT coalesce(c.to_state, ''),
    CASE WHEN c.to_state = 'error' THEN s.attempts END::bigint,
    CASE WHEN c.to_state = 'error' THEN s.retry_limit END::bigint,
    coalesce(c.to_state = 'error' AND s.retryable, false),
    coalesce(c.to_state = 'error' AND s.last_attempted_at IS NOT NULL, false),
    coalesce(c.to_state = 'error'
        AND s.last_attempted_at + make_interval(secs => s.backoff_request_seconds) > $1::timestamp, false),
    count(*)
FROM {schema}.tasker_workflow_steps s
LEFT JOIN {schema}.tasker_workflow_step_transitions c ON c.workflow_step_id = s.workflow_step_id AND c.most_recent
GROUP BY 1, 2, 3, 4, 5, 6

-- name: InsightHealthConnections
-- only: an embedded file has no server that could be asked
SELECT (SELECT count(*) FROM pg_catalog.pg_stat_activity a WHERE a.datname = current_database() AND a.state = 'active'),
    current_setting('max_connections')::bigint

-- The ends of attempts. Rows that only lead through a state carry "via", those
-- of an attempt that was given back "released".

-- name: InsightTroublesAttempts
SELECT count(*), count(*) FILTER (WHERE h.to_state = 'error'),
    count(DISTINCT h.workflow_step_id) FILTER (WHERE h.to_state = 'error'),
    count(DISTINCT h.workflow_step_id) FILTER (WHERE h.to_state = 'error' AND c.to_state IN ('complete', 'resolved_manually'))
FROM {schema}.tasker_tasks t
JOIN {schema}.tasker_named_tasks nt ON nt.named_task_id = t.named_task_id
JOIN {schema}.tasker_task_namespaces ns ON ns.task_namespace_id = nt.task_namespace_id
JOIN {schema}.tasker_workflow_steps s ON s.task_id = t.task_id
JOIN {schema}.tasker_workflow_step_transitions h ON h.workflow_step_id = s.workflow_step_id
LEFT JOIN {schema}.tasker_workflow_step_transitions c ON c.workflow_step_id = s.workflow_step_id AND c.most_recent
WHERE h.to_state IN ('complete', 'error') AND h.metadata -> 'via' IS NULL AND h.metadata -> 'released' IS NULL
  AND ($1::timestamp IS NULL OR t.created_at > $1::timestamp)
  AND ($2::text IS NULL OR ns.name = $2::text) AND ($3::text IS NULL OR nt.name = $3::text)
  AND ($4::text IS NULL OR nt.version = $4::text)

-- The class that the Rails engine knows is among the step's results.

-- name: InsightTroublesClasses
SELECT coalesce(nullif(h.metadata ->> 'error_class', ''), CASE WHEN h.metadata -> 'lease_expired' = 'true' THEN 'lease_expired' END,
    nullif(s.results ->> 'error_class', ''), 'unknown') COLLATE "C", count(*)
FROM {schema}.tasker_tasks t
JOIN {schema}.tasker_named_tasks nt ON nt.named_task_id = t.named_task_id
JOIN {schema}.tasker_task_namespaces ns ON ns.task_namespace_id = nt.task_namespace_id
JOIN {schema}.tasker_workflow_steps s ON s.task_id = t.task_id
JOIN {schema}.tasker_workflow_step_transitions h ON h.workflow_step_id = s.workflow_step_id
WHERE h.to_state = 'error' AND h.metadata -> 'via' IS NULL AND h.metadata -> 'released' IS NULL
  AND ($1::timestamp IS NULL OR t.created_at > $1::timestamp)
  AND ($2::text IS NULL OR ns.name = $2::text) AND ($3::text IS NULL OR nt.name = $3::text)
  AND ($4::text IS NULL OR nt.version = $4::text)
GROUP BY 1
ORDER BY 2 DESC, 1
LIMIT $5::bigint

-- Pending steps and the parents that they wait for.

-- name: InsightTroublesBlocked
WITH blocked AS (
    SELECT s.workflow_step_id, s.created_at, count(*) AS parents
    FROM {schema}.tasker_tasks t
    JOIN {schema}.tasker_named_tasks nt ON nt.named_task_id = t.named_task_id
    JOIN {schema}.tasker_task_namespaces ns ON ns.task_namespace_id = nt.task_namespace_id
    JOIN {schema}.tasker_workflow_steps s ON s.task_id = t.task_id
    LEFT JOIN {schema}.tasker_workflow_step_transitions c ON c.workflow_step_id = s.workflow_step_id AND c.most_recent
    JOIN {schema}.tasker_workflow_step_edges e ON e.to_step_id = s.workflow_step_id
    LEFT JOIN {schema}.tasker_workflow_step_transitions p ON p.workflow_step_id = e.from_step_id AND p.most_recent
    WHERE coalesce(c.to_state, '') IN ('', 'pending') AND coalesce(p.to_state, '') NOT IN ('complete', 'resolved_manually')
      AND ($1::timestamp IS NULL OR t.created_at > $1::timestamp)
      AND ($2::text IS NULL OR ns.name = $2::text) AND ($3::text IS NULL OR nt.name = $3::text)
      AND ($4::text IS NULL OR nt.version = $4::text)
    GROUP BY s.workflow_step_id
)
SELECT count(*), coalesce(sum(b.parents), 0)::bigint,
    coalesce((1000000 * extract(epoch FROM sum($5::timestamp - b.created_at)))::bigint, 0)
FROM blocked b

-- name: InsightTroublesBlockers
SELECT ns.name COLLATE "C", nt.name COLLATE "C", n.name COLLATE "C", count(DISTINCT s.workflow_step_id)
FROM {schema}.tasker_tasks t
JOIN {schema}.tasker_named_tasks nt ON nt.named_task_id = t.named_task_id
JOIN {schema}.tasker_task_namespaces ns ON ns.task_namespace_id = nt.task_namespace_id
JOIN {schema}.tasker_workflow_steps s ON s.task_id = t.task_id
LEFT JOIN {schema}.tasker_workflow_step_transitions c ON c.workflow_step_id = s.workflow_step_id AND c.most_recent
JOIN {schema}.tasker_workflow_step_edges e ON e.to_step_id = s.workflow_step_id
JOIN {schema}.tasker_workflow_steps b ON b.workflow_step_id = e.from_step_id
JOIN {schema}.tasker_named_steps n ON n.named_step_id = b.named_step_id
LEFT JOIN {schema}.tasker_workflow_step_transitions p ON p.workflow_step_id = e.from_step_id AND p.most_recent
WHERE coalesce(c.to_state, '') IN ('', 'pending') AND coalesce(p.to_state, '') NOT IN ('complete', 'resolved_manually')
  AND ($1::timestamp IS NULL OR t.created_at > $1::timestamp)
  AND ($2::text IS NULL OR ns.name = $2::text) AND ($3::text IS NULL OR nt.name = $3::text)
  AND ($4::text IS NULL OR nt.version = $4::text)
GROUP BY 1, 2, 3
ORDER BY 4 DESC, 1, 2, 3
LIMIT $5::bigint
