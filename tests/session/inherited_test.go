package session_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/capi/session"
	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store/sqlite"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// inherit opens what a forked child opens of an engine with this configuration.
func inherit(t *testing.T, config []byte) *session.Engine {
	t.Helper()
	e, _, err := session.OpenAs(session.Origin{Version: "1.2.3", Config: config, Inherited: true})
	require.NoError(t, err)
	t.Cleanup(func() { _, _ = e.Close(context.Background(), nil) }) // closed already in some tests
	return e
}

func workers(t *testing.T, e *session.Engine) int {
	t.Helper()
	list, err := e.Cases().ListWorkers(t.Context(), engine.ListWorkersRequest{})
	require.NoError(t, err)
	return len(list.Items)
}

// inBackground counts the goroutines that hear, beat and sweep, in the engines of
// this process.
func inBackground() int {
	stacks := make([]byte, 1<<20)
	return strings.Count(string(stacks[:runtime.Stack(stacks, true)]), "worker.(*Loops).tick(")
}

// TestAnInheritedEngineRestsUntilAWorkerRegisters is not parallel, so that it
// counts its own goroutines only.
func TestAnInheritedEngineRestsUntilAWorkerRegisters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tasker.sqlite3")
	parent, _ := open(t, at(path, ""))
	claimOne(t, parent)
	require.Equal(t, 1, inBackground(), "the parent's, so that the count sees what there is")
	child := inherit(t, at(path, ""))
	_, err := child.Cases().CreateTask(t.Context(), engine.CreateTaskRequest{NewTask: engine.NewTask{Name: "flow", Context: []byte(`{"a":2}`)}})
	require.NoError(t, err)
	require.Equal(t, 1, inBackground(), "reading and creating need nothing in the background")
	require.Equal(t, 1, workers(t, child))

	var together sync.WaitGroup
	for range 8 {
		together.Go(func() {
			_, _ = child.Cases().RegisterWorker(t.Context(), engine.RegisterWorkerRequest{Handlers: []engine.HandlerMatch{{}}}) // counted below
			child.Attend()
		})
	}
	together.Wait()
	require.Equal(t, 9, workers(t, child))
	require.Equal(t, 2, inBackground(), "once, whoever asked first")
	closed(t, child, "")
	require.Equal(t, 1, inBackground())
	child.Attend()
	require.Equal(t, 1, inBackground(), "not after the end")
	require.Equal(t, 1, workers(t, parent))
}

func TestAnInheritedEngineThatWaitsIsToldOfTheEnd(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "tasker.sqlite3")
	parent, _ := open(t, at(path, ""))
	step := claimOne(t, parent)
	child := inherit(t, at(path, ""))
	patience := int64(60_000)
	ended := make(chan workflow.State, 1)
	go func() {
		reply, _ := child.Cases().WaitTask(t.Context(), engine.WaitTaskRequest{TaskID: step.TaskID, WaitMS: &patience}) // an error leaves the state empty
		ended <- reply.Status
	}()
	_, err := parent.Cases().ReportSteps(t.Context(), engine.ReportStepsRequest{
		Outcomes: []engine.Outcome{{StepID: step.StepID, Epoch: step.Epoch, Status: "complete"}}})
	require.NoError(t, err)
	require.Equal(t, workflow.Complete, <-ended)
}

func TestAnAttentiveChildHearsOfWhatHappenedSinceItWasOpened(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "tasker.sqlite3")
	parent, _ := open(t, at(path, ""))
	child := inherit(t, at(path, ""))
	rung := make(chan struct{}, 1)
	child.OnWake(func() {
		select {
		case rung <- struct{}{}:
		default:
		}
	})
	claimOne(t, parent)
	child.Attend()
	<-rung
}

