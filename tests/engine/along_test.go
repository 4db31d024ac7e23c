package engine_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// slowStore holds the next write transaction before its commit, once armed.
type slowStore struct {
	store.Store
	armed   *atomic.Bool
	entered chan struct{}
	gate    chan struct{}
}

func (s slowStore) Write(c context.Context, fn func(store.Tx) error) error {
	return s.Store.Write(c, func(tx store.Tx) error {
		err := fn(tx)
		if s.armed.CompareAndSwap(true, false) {
			s.entered <- struct{}{}
			<-s.gate
		}
		return err
	})
}

func TestStepsClaimedForACallThatHadEndedAreReleased(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(single(""))
	slow := slowStore{Store: k.store, armed: &atomic.Bool{}, entered: make(chan struct{}), gate: make(chan struct{})}
	s := newKitOn(t, slow, k.clock)
	w, task := s.worker(), k.create("single")
	slow.armed.Store(true)
	leaving, leave := context.WithCancel(ctx())
	ended := make(chan error)
	go func() {
		_, err := s.ClaimSteps(leaving, engine.ClaimStepsRequest{WorkerID: w})
		ended <- err
	}()
	<-slow.entered
	leave()
	require.Equal(t, fault.Cancelled, fault.KindOf(<-ended))
	close(slow.gate)
	reply, err := s.ClaimSteps(ctx(), engine.ClaimStepsRequest{WorkerID: w, WaitMS: 20_000})
	require.NoError(t, err)
	require.Len(t, reply.Steps, 1, "the step was given back without waiting for its deadline")
	require.Equal(t, 1, reply.Steps[0].Attempt)
	k.requireTruth(task)
}

func TestAForeignEndOfALeasedStepLeavesNoTraceOfTheLease(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(diamond)
	w, task := k.worker(), k.create("diamond")
	step := k.claimOne(w)
	k.foreignMove(step.StepID, workflow.Cancelled)
	k.truth(task)
	k.requireTruth(task)
	require.False(t, k.steps(task)["start"].InProcess)
	require.Equal(t, workflow.Error, k.state(task), "nothing in it can go on")
	require.Equal(t, "conflict", k.report(done(step))[0].Verdict)
}

func TestATaskWhoseStepsAForeignWriterResolvedIsComplete(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(single(""))
	task := k.create("single")
	k.foreignMove(k.steps(task)["only"].StepID, workflow.ResolvedManually)
	k.truth(task)
	require.Equal(t, workflow.Complete, k.state(task))
	k.requireTruth(task)
}

// brokenParents fails the reads that a claim makes of parents.
type brokenParents struct{ store.Store }

type brokenParentsTx struct{ store.Tx }

func (b brokenParents) Write(c context.Context, fn func(store.Tx) error) error {
	return b.Store.Write(c, func(tx store.Tx) error { return fn(brokenParentsTx{tx}) })
}

func (brokenParentsTx) ParentList(context.Context, []int64) ([]store.Parent, error) {
	return nil, fault.New(fault.Unavailable, "away")
}

func TestAReportWhoseClaimFailsInTheStoreCommitsNothing(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(diamond)
	broken := newKitOn(t, brokenParents{k.store}, k.clock)
	w, task := broken.worker(), k.create("diamond")
	step := k.claimOne(k.worker())
	_, err := broken.ReportSteps(ctx(), engine.ReportStepsRequest{Outcomes: []engine.Outcome{done(step)},
		Claim: &engine.ClaimRequest{WorkerID: w, Limit: 1}})
	require.Equal(t, fault.Unavailable, fault.KindOf(err))
	require.Equal(t, workflow.InProgress, k.steps(task)["start"].State, "not even half")
	_, err = broken.CreateTask(ctx(), engine.CreateTaskRequest{NewTask: newTask("diamond"),
		Claim: &engine.ClaimRequest{WorkerID: w, Limit: 1}})
	require.Equal(t, fault.Unavailable, fault.KindOf(err))
	list, err := k.ListTasks(ctx(), engine.ListTasksRequest{})
	require.NoError(t, err)
	require.Len(t, list.Items, 1)
	k.requireTruth(task)
}

func TestAReportOfAWorkerThatIsGoneIsRecordedWithoutItsClaim(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(diamond)
	w, task := k.worker(), k.create("diamond")
	step := k.claimOne(w)
	reply, err := k.ReportSteps(ctx(), engine.ReportStepsRequest{Outcomes: []engine.Outcome{done(step)},
		Claim: &engine.ClaimRequest{WorkerID: w + 1000, Limit: 1}})
	require.NoError(t, err)
	require.Equal(t, "recorded", reply.Verdicts[0].Verdict)
	require.Equal(t, fault.NotFound, reply.ClaimProblem.Code)
	require.Empty(t, reply.Claimed)
	k.requireTruth(task)
}

// stubbornTx loses every move of a task, as if a foreign writer were always
// faster.
type stubbornTx struct{ store.Tx }

type stubbornStore struct{ store.Store }

func (s stubbornStore) Write(c context.Context, fn func(store.Tx) error) error {
	return s.Store.Write(c, func(tx store.Tx) error { return fn(stubbornTx{tx}) })
}

func (stubbornTx) TaskMove(context.Context, []store.Move) ([]store.Moved, error) { return nil, nil }

// A task whose end was lost to a foreign writer went back on the dirty list within
// the sweep that had taken it from there, and the sweep never ended.
func TestASweepEndsThoughATaskKeepsComingBack(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(single(""))
	w, task := k.worker(), k.create("single")
	step := k.claimOne(w)
	stubborn := newKitOn(t, stubbornStore{k.store}, k.clock)
	require.Equal(t, "recorded", stubborn.report(done(step))[0].Verdict)
	require.NoError(t, stubborn.Sweep(ctx()))
	require.Equal(t, workflow.InProgress, k.state(task))
	require.NoError(t, k.Sweep(ctx()))
	require.Equal(t, workflow.Complete, k.state(task), "the next one that is not disturbed mends it")
}
