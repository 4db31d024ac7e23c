package crash_test

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/notify"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/telemetry"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

const (
	lease     = 15 * time.Second
	roundsMax = 40 // of a run; the longest scenario needs less than ten without a mishap
	triesMax  = 5  // of one call; one mishap happens in a run, so two are enough
)

// host is a program that uses the engine: it repeats what was not answered,
// starts again when it dies, and keeps a ledger of what its handlers did.
type host struct {
	scenario
	t     *testing.T
	db    store.Store // the real one
	clock *testdb.Clock
	plan  *plan

	engine *engine.Engine
	hub    *notify.Hub
	worker int64
	task   int64
	key    string // identity key of the task
	after  int64  // greatest task id before
	held   []engine.ClaimedStep
	once   map[string]bool // what the scenario does once and was done
	ledger []*entry
}

// entry is one run of a handler.
type entry struct {
	engine.Outcome
	step    string
	verdict string // empty: no answer was received
}

// bench is a database on which cases of one scenario run one after the other,
// which saves most of the time: what costs is opening databases and preparing
// statements. A case that failed gets no successor on its database.
type bench struct {
	scenario
	backend
	t     *testing.T
	db    store.Store
	clock *testdb.Clock
	used  int
	last  int64 // the greatest task id so far
}

// benchCases bounds the cases on one database: the final checks read all of it.
const benchCases = 25

// play runs one case to its end and returns the host for the final checks.
func (b *bench) play(t *testing.T, p *plan) *host {
	t.Helper()
	if b.db == nil || b.used == benchCases {
		b.clock, b.used, b.last = testdb.NewClock(), 0, 0
		b.db = b.open(b.t, b.clock)
	}
	b.used++
	t.Cleanup(func() {
		if t.Failed() {
			b.db = nil
		}
	})
	h := &host{scenario: b.scenario, t: t, db: b.db, clock: b.clock, plan: p, once: map[string]bool{},
		key: fmt.Sprintf("job %d", b.used), after: b.last}
	h.run()
	b.last = h.task
	return h
}

// judge fails the test when anything is wrong in the end.
func (b *bench) judge(t *testing.T, h *host, message string) {
	t.Helper()
	require.Empty(t, append(h.complaints(), h.zombies()...), message)
}

// run plays the scenario against the plan to its end.
func (h *host) run() {
	h.t.Helper()
	h.start()
	_, err := h.engine.RegisterTemplate(ctx(), engine.RegisterTemplateRequest{Template: workflow.JSON(strconv.Quote(h.template))})
	require.NoError(h.t, err)
	h.register()
	plan := h.plan
	plan.arm(true)
	h.create()
	for range roundsMax {
		if h.round() {
			break
		}
	}
	if plan.loses == "" {
		plan.arm(false)
	}
	h.silence() // whatever is still leased has nobody
}

func ctx() context.Context { return context.Background() }

// start opens an engine on the faulty store.
func (h *host) start() {
	log, err := telemetry.NewLog(16, "error")
	require.NoError(h.t, err)
	hub := notify.NewHub(nil)
	e := engine.New(engine.Options{Store: &faulty{h.db, h.plan}, Hub: hub, Log: log, Lease: lease, Host: "host", PID: 7,
		Draw: func() float64 { return 0.5 }})
	h.engine, h.hub = e, hub
	h.t.Cleanup(func() { e.Close(); hub.Close() })
}

// call makes a call until it is answered. A host that dies goes on as a new one,
// which may have forgotten the call.
func (h *host) call(what string, mayForget bool, do func() error) {
	h.t.Helper()
	for range triesMax {
		err := do()
		if err == nil {
			return
		}
		if h.plan.died() {
			forgets := h.plan.mishap.forgets()
			h.reborn(forgets)
			if forgets && mayForget {
				return
			}
			continue
		}
		if fault.KindOf(err) == fault.NotFound { // the worker was declared dead
			h.register()
			continue
		}
		require.True(h.t, fault.Retryable(err), "%s: %v", what, err)
	}
	require.Fail(h.t, "no answer", what)
}

// reborn starts a new process on the same database.
func (h *host) reborn(forgets bool) {
	h.plan = &plan{} // nothing happens twice in a run
	h.start()
	if forgets {
		h.held = nil
	}
	h.register()
}

func (h *host) register() {
	h.t.Helper()
	h.call("worker_register", false, func() error {
		info, err := h.engine.RegisterWorker(ctx(), engine.RegisterWorkerRequest{Handlers: []engine.HandlerMatch{{}}})
		h.worker = info.WorkerID
		return err
	})
}

