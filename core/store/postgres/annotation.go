package postgres

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// AnnotationListByTask returns the remarks on tasks; see store.AnnotationReader.
func (t *tx) AnnotationListByTask(ctx context.Context, taskIDs []int64) ([]workflow.Annotation, error) {
	return list(ctx, t, "AnnotationListByTask", func(rows pgx.Rows, a *workflow.Annotation) error {
		return rows.Scan(&a.ID, &a.TaskID, &a.TypeID, &a.Type, raw(&a.Value), instant{&a.CreatedAt})
	}, distinct(taskIDs))
}

// AnnotationInsert stores remarks; see store.AnnotationWriter. Of two that make
// the same type at once the second begins again and finds it.
func (t *tx) AnnotationInsert(ctx context.Context, annotations []store.NewAnnotation) ([]workflow.Annotation, error) {
	types, err := t.annotationTypes(ctx, annotations)
	if violates(err, "") {
		t.failed = fault.Wrap(fault.Conflict, errLostRace, "another process creates the same annotation type")
		err = t.failed
	}
	if err != nil {
		return nil, err
	}
	ids, err := list(ctx, t, "AnnotationInsert", func(rows pgx.Rows, id *int64) error { return rows.Scan(id) },
		column(annotations, func(n *store.NewAnnotation) int64 { return n.TaskID }),
		column(annotations, func(n *store.NewAnnotation) int64 { return types[n.Type] }),
		column(annotations, func(n *store.NewAnnotation) *string { return text(n.Value) }),
		column(annotations, func(n *store.NewAnnotation) pgtype.Timestamp { return stamp(n.At) }))
	if err != nil {
		return nil, err
	}
	slices.Sort(ids) // given in order, so this is the order of the annotations
	stored := make([]workflow.Annotation, len(ids))
	for i, n := range annotations {
		stored[i] = workflow.Annotation{ID: ids[i], TaskID: n.TaskID, TypeID: types[n.Type], Type: n.Type,
			Value: n.Value, CreatedAt: n.At}
	}
	return stored, nil
}

// annotationTypes finds or creates the types in the order of their names, so
// that two that create some in common wait in one direction only.
func (t *tx) annotationTypes(ctx context.Context, annotations []store.NewAnnotation) (map[string]int64, error) {
	names := column(annotations, func(n *store.NewAnnotation) string { return n.Type })
	slices.Sort(names)
	types := map[string]int64{}
	for _, name := range slices.Compact(names) {
		id, _, err := t.findOrInsert(ctx, "AnnotationInsertFindType", []any{name},
			"AnnotationInsertType", []any{name, stamp(annotations[0].At)})
		if err != nil {
			return nil, err
		}
		types[name] = id
	}
	return types, nil
}
