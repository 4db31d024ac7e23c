package engine_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/notify"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/telemetry"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
	"github.com/tasker-systems/tasker-core-go/tests/invariant"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

// lease is the lease period of every engine under test.
const lease = 15 * time.Second

// kit is an engine on a database of its own whose clock stands still, and which
// keeps the invariants at the end of the test.
type kit struct {
	*engine.Engine
	t      testing.TB
	clock  *testdb.Clock
	store  store.Store
	broken []store.Rule // by the test, on purpose
}

// newKit opens an engine whose draws are fixed, so that waits have no jitter.
func newKit(t testing.TB, edits ...func(*engine.Options)) *kit {
	t.Helper()
	clock := testdb.NewClock()
	return newKitOn(t, newStore(t, clock), clock, edits...)
}

// newStore opens the store that TASKER_TEST_STORE names, so that one suite
// serves both: sqlite unless it says postgresql.
func newStore(t testing.TB, clock *testdb.Clock) store.Store {
	t.Helper()
	switch name := os.Getenv("TASKER_TEST_STORE"); name {
	case "", "sqlite":
		return testdb.SQLite(t, testdb.WithClock(clock))
	case "postgresql":
		return testdb.Postgres(t, testdb.WithPostgresClock(clock))
	default:
		require.Fail(t, "TASKER_TEST_STORE is "+name+"; use sqlite or postgresql")
		return nil
	}
}

func newKitOn(t testing.TB, db store.Store, clock *testdb.Clock, edits ...func(*engine.Options)) *kit {
	t.Helper()
	log, err := telemetry.NewLog(1000, "debug")
	require.NoError(t, err)
	options := engine.Options{Store: db, Hub: notify.NewHub(nil), Log: log, Lease: lease, Host: "host", PID: 7,
		Version: "test", Draw: func() float64 { return 0.5 }}
	options.Schema, _ = db.(store.Schema)
	for _, edit := range edits {
		edit(&options)
	}
	e := engine.New(options)
	k := &kit{Engine: e, t: t, clock: clock, store: db}
	t.Cleanup(func() {
		e.Close()
		options.Hub.Close()
		invariant.Require(t, db, k.broken...)
	})
	return k
}

func ctx() context.Context { return context.Background() }

// register stores a template given as YAML.
func (k *kit) register(yaml string) engine.RegisterTemplateReply {
	k.t.Helper()
	reply, err := k.RegisterTemplate(ctx(), engine.RegisterTemplateRequest{Template: workflow.JSON(strconv.Quote(yaml))})
	require.NoError(k.t, err)
	return reply
}

// worker registers a worker for every step.
func (k *kit) worker() int64 {
	k.t.Helper()
	info, err := k.RegisterWorker(ctx(), engine.RegisterWorkerRequest{Handlers: []engine.HandlerMatch{{}}})
	require.NoError(k.t, err)
	return info.WorkerID
}

// create creates a task of the named type in the default namespace.
func (k *kit) create(name string, edits ...func(*engine.CreateTaskRequest)) int64 {
	k.t.Helper()
	r := engine.CreateTaskRequest{NewTask: engine.NewTask{Name: name, Context: workflow.JSON(`{"n":1}`)}}
	for _, edit := range edits {
		edit(&r)
	}
	reply, err := k.CreateTask(ctx(), r)
	require.NoError(k.t, err)
	return reply.TaskID
}

// claim claims up to n steps at once.
func (k *kit) claim(worker int64, n int) []engine.ClaimedStep {
	k.t.Helper()
	reply, err := k.ClaimSteps(ctx(), engine.ClaimStepsRequest{WorkerID: worker, Limit: n})
	require.NoError(k.t, err)
	return reply.Steps
}

// claimOne claims exactly one step.
func (k *kit) claimOne(worker int64) engine.ClaimedStep {
	k.t.Helper()
	steps := k.claim(worker, 1)
	require.Len(k.t, steps, 1, "one step should be claimable")
	return steps[0]
}

