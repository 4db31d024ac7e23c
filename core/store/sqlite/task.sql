-- name: TaskList
SELECT t.task_id, t.named_task_id, ns.name, nt.name, nt.version, coalesce(nullif(c.to_state, ''), 'pending'),
    coalesce(c.created_at, t.created_at), t.complete, t.requested_at, coalesce(t.initiator, ''),
    coalesce(t.source_system, ''), coalesce(t.reason, ''), t.bypass_steps, t.tags, t.context, t.identity_hash,
    coalesce(k.priority, 0), coalesce(k.concurrent, 1), k.start_at, t.created_at, t.updated_at
FROM tasker_tasks t
JOIN tasker_named_tasks nt ON nt.named_task_id = t.named_task_id
JOIN tasker_task_namespaces ns ON ns.task_namespace_id = nt.task_namespace_id
LEFT JOIN tasker_task_transitions c ON c.task_id = t.task_id AND c.most_recent = 1
LEFT JOIN tasker_core_tasks k ON k.task_id = t.task_id

-- name: TaskIdentify
SELECT t.identity_hash, t.task_id
FROM json_each(?1) wanted
CROSS JOIN tasker_tasks t ON t.identity_hash = wanted.value

-- name: TaskInsert
INSERT INTO tasker_tasks (named_task_id, complete, requested_at, initiator, source_system, reason, bypass_steps,
    tags, context, identity_hash, created_at, updated_at)
VALUES (?1, 0, ?2, nullif(?3, ''), nullif(?4, ''), nullif(?5, ''), ?6, ?7, ?8, ?9, ?10, ?10)

-- name: TaskInsertCore
INSERT INTO tasker_core_tasks (task_id, open, running, waiting, stuck, priority, concurrent, namespace_id, start_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)

-- The transaction has locked the whole file when it began, so the lock is only
-- read here.

-- name: TaskLock
SELECT t.task_id, t.named_task_id, k.namespace_id, k.priority, k.concurrent, k.start_at, k.version, k.open, k.running,
    k.waiting, k.stuck, coalesce(nullif(c.to_state, ''), 'pending'), coalesce(c.id, 0), t.complete,
    EXISTS (SELECT 1 FROM tasker_core_dirty d WHERE d.task_id = k.task_id)
FROM json_each(?1) wanted
CROSS JOIN tasker_core_tasks k ON k.task_id = wanted.value
CROSS JOIN tasker_tasks t ON t.task_id = k.task_id
LEFT JOIN tasker_task_transitions c ON c.task_id = t.task_id AND c.most_recent = 1
ORDER BY t.task_id

-- name: TaskMoveClear
-- only: SQLite has no data-modifying CTE, so clearing and inserting are two statements
UPDATE tasker_task_transitions SET most_recent = 0, updated_at = ?3
WHERE id = ?1 AND task_id = ?2 AND most_recent = 1

-- name: TaskMove
INSERT INTO tasker_task_transitions
    (task_id, from_state, to_state, metadata, sort_key, most_recent, created_at, updated_at)
SELECT t.task_id, ?2, ?3, ?4,
    coalesce((SELECT max(h.sort_key) FROM tasker_task_transitions h WHERE h.task_id = t.task_id), 0) + 10, ?5, ?6, ?6
FROM tasker_tasks t
WHERE t.task_id = ?1
  AND NOT EXISTS (SELECT 1 FROM tasker_task_transitions c WHERE c.task_id = t.task_id AND c.most_recent = 1)

-- name: TaskChange
UPDATE tasker_core_tasks SET open = ?2, running = ?3, waiting = ?4, stuck = ?5, version = version + 1
WHERE task_id = ?1

-- name: TaskChangeComplete
UPDATE tasker_tasks SET complete = ?2, updated_at = ?3
WHERE task_id = ?1 AND complete <> ?2

-- name: TaskEdit
UPDATE tasker_tasks SET reason = coalesce(?2, reason), tags = coalesce(?3, tags), updated_at = ?4
WHERE task_id = ?1

-- name: TaskEditCore
UPDATE tasker_core_tasks SET priority = coalesce(?2, priority) WHERE task_id = ?1

-- name: TaskAdopt
INSERT INTO tasker_core_tasks (task_id, open, running, waiting, stuck, priority, concurrent, namespace_id)
SELECT t.task_id, 0, 0, 0, 0, ?2, ?3, n.task_namespace_id
FROM json_each(?1) wanted
CROSS JOIN tasker_tasks t ON t.task_id = wanted.value
CROSS JOIN tasker_named_tasks n ON n.named_task_id = t.named_task_id
WHERE true
ON CONFLICT (task_id) DO NOTHING

-- name: TaskAdoptRoutes
INSERT INTO tasker_named_tasks_named_steps (named_task_id, named_step_id, skippable, default_retryable,
    default_retry_limit, created_at, updated_at)
SELECT t.named_task_id, s.named_step_id, max(s.skippable), max(s.retryable), max(coalesce(s.retry_limit, 3)), ?2, ?2
FROM json_each(?1) wanted
CROSS JOIN tasker_tasks t ON t.task_id = wanted.value
CROSS JOIN tasker_workflow_steps s ON s.task_id = t.task_id
WHERE NOT EXISTS (
    SELECT 1 FROM tasker_named_tasks_named_steps r
    WHERE r.named_task_id = t.named_task_id AND r.named_step_id = s.named_step_id
)
GROUP BY t.named_task_id, s.named_step_id
ORDER BY t.named_task_id, s.named_step_id
