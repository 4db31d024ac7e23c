-- name: AnnotationListByTask
SELECT a.task_annotation_id, a.task_id, a.annotation_type_id, y.name, a.annotation, a.created_at
FROM json_each(?1) wanted
CROSS JOIN tasker_task_annotations a ON a.task_id = wanted.value
CROSS JOIN tasker_annotation_types y ON y.annotation_type_id = a.annotation_type_id
ORDER BY a.task_id, a.task_annotation_id

-- name: AnnotationInsertFindType
SELECT y.annotation_type_id FROM tasker_annotation_types y WHERE y.name = ?1

-- name: AnnotationInsertType
INSERT INTO tasker_annotation_types (name, created_at, updated_at) VALUES (?1, ?2, ?2)

-- name: AnnotationInsert
INSERT INTO tasker_task_annotations (task_id, annotation_type_id, annotation, created_at, updated_at)
VALUES (?1, ?2, ?3, ?4, ?4)
