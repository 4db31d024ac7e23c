-- name: WorkerList
SELECT w.worker_id, w.name, w.host, w.pid, w.language, w.routes, w.started_at, w.heartbeat_at
FROM {schema}.tasker_core_workers w
ORDER BY w.worker_id
LIMIT $1::bigint

-- name: WorkerFind
SELECT w.worker_id, w.name, w.host, w.pid, w.language, w.routes, w.started_at, w.heartbeat_at,
    (SELECT count(*) FROM {schema}.tasker_core_leases l WHERE l.worker_id = w.worker_id)
FROM {schema}.tasker_core_workers w
WHERE w.worker_id = ANY($1::bigint[])
ORDER BY w.worker_id

-- name: WorkerInsert
INSERT INTO {schema}.tasker_core_workers (name, host, pid, language, routes, started_at, heartbeat_at)
VALUES ($1::text, $2::text, $3::integer, $4::text, $5::bigint[], $6::timestamp, $7::timestamp)
RETURNING worker_id

-- A claim holds its own worker's row, and whoever declares the worker dead
-- deletes that row first: one of the two waits for the other.

-- name: WorkerHold
SELECT w.worker_id FROM {schema}.tasker_core_workers w WHERE w.worker_id = $1::bigint FOR KEY SHARE

-- name: WorkerTouch
UPDATE {schema}.tasker_core_workers w SET heartbeat_at = $2::timestamp, routes = $3::bigint[]
WHERE w.worker_id = $1::bigint
RETURNING w.worker_id

-- name: WorkerDelete
WITH dead AS MATERIALIZED (
    SELECT w.worker_id FROM {schema}.tasker_core_workers w
    WHERE w.worker_id = ANY($1::bigint[])
    ORDER BY w.worker_id
    FOR UPDATE
)
DELETE FROM {schema}.tasker_core_workers w USING dead WHERE w.worker_id = dead.worker_id

-- name: DirtyExists
SELECT EXISTS (SELECT 1 FROM {schema}.tasker_core_dirty)

-- name: DirtyInsert
INSERT INTO {schema}.tasker_core_dirty (task_id, created_at)
SELECT d.task_id, $2::timestamp FROM unnest($1::bigint[]) WITH ORDINALITY d (task_id, number) ORDER BY d.number

-- A sweep takes entries first and then waits for the tasks; waiting here for
-- its entries with the tasks locked would be a deadlock.

-- name: DirtyDelete
DELETE FROM {schema}.tasker_core_dirty d
WHERE d.id = ANY(ARRAY(
    SELECT own.id FROM {schema}.tasker_core_dirty own
    WHERE own.task_id = ANY($1::bigint[])
    FOR UPDATE SKIP LOCKED
))

-- The rows are found once: as a subquery of IN they could be looked for again,
-- past those that were locked the first time.

-- name: DirtyTake
DELETE FROM {schema}.tasker_core_dirty d
WHERE d.id = ANY(ARRAY(
    SELECT oldest.id FROM {schema}.tasker_core_dirty oldest
    ORDER BY oldest.id
    LIMIT $1::bigint
    FOR UPDATE SKIP LOCKED
))
RETURNING d.id, d.task_id
