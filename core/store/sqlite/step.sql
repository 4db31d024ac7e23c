-- name: StepList
SELECT s.workflow_step_id, s.task_id, s.named_step_id, coalesce(r.id, 0), n.name,
    coalesce(nullif(c.to_state, ''), 'pending'), coalesce(c.id, 0), c.created_at, c.metadata, s.retryable,
    s.retry_limit, s.in_process, s.processed, s.processed_at, s.attempts, s.last_attempted_at,
    s.backoff_request_seconds, s.inputs, s.results, s.skippable, s.created_at, s.updated_at
FROM json_each(?1) wanted
CROSS JOIN tasker_workflow_steps s ON s.workflow_step_id = wanted.value
CROSS JOIN tasker_tasks t ON t.task_id = s.task_id
CROSS JOIN tasker_named_steps n ON n.named_step_id = s.named_step_id
LEFT JOIN tasker_named_tasks_named_steps r
    ON r.named_task_id = t.named_task_id AND r.named_step_id = s.named_step_id
LEFT JOIN tasker_workflow_step_transitions c
    ON c.workflow_step_id = s.workflow_step_id AND c.most_recent = 1
ORDER BY s.task_id, s.workflow_step_id

-- name: StepListByTask
SELECT s.workflow_step_id, s.task_id, s.named_step_id, coalesce(r.id, 0), n.name,
    coalesce(nullif(c.to_state, ''), 'pending'), coalesce(c.id, 0), c.created_at, c.metadata, s.retryable,
    s.retry_limit, s.in_process, s.processed, s.processed_at, s.attempts, s.last_attempted_at,
    s.backoff_request_seconds, s.inputs, s.results, s.skippable, s.created_at, s.updated_at
FROM json_each(?1) wanted
CROSS JOIN tasker_tasks t ON t.task_id = wanted.value
CROSS JOIN tasker_workflow_steps s ON s.task_id = t.task_id
CROSS JOIN tasker_named_steps n ON n.named_step_id = s.named_step_id
LEFT JOIN tasker_named_tasks_named_steps r
    ON r.named_task_id = t.named_task_id AND r.named_step_id = s.named_step_id
LEFT JOIN tasker_workflow_step_transitions c
    ON c.workflow_step_id = s.workflow_step_id AND c.most_recent = 1
ORDER BY s.task_id, s.workflow_step_id

-- name: EdgeListByTask
SELECT e.id, e.from_step_id, e.to_step_id, e.name
FROM json_each(?1) wanted
CROSS JOIN tasker_workflow_steps s ON s.task_id = wanted.value
CROSS JOIN tasker_workflow_step_edges e ON e.to_step_id = s.workflow_step_id
ORDER BY e.id

-- The parent with the greatest id is looked at first: steps are claimed in the
-- order of their ids, so of a thousand parents it is the likeliest to be
-- unfinished, and one look settles the matter.

-- name: ChildList
WITH child (id) AS (
    SELECT DISTINCT e.to_step_id
    FROM json_each(?1) parent
    CROSS JOIN tasker_workflow_step_edges e ON e.from_step_id = parent.value
)
SELECT child.id, (
    SELECT 1 FROM tasker_workflow_step_edges e
    LEFT JOIN tasker_workflow_step_transitions c
        ON c.workflow_step_id = e.from_step_id AND c.most_recent = 1
    WHERE e.to_step_id = child.id
      AND coalesce(c.to_state, 'pending') NOT IN ('complete', 'resolved_manually')
    ORDER BY e.from_step_id DESC
    LIMIT 1
) IS NULL
FROM child

-- name: ParentList
WITH pair (child_id, parent_id) AS (
    SELECT DISTINCT e.to_step_id, e.from_step_id
    FROM json_each(?1) child
    CROSS JOIN tasker_workflow_step_edges e ON e.to_step_id = child.value
)
SELECT pair.child_id, pair.parent_id, n.name, coalesce(nullif(c.to_state, ''), 'pending'), c.metadata,
    s.results
FROM pair
CROSS JOIN tasker_workflow_steps s ON s.workflow_step_id = pair.parent_id
CROSS JOIN tasker_named_steps n ON n.named_step_id = s.named_step_id
LEFT JOIN tasker_workflow_step_transitions c
    ON c.workflow_step_id = pair.parent_id AND c.most_recent = 1
ORDER BY pair.child_id, pair.parent_id

-- name: StepInsert
INSERT INTO tasker_workflow_steps (task_id, named_step_id, retryable, retry_limit, attempts, inputs, results,
    skippable, created_at, updated_at)
VALUES (?1, ?2, ?3, ?4, 0, ?5, '{}', ?6, ?7, ?7)

-- name: EdgeInsert
INSERT INTO tasker_workflow_step_edges (from_step_id, to_step_id, name, created_at, updated_at)
VALUES (?1, ?2, ?3, ?4, ?4)

-- name: StepMoveClear
-- only: SQLite has no data-modifying CTE, so clearing and inserting are two statements
UPDATE tasker_workflow_step_transitions SET most_recent = 0, updated_at = ?3
WHERE id = ?1 AND workflow_step_id = ?2 AND most_recent = 1

-- name: StepMove
INSERT INTO tasker_workflow_step_transitions
    (workflow_step_id, from_state, to_state, metadata, sort_key, most_recent, created_at, updated_at)
SELECT s.workflow_step_id, ?2, ?3, ?4,
    coalesce((
        SELECT max(h.sort_key) FROM tasker_workflow_step_transitions h WHERE h.workflow_step_id = s.workflow_step_id
    ), 0) + 10, ?5, ?6, ?6
FROM tasker_workflow_steps s
WHERE s.workflow_step_id = ?1
  AND NOT EXISTS (
      SELECT 1 FROM tasker_workflow_step_transitions c
      WHERE c.workflow_step_id = s.workflow_step_id AND c.most_recent = 1
  )

-- name: StepChange
UPDATE tasker_workflow_steps
SET retryable = ?2, in_process = ?3, processed = ?4, processed_at = ?5, attempts = ?6, last_attempted_at = ?7,
    backoff_request_seconds = ?8, results = coalesce(?9, results), updated_at = ?10
WHERE workflow_step_id = ?1

-- name: StepEdit
UPDATE tasker_workflow_steps
SET retry_limit = coalesce(?2, retry_limit), inputs = coalesce(?3, inputs), updated_at = ?4
WHERE workflow_step_id = ?1
