package dispatch_test

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/tasker-systems/tasker-core-go/capi/dispatch"
	"github.com/tasker-systems/tasker-core-go/capi/session"
	"github.com/tasker-systems/tasker-core-go/capi/wire"
	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// No goroutine of a call or an engine is left behind.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// open opens an engine on a file of its own, with a frozen clock.
func open(t *testing.T, more string) *session.Engine {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tasker.sqlite3")
	e, _, err := session.Open(fmt.Appendf(nil, `{"database": {"url": %q}, "clock": {"frozen_at": "2026-01-31T09:30:00Z"}%s}`, path, more), nil)
	require.NoError(t, err)
	t.Cleanup(func() { _, _ = e.Close(context.Background(), nil) }) // closed already in some tests
	return e
}

func number(t *testing.T, name string) int {
	t.Helper()
	for i, o := range wire.Operations {
		if o.Name == name {
			return i + 1
		}
	}
	t.Fatalf("no operation %s", name)
	return 0
}

func call(t *testing.T, e *session.Engine, name, request string) (string, error) {
	t.Helper()
	reply, err := dispatch.Call(context.Background(), e, number(t, name), []byte(request))
	return string(reply), err
}

// must returns the decoded reply of a call that has to succeed.
func must(t *testing.T, e *session.Engine, name, request string) map[string]any {
	t.Helper()
	reply, err := call(t, e, name, request)
	require.NoError(t, err, "%s %s", name, request)
	var decoded map[string]any
	require.NoError(t, json.Unmarshal([]byte(reply), &decoded))
	return decoded
}

const orderFlow = `{"template": "name: order_flow\nversion: 1.0.0\nstep_templates:\n  - name: fetch\n  - name: ship\n    depends_on_step: fetch\n"}`

// prepare registers a template, a task and a worker.
func prepare(t *testing.T, e *session.Engine) (task, worker int64) {
	t.Helper()
	must(t, e, "template_register", orderFlow)
	created := must(t, e, "task_create", `{"name": "order_flow", "context": {"order_id": 42}}`)
	registered := must(t, e, "worker_register", `{"name": "w", "handlers": [{"task": "order_flow"}]}`)
	return int64(created["task_id"].(float64)), int64(registered["worker_id"].(float64))
}

// mismatch names the first difference between two tables, "" if there is none.
func mismatch(operations []wire.Operation, rows []dispatch.Row) string {
	if len(operations) != len(rows) {
		return fmt.Sprintf("%d operations and %d rows", len(operations), len(rows))
	}
	for i, o := range operations {
		if want := (dispatch.Row{Name: o.Name, Request: o.Request, Reply: o.Reply}); rows[i] != want {
			return fmt.Sprintf("%v instead of %v", rows[i], want)
		}
	}
	return ""
}

func TestEveryOperationIsRunWithItsTypes(t *testing.T) {
	t.Parallel()
	require.Empty(t, mismatch(wire.Operations, dispatch.Rows()))
}

func TestTheComparisonOfTablesFindsDifferences(t *testing.T) {
	t.Parallel()
	rows := dispatch.Rows()
	require.NotEmpty(t, mismatch(wire.Operations, rows[1:]))
	rows[3].Reply = "Empty"
	require.NotEmpty(t, mismatch(wire.Operations, rows))
}

func TestATaskRunsFromTemplateToComplete(t *testing.T) {
	t.Parallel()
	e := open(t, "")
	task, worker := prepare(t, e)
	for range 2 {
		claimed := must(t, e, "step_claim", fmt.Sprintf(`{"worker_id": %d}`, worker))["steps"].([]any)
		require.Len(t, claimed, 1)
		step := claimed[0].(map[string]any)
		reported := must(t, e, "step_report", fmt.Sprintf(`{"outcomes": [{"step_id": %v, "epoch": %v, "status": "complete", "results": {"ok": true}}]}`,
			step["step_id"], step["epoch"]))
		require.Equal(t, "recorded", reported["verdicts"].([]any)[0].(map[string]any)["verdict"])
	}
	require.Equal(t, "complete", must(t, e, "task_context", fmt.Sprintf(`{"task_id": %d}`, task))["status"])
	require.Equal(t, false, must(t, e, "task_wait", fmt.Sprintf(`{"task_id": %d}`, task))["timed_out"])
}

