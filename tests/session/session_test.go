package session_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/tasker-systems/tasker-core-go/capi/session"
	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// No goroutine of an engine outlives its close.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func at(path, more string) []byte { return fmt.Appendf(nil, `{"database": {"url": %q}%s}`, path, more) }

func open(t *testing.T, config []byte) (*session.Engine, session.OpenReply) {
	t.Helper()
	e, raw, err := session.OpenAs(session.Origin{Version: "1.2.3", Config: config})
	require.NoError(t, err)
	t.Cleanup(func() { _, _ = e.Close(context.Background(), nil) }) // closed already in some tests
	var reply session.OpenReply
	require.NoError(t, json.Unmarshal(raw, &reply))
	return e, reply
}

func closed(t *testing.T, e *session.Engine, request string) session.CloseReply {
	t.Helper()
	raw, err := e.Close(context.Background(), []byte(request))
	require.NoError(t, err)
	var reply session.CloseReply
	require.NoError(t, json.Unmarshal(raw, &reply))
	return reply
}

func TestOpeningTellsWhatWasOpened(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "tasker.sqlite3")
	_, reply := open(t, at(path, `, "clock": {"frozen_at": "2026-01-31T09:30:00Z"}`))
	require.Equal(t, "sqlite", reply.Store)
	require.Equal(t, "1.2.3", reply.Version)
	require.Equal(t, path, reply.Location)
	require.Equal(t, "auto", reply.Migrate)
	require.Positive(t, reply.SchemaVersion)
	require.Equal(t, reply.SchemaNewest, reply.SchemaVersion)
	require.Equal(t, "2026-01-31T09:30:00.000000Z", reply.FrozenAt.String())
	require.NotEmpty(t, reply.ServerVersion)
}

func TestTheEnvironmentNamesTheDatabaseUnlessTheCallDoes(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	path := filepath.Join(directory, "environment.sqlite3")
	e, _, err := session.Open(nil, map[string]string{"TASKER_DATABASE_URL": path, "TASKER_HOUSE": "x", "DATABASE_URL": "postgres://x"})
	require.NoError(t, err)
	require.FileExists(t, path)
	logs, err := e.Cases().PollLogs(context.Background(), engine.PollLogsRequest{})
	require.NoError(t, err)
	require.Contains(t, fmt.Sprint(logs.Items), "TASKER_HOUSE")
	closed(t, e, "")
	other := filepath.Join(directory, "call.sqlite3")
	e, _, err = session.Open(at(other, ""), map[string]string{"TASKER_DATABASE_URL": path})
	require.NoError(t, err)
	require.FileExists(t, other)
	closed(t, e, "")
}

func TestWrongConfigurationsOpenNothing(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	path := filepath.Join(directory, "never.sqlite3")
	text := filepath.Join(directory, "text")
	require.NoError(t, os.WriteFile(text, []byte("this is not a database, and long enough to be sure of it"), 0o600))
	for config, kind := range map[string]fault.Kind{
		`{`:  fault.InvalidRequest,
		`[]`: fault.InvalidRequest,
		`7`:  fault.InvalidRequest,
		`{"database": {"url": "a"}, "database": {"url": "b"}}`:   fault.InvalidRequest,
		string(at(path, `, "worker": {"lease_seconds": 0}`)):     fault.InvalidRequest,
		string(at(path, `, "nonsense": 1`)):                      fault.InvalidRequest,
		string(at("postgres://a:secret@127.0.0.1:1/c", "")):      fault.Unavailable,
		string(at(filepath.Join(directory, "none", "a.db"), "")): fault.NotFound,
		string(at(text, "")):                                     fault.IncompatibleSchema,
		string(at(path, `, "migrate": "check"`)):                 fault.Unmigrated,
	} {
		e, _, err := session.Open([]byte(config), nil)
		require.Nil(t, e, config)
		require.Equal(t, kind, fault.KindOf(err), "%s: %v", config, err)
	}
}

func TestClosingTwiceIsClosed(t *testing.T) {
	t.Parallel()
	e, _ := open(t, at(":memory:", ""))
	require.Equal(t, session.CloseReply{Problems: []string{}}, closed(t, e, ""))
	_, err := e.Close(context.Background(), nil)
	require.Equal(t, fault.Closed, fault.KindOf(err))
	_, _, err = e.Begin(context.Background(), false)
	require.Equal(t, fault.Closed, fault.KindOf(err))
	e.Interrupt()
}

func TestAWrongCloseRequestClosesAllTheSame(t *testing.T) {
	t.Parallel()
	for _, request := range []string{"{", `{"timeout_ms": -1}`, `{"timeout_ms": 600001}`, `{"patience": 1}`} {
		e, _ := open(t, at(":memory:", ""))
		_, err := e.Close(context.Background(), []byte(request))
		require.Equal(t, fault.InvalidRequest, fault.KindOf(err), request)
		_, err = e.Close(context.Background(), nil)
		require.Equal(t, fault.Closed, fault.KindOf(err), request)
	}
}

