package sqlite

import (
	"context"
	"database/sql"

	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// CatalogueFind returns entries by id; see store.CatalogueReader.
func (t *tx) CatalogueFind(ctx context.Context, kind store.CatalogueKind, ids []int64) ([]workflow.CatalogueEntry, error) {
	return list(ctx, t, "CatalogueFind"+string(kind), func(rows *sql.Rows, e *workflow.CatalogueEntry) error {
		return rows.Scan(&e.ID, &e.Name, &e.Description, &e.ParentID, &e.Parent, &e.Version, raw(&e.Configuration), &e.OtherID,
			&e.Other, &e.RemoteOne, &e.RemoteTwo, instant{&e.CreatedAt}, instant{&e.UpdatedAt})
	}, idSet(ids))
}

// CatalogueIdentify finds an entry by its key; see store.CatalogueReader.
func (t *tx) CatalogueIdentify(ctx context.Context, kind store.CatalogueKind, e workflow.CatalogueEntry) (id int64, err error) {
	err = t.each(ctx, "CatalogueIdentify"+string(kind), func(rows *sql.Rows) error { return rows.Scan(&id) }, catalogueKey(kind, e)...)
	return id, err
}

// CatalogueInsert stores an entry; see store.CatalogueWriter.
func (t *tx) CatalogueInsert(ctx context.Context, kind store.CatalogueKind, e workflow.CatalogueEntry) (int64, error) {
	return t.insert(ctx, "CatalogueInsert"+string(kind), append(catalogueKey(kind, e), catalogueRest(kind, e)...)...)
}

// CatalogueUpdate sets what is no key; see store.CatalogueWriter.
func (t *tx) CatalogueUpdate(ctx context.Context, kind store.CatalogueKind, e workflow.CatalogueEntry) error {
	args := append([]any{e.ID}, catalogueRest(kind, e)...)
	if kind == store.ObjectMap {
		args = []any{e.ID, e.RemoteOne, e.RemoteTwo, stamp(e.UpdatedAt)}
	}
	_, err := t.exec(ctx, "CatalogueUpdate"+string(kind), args...)
	return err
}

// catalogueKey are the arguments that identify an entry.
func catalogueKey(kind store.CatalogueKind, e workflow.CatalogueEntry) []any {
	switch kind {
	case store.NamedStep:
		return []any{e.ParentID, e.Name}
	case store.NamedTask:
		return []any{e.ParentID, e.Name, e.Version}
	case store.ObjectMap:
		return []any{e.ParentID, e.OtherID, e.RemoteOne, e.RemoteTwo}
	}
	return []any{e.Name}
}

// catalogueRest are the arguments that follow the key.
func catalogueRest(kind store.CatalogueKind, e workflow.CatalogueEntry) []any {
	switch kind {
	case store.NamedTask:
		return []any{e.Description, text(e.Configuration), stamp(e.UpdatedAt)}
	case store.ObjectMap:
		return []any{stamp(e.UpdatedAt)}
	}
	return []any{e.Description, stamp(e.UpdatedAt)}
}