func TestEveryOperationAnswersAnEmptyRequestClearly(t *testing.T) {
	t.Parallel()
	e := open(t, "")
	for _, o := range wire.Operations {
		reply, err := call(t, e, o.Name, "")
		if err == nil {
			require.True(t, json.Valid([]byte(reply)), o.Name)
			require.True(t, strings.HasPrefix(reply, "{"), o.Name)
			continue
		}
		require.Contains(t, append(wire.CommonErrors(o.Kind), o.Errors...), fault.KindOf(err), "%s: %v", o.Name, err)
		require.NotEqual(t, fault.Internal, fault.KindOf(err), "%s: %v", o.Name, err)
	}
}

func TestBadRequestsAreRefusedByEveryOperation(t *testing.T) {
	t.Parallel()
	e := open(t, "")
	for _, o := range wire.Operations {
		for request, path := range map[string]string{
			`{`: "", `[]`: "", `{"nonsense_key": 1}`: "nonsense_key", `{"timeout_ms": "1"}`: "timeout_ms",
			`{"timeout_ms": -1}`: "timeout_ms", `{"timeout_ms": 600001}`: "timeout_ms",
		} {
			_, err := call(t, e, o.Name, request)
			var f *fault.Error
			require.ErrorAs(t, err, &f, "%s %s", o.Name, request)
			require.Equal(t, fault.InvalidRequest, f.Kind, "%s %s", o.Name, request)
			require.Equal(t, path, f.Path, "%s %s", o.Name, request)
		}
	}
}

func TestNumbersThatNameNoOperationAreRefused(t *testing.T) {
	t.Parallel()
	e := open(t, "")
	for _, operation := range []int{-1, 0, len(wire.Operations) + 1} {
		_, err := dispatch.Call(context.Background(), e, operation, nil)
		require.Equal(t, fault.InvalidRequest, fault.KindOf(err))
	}
}

func TestAPanicEndsOneCallAndIsCountedAndLogged(t *testing.T) {
	t.Parallel()
	e := open(t, "")
	e.Cases().Schema = nil // so that the next use of it panics
	_, err := call(t, e, "schema_status", "")
	require.Equal(t, fault.Internal, fault.KindOf(err))
	reply := string(wire.ErrorReply(err))
	for _, secret := range []string{"goroutine", "nil pointer", ".go"} {
		require.NotContains(t, reply, secret)
	}
	health := must(t, e, "engine_health", "")
	require.EqualValues(t, 1, health["panics"])
	require.Equal(t, "degraded", health["status"])
	logs, err := call(t, e, "engine_logs_poll", "")
	require.NoError(t, err)
	require.Contains(t, logs, "nil pointer")
	require.Contains(t, logs, "goroutine")
	require.Contains(t, logs, "schema_status")
}

// panicking is a store whose write transactions end in a panic.
type panicking struct{ store.Store }

func (panicking) Write(context.Context, func(store.Tx) error) error { panic("defect in a group") }

func TestAPanicInAGroupOfCallsIsCountedAndLoggedToo(t *testing.T) {
	t.Parallel()
	e := open(t, `, "worker": {"lease_seconds": 3600, "sweep_seconds": 600}`) // no loop uses the store meanwhile
	prepare(t, e)
	sound := e.Cases().Store
	e.Cases().Store = panicking{sound}
	_, err := call(t, e, "task_create", `{"name": "order_flow", "context": {"order_id": 43}}`)
	e.Cases().Store = sound
	require.Equal(t, fault.Internal, fault.KindOf(err))
	require.NotContains(t, string(wire.ErrorReply(err)), "defect in a group")
	require.EqualValues(t, 1, must(t, e, "engine_health", "")["panics"])
	logs, err := call(t, e, "engine_logs_poll", "")
	require.NoError(t, err)
	require.Contains(t, logs, "defect in a group")
	must(t, e, "task_create", `{"name": "order_flow", "context": {"order_id": 44}}`)
}

// counting counts how often task types are read in full.
type counting struct {
	store.Store
	reads *atomic.Int64
}

type countingReader struct {
	store.Reader
	reads *atomic.Int64
}