func TestCloseWaitsForCallsInFlight(t *testing.T) {
	t.Parallel()
	e, _ := open(t, at(":memory:", ""))
	ctx, done, err := e.Begin(context.Background(), false)
	require.NoError(t, err)
	ended := make(chan session.CloseReply, 1)
	go func() {
		raw, _ := e.Close(context.Background(), nil) // a failure leaves the reply empty
		var reply session.CloseReply
		_ = json.Unmarshal(raw, &reply) // as above
		ended <- reply
	}()
	waitUntilClosing(t, e)
	require.NoError(t, ctx.Err(), "a call at work is left alone")
	done()
	require.Zero(t, (<-ended).CallsCut)
}

// waitUntilClosing returns once no further call can begin.
func waitUntilClosing(t *testing.T, e *session.Engine) {
	t.Helper()
	for {
		_, done, err := e.Begin(context.Background(), false)
		if err != nil {
			return
		}
		done()
	}
}

func TestCloseCutsCallsThatOutlastItsPatience(t *testing.T) {
	t.Parallel()
	e, _ := open(t, at(":memory:", ""))
	ctx, done, err := e.Begin(context.Background(), false)
	require.NoError(t, err)
	go func() {
		<-ctx.Done()
		done()
	}()
	require.Equal(t, 1, closed(t, e, `{"timeout_ms": 0}`).CallsCut)
	require.Equal(t, fault.Closed, fault.KindOf(context.Cause(ctx)))
}

func TestInterruptEndsOnlyCallsThatWait(t *testing.T) {
	t.Parallel()
	e, _ := open(t, at(":memory:", ""))
	waiting, doneWaiting, err := e.Begin(context.Background(), true)
	require.NoError(t, err)
	defer doneWaiting()
	working, doneWorking, err := e.Begin(context.Background(), false)
	require.NoError(t, err)
	defer doneWorking()
	e.Interrupt()
	<-waiting.Done()
	require.Equal(t, fault.Cancelled, fault.KindOf(context.Cause(waiting)))
	require.NoError(t, working.Err())
	later, doneLater, err := e.Begin(context.Background(), true)
	require.NoError(t, err)
	defer doneLater()
	require.NoError(t, later.Err())
}

const flow = "name: flow\nversion: 1.0.0\nstep_templates:\n  - name: only\n"

// claimOne registers a template, a task and a worker and claims the one step.
func claimOne(t *testing.T, e *session.Engine) engine.ClaimedStep {
	t.Helper()
	ctx := context.Background()
	text, err := json.Marshal(flow)
	require.NoError(t, err)
	_, err = e.Cases().RegisterTemplate(ctx, engine.RegisterTemplateRequest{Template: text})
	require.NoError(t, err)
	_, err = e.Cases().CreateTask(ctx, engine.CreateTaskRequest{NewTask: engine.NewTask{Name: "flow", Context: []byte(`{"a":1}`)}})
	require.NoError(t, err)
	w, err := e.Cases().RegisterWorker(ctx, engine.RegisterWorkerRequest{Handlers: []engine.HandlerMatch{{}}})
	require.NoError(t, err)
	claimed, err := e.Cases().ClaimSteps(ctx, engine.ClaimStepsRequest{WorkerID: w.WorkerID, Limit: 1})
	require.NoError(t, err)
	require.Len(t, claimed.Steps, 1)
	return claimed.Steps[0]
}

// held says what of a lease is left on the database of an engine, "" if
// nothing: its worker, its state, or a counted attempt.
func held(t *testing.T, e *session.Engine, step int64) string {
	t.Helper()
	ctx := context.Background()
	workers, err := e.Cases().ListWorkers(ctx, engine.ListWorkersRequest{})
	require.NoError(t, err)
	info, err := e.Cases().GetStep(ctx, engine.GetStepRequest{StepID: step})
	require.NoError(t, err)
	if len(workers.Items) == 0 && info.State == workflow.Pending && info.Attempts == 0 {
		return ""
	}
	return fmt.Sprintf("%d workers, step %s after %d attempts", len(workers.Items), info.State, info.Attempts)
}

func TestCloseReleasesTheLeasesOfItsWorkers(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "tasker.sqlite3")
	first, _ := open(t, at(path, ""))
	step := claimOne(t, first)
	second, _ := open(t, at(path, ""))
	require.Equal(t, "1 workers, step in_progress after 0 attempts", held(t, second, step.StepID), "the check sees a lease")
	require.Empty(t, closed(t, first, "").Problems)
	require.Empty(t, held(t, second, step.StepID))
}

func TestNewWorkRingsTheCallback(t *testing.T) {
	t.Parallel()
	e, _ := open(t, at(":memory:", ""))
	var rung atomic.Int64
	e.OnWake(func() { rung.Add(1) })
	claimOne(t, e)
	require.Positive(t, rung.Load())
}

func TestRuntimeSettingsAreAccepted(t *testing.T) {
	t.Parallel()
	e, _ := open(t, at(":memory:", `, "runtime": {"gc_percent": 100, "memory_limit_mb": 8192, "processors": 2}`))
	closed(t, e, "")
}
