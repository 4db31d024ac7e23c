-- One shape for all tables of the catalogue: every CatalogueFind answers the
-- columns of workflow.CatalogueEntry, empty where the table has none. Each entry
-- is looked for before it is inserted, since an upsert that changes nothing
-- would use up an id, and some of these have 32 bits.

-- name: CatalogueFindNamespace
SELECT c.task_namespace_id, c.name, coalesce(c.description, ''), 0, '', '', NULL::text, 0, '', '', '',
    c.created_at, c.updated_at
FROM {schema}.tasker_task_namespaces c
WHERE c.task_namespace_id = ANY($1::bigint[])
ORDER BY c.task_namespace_id

-- name: CatalogueIdentifyNamespace
SELECT c.task_namespace_id FROM {schema}.tasker_task_namespaces c WHERE c.name = $1::text

-- name: CatalogueInsertNamespace
INSERT INTO {schema}.tasker_task_namespaces (name, description, created_at, updated_at)
VALUES ($1::text, nullif($2::text, ''), $3::timestamp, $3::timestamp)
RETURNING task_namespace_id

-- name: CatalogueUpdateNamespace
UPDATE {schema}.tasker_task_namespaces SET description = nullif($2::text, ''), updated_at = $3::timestamp
WHERE task_namespace_id = $1::bigint

-- name: CatalogueFindDependentSystem
SELECT c.dependent_system_id, c.name, coalesce(c.description, ''), 0, '', '', NULL::text, 0, '', '', '',
    c.created_at, c.updated_at
FROM {schema}.tasker_dependent_systems c
WHERE c.dependent_system_id = ANY($1::bigint[])
ORDER BY c.dependent_system_id

-- name: CatalogueIdentifyDependentSystem
SELECT c.dependent_system_id FROM {schema}.tasker_dependent_systems c WHERE c.name = $1::text

-- name: CatalogueInsertDependentSystem
INSERT INTO {schema}.tasker_dependent_systems (name, description, created_at, updated_at)
VALUES ($1::text, nullif($2::text, ''), $3::timestamp, $3::timestamp)
RETURNING dependent_system_id

-- name: CatalogueUpdateDependentSystem
UPDATE {schema}.tasker_dependent_systems SET description = nullif($2::text, ''), updated_at = $3::timestamp
WHERE dependent_system_id = $1::bigint

-- name: CatalogueFindAnnotationType
SELECT c.annotation_type_id, c.name, coalesce(c.description, ''), 0, '', '', NULL::text, 0, '', '', '',
    c.created_at, c.updated_at
FROM {schema}.tasker_annotation_types c
WHERE c.annotation_type_id = ANY($1::bigint[])
ORDER BY c.annotation_type_id

-- name: CatalogueIdentifyAnnotationType
SELECT c.annotation_type_id FROM {schema}.tasker_annotation_types c WHERE c.name = $1::text

-- name: CatalogueInsertAnnotationType
INSERT INTO {schema}.tasker_annotation_types (name, description, created_at, updated_at)
VALUES ($1::text, nullif($2::text, ''), $3::timestamp, $3::timestamp)
RETURNING annotation_type_id

-- name: CatalogueUpdateAnnotationType
UPDATE {schema}.tasker_annotation_types SET description = nullif($2::text, ''), updated_at = $3::timestamp
WHERE annotation_type_id = $1::bigint

-- name: CatalogueFindNamedStep
SELECT c.named_step_id, c.name, coalesce(c.description, ''), c.dependent_system_id, d.name, '', NULL::text, 0, '', '', '',
    c.created_at, c.updated_at
FROM {schema}.tasker_named_steps c
JOIN {schema}.tasker_dependent_systems d ON d.dependent_system_id = c.dependent_system_id
WHERE c.named_step_id = ANY($1::bigint[])
ORDER BY c.named_step_id

