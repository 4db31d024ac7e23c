-- name: NamedTaskFind
SELECT t.named_task_id, t.task_namespace_id, ns.name, t.name, t.version, coalesce(t.description, ''),
    CASE WHEN ?4 THEN t.configuration END, t.created_at, t.updated_at
FROM tasker_task_namespaces ns
CROSS JOIN tasker_named_tasks t ON t.task_namespace_id = ns.task_namespace_id
WHERE ns.name = ?1 || '' AND t.name = ?2 || '' AND t.version = ?3 || ''

-- name: NamedTaskList
SELECT t.named_task_id, t.task_namespace_id, ns.name, t.name, t.version, coalesce(t.description, ''),
    t.configuration, t.created_at, t.updated_at
FROM tasker_named_tasks t
JOIN tasker_task_namespaces ns ON ns.task_namespace_id = t.task_namespace_id

-- name: NamedTaskVersions
SELECT t.named_task_id, ns.name, t.name, t.version
FROM tasker_named_tasks t
JOIN tasker_task_namespaces ns ON ns.task_namespace_id = t.task_namespace_id
ORDER BY t.named_task_id

-- name: RouteList
SELECT r.id, r.named_task_id, r.named_step_id, n.name, d.name, r.skippable, r.default_retryable, r.default_retry_limit
FROM json_each(?1) wanted
CROSS JOIN tasker_named_tasks_named_steps r ON r.named_task_id = wanted.value
CROSS JOIN tasker_named_steps n ON n.named_step_id = r.named_step_id
CROSS JOIN tasker_dependent_systems d ON d.dependent_system_id = n.dependent_system_id
ORDER BY r.id

-- name: RouteStamp
SELECT count(*), coalesce(max(id), 0) FROM tasker_named_tasks_named_steps

-- name: RouteNames
SELECT r.id, ns.name, t.name, t.version, n.name
FROM tasker_named_tasks_named_steps r
CROSS JOIN tasker_named_tasks t ON t.named_task_id = r.named_task_id
CROSS JOIN tasker_task_namespaces ns ON ns.task_namespace_id = t.task_namespace_id
CROSS JOIN tasker_named_steps n ON n.named_step_id = r.named_step_id
ORDER BY r.id

-- Each thing is looked for before it is inserted: an upsert that changes
-- nothing would use up an id.

-- name: NamedTaskInstallFindNamespace
SELECT task_namespace_id FROM tasker_task_namespaces WHERE name = ?1

-- name: NamedTaskInstallNamespace
INSERT INTO tasker_task_namespaces (name, created_at, updated_at) VALUES (?1, ?2, ?2)

-- name: NamedTaskInstallFindSystem
-- only: PostgreSQL installs the steps of a template as sets, to save round trips
SELECT dependent_system_id FROM tasker_dependent_systems WHERE name = ?1

-- name: NamedTaskInstallSystem
-- only: PostgreSQL installs the steps of a template as sets, to save round trips
INSERT INTO tasker_dependent_systems (name, created_at, updated_at) VALUES (?1, ?2, ?2)

-- name: NamedTaskInstallFindStep
-- only: PostgreSQL installs the steps of a template as sets, to save round trips
SELECT named_step_id FROM tasker_named_steps WHERE dependent_system_id = ?1 AND name = ?2

-- name: NamedTaskInstallStep
-- only: PostgreSQL installs the steps of a template as sets, to save round trips
INSERT INTO tasker_named_steps (dependent_system_id, name, description, created_at, updated_at)
VALUES (?1, ?2, nullif(?3, ''), ?4, ?4)

-- name: NamedTaskInstallFind
SELECT named_task_id FROM tasker_named_tasks WHERE task_namespace_id = ?1 AND name = ?2 AND version = ?3

-- name: NamedTaskInstall
INSERT INTO tasker_named_tasks (task_namespace_id, name, version, description, configuration, created_at, updated_at)
VALUES (?1, ?2, ?3, nullif(?4, ''), ?5, ?6, ?6)

-- name: NamedTaskInstallUpdate
UPDATE tasker_named_tasks SET description = nullif(?2, ''), configuration = ?3, updated_at = ?4
WHERE named_task_id = ?1

-- name: NamedTaskInstallFindRoute
-- only: PostgreSQL installs the steps of a template as sets, to save round trips
SELECT id FROM tasker_named_tasks_named_steps WHERE named_task_id = ?1 AND named_step_id = ?2

-- name: NamedTaskInstallRoute
-- only: PostgreSQL installs the steps of a template as sets, to save round trips
INSERT INTO tasker_named_tasks_named_steps
    (named_task_id, named_step_id, skippable, default_retryable, default_retry_limit, created_at, updated_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)

-- name: NamedTaskInstallUpdateRoute
-- only: PostgreSQL installs the steps of a template as sets, to save round trips
UPDATE tasker_named_tasks_named_steps
SET skippable = ?2, default_retryable = ?3, default_retry_limit = ?4, updated_at = ?5
WHERE id = ?1
