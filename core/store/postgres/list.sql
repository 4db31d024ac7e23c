-- Each Select is a relation whose columns are the fields of a list in
-- core/query, completed by conditions, order and limit. What a query does not
-- name costs nothing, since the planner takes the relation apart.

-- name: SelectTask
SELECT t.task_id, coalesce(nullif(c.to_state, ''), 'pending') AS state,
    coalesce(c.created_at, t.created_at) AS state_since,
    EXISTS (
        SELECT 1 FROM {schema}.tasker_workflow_steps s
        LEFT JOIN {schema}.tasker_workflow_step_transitions h
            ON h.workflow_step_id = s.workflow_step_id AND h.most_recent
        WHERE s.task_id = t.task_id
          AND coalesce(nullif(h.to_state, ''), 'pending')
              NOT IN ('complete', 'error', 'cancelled', 'resolved_manually')
    ) AS active,
    ns.name AS namespace, nt.name, nt.version, t.named_task_id, coalesce(k.priority, 0) AS priority, t.complete,
    coalesce(t.initiator, '') AS initiator, coalesce(t.source_system, '') AS source_system,
    coalesce(t.reason, '') AS reason, t.identity_hash, t.tags AS tag, t.bypass_steps::jsonb AS bypass_step, t.context,
    t.requested_at, t.created_at, t.updated_at
FROM {schema}.tasker_tasks t
JOIN {schema}.tasker_named_tasks nt ON nt.named_task_id = t.named_task_id
JOIN {schema}.tasker_task_namespaces ns ON ns.task_namespace_id = nt.task_namespace_id
LEFT JOIN {schema}.tasker_task_transitions c ON c.task_id = t.task_id AND c.most_recent
LEFT JOIN {schema}.tasker_core_tasks k ON k.task_id = t.task_id

-- name: SelectTaskAnnotation
SELECT a.task_id AS owner, y.name AS type, a.annotation AS value
FROM {schema}.tasker_task_annotations a
JOIN {schema}.tasker_annotation_types y ON y.annotation_type_id = a.annotation_type_id

-- name: SelectTaskStepState
SELECT s.task_id AS owner, coalesce(nullif(h.to_state, ''), 'pending') AS value
FROM {schema}.tasker_workflow_steps s
LEFT JOIN {schema}.tasker_workflow_step_transitions h ON h.workflow_step_id = s.workflow_step_id AND h.most_recent

-- name: SelectTaskStepCompletedAt
SELECT s.task_id AS owner, h.created_at AS value
FROM {schema}.tasker_workflow_steps s
JOIN {schema}.tasker_workflow_step_transitions h
    ON h.workflow_step_id = s.workflow_step_id AND h.most_recent AND h.to_state = 'complete'

-- name: SelectStep
SELECT s.workflow_step_id AS step_id, s.task_id, n.name, s.named_step_id,
    coalesce(nullif(c.to_state, ''), 'pending') AS state, coalesce(c.created_at, s.created_at) AS state_since,
    ns.name AS namespace, nt.name AS task_name, nt.version, t.created_at AS task_created_at,
    coalesce(s.attempts, 0) AS attempts, coalesce(s.retry_limit, 3) AS retry_limit, s.retryable,
    s.retryable AND coalesce(s.attempts, 0) < coalesce(s.retry_limit, 3) AS retries_left, s.in_process, s.processed,
    s.skippable, s.processed_at, s.last_attempted_at, s.backoff_request_seconds,
    (SELECT count(*) FROM {schema}.tasker_workflow_step_edges e WHERE e.to_step_id = s.workflow_step_id) AS parent_count,
    (SELECT count(*) FROM {schema}.tasker_workflow_step_edges e WHERE e.from_step_id = s.workflow_step_id) AS child_count,
    s.inputs, s.results, s.created_at, s.updated_at
FROM {schema}.tasker_workflow_steps s
JOIN {schema}.tasker_tasks t ON t.task_id = s.task_id
JOIN {schema}.tasker_named_tasks nt ON nt.named_task_id = t.named_task_id
JOIN {schema}.tasker_task_namespaces ns ON ns.task_namespace_id = nt.task_namespace_id
JOIN {schema}.tasker_named_steps n ON n.named_step_id = s.named_step_id
LEFT JOIN {schema}.tasker_workflow_step_transitions c ON c.workflow_step_id = s.workflow_step_id AND c.most_recent

