package postgres_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
	"github.com/tasker-systems/tasker-core-go/tests/invariant"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

// A lease that is shorter than the outages here.
const (
	shortLease = 3 * time.Second
	outage     = 5 * time.Second
)

// shortLeased are the settings of such a lease.
func shortLeased() map[string]any {
	return map[string]any{"lease_seconds": shortLease / time.Second, "sweep_seconds": 0.5}
}

// survivor is a worker with a step in hand that must outlive an outage of the
// database, and another process that looks for dead workers. Each has a way of its
// own to the server.
type survivor struct {
	t            *testing.T
	worker       *engine.Engine
	id, other    int64 // the workers of both
	step         engine.ClaimedStep
	mine, theirs *proxy
	watcher      func() *session // a session that looks on, while the server is there
}

func newSurvivor(t *testing.T, location string) *survivor {
	t.Helper()
	s := &survivor{t: t, mine: newProxy(t, location), theirs: newProxy(t, location)}
	s.watcher = func() *session { return &session{testdb.Connect(t, location), t} }
	s.worker = openConfigured(t, s.mine.url, nil, shortLeased()).Cases()
	s.id = single(t, s.worker)
	s.other = single(t, openConfigured(t, s.theirs.url, nil, shortLeased()).Cases())
	_, err := s.worker.CreateTask(t.Context(), newSingle(""))
	require.NoError(t, err)
	reply, err := s.worker.ClaimSteps(t.Context(), engine.ClaimStepsRequest{WorkerID: s.id})
	require.NoError(t, err)
	require.Len(t, reply.Steps, 1)
	s.step = reply.Steps[0]
	s.waitForBeats(s.id, 2)
	s.waitForBeats(s.other, 2) // which has looked as often
	return s
}

// beat tells when a worker was last heard of, empty when it is gone.
func (s *survivor) beat(watcher *session, id int64) (at string) {
	s.t.Helper()
	require.NoError(s.t, watcher.QueryRow(s.t.Context(),
		"SELECT coalesce(max(heartbeat_at)::text, '') FROM tasker_core_workers WHERE worker_id = $1", id).Scan(&at))
	return at
}

// waitForBeats returns after so many new heartbeats of a worker.
func (s *survivor) waitForBeats(id int64, n int) {
	s.t.Helper()
	watcher := s.watcher()
	for last := s.beat(watcher, id); n > 0; n-- {
		require.Eventually(s.t, func() bool { return s.beat(watcher, id) != last }, patience, 10*time.Millisecond, "no heartbeat")
		last = s.beat(watcher, id)
		require.NotEmpty(s.t, last, "worker %d was declared dead", id)
	}
}

// survives checks that the worker is not declared dead in the time in which a
// dead one would be, and that its outcome counts.
func (s *survivor) survives() {
	s.t.Helper()
	for range 2 * int(shortLease/time.Second) { // heartbeats come each second
		s.waitForBeats(s.other, 1)
		require.NotEmpty(s.t, s.beat(s.watcher(), s.id), "the worker was declared dead")
	}
	reply, err := s.worker.ReportSteps(s.t.Context(), engine.ReportStepsRequest{Outcomes: []engine.Outcome{
		{StepID: s.step.StepID, Epoch: s.step.Epoch, Status: "complete"}}})
	require.NoError(s.t, err)
	require.Equal(s.t, "recorded", reply.Verdicts[0].Verdict)
	require.Equal(s.t, workflow.Complete, reply.Verdicts[0].TaskState)
	history, err := s.worker.ListTransitions(s.t.Context(), engine.ListTransitionsRequest{StepID: s.step.StepID})
	require.NoError(s.t, err)
	require.Len(s.t, history.Items, 2, "the lease was never taken away")
}

// away lets a proxy lose every connection until it is let go.
func (p *proxy) away() (back func()) {
	lose := func([]byte) (bool, bool) { return true, false }
	p.lose.Store(&lose)
	p.cutAll()
	return func() { p.lose.Store(nil) }
}

// hold lets a proxy pass nothing on to the server until it is let go.
func (p *proxy) hold(t *testing.T) (on func()) {
	gate := make(chan struct{})
	lose := func([]byte) (bool, bool) { <-gate; return false, false }
	p.lose.Store(&lose)
	on = sync.OnceFunc(func() { p.lose.Store(nil); close(gate) })
	t.Cleanup(on) // or closing the engine would wait for ever
	return on
}

// TestNoWorkerThatLivesIsDeclaredDeadForAnOutage stops the server for longer than
// a lease. Whoever looks for the dead finds it again before the worker does.
func TestNoWorkerThatLivesIsDeclaredDeadForAnOutage(t *testing.T) {
	t.Parallel()
	cluster := testdb.NewPostgresCluster(t)
	s := newSurvivor(t, cluster.URL)
	cluster.Stop()
	back := s.mine.away()
	time.Sleep(outage)
	cluster.Start()
	s.waitForBeats(s.other, 1)
	back()
	s.survives()
	invariant.Require(t, testdb.OpenPostgres(t, cluster.URL))
}

// TestNoWorkerThatLivesIsDeclaredDeadForADatabaseThatHung has a database that
// answers nobody for longer than a lease and then goes on: no call fails.
func TestNoWorkerThatLivesIsDeclaredDeadForADatabaseThatHung(t *testing.T) {
	t.Parallel()
	location := testdb.PostgresDatabase(t)
	s := newSurvivor(t, location)
	mine, theirs := s.mine.hold(t), s.theirs.hold(t)
	time.Sleep(outage)
	theirs()
	s.waitForBeats(s.other, 2)
	mine()
	s.survives()
	invariant.Require(t, testdb.OpenPostgres(t, location))
}

// TestAWorkerThatStaysAwayIsDeclaredDead shows that those above can fail: a worker
// that does not come back after the outage is dead one lease later.
func TestAWorkerThatStaysAwayIsDeclaredDead(t *testing.T) {
	t.Parallel()
	location := testdb.PostgresDatabase(t)
	s := newSurvivor(t, location)
	mine, theirs := s.mine.hold(t), s.theirs.hold(t)
	time.Sleep(outage)
	theirs()
	watcher := s.watcher()
	require.Eventually(t, func() bool { return s.beat(watcher, s.id) == "" }, patience, 10*time.Millisecond)
	mine()
	reply, err := s.worker.ReportSteps(t.Context(), engine.ReportStepsRequest{Outcomes: []engine.Outcome{
		{StepID: s.step.StepID, Epoch: s.step.Epoch, Status: "complete"}}})
	require.NoError(t, err)
	require.Equal(t, "lease_lost", reply.Verdicts[0].Verdict)
}
