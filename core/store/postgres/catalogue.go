package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// CatalogueFind returns entries by id; see store.CatalogueReader.
func (t *tx) CatalogueFind(ctx context.Context, kind store.CatalogueKind, ids []int64) ([]workflow.CatalogueEntry, error) {
	return list(ctx, t, "CatalogueFind"+string(kind), func(rows pgx.Rows, e *workflow.CatalogueEntry) error {
		return rows.Scan(&e.ID, &e.Name, &e.Description, &e.ParentID, &e.Parent, &e.Version, raw(&e.Configuration), &e.OtherID,
			&e.Other, &e.RemoteOne, &e.RemoteTwo, instant{&e.CreatedAt}, instant{&e.UpdatedAt})
	}, distinct(ids))
}

// CatalogueIdentify finds an entry by its key; see store.CatalogueReader.
func (t *tx) CatalogueIdentify(ctx context.Context, kind store.CatalogueKind, e workflow.CatalogueEntry) (id int64, err error) {
	err = t.each(ctx, "CatalogueIdentify"+string(kind), scanID(&id), catalogueKey(kind, e)...)
	return id, err
}

// CatalogueInsert stores an entry; see store.CatalogueWriter.
func (t *tx) CatalogueInsert(ctx context.Context, kind store.CatalogueKind, e workflow.CatalogueEntry) (id int64, err error) {
	t.news = true
	err = t.each(ctx, "CatalogueInsert"+string(kind), scanID(&id), append(catalogueKey(kind, e), catalogueRest(kind, e)...)...)
	if violates(err, "") {
		err = fault.Wrap(fault.Conflict, errLostRace, "another process stores the same entry")
		t.failed = err
	}
	return id, err
}

// CatalogueUpdate sets what is no key; see store.CatalogueWriter.
func (t *tx) CatalogueUpdate(ctx context.Context, kind store.CatalogueKind, e workflow.CatalogueEntry) error {
	args := append([]any{e.ID}, catalogueRest(kind, e)...)
	if kind == store.ObjectMap {
		args = []any{e.ID, e.RemoteOne, e.RemoteTwo, stamp(e.UpdatedAt)}
	}
	return t.plan(ctx, "CatalogueUpdate"+string(kind), args...)
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
