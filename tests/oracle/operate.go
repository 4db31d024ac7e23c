package oracle

import (
	"fmt"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// operation is one drawn operation. It carries it out on the engine and the
// model, notes differences of the answers, and returns what it did in words.
// Numbers in it mean "the n-th of those there are".
type operation interface{ apply(p *party) string }

// pick chooses a lease: an open one, or any that ever was.
type pick struct {
	n    int
	open bool
}

func (p *party) ticket(c pick) *ticket {
	if c.open {
		var open []*ticket
		for _, t := range p.tickets {
			if t.step.lease == t {
				open = append(open, t)
			}
		}
		if len(open) > 0 {
			return open[c.n%len(open)]
		}
	}
	return p.tickets[c.n%len(p.tickets)]
}

// report is step_report, with further work or without.
type report struct {
	process  int
	leases   []pick
	outcomes []outcome
	unknown  bool // one more outcome names a step that does not exist
	claim    *claim
}

func (o outcome) request(step, epoch int64) engine.Outcome {
	r := engine.Outcome{StepID: step, Epoch: epoch, Status: "complete", Results: workflow.JSON(o.reported())}
	if o.failed {
		r.Status, r.Results, r.Permanent, r.RetryAfterSeconds = "error", nil, o.permanent, o.retryAfter
		r.Error = &engine.OutcomeError{Message: fmt.Sprintf("failure %d", o.value), Class: "Oracle"}
	}
	return r
}

func (r report) apply(p *party) string {
	if len(p.tickets) == 0 {
		return "report nothing"
	}
	var request engine.ReportStepsRequest
	tickets, texts := []*ticket{}, []string{}
	for i, c := range r.leases {
		t := p.ticket(c)
		tickets = append(tickets, t)
		request.Outcomes = append(request.Outcomes, r.outcomes[i].request(p.stepIDs[t.step], p.epochs[t]))
		texts = append(texts, fmt.Sprintf("%s of %s %s", t, t.step, r.outcomes[i]))
	}
	if r.unknown {
		request.Outcomes = append(request.Outcomes, outcome{}.request(1<<40, 1))
	}
	text := "report: " + strings.Join(texts, ", ")
	var w *worker
	if r.claim != nil {
		w = p.worker(r.claim.worker)
		r.process = w.process
		request.Claim = &engine.ClaimRequest{WorkerID: p.workerIDs[w], Limit: r.claim.limit}
		text += fmt.Sprintf(", claim %d for %s", r.claim.limit, w)
	}
	reply, err := p.engines[r.process].ReportSteps(ctx(), request)
	if err != nil {
		p.differ("the report failed: %v", err)
		return text
	}
	text += " → " + p.reported(r, tickets, reply.Verdicts)
	if w != nil {
		text += "; claimed " + p.claimedAlong(w, r.claim.limit, reply.Claimed, reply.ClaimProblem)
		if w.known && w.alive {
			p.nextDue(w, len(reply.Claimed) == r.claim.limit, reply.NextDue)
		}
	}
	return text
}

// reported compares the verdicts with the model's.
func (p *party) reported(r report, tickets []*ticket, verdicts []engine.Verdict) string {
	legal, retries, texts := make([][]string, len(tickets)), make([]time.Time, len(tickets)), []string{}
	then := make([]workflow.State, len(tickets)) // two entries may name one step; each may tell its own moment
	for i, t := range tickets {
		legal[i], retries[i] = p.model.report(t, r.outcomes[i])
		then[i] = t.step.state()
	}
	for _, t := range tickets {
		p.reconcile(t.step.task) // a foreign change counts for the next outcome and the claim with it
	}
	p.settleAll()
	for i, t := range tickets {
		v := verdicts[i]
		texts = append(texts, v.Verdict)
		p.allowVerdict(t, v, legal[i], then[i])
		p.allow(fmt.Sprintf("retry_at of %s", t.step), clock(v.RetryAt.Time), clock(retries[i]))
	}
	if r.unknown {
		p.allow("verdict of an unknown step", verdicts[len(tickets)].Verdict, notFound)
	}
	return strings.Join(texts, ", ")
}

// allowVerdict compares one verdict and the states that it tells.
func (p *party) allowVerdict(t *ticket, v engine.Verdict, legal []string, then workflow.State) {
	values := make([]any, len(legal))
	for i, verdict := range legal {
		values[i] = verdict
	}
	p.allow(fmt.Sprintf("verdict of %s", t), v.Verdict, values...)
	p.allow(fmt.Sprintf("step state of %s", t), v.StepState, t.step.state(), then)
	p.allow(fmt.Sprintf("task state of %s", t), v.TaskState, t.step.task.state())
}

// settleAll decides the ends of all tasks whose truth is known to the engine.
func (m *model) settleAll() {
	for _, t := range m.tasks {
		if !t.dirty {
			m.settle(t)
		}
	}
}

// release is step_release.
type release struct {
	process int
	lease   pick
}

func (r release) apply(p *party) string {
	if len(p.tickets) == 0 {
		return "release nothing"
	}
	t := p.ticket(r.lease)
	reply, err := p.engines[r.process].ReleaseSteps(ctx(), engine.ReleaseStepsRequest{
		Steps: []engine.LeaseName{{StepID: p.stepIDs[t.step], Epoch: p.epochs[t]}}})
	require.NoError(p.scope, err)
	legal := p.model.release(t)
	p.reconcile(t.step.task)
	p.settleAll()
	p.allowVerdict(t, reply.Verdicts[0], legal, t.step.state())
	return fmt.Sprintf("release %s of %s → %s", t, t.step, reply.Verdicts[0].Verdict)
}

// register is worker_register.
type register struct {
	process   int
	namespace string
}

func (r register) apply(p *party) string {
	info, err := p.engines[r.process].RegisterWorker(ctx(), engine.RegisterWorkerRequest{
		Handlers: []engine.HandlerMatch{{Namespace: r.namespace}}})
	require.NoError(p.scope, err)
	w := &worker{n: len(p.workers) + 1, process: r.process, namespace: r.namespace, alive: true, known: true, heartbeat: p.now}
	p.workers = append(p.workers, w)
	p.workerIDs[w], p.workersOf[info.WorkerID] = info.WorkerID, w
	return fmt.Sprintf("process %d registers %s for namespace %q", r.process, w, r.namespace)
}

// stop is worker_stop.
type stop struct{ worker int }

func (s stop) apply(p *party) string {
	w := p.worker(s.worker)
	known, clean := w.known, !p.dirty()
	reply, err := p.engines[w.process].StopWorker(ctx(), engine.StopWorkerRequest{WorkerID: p.workerIDs[w]})
	if !known {
		p.allow("stopping a worker that is gone", fault.KindOf(err), fault.NotFound)
		return fmt.Sprintf("stop %s → gone", w)
	}
	require.NoError(p.scope, err)
	released := p.model.stop(w)
	if p.settleAll(); clean {
		p.allow("released", reply.Released, released)
	}
	return fmt.Sprintf("stop %s → released %d", w, reply.Released)
}

// beat renews the heartbeats of a process, asking about one lease.
type beat struct {
	process int
	lease   pick
	worker  int
}

func (b beat) apply(p *party) string {
	if len(p.tickets) == 0 || len(p.workers) == 0 {
		require.NoError(p.scope, p.engines[b.process].Beat(ctx()))
		p.model.beat(b.process)
		return fmt.Sprintf("process %d beats", b.process)
	}
	t, w := p.ticket(b.lease), p.worker(b.worker)
	reply, err := p.engines[w.process].HeartbeatSteps(ctx(), engine.HeartbeatStepsRequest{WorkerID: p.workerIDs[w],
		Steps: []engine.LeaseName{{StepID: p.stepIDs[t.step], Epoch: p.epochs[t]}}})
	p.model.beat(w.process)
	text := fmt.Sprintf("%s beats and asks for %s", w, t)
	if !w.known {
		p.allow("a heartbeat of a worker that is gone", fault.KindOf(err), fault.NotFound)
		return text + " → gone"
	}
	if err != nil {
		p.differ("the heartbeat failed: %v", err)
		return text
	}
	held := t.step.lease == t && t.worker == w
	if !held || t.holds() { // a lease under a foreign move may be shown either way
		p.allow("held", reply.Steps[0].Held, held)
	}
	return fmt.Sprintf("%s → %v", text, reply.Steps[0].Held)
}

// sweep is one round of recovery by a process.
type sweep struct{ process int }

func (s sweep) apply(p *party) string {
	require.NoError(p.scope, p.engines[s.process].Sweep(ctx()))
	p.model.sweep(p.model.processes[s.process])
	p.settleAll()
	return fmt.Sprintf("process %d sweeps", s.process)
}

// crash replaces a process by a new one that knows nothing.
type crash struct{ process int }

func (c crash) apply(p *party) string {
	p.engines[c.process].end()
	p.engines[c.process] = p.newEngine()
	p.model.crash(c.process)
	return fmt.Sprintf("process %d crashes and starts again", c.process)
}

// wait moves the clock.
type wait struct{ by time.Duration }

func (w wait) apply(p *party) string {
	p.clock.Advance(w.by)
	p.now = p.clock.Now()
	return fmt.Sprintf("%s pass", w.by)
}

// cancel is task_cancel.
type cancel struct {
	task    int
	process int
	cascade bool
}

func (c cancel) apply(p *party) string {
	t := p.tasks[c.task%len(p.tasks)]
	reply, err := p.engines[c.process].CancelTask(ctx(), engine.CancelTaskRequest{TaskID: p.taskIDs[t], Cascade: &c.cascade})
	require.NoError(p.scope, err)
	cancelled, revoked := p.model.cancel(t, c.cascade)
	p.reconcile(t)
	p.settleAll()
	p.allow("the answer to a cancel", fmt.Sprint(reply.State, reply.CancelledSteps, reply.RevokedLeases),
		fmt.Sprint(workflow.Cancelled, cancelled, revoked))
	return fmt.Sprintf("cancel %s, cascade %v → %d steps, %d leases", t, c.cascade, reply.CancelledSteps, reply.RevokedLeases)
}
