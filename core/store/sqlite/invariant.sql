-- The invariants of the stored rows; core/store/invariant.go names each with
-- its source. Every statement answers rule, task, step and detail.

-- Histories. What the sheet of the state machines allows is listed once more
-- here, so that the check does not trust the code that it checks. A first row may
-- say pending, too: the explicit initialiser of the Rails engine writes that.

-- name: ViolationsHistory
WITH history (kind, task_id, step_id, sort_key, most_recent, from_state, to_state, before, metadata) AS (
    SELECT 'task', h.task_id, 0, h.sort_key, h.most_recent, h.from_state, h.to_state,
        coalesce(lag(h.to_state) OVER (PARTITION BY h.task_id ORDER BY h.sort_key),
            CASE WHEN h.to_state <> 'pending' THEN 'pending' END), h.metadata
    FROM tasker_task_transitions h
    UNION ALL
    SELECT 'step', s.task_id, h.workflow_step_id, h.sort_key, h.most_recent, h.from_state, h.to_state,
        coalesce(lag(h.to_state) OVER (PARTITION BY h.workflow_step_id ORDER BY h.sort_key),
            CASE WHEN h.to_state <> 'pending' THEN 'pending' END), h.metadata
    FROM tasker_workflow_step_transitions h
    JOIN tasker_workflow_steps s ON s.workflow_step_id = h.workflow_step_id
),
known (state) AS (
    VALUES ('pending'), ('in_progress'), ('complete'), ('error'), ('cancelled'), ('resolved_manually')
),
legal (kind, before, after) AS (
    VALUES ('task', 'pending', 'in_progress'), ('task', 'pending', 'error'), ('task', 'pending', 'cancelled'),
        ('task', 'in_progress', 'pending'), ('task', 'in_progress', 'complete'), ('task', 'in_progress', 'error'),
        ('task', 'in_progress', 'cancelled'), ('task', 'error', 'pending'), ('task', 'error', 'resolved_manually'),
        ('task', 'complete', 'cancelled'), ('task', 'resolved_manually', 'cancelled'),
        ('step', 'pending', 'in_progress'), ('step', 'pending', 'error'), ('step', 'pending', 'cancelled'),
        ('step', 'pending', 'resolved_manually'), ('step', 'in_progress', 'complete'), ('step', 'in_progress', 'error'),
        ('step', 'in_progress', 'cancelled'), ('step', 'error', 'pending'), ('step', 'error', 'resolved_manually')
)
SELECT 'current_row' AS rule, task_id, step_id,
    'rows marked as current: ' || sum(most_recent) || '; greatest sort_key ' || max(sort_key) || ', of the marked '
        || coalesce(max(CASE WHEN most_recent = 1 THEN sort_key END), 'none') AS detail
FROM history
GROUP BY kind, task_id, step_id
HAVING sum(most_recent) <> 1 OR max(CASE WHEN most_recent = 1 THEN sort_key END) <> max(sort_key)
UNION ALL
SELECT 'unbroken_chain', task_id, step_id, 'row ' || sort_key || ' comes from ' || from_state || ', the row before says ' || before
FROM history
WHERE from_state <> before
UNION ALL
SELECT 'known_state', task_id, step_id, 'row ' || sort_key || ' leads to ' || to_state
FROM history
WHERE to_state NOT IN (SELECT state FROM known)
UNION ALL
SELECT 'legal_move', task_id, step_id, 'row ' || sort_key || ' leads from ' || before || ' to ' || to_state
FROM history
WHERE before IN (SELECT state FROM known) AND to_state IN (SELECT state FROM known)
  AND (kind, before, to_state) NOT IN (SELECT kind, before, after FROM legal)
UNION ALL
SELECT 'metadata_object', task_id, step_id, 'metadata of row ' || sort_key || ' is no object'
FROM history
WHERE CASE WHEN json_valid(metadata) THEN json_type(metadata) ELSE 'none' END <> 'object' AND metadata IS NOT NULL
ORDER BY 1, 2, 3, 4
LIMIT ?1

-- What follows from the histories. fact is one step with what decides about
-- it: spent, no attempt is left (D2, D3); wait_over, the end of its wait (D8),
-- where a whole number of seconds leaves the fraction alone; due_from, when its
-- task has started too; wanted, it deserves a row in the queue.

