-- What belongs to a step is looked up row by row, by subqueries that the planner
-- cannot turn into joins: statistics from when the tables were small made it
-- join the ten thousand steps of a task with ten thousand routes in a nested
-- loop, which took longer than a call may.

-- name: StepList
SELECT s.workflow_step_id, s.task_id, s.named_step_id, coalesce(n.route, 0), n.name,
    coalesce(nullif(c.to_state, ''), 'pending'), coalesce(c.id, 0), c.created_at, c.metadata, s.retryable,
    s.retry_limit, s.in_process, s.processed, s.processed_at, s.attempts, s.last_attempted_at,
    s.backoff_request_seconds, s.inputs, s.results, s.skippable, s.created_at, s.updated_at
FROM {schema}.tasker_workflow_steps s
CROSS JOIN LATERAL (
    SELECT k.name, (
        SELECT r.id FROM {schema}.tasker_named_tasks_named_steps r
        WHERE r.named_step_id = s.named_step_id
          AND r.named_task_id = (SELECT t.named_task_id FROM {schema}.tasker_tasks t WHERE t.task_id = s.task_id)) AS route
    FROM {schema}.tasker_named_steps k
    WHERE k.named_step_id = s.named_step_id
    LIMIT 1
) n
LEFT JOIN LATERAL (
    SELECT h.id, h.to_state, h.created_at, h.metadata FROM {schema}.tasker_workflow_step_transitions h
    WHERE h.workflow_step_id = s.workflow_step_id AND h.most_recent
    LIMIT 1
) c ON true
WHERE s.workflow_step_id = ANY($1::bigint[])
ORDER BY s.task_id, s.workflow_step_id

-- name: StepListByTask
SELECT s.workflow_step_id, s.task_id, s.named_step_id, coalesce(n.route, 0), n.name,
    coalesce(nullif(c.to_state, ''), 'pending'), coalesce(c.id, 0), c.created_at, c.metadata, s.retryable,
    s.retry_limit, s.in_process, s.processed, s.processed_at, s.attempts, s.last_attempted_at,
    s.backoff_request_seconds, s.inputs, s.results, s.skippable, s.created_at, s.updated_at
FROM {schema}.tasker_workflow_steps s
CROSS JOIN LATERAL (
    SELECT k.name, (
        SELECT r.id FROM {schema}.tasker_named_tasks_named_steps r
        WHERE r.named_step_id = s.named_step_id
          AND r.named_task_id = (SELECT t.named_task_id FROM {schema}.tasker_tasks t WHERE t.task_id = s.task_id)) AS route
    FROM {schema}.tasker_named_steps k
    WHERE k.named_step_id = s.named_step_id
    LIMIT 1
) n
LEFT JOIN LATERAL (
    SELECT h.id, h.to_state, h.created_at, h.metadata FROM {schema}.tasker_workflow_step_transitions h
    WHERE h.workflow_step_id = s.workflow_step_id AND h.most_recent
    LIMIT 1
) c ON true
WHERE s.task_id = ANY($1::bigint[])
ORDER BY s.task_id, s.workflow_step_id

-- name: EdgeListByTask
SELECT e.id, e.from_step_id, e.to_step_id, e.name
FROM {schema}.tasker_workflow_steps s
JOIN {schema}.tasker_workflow_step_edges e ON e.to_step_id = s.workflow_step_id
WHERE s.task_id = ANY($1::bigint[])
ORDER BY e.id

-- The parent with the greatest id is looked at first: steps are claimed in the
-- order of their ids, so of a thousand parents it is the likeliest to be
-- unfinished, and one look settles the matter. (NOT EXISTS would drop the order
-- and may look at all of them.)

-- name: ChildList
SELECT s.workflow_step_id, s.task_id, s.named_step_id, coalesce(n.route, 0), n.name,
    coalesce(nullif(c.to_state, ''), 'pending'), coalesce(c.id, 0), c.created_at, c.metadata, s.retryable,
    s.retry_limit, s.in_process, s.processed, s.processed_at, s.attempts, s.last_attempted_at,
    s.backoff_request_seconds, s.inputs, s.results, s.skippable, s.created_at, s.updated_at,
    (
        SELECT 1 FROM {schema}.tasker_workflow_step_edges e
        LEFT JOIN {schema}.tasker_workflow_step_transitions p
            ON p.workflow_step_id = e.from_step_id AND p.most_recent
        WHERE e.to_step_id = s.workflow_step_id
          AND coalesce(p.to_state, 'pending') NOT IN ('complete', 'resolved_manually')
        ORDER BY e.from_step_id DESC
        LIMIT 1
    ) IS NULL
