package store

import (
	"context"

	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// AnnotationReader reads the remarks on tasks.
type AnnotationReader interface {
	// AnnotationListByTask returns the annotations of the tasks, by task and
	// id.
	AnnotationListByTask(ctx context.Context, taskIDs []int64) ([]workflow.Annotation, error)
}

// NewAnnotation is a remark to be stored.
type NewAnnotation struct {
	TaskID int64
	Type   string // name of its type
	Value  workflow.JSON
	At     workflow.Instant
}

// AnnotationWriter stores remarks.
type AnnotationWriter interface {
	// AnnotationInsert stores annotations on tasks that exist and returns them
	// in order, with their ids and those of their types. A type that does not
	// exist is created; one that exists is found without burning an id.
	AnnotationInsert(ctx context.Context, annotations []NewAnnotation) ([]workflow.Annotation, error)
}
