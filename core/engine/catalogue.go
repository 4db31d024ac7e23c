package engine

import (
	"context"
	"unicode/utf8"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/query"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// What the catalogue's columns hold, in characters (schema sheet, section 2).
const (
	nameMax        = 64
	stepNameMax    = 128
	descriptionMax = 255
	remoteMax      = 128
)

// lists are the tables of the catalogue as lists.
var lists = map[store.CatalogueKind]*query.Entity{
	store.Namespace: &query.Namespaces, store.NamedTask: &query.NamedTasks, store.NamedStep: &query.NamedSteps,
	store.DependentSystem: &query.DependentSystems, store.ObjectMap: &query.ObjectMaps, store.AnnotationType: &query.AnnotationTypes,
}

// checkLength returns an invalid_request error unless the text has least to most
// characters and no NUL.
func checkLength(path, text string, least, most int) error {
	if n := utf8.RuneCountInString(text); n < least || n > most {
		return fault.New(fault.InvalidRequest, "%s has %d characters; it must have %d to %d", path, n, least, most).At(path).
			With("least", least).With("most", most)
	}
	for _, r := range text {
		if r == 0 {
			return fault.New(fault.InvalidRequest, "%s contains a NUL character", path).At(path).Advise("Remove the NUL.")
		}
	}
	return nil
}

// checkDescription is checkLength for a description that may be absent.
func checkDescription(text *string) error {
	if text == nil {
		return nil
	}
	return checkLength("description", *text, 0, descriptionMax)
}

func entryNotFound(kind store.CatalogueKind, path string) error {
	name := lists[kind].Name
	return fault.New(fault.NotFound, "there is no such %s", name).At(path).Advise("The list of %ss shows what there is.", name)
}

// entryByID reads one entry; path is where the id was given.
func entryByID(ctx context.Context, r store.Reader, kind store.CatalogueKind, id int64, path string) (workflow.CatalogueEntry, error) {
	found, err := r.CatalogueFind(ctx, kind, []int64{id})
	if err != nil || len(found) == 1 {
		return append(found, workflow.CatalogueEntry{})[0], err
	}
	return workflow.CatalogueEntry{}, entryNotFound(kind, path)
}

// getEntry reads an entry by its id or, with id 0, by its key, whose parent has
// a name alone.
func (e *Engine) getEntry(
	ctx context.Context, kind, parent store.CatalogueKind, id int64, key workflow.CatalogueEntry,
) (entry workflow.CatalogueEntry, err error) {
	if id == 0 && key.Name == "" {
		return entry, fault.New(fault.InvalidRequest, "neither id nor name is given").At("id").Advise("Give one of them.")
	}
	err = e.Store.Read(ctx, func(r store.Reader) error {
		path := "id"
		if id == 0 {
			path = "name"
			if parent != "" {
				key.ParentID, err = r.CatalogueIdentify(ctx, parent, workflow.CatalogueEntry{Name: key.Parent})
			}
			if err == nil {
				id, err = r.CatalogueIdentify(ctx, kind, key)
			}
			if err != nil {
				return err
			}
		}
		entry, err = entryByID(ctx, r, kind, id, path)
		return err
	})
	return entry, err
}

// createEntry finds or stores an entry. Its parent, if it has a name, is found
// or stored as well.
func (e *Engine) createEntry(
	ctx context.Context, kind, parent store.CatalogueKind, correlation string, entry workflow.CatalogueEntry,
) (stored workflow.CatalogueEntry, duplicate bool, err error) {
	err = e.write(ctx, correlation, func(u *unit) error {
		wanted := entry
		if parent != "" {
			if wanted.ParentID, _, err = u.entry(parent, workflow.CatalogueEntry{Name: entry.Parent}); err != nil {
				return err
			}
		}
		var id int64
		if id, duplicate, err = u.entry(kind, wanted); err != nil {
			return err
		}
		stored, err = entryByID(u.ctx, u.tx, kind, id, "id")
		return err
	})
	return stored, duplicate, err
}

// entry finds or stores one entry.
func (u *unit) entry(kind store.CatalogueKind, entry workflow.CatalogueEntry) (id int64, existed bool, err error) {
	if id, err = u.tx.CatalogueIdentify(u.ctx, kind, entry); err != nil || id != 0 {
		return id, true, err
	}
	entry.CreatedAt, entry.UpdatedAt = u.now, u.now
	id, err = u.tx.CatalogueInsert(u.ctx, kind, entry)
	return id, false, err
}

// updateEntry changes an entry. What change leaves as it is stays.
func (e *Engine) updateEntry(
	ctx context.Context, kind store.CatalogueKind, correlation string, id int64,
	change func(u *unit, entry *workflow.CatalogueEntry) error,
) (entry workflow.CatalogueEntry, err error) {
	err = e.write(ctx, correlation, func(u *unit) error {
		if entry, err = entryByID(u.ctx, u.tx, kind, id, "id"); err != nil {
			return err
		}
		entry.UpdatedAt = u.now
		if err := change(u, &entry); err != nil {
			return err
		}
		return u.tx.CatalogueUpdate(u.ctx, kind, entry)
	})
	return entry, err
}

// listEntries reads a page of entries.
func (e *Engine) listEntries(
	ctx context.Context, kind store.CatalogueKind, s Selection, p PageRequest, latest bool,
) (entries []workflow.CatalogueEntry, next *string, err error) {
	q, err := (&listing{}).parse(lists[kind], s, p, "", "asc")
	if err != nil {
		return nil, nil, err
	}
	err = e.Store.Read(ctx, func(r store.Reader) error {
		var more []query.Condition
		if latest {
			if more, err = latestVersions(ctx, r, q.Entity); err != nil {
				return err
			}
		}
		entries, next, err = page(ctx, r, q, more, func(ctx context.Context, ids []int64) ([]workflow.CatalogueEntry, error) {
			return r.CatalogueFind(ctx, kind, ids)
		}, func(entry *workflow.CatalogueEntry) int64 { return entry.ID })
		return err
	})
	return entries, next, err
}
