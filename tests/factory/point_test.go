package factory_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/workflow"
	"github.com/tasker-systems/tasker-core-go/tests/factory"
)

func TestATaskIsDrivenToAnyPointOfItsLife(t *testing.T) {
	t.Parallel()
	lab := newLab(t)
	shape := factory.ParallelMerge()
	for range 2 { // a second task of the type does not disturb
		task := lab.Reach(shape, factory.Point{
			"fetch_user_data":      {State: workflow.Complete, Attempts: 2, Results: workflow.JSON(`{"users":3}`)},
			"fetch_order_data":     {State: workflow.Error, Attempts: 2, WaitSeconds: 30},
			"fetch_inventory_data": {State: workflow.InProgress, Attempts: 1},
			"fetch_pricing_data":   {State: workflow.ResolvedManually},
			"process_user_data":    {State: workflow.Cancelled},
		})
		steps := lab.Steps(task)
		require.Equal(t, workflow.Complete, steps["fetch_user_data"].State)
		require.Equal(t, 2, steps["fetch_user_data"].Attempts)
		require.JSONEq(t, `{"users":3}`, string(steps["fetch_user_data"].Results))
		require.Equal(t, workflow.Error, steps["fetch_order_data"].State)
		require.Equal(t, 30, *steps["fetch_order_data"].BackoffSeconds)
		require.Equal(t, workflow.InProgress, steps["fetch_inventory_data"].State)
		require.True(t, steps["fetch_inventory_data"].InProcess)
		require.Equal(t, workflow.ResolvedManually, steps["fetch_pricing_data"].State)
		require.Equal(t, workflow.Cancelled, steps["process_user_data"].State)
		require.Equal(t, workflow.Pending, steps["merge_all_data"].State)
		require.Equal(t, workflow.At(lab.Clock.Now().Add(30*time.Second)), lab.Context(task).NextWakeAt)
	}
	task := lab.Reach(shape, factory.Point{"fetch_order_data": {State: workflow.Pending, Attempts: 2}})
	require.Equal(t, 2, lab.Steps(task)["fetch_order_data"].Attempts)
}

// stand is a test that keeps its failure to itself.
type stand struct {
	testing.TB
	failed bool
}

func (s *stand) Errorf(string, ...any) { s.failed = true }
func (s *stand) FailNow()              { s.failed = true; runtime.Goexit() }
func (s *stand) Helper()               {}

func TestAPointThatNoLifeLeadsToIsRefused(t *testing.T) {
	t.Parallel()
	for name, point := range map[string]factory.Point{
		"a parent is not done": {"process_user_data": {State: workflow.Complete}},
		"beyond the limit":     {"fetch_user_data": {State: workflow.Error, Attempts: 4}},
		"an unknown step":      {"nowhere": {State: workflow.Complete}},
	} {
		s := &stand{TB: t}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			factory.NewLab(s, factory.SQLite).Reach(factory.ParallelMerge(), point)
		}()
		<-ended
		require.True(t, s.failed, name)
	}
}

func TestBulksAreBroughtToRealisticStates(t *testing.T) {
	t.Parallel()
	lab := newLab(t)
	states := map[workflow.State]int{}
	for _, task := range lab.CreateRealistic(factory.Dataset("nightly")) {
		states[lab.Context(task).Status]++
	}
	require.Equal(t, map[workflow.State]int{workflow.Complete: 9, workflow.Error: 3, workflow.Pending: 18}, states)
	require.Len(t, lab.CreateBulk(factory.Copies("many", factory.Linear())), 25)
}
