-- name: LeaseList
SELECT l.step_id, l.task_id, l.worker_id, l.epoch, l.attempt, l.claimed_at, l.deadline_at
FROM tasker_core_leases l

-- name: LeaseInsert
INSERT INTO tasker_core_leases (step_id, task_id, worker_id, epoch, attempt, claimed_at, deadline_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)

-- name: LeaseDelete
DELETE FROM tasker_core_leases WHERE step_id IN (SELECT value FROM json_each(?1))