func (c counting) Read(ctx context.Context, fn func(store.Reader) error) error {
	return c.Store.Read(ctx, func(r store.Reader) error { return fn(countingReader{r, c.reads}) })
}

func (c countingReader) NamedTaskList(ctx context.Context, f store.NamedTaskFilter) ([]workflow.NamedTask, error) {
	c.reads.Add(1)
	return c.Reader.NamedTaskList(ctx, f)
}

// Only a panic in a group of calls dropped the engine's caches (design section 8).
func TestAPanicInAnyCallDropsTheCaches(t *testing.T) {
	t.Parallel()
	e := open(t, `, "worker": {"lease_seconds": 3600, "sweep_seconds": 600}`) // no loop uses the store meanwhile
	prepare(t, e)
	reads := &atomic.Int64{}
	e.Cases().Store = counting{e.Cases().Store, reads}
	create := func(n int) int64 {
		must(t, e, "task_create", fmt.Sprintf(`{"name": "order_flow", "version": "1.0.0", "context": {"order_id": %d}}`, n))
		return reads.Load()
	}
	before := create(50)
	require.Equal(t, before, create(51), "a task type is kept")
	e.Cases().Schema = nil
	_, err := call(t, e, "schema_status", "")
	require.Equal(t, fault.Internal, fault.KindOf(err))
	require.Equal(t, before+1, create(52), "and read again after a panic")
}

func TestAnInternalErrorIsLoggedInFull(t *testing.T) {
	t.Parallel()
	e := open(t, "")
	e.Cases().Schema = failing{}
	_, err := call(t, e, "schema_status", "")
	require.NotContains(t, string(wire.ErrorReply(err)), "SELECT")
	logs, err := call(t, e, "engine_logs_poll", "")
	require.NoError(t, err)
	require.Contains(t, logs, "SELECT secret")
}

// failing is a schema whose every use fails for a reason that must not show.
type failing struct{ store.Schema }

func (failing) Status(context.Context) (store.SchemaStatus, error) {
	return store.SchemaStatus{}, fmt.Errorf("near SELECT secret: syntax error")
}

// background runs a call and returns the channel of its error.
func background(ctx context.Context, t *testing.T, e *session.Engine, name, request string) <-chan error {
	t.Helper()
	operation, ended := number(t, name), make(chan error, 1)
	go func() {
		_, err := dispatch.Call(ctx, e, operation, []byte(request))
		ended <- err
	}()
	return ended
}

