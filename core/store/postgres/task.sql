-- name: TaskList
SELECT t.task_id, t.named_task_id, ns.name, nt.name, nt.version, coalesce(nullif(c.to_state, ''), 'pending'),
    coalesce(c.created_at, t.created_at), t.complete, t.requested_at, coalesce(t.initiator, ''),
    coalesce(t.source_system, ''), coalesce(t.reason, ''),
    CASE json_typeof(t.bypass_steps) WHEN 'array' THEN ARRAY(
        SELECT coalesce(e.value, '') FROM json_array_elements_text(t.bypass_steps) e) END,
    CASE jsonb_typeof(t.tags) WHEN 'array' THEN ARRAY(
        SELECT coalesce(e.value, '') FROM jsonb_array_elements_text(t.tags) e) END,
    t.context, t.identity_hash, coalesce(k.priority, 0), coalesce(k.concurrent, true), k.start_at,
    t.created_at, t.updated_at
FROM {schema}.tasker_tasks t
JOIN {schema}.tasker_named_tasks nt ON nt.named_task_id = t.named_task_id
JOIN {schema}.tasker_task_namespaces ns ON ns.task_namespace_id = nt.task_namespace_id
LEFT JOIN {schema}.tasker_task_transitions c ON c.task_id = t.task_id AND c.most_recent
LEFT JOIN {schema}.tasker_core_tasks k ON k.task_id = t.task_id

-- name: TaskIdentify
SELECT t.identity_hash, t.task_id
FROM {schema}.tasker_tasks t
WHERE t.identity_hash = ANY($1::text[])

-- Ids are given in the order of the tasks; rows are inserted in the order of
-- their hashes, so that two groups with some hashes in common wait for each
-- other in one direction only.

-- name: TaskInsert
WITH numbered AS MATERIALIZED (
    SELECT nextval('{schema}.tasker_tasks_task_id_seq') AS task_id, n.*
    FROM (
        SELECT given.* FROM unnest($1::integer[], $2::timestamp[], $3::text[], $4::text[], $5::text[], $6::text[],
            $7::text[], $8::text[], $9::text[], $10::timestamp[]) WITH ORDINALITY
            given (named_task_id, requested_at, initiator, source_system, reason, bypass_steps, tags, context,
                identity_hash, at, number)
        ORDER BY given.number
    ) n
),
stored AS (
    INSERT INTO {schema}.tasker_tasks (task_id, named_task_id, complete, requested_at, initiator, source_system,
        reason, bypass_steps, tags, context, identity_hash, created_at, updated_at)
    SELECT n.task_id, n.named_task_id, false, n.requested_at, nullif(n.initiator, ''), nullif(n.source_system, ''),
        nullif(n.reason, ''), n.bypass_steps::json, n.tags::jsonb, n.context::jsonb, n.identity_hash, n.at, n.at
    FROM numbered n
    ORDER BY n.identity_hash COLLATE "C"
)
SELECT n.task_id FROM numbered n ORDER BY n.number

-- name: TaskInsertCore
INSERT INTO {schema}.tasker_core_tasks
    (task_id, open, running, waiting, stuck, priority, concurrent, namespace_id, start_at)
SELECT n.task_id, n.open, n.running, n.waiting, n.stuck, n.priority, n.concurrent, n.namespace_id, n.start_at
FROM unnest($1::bigint[], $2::integer[], $3::integer[], $4::integer[], $5::integer[], $6::integer[], $7::boolean[],
    $8::bigint[], $9::timestamp[])
    n (task_id, open, running, waiting, stuck, priority, concurrent, namespace_id, start_at)

-- name: TaskLockRows
-- only: SQLite locks the whole file when the transaction begins
SELECT k.task_id FROM {schema}.tasker_core_tasks k
WHERE k.task_id = ANY($1::bigint[])
ORDER BY k.task_id
FOR NO KEY UPDATE

-- What was locked is read here, by a statement with a newer snapshot.

-- name: TaskLock
SELECT t.task_id, t.named_task_id, k.namespace_id, k.priority, k.concurrent, k.start_at, k.version, k.open, k.running,
    k.waiting, k.stuck, coalesce(nullif(c.to_state, ''), 'pending'), coalesce(c.id, 0), t.complete,
    EXISTS (SELECT 1 FROM {schema}.tasker_core_dirty d WHERE d.task_id = k.task_id)
FROM {schema}.tasker_core_tasks k
JOIN {schema}.tasker_tasks t ON t.task_id = k.task_id
LEFT JOIN {schema}.tasker_task_transitions c ON c.task_id = t.task_id AND c.most_recent
WHERE k.task_id = ANY($1::bigint[])
ORDER BY t.task_id

-- Moves by compare-and-set, each owner once: $1 to $3 are owner, expected row
-- (0: none) and time; $4 to $9 the hops of all paths: owner, number from 1,
-- states, metadata, whether it is the last. The flag is taken from the expected
-- row first (schema sheet, I4); the sort keys of those that had it, and of
-- owners without a row, are what the new rows are numbered from. An owner that
-- somebody else moves at this moment is waited for and lost. The order of the
-- inserts makes every clearing precede them.

