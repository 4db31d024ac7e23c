-- Facts for figures about many tasks. What counts as what, and every rate and
-- rounding, is core/insight's: states are given as they are stored.

-- name: InsightStamps
SELECT t.task_id, coalesce(k.version, 0),
    t.task_id IN (SELECT d.task_id FROM tasker_core_dirty d)
FROM tasker_tasks t
LEFT JOIN tasker_core_tasks k ON k.task_id = t.task_id
ORDER BY t.task_id

-- name: InsightStampsTypes
SELECT count(DISTINCT nt.task_namespace_id), count(DISTINCT nt.name)
FROM tasker_named_tasks nt
WHERE EXISTS (SELECT 1 FROM tasker_tasks t WHERE t.named_task_id = nt.named_task_id)

-- The stamp is read along, so that facts and stamp are of one moment. An instant
-- is text: its first 19 characters are seconds, those from the 21st microseconds.

-- name: InsightTasks
SELECT t.task_id, coalesce(k.version, 0),
    t.task_id IN (SELECT d.task_id FROM tasker_core_dirty d),
    t.named_task_id, t.created_at, coalesce(e.to_state, ''), e.created_at, coalesce(f.steps, 0), coalesce(f.active, 0),
    coalesce(f.complete, 0), coalesce(f.failed, 0), f.last_end, coalesce(f.step_time, 0), coalesce(f.task_time, 0)
FROM tasker_tasks t
JOIN tasker_named_tasks nt ON nt.named_task_id = t.named_task_id
JOIN tasker_task_namespaces ns ON ns.task_namespace_id = nt.task_namespace_id
LEFT JOIN tasker_core_tasks k ON k.task_id = t.task_id
LEFT JOIN tasker_task_transitions e ON e.task_id = t.task_id AND e.most_recent = 1
LEFT JOIN (
        SELECT s.task_id, count(*) AS steps,
            count(*) FILTER (WHERE c.to_state NOT IN ('complete', 'error', 'skipped', 'resolved_manually')) AS active,
            count(*) FILTER (WHERE c.to_state = 'complete') AS complete,
            count(*) FILTER (WHERE c.to_state = 'error') AS failed,
            max(c.created_at) FILTER (WHERE c.to_state IN ('complete', 'error')) AS last_end,
            coalesce(sum(1000000 * (strftime('%s', c.created_at) - strftime('%s', s.created_at)) + substr(c.created_at, 21) - substr(s.created_at, 21))
                FILTER (WHERE c.to_state = 'complete'), 0) AS step_time,
            coalesce(sum(1000000 * (strftime('%s', c.created_at) - strftime('%s', o.created_at)) + substr(c.created_at, 21) - substr(o.created_at, 21))
                FILTER (WHERE c.to_state = 'complete'), 0) AS task_time
        FROM tasker_tasks o
        JOIN tasker_workflow_steps s ON s.task_id = o.task_id
        LEFT JOIN tasker_workflow_step_transitions c ON c.workflow_step_id = s.workflow_step_id AND c.most_recent = 1
        WHERE (?1 IS NULL OR o.created_at > ?1)
        GROUP BY s.task_id
    ) f ON f.task_id = t.task_id
WHERE (?1 IS NULL OR t.created_at > ?1)
  AND (?2 IS NULL OR ns.name = ?2) AND (?3 IS NULL OR nt.name = ?3)
  AND (?4 IS NULL OR nt.version = ?4)
ORDER BY t.task_id

-- The same about tasks by id. It is a statement of its own, since one plan for
-- both would read everything.

-- name: InsightTasksByID
SELECT t.task_id, coalesce(k.version, 0),
    t.task_id IN (SELECT d.task_id FROM tasker_core_dirty d),
    t.named_task_id, t.created_at, coalesce(e.to_state, ''), e.created_at, coalesce(f.steps, 0), coalesce(f.active, 0),
    coalesce(f.complete, 0), coalesce(f.failed, 0), f.last_end, coalesce(f.step_time, 0), coalesce(f.task_time, 0)