// kindAfter ends calls again and again until the call has ended, since it may
// not yet have begun.
func kindAfter(t *testing.T, ended <-chan error, end func()) fault.Kind {
	t.Helper()
	for {
		end()
		select {
		case err := <-ended:
			return fault.KindOf(err)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func TestInterruptEndsWaitingCallsWithCancelled(t *testing.T) {
	t.Parallel()
	e := open(t, "")
	task, _ := prepare(t, e)
	idle := int64(must(t, e, "worker_register", `{"name": "idle", "handlers": [{"task": "other"}]}`)["worker_id"].(float64))
	claim := background(context.Background(), t, e, "step_claim", fmt.Sprintf(`{"worker_id": %d, "wait_ms": 600000}`, idle))
	wait := background(context.Background(), t, e, "task_wait", fmt.Sprintf(`{"task_id": %d, "wait_ms": 600000}`, task))
	require.Equal(t, fault.Cancelled, kindAfter(t, claim, e.Interrupt))
	require.Equal(t, fault.Cancelled, kindAfter(t, wait, e.Interrupt))
	must(t, e, "engine_health", "")
	must(t, e, "step_claim", fmt.Sprintf(`{"worker_id": %d}`, idle))
}

func TestTheCallersContextEndsACall(t *testing.T) {
	t.Parallel()
	e := open(t, "")
	task, _ := prepare(t, e)
	ctx, cancel := context.WithCancel(context.Background())
	wait := background(ctx, t, e, "task_wait", fmt.Sprintf(`{"task_id": %d, "wait_ms": 600000}`, task))
	require.Equal(t, fault.Cancelled, kindAfter(t, wait, cancel))
}

func TestCloseEndsWaitingCallsWithClosed(t *testing.T) {
	t.Parallel()
	e := open(t, "")
	task, _ := prepare(t, e)
	wait := background(context.Background(), t, e, "task_wait", fmt.Sprintf(`{"task_id": %d, "wait_ms": 600000}`, task))
	_, err := e.Close(context.Background(), nil)
	require.NoError(t, err)
	require.Equal(t, fault.Closed, fault.KindOf(<-wait))
	_, err = call(t, e, "engine_health", "")
	require.Equal(t, fault.Closed, fault.KindOf(err))
}

func TestACallThatOutlastsItsDeadlineIsATimeout(t *testing.T) {
	t.Parallel()
	e := open(t, "")
	held, release := make(chan struct{}), make(chan struct{})
	ended := make(chan error, 1)
	go func() {
		ended <- e.Cases().Store.Write(context.Background(), func(store.Tx) error {
			close(held)
			<-release
			return nil
		})
	}()
	<-held
	_, err := call(t, e, "worker_register", `{"handlers": [{"task": "a"}], "timeout_ms": 20}`)
	close(release)
	require.NoError(t, <-ended)
	var f *fault.Error
	require.ErrorAs(t, err, &f)
	require.Equal(t, fault.Timeout, f.Kind)
	require.True(t, fault.Retryable(err))
	require.EqualValues(t, 20, f.Details["timeout_ms"])
}

func TestAShortTimeoutDoesNotCutAWait(t *testing.T) {
	t.Parallel()
	e := open(t, "")
	task, worker := prepare(t, e)
	require.Equal(t, true, must(t, e, "task_wait", fmt.Sprintf(`{"task_id": %d, "wait_ms": 30, "timeout_ms": 1}`, task))["timed_out"])
	must(t, e, "step_claim", fmt.Sprintf(`{"worker_id": %d, "limit": 5}`, worker))
	again := must(t, e, "step_claim", fmt.Sprintf(`{"worker_id": %d, "wait_ms": 30, "timeout_ms": 1}`, worker))
	require.Empty(t, again["steps"])
}

func TestAFrozenClockMovesByHand(t *testing.T) {
	t.Parallel()
	e := open(t, "")
	require.Equal(t, "2026-01-31T09:31:00.000000Z", must(t, e, "engine_clock_advance", `{"by_ms": 60000}`)["now"])
	require.Equal(t, "2026-01-31T09:31:00.000000Z", must(t, e, "engine_health", "")["now"])
}

func TestAnEngineForTheSchemaOnlyServesNothingElse(t *testing.T) {
	t.Parallel()
	e := open(t, `, "migrate": "only"`)
	require.Equal(t, "unmigrated", must(t, e, "schema_status", "")["state"])
	_, err := call(t, e, "task_list", "")
	require.Equal(t, fault.Unsupported, fault.KindOf(err))
	must(t, e, "schema_migrate", "")
	require.Equal(t, "current", must(t, e, "schema_status", "")["state"])
	must(t, e, "engine_config_get", "")
	require.Equal(t, true, must(t, e, "template_validate", orderFlow)["valid"])
}

func TestSettingsAreListedWithTheirSource(t *testing.T) {
	t.Parallel()
	e := open(t, "")
	reply, err := call(t, e, "engine_config_get", "")
	require.NoError(t, err)
	var settings engine.SettingsReply
	require.NoError(t, json.Unmarshal([]byte(reply), &settings))
	require.Contains(t, settings.Items, engine.Setting{Name: "clock.frozen_at", Value: "2026-01-31T09:30:00Z", Source: "call"})
	require.Contains(t, settings.Items, engine.Setting{Name: "cache.max_mb", Value: 32.0, Source: "default"})
}

func TestPayloadsCrossTheWholeWayUnchanged(t *testing.T) {
	t.Parallel()
	e := open(t, "")
	prepare(t, e)
	payload := `{"z":1.50,"a":[1E+2,-0],"é":"<\u00e9>"}`
	created := must(t, e, "task_create", `{"name": "order_flow", "context": `+payload+`}`)
	reply, err := call(t, e, "task_get", fmt.Sprintf(`{"task_id": %v}`, created["task_id"]))
	require.NoError(t, err)
	require.Contains(t, reply, `"context":`+payload)
}
