package postgres_test

import (
	"bytes"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/notify"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/store/postgres"
	"github.com/tasker-systems/tasker-core-go/core/telemetry"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

// newEngine returns an engine on a store.
func newEngine(t *testing.T, db store.Store) *engine.Engine {
	t.Helper()
	log, err := telemetry.NewLog(100, "debug")
	require.NoError(t, err)
	hub := notify.NewHub(nil)
	e := engine.New(engine.Options{Store: db, Hub: hub, Log: log, Host: "host", PID: 7, Version: "test"})
	t.Cleanup(func() { e.Close(); hub.Close() })
	return e
}

// single registers a task type of one step and a worker for it.
func single(t *testing.T, e *engine.Engine) (worker int64) {
	t.Helper()
	_, err := e.RegisterTemplate(t.Context(), engine.RegisterTemplateRequest{
		Template: workflow.JSON(strconv.Quote("name: single\nstep_templates: [{name: only}]\n"))})
	require.NoError(t, err)
	info, err := e.RegisterWorker(t.Context(), engine.RegisterWorkerRequest{Handlers: []engine.HandlerMatch{{}}})
	require.NoError(t, err)
	return info.WorkerID
}

// loseWriteCommit lets the connection go of the next write that commits; reads
// before it are left alone.
func (p *proxy) loseWriteCommit(deliver bool) {
	var writing, lost atomic.Bool
	lose := func(piece []byte) (bool, bool) {
		if bytes.Contains(piece, []byte("tasker_core.writer")) {
			writing.Store(true)
		}
		return isCommit(piece) && writing.Load() && lost.CompareAndSwap(false, true), deliver
	}
	p.lose.Store(&lose)
}

// newSingle asks for a task, with an idempotency key unless it is empty.
func newSingle(key string) engine.CreateTaskRequest {
	return engine.CreateTaskRequest{NewTask: engine.NewTask{Name: "single", Context: workflow.JSON(`{"n":1}`), IdentityKey: key}}
}

// A claim whose commit was not answered held its step until the handler's
// deadline, which then cost an attempt.
func TestAStepClaimedByACommitWhoseAnswerWasLostIsGivenBack(t *testing.T) {
	t.Parallel()
	for name, delivered := range map[string]bool{"the server has it": true, "the server has it not": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := testdb.RecycledDatabase(t)
			p := newProxy(t, url)
			e := newEngine(t, testdb.OpenPostgres(t, p.url, func(o *postgres.Options) { o.Pooler = true }))
			worker := single(t, e)
			_, err := e.CreateTask(t.Context(), newSingle(""))
			require.NoError(t, err)
			p.loseWriteCommit(delivered)
			_, err = e.ClaimSteps(t.Context(), engine.ClaimStepsRequest{WorkerID: worker})
			require.Equal(t, fault.Unavailable, fault.KindOf(err))
			p.lose.Store(nil)
			require.NoError(t, e.Tick(t.Context(), false))
			reply, err := e.ClaimSteps(t.Context(), engine.ClaimStepsRequest{WorkerID: worker})
			require.NoError(t, err)
			require.Len(t, reply.Steps, 1)
			require.Equal(t, 1, reply.Steps[0].Attempt)
			history, err := e.ListTransitions(t.Context(), engine.ListTransitionsRequest{StepID: reply.Steps[0].StepID})
			require.NoError(t, err)
			states := map[bool]int{true: 4, false: 1}
			require.Len(t, history.Items, states[delivered], "in_progress, error and pending when it was released")
		})
	}
}