-- name: SelectStepParent
SELECT e.to_step_id AS owner, e.from_step_id AS value FROM {schema}.tasker_workflow_step_edges e

-- name: SelectStepChild
SELECT e.from_step_id AS owner, e.to_step_id AS value FROM {schema}.tasker_workflow_step_edges e

-- Two steps are siblings when their lists of parents are equal, duplicates
-- included; a root has none.

-- name: SelectStepSibling
SELECT a.to_step_id AS owner, b.to_step_id AS value
FROM {schema}.tasker_workflow_step_edges a
JOIN {schema}.tasker_workflow_step_edges b ON b.from_step_id = a.from_step_id AND b.to_step_id <> a.to_step_id
WHERE ARRAY(
        SELECT e.from_step_id FROM {schema}.tasker_workflow_step_edges e WHERE e.to_step_id = a.to_step_id
        ORDER BY e.from_step_id)
    = ARRAY(
        SELECT e.from_step_id FROM {schema}.tasker_workflow_step_edges e WHERE e.to_step_id = b.to_step_id
        ORDER BY e.from_step_id)

-- name: SelectTaskTransition
SELECT h.id, h.task_id, h.to_state, nullif(h.from_state, '') AS from_state, h.sort_key, h.most_recent, h.metadata,
    h.created_at
FROM {schema}.tasker_task_transitions h

-- name: SelectStepTransition
SELECT h.id, s.task_id, h.workflow_step_id AS step_id, n.name, h.to_state, nullif(h.from_state, '') AS from_state,
    h.to_state = 'pending' AND EXISTS (
        SELECT 1 FROM {schema}.tasker_workflow_step_transitions b
        WHERE b.workflow_step_id = h.workflow_step_id AND b.sort_key < h.sort_key AND b.to_state = 'error'
    ) AS retry,
    h.sort_key, h.most_recent, h.metadata, h.created_at
FROM {schema}.tasker_workflow_step_transitions h
JOIN {schema}.tasker_workflow_steps s ON s.workflow_step_id = h.workflow_step_id
JOIN {schema}.tasker_named_steps n ON n.named_step_id = s.named_step_id

-- name: SelectNamedTask
SELECT t.named_task_id AS id, ns.name AS namespace, t.name, t.version, coalesce(t.description, '') AS description,
    t.configuration, t.created_at, t.updated_at
FROM {schema}.tasker_named_tasks t
JOIN {schema}.tasker_task_namespaces ns ON ns.task_namespace_id = t.task_namespace_id

-- name: SelectWorker
SELECT w.worker_id, w.name, w.host, w.pid, w.language,
    (SELECT count(*) FROM {schema}.tasker_core_leases l WHERE l.worker_id = w.worker_id) AS leases,
    w.started_at, w.heartbeat_at
FROM {schema}.tasker_core_workers w

-- name: SelectWorkerRoute
SELECT w.worker_id AS owner, e.value FROM {schema}.tasker_core_workers w CROSS JOIN unnest(w.routes) e (value)

-- name: SelectNamespace
SELECT c.task_namespace_id AS id, c.name, coalesce(c.description, '') AS description, c.created_at, c.updated_at
FROM {schema}.tasker_task_namespaces c

-- name: SelectDependentSystem
SELECT c.dependent_system_id AS id, c.name, coalesce(c.description, '') AS description, c.created_at, c.updated_at
FROM {schema}.tasker_dependent_systems c

-- name: SelectAnnotationType
SELECT c.annotation_type_id AS id, c.name, coalesce(c.description, '') AS description, c.created_at, c.updated_at
FROM {schema}.tasker_annotation_types c

-- name: SelectNamedStep
SELECT c.named_step_id AS id, c.name, d.name AS dependent_system, coalesce(c.description, '') AS description,
    c.created_at, c.updated_at
FROM {schema}.tasker_named_steps c
JOIN {schema}.tasker_dependent_systems d ON d.dependent_system_id = c.dependent_system_id

-- name: SelectObjectMap
SELECT c.dependent_system_object_map_id AS id, a.name AS system_one, c.remote_id_one, b.name AS system_two,
    c.remote_id_two, c.created_at, c.updated_at
FROM {schema}.tasker_dependent_system_object_maps c
JOIN {schema}.tasker_dependent_systems a ON a.dependent_system_id = c.dependent_system_one_id
JOIN {schema}.tasker_dependent_systems b ON b.dependent_system_id = c.dependent_system_two_id
