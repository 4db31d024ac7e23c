-- name: AnnotationListByTask
SELECT a.task_annotation_id, a.task_id, a.annotation_type_id, y.name, a.annotation, a.created_at
FROM {schema}.tasker_task_annotations a
JOIN {schema}.tasker_annotation_types y ON y.annotation_type_id = a.annotation_type_id
WHERE a.task_id = ANY($1::bigint[])
ORDER BY a.task_id, a.task_annotation_id

-- name: AnnotationInsertFindType
SELECT y.annotation_type_id FROM {schema}.tasker_annotation_types y WHERE y.name = $1::text

-- name: AnnotationInsertType
INSERT INTO {schema}.tasker_annotation_types (name, created_at, updated_at)
VALUES ($1::text, $2::timestamp, $2::timestamp)
RETURNING annotation_type_id

-- Ids are given in the order of the annotations.

-- name: AnnotationInsert
INSERT INTO {schema}.tasker_task_annotations (task_id, annotation_type_id, annotation, created_at, updated_at)
SELECT n.task_id, n.type_id, n.annotation::jsonb, n.at, n.at
FROM unnest($1::bigint[], $2::integer[], $3::text[], $4::timestamp[]) WITH ORDINALITY
    n (task_id, type_id, annotation, at, number)
ORDER BY n.number
RETURNING task_annotation_id
