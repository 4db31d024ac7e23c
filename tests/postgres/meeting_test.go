package postgres_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/store/postgres"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
	"github.com/tasker-systems/tasker-core-go/tests/invariant"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

// pausing is a store whose writes can be stopped before their commit, so that
// another session meets them there.
type pausing struct {
	store.Store
	next   atomic.Pointer[pause]
	before atomic.Pointer[func()] // runs before rows are taken off the queue
	runs   atomic.Int64           // transactions, repeats included
}

// pause is a stop of one write.
type pause struct{ reached, release chan struct{} }

func (p *pausing) Write(ctx context.Context, fn func(store.Tx) error) error {
	return p.Store.Write(ctx, func(tx store.Tx) error {
		p.runs.Add(1)
		if err := fn(pausingTx{tx, p}); err != nil {
			return err
		}
		if stop := p.next.Swap(nil); stop != nil {
			close(stop.reached)
			<-stop.release
		}
		return nil
	})
}

type pausingTx struct {
	store.Tx
	store *pausing
}

func (p pausingTx) ReadyTake(ctx context.Context, steps []int64) (store.ReadyTaken, error) {
	if before := p.store.before.Load(); before != nil {
		(*before)()
	}
	return p.Tx.ReadyTake(ctx, steps)
}

// process is an engine as another process has it: its own store on a database
// that it shares with others, whose clock stands still.
type process struct {
	*engine.Engine
	t     *testing.T
	store *pausing
	id    int64 // its worker
}

// meeting is a database on which processes meet. At the end of the test the
// invariants hold.
type meeting struct {
	t     *testing.T
	url   string
	clock *testdb.Clock
	judge store.Store
	*session
}

func newMeeting(t *testing.T, location string) *meeting {
	t.Helper()
	m := &meeting{t: t, url: location, clock: testdb.NewClock(), judge: testdb.OpenPostgres(t, location),
		session: &session{testdb.Connect(t, location), t}}
	t.Cleanup(func() { invariant.Require(t, m.judge) })
	return m
}

// join opens another process, with a worker for every step of the templates.
func (m *meeting) join(templates ...string) *process {
	m.t.Helper()
	p := &process{t: m.t, store: &pausing{Store: testdb.OpenPostgres(m.t, m.url, func(o *postgres.Options) { o.Clock = m.clock.Now })}}
	p.Engine = newEngine(m.t, p.store)
	for _, template := range templates {
		_, err := p.RegisterTemplate(m.t.Context(), engine.RegisterTemplateRequest{Template: workflow.JSON(template)})
		require.NoError(m.t, err)
	}
	info, err := p.RegisterWorker(m.t.Context(), engine.RegisterWorkerRequest{Handlers: []engine.HandlerMatch{{}}})
	require.NoError(m.t, err)
	p.id = info.WorkerID
	return p
}

// create makes a task.
func (p *process) create(name string) int64 {
	p.t.Helper()
	reply, err := p.CreateTask(p.t.Context(), engine.CreateTaskRequest{NewTask: engine.NewTask{Name: name, Context: workflow.JSON(`{"n":1}`)}})
	require.NoError(p.t, err)
	return reply.TaskID
}

// claim claims up to n steps.
func (p *process) claim(n int) []engine.ClaimedStep {
	p.t.Helper()
	reply, err := p.ClaimSteps(p.t.Context(), engine.ClaimStepsRequest{WorkerID: p.id, Limit: n})
	require.NoError(p.t, err)
	return reply.Steps
}

// report completes a step and returns the verdict.
func (p *process) report(step engine.ClaimedStep) (string, error) {
	reply, err := p.ReportSteps(p.t.Context(), engine.ReportStepsRequest{Outcomes: []engine.Outcome{complete(step)}})
	if err != nil {
		return "", err
	}
	return reply.Verdicts[0].Verdict, nil
}

func complete(step engine.ClaimedStep) engine.Outcome {
	return engine.Outcome{StepID: step.StepID, Epoch: step.Epoch, Status: "complete"}
}

// verdict is report for when it must be answered.
func (p *process) verdict(step engine.ClaimedStep) string {
	p.t.Helper()
	verdict, err := p.report(step)
	require.NoError(p.t, err)
	return verdict
}

// midway runs a call of the process up to its commit, then meanwhile, and then
// lets the call end. finish may be called earlier by meanwhile.
func (p *process) midway(call func() error, meanwhile func(finish func())) {
	p.t.Helper()
	stop := &pause{reached: make(chan struct{}), release: make(chan struct{})}
	p.store.next.Store(stop)
	finish := sync.OnceFunc(func() { close(stop.release) })
	defer finish()
	answer := inBackground(call)
	select {
	case <-stop.reached:
	case err := <-answer:
		require.NoError(p.t, err)
		require.Fail(p.t, "the call wrote nothing")
	case <-time.After(patience):
		require.Fail(p.t, "the call hangs")
	}
	meanwhile(finish)
	finish()
	require.NoError(p.t, awaited(p.t, answer))
}

// die lets every worker's heartbeat become as old as a lease in the eyes of a
// process.
func (m *meeting) die(watcher *process) {
	m.t.Helper()
	require.NoError(m.t, watcher.Sweep(m.t.Context()))
	m.clock.Advance(15 * time.Second)
	require.NoError(m.t, watcher.Beat(m.t.Context())) // it lives itself
}

// Task types of these tests.
const (
	onlyStep = `{"name": "only", "step_templates": [{"name": "a"}]}`
	twoRoots = `{"name": "roots", "step_templates": [{"name": "a"}, {"name": "b"}]}`
	join     = `{"name": "join", "step_templates": [{"name": "a"}, {"name": "b"}, {"name": "c", "depends_on_steps": ["a", "b"]}]}`
)