FROM tasker_tasks t
LEFT JOIN tasker_core_tasks k ON k.task_id = t.task_id
LEFT JOIN tasker_task_transitions e ON e.task_id = t.task_id AND e.most_recent = 1
LEFT JOIN (
        SELECT s.task_id, count(*) AS steps,
            count(*) FILTER (WHERE c.to_state NOT IN ('complete', 'error', 'skipped', 'resolved_manually')) AS active,
            count(*) FILTER (WHERE c.to_state = 'complete') AS complete,
            count(*) FILTER (WHERE c.to_state = 'error') AS failed,
            max(c.created_at) FILTER (WHERE c.to_state IN ('complete', 'error')) AS last_end,
            coalesce(sum(1000000 * (strftime('%s', c.created_at) - strftime('%s', s.created_at)) + substr(c.created_at, 21) - substr(s.created_at, 21))
                FILTER (WHERE c.to_state = 'complete'), 0) AS step_time,
            coalesce(sum(1000000 * (strftime('%s', c.created_at) - strftime('%s', o.created_at)) + substr(c.created_at, 21) - substr(o.created_at, 21))
                FILTER (WHERE c.to_state = 'complete'), 0) AS task_time
        FROM tasker_tasks o
        JOIN tasker_workflow_steps s ON s.task_id = o.task_id
        LEFT JOIN tasker_workflow_step_transitions c ON c.workflow_step_id = s.workflow_step_id AND c.most_recent = 1
        WHERE o.task_id IN (SELECT value FROM json_each(?1))
        GROUP BY s.task_id
    ) f ON f.task_id = t.task_id
WHERE t.task_id IN (SELECT value FROM json_each(?1))
ORDER BY t.task_id

-- name: InsightSlowestSteps
SELECT s.workflow_step_id, s.task_id, n.name, nt.name, ns.name, nt.version, s.attempts, s.created_at, c.created_at, s.retryable
FROM tasker_workflow_steps s
JOIN tasker_workflow_step_transitions c
    ON c.workflow_step_id = s.workflow_step_id AND c.most_recent = 1 AND c.to_state = 'complete'
JOIN tasker_named_steps n ON n.named_step_id = s.named_step_id
JOIN tasker_tasks t ON t.task_id = s.task_id
JOIN tasker_named_tasks nt ON nt.named_task_id = t.named_task_id
JOIN tasker_task_namespaces ns ON ns.task_namespace_id = nt.task_namespace_id
WHERE (?1 IS NULL OR s.created_at > ?1) AND c.created_at > s.created_at
  AND (?2 IS NULL OR ns.name = ?2) AND (?3 IS NULL OR nt.name = ?3)
  AND (?4 IS NULL OR nt.version = ?4)
ORDER BY 1000000 * (strftime('%s', c.created_at) - strftime('%s', s.created_at)) + substr(c.created_at, 21) - substr(s.created_at, 21) DESC,
    s.workflow_step_id
LIMIT ?5 + 0

-- name: InsightHealthTasks
SELECT coalesce(c.to_state, ''), count(*)
FROM tasker_tasks t
LEFT JOIN tasker_task_transitions c ON c.task_id = t.task_id AND c.most_recent = 1
GROUP BY 1

-- name: InsightHealthSteps
SELECT coalesce(c.to_state, ''),
    CASE WHEN c.to_state = 'error' THEN s.attempts END,
    CASE WHEN c.to_state = 'error' THEN s.retry_limit END,
    coalesce(c.to_state = 'error' AND s.retryable, 0),
    coalesce(c.to_state = 'error' AND s.last_attempted_at IS NOT NULL, 0),
    coalesce(c.to_state = 'error'
        AND strftime('%Y-%m-%d %H:%M:%S', substr(s.last_attempted_at, 1, 19), '+' || s.backoff_request_seconds || ' seconds')
            || substr(s.last_attempted_at, 20) > ?1, 0),
    count(*)
FROM tasker_workflow_steps s
LEFT JOIN tasker_workflow_step_transitions c ON c.workflow_step_id = s.workflow_step_id AND c.most_recent = 1
GROUP BY 1, 2, 3, 4, 5, 6

-- The ends of attempts. Rows that only lead through a state carry "via", those
-- of an attempt that was given back "released".

-- name: InsightTroublesAttempts
SELECT count(*), count(*) FILTER (WHERE h.to_state = 'error'),
    count(DISTINCT h.workflow_step_id) FILTER (WHERE h.to_state = 'error'),
    count(DISTINCT h.workflow_step_id) FILTER (WHERE h.to_state = 'error' AND c.to_state IN ('complete', 'resolved_manually'))
FROM tasker_tasks t
JOIN tasker_named_tasks nt ON nt.named_task_id = t.named_task_id
JOIN tasker_task_namespaces ns ON ns.task_namespace_id = nt.task_namespace_id
JOIN tasker_workflow_steps s ON s.task_id = t.task_id
JOIN tasker_workflow_step_transitions h ON h.workflow_step_id = s.workflow_step_id
LEFT JOIN tasker_workflow_step_transitions c ON c.workflow_step_id = s.workflow_step_id AND c.most_recent = 1
WHERE h.to_state IN ('complete', 'error') AND json_type(CASE WHEN json_valid(h.metadata) THEN h.metadata END, '$.via') IS NULL
  AND json_type(CASE WHEN json_valid(h.metadata) THEN h.metadata END, '$.released') IS NULL
  AND (?1 IS NULL OR t.created_at > ?1)
  AND (?2 IS NULL OR ns.name = ?2) AND (?3 IS NULL OR nt.name = ?3)
  AND (?4 IS NULL OR nt.version = ?4)

