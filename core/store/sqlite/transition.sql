-- name: TaskTransitions
SELECT h.id, h.task_id, coalesce(h.from_state, ''), h.to_state, h.sort_key, h.most_recent, h.metadata, h.created_at
FROM json_each(?1) wanted
CROSS JOIN tasker_task_transitions h ON h.task_id = wanted.value
ORDER BY h.task_id, h.sort_key

-- name: StepTransitions
SELECT h.id, h.workflow_step_id, coalesce(h.from_state, ''), h.to_state, h.sort_key, h.most_recent, h.metadata,
    h.created_at
FROM json_each(?1) wanted
CROSS JOIN tasker_workflow_step_transitions h ON h.workflow_step_id = wanted.value
ORDER BY h.workflow_step_id, h.sort_key

-- name: TaskTransitionFind
SELECT h.id, h.task_id, coalesce(h.from_state, ''), h.to_state, h.sort_key, h.most_recent, h.metadata, h.created_at
FROM json_each(?1) wanted
CROSS JOIN tasker_task_transitions h ON h.id = wanted.value
ORDER BY h.id

-- name: StepTransitionFind
SELECT h.id, h.workflow_step_id, coalesce(h.from_state, ''), h.to_state, h.sort_key, h.most_recent, h.metadata,
    h.created_at
FROM json_each(?1) wanted
CROSS JOIN tasker_workflow_step_transitions h ON h.id = wanted.value
ORDER BY h.id

-- name: StepClosings
SELECT h.id, h.workflow_step_id, coalesce(h.from_state, ''), h.to_state, h.sort_key, h.most_recent, h.metadata,
    h.created_at
FROM tasker_workflow_step_transitions opened
CROSS JOIN tasker_workflow_step_transitions h
    ON h.workflow_step_id = opened.workflow_step_id AND h.sort_key > opened.sort_key
WHERE opened.id = ?2 + 0 AND opened.workflow_step_id = ?1 + 0 AND opened.to_state = 'in_progress'
ORDER BY h.sort_key
LIMIT 1
