package store

import (
	"context"

	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// CatalogueKind is a table of the catalogue.
type CatalogueKind string

// The tables of the catalogue. Statements are named by them.
const (
	Namespace       CatalogueKind = "Namespace"
	NamedTask       CatalogueKind = "NamedTask"
	NamedStep       CatalogueKind = "NamedStep"
	DependentSystem CatalogueKind = "DependentSystem"
	ObjectMap       CatalogueKind = "ObjectMap"
	AnnotationType  CatalogueKind = "AnnotationType"
)

// CatalogueReader reads the catalogue.
type CatalogueReader interface {
	// CatalogueFind returns entries by id; unknown ids are absent.
	CatalogueFind(ctx context.Context, kind CatalogueKind, ids []int64) ([]workflow.CatalogueEntry, error)

	// CatalogueIdentify returns the id of the entry with the same key, 0 when
	// there is none: name; parent's id and name, with a task type also version;
	// both systems' and remote ids, in either order.
	CatalogueIdentify(ctx context.Context, kind CatalogueKind, entry workflow.CatalogueEntry) (int64, error)
}

// CatalogueWriter changes the catalogue.
type CatalogueWriter interface {
	// CatalogueInsert stores an entry that CatalogueIdentify did not find and
	// returns its id. When another process stored it meanwhile the transaction
	// runs again.
	CatalogueInsert(ctx context.Context, kind CatalogueKind, entry workflow.CatalogueEntry) (int64, error)

	// CatalogueUpdate sets what is no key: the description, of a task type the
	// configuration too, of an object map the remote ids.
	CatalogueUpdate(ctx context.Context, kind CatalogueKind, entry workflow.CatalogueEntry) error
}
