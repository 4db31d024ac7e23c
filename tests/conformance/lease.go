package conformance

import (
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

func leasePromises() []promise {
	return []promise{
		{"leases are listed by step id under each filter", listLeases},
		{"a second lease of a step is a Conflict", secondLease},
		{"deleting leases that are gone is no error", deleteLeases},
	}
}

func lease(j job, n int, worker int64, deadline workflow.Instant) workflow.Lease {
	return workflow.Lease{
		StepID: j.steps[n], TaskID: j.task, WorkerID: worker, Epoch: 100 + int64(n), Attempt: 1, ClaimedAt: noon, DeadlineAt: deadline,
	}
}

func listLeases(f *fixture) {
	j, other := f.job("order", 2), f.job("other", 1)
	var worker int64
	f.write(func(tx store.Tx) { worker = must(tx.WorkerInsert(f.ctx, someWorker("w")))(f) })
	minute := noon.Plus(time.Minute)
	all := []workflow.Lease{lease(j, 0, worker, noon), lease(j, 1, 1<<40, minute), lease(other, 0, worker, minute)}
	f.write(func(tx store.Tx) { require.NoError(f, tx.LeaseInsert(f.ctx, []workflow.Lease{all[2], all[0], all[1]})) })
	second := noon.Plus(time.Second)
	for sentence, c := range map[string]struct {
		filter store.LeaseFilter
		want   []workflow.Lease
	}{
		"none":     {store.LeaseFilter{}, all},
		"worker":   {store.LeaseFilter{WorkerIDs: []int64{worker}}, []workflow.Lease{all[0], all[2]}},
		"task":     {store.LeaseFilter{TaskIDs: []int64{j.task}}, all[:2]},
		"deadline": {store.LeaseFilter{DeadlineBefore: &second}, all[:1]},
		"strictly": {store.LeaseFilter{DeadlineBefore: &noon}, nil},
		"orphaned": {store.LeaseFilter{Orphaned: true}, all[1:2]},
		"limit":    {store.LeaseFilter{Limit: 2}, all[:2]},
		"both":     {store.LeaseFilter{WorkerIDs: []int64{worker}, TaskIDs: []int64{other.task}}, all[2:]},
	} {
		f.read(func(r store.Reader) { require.Equal(f, c.want, must(r.LeaseList(f.ctx, c.filter))(f), sentence) })
	}
}

func secondLease(f *fixture) {
	j := f.job("order", 1)
	f.write(func(tx store.Tx) { require.NoError(f, tx.LeaseInsert(f.ctx, []workflow.Lease{lease(j, 0, 1, noon)})) })
	err := f.store.Write(f.ctx, func(tx store.Tx) error {
		return tx.LeaseInsert(f.ctx, []workflow.Lease{lease(j, 0, 2, noon)})
	})
	require.Equal(f, fault.Conflict, fault.KindOf(err))
	f.read(func(r store.Reader) {
		require.Equal(f, []workflow.Lease{lease(j, 0, 1, noon)}, must(r.LeaseList(f.ctx, store.LeaseFilter{}))(f))
	})
}

func deleteLeases(f *fixture) {
	j := f.job("order", 2)
	f.write(func(tx store.Tx) {
		require.NoError(f, tx.LeaseInsert(f.ctx, []workflow.Lease{lease(j, 0, 1, noon), lease(j, 1, 1, noon)}))
		require.NoError(f, tx.LeaseDelete(f.ctx, []int64{j.steps[0], 1 << 40}))
		require.NoError(f, tx.LeaseDelete(f.ctx, []int64{j.steps[0]}))
		require.Equal(f, []workflow.Lease{lease(j, 1, 1, noon)}, must(tx.LeaseList(f.ctx, store.LeaseFilter{}))(f))
	})
}
