package engine_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// The fates of a commit whose answer is lost.
const (
	answered int32 = iota
	durable
	takenBack
)

// deafStore loses the answer to the next commit, once armed with its fate.
type deafStore struct {
	store.Store
	fate *atomic.Int32
}

var errTakenBack = errors.New("taken back")

func (s deafStore) Write(c context.Context, fn func(store.Tx) error) error {
	fate := s.fate.Swap(answered)
	err := s.Store.Write(c, func(tx store.Tx) error {
		if err := fn(tx); err != nil || fate != takenBack {
			return err
		}
		return errTakenBack
	})
	if fate == answered || (err != nil && !errors.Is(err, errTakenBack)) {
		return err
	}
	return fault.New(fault.Timeout, "the answer to the commit did not arrive")
}

// deafKit is an engine whose commits can be lost, with a worker.
func deafKit(t *testing.T, k *kit) (deaf *kit, worker int64, lose func(fate int32)) {
	db := deafStore{Store: k.store, fate: &atomic.Int32{}}
	deaf = newKitOn(t, db, k.clock)
	return deaf, deaf.worker(), db.fate.Store
}

func TestLeasesOfACommitWhoseAnswerWasLostAreGivenBack(t *testing.T) {
	t.Parallel()
	for name, call := range map[string]func(*kit, int64) error{
		"claim": func(k *kit, w int64) error {
			_, err := k.ClaimSteps(ctx(), engine.ClaimStepsRequest{WorkerID: w, Limit: 3})
			return err
		},
		"create": func(k *kit, w int64) error {
			_, err := k.CreateTask(ctx(), engine.CreateTaskRequest{NewTask: newTask("single"),
				Claim: &engine.ClaimRequest{WorkerID: w, Limit: 3}})
			return err
		},
		"report": func(k *kit, w int64) error {
			_, err := k.ReportSteps(ctx(), engine.ReportStepsRequest{Outcomes: []engine.Outcome{{StepID: 1 << 40, Status: "complete"}},
				Claim: &engine.ClaimRequest{WorkerID: w, Limit: 3}})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newKit(t)
			k.register(single(""))
			deaf, w, lose := deafKit(t, k)
			task := deaf.create("single")
			lose(durable)
			require.Equal(t, fault.Timeout, fault.KindOf(call(deaf, w)))
			require.Equal(t, workflow.InProgress, k.steps(task)["only"].State, "nobody knows of it")
			require.NoError(t, deaf.Tick(ctx(), false))
			require.Zero(t, k.steps(task)["only"].Attempts)
			require.Equal(t, []workflow.State{workflow.InProgress, workflow.Error, workflow.Pending},
				k.history(k.steps(task)["only"].StepID))
			require.Equal(t, 1, k.claimOne(k.worker()).Attempt)
			k.requireTruth(task)
		})
	}
}

func TestOnlyLeasesThatNobodyHeardOfAreGivenBack(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(single(""))
	deaf, w, lose := deafKit(t, k)
	known, foreign := k.create("single"), k.create("single")
	held, others := deaf.claimOne(w), k.claimOne(k.worker())
	require.Equal(t, []int64{known, foreign}, []int64{held.TaskID, others.TaskID})
	lost := k.create("single")
	lose(durable)
	_, err := deaf.ClaimSteps(ctx(), engine.ClaimStepsRequest{WorkerID: w})
	require.Error(t, err)
	require.NoError(t, deaf.Tick(ctx(), true))
	require.Equal(t, workflow.Pending, k.steps(lost)["only"].State)
	deaf.finish(held)
	k.finish(others)
}

// An embedded file that has taken a commit back gives the same epoch to the next
// claim, which must not be mistaken for the lost one.
func TestALeaseThatIsGrantedAgainAfterACommitWasTakenBackStays(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(single(""))
	deaf, w, lose := deafKit(t, k)
	task := deaf.create("single")
	lose(takenBack)
	_, err := deaf.ClaimSteps(ctx(), engine.ClaimStepsRequest{WorkerID: w})
	require.Equal(t, fault.Timeout, fault.KindOf(err))
	step := deaf.claimOne(w)
	require.NoError(t, deaf.Tick(ctx(), false))
	deaf.finish(step)
	require.Equal(t, workflow.Complete, k.state(task))
}

// brokenDue fails to tell when the next step is due.
type brokenDue struct{ store.Store }

type brokenDueReader struct{ store.Reader }

func (b brokenDue) Read(c context.Context, fn func(store.Reader) error) error {
	return b.Store.Read(c, func(r store.Reader) error { return fn(brokenDueReader{r}) })
}

func (brokenDueReader) ReadyNextDue(context.Context, []int64, workflow.Instant) (workflow.Instant, error) {
	return workflow.Instant{}, fault.New(fault.Unavailable, "away")
}

// A failure to read the next due time, after the commit, hid from the caller what
// it had leased.
func TestWhatWasLeasedIsToldThoughTheNextDueTimeIsNot(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(diamond)
	broken := newKitOn(t, brokenDue{k.store}, k.clock)
	w, task := broken.worker(), k.create("diamond")
	steps := broken.claim(w, 5)
	require.Len(t, steps, 1)
	reply, err := broken.ReportSteps(ctx(), engine.ReportStepsRequest{Outcomes: []engine.Outcome{done(steps[0])},
		Claim: &engine.ClaimRequest{WorkerID: w, Limit: 5}})
	require.NoError(t, err)
	require.Len(t, reply.Claimed, 2)
	k.requireTruth(task)
}
