package oracle

import (
	"fmt"
	"math"
	"time"

	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// The verdicts of section 6.
const (
	recorded        = "recorded"
	alreadyRecorded = "already_recorded"
	superseded      = "superseded"
	conflict        = "conflict"
	leaseLost       = "lease_lost"
	notFound        = "not_found"
)

// outcome is what a worker reports.
type outcome struct {
	failed     bool
	permanent  bool
	retryAfter *int
	value      int // makes the content differ
}

// digest tells outcomes apart by content.
func (o outcome) digest() string {
	hint := -1
	if o.retryAfter != nil {
		hint = *o.retryAfter
	}
	return fmt.Sprint(o.failed, o.permanent, hint, o.value)
}

func (o outcome) String() string {
	switch {
	case o.permanent:
		return fmt.Sprintf("fails for good (%d)", o.value)
	case o.retryAfter != nil:
		return fmt.Sprintf("fails, retry after %d s (%d)", *o.retryAfter, o.value)
	case o.failed:
		return fmt.Sprintf("fails (%d)", o.value)
	}
	return fmt.Sprintf("completes (%d)", o.value)
}

// results are what the step keeps. What is not an object is wrapped (D18).
func (o outcome) results() string {
	if o.failed {
		return fmt.Sprintf(`{"error":"failure %d","error_class":"Oracle"}`, o.value)
	}
	if o.value%3 == 0 {
		return fmt.Sprintf(`{"value":%d}`, o.value)
	}
	return fmt.Sprintf(`{"of":%d}`, o.value)
}

// reported is the raw result that the handler gave.
func (o outcome) reported() string {
	if o.value%3 == 0 {
		return fmt.Sprint(o.value)
	}
	return fmt.Sprintf(`{"of":%d}`, o.value)
}

// report is step_report for one lease. It returns the legal verdicts and when
// the step is tried again.
func (m *model) report(t *ticket, o outcome) (verdicts []string, retryAt time.Time) {
	switch {
	case t.holds():
		t.digest = o.digest()
		if o.failed {
			m.fail(t.step, o, "reported")
		} else {
			m.succeed(t.step, o)
		}
		if t.step.runnable() {
			retryAt = t.step.waitEnds()
		}
		return []string{recorded}, retryAt
	case t.ended == "foreign":
		m.drop(t)
		return []string{conflict}, retryAt
	case t.ended == "reported" && t.digest == o.digest():
		return []string{alreadyRecorded}, retryAt
	case t.ended == "reported":
		return []string{superseded}, retryAt
	}
	return []string{leaseLost}, retryAt
}

// release is step_release for one lease: not counted, ready again at once.
func (m *model) release(t *ticket) []string {
	switch {
	case t.holds():
		m.giveBack(t)
		return []string{recorded}
	case t.ended == "foreign":
		m.drop(t)
		return []string{conflict}
	case t.ended == "reported":
		return []string{leaseLost, superseded}
	}
	return []string{leaseLost, alreadyRecorded}
}

func (m *model) giveBack(t *ticket) {
	s := t.step
	s.enter(workflow.Error, m.now, "core", "released")
	s.enter(workflow.Pending, m.now, "core")
	s.lease, s.inProcess, s.backoff, s.losses = nil, false, nil, 0
}

// drop gives back a lease that a foreign writer made useless.
func (m *model) drop(t *ticket) {
	if t.step.lease == t {
		t.step.lease = nil
		t.step.inProcess = false // D9: true while leased
	}
}

// succeed records results (D7: the wait is cleared).
func (m *model) succeed(s *step, o outcome) {
	s.enter(workflow.Complete, m.now, "reported", "digest")
	s.attempts++
	s.lastAttempt, s.processedAt, s.processed, s.inProcess = m.now, m.now, true, false
	s.backoff, s.lease, s.losses, s.results = nil, nil, 0, o.results()
}

// fail records a failed attempt: one wait, decided now (D8), or none when the
// step is not tried again (D2, D3).
func (m *model) fail(s *step, o outcome, by string) {
	var flags []string
	if by == "reported" {
		flags = append(flags, "digest")
	}
	if o.permanent {
		flags = append(flags, "permanent")
	}
	s.enter(workflow.Error, m.now, by, flags...)
	s.attempts++
	s.retryable = s.retryable && !o.permanent
	s.lastAttempt, s.processed, s.inProcess = m.now, false, false
	s.backoff, s.lease, s.losses, s.results = nil, nil, 0, o.results()
	if !o.permanent && s.retryable && s.attempts < s.limit() {
		seconds := s.kind.wait.seconds(s.attempts)
		if o.retryAfter != nil {
			seconds = *o.retryAfter
		}
		s.backoff = &seconds
	}
}

// seconds is the curve: whole seconds, rounded up (section 5).
func (w waitType) seconds(attempt int) int {
	curve := 0.0
	switch w.strategy {
	case "": // readiness sheet, R5: 2, 4, 8, 16, 30
		w.most = 30
		curve = math.Pow(2, float64(attempt))
	case "exponential":
		curve = w.base * math.Pow(w.multiplier, float64(attempt-1))
	case "linear":
		curve = w.base * float64(attempt)
	case "constant":
		curve = w.base
	case "none":
		return 0
	}
	return int(math.Ceil(min(curve, float64(w.most))))
}

// lose takes a lease from a dead worker (section 6, recovery).
func (m *model) lose(t *ticket) {
	if !t.holds() {
		m.drop(t)
		return
	}
	s := t.step
	losses := s.losses + 1
	flags := []string{"lease_expired"}
	if losses >= poisonLosses || !s.retryable {
		flags = append(flags, "permanent")
		s.retryable = false
		// A loss is not counted, but this one must not pass for a step that never
		// ran, whose first attempt is always allowed (D3; ARCHITECTURE, decisions).
		s.attempts, s.lastAttempt = max(1, s.attempts), m.now
	}
	s.enter(workflow.Error, m.now, "core", flags...)
	s.losses, s.lease, s.inProcess, s.backoff = losses, nil, false, nil
}

// sweep is one process's recovery. Tasks that it touched are settled by the
// caller, as after every operation.
func (m *model) sweep(p *process) {
	seen := map[*worker]sighting{}
	for _, w := range m.workers {
		if !w.alive {
			continue
		}
		s, before := p.sightings[w]
		if !before || !s.heartbeat.Equal(w.heartbeat) {
			s = sighting{heartbeat: w.heartbeat, since: m.now}
		}
		seen[w] = s
		if m.now.Sub(s.since) >= leasePeriod {
			w.alive = false
		}
	}
	p.sightings = seen
	for _, s := range m.steps() {
		switch t := s.lease; {
		case t == nil:
		case !t.worker.alive:
			m.lose(t)
		case m.now.Sub(t.deadline) <= deadlineGrace:
		case t.holds():
			m.fail(s, outcome{failed: true}, "core")
			s.results = `{"error":"the handler missed its deadline","error_class":"DeadlineExceeded"}`
		default:
			m.drop(t)
		}
	}
	for _, t := range m.tasks {
		m.reconcile(t)
	}
}

// reconcile recomputes a dirty task from the truth. Whoever locks a task does so
// (section 4; ARCHITECTURE, foreign writers).
func (m *model) reconcile(t *task) {
	if !t.dirty {
		return
	}
	t.dirty = false
	for _, s := range t.steps {
		if s.lease != nil && !s.lease.holds() {
			m.drop(s.lease)
		}
		s.inProcess = s.leased() // D9
	}
	m.settle(t)
}

// steps returns all steps by task.
func (m *model) steps() []*step {
	var all []*step
	for _, t := range m.tasks {
		all = append(all, t.steps...)
	}
	return all
}

// cancel is task_cancel (D15); of a task that is cancelled already, the steps that
// are left follow. It returns the steps cancelled and the leases revoked.
func (m *model) cancel(t *task, cascade bool) (cancelled, revoked int) {
	if cascade {
		for _, s := range t.steps {
			if s.lease != nil {
				revoked++
			}
			cancelled += m.cancelStep(s)
			if s.lease != nil {
				m.drop(s.lease)
			}
		}
	}
	switch t.state() {
	case workflow.Cancelled:
	case workflow.Error:
		t.move(m.now, true, workflow.Pending, workflow.Cancelled)
	default:
		t.move(m.now, true, workflow.Cancelled)
	}
	return cancelled, revoked
}

// cancelStep cancels what has not ended and returns how many that were.
func (m *model) cancelStep(s *step) int {
	switch s.state() {
	case workflow.Error:
		s.enter(workflow.Pending, m.now, "core", "via")
		s.enter(workflow.Cancelled, m.now, "core")
	case workflow.Pending, workflow.InProgress:
		s.enter(workflow.Cancelled, m.now, "core")
	default:
		return 0
	}
	s.inProcess = false
	return 1
}

// foreignMoves are the moves of the state machine (state-machines sheet, 3) that
// a foreign writer makes, by present state.
var foreignMoves = map[workflow.State][]workflow.State{
	workflow.Pending:    {workflow.ResolvedManually, workflow.Cancelled, workflow.Error, workflow.InProgress},
	workflow.InProgress: {workflow.Complete, workflow.Error, workflow.Cancelled},
	workflow.Error:      {workflow.Pending, workflow.ResolvedManually},
}

// foreign is a move of a step by the Rails engine, with the columns that it
// writes beside the row (state-machines sheet, 8.3 and 8.4).
func (m *model) foreign(s *step, to workflow.State) {
	from := s.state()
	s.enter(to, m.now, "foreign")
	s.losses = 0
	s.task.dirty = true
	switch {
	case to == workflow.Complete || to == workflow.Error:
		s.attempts++
		s.lastAttempt, s.inProcess, s.processed = m.now, false, to == workflow.Complete
		if to == workflow.Complete {
			s.processedAt = m.now
		}
	case to == workflow.Pending && from == workflow.Error:
		s.inProcess, s.processed, s.processedAt = false, false, time.Time{}
	}
}

// stop is worker_stop: the row goes, the leases are released.
func (m *model) stop(w *worker) (released int) {
	w.alive, w.known = false, false
	var touched []*task
	for _, s := range m.steps() {
		if s.lease == nil || s.lease.worker != w {
			continue
		}
		released++
		touched = append(touched, s.task)
		if t := s.lease; t.holds() {
			m.giveBack(t)
		} else {
			m.drop(t)
		}
	}
	for _, t := range touched {
		m.reconcile(t)
	}
	return released
}

// beat renews the heartbeats of a process; a worker whose row is gone is told.
func (m *model) beat(process int) {
	for _, w := range m.workers {
		if w.process != process || !w.known {
			continue
		}
		if w.known = w.alive; w.alive {
			w.heartbeat = m.now
		}
	}
}

// crash ends a process without a word: nobody beats for its workers any more.
func (m *model) crash(n int) {
	m.processes[n] = &process{sightings: map[*worker]sighting{}}
	for _, w := range m.workers {
		if w.process == n {
			w.known = false
		}
	}
}
