package conformance

import (
	"fmt"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

func namedTaskPromises() []promise {
	return []promise{
		{"installing returns the task type and its routes in declaration order", installNew},
		{"installing again keeps ids and sets what the template says", installAgain},
		{"routes that a template no longer has stay", routesStay},
		{"a step name may exist once per dependent system", systemsApart},
		{"finding leaves out unknown keys and, when asked, configurations", findNamedTasks},
		{"listing filters, pages and sorts by id", listNamedTasks},
		{"a page is capped", cappedPage},
		{"routes are listed by id with their names", routesByName},
		{"the stamp of the routes changes when one is added", routeStamp},
	}
}

func installNew(f *fixture) {
	named, routes := f.install("order", "zeta", "alpha")
	require.Equal(f, "shop", named.Namespace)
	require.Equal(f, "order", named.Name)
	require.Equal(f, "1.0.0", named.Version)
	require.JSONEq(f, `{"name":"order"}`, string(named.Configuration))
	require.Equal(f, noon, named.CreatedAt)
	require.Equal(f, noon, named.UpdatedAt)
	require.Len(f, routes, 2)
	require.Equal(f, "zeta", routes[0].StepName)
	require.Equal(f, "alpha", routes[1].StepName)
	for _, r := range routes {
		require.NotZero(f, r.ID)
		require.NotZero(f, r.NamedStepID)
		require.Equal(f, named.ID, r.NamedTaskID)
	}
}

func installAgain(f *fixture) {
	before, routes := f.install("order", "pack")
	later := noon.Plus(time.Hour)
	f.write(func(tx store.Tx) {
		after, changed, err := tx.NamedTaskInstall(f.ctx, store.NamedTaskInstall{
			Key: key("order"), Description: "new words", Configuration: workflow.JSON(`{"b":2,"a":1.50}`), At: later,
			Steps: []store.RouteInstall{{StepName: "pack", System: "default", Skippable: true, RetryLimit: 9}},
		})
		require.NoError(f, err)
		require.Equal(f, before.ID, after.ID)
		require.Equal(f, before.NamespaceID, after.NamespaceID)
		require.Equal(f, "new words", after.Description)
		require.JSONEq(f, `{"b":2,"a":1.50}`, string(after.Configuration))
		require.Equal(f, noon, after.CreatedAt)
		require.Equal(f, later, after.UpdatedAt)
		want := routes[0]
		want.Skippable, want.Retryable, want.RetryLimit = true, false, 9
		require.Equal(f, []workflow.Route{want}, changed)
		require.Equal(f, []workflow.Route{want}, must(tx.RouteList(f.ctx, []int64{after.ID}))(f))
	})
}

func routesStay(f *fixture) {
	named, old := f.install("order", "pick", "pack")
	_, now := f.install("order", "pack")
	require.Equal(f, old[1], now[0])
	f.read(func(r store.Reader) { require.Equal(f, old, must(r.RouteList(f.ctx, []int64{named.ID}))(f)) })
}

func systemsApart(f *fixture) {
	f.write(func(tx store.Tx) {
		_, routes, err := tx.NamedTaskInstall(f.ctx, store.NamedTaskInstall{
			Key: key("two"), Configuration: workflow.JSON(`{}`), At: noon,
			Steps: []store.RouteInstall{{StepName: "s", System: "one"}, {StepName: "s", System: "two"}},
		})
		require.NoError(f, err)
		require.NotEqual(f, routes[0].NamedStepID, routes[1].NamedStepID)
		require.Equal(f, "one", routes[0].System)
		require.Equal(f, "two", routes[1].System)
	})
}

func findNamedTasks(f *fixture) {
	order, _ := f.install("order", "a")
	refund, _ := f.install("refund", "a")
	f.read(func(r store.Reader) {
		wanted := []store.NamedTaskKey{key("order"), key("nothing"), key("refund"), {Namespace: "other", Name: "order", Version: "1.0.0"}}
		require.ElementsMatch(f, []workflow.NamedTask{order, refund}, must(r.NamedTaskFind(f.ctx, wanted, true))(f))
		order.Configuration = nil
		require.Equal(f, []workflow.NamedTask{order}, must(r.NamedTaskFind(f.ctx, wanted[:1], false))(f))
	})
}

func listNamedTasks(f *fixture) {
	var all []workflow.NamedTask
	for i := range 4 {
		named, _ := f.install(fmt.Sprintf("type %d", i), "a")
		all = append(all, named)
	}
	name, namespace, version := "type 2", "shop", "1.0.0"
	list := func(filter store.NamedTaskFilter) (found []workflow.NamedTask) {
		f.read(func(r store.Reader) { found = must(r.NamedTaskList(f.ctx, filter))(f) })
		return found
	}
	require.Equal(f, all, list(store.NamedTaskFilter{}))
	require.Equal(f, all[2:3], list(store.NamedTaskFilter{Name: &name, Namespace: &namespace, Version: &version}))
	require.Equal(f, all[1:2], list(store.NamedTaskFilter{IDs: []int64{all[1].ID}}))
	require.Empty(f, list(store.NamedTaskFilter{Version: &name}))
	require.Equal(f, all[1:3], list(store.NamedTaskFilter{Page: store.Page{After: all[0].ID, Limit: 2}}))
	require.Equal(f, []workflow.NamedTask{all[1], all[0]},
		list(store.NamedTaskFilter{Page: store.Page{After: all[2].ID, Limit: 5, Descending: true}}))
}

func cappedPage(f *fixture) {
	for i := range store.DefaultPage + 1 {
		f.install(fmt.Sprintf("type %d", i))
	}
	f.read(func(r store.Reader) {
		require.Len(f, must(r.NamedTaskList(f.ctx, store.NamedTaskFilter{}))(f), store.DefaultPage)
	})
}

func routesByName(f *fixture) {
	_, first := f.install("order", "pick")
	_, second := f.install("refund", "pick", "pay")
	f.read(func(r store.Reader) {
		require.Equal(f, []store.RouteName{
			{RouteID: first[0].ID, Task: key("order"), Step: "pick"},
			{RouteID: second[0].ID, Task: key("refund"), Step: "pick"},
			{RouteID: second[1].ID, Task: key("refund"), Step: "pay"},
		}, must(r.RouteNames(f.ctx))(f))
	})
}

func routeStamp(f *fixture) {
	stamp := func() (now store.RouteStamp) {
		f.read(func(r store.Reader) { now = must(r.RouteStamp(f.ctx))(f) })
		return now
	}
	require.Zero(f, stamp())
	f.install("order", "pick")
	one := stamp()
	f.install("order", "pick")
	require.Equal(f, one, stamp())
	f.install("order", "pick", "pay")
	require.NotEqual(f, one, stamp())
}