-- name: ViolationsDerived
WITH owned AS MATERIALIZED (
    SELECT k.task_id, t.named_task_id, k.namespace_id, k.priority, k.concurrent, k.start_at, k.open, k.running, k.waiting, k.stuck,
        t.complete, coalesce(nullif(c.to_state, ''), 'pending') AS state
    FROM tasker_core_tasks k
    JOIN tasker_tasks t ON t.task_id = k.task_id
    LEFT JOIN tasker_task_transitions c ON c.task_id = k.task_id AND c.most_recent = 1
    WHERE NOT EXISTS (SELECT 1 FROM tasker_core_dirty d WHERE d.task_id = k.task_id)
),
current AS (
    SELECT s.task_id, s.workflow_step_id AS step_id, s.named_step_id, s.retryable, s.in_process, s.processed,
        s.processed_at, coalesce(s.attempts, 0) AS attempts, max(coalesce(s.retry_limit, 3), 1) AS attempts_max,
        coalesce(nullif(c.to_state, ''), 'pending') AS state,
        CASE WHEN json_valid(c.metadata) THEN json_type(c.metadata, '$.permanent') ELSE '' END AS permanent,
        coalesce(c.to_state = 'in_progress' AND c.id = l.epoch, 0) AS leased,
        strftime('%Y-%m-%d %H:%M:%S', substr(s.last_attempted_at, 1, 19), '+' || s.backoff_request_seconds || ' seconds')
            || substr(s.last_attempted_at, 20) AS wait_over,
        NOT EXISTS (
            SELECT 1 FROM tasker_workflow_step_edges e
            LEFT JOIN tasker_workflow_step_transitions p ON p.workflow_step_id = e.from_step_id AND p.most_recent = 1
            WHERE e.to_step_id = s.workflow_step_id
              AND coalesce(p.to_state, 'pending') NOT IN ('complete', 'resolved_manually')
        ) AS satisfied
    FROM owned o
    JOIN tasker_workflow_steps s ON s.task_id = o.task_id
    LEFT JOIN tasker_workflow_step_transitions c ON c.workflow_step_id = s.workflow_step_id AND c.most_recent = 1
    LEFT JOIN tasker_core_leases l ON l.step_id = s.workflow_step_id
),
judged AS (
    SELECT c.*, c.state IN ('pending', 'error') AS startable,
        c.attempts >= c.attempts_max OR ((c.attempts > 0 OR c.state = 'error')
            AND (c.retryable = 0 OR (c.state = 'error' AND coalesce(c.permanent, '') = 'true'))) AS spent,
        max(c.leased) OVER (PARTITION BY c.task_id) AS busy
    FROM current c
),
fact AS MATERIALIZED (
    SELECT j.*, o.named_task_id, o.namespace_id, o.priority,
        nullif(max(coalesce(j.wait_over, ''), coalesce(o.start_at, '')), '') AS due_from,
        j.startable AND NOT j.spent AND NOT j.processed AND NOT j.in_process AND j.satisfied
            AND o.state NOT IN ('complete', 'error', 'cancelled', 'resolved_manually')
            AND (o.concurrent OR NOT j.busy) AS wanted,
        CASE j.state
            WHEN 'pending' THEN j.spent OR j.processed OR j.in_process
            WHEN 'error' THEN j.spent OR j.processed OR j.in_process
            WHEN 'in_progress' THEN NOT j.leased
            ELSE j.state NOT IN ('complete', 'resolved_manually')
        END AS stuck
    FROM judged j
    JOIN owned o ON o.task_id = j.task_id
),
truth AS MATERIALIZED (
    SELECT o.task_id, count(f.step_id) FILTER (WHERE f.state NOT IN ('complete', 'resolved_manually')) AS open,
        coalesce(sum(f.leased), 0) AS running, coalesce(sum(f.wanted), 0) AS waiting, coalesce(sum(f.stuck), 0) AS stuck
    FROM owned o
    LEFT JOIN fact f ON f.task_id = o.task_id
    GROUP BY o.task_id
)
SELECT 'queue_row_missing' AS rule, f.task_id, f.step_id, 'the step is ' || f.state || ' and may run' AS detail
FROM fact f
LEFT JOIN tasker_core_ready q ON q.step_id = f.step_id
WHERE f.wanted AND q.step_id IS NULL
UNION ALL
SELECT 'queue_row_untrue', f.task_id, f.step_id,
    CASE WHEN f.wanted THEN 'due at ' || q.due_at || ', the wait ends at ' || f.due_from
        ELSE 'the step is ' || f.state || ' and may not run' END
FROM fact f
JOIN tasker_core_ready q ON q.step_id = f.step_id
WHERE NOT f.wanted OR q.due_at < f.due_from
UNION ALL
SELECT 'queue_row_differs', f.task_id, f.step_id,
    'task ' || q.task_id || ', route ' || q.route_id || ', namespace ' || q.namespace_id || ', priority ' || q.priority
