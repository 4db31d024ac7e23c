package oracle

import (
	"fmt"
	"slices"
	"time"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// personStep is what a person does to one step: step_retry, step_resolve,
// step_cancel, step_reset, step_update, or step_transition to in_progress.
type personStep struct {
	verb    string
	process int
	step    int
	number  int // limit to set, or what the results say
	worker  int
}

// personVerbs are the acts on a step, personTaskVerbs those on a task.
var (
	personVerbs     = []string{"retry", "resolve", "cancel", "reset", "update", "start"}
	personTaskVerbs = []string{"retry", "resolve", "update", "finalize", "transition"}
)

// act is what the model says of an act: refused, or done with or without a change.
type act struct {
	refused fault.Kind
	changed bool
	revoked bool
}

var refusal = act{refused: fault.Conflict}

func (a personStep) apply(p *party) string {
	all := p.model.steps()
	s := all[a.step%len(all)]
	w := p.worker(a.worker)
	if a.verb == "start" && a.number > 0 { // else through any process
		a.process = w.process
	}
	from := s.state()
	reply, err := a.call(p, s, w)
	expected := p.model.act(a, s, w)
	text := fmt.Sprintf("a person: %s %s (%d)", a.verb, s, a.number)
	p.allow("the kind of answer to "+text, fault.KindOf(err), expected.refused)
	if expected.refused != "" || err != nil {
		return fmt.Sprintf("%s → %s", text, fault.KindOf(err))
	}
	if a.verb == "start" && expected.changed {
		p.started(s, w, reply.Claimed)
	}
	p.model.conclude(s.task)
	item := reply.ActedStep
	p.allow("the answer to "+text, fmt.Sprint(item.StepID, item.Changed, item.Revoked, item.FromState, item.State, item.TaskState),
		fmt.Sprint(p.stepIDs[s], expected.changed, expected.revoked, from, s.state(), s.task.state()))
	return fmt.Sprintf("%s → %s, changed %v", text, item.State, item.Changed)
}

func (a personStep) call(p *party, s *step, w *worker) (engine.MoveStepReply, error) {
	e, named := p.engines[a.process], engine.NamedSteps{StepID: p.stepIDs[s]}
	var reply engine.ActedStepsReply
	var err error
	switch a.verb {
	case "retry":
		reply, err = e.RetrySteps(ctx(), engine.RetryStepsRequest{NamedSteps: named})
	case "resolve":
		reply, err = e.ResolveSteps(ctx(), engine.ResolveStepsRequest{NamedSteps: named, Results: workflow.JSON(fmt.Sprint(a.number))})
	case "cancel":
		reply, err = e.CancelSteps(ctx(), engine.CancelStepsRequest{NamedSteps: named})
	case "reset":
		reply, err = e.ResetSteps(ctx(), engine.ResetStepsRequest{NamedSteps: named})
	case "update":
		reply, err = e.UpdateSteps(ctx(), engine.UpdateStepsRequest{NamedSteps: named, RetryLimit: &a.number})
	default:
		return e.MoveStep(ctx(), engine.MoveStepRequest{StepID: named.StepID, ToState: workflow.InProgress, WorkerID: p.workerIDs[w]})
	}
	if err != nil {
		return engine.MoveStepReply{}, err
	}
	return engine.MoveStepReply{ActedStep: reply.Items[0]}, nil
}

// started takes a lease out of turn into the model.
func (p *party) started(s *step, w *worker, c *engine.ClaimedStep) {
	if s.task.state() == workflow.Error { // the way of a retry (D15)
		s.task.move(p.now, true, workflow.Pending, workflow.InProgress)
	}
	t := p.start(s, w)
	if c == nil {
		p.differ("%s was started without a lease", s)
		return
	}
	p.epochs[t], p.ticketsOf[c.Epoch] = c.Epoch, t
	p.checkClaimed(s, t, c)
}

// act decides about a step and, but for a start, carries it out.
func (m *model) act(a personStep, s *step, w *worker) act {
	switch a.verb {
	case "retry":
		return m.retry(s)
	case "resolve":
		return m.resolve(s, fmt.Sprintf(`{"value":%d}`, a.number))
	case "cancel":
		return m.cancelOne(s)
	case "start":
		return m.mayStart(a, s, w)
	}
	if s.state().Ended() {
		return refusal
	}
	if a.verb == "reset" {
		changed := s.attempts != 0
		s.attempts = 0
		return act{changed: changed}
	}
	changed := s.storedLimit() != a.number
	s.limitSet = &a.number
	return act{changed: changed}
}

// retry is D2 and D7: the template's retryable, attempts from 0, no wait. What
// another engine left in progress is set back; what a worker has is its own.
func (m *model) retry(s *step) act {
	state := s.state()
	switch {
	case s.task.state().Ended(), s.leased(), state.Ended():
		return refusal
	case state == workflow.Pending:
		return act{}
	case state == workflow.InProgress:
		s.enter(workflow.Error, m.now, "core", "via")
	}
	s.enter(workflow.Pending, m.now, "core")
	s.retryable, s.attempts, s.backoff, s.losses = s.kind.retryable, 0, nil, 0
	s.processed, s.processedAt, s.inProcess = false, time.Time{}, false
	return act{changed: true}
}

// resolve needs a detour while a worker has the step, and takes it away (D15).
func (m *model) resolve(s *step, results string) act {
	a := act{changed: true, revoked: s.leased()}
	switch s.state() {
	case workflow.ResolvedManually:
		return act{}
	case workflow.Complete, workflow.Cancelled:
		return refusal
	case workflow.InProgress:
		s.enter(workflow.Error, m.now, "core", "via")
	}
	s.enter(workflow.ResolvedManually, m.now, "core")
	s.results, s.inProcess, s.lease = results, false, nil
	return a
}

func (m *model) cancelOne(s *step) act {
	a := act{changed: true, revoked: s.leased()}
	switch s.state() {
	case workflow.Cancelled:
		return act{}
	case workflow.Complete, workflow.ResolvedManually:
		return refusal
	}
	m.cancelStep(s)
	s.lease = nil
	return a
}

// mayStart is the guard of the state machine (G2) and one at a time (D12), for a
// worker that its own process asks for, as in a claim.
func (m *model) mayStart(a personStep, s *step, w *worker) act {
	switch {
	case s.state() == workflow.InProgress:
		return act{}
	case s.state() != workflow.Pending, s.task.state().Ended(), !s.satisfied(), s.queuesBehind():
		return refusal
	case !w.alive, !w.known, w.process != a.process:
		return act{refused: fault.NotFound}
	}
	return act{changed: true}
}

// conclude recomputes a task from the truth, as every act of a person does.
func (m *model) conclude(t *task) {
	t.dirty = true
	m.reconcile(t)
}

// personTask is what a person does to a task.
type personTask struct {
	verb    string
	process int
	task    int
	number  int
}

// personTargets are the states to which task_transition is drawn.
var personTargets = []workflow.State{workflow.Pending, workflow.InProgress, workflow.Error, workflow.Complete, workflow.Cancelled,
	workflow.ResolvedManually}

func (a personTask) to() workflow.State { return personTargets[a.number%len(personTargets)] }

func (a personTask) apply(p *party) string {
	t := p.tasks[a.task%len(p.tasks)]
	from := t.state()
	reply, err := a.call(p, t)
	expected := p.model.actOnTask(a, t)
	text := fmt.Sprintf("a person: %s %s (%d)", a.verb, t, a.number)
	p.allow("the kind of answer to "+text, fault.KindOf(err), expected.refused)
	if expected.refused != "" || err != nil {
		return fmt.Sprintf("%s → %s", text, fault.KindOf(err))
	}
	rows := len(t.rows)
	p.model.conclude(t)
	changed := expected.changed || len(t.rows) > rows && a.verb != "update"
	if a.verb != "update" {
		p.allow("the answer to "+text, fmt.Sprint(reply.FromState, reply.State), fmt.Sprint(from, t.state()))
	}
	p.allow("whether it changed anything: "+text, reply.Changed, changed)
	return fmt.Sprintf("%s → %s, changed %v", text, t.state(), reply.Changed)
}

func (a personTask) call(p *party, t *task) (engine.ActedTask, error) {
	e, id := p.engines[a.process], p.taskIDs[t]
	switch a.verb {
	case "retry":
		reply, err := e.RetryTask(ctx(), engine.RetryTaskRequest{TaskID: id})
		return reply.ActedTask, err
	case "resolve":
		return e.ResolveTask(ctx(), engine.ResolveTaskRequest{TaskID: id})
	case "update":
		reply, err := e.UpdateTask(ctx(), engine.UpdateTaskRequest{TaskID: id, Priority: &a.number})
		return engine.ActedTask{TaskID: id, Changed: reply.Changed}, err
	case "finalize":
		reply, err := e.FinalizeTask(ctx(), engine.FinalizeTaskRequest{TaskID: id})
		return engine.ActedTask{TaskID: id, Changed: reply.Changed, FromState: reply.FromState, State: reply.Status}, err
	}
	return e.MoveTask(ctx(), engine.MoveTaskRequest{TaskID: id, ToState: a.to()})
}

// actOnTask decides about a task and carries it out; its end is decided by the
// caller.
func (m *model) actOnTask(a personTask, t *task) act {
	switch a.verb {
	case "retry":
		return m.retryTask(t)
	case "resolve":
		switch t.state() {
		case workflow.ResolvedManually:
			return act{}
		case workflow.Error:
			t.move(m.now, false, workflow.ResolvedManually)
			return act{changed: true}
		}
		return refusal
	case "update":
		changed := t.priority != a.number
		t.priority = a.number
		return act{changed: changed}
	case "finalize":
		return act{}
	}
	return m.moveTask(t, a.to())
}

// retryTask retries what is in error; a task in which nothing could run afterwards
// is refused.
func (m *model) retryTask(t *task) act {
	if t.state().Ended() || !t.done() && !slices.ContainsFunc(t.steps, (*step).wouldRun) {
		return refusal
	}
	changed := false
	for _, s := range t.steps {
		if s.state() == workflow.Error {
			m.retry(s)
			changed = true
		}
	}
	return act{changed: changed}
}

// wouldRun reports whether the step runs or can run once its task is retried.
func (s *step) wouldRun() bool {
	switch s.state() {
	case workflow.InProgress:
		return s.leased()
	case workflow.Error:
		return s.satisfied()
	case workflow.Pending:
		return s.satisfied() && s.attemptLeft() && !s.processed
	}
	return false
}

// taskMoves are those of the state-machines sheet, section 2.
var taskMoves = map[workflow.State][]workflow.State{
	workflow.Pending:          {workflow.InProgress, workflow.Error, workflow.Cancelled},
	workflow.InProgress:       {workflow.Pending, workflow.Complete, workflow.Error, workflow.Cancelled},
	workflow.Error:            {workflow.Pending, workflow.ResolvedManually},
	workflow.Complete:         {workflow.Cancelled},
	workflow.ResolvedManually: {workflow.Cancelled},
}

// moveTask is task_transition: what the steps contradict is refused (G1, D4).
func (m *model) moveTask(t *task, to workflow.State) act {
	for _, s := range t.steps { // as the engine looks at them under the lock (D9)
		s.inProcess = s.leased()
	}
	switch {
	case t.state() == to:
		return act{}
	case !slices.Contains(taskMoves[t.state()], to),
		to == workflow.Complete && !t.done(),
		to == workflow.Error && !t.blocked(),
		to == workflow.Pending && t.state() == workflow.Error && t.blocked():
		return refusal
	}
	t.move(m.now, false, to)
	return act{changed: true}
}
