package engine_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

func TestEntriesAreCreatedOnceDescribedAndListed(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	first, err := k.CreateEntry(ctx(), engine.NamespaceEntry, engine.CreateEntryRequest{Name: "shop", Description: "orders"})
	require.NoError(t, err)
	require.False(t, first.Duplicate)
	again, err := k.CreateEntry(ctx(), engine.NamespaceEntry, engine.CreateEntryRequest{Name: "shop", Description: "other"})
	require.NoError(t, err)
	require.True(t, again.Duplicate)
	require.Equal(t, first.EntryInfo, again.EntryInfo)
	words := "what it is for"
	changed, err := k.UpdateEntry(ctx(), engine.NamespaceEntry, engine.UpdateEntryRequest{ID: first.ID, Description: &words})
	require.NoError(t, err)
	found, err := k.GetEntry(ctx(), engine.NamespaceEntry, engine.GetEntryRequest{Name: "shop"})
	require.NoError(t, err)
	require.Equal(t, changed, found)
	require.Equal(t, words, found.Description)
	list, err := k.ListEntries(ctx(), engine.NamespaceEntry, engine.ListEntriesRequest{Selection: engine.Selection{
		Where: []engine.Filter{{Field: "name", Op: "ne", Value: workflow.JSON(`"default"`)}}}})
	require.NoError(t, err)
	require.Equal(t, []engine.EntryInfo{found}, list.Items)
	require.Nil(t, list.Next)
}

func TestNamedStepsAndTaskTypesBringTheirParents(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	step, err := k.CreateNamedStep(ctx(), engine.CreateNamedStepRequest{Name: "charge", DependentSystem: "billing"})
	require.NoError(t, err)
	other, err := k.CreateNamedStep(ctx(), engine.CreateNamedStepRequest{Name: "charge"})
	require.NoError(t, err)
	require.NotEqual(t, step.ID, other.ID)
	found, err := k.GetNamedStep(ctx(), engine.GetNamedStepRequest{GetEntryRequest: engine.GetEntryRequest{Name: "charge"},
		DependentSystem: "billing"})
	require.NoError(t, err)
	require.Equal(t, step.NamedStepInfo, found)
	for _, version := range []string{"0.9.0", "0.10.0"} {
		_, err := k.CreateNamedTask(ctx(), engine.CreateNamedTaskRequest{Name: "order", Namespace: "shop", Version: version,
			Configuration: workflow.JSON(`{"a":{"b":1,"c":2}}`)})
		require.NoError(t, err)
	}
	kind, err := k.GetNamedTask(ctx(), engine.GetNamedTaskRequest{GetEntryRequest: engine.GetEntryRequest{Name: "order"}, Namespace: "shop"})
	require.NoError(t, err)
	require.Equal(t, "0.10.0", kind.Version)
	merged, err := k.UpdateNamedTask(ctx(), engine.UpdateNamedTaskRequest{UpdateEntryRequest: engine.UpdateEntryRequest{ID: kind.ID},
		Configuration: workflow.JSON(`{"a":{"b":3},"d":null}`)})
	require.NoError(t, err)
	require.JSONEq(t, `{"a":{"b":3,"c":2},"d":null}`, string(merged.Configuration))
	latest, err := k.ListNamedTasks(ctx(), engine.ListNamedTasksRequest{Latest: true})
	require.NoError(t, err)
	require.Len(t, latest.Items, 1)
	require.Equal(t, kind.ID, latest.Items[0].ID)
}

func TestATemplateIsNotChangedByHalves(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(diamond)
	list, err := k.ListNamedTasks(ctx(), engine.ListNamedTasksRequest{})
	require.NoError(t, err)
	_, err = k.UpdateNamedTask(ctx(), engine.UpdateNamedTaskRequest{UpdateEntryRequest: engine.UpdateEntryRequest{ID: list.Items[0].ID},
		Configuration: workflow.JSON(`{"step_templates":[]}`)})
	require.Equal(t, fault.Conflict, fault.KindOf(err))
}