// claimRequest is the claim that goes along with another call.
func (h *host) claimRequest() *engine.ClaimRequest {
	if !h.claims {
		return nil
	}
	return &engine.ClaimRequest{WorkerID: h.worker, Limit: 10}
}

func (h *host) create() {
	h.call("task_create", false, func() error {
		reply, err := h.engine.CreateTask(ctx(), engine.CreateTaskRequest{Claim: h.claimRequest(),
			NewTask: engine.NewTask{Name: "job", Context: workflow.JSON(`{"n":1}`), IdentityKey: h.key}})
		if err == nil {
			h.task = reply.TaskID
			h.held = append(h.held, reply.Claimed...)
		}
		return err
	})
}

// round works off what is held, or claims; true when the task has ended.
func (h *host) round() bool {
	if len(h.held) == 0 {
		due := h.claim()
		if len(h.held) == 0 {
			if h.taskState().TaskEnded() {
				return true
			}
			h.idle(due)
			return false
		}
	}
	if h.claims {
		h.report(h.held...)
		return false
	}
	step := h.held[0]
	if !h.detour(step) {
		h.report(step)
	}
	return false
}

func (h *host) claim() (due workflow.Instant) {
	h.call("step_claim", true, func() error {
		reply, err := h.engine.ClaimSteps(ctx(), engine.ClaimStepsRequest{WorkerID: h.worker, Limit: 10})
		if err == nil {
			h.held, due = append(h.held, reply.Steps...), reply.NextDue
		}
		return err
	})
	return due
}

// detour does what the scenario does once with this step; true when the step is
// not to be reported now.
func (h *host) detour(step engine.ClaimedStep) bool {
	if h.once[step.Name] {
		return false
	}
	switch step.Name {
	case h.cancels:
		h.once[step.Name] = true
		h.call("task_cancel", false, func() error {
			_, err := h.engine.CancelTask(ctx(), engine.CancelTaskRequest{TaskID: h.task})
			return err
		})
		return len(h.held) == 0
	case h.gives:
		h.once[step.Name] = true
		h.call("step_release", true, func() error {
			_, err := h.engine.ReleaseSteps(ctx(), engine.ReleaseStepsRequest{
				Steps: []engine.LeaseName{{StepID: step.StepID, Epoch: step.Epoch}}})
			return err
		})
		h.held = nil
		return true
	case h.stops:
		h.once[step.Name] = true
		h.call("worker_stop", true, func() error {
			_, err := h.engine.StopWorker(ctx(), engine.StopWorkerRequest{WorkerID: h.worker})
			return err
		})
		h.held = nil
		h.register()
		return true
	case h.drops:
		h.once[step.Name] = true
		h.held = nil
		return true
	}
	return false
}

// report runs the handlers of the steps and reports the outcomes.
func (h *host) report(steps ...engine.ClaimedStep) {
	var entries []*entry
	var outcomes []engine.Outcome
	for _, step := range steps {
		e := &entry{Outcome: h.outcome(step, len(h.ledger)), step: step.Name}
		h.ledger = append(h.ledger, e)
		entries, outcomes = append(entries, e), append(outcomes, e.Outcome)
	}
	h.held = h.held[len(steps):]
	h.call("step_report", true, func() error {
		reply, err := h.engine.ReportSteps(ctx(), engine.ReportStepsRequest{Outcomes: outcomes, Claim: h.claimRequest()})
		if err != nil {
			return err
		}
		for i, v := range reply.Verdicts {
			entries[i].verdict = v.Verdict
		}
		h.held = append(h.held, reply.Claimed...)
		return nil
	})
}

// idle lets the next scheduled step come due, or, when nothing is known, falls
// silent, as a host does whose claim was never answered.
func (h *host) idle(due workflow.Instant) {
	if due.IsZero() {
		h.silence()
		return
	}
	h.clock.Advance(due.Sub(h.clock.Now()))
}

// silence lets the worker be declared dead, and registers a new one.
func (h *host) silence() {
	sweep := func() error { return h.engine.Sweep(ctx()) }
	h.call("sweep", false, sweep)
	h.clock.Advance(lease)
	h.call("sweep", false, sweep)
	// A host that died between the two has seen the heartbeat for the first time.
	h.clock.Advance(lease)
	h.call("sweep", false, sweep)
	h.register()
}

func (h *host) taskState() workflow.State {
	h.t.Helper()
	var tasks []workflow.Task
	require.NoError(h.t, h.db.Read(ctx(), func(r store.Reader) (err error) {
		tasks, err = r.TaskList(ctx(), store.TaskFilter{IDs: []int64{h.task}})
		return err
	}))
	if len(tasks) == 0 { // only a sabotaged store gets here
		return ""
	}
	return tasks[0].State
}
