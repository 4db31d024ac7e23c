-- name: LeaseList
SELECT l.step_id, l.task_id, l.worker_id, l.epoch, l.attempt, l.claimed_at, l.deadline_at
FROM {schema}.tasker_core_leases l

-- name: LeaseInsert
INSERT INTO {schema}.tasker_core_leases (step_id, task_id, worker_id, epoch, attempt, claimed_at, deadline_at)
SELECT n.step_id, n.task_id, n.worker_id, n.epoch, n.attempt, n.claimed_at, n.deadline_at
FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::integer[], $6::timestamp[], $7::timestamp[])
    n (step_id, task_id, worker_id, epoch, attempt, claimed_at, deadline_at)

-- name: LeaseDelete
DELETE FROM {schema}.tasker_core_leases l WHERE l.step_id = ANY($1::bigint[])
