-- name: NamedTaskFind
SELECT t.named_task_id, t.task_namespace_id, ns.name, t.name, t.version, coalesce(t.description, ''),
    CASE WHEN $4::boolean THEN t.configuration END, t.created_at, t.updated_at
FROM unnest($1::text[], $2::text[], $3::text[]) wanted (namespace, name, version)
JOIN {schema}.tasker_task_namespaces ns ON ns.name = wanted.namespace
JOIN {schema}.tasker_named_tasks t
    ON t.task_namespace_id = ns.task_namespace_id AND t.name = wanted.name AND t.version = wanted.version

-- name: NamedTaskList
SELECT t.named_task_id, t.task_namespace_id, ns.name, t.name, t.version, coalesce(t.description, ''),
    t.configuration, t.created_at, t.updated_at
FROM {schema}.tasker_named_tasks t
JOIN {schema}.tasker_task_namespaces ns ON ns.task_namespace_id = t.task_namespace_id

-- name: RouteList
SELECT r.id, r.named_task_id, r.named_step_id, n.name, d.name, r.skippable, r.default_retryable, r.default_retry_limit
FROM {schema}.tasker_named_tasks_named_steps r
JOIN {schema}.tasker_named_steps n ON n.named_step_id = r.named_step_id
JOIN {schema}.tasker_dependent_systems d ON d.dependent_system_id = n.dependent_system_id
WHERE r.named_task_id = ANY($1::bigint[])
ORDER BY r.id

-- name: RouteNames
SELECT r.id, ns.name, t.name, t.version, n.name
FROM {schema}.tasker_named_tasks_named_steps r
JOIN {schema}.tasker_named_tasks t ON t.named_task_id = r.named_task_id
JOIN {schema}.tasker_task_namespaces ns ON ns.task_namespace_id = t.task_namespace_id
JOIN {schema}.tasker_named_steps n ON n.named_step_id = r.named_step_id
ORDER BY r.id

-- Each thing is looked for before it is inserted: an upsert that changes
-- nothing would use up an id, and some of these have 32 bits.

-- name: NamedTaskInstallFindNamespace
SELECT ns.task_namespace_id FROM {schema}.tasker_task_namespaces ns WHERE ns.name = $1::text

-- name: NamedTaskInstallNamespace
INSERT INTO {schema}.tasker_task_namespaces (name, created_at, updated_at) VALUES ($1::text, $2::timestamp, $2::timestamp)
RETURNING task_namespace_id

-- name: NamedTaskInstallFindSystem
SELECT d.dependent_system_id FROM {schema}.tasker_dependent_systems d WHERE d.name = $1::text

-- name: NamedTaskInstallSystem
INSERT INTO {schema}.tasker_dependent_systems (name, created_at, updated_at)
VALUES ($1::text, $2::timestamp, $2::timestamp)
RETURNING dependent_system_id

-- name: NamedTaskInstallFindStep
SELECT n.named_step_id FROM {schema}.tasker_named_steps n WHERE n.dependent_system_id = $1::bigint AND n.name = $2::text

-- name: NamedTaskInstallStep
INSERT INTO {schema}.tasker_named_steps (dependent_system_id, name, description, created_at, updated_at)
VALUES ($1::bigint, $2::text, nullif($3::text, ''), $4::timestamp, $4::timestamp)
RETURNING named_step_id

-- name: NamedTaskInstallFind
SELECT t.named_task_id FROM {schema}.tasker_named_tasks t
WHERE t.task_namespace_id = $1::bigint AND t.name = $2::text AND t.version = $3::text

-- name: NamedTaskInstall
INSERT INTO {schema}.tasker_named_tasks
    (task_namespace_id, name, version, description, configuration, created_at, updated_at)
VALUES ($1::bigint, $2::text, $3::text, nullif($4::text, ''), $5::jsonb, $6::timestamp, $6::timestamp)
RETURNING named_task_id

-- name: NamedTaskInstallUpdate
UPDATE {schema}.tasker_named_tasks t
SET description = nullif($2::text, ''), configuration = $3::jsonb, updated_at = $4::timestamp
WHERE t.named_task_id = $1::bigint

-- name: NamedTaskInstallFindRoute
SELECT r.id FROM {schema}.tasker_named_tasks_named_steps r
WHERE r.named_task_id = $1::bigint AND r.named_step_id = $2::bigint

-- name: NamedTaskInstallRoute
INSERT INTO {schema}.tasker_named_tasks_named_steps
    (named_task_id, named_step_id, skippable, default_retryable, default_retry_limit, created_at, updated_at)
VALUES ($1::bigint, $2::bigint, $3::boolean, $4::boolean, $5::integer, $6::timestamp, $6::timestamp)
RETURNING id

-- name: NamedTaskInstallUpdateRoute
UPDATE {schema}.tasker_named_tasks_named_steps r
SET skippable = $2::boolean, default_retryable = $3::boolean, default_retry_limit = $4::integer, updated_at = $5::timestamp
WHERE r.id = $1::bigint
