-- name: TaskTransitions
SELECT h.id, h.task_id, coalesce(h.from_state, ''), h.to_state, h.sort_key, h.most_recent, h.metadata, h.created_at
FROM {schema}.tasker_task_transitions h
WHERE h.task_id = ANY($1::bigint[])
ORDER BY h.task_id, h.sort_key

-- name: StepTransitions
SELECT h.id, h.workflow_step_id, coalesce(h.from_state, ''), h.to_state, h.sort_key, h.most_recent, h.metadata,
    h.created_at
FROM {schema}.tasker_workflow_step_transitions h
WHERE h.workflow_step_id = ANY($1::bigint[])
ORDER BY h.workflow_step_id, h.sort_key

-- name: TaskTransitionFind
SELECT h.id, h.task_id, coalesce(h.from_state, ''), h.to_state, h.sort_key, h.most_recent, h.metadata, h.created_at
FROM {schema}.tasker_task_transitions h
WHERE h.id = ANY($1::bigint[])
ORDER BY h.id

-- name: StepTransitionFind
SELECT h.id, h.workflow_step_id, coalesce(h.from_state, ''), h.to_state, h.sort_key, h.most_recent, h.metadata,
    h.created_at
FROM {schema}.tasker_workflow_step_transitions h
WHERE h.id = ANY($1::bigint[])
ORDER BY h.id

-- name: StepClosings
SELECT h.id, h.workflow_step_id, coalesce(h.from_state, ''), h.to_state, h.sort_key, h.most_recent, h.metadata,
    h.created_at, opened.id
FROM unnest($1::bigint[], $2::bigint[]) lease (step_id, epoch)
JOIN {schema}.tasker_workflow_step_transitions opened
    ON opened.id = lease.epoch AND opened.workflow_step_id = lease.step_id AND opened.to_state = 'in_progress'
CROSS JOIN LATERAL (
    SELECT next.* FROM {schema}.tasker_workflow_step_transitions next
    WHERE next.workflow_step_id = opened.workflow_step_id AND next.sort_key > opened.sort_key
    ORDER BY next.sort_key
    LIMIT 1
) h
