package oracle

import (
	"slices"
	"time"

	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// Constants of the contract.
const (
	leasePeriod   = 15 * time.Second // section 6, recovery
	deadlineGrace = 2 * time.Second  // the worker reports a timeout first (D11)
	poisonLosses  = 3                // section 6, recovery
	sortStep      = 10               // state-machines sheet, section 4
)

// model is what a database should hold and answer.
type model struct {
	now       time.Time
	types     []*taskType
	tasks     []*task
	workers   []*worker
	tickets   []*ticket // every lease ever granted, in order
	processes []*process
}

// process is one engine on the database with what it has seen of the workers.
type process struct {
	sightings map[*worker]sighting
}

type sighting struct{ heartbeat, since time.Time }

// worker is one worker row.
type worker struct {
	n         int
	process   int
	namespace string // empty: every namespace
	alive     bool   // its row exists
	known     bool   // its process has not learned otherwise
	heartbeat time.Time
}

// taskType is a template.
type taskType struct {
	namespace, name string
	serial          bool
	priority        int
	steps           []stepType
}

type stepType struct {
	name      string
	parents   []int
	retryable bool
	limit     int
	skippable bool
	timeout   time.Duration
	wait      waitType
}

// waitType is a backoff policy without jitter.
type waitType struct {
	strategy   string // "" is the engine's default curve
	base       float64
	multiplier float64
	most       int
}

// row is one transition.
type row struct {
	from, to workflow.State
	at       time.Time
	ticket   *ticket // the lease that it opened or closed
	flags    []string
	foreign  bool
}

// task is a task with its steps in declaration order.
type task struct {
	n        int
	kind     *taskType
	priority int
	key      string    // idempotency key, empty without one
	startAt  time.Time // zero: at once
	created  time.Time
	rows     []row
	steps    []*step
	dirty    bool // a foreign writer changed it and nobody has reconciled it
}

// step is a step with the columns that an attempt changes.
type step struct {
	task        *task
	kind        *stepType
	rows        []row
	attempts    int
	retryable   bool
	inProcess   bool
	processed   bool
	processedAt time.Time
	lastAttempt time.Time
	backoff     *int
	results     string
	lease       *ticket // nil: nobody has it
	losses      int     // in a row
	limitSet    *int    // by a person; nil: the template's
}

// ticket is one lease with its end.
type ticket struct {
	n        int
	step     *step
	worker   *worker
	attempt  int
	claimed  time.Time
	deadline time.Time
	digest   string // of the recorded outcome
	ended    string // "", "reported", "core" or "foreign": who wrote the row after its in_progress row
}

func stateOf(rows []row) workflow.State {
	if len(rows) == 0 {
		return workflow.Pending
	}
	return rows[len(rows)-1].to
}

func (t *task) state() workflow.State { return stateOf(t.rows) }
func (s *step) state() workflow.State { return stateOf(s.rows) }

// move appends the rows of a way; flags belong to the last hop, and those before
// it are marked when via is set (D15).
func (t *task) move(at time.Time, via bool, states ...workflow.State) {
	for i, state := range states {
		r := row{from: t.state(), to: state, at: at}
		if via && i < len(states)-1 {
			r.flags = []string{"via"}
		}
		t.rows = append(t.rows, r)
	}
}

// enter appends one row to a step's history. Whoever writes the first row after
// an in_progress row has ended its lease for ever.
func (s *step) enter(to workflow.State, at time.Time, by string, flags ...string) {
	r := row{from: s.state(), to: to, at: at, flags: flags, foreign: by == "foreign"}
	if len(s.rows) > 0 && s.state() == workflow.InProgress {
		if held := s.rows[len(s.rows)-1].ticket; held != nil && held.ended == "" {
			held.ended = by
			if by != "foreign" {
				r.ticket = held
			}
		}
	}
	s.rows = append(s.rows, r)
}

// holds reports whether the ticket's lease is good: nobody moved the step since.
func (t *ticket) holds() bool { return t.step.lease == t && t.ended == "" }

func (s *step) satisfied() bool {
	for _, p := range s.kind.parents {
		if !s.task.steps[p].state().Satisfies() {
			return false
		}
	}
	return true
}

func (s *step) limit() int { return max(1, s.storedLimit()) } // D3

func (s *step) storedLimit() int {
	if s.limitSet != nil {
		return *s.limitSet
	}
	return s.kind.limit
}

// first reports whether the next attempt is the first: a step that failed had one,
// though a person may have set the count back.
func (s *step) first() bool { return s.attempts == 0 && s.state() != workflow.Error }

// permanent is what the current row says (D2).
func (s *step) permanent() bool {
	return s.state() == workflow.Error && slices.Contains(s.rows[len(s.rows)-1].flags, "permanent")
}

// attemptLeft is D3: the first attempt is always allowed, others only when the
// step is retryable and within its limit.
func (s *step) attemptLeft() bool {
	return s.attempts < s.limit() && !s.permanent() && (s.first() || s.retryable)
}

// waitEnds is D8: the one wait that the last failure left, zero without one.
func (s *step) waitEnds() time.Time {
	if s.backoff == nil || s.lastAttempt.IsZero() {
		return time.Time{}
	}
	return s.lastAttempt.Add(time.Duration(*s.backoff) * time.Second)
}

// due is when the step may run if nothing but time is missing.
func (s *step) due() time.Time {
	if s.waitEnds().After(s.task.startAt) {
		return s.waitEnds()
	}
	return s.task.startAt
}

// runnable reports whether only time can be missing.
func (s *step) runnable() bool {
	state := s.state()
	return (state == workflow.Pending || state == workflow.Error) && !s.task.state().Ended() && s.attemptLeft() &&
		!s.processed && !s.inProcess && s.satisfied()
}

func (m *model) ready(s *step) bool { return s.runnable() && !s.due().After(m.now) }

// leased reports whether a worker has the step.
func (s *step) leased() bool { return s.lease != nil && s.lease.holds() }

// busy reports whether some step of the task is leased.
func (t *task) busy() bool { return slices.ContainsFunc(t.steps, (*step).leased) }

func (t *task) done() bool {
	return !slices.ContainsFunc(t.steps, func(s *step) bool { return !s.state().Satisfies() })
}

// blocked is D4.
func (t *task) blocked() bool {
	return !t.done() && !slices.ContainsFunc(t.steps, func(s *step) bool { return s.leased() || s.runnable() })
}

// stuck reports that nothing moves the step without a person.
func (s *step) stuck() bool {
	switch s.state() {
	case workflow.Cancelled:
		return true
	case workflow.InProgress:
		return !s.leased()
	case workflow.Pending, workflow.Error:
		return !s.attemptLeft() || s.processed || s.inProcess
	}
	return false
}

// claimable reports whether a claim may lease the step now (section 6, D12).
func (m *model) claimable(s *step) bool {
	return m.ready(s) && !s.task.state().TaskEnded() && !s.queuesBehind()
}

// handles reports whether the worker has handlers for the task's type.
func (w *worker) handles(t *task) bool { return w.namespace == "" || w.namespace == t.kind.namespace }

// settle decides a task's end from the truth (D4).
func (m *model) settle(t *task) {
	state := t.state()
	switch {
	case state.Ended():
		return
	case t.done():
		m.completeTask(t)
	case t.blocked():
		if state == workflow.Error {
			return
		}
		t.move(m.now, false, workflow.Error)
	case state == workflow.Error: // no longer blocked (D4); the way back is that of a retry (D15)
		t.move(m.now, true, workflow.Pending, workflow.InProgress)
	}
}

// completeTask goes the legal way to complete.
func (m *model) completeTask(t *task) {
	switch t.state() {
	case workflow.Error:
		t.move(m.now, true, workflow.Pending, workflow.InProgress, workflow.Complete)
	case workflow.Pending:
		t.move(m.now, true, workflow.InProgress, workflow.Complete)
	default:
		t.move(m.now, true, workflow.Complete)
	}
}