// A child that uses what its parent had in hand: it neither speaks for the
// parent's worker nor ends it, and closing gives nothing of the parent's back.
func TestTheWorkerOfTheParentStaysTheParents(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "tasker.sqlite3")
	parent, _ := open(t, at(path, ""))
	step := claimOne(t, parent)
	list, err := parent.Cases().ListWorkers(t.Context(), engine.ListWorkersRequest{})
	require.NoError(t, err)
	id := list.Items[0].WorkerID
	beat := list.Items[0].HeartbeatAt
	child := inherit(t, at(path, `, "worker": {"sweep_seconds": 0.05, "heartbeat_seconds": 0.05}`))
	child.Attend()

	refused := func(err error) {
		t.Helper()
		var told *fault.Error
		require.ErrorAs(t, err, &told)
		require.Equal(t, fault.NotFound, told.Kind, told.Error())
		require.Contains(t, told.Remedy, "forked")
	}
	ctx := t.Context()
	_, err = child.Cases().ClaimSteps(ctx, engine.ClaimStepsRequest{WorkerID: id})
	refused(err)
	_, err = child.Cases().HeartbeatSteps(ctx, engine.HeartbeatStepsRequest{WorkerID: id})
	refused(err)
	_, err = child.Cases().StopWorker(ctx, engine.StopWorkerRequest{WorkerID: id})
	refused(err)
	created, err := child.Cases().CreateTask(ctx, engine.CreateTaskRequest{NewTask: engine.NewTask{Name: "flow", Context: []byte(`{"a":3}`)},
		Claim: &engine.ClaimRequest{WorkerID: id, Limit: 1}})
	require.NoError(t, err)
	require.Empty(t, created.Claimed)
	require.Equal(t, fault.NotFound, created.ClaimProblem.Code)
	ready, err := child.Cases().ListSteps(ctx, engine.ListStepsRequest{TaskID: created.TaskID})
	require.NoError(t, err)
	_, err = child.Cases().MoveStep(ctx, engine.MoveStepRequest{StepID: ready.Items[0].StepID, ToState: workflow.InProgress, WorkerID: id})
	refused(err)

	own, err := child.Cases().RegisterWorker(ctx, engine.RegisterWorkerRequest{Handlers: []engine.HandlerMatch{{}}})
	require.NoError(t, err)
	require.NotEqual(t, id, own.WorkerID)
	require.Eventually(t, func() bool {
		list, err := child.Cases().ListWorkers(ctx, engine.ListWorkersRequest{})
		return err == nil && list.Items[len(list.Items)-1].HeartbeatAt.After(own.HeartbeatAt.Time)
	}, time.Minute, time.Millisecond, "the child beats for its own")
	require.Empty(t, closed(t, child, "").Problems)
	require.Equal(t, "1 workers, step in_progress after 0 attempts", held(t, parent, step.StepID))
	list, err = parent.Cases().ListWorkers(ctx, engine.ListWorkersRequest{})
	require.NoError(t, err)
	require.Equal(t, beat, list.Items[0].HeartbeatAt, "and never for the parent's")

	report, err := parent.Cases().ReportSteps(ctx, engine.ReportStepsRequest{
		Outcomes: []engine.Outcome{{StepID: step.StepID, Epoch: step.Epoch, Status: "complete"}}})
	require.NoError(t, err)
	require.Equal(t, "recorded", report.Verdicts[0].Verdict)
}

func TestAnInheritedEngineMigratesNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "tasker.sqlite3")
	_, _, err := session.OpenAs(session.Origin{Config: at(path, ""), Inherited: true})
	require.Equal(t, fault.Unmigrated, fault.KindOf(err), "%v", err)
	require.NoFileExists(t, path)

	e, _ := open(t, at(path, ""))
	back := sqlite.Newest() - 1
	_, err = e.Cases().Migrate(t.Context(), engine.MigrateRequest{Direction: "down", To: &back})
	require.NoError(t, err)
	_, _, err = session.OpenAs(session.Origin{Config: at(path, ""), Inherited: true})
	require.Equal(t, fault.Unmigrated, fault.KindOf(err), "%v", err)
	only := inherit(t, at(path, `, "migrate": "only"`))
	require.True(t, only.SchemaOnly())
	only.Attend()
}

func TestAFrozenClockCarriesOnFromItsConfiguration(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "tasker.sqlite3")
	config := at(path, `, "clock": {"frozen_at": "2026-01-31T09:30:00Z"}`)
	parent, _ := open(t, config)
	_, err := parent.Cases().AdvanceClock(t.Context(), engine.AdvanceClockRequest{ByMS: 60_000})
	require.NoError(t, err)
	health, err := inherit(t, config).Cases().Health(t.Context(), engine.HealthRequest{})
	require.NoError(t, err)
	require.Equal(t, "2026-01-31T09:30:00.000000Z", health.Now.String())
}

func TestWhatCannotBeInheritedSaysWhyAtOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "tasker.sqlite3")
	for config, place := range map[string]string{
		string(at(":memory:", "")):                                  "database.url",
		string(at(path, `, "fork": "error"`)):                       "fork",
		string(at("postgres://127.0.0.1:1/c", `, "fork": "error"`)): "fork",
	} {
		_, _, err := session.OpenAs(session.Origin{Config: []byte(config), Inherited: true})
		var told *fault.Error
		require.ErrorAs(t, err, &told)
		require.Equal(t, fault.Forked, told.Kind, "%s: %v", config, err)
		require.Equal(t, place, told.Path)
		require.Contains(t, told.Message, "forked")
		require.NotEmpty(t, told.Remedy)
	}
	require.NoFileExists(t, path)
	e, _ := open(t, at(path, `, "fork": "error"`)) // the process that opens it is not concerned
	_, _, err := session.OpenAs(session.Origin{Config: at(path, `, "fork": "error"`), Inherited: true})
	require.Equal(t, err, e.Inheritable(), "what a child is told without a runtime is what it would be told with one")
	require.NoError(t, inherit(t, at(path, "")).Inheritable())
	logs, err := inherit(t, at(path, "")).Cases().PollLogs(t.Context(), engine.PollLogsRequest{})
	require.NoError(t, err)
	require.Contains(t, fmt.Sprint(logs.Items), "forked")
	closed(t, e, "")
}

// A daemon goes to the root directory before it does anything else.
func TestARelativePathBeginsWhereTheHostOpenedTheEngine(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	origin := session.Origin{Config: at("flows/tasker.sqlite3", ""), Environment: map[string]string{"PWD": directory}}
	require.NoError(t, os.Mkdir(filepath.Join(directory, "flows"), 0o700))
	e, _, err := session.OpenAs(origin)
	require.NoError(t, err)
	closed(t, e, "")
	require.FileExists(t, filepath.Join(directory, "flows", "tasker.sqlite3"))
	origin.Inherited = true
	e, _, err = session.OpenAs(origin)
	require.NoError(t, err)
	closed(t, e, "")
}