func TestAnObjectMapIsOneInEitherOrder(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	r := engine.CreateObjectMapRequest{SystemOne: "billing", RemoteIDOne: "c9", SystemTwo: "shop", RemoteIDTwo: "42"}
	_, err := k.CreateObjectMap(ctx(), r)
	require.Equal(t, fault.NotFound, fault.KindOf(err))
	for _, system := range []string{"billing", "shop"} {
		_, err := k.CreateEntry(ctx(), engine.SystemEntry, engine.CreateEntryRequest{Name: system})
		require.NoError(t, err)
	}
	first, err := k.CreateObjectMap(ctx(), r)
	require.NoError(t, err)
	mirrored, err := k.CreateObjectMap(ctx(), engine.CreateObjectMapRequest{SystemOne: "shop", RemoteIDOne: "42", SystemTwo: "billing",
		RemoteIDTwo: "c9"})
	require.NoError(t, err)
	require.True(t, mirrored.Duplicate)
	require.Equal(t, first.ObjectMapInfo, mirrored.ObjectMapInfo)
	r.RemoteIDTwo = "43"
	second, err := k.CreateObjectMap(ctx(), r)
	require.NoError(t, err)
	_, err = k.UpdateObjectMap(ctx(), engine.UpdateObjectMapRequest{ID: second.ID, RemoteIDTwo: "42"})
	require.Equal(t, fault.Duplicate, fault.KindOf(err))
	changed, err := k.UpdateObjectMap(ctx(), engine.UpdateObjectMapRequest{ID: second.ID, RemoteIDTwo: "44"})
	require.NoError(t, err)
	found, err := k.GetObjectMap(ctx(), engine.GetObjectMapRequest{ID: second.ID})
	require.NoError(t, err)
	require.Equal(t, changed, found)
	require.Equal(t, "44", found.RemoteIDTwo)
	list, err := k.ListObjectMaps(ctx(), engine.ListEntriesRequest{Selection: engine.Selection{
		Where: []engine.Filter{{Field: "remote_id_one", Value: workflow.JSON(`"c9"`)}}, Sort: "remote_id_two", Order: "desc"}})
	require.NoError(t, err)
	require.Equal(t, []engine.ObjectMapInfo{found, first.ObjectMapInfo}, list.Items)
}

func TestTheCatalogueRefusesWhatItsColumnsDoNotHold(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	long, words := strings.Repeat("é", 65), strings.Repeat("a", 256)
	for name, call := range map[string]func() error{
		"no name": func() error {
			_, err := k.CreateEntry(ctx(), engine.SystemEntry, engine.CreateEntryRequest{})
			return err
		},
		"long name": func() error {
			_, err := k.CreateEntry(ctx(), engine.AnnotationTypeEntry, engine.CreateEntryRequest{Name: long})
			return err
		},
		"NUL": func() error {
			_, err := k.CreateEntry(ctx(), engine.AnnotationTypeEntry, engine.CreateEntryRequest{Name: "a\x00"})
			return err
		},
		"long description": func() error {
			_, err := k.UpdateEntry(ctx(), engine.SystemEntry, engine.UpdateEntryRequest{ID: 1, Description: &words})
			return err
		},
		"version": func() error {
			_, err := k.CreateNamedTask(ctx(), engine.CreateNamedTaskRequest{Name: "order", Version: "1.0"})
			return err
		},
		"configuration": func() error {
			_, err := k.CreateNamedTask(ctx(), engine.CreateNamedTaskRequest{Name: "order", Configuration: workflow.JSON(`[]`)})
			return err
		},
		"neither id nor name": func() error {
			_, err := k.GetEntry(ctx(), engine.SystemEntry, engine.GetEntryRequest{})
			return err
		},
		"field": func() error {
			_, err := k.ListEntries(ctx(), engine.SystemEntry, engine.ListEntriesRequest{Selection: engine.Selection{Sort: "version"}})
			return err
		},
	} {
		require.Equal(t, fault.InvalidRequest, fault.KindOf(call()), name)
	}
	for name, call := range map[string]func() error{
		"id": func() error {
			_, err := k.GetEntry(ctx(), engine.SystemEntry, engine.GetEntryRequest{ID: 404})
			return err
		},
		"name": func() error {
			_, err := k.GetEntry(ctx(), engine.SystemEntry, engine.GetEntryRequest{Name: "no"})
			return err
		},
		"map": func() error { _, err := k.GetObjectMap(ctx(), engine.GetObjectMapRequest{ID: 404}); return err },
		"step": func() error {
			_, err := k.UpdateNamedStep(ctx(), engine.UpdateEntryRequest{ID: 404})
			return err
		},
		"type": func() error {
			_, err := k.GetNamedTask(ctx(), engine.GetNamedTaskRequest{GetEntryRequest: engine.GetEntryRequest{Name: "no"}})
			return err
		},
	} {
		require.Equal(t, fault.NotFound, fault.KindOf(call()), name)
	}
}
