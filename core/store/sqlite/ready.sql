-- Per route a look at the top of its queue, in one statement for any number of
-- routes; each look reads at most the limit from the index of its kind.

-- name: ReadyCandidates
SELECT q.step_id, q.task_id, q.route_id, q.namespace_id, q.priority, q.due_at, q.scheduled
FROM json_each(?1) route
CROSS JOIN tasker_core_ready q ON q.step_id IN (
    SELECT top.step_id FROM tasker_core_ready top
    WHERE top.route_id = route.value AND top.scheduled = 0
    ORDER BY top.priority DESC, top.due_at, top.step_id
    LIMIT ?2 + 0
)
ORDER BY q.route_id, q.priority DESC, q.due_at, q.step_id

-- name: ReadyCandidatesScheduled
SELECT q.step_id, q.task_id, q.route_id, q.namespace_id, q.priority, q.due_at, q.scheduled
FROM json_each(?1) route
CROSS JOIN tasker_core_ready q ON q.step_id IN (
    SELECT top.step_id FROM tasker_core_ready top
    WHERE top.route_id = route.value AND top.scheduled = 1 AND top.due_at <= ?3
    ORDER BY top.due_at, top.step_id
    LIMIT ?2 + 0
)
ORDER BY q.route_id, q.due_at, q.step_id

-- name: ReadyNextDue
SELECT min((
    SELECT q.due_at FROM tasker_core_ready q
    WHERE q.route_id = route.value AND q.scheduled = 1 AND q.due_at > ?2
    ORDER BY q.due_at
    LIMIT 1
))
FROM json_each(?1) route

-- The heads of all queues, for workers with many routes: the namespaces that
-- have rows are found by hopping along the index, and of each the first rows are
-- read in the order of claims, up to ?1 of one queue and ?2 in all.

-- name: ReadyWalk
WITH RECURSIVE due (namespace_id) AS (
    SELECT min(namespace_id) FROM tasker_core_ready WHERE scheduled = 0
    UNION ALL
    SELECT (SELECT min(q.namespace_id) FROM tasker_core_ready q
        WHERE q.scheduled = 0 AND q.namespace_id > due.namespace_id)
    FROM due
    WHERE due.namespace_id IS NOT NULL
),
later (namespace_id) AS (
    SELECT min(namespace_id) FROM tasker_core_ready WHERE scheduled = 1
    UNION ALL
    SELECT (SELECT min(q.namespace_id) FROM tasker_core_ready q
        WHERE q.scheduled = 1 AND q.namespace_id > later.namespace_id)
    FROM later
    WHERE later.namespace_id IS NOT NULL
)
SELECT q.step_id, q.task_id, q.route_id, q.namespace_id, q.priority, q.due_at, q.scheduled
FROM due
CROSS JOIN tasker_core_ready q ON q.step_id IN (
    SELECT top.step_id FROM tasker_core_ready top
    WHERE top.namespace_id = due.namespace_id AND top.scheduled = 0
    ORDER BY top.priority DESC, top.due_at, top.step_id
    LIMIT ?1 + 0
)
UNION ALL
SELECT q.step_id, q.task_id, q.route_id, q.namespace_id, q.priority, q.due_at, q.scheduled
FROM later
CROSS JOIN tasker_core_ready q ON q.step_id IN (
    SELECT top.step_id FROM tasker_core_ready top
    WHERE top.namespace_id = later.namespace_id AND top.scheduled = 1 AND top.due_at <= ?3
    ORDER BY top.due_at, top.step_id
    LIMIT ?1 + 0
)
LIMIT ?2 + 0

-- name: ReadyWalkNext
WITH RECURSIVE later (namespace_id) AS (
    SELECT min(namespace_id) FROM tasker_core_ready WHERE scheduled = 1
    UNION ALL
    SELECT (SELECT min(q.namespace_id) FROM tasker_core_ready q
        WHERE q.scheduled = 1 AND q.namespace_id > later.namespace_id)
    FROM later
    WHERE later.namespace_id IS NOT NULL
)
SELECT q.step_id, q.task_id, q.route_id, q.namespace_id, q.priority, q.due_at, q.scheduled
FROM later
CROSS JOIN tasker_core_ready q ON q.step_id IN (
    SELECT top.step_id FROM tasker_core_ready top
    WHERE top.namespace_id = later.namespace_id AND top.scheduled = 1 AND top.due_at > ?3
    ORDER BY top.due_at, top.step_id
    LIMIT ?1 + 0
)
LIMIT ?2 + 0

-- name: ReadyListByTask
SELECT q.step_id, q.task_id, q.route_id, q.namespace_id, q.priority, q.due_at, q.scheduled
FROM json_each(?1) wanted
CROSS JOIN tasker_core_ready q ON q.task_id = wanted.value
ORDER BY q.step_id

-- name: Depths
SELECT
    (SELECT count(*) FROM tasker_core_tasks k
        LEFT JOIN tasker_task_transitions c ON c.task_id = k.task_id AND c.most_recent = 1
        WHERE k.open > 0
          AND coalesce(c.to_state, 'pending') NOT IN ('complete', 'resolved_manually', 'cancelled', 'error')),
    (SELECT count(*) FROM tasker_core_ready WHERE scheduled = 0 OR due_at <= ?1),
    (SELECT count(*) FROM tasker_core_ready WHERE scheduled = 1 AND due_at > ?1),
    (SELECT count(*) FROM tasker_core_leases),
    (SELECT count(*) FROM tasker_core_workers),
    (SELECT count(DISTINCT task_id) FROM tasker_core_dirty)

-- name: ReadyInsert
INSERT INTO tasker_core_ready (step_id, task_id, route_id, namespace_id, priority, due_at, scheduled)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT (step_id) DO NOTHING

-- name: ReadyTake
DELETE FROM tasker_core_ready WHERE step_id IN (SELECT value FROM json_each(?1))
RETURNING step_id, task_id, route_id, namespace_id, priority, due_at, scheduled

-- name: ReadyDelete
DELETE FROM tasker_core_ready WHERE step_id IN (SELECT value FROM json_each(?1))
RETURNING step_id
