// Package conformance holds the promises of the store contract as one suite
// that every store must pass, about one subtest per promise. A rule of a store
// belongs here first and into its own tests only where the dialects differ.
package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
	"github.com/tasker-systems/tasker-core-go/tests/invariant"
)

// Open opens a migrated, empty store of the kind under test and closes it when
// the test ends.
type Open func(t *testing.T) store.Store

// promise is one sentence about a store and the test that holds it to it.
type promise struct {
	sentence string
	check    func(f *fixture)
}

// Run checks every promise, each against a store of its own.
func Run(t *testing.T, open Open) {
	t.Helper()
	groups := map[string][]promise{
		"transaction": transactionPromises(), "named_task": namedTaskPromises(), "task": taskPromises(),
		"step": stepPromises(), "move": movePromises(), "transition": transitionPromises(),
		"ready": readyPromises(), "lease": leasePromises(), "worker": workerPromises(), "graph": graphPromises(), "insight": insightPromises(),
		"annotation": annotationPromises(), "list": listPromises(), "catalogue": cataloguePromises(), "survey": surveyPromises(),
	}
	for group, promises := range groups {
		t.Run(group, func(t *testing.T) {
			t.Parallel()
			for _, p := range promises {
				t.Run(p.sentence, func(t *testing.T) {
					t.Parallel()
					f := &fixture{T: t, ctx: t.Context(), store: open(t)}
					p.check(f)
					f.requireHistories()
				})
			}
		})
	}
}

// noon is the instant at which everything in these tests happens.
var noon = workflow.At(time.Date(2026, 3, 1, 12, 0, 0, 123456000, time.UTC))

// fixture is one test with its store.
type fixture struct {
	*testing.T
	ctx   context.Context
	store store.Store
}

// requireHistories checks the rules that hold without an engine: whoever moves by
// compare-and-set leaves one unbroken history. What the engine keeps beside the
// histories these tests make up.
func (f *fixture) requireHistories() {
	f.Helper()
	found, err := invariant.Check(context.WithoutCancel(f.ctx), f.store)
	if fault.KindOf(err) == fault.Closed { // by the test
		return
	}
	require.NoError(f, err)
	require.Empty(f, invariant.Among(found, store.CurrentRow, store.UnbrokenChain, store.KnownState, store.MetadataObject))
}

// write runs fn in a transaction that must commit.
func (f *fixture) write(fn func(tx store.Tx)) {
	f.Helper()
	require.NoError(f, f.store.Write(f.ctx, func(tx store.Tx) error {
		fn(tx)
		return nil
	}))
}

// read runs fn on a snapshot.
func (f *fixture) read(fn func(r store.Reader)) {
	f.Helper()
	require.NoError(f, f.store.Read(f.ctx, func(r store.Reader) error {
		fn(r)
		return nil
	}))
}

// must takes the answer of a call that may not fail; must(call())(f) is its value.
func must[T any](value T, err error) func(f *fixture) T {
	return func(f *fixture) T {
		f.Helper()
		require.NoError(f, err)
		return value
	}
}

// key returns the key of a task type in the namespace shop.
func key(name string) store.NamedTaskKey {
	return store.NamedTaskKey{Namespace: "shop", Name: name, Version: "1.0.0"}
}

// install stores a task type with steps of the system default.
func (f *fixture) install(name string, steps ...string) (workflow.NamedTask, []workflow.Route) {
	f.Helper()
	install := store.NamedTaskInstall{Key: key(name), Configuration: workflow.JSON(`{"name":"` + name + `"}`), At: noon}
	for _, step := range steps {
		install.Steps = append(install.Steps, store.RouteInstall{StepName: step, System: "default", Retryable: true, RetryLimit: 3})
	}
	var named workflow.NamedTask
	var routes []workflow.Route
	f.write(func(tx store.Tx) {
		var err error
		named, routes, err = tx.NamedTaskInstall(f.ctx, install)
		require.NoError(f, err)
	})
	return named, routes
}

// newTask is a task of the type, to be inserted.
func newTask(named workflow.NamedTask, hash string) store.NewTask {
	return store.NewTask{
		NamedTaskID: named.ID, NamespaceID: named.NamespaceID, RequestedAt: noon, Initiator: "somebody", SourceSystem: "tests",
		Reason: "to see", Tags: []string{"red"}, Context: workflow.JSON(`{"order":1}`), IdentityHash: hash, Priority: 2,
		Concurrent: true, Open: 1, At: noon,
	}
}

// job is a stored task with steps a, b, c, … and their route ids.
type job struct {
	task   int64
	steps  []int64
	routes []int64
	named  workflow.NamedTask
}

// job stores a task of a type of its own with n steps and the edges given as
// pairs of positions.
func (f *fixture) job(name string, n int, edges ...[2]int) job {
	f.Helper()
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("%s-%c", name, 'a'+i)
	}
	named, routes := f.install(name, names...)
	j := job{named: named}
	f.write(func(tx store.Tx) {
		ids, err := tx.TaskInsert(f.ctx, []store.NewTask{newTask(named, "identity of "+name)})
		require.NoError(f, err)
		j.task = ids[0]
		var steps []store.NewStep
		for _, route := range routes {
			j.routes = append(j.routes, route.ID)
			steps = append(steps, store.NewStep{
				TaskID: j.task, NamedStepID: route.NamedStepID, Retryable: true, RetryLimit: 3,
				Inputs: workflow.JSON(`{"in":1}`), At: noon,
			})
		}
		j.steps, err = tx.StepInsert(f.ctx, steps)
		require.NoError(f, err)
		var rows []store.NewEdge
		for _, e := range edges {
			rows = append(rows, store.NewEdge{From: j.steps[e[0]], To: j.steps[e[1]], At: noon})
		}
		require.NoError(f, tx.EdgeInsert(f.ctx, rows))
	})
	return j
}

// move moves a step to a state from whatever it is in, and returns the id of
// its new transition.
func (f *fixture) move(tx store.Tx, step int64, to workflow.State) int64 {
	f.Helper()
	now := must(tx.StepList(f.ctx, []int64{step}))(f)[0]
	moved, err := tx.StepMove(f.ctx, []store.Move{{
		OwnerID: step, ExpectedID: now.TransitionID, From: now.State, Path: []store.Hop{{To: to}}, At: noon,
	}})
	require.NoError(f, err)
	require.Len(f, moved, 1)
	return moved[0].TransitionID
}

// plain rewrites a JSON value without white space and with its keys in order:
// what a store must give back is the value with every digit, while jsonb keeps
// neither the white space, the order of keys nor the escapes.
func plain(f *fixture, value workflow.JSON) workflow.JSON {
	f.Helper()
	if value == nil {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(value))
	decoder.UseNumber()
	var decoded any
	require.NoError(f, decoder.Decode(&decoded))
	rewritten, err := json.Marshal(decoded)
	require.NoError(f, err)
	return rewritten
}
