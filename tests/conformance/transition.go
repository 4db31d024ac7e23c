package conformance

import (
	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

func transitionPromises() []promise {
	return []promise{
		{"histories are listed by owner and sort key", histories},
		{"the row after a lease's in_progress row says how it ended", closings},
	}
}

func histories(f *fixture) {
	j := f.job("order", 2)
	f.write(func(tx store.Tx) {
		f.move(tx, j.steps[1], workflow.InProgress)
		f.move(tx, j.steps[0], workflow.InProgress)
		f.move(tx, j.steps[1], workflow.Complete)
		rows := must(tx.StepTransitions(f.ctx, []int64{j.steps[1], j.steps[0], 1 << 40}))(f)
		require.Len(f, rows, 3)
		require.Equal(f, []int64{j.steps[0], j.steps[1], j.steps[1]}, []int64{rows[0].OwnerID, rows[1].OwnerID, rows[2].OwnerID})
		require.Equal(f, workflow.Complete, rows[2].To)
		require.Empty(f, must(tx.TaskTransitions(f.ctx, []int64{j.task}))(f))
	})
}

func closings(f *fixture) {
	j := f.job("order", 2)
	f.write(func(tx store.Tx) {
		first := store.StepEpoch{StepID: j.steps[0], Epoch: f.move(tx, j.steps[0], workflow.InProgress)}
		failed := f.move(tx, j.steps[0], workflow.Error)
		pending := f.move(tx, j.steps[0], workflow.Pending)
		second := store.StepEpoch{StepID: j.steps[0], Epoch: f.move(tx, j.steps[0], workflow.InProgress)}
		open := store.StepEpoch{StepID: j.steps[1], Epoch: f.move(tx, j.steps[1], workflow.InProgress)}
		done := f.move(tx, j.steps[0], workflow.Complete)
		found := must(tx.StepClosings(f.ctx, []store.StepEpoch{
			first, second, open,
			{StepID: j.steps[0], Epoch: pending}, // a row that opened no lease
			{StepID: j.steps[1], Epoch: first.Epoch},
			{StepID: 1 << 40, Epoch: 1 << 40},
		}))(f)
		require.Len(f, found, 2)
		require.Equal(f, failed, found[first].ID)
		require.Equal(f, workflow.Error, found[first].To)
		require.Equal(f, done, found[second].ID)
		require.Equal(f, workflow.Complete, found[second].To)
	})
}
