package sqlite

import (
	"context"
	"database/sql"

	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// AnnotationListByTask returns the remarks on tasks; see store.AnnotationReader.
func (t *tx) AnnotationListByTask(ctx context.Context, taskIDs []int64) ([]workflow.Annotation, error) {
	return list(ctx, t, "AnnotationListByTask", func(rows *sql.Rows, a *workflow.Annotation) error {
		return rows.Scan(&a.ID, &a.TaskID, &a.TypeID, &a.Type, raw(&a.Value), instant{&a.CreatedAt})
	}, idSet(taskIDs))
}

// AnnotationInsert stores remarks; see store.AnnotationWriter.
func (t *tx) AnnotationInsert(ctx context.Context, annotations []store.NewAnnotation) ([]workflow.Annotation, error) {
	types := map[string]int64{}
	stored := make([]workflow.Annotation, 0, len(annotations))
	for _, n := range annotations {
		if types[n.Type] == 0 {
			id, _, err := t.findOrInsert(ctx, "AnnotationInsertFindType", []any{n.Type},
				"AnnotationInsertType", []any{n.Type, stamp(n.At)})
			if err != nil {
				return nil, err
			}
			types[n.Type] = id
		}
		id, err := t.insert(ctx, "AnnotationInsert", n.TaskID, types[n.Type], text(n.Value), stamp(n.At))
		if err != nil {
			return nil, err
		}
		stored = append(stored, workflow.Annotation{ID: id, TaskID: n.TaskID, TypeID: types[n.Type], Type: n.Type,
			Value: n.Value, CreatedAt: n.At})
	}
	return stored, nil
}
