-- name: WorkerList
SELECT worker_id, name, host, pid, language, routes, started_at, heartbeat_at
FROM tasker_core_workers
ORDER BY worker_id
LIMIT ?1 + 0

-- name: WorkerFind
SELECT w.worker_id, w.name, w.host, w.pid, w.language, w.routes, w.started_at, w.heartbeat_at,
    (SELECT count(*) FROM tasker_core_leases l WHERE l.worker_id = w.worker_id)
FROM json_each(?1) wanted
CROSS JOIN tasker_core_workers w ON w.worker_id = wanted.value
ORDER BY w.worker_id

-- name: WorkerInsert
INSERT INTO tasker_core_workers (name, host, pid, language, routes, started_at, heartbeat_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)

-- name: WorkerHold
SELECT count(*) FROM tasker_core_workers WHERE worker_id = ?1

-- name: WorkerTouch
UPDATE tasker_core_workers SET heartbeat_at = ?2, routes = ?3 WHERE worker_id = ?1

-- name: WorkerDelete
DELETE FROM tasker_core_workers WHERE worker_id IN (SELECT value FROM json_each(?1))

-- name: DirtyExists
SELECT EXISTS (SELECT 1 FROM tasker_core_dirty)

-- name: DirtyInsert
INSERT INTO tasker_core_dirty (task_id, created_at) VALUES (?1, ?2)

-- name: DirtyDelete
DELETE FROM tasker_core_dirty WHERE task_id IN (SELECT value FROM json_each(?1))

-- name: DirtyTake
DELETE FROM tasker_core_dirty WHERE id IN (SELECT id FROM tasker_core_dirty ORDER BY id LIMIT ?1 + 0)
RETURNING id, task_id