FROM {schema}.tasker_workflow_steps s
CROSS JOIN LATERAL (
    SELECT k.name, (
        SELECT r.id FROM {schema}.tasker_named_tasks_named_steps r
        WHERE r.named_step_id = s.named_step_id
          AND r.named_task_id = (SELECT t.named_task_id FROM {schema}.tasker_tasks t WHERE t.task_id = s.task_id)) AS route
    FROM {schema}.tasker_named_steps k
    WHERE k.named_step_id = s.named_step_id
    LIMIT 1
) n
LEFT JOIN LATERAL (
    SELECT h.id, h.to_state, h.created_at, h.metadata FROM {schema}.tasker_workflow_step_transitions h
    WHERE h.workflow_step_id = s.workflow_step_id AND h.most_recent
    LIMIT 1
) c ON true
WHERE s.workflow_step_id IN (
    SELECT e.to_step_id FROM {schema}.tasker_workflow_step_edges e WHERE e.from_step_id = ANY($1::bigint[])
)
ORDER BY s.workflow_step_id

-- name: ParentList
SELECT pair.child_id, pair.parent_id, s.name, coalesce(nullif(c.to_state, ''), 'pending'), c.metadata, s.results
FROM (
    SELECT DISTINCT e.to_step_id, e.from_step_id
    FROM {schema}.tasker_workflow_step_edges e
    WHERE e.to_step_id = ANY($1::bigint[])
) pair (child_id, parent_id)
CROSS JOIN LATERAL (
    SELECT p.results, (
        SELECT k.name FROM {schema}.tasker_named_steps k WHERE k.named_step_id = p.named_step_id) AS name
    FROM {schema}.tasker_workflow_steps p
    WHERE p.workflow_step_id = pair.parent_id
    LIMIT 1
) s
LEFT JOIN LATERAL (
    SELECT h.to_state, h.metadata FROM {schema}.tasker_workflow_step_transitions h
    WHERE h.workflow_step_id = pair.parent_id AND h.most_recent
    LIMIT 1
) c ON true
ORDER BY pair.child_id, pair.parent_id

-- Ids are given in the order of the steps.

-- name: StepInsert
INSERT INTO {schema}.tasker_workflow_steps (task_id, named_step_id, retryable, retry_limit, attempts, inputs, results,
    skippable, created_at, updated_at)
SELECT n.task_id, n.named_step_id, n.retryable, n.retry_limit, 0, n.inputs::jsonb, '{}', n.skippable, n.at, n.at
FROM unnest($1::bigint[], $2::integer[], $3::boolean[], $4::integer[], $5::text[], $6::boolean[], $7::timestamp[])
    WITH ORDINALITY n (task_id, named_step_id, retryable, retry_limit, inputs, skippable, at, number)
ORDER BY n.number
RETURNING workflow_step_id

-- name: EdgeInsert
INSERT INTO {schema}.tasker_workflow_step_edges (from_step_id, to_step_id, name, created_at, updated_at)
SELECT n.from_step_id, n.to_step_id, $3::text, n.at, n.at
FROM unnest($1::bigint[], $2::bigint[], $4::timestamp[]) WITH ORDINALITY n (from_step_id, to_step_id, at, number)
ORDER BY n.number

-- The task of a step never changes, so finding it in the statement that locks
-- reads nothing that depends on the lock.

-- name: StepLockRows
-- only: SQLite locks the whole file when the transaction begins
SELECT k.task_id FROM {schema}.tasker_core_tasks k
WHERE k.task_id IN (
    SELECT s.task_id FROM {schema}.tasker_workflow_steps s WHERE s.workflow_step_id = ANY($1::bigint[])
)
ORDER BY k.task_id
FOR NO KEY UPDATE OF k

-- The steps after their tasks, before anything of them is read: what is then
-- written of them follows from what was read.

-- name: StepLockSteps
-- only: SQLite locks the whole file when the transaction begins
SELECT s.workflow_step_id FROM {schema}.tasker_workflow_steps s
WHERE s.workflow_step_id = ANY($1::bigint[])
ORDER BY s.workflow_step_id
FOR NO KEY UPDATE OF s

-- name: StepLockTasks
-- only: sent together with the lock, before the ids of the tasks are known; SQLite reads steps first
SELECT t.task_id, t.named_task_id, k.namespace_id, k.priority, k.concurrent, k.start_at, k.version, k.open, k.running,
    k.waiting, k.stuck, coalesce(nullif(c.to_state, ''), 'pending'), coalesce(c.id, 0), t.complete,
    EXISTS (SELECT 1 FROM {schema}.tasker_core_dirty d WHERE d.task_id = k.task_id)
