-- Surveys. Nobody but this library writes to an embedded file, so the engine asks
-- none of them here; the promise is the same on both stores.

-- name: TaskSurveyActive
WITH queued AS (SELECT DISTINCT task_id FROM tasker_core_ready WHERE task_id > ?1 ORDER BY task_id LIMIT ?2 + 0),
leased AS (SELECT DISTINCT task_id FROM tasker_core_leases WHERE task_id > ?1 ORDER BY task_id LIMIT ?2 + 0),
page AS (SELECT task_id FROM queued UNION SELECT task_id FROM leased ORDER BY task_id LIMIT ?2 + 0)
SELECT count(*), coalesce(max(task_id), 0), json_group_array(task_id) FROM page

-- name: TaskSurveyBlocked
WITH page AS MATERIALIZED (
    SELECT k.task_id, k.open > 0 AND k.running = 0 AND k.waiting = 0 AS blocked
    FROM tasker_core_tasks k
    WHERE k.task_id > ?1
    ORDER BY k.task_id
    LIMIT ?2 + 0
)
SELECT count(*), coalesce(max(p.task_id), 0), json_group_array(p.task_id) FILTER (
    WHERE p.blocked AND coalesce(c.to_state, '') NOT IN ('complete', 'cancelled', 'resolved_manually'))
FROM page p
LEFT JOIN tasker_task_transitions c ON c.task_id = p.task_id AND c.most_recent = 1

-- name: TaskSurveyForeign
WITH page AS MATERIALIZED (
    SELECT t.task_id, t.named_task_id, t.complete
    FROM tasker_tasks t
    WHERE t.task_id > ?1
    ORDER BY t.task_id
    LIMIT ?2 + 0
)
SELECT count(*), coalesce(max(p.task_id), 0), json_group_array(p.task_id) FILTER (
    WHERE p.complete = 0 AND k.task_id IS NULL AND ns.name IN (SELECT value FROM json_each(?3)))
FROM page p
CROSS JOIN tasker_named_tasks nt ON nt.named_task_id = p.named_task_id
CROSS JOIN tasker_task_namespaces ns ON ns.task_namespace_id = nt.task_namespace_id
LEFT JOIN tasker_core_tasks k ON k.task_id = p.task_id

-- name: TaskWritten
SELECT t.task_id
FROM json_each(?1) wanted
CROSS JOIN tasker_tasks t ON t.task_id = wanted.value
WHERE t.updated_at >= ?2
    OR EXISTS (
        SELECT 1 FROM tasker_task_transitions c WHERE c.task_id = t.task_id AND c.most_recent = 1 AND c.updated_at >= ?2)
    OR EXISTS (
        SELECT 1 FROM tasker_workflow_steps s
        LEFT JOIN tasker_workflow_step_transitions c ON c.workflow_step_id = s.workflow_step_id AND c.most_recent = 1
        WHERE s.task_id = t.task_id AND (s.updated_at >= ?2 OR c.updated_at >= ?2))
    OR EXISTS (
        SELECT 1 FROM tasker_workflow_steps s
        CROSS JOIN tasker_workflow_step_edges e ON e.to_step_id = s.workflow_step_id
        LEFT JOIN tasker_workflow_step_transitions p ON p.workflow_step_id = e.from_step_id AND p.most_recent = 1
        WHERE s.task_id = t.task_id AND (e.updated_at >= ?2 OR p.updated_at >= ?2))
ORDER BY t.task_id
