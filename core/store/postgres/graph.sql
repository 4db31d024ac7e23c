-- Whether a change is waiting is asked in the statement that reads the version:
-- in two statements a change could slip in between them.

-- name: GraphStamps
SELECT t.task_id, coalesce(k.version, 0),
    EXISTS (SELECT 1 FROM {schema}.tasker_core_dirty d WHERE d.task_id = t.task_id)
FROM {schema}.tasker_tasks t
LEFT JOIN {schema}.tasker_core_tasks k ON k.task_id = t.task_id
WHERE t.task_id = ANY($1::bigint[])

-- Thirteen triggers, none of them disabled (migration 0005); one that fires on
-- replicas only is as good as none.

-- name: GraphStampsWatched
-- only: nobody but this library writes to an embedded file
SELECT count(*) = 13
FROM pg_catalog.pg_trigger g
WHERE g.tgrelid IN ('{schema}.tasker_task_transitions'::regclass, '{schema}.tasker_workflow_step_transitions'::regclass,
        '{schema}.tasker_workflow_step_edges'::regclass, '{schema}.tasker_workflow_steps'::regclass)
    AND g.tgname LIKE 'tasker\_core\_%' AND g.tgenabled IN ('O', 'A')

-- name: GraphListHeads
SELECT t.task_id, t.named_task_id, coalesce(nullif(c.to_state, ''), 'pending'), coalesce(k.concurrent, true),
    k.start_at, coalesce(k.version, 0), EXISTS (SELECT 1 FROM {schema}.tasker_core_dirty d WHERE d.task_id = t.task_id)
FROM {schema}.tasker_tasks t
LEFT JOIN {schema}.tasker_core_tasks k ON k.task_id = t.task_id
LEFT JOIN {schema}.tasker_task_transitions c ON c.task_id = t.task_id AND c.most_recent
WHERE t.task_id = ANY($1::bigint[])
ORDER BY t.task_id

-- StepListByTask without the payloads, which may be megabytes.

-- name: GraphListSteps
SELECT s.workflow_step_id, s.task_id, s.named_step_id, coalesce(n.route, 0), n.name,
    coalesce(nullif(c.to_state, ''), 'pending'), coalesce(c.id, 0), c.created_at,
    CASE WHEN c.to_state = 'error' THEN c.metadata END, s.retryable, s.retry_limit, s.in_process, s.processed,
    s.processed_at, s.attempts, s.last_attempted_at, s.backoff_request_seconds, s.skippable, s.created_at, s.updated_at
FROM {schema}.tasker_workflow_steps s
CROSS JOIN LATERAL (
    SELECT k.name, (
        SELECT r.id FROM {schema}.tasker_named_tasks_named_steps r
        WHERE r.named_step_id = s.named_step_id
          AND r.named_task_id = (SELECT t.named_task_id FROM {schema}.tasker_tasks t WHERE t.task_id = s.task_id)) AS route
    FROM {schema}.tasker_named_steps k
    WHERE k.named_step_id = s.named_step_id
    LIMIT 1
) n
LEFT JOIN LATERAL (
    SELECT h.id, h.to_state, h.created_at, h.metadata FROM {schema}.tasker_workflow_step_transitions h
    WHERE h.workflow_step_id = s.workflow_step_id AND h.most_recent
    LIMIT 1
) c ON true
WHERE s.task_id = ANY($1::bigint[])
ORDER BY s.workflow_step_id

-- The state of a parent is looked up only when it belongs to another task.

-- name: GraphListEdges
SELECT s.task_id, e.from_step_id, e.to_step_id, CASE WHEN p.task_id <> s.task_id THEN coalesce((
    SELECT nullif(c.to_state, '') FROM {schema}.tasker_workflow_step_transitions c
    WHERE c.workflow_step_id = p.workflow_step_id AND c.most_recent), 'pending') ELSE '' END
FROM {schema}.tasker_workflow_steps s
JOIN {schema}.tasker_workflow_step_edges e ON e.to_step_id = s.workflow_step_id
JOIN {schema}.tasker_workflow_steps p ON p.workflow_step_id = e.from_step_id
WHERE s.task_id = ANY($1::bigint[])
ORDER BY e.to_step_id, e.from_step_id

-- name: GraphListLeases
SELECT l.step_id, l.task_id, l.worker_id, l.epoch, l.attempt, l.claimed_at, l.deadline_at
FROM {schema}.tasker_core_leases l
WHERE l.task_id = ANY($1::bigint[])
ORDER BY l.step_id