FROM {schema}.tasker_core_tasks k
JOIN {schema}.tasker_tasks t ON t.task_id = k.task_id
LEFT JOIN {schema}.tasker_task_transitions c ON c.task_id = t.task_id AND c.most_recent
WHERE k.task_id IN (
    SELECT s.task_id FROM {schema}.tasker_workflow_steps s WHERE s.workflow_step_id = ANY($1::bigint[])
)
ORDER BY t.task_id

-- name: StepLockLeases
-- only: SQLite completes LeaseList with a filter, which here would be one statement more to plan
SELECT l.step_id, l.task_id, l.worker_id, l.epoch, l.attempt, l.claimed_at, l.deadline_at
FROM {schema}.tasker_core_leases l
WHERE l.step_id = ANY($1::bigint[])
ORDER BY l.step_id

-- Like TaskMove, which says how it works. The step's row is locked first: the
-- Rails engine saves the step, then moves it, in one transaction, and two
-- writers that take the two rows in opposite orders block each other. The
-- compare-and-set needs no lock, so nothing here depends on this one.

-- name: StepMove
WITH wanted AS MATERIALIZED (
    SELECT w.* FROM unnest($1::bigint[], $2::bigint[], $3::timestamp[]) w (owner_id, expected_id, at)
    JOIN {schema}.tasker_workflow_steps s ON s.workflow_step_id = w.owner_id
    ORDER BY w.owner_id
    FOR NO KEY UPDATE OF s
),
cleared AS (
    UPDATE {schema}.tasker_workflow_step_transitions h SET most_recent = false, updated_at = w.at
    FROM wanted w
    WHERE w.expected_id <> 0 AND h.id = w.expected_id AND h.workflow_step_id = w.owner_id AND h.most_recent
    RETURNING h.workflow_step_id AS owner_id, w.at, greatest(h.sort_key, (
        SELECT max(g.sort_key) FROM {schema}.tasker_workflow_step_transitions g WHERE g.workflow_step_id = h.workflow_step_id)) AS sort_key
),
mine AS (
    SELECT c.owner_id, c.at, c.sort_key FROM cleared c
    UNION ALL
    SELECT w.owner_id, w.at, coalesce((
        SELECT max(g.sort_key) FROM {schema}.tasker_workflow_step_transitions g WHERE g.workflow_step_id = w.owner_id), 0)
    FROM wanted w
    WHERE w.expected_id = 0 AND NOT EXISTS (
        SELECT 1 FROM {schema}.tasker_workflow_step_transitions g WHERE g.workflow_step_id = w.owner_id AND g.most_recent)
)
INSERT INTO {schema}.tasker_workflow_step_transitions
    (workflow_step_id, from_state, to_state, metadata, sort_key, most_recent, created_at, updated_at)
SELECT m.owner_id, nullif(hop.from_state, ''), hop.to_state, hop.metadata::jsonb, m.sort_key + 10 * hop.number,
    hop.last, m.at, m.at
FROM mine m
JOIN unnest($4::bigint[], $5::integer[], $6::text[], $7::text[], $8::text[], $9::boolean[])
    hop (owner_id, number, from_state, to_state, metadata, last) ON hop.owner_id = m.owner_id
ORDER BY m.owner_id, hop.number
ON CONFLICT DO NOTHING
RETURNING id, workflow_step_id, most_recent

-- name: StepChange
UPDATE {schema}.tasker_workflow_steps s
SET retryable = c.retryable, in_process = c.in_process, processed = c.processed, processed_at = c.processed_at,
    attempts = c.attempts, last_attempted_at = c.last_attempted_at, backoff_request_seconds = c.backoff_seconds,
    results = coalesce(c.results::jsonb, s.results), updated_at = c.at
FROM unnest($1::bigint[], $2::boolean[], $3::boolean[], $4::boolean[], $5::timestamp[], $6::integer[],
    $7::timestamp[], $8::integer[], $9::text[], $10::timestamp[])
    c (step_id, retryable, in_process, processed, processed_at, attempts, last_attempted_at, backoff_seconds, results, at)
WHERE s.workflow_step_id = c.step_id

-- name: StepEdit
UPDATE {schema}.tasker_workflow_steps s
SET retry_limit = coalesce(e.retry_limit, s.retry_limit), inputs = coalesce(e.inputs::jsonb, s.inputs), updated_at = e.at
FROM unnest($1::bigint[], $2::integer[], $3::text[], $4::timestamp[]) e (step_id, retry_limit, inputs, at)
WHERE s.workflow_step_id = e.step_id
