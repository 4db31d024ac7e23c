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

-- name: NamedTaskVersions
SELECT t.named_task_id, ns.name, t.name, t.version
FROM {schema}.tasker_named_tasks t
JOIN {schema}.tasker_task_namespaces ns ON ns.task_namespace_id = t.task_namespace_id
ORDER BY t.named_task_id

-- Names are looked up row by row from here on, by subqueries that the planner
-- cannot turn into joins: on statistics from when the tables were small it
-- joined ten thousand rows with ten thousand in a nested loop (9 s; 30 ms so).

-- name: RouteList
SELECT r.id, r.named_task_id, r.named_step_id, n.name, n.system, r.skippable, r.default_retryable, r.default_retry_limit
FROM {schema}.tasker_named_tasks_named_steps r
CROSS JOIN LATERAL (
    SELECT s.name, (
        SELECT d.name FROM {schema}.tasker_dependent_systems d WHERE d.dependent_system_id = s.dependent_system_id) AS system
    FROM {schema}.tasker_named_steps s
    WHERE s.named_step_id = r.named_step_id
    LIMIT 1
) n
WHERE r.named_task_id = ANY($1::bigint[])
ORDER BY r.id

-- name: RouteStamp
SELECT count(*), coalesce(max(r.id), 0) FROM {schema}.tasker_named_tasks_named_steps r

-- name: RouteNames
SELECT r.id, t.namespace, t.name, t.version,
    (SELECT n.name FROM {schema}.tasker_named_steps n WHERE n.named_step_id = r.named_step_id)
FROM {schema}.tasker_named_tasks_named_steps r
CROSS JOIN LATERAL (
    SELECT k.name, k.version, (
        SELECT ns.name FROM {schema}.tasker_task_namespaces ns WHERE ns.task_namespace_id = k.task_namespace_id) AS namespace
    FROM {schema}.tasker_named_tasks k
    WHERE k.named_task_id = r.named_task_id
    LIMIT 1
) t
ORDER BY r.id

-- Each thing is looked for before it is inserted: an upsert that changes
-- nothing would use up an id, and some of these have 32 bits.

-- name: NamedTaskInstallFindNamespace
SELECT ns.task_namespace_id FROM {schema}.tasker_task_namespaces ns WHERE ns.name = $1::text

-- name: NamedTaskInstallNamespace
INSERT INTO {schema}.tasker_task_namespaces (name, created_at, updated_at) VALUES ($1::text, $2::timestamp, $2::timestamp)
RETURNING task_namespace_id

-- name: NamedTaskInstallSystems
-- only: round trips cost nothing in SQLite, which finds and inserts one by one
INSERT INTO {schema}.tasker_dependent_systems (name, created_at, updated_at)
SELECT w.name, $2::timestamp, $2::timestamp
FROM unnest($1::text[]) WITH ORDINALITY w (name, number)
WHERE (SELECT d.dependent_system_id FROM {schema}.tasker_dependent_systems d WHERE d.name = w.name) IS NULL
ORDER BY w.number

-- name: NamedTaskInstallSteps
-- only: as above
INSERT INTO {schema}.tasker_named_steps (dependent_system_id, name, description, created_at, updated_at)
SELECT w.system_id, w.name, nullif(w.description, ''), $4::timestamp, $4::timestamp
FROM (
    SELECT g.*, (SELECT d.dependent_system_id FROM {schema}.tasker_dependent_systems d WHERE d.name = g.system) AS system_id
    FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY g (system, name, description, number)
) w
WHERE (
    SELECT n.named_step_id FROM {schema}.tasker_named_steps n
    WHERE n.dependent_system_id = w.system_id AND n.name = w.name
) IS NULL
ORDER BY w.number

-- name: NamedTaskInstallFindSteps
-- only: as above
SELECT w.system, w.name, (
    SELECT n.named_step_id FROM {schema}.tasker_named_steps n
    WHERE n.dependent_system_id = (SELECT d.dependent_system_id FROM {schema}.tasker_dependent_systems d WHERE d.name = w.system)
      AND n.name = w.name)
FROM unnest($1::text[], $2::text[]) w (system, name)

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

-- name: NamedTaskInstallUpdateRoutes
-- only: as above
UPDATE {schema}.tasker_named_tasks_named_steps r
SET skippable = w.skippable, default_retryable = w.retryable, default_retry_limit = w.retry_limit, updated_at = $6::timestamp
FROM (
    SELECT g.skippable, g.retryable, g.retry_limit, (
        SELECT x.id FROM {schema}.tasker_named_tasks_named_steps x
        WHERE x.named_task_id = $1::bigint AND x.named_step_id = g.named_step_id) AS id
    FROM unnest($2::bigint[], $3::boolean[], $4::boolean[], $5::integer[]) g (named_step_id, skippable, retryable, retry_limit)
    OFFSET 0
) w
WHERE r.id = w.id

-- name: NamedTaskInstallRoutes
-- only: as above
INSERT INTO {schema}.tasker_named_tasks_named_steps
    (named_task_id, named_step_id, skippable, default_retryable, default_retry_limit, created_at, updated_at)
SELECT $1::bigint, w.named_step_id, w.skippable, w.retryable, w.retry_limit, $6::timestamp, $6::timestamp
FROM unnest($2::bigint[], $3::boolean[], $4::boolean[], $5::integer[]) WITH ORDINALITY
    w (named_step_id, skippable, retryable, retry_limit, number)
WHERE (
    SELECT r.id FROM {schema}.tasker_named_tasks_named_steps r
    WHERE r.named_task_id = $1::bigint AND r.named_step_id = w.named_step_id
) IS NULL
ORDER BY w.number

-- name: NamedTaskInstallFindRoutes
-- only: as above
SELECT r.id, r.named_step_id FROM {schema}.tasker_named_tasks_named_steps r WHERE r.named_task_id = $1::bigint