func done(step engine.ClaimedStep) engine.Outcome {
	return engine.Outcome{StepID: step.StepID, Epoch: step.Epoch, Status: "complete",
		Results: workflow.JSON(fmt.Sprintf(`{"of":%q}`, step.Name))}
}

func failed(step engine.ClaimedStep) engine.Outcome {
	return engine.Outcome{StepID: step.StepID, Epoch: step.Epoch, Status: "error",
		Error: &engine.OutcomeError{Message: "no luck", Class: "Flaky"}}
}

// report reports outcomes and returns the verdicts.
func (k *kit) report(outcomes ...engine.Outcome) []engine.Verdict {
	k.t.Helper()
	reply, err := k.ReportSteps(ctx(), engine.ReportStepsRequest{Outcomes: outcomes})
	require.NoError(k.t, err)
	require.Len(k.t, reply.Verdicts, len(outcomes))
	return reply.Verdicts
}

// finish completes a step and expects it to be recorded.
func (k *kit) finish(step engine.ClaimedStep) engine.Verdict {
	k.t.Helper()
	v := k.report(done(step))[0]
	require.Equal(k.t, "recorded", v.Verdict)
	return v
}

// state returns the state of a task.
func (k *kit) state(task int64) workflow.State {
	k.t.Helper()
	reply, err := k.GetTask(ctx(), engine.GetTaskRequest{TaskID: task})
	require.NoError(k.t, err)
	return reply.State
}

// steps returns a task's steps by name.
func (k *kit) steps(task int64) map[string]engine.StepInfo {
	k.t.Helper()
	reply, err := k.GetTask(ctx(), engine.GetTaskRequest{TaskID: task, Include: []string{"steps"}})
	require.NoError(k.t, err)
	byName := map[string]engine.StepInfo{}
	for _, step := range reply.Steps {
		byName[step.Name] = step
	}
	return byName
}

// history returns the states a step went through, oldest first.
func (k *kit) history(step int64) []workflow.State {
	k.t.Helper()
	reply, err := k.ListTransitions(ctx(), engine.ListTransitionsRequest{StepID: step})
	require.NoError(k.t, err)
	var states []workflow.State
	for _, row := range reply.Items {
		states = append(states, row.ToState)
	}
	return states
}

// derived is what the engine keeps by differences about one task.
type derived struct {
	lock  workflow.TaskLock
	ready []workflow.ReadyStep
}

func (k *kit) derived(task int64) derived {
	k.t.Helper()
	var d derived
	require.NoError(k.t, k.store.Write(ctx(), func(tx store.Tx) error {
		locked, err := tx.TaskLock(ctx(), []int64{task})
		if err != nil {
			return err
		}
		d.lock = locked[0]
		d.lock.Version = 0
		d.ready, err = tx.ReadyListByTask(ctx(), []int64{task})
		return err
	}))
	return d
}

// truth returns what is kept by differences and what reconcile computes from the
// truth; it leaves the latter in the database.
func (k *kit) truth(task int64) (kept, computed derived) {
	k.t.Helper()
	kept = k.derived(task)
	require.NoError(k.t, k.store.Write(ctx(), func(tx store.Tx) error {
		return tx.DirtyInsert(ctx(), []int64{task}, workflow.At(k.clock.Now()))
	}))
	require.NoError(k.t, k.Sweep(ctx()))
	return kept, k.derived(task)
}

// requireTruth checks that queue rows and counters, which the everyday paths
// keep by differences, equal the truth.
func (k *kit) requireTruth(task int64) {
	k.t.Helper()
	kept, computed := k.truth(task)
	require.Equal(k.t, computed, kept, "what is kept by differences must equal the truth")
}

// diamond is start → {left, right} → merge.
const diamond = `
name: diamond
step_templates:
  - {name: start}
  - {name: left, depends_on_step: start}
  - {name: right, depends_on_step: start}
  - {name: merge, depends_on_steps: [left, right]}
`

// single is one step with edits for its template.
func single(keys string) string {
	return "name: single\nstep_templates:\n  - {name: only" + keys + "}\n"
}