-- name: CatalogueIdentifyNamedStep
SELECT c.named_step_id FROM {schema}.tasker_named_steps c WHERE c.dependent_system_id = $1::bigint AND c.name = $2::text

-- name: CatalogueInsertNamedStep
INSERT INTO {schema}.tasker_named_steps (dependent_system_id, name, description, created_at, updated_at)
VALUES ($1::bigint, $2::text, nullif($3::text, ''), $4::timestamp, $4::timestamp)
RETURNING named_step_id

-- name: CatalogueUpdateNamedStep
UPDATE {schema}.tasker_named_steps SET description = nullif($2::text, ''), updated_at = $3::timestamp
WHERE named_step_id = $1::bigint

-- name: CatalogueFindNamedTask
SELECT c.named_task_id, c.name, coalesce(c.description, ''), c.task_namespace_id, n.name, c.version, c.configuration, 0, '', '', '',
    c.created_at, c.updated_at
FROM {schema}.tasker_named_tasks c
JOIN {schema}.tasker_task_namespaces n ON n.task_namespace_id = c.task_namespace_id
WHERE c.named_task_id = ANY($1::bigint[])
ORDER BY c.named_task_id

-- name: CatalogueIdentifyNamedTask
SELECT c.named_task_id FROM {schema}.tasker_named_tasks c
WHERE c.task_namespace_id = $1::bigint AND c.name = $2::text AND c.version = $3::text

-- name: CatalogueInsertNamedTask
INSERT INTO {schema}.tasker_named_tasks
    (task_namespace_id, name, version, description, configuration, created_at, updated_at)
VALUES ($1::bigint, $2::text, $3::text, nullif($4::text, ''), $5::jsonb, $6::timestamp, $6::timestamp)
RETURNING named_task_id

-- name: CatalogueUpdateNamedTask
UPDATE {schema}.tasker_named_tasks
SET description = nullif($2::text, ''), configuration = $3::jsonb, updated_at = $4::timestamp
WHERE named_task_id = $1::bigint

-- name: CatalogueFindObjectMap
SELECT c.dependent_system_object_map_id, '', '', c.dependent_system_one_id, a.name, '', NULL::text, c.dependent_system_two_id, b.name,
    c.remote_id_one, c.remote_id_two,
    c.created_at, c.updated_at
FROM {schema}.tasker_dependent_system_object_maps c
JOIN {schema}.tasker_dependent_systems a ON a.dependent_system_id = c.dependent_system_one_id
JOIN {schema}.tasker_dependent_systems b ON b.dependent_system_id = c.dependent_system_two_id
WHERE c.dependent_system_object_map_id = ANY($1::bigint[])
ORDER BY c.dependent_system_object_map_id

-- name: CatalogueIdentifyObjectMap
SELECT c.dependent_system_object_map_id FROM {schema}.tasker_dependent_system_object_maps c
WHERE (c.dependent_system_one_id = $1::bigint AND c.dependent_system_two_id = $2::bigint AND c.remote_id_one = $3::text
        AND c.remote_id_two = $4::text)
    OR (c.dependent_system_one_id = $2::bigint AND c.dependent_system_two_id = $1::bigint AND c.remote_id_one = $4::text
        AND c.remote_id_two = $3::text)
ORDER BY c.dependent_system_object_map_id
LIMIT 1

-- name: CatalogueInsertObjectMap
INSERT INTO {schema}.tasker_dependent_system_object_maps
    (dependent_system_one_id, dependent_system_two_id, remote_id_one, remote_id_two, created_at, updated_at)
VALUES ($1::bigint, $2::bigint, $3::text, $4::text, $5::timestamp, $5::timestamp)
RETURNING dependent_system_object_map_id

-- name: CatalogueUpdateObjectMap
UPDATE {schema}.tasker_dependent_system_object_maps
SET remote_id_one = $2::text, remote_id_two = $3::text, updated_at = $4::timestamp
WHERE dependent_system_object_map_id = $1::bigint
