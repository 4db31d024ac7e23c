-- One shape for all tables of the catalogue: every CatalogueFind answers the
-- columns of workflow.CatalogueEntry, empty where the table has none. Each entry
-- is looked for before it is inserted, since an upsert that changes nothing
-- would use up an id, and some of these have 32 bits.

-- name: CatalogueFindNamespace
SELECT c.task_namespace_id, c.name, coalesce(c.description, ''), 0, '', '', NULL, 0, '', '', '',
    c.created_at, c.updated_at
FROM json_each(?1) wanted
CROSS JOIN tasker_task_namespaces c ON c.task_namespace_id = wanted.value
ORDER BY c.task_namespace_id

-- name: CatalogueIdentifyNamespace
SELECT c.task_namespace_id FROM tasker_task_namespaces c WHERE c.name = ?1

-- name: CatalogueInsertNamespace
INSERT INTO tasker_task_namespaces (name, description, created_at, updated_at)
VALUES (?1, nullif(?2, ''), ?3, ?3)

-- name: CatalogueUpdateNamespace
UPDATE tasker_task_namespaces SET description = nullif(?2, ''), updated_at = ?3
WHERE task_namespace_id = ?1

-- name: CatalogueFindDependentSystem
SELECT c.dependent_system_id, c.name, coalesce(c.description, ''), 0, '', '', NULL, 0, '', '', '',
    c.created_at, c.updated_at
FROM json_each(?1) wanted
CROSS JOIN tasker_dependent_systems c ON c.dependent_system_id = wanted.value
ORDER BY c.dependent_system_id

-- name: CatalogueIdentifyDependentSystem
SELECT c.dependent_system_id FROM tasker_dependent_systems c WHERE c.name = ?1

-- name: CatalogueInsertDependentSystem
INSERT INTO tasker_dependent_systems (name, description, created_at, updated_at)
VALUES (?1, nullif(?2, ''), ?3, ?3)

-- name: CatalogueUpdateDependentSystem
UPDATE tasker_dependent_systems SET description = nullif(?2, ''), updated_at = ?3
WHERE dependent_system_id = ?1

-- name: CatalogueFindAnnotationType
SELECT c.annotation_type_id, c.name, coalesce(c.description, ''), 0, '', '', NULL, 0, '', '', '',
    c.created_at, c.updated_at
FROM json_each(?1) wanted
CROSS JOIN tasker_annotation_types c ON c.annotation_type_id = wanted.value
ORDER BY c.annotation_type_id

-- name: CatalogueIdentifyAnnotationType
SELECT c.annotation_type_id FROM tasker_annotation_types c WHERE c.name = ?1

-- name: CatalogueInsertAnnotationType
INSERT INTO tasker_annotation_types (name, description, created_at, updated_at)
VALUES (?1, nullif(?2, ''), ?3, ?3)

-- name: CatalogueUpdateAnnotationType
UPDATE tasker_annotation_types SET description = nullif(?2, ''), updated_at = ?3
WHERE annotation_type_id = ?1

-- name: CatalogueFindNamedStep
SELECT c.named_step_id, c.name, coalesce(c.description, ''), c.dependent_system_id, d.name, '', NULL, 0, '', '', '',
    c.created_at, c.updated_at
FROM json_each(?1) wanted
CROSS JOIN tasker_named_steps c ON c.named_step_id = wanted.value
CROSS JOIN tasker_dependent_systems d ON d.dependent_system_id = c.dependent_system_id
ORDER BY c.named_step_id

-- name: CatalogueIdentifyNamedStep
SELECT c.named_step_id FROM tasker_named_steps c WHERE c.dependent_system_id = ?1 AND c.name = ?2

-- name: CatalogueInsertNamedStep
INSERT INTO tasker_named_steps (dependent_system_id, name, description, created_at, updated_at)
VALUES (?1, ?2, nullif(?3, ''), ?4, ?4)

-- name: CatalogueUpdateNamedStep
UPDATE tasker_named_steps SET description = nullif(?2, ''), updated_at = ?3
WHERE named_step_id = ?1

-- name: CatalogueFindNamedTask
SELECT c.named_task_id, c.name, coalesce(c.description, ''), c.task_namespace_id, n.name, c.version, c.configuration, 0, '', '', '',
    c.created_at, c.updated_at
FROM json_each(?1) wanted
CROSS JOIN tasker_named_tasks c ON c.named_task_id = wanted.value
CROSS JOIN tasker_task_namespaces n ON n.task_namespace_id = c.task_namespace_id
ORDER BY c.named_task_id

-- name: CatalogueIdentifyNamedTask
SELECT c.named_task_id FROM tasker_named_tasks c
WHERE c.task_namespace_id = ?1 AND c.name = ?2 AND c.version = ?3

-- name: CatalogueInsertNamedTask
INSERT INTO tasker_named_tasks
    (task_namespace_id, name, version, description, configuration, created_at, updated_at)
VALUES (?1, ?2, ?3, nullif(?4, ''), ?5, ?6, ?6)

-- name: CatalogueUpdateNamedTask
UPDATE tasker_named_tasks
SET description = nullif(?2, ''), configuration = ?3, updated_at = ?4
WHERE named_task_id = ?1

-- name: CatalogueFindObjectMap
SELECT c.dependent_system_object_map_id, '', '', c.dependent_system_one_id, a.name, '', NULL, c.dependent_system_two_id, b.name,
    c.remote_id_one, c.remote_id_two,
    c.created_at, c.updated_at
FROM json_each(?1) wanted
CROSS JOIN tasker_dependent_system_object_maps c ON c.dependent_system_object_map_id = wanted.value
CROSS JOIN tasker_dependent_systems a ON a.dependent_system_id = c.dependent_system_one_id
CROSS JOIN tasker_dependent_systems b ON b.dependent_system_id = c.dependent_system_two_id
ORDER BY c.dependent_system_object_map_id

-- name: CatalogueIdentifyObjectMap
SELECT c.dependent_system_object_map_id FROM tasker_dependent_system_object_maps c
WHERE (c.dependent_system_one_id = ?1 + 0 AND c.dependent_system_two_id = ?2 + 0 AND c.remote_id_one = ?3 || ''
        AND c.remote_id_two = ?4 || '')
    OR (c.dependent_system_one_id = ?2 + 0 AND c.dependent_system_two_id = ?1 + 0 AND c.remote_id_one = ?4 || ''
        AND c.remote_id_two = ?3 || '')
ORDER BY c.dependent_system_object_map_id
LIMIT 1

-- name: CatalogueInsertObjectMap
INSERT INTO tasker_dependent_system_object_maps
    (dependent_system_one_id, dependent_system_two_id, remote_id_one, remote_id_two, created_at, updated_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?5)

-- name: CatalogueUpdateObjectMap
UPDATE tasker_dependent_system_object_maps
SET remote_id_one = ?2, remote_id_two = ?3, updated_at = ?4
WHERE dependent_system_object_map_id = ?1
