package conformance

import (
	"errors"
	"sync"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

func cataloguePromises() []promise {
	return []promise{
		{"entries come back as they were stored and are found by their keys", catalogueRoundTrip},
		{"an object map is found in either order", catalogueMirrored},
		{"an update leaves the key alone", catalogueUpdated},
		{"two writers of one entry store it once", catalogueOnce},
		{"an entry that has no parent is refused", catalogueOrphan},
	}
}

// kinds are the tables whose entries have a name and a description alone.
var kinds = []store.CatalogueKind{store.Namespace, store.DependentSystem, store.AnnotationType}

// entry stores an entry and returns it as it was read again.
func (f *fixture) entry(kind store.CatalogueKind, e workflow.CatalogueEntry) (stored workflow.CatalogueEntry) {
	f.Helper()
	e.CreatedAt, e.UpdatedAt = noon, noon
	f.write(func(tx store.Tx) {
		require.Zero(f, must(tx.CatalogueIdentify(f.ctx, kind, e))(f))
		id := must(tx.CatalogueInsert(f.ctx, kind, e))(f)
		require.Equal(f, id, must(tx.CatalogueIdentify(f.ctx, kind, e))(f))
		stored = must(tx.CatalogueFind(f.ctx, kind, []int64{id, 1 << 40}))(f)[0]
	})
	return stored
}

func catalogueRoundTrip(f *fixture) {
	for _, kind := range kinds {
		e := f.entry(kind, workflow.CatalogueEntry{Name: "it's", Description: "é"})
		require.Equal(f, workflow.CatalogueEntry{ID: e.ID, Name: "it's", Description: "é", CreatedAt: noon, UpdatedAt: noon}, e)
	}
	parent := f.entry(store.DependentSystem, workflow.CatalogueEntry{Name: "billing"})
	step := f.entry(store.NamedStep, workflow.CatalogueEntry{Name: "charge", ParentID: parent.ID})
	require.Equal(f, workflow.CatalogueEntry{ID: step.ID, Name: "charge", ParentID: parent.ID, Parent: "billing", CreatedAt: noon,
		UpdatedAt: noon}, step)
	space := f.entry(store.Namespace, workflow.CatalogueEntry{Name: "shop"})
	kind := f.entry(store.NamedTask, workflow.CatalogueEntry{Name: "order", ParentID: space.ID, Version: "1.0.0",
		Configuration: workflow.JSON(`{"a":1}`)})
	kind.Configuration = plain(f, kind.Configuration)
	require.Equal(f, workflow.CatalogueEntry{ID: kind.ID, Name: "order", ParentID: space.ID, Parent: "shop", Version: "1.0.0",
		Configuration: workflow.JSON(`{"a":1}`), CreatedAt: noon, UpdatedAt: noon}, kind)
}

// objectMap stores an object map of two new systems.
func (f *fixture) objectMap() workflow.CatalogueEntry {
	one := f.entry(store.DependentSystem, workflow.CatalogueEntry{Name: "one"})
	two := f.entry(store.DependentSystem, workflow.CatalogueEntry{Name: "two"})
	return f.entry(store.ObjectMap, workflow.CatalogueEntry{ParentID: one.ID, OtherID: two.ID, RemoteOne: "1", RemoteTwo: "2"})
}

func catalogueMirrored(f *fixture) {
	m := f.objectMap()
	require.Equal(f, []string{"one", "two", "1", "2"}, []string{m.Parent, m.Other, m.RemoteOne, m.RemoteTwo})
	f.read(func(r store.Reader) {
		mirrored := workflow.CatalogueEntry{ParentID: m.OtherID, OtherID: m.ParentID, RemoteOne: "2", RemoteTwo: "1"}
		require.Equal(f, m.ID, must(r.CatalogueIdentify(f.ctx, store.ObjectMap, mirrored))(f))
		mirrored.RemoteOne, mirrored.RemoteTwo = "1", "2"
		require.Zero(f, must(r.CatalogueIdentify(f.ctx, store.ObjectMap, mirrored))(f))
	})
}

func catalogueUpdated(f *fixture) {
	m := f.objectMap()
	system := f.entry(store.DependentSystem, workflow.CatalogueEntry{Name: "billing"})
	m.RemoteTwo, m.UpdatedAt = "3", noon.Plus(1e9)
	changed := system
	changed.Name, changed.Description, changed.UpdatedAt = "other", "new", noon.Plus(1e9)
	f.write(func(tx store.Tx) {
		require.NoError(f, tx.CatalogueUpdate(f.ctx, store.ObjectMap, m))
		require.Equal(f, []workflow.CatalogueEntry{m}, must(tx.CatalogueFind(f.ctx, store.ObjectMap, []int64{m.ID}))(f))
		require.NoError(f, tx.CatalogueUpdate(f.ctx, store.DependentSystem, changed))
		changed.Name = system.Name
		require.Equal(f, []workflow.CatalogueEntry{changed}, must(tx.CatalogueFind(f.ctx, store.DependentSystem, []int64{system.ID}))(f))
	})
}

func catalogueOnce(f *fixture) {
	var ids [4]int64
	var failures [4]error
	var group sync.WaitGroup
	for i := range ids {
		group.Go(func() {
			failures[i] = f.store.Write(f.ctx, func(tx store.Tx) (err error) {
				e := workflow.CatalogueEntry{Name: "same", CreatedAt: noon, UpdatedAt: noon}
				if ids[i], err = tx.CatalogueIdentify(f.ctx, store.Namespace, e); err != nil || ids[i] != 0 {
					return err
				}
				ids[i], err = tx.CatalogueInsert(f.ctx, store.Namespace, e)
				return err
			})
		})
	}
	group.Wait()
	require.NoError(f, errors.Join(failures[:]...))
	for _, id := range ids {
		require.Equal(f, ids[0], id)
	}
}

func catalogueOrphan(f *fixture) {
	err := f.store.Write(f.ctx, func(tx store.Tx) error {
		_, err := tx.CatalogueInsert(f.ctx, store.NamedStep, workflow.CatalogueEntry{Name: "a", ParentID: 404, CreatedAt: noon, UpdatedAt: noon})
		return err
	})
	require.Equal(f, fault.NotFound, fault.KindOf(err))
}
