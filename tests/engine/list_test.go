package engine_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

func TestStepsAreListedByScopeAndPage(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(diamond)
	task := k.create("diamond")
	k.create("diamond")
	all, err := k.ListSteps(ctx(), engine.ListStepsRequest{TaskID: task, PageRequest: engine.PageRequest{Limit: 3}})
	require.NoError(t, err)
	require.Len(t, all.Items, 3)
	require.NotNil(t, all.Next)
	rest, err := k.ListSteps(ctx(), engine.ListStepsRequest{TaskID: task, PageRequest: engine.PageRequest{Limit: 3, After: *all.Next}})
	require.NoError(t, err)
	require.Len(t, rest.Items, 1)
	require.Nil(t, rest.Next, "null at the end")
	_, err = k.ListSteps(ctx(), engine.ListStepsRequest{PageRequest: engine.PageRequest{After: *all.Next}})
	require.Equal(t, fault.InvalidRequest, fault.KindOf(err), "a cursor belongs to its list")
	exactly, err := k.ListSteps(ctx(), engine.ListStepsRequest{TaskID: task, PageRequest: engine.PageRequest{Limit: 4}})
	require.NoError(t, err)
	require.Nil(t, exactly.Next, "a full last page is the last")
	roots, err := k.ListSteps(ctx(), engine.ListStepsRequest{TaskID: task, Selection: engine.Selection{
		Where: []engine.Filter{{Field: "parent_count", Value: workflow.JSON("0")}}}})
	require.NoError(t, err)
	require.Len(t, roots.Items, 1)
	require.Equal(t, "start", roots.Items[0].Name)
}

func TestHistoriesOfManyOwnersAreListed(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(diamond)
	task := k.create("diamond")
	w := k.worker()
	step := k.claimOne(w)
	k.report(failed(step))
	of, err := k.ListTransitions(ctx(), engine.ListTransitionsRequest{TaskID: task, Of: "step", Selection: engine.Selection{
		Where: []engine.Filter{{Field: "to_state", Value: workflow.JSON(`"error"`)},
			{Field: "metadata", Path: []string{"attempt"}, Value: workflow.JSON("1")}}}})
	require.NoError(t, err)
	require.Len(t, of.Items, 1)
	require.Equal(t, step.StepID, of.Items[0].StepID)
	all, err := k.ListTransitions(ctx(), engine.ListTransitionsRequest{Selection: engine.Selection{Sort: "sort_key", Order: "desc"}})
	require.NoError(t, err)
	require.NotEmpty(t, all.Items)
	for _, r := range []engine.ListTransitionsRequest{{TaskID: task, StepID: step.StepID}, {StepID: step.StepID, Of: "task"}, {Of: "worker"}} {
		_, err := k.ListTransitions(ctx(), r)
		require.Equal(t, fault.InvalidRequest, fault.KindOf(err))
	}
}

func TestAHistoryIsSummedUp(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(diamond)
	task := k.create("diamond")
	w := k.worker()
	step := k.claimOne(w)
	k.report(failed(step))
	k.clock.Advance(time.Hour)
	again := k.claimOne(w)
	took := int64(1500)
	k.report(engine.Outcome{StepID: again.StepID, Epoch: again.Epoch, Status: "complete", DurationMS: &took})
	reply, err := k.ListTransitions(ctx(), engine.ListTransitionsRequest{StepID: step.StepID, Statistics: true,
		PageRequest: engine.PageRequest{Limit: 1}})
	require.NoError(t, err)
	require.Len(t, reply.Items, 1)
	got := reply.Statistics
	require.Equal(t, map[string]int{"in_progress": 2, "error": 1, "pending": 1, "complete": 1}, got.ByState)
	require.Equal(t, []int{5, 5, 1}, []int{got.Total, got.LastDay, got.Retries})
	require.InDelta(t, 900, *got.MeanGapSeconds, 1e-9)
	require.InDelta(t, 1.5, *got.MeanDurationSeconds, 1e-9)
	k.clock.Advance(24 * time.Hour)
	reply, err = k.ListTransitions(ctx(), engine.ListTransitionsRequest{TaskID: task, Statistics: true})
	require.NoError(t, err)
	require.Zero(t, reply.Statistics.LastDay)
	require.Nil(t, reply.Statistics.MeanDurationSeconds)
	_, err = k.ListTransitions(ctx(), engine.ListTransitionsRequest{Of: "step", Statistics: true})
	require.Equal(t, fault.InvalidRequest, fault.KindOf(err))
}

func TestTheLatestVersionIsTheGreatestAndNotTheLastText(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	for _, version := range []string{"0.9.0", "0.10.0", "0.2.0"} {
		k.register("name: order\nversion: " + version + "\nstep_templates:\n  - name: a\n")
	}
	k.register("name: refund\nversion: 1.0.0\nstep_templates:\n  - name: a\n")
	list, err := k.ListTemplates(ctx(), engine.ListTemplatesRequest{Latest: true, PageRequest: engine.PageRequest{Limit: 1}})
	require.NoError(t, err)
	require.Equal(t, "0.10.0", list.Items[0].Version)
	list, err = k.ListTemplates(ctx(), engine.ListTemplatesRequest{Latest: true, PageRequest: engine.PageRequest{Limit: 1, After: *list.Next}})
	require.NoError(t, err)
	require.Equal(t, "refund", list.Items[0].Name)
	require.Nil(t, list.Next)
}