FROM fact f
JOIN tasker_core_ready q ON q.step_id = f.step_id
LEFT JOIN tasker_named_tasks_named_steps r ON r.named_task_id = f.named_task_id AND r.named_step_id = f.named_step_id
WHERE q.task_id <> f.task_id OR q.route_id <> coalesce(r.id, 0) OR q.namespace_id <> f.namespace_id
    OR q.priority <> f.priority
UNION ALL
SELECT 'counters', o.task_id, 0, 'open, running, waiting, stuck: '
    || o.open || ', ' || o.running || ', ' || o.waiting || ', ' || o.stuck || '; by the steps '
    || t.open || ', ' || t.running || ', ' || t.waiting || ', ' || t.stuck
FROM owned o
JOIN truth t ON t.task_id = o.task_id
WHERE (o.open, o.running, o.waiting, o.stuck) <> (t.open, t.running, t.waiting, t.stuck)
UNION ALL
SELECT 'lease_current', f.task_id, f.step_id,
    'epoch ' || l.epoch || ' of task ' || l.task_id || '; the step is ' || f.state
FROM fact f
JOIN tasker_core_leases l ON l.step_id = f.step_id
WHERE NOT f.leased OR l.task_id <> f.task_id
UNION ALL
SELECT 'lease_without_worker', f.task_id, f.step_id, 'leased to worker ' || l.worker_id || ', which is gone'
FROM fact f
JOIN tasker_core_leases l ON l.step_id = f.step_id
WHERE NOT EXISTS (SELECT 1 FROM tasker_core_workers w WHERE w.worker_id = l.worker_id)
UNION ALL
SELECT 'in_process', f.task_id, f.step_id,
    CASE WHEN f.leased THEN 'leased, the column says no' ELSE 'not leased, the column says yes' END
FROM fact f
WHERE f.in_process <> f.leased
UNION ALL
SELECT 'processed_column', f.task_id, f.step_id, 'the step is complete, the columns do not say so'
FROM fact f
WHERE f.state = 'complete' AND (NOT f.processed OR f.processed_at IS NULL)
UNION ALL
SELECT 'complete_column', o.task_id, 0, 'the column says ' || o.complete || ', the state is ' || o.state
FROM owned o
WHERE (o.state = 'complete' AND NOT o.complete) OR (o.complete AND o.state NOT IN ('complete', 'cancelled'))
UNION ALL
SELECT 'ended_early', o.task_id, 0, 'the task is complete with ' || t.open || ' open steps'
FROM owned o
JOIN truth t ON t.task_id = o.task_id
WHERE o.state = 'complete' AND t.open > 0
UNION ALL
SELECT 'end_missed', o.task_id, 0, CASE WHEN t.open = 0 THEN 'every step is satisfied'
    ELSE 'no step is leased, ready or waiting for a time' END
FROM owned o
JOIN truth t ON t.task_id = o.task_id
WHERE (t.open = 0 AND o.state IN ('pending', 'in_progress', 'error'))
    OR (t.running = 0 AND t.waiting = 0 AND o.state IN ('pending', 'in_progress'))
ORDER BY 1, 2, 3
LIMIT ?1

-- name: ViolationsOrphans
SELECT 'orphan_row' AS rule, 0 AS task_id, 0 AS step_id, 'tasker_core_tasks names task ' || k.task_id AS detail
FROM tasker_core_tasks k
WHERE NOT EXISTS (SELECT 1 FROM tasker_tasks t WHERE t.task_id = k.task_id)
UNION ALL
SELECT 'orphan_row', coalesce(k.task_id, 0), q.step_id, 'tasker_core_ready names task ' || q.task_id || ', step ' || q.step_id
FROM tasker_core_ready q
LEFT JOIN tasker_core_tasks k ON k.task_id = q.task_id
WHERE k.task_id IS NULL OR NOT EXISTS (SELECT 1 FROM tasker_workflow_steps s WHERE s.workflow_step_id = q.step_id)
UNION ALL
SELECT 'orphan_row', coalesce(k.task_id, 0), l.step_id, 'tasker_core_leases names task ' || l.task_id || ', step ' || l.step_id
FROM tasker_core_leases l
LEFT JOIN tasker_core_tasks k ON k.task_id = l.task_id
WHERE k.task_id IS NULL OR NOT EXISTS (SELECT 1 FROM tasker_workflow_steps s WHERE s.workflow_step_id = l.step_id)
ORDER BY 1, 2, 3, 4
LIMIT ?1