-- The class that the Rails engine knows is among the step's results.

-- name: InsightTroublesClasses
SELECT coalesce(nullif(CASE WHEN json_valid(h.metadata) THEN h.metadata ->> '$.error_class' END, ''),
    CASE WHEN json_type(CASE WHEN json_valid(h.metadata) THEN h.metadata END, '$.lease_expired') = 'true' THEN 'lease_expired' END,
    nullif(CASE WHEN json_valid(s.results) THEN s.results ->> '$.error_class' END, ''), 'unknown'), count(*)
FROM tasker_tasks t
JOIN tasker_named_tasks nt ON nt.named_task_id = t.named_task_id
JOIN tasker_task_namespaces ns ON ns.task_namespace_id = nt.task_namespace_id
JOIN tasker_workflow_steps s ON s.task_id = t.task_id
JOIN tasker_workflow_step_transitions h ON h.workflow_step_id = s.workflow_step_id
WHERE h.to_state = 'error' AND json_type(CASE WHEN json_valid(h.metadata) THEN h.metadata END, '$.via') IS NULL
  AND json_type(CASE WHEN json_valid(h.metadata) THEN h.metadata END, '$.released') IS NULL
  AND (?1 IS NULL OR t.created_at > ?1)
  AND (?2 IS NULL OR ns.name = ?2) AND (?3 IS NULL OR nt.name = ?3)
  AND (?4 IS NULL OR nt.version = ?4)
GROUP BY 1
ORDER BY 2 DESC, 1
LIMIT ?5 + 0

-- Pending steps and the parents that they wait for.

-- name: InsightTroublesBlocked
WITH blocked AS (
    SELECT s.workflow_step_id, s.created_at, count(*) AS parents
    FROM tasker_tasks t
    JOIN tasker_named_tasks nt ON nt.named_task_id = t.named_task_id
    JOIN tasker_task_namespaces ns ON ns.task_namespace_id = nt.task_namespace_id
    JOIN tasker_workflow_steps s ON s.task_id = t.task_id
    LEFT JOIN tasker_workflow_step_transitions c ON c.workflow_step_id = s.workflow_step_id AND c.most_recent = 1
    JOIN tasker_workflow_step_edges e ON e.to_step_id = s.workflow_step_id
    LEFT JOIN tasker_workflow_step_transitions p ON p.workflow_step_id = e.from_step_id AND p.most_recent = 1
    WHERE coalesce(c.to_state, '') IN ('', 'pending') AND coalesce(p.to_state, '') NOT IN ('complete', 'resolved_manually')
      AND (?1 IS NULL OR t.created_at > ?1)
      AND (?2 IS NULL OR ns.name = ?2) AND (?3 IS NULL OR nt.name = ?3)
      AND (?4 IS NULL OR nt.version = ?4)
    GROUP BY s.workflow_step_id
)
SELECT count(*), coalesce(sum(b.parents), 0),
    coalesce(sum(1000000 * (strftime('%s', ?5) - strftime('%s', b.created_at)) + substr(?5, 21) - substr(b.created_at, 21)), 0)
FROM blocked b

-- name: InsightTroublesBlockers
SELECT ns.name, nt.name, n.name, count(DISTINCT s.workflow_step_id)
FROM tasker_tasks t
JOIN tasker_named_tasks nt ON nt.named_task_id = t.named_task_id
JOIN tasker_task_namespaces ns ON ns.task_namespace_id = nt.task_namespace_id
JOIN tasker_workflow_steps s ON s.task_id = t.task_id
LEFT JOIN tasker_workflow_step_transitions c ON c.workflow_step_id = s.workflow_step_id AND c.most_recent = 1
JOIN tasker_workflow_step_edges e ON e.to_step_id = s.workflow_step_id
JOIN tasker_workflow_steps b ON b.workflow_step_id = e.from_step_id
JOIN tasker_named_steps n ON n.named_step_id = b.named_step_id
LEFT JOIN tasker_workflow_step_transitions p ON p.workflow_step_id = e.from_step_id AND p.most_recent = 1
WHERE coalesce(c.to_state, '') IN ('', 'pending') AND coalesce(p.to_state, '') NOT IN ('complete', 'resolved_manually')
  AND (?1 IS NULL OR t.created_at > ?1)
  AND (?2 IS NULL OR ns.name = ?2) AND (?3 IS NULL OR nt.name = ?3)
  AND (?4 IS NULL OR nt.version = ?4)
GROUP BY 1, 2, 3
ORDER BY 4 DESC, 1, 2, 3
LIMIT ?5 + 0