-- name: TaskMove
WITH wanted AS (
    SELECT w.* FROM unnest($1::bigint[], $2::bigint[], $3::timestamp[]) w (owner_id, expected_id, at)
),
cleared AS (
    UPDATE {schema}.tasker_task_transitions h SET most_recent = false, updated_at = w.at
    FROM wanted w
    WHERE w.expected_id <> 0 AND h.id = w.expected_id AND h.task_id = w.owner_id AND h.most_recent
    RETURNING h.task_id AS owner_id, w.at, greatest(h.sort_key, (
        SELECT max(g.sort_key) FROM {schema}.tasker_task_transitions g WHERE g.task_id = h.task_id)) AS sort_key
),
mine AS (
    SELECT c.owner_id, c.at, c.sort_key FROM cleared c
    UNION ALL
    SELECT w.owner_id, w.at, coalesce((
        SELECT max(g.sort_key) FROM {schema}.tasker_task_transitions g WHERE g.task_id = w.owner_id), 0)
    FROM wanted w
    JOIN {schema}.tasker_tasks t ON t.task_id = w.owner_id
    WHERE w.expected_id = 0 AND NOT EXISTS (
        SELECT 1 FROM {schema}.tasker_task_transitions g WHERE g.task_id = w.owner_id AND g.most_recent)
)
INSERT INTO {schema}.tasker_task_transitions
    (task_id, from_state, to_state, metadata, sort_key, most_recent, created_at, updated_at)
SELECT m.owner_id, nullif(hop.from_state, ''), hop.to_state, hop.metadata::jsonb, m.sort_key + 10 * hop.number,
    hop.last, m.at, m.at
FROM mine m
JOIN unnest($4::bigint[], $5::integer[], $6::text[], $7::text[], $8::text[], $9::boolean[])
    hop (owner_id, number, from_state, to_state, metadata, last) ON hop.owner_id = m.owner_id
ORDER BY m.owner_id, hop.number
ON CONFLICT DO NOTHING
RETURNING id, task_id, most_recent

-- name: TaskChange
UPDATE {schema}.tasker_core_tasks k
SET open = c.open, running = c.running, waiting = c.waiting, stuck = c.stuck, version = k.version + 1
FROM unnest($1::bigint[], $2::integer[], $3::integer[], $4::integer[], $5::integer[])
    c (task_id, open, running, waiting, stuck)
WHERE k.task_id = c.task_id

-- name: TaskChangeComplete
UPDATE {schema}.tasker_tasks t SET complete = c.complete, updated_at = c.at
FROM unnest($1::bigint[], $2::boolean[], $3::timestamp[]) c (task_id, complete, at)
WHERE t.task_id = c.task_id AND t.complete <> c.complete

-- name: TaskEdit
UPDATE {schema}.tasker_tasks t
SET reason = coalesce(e.reason, t.reason), tags = coalesce(e.tags::jsonb, t.tags), updated_at = e.at
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::timestamp[]) e (task_id, reason, tags, at)
WHERE t.task_id = e.task_id

-- name: TaskEditCore
UPDATE {schema}.tasker_core_tasks k SET priority = coalesce(e.priority, k.priority)
FROM unnest($1::bigint[], $2::integer[]) e (task_id, priority)
WHERE k.task_id = e.task_id

-- name: TaskAdopt
INSERT INTO {schema}.tasker_core_tasks
    (task_id, open, running, waiting, stuck, priority, concurrent, namespace_id)
SELECT t.task_id, 0, 0, 0, 0, a.priority, a.concurrent, n.task_namespace_id
FROM unnest($1::bigint[], $2::integer[], $3::boolean[]) a (task_id, priority, concurrent)
JOIN {schema}.tasker_tasks t ON t.task_id = a.task_id
JOIN {schema}.tasker_named_tasks n ON n.named_task_id = t.named_task_id
ORDER BY t.task_id
ON CONFLICT (task_id) DO NOTHING
RETURNING task_id

-- name: TaskAdoptRoutes
INSERT INTO {schema}.tasker_named_tasks_named_steps (named_task_id, named_step_id, skippable, default_retryable,
    default_retry_limit, created_at, updated_at)
SELECT t.named_task_id, s.named_step_id, bool_or(s.skippable), bool_or(s.retryable),
    max(coalesce(s.retry_limit, 3)), $2::timestamp, $2::timestamp
FROM {schema}.tasker_tasks t
JOIN {schema}.tasker_workflow_steps s ON s.task_id = t.task_id
WHERE t.task_id = ANY($1::bigint[])
  AND NOT EXISTS (
      SELECT 1 FROM {schema}.tasker_named_tasks_named_steps r
      WHERE r.named_task_id = t.named_task_id AND r.named_step_id = s.named_step_id
  )
GROUP BY t.named_task_id, s.named_step_id
ORDER BY t.named_task_id, s.named_step_id
