package oracle

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// claim is step_claim, alone or with another write.
type claim struct {
	worker int
	limit  int
}

// worker returns the worker that a drawn number means.
func (p *party) worker(n int) *worker { return p.workers[n%len(p.workers)] }

func (c claim) apply(p *party) string {
	w := p.worker(c.worker)
	reply, err := p.engines[w.process].ClaimSteps(ctx(), engine.ClaimStepsRequest{WorkerID: p.workerIDs[w], Limit: c.limit})
	text := fmt.Sprintf("%s claims %d", w, c.limit)
	if !w.known || !w.alive {
		// A worker that does not know of its end may be told only when there is
		// something to claim.
		if err != nil || !w.known || p.mustClaim(w) {
			p.allow("a claim by a worker that is gone", fault.KindOf(err), fault.NotFound)
		}
		p.allow("steps for a worker that is gone", len(reply.Steps), 0)
		return text + " → gone"
	}
	if err != nil {
		p.differ("the claim failed: %v", err)
		return text
	}
	text += " → " + p.claimed(w, c.limit, reply.Steps)
	p.nextDue(w, len(reply.Steps) == c.limit, reply.NextDue)
	return text
}

// dirty reports whether some task waits to be reconciled: what is claimable in
// it is then left open, and rows that are not true any more may be in the way.
func (m *model) dirty() bool {
	return slices.ContainsFunc(m.tasks, func(t *task) bool { return t.dirty })
}

// claimables are the steps that the worker may get now.
func (m *model) claimables(w *worker) []*step {
	var found []*step
	for _, s := range m.steps() {
		if w.handles(s.task) && m.claimable(s) {
			found = append(found, s)
		}
	}
	return found
}

// mustClaim reports whether a claim has to find something.
func (m *model) mustClaim(w *worker) bool { return !m.dirty() && len(m.claimables(w)) > 0 }

// claimed checks that an answer is a legal choice and takes it into the model.
func (p *party) claimed(w *worker, limit int, steps []engine.ClaimedStep) string {
	before, certain := p.claimables(w), !p.dirty()
	if len(steps) > limit {
		p.differ("%d steps were claimed, %d were asked for", len(steps), limit)
	}
	texts := []string{}
	for _, c := range steps {
		s := p.steps[c.StepID]
		if s != nil {
			p.reconcile(s.task) // before the next claim of the task (section 4)
		}
		if s == nil || !p.claimable(s) || !w.handles(s.task) {
			p.differ("the claim gave %s, which is not claimable by %s", p.stepName(c.StepID), w)
			if s == nil {
				continue
			}
		}
		t := p.start(s, w)
		p.epochs[t], p.ticketsOf[c.Epoch] = c.Epoch, t
		p.checkClaimed(s, t, &c)
		texts = append(texts, fmt.Sprintf("%s (%s)", s, t))
	}
	if certain {
		if len(steps) < limit && p.mustClaim(w) {
			p.differ("the claim gave %d of %d steps and left %v", len(steps), limit, p.claimables(w))
		}
		p.checkFairness(before)
	}
	if len(texts) == 0 {
		return "nothing"
	}
	return strings.Join(texts, ", ")
}

// claimedAlong is claimed for a claim that came with another write. A worker that
// is gone costs the caller the claim and not the write.
func (p *party) claimedAlong(w *worker, limit int, steps []engine.ClaimedStep, problem *engine.ClaimProblem) string {
	if w.known && w.alive {
		if problem != nil {
			p.differ("the claim of %s failed: %s", w, problem.Message)
		}
		return p.claimed(w, limit, steps)
	}
	p.allow("steps for a worker that is gone", len(steps), 0)
	if problem == nil || problem.Code != fault.NotFound {
		p.differ("the claim of %s, which is gone, answered %v", w, problem)
	}
	return "gone"
}

// start leases a step in the model (D1: by way of pending after an error).
func (m *model) start(s *step, w *worker) *ticket {
	t := &ticket{n: len(m.tickets) + 1, step: s, worker: w, attempt: s.attempts + 1, claimed: m.now, deadline: m.now.Add(s.kind.timeout)}
	m.tickets = append(m.tickets, t)
	if s.state() == workflow.Error {
		s.enter(workflow.Pending, m.now, "core")
	}
	s.enter(workflow.InProgress, m.now, "core")
	s.rows[len(s.rows)-1].ticket = t
	s.lease, s.inProcess = t, true
	if s.task.state() != workflow.InProgress {
		s.task.move(m.now, true, workflow.InProgress)
	}
	return t
}

// checkClaimed compares what the handler is given.
func (p *party) checkClaimed(s *step, t *ticket, c *engine.ClaimedStep) {
	var parents []string
	for _, i := range s.kind.parents {
		parent := s.task.steps[i]
		parents = append(parents, fmt.Sprintf("%s %s %s", parent.kind.name, parent.state(), unwrapped(parent.results)))
	}
	var given []string
	for _, parent := range c.Parents {
		given = append(given, fmt.Sprintf("%s %s %s", parent.Name, parent.State, compact(parent.Results)))
	}
	slices.Sort(parents)
	slices.Sort(given)
	p.allow(s.String()+" as claimed",
		claimText(c.TaskID, c.Attempt, c.RetryLimit, c.TimeoutSeconds, clock(c.DeadlineAt.Time), c.Namespace, c.TaskName, c.Name,
			compact(c.Context), compact(c.Inputs), compact(c.PreviousResults), given),
		claimText(p.taskIDs[s.task], t.attempt, s.limit(), int(s.kind.timeout.Seconds()), clock(t.deadline), s.task.kind.namespace,
			s.task.kind.name, s.kind.name, `{"n":1}`, `{"n":1}`, s.results, parents))
}

func claimText(task int64, attempt, limit, seconds int, deadline string, rest ...any) string {
	return fmt.Sprintf("task %d attempt %d of %d, %d s until %s, %v", task, attempt, limit, seconds, deadline, rest)
}

// unwrapped is a parent's result as its handler reported it (D18).
func unwrapped(results string) string {
	if inner, wrapped := strings.CutPrefix(results, `{"value":`); wrapped {
		return strings.TrimSuffix(inner, "}")
	}
	return results
}

// checkFairness is "fairness between namespaces first, priority within" as far
// as any legal choice must show it: nothing of lower priority was taken while
// something of higher priority of the same namespace was left, and no namespace
// got two more than another that was left with something.
func (p *party) checkFairness(before []*step) {
	if slices.ContainsFunc(before, func(s *step) bool { return s.task.kind.serial }) {
		return // rows that give way disturb the turns, as those do that turn out untrue
	}
	taken, left := map[string][]*step{}, map[string][]*step{}
	for _, s := range before {
		if s.leased() {
			taken[s.task.kind.namespace] = append(taken[s.task.kind.namespace], s)
		} else {
			left[s.task.kind.namespace] = append(left[s.task.kind.namespace], s)
		}
	}
	for space, waiting := range left {
		for _, s := range waiting {
			for _, other := range taken[space] {
				if other.task.priority < s.task.priority {
					p.differ("%s of priority %d was claimed before %s of priority %d", other, other.task.priority, s, s.task.priority)
				}
			}
		}
		for other, got := range taken {
			if len(got) > len(taken[space])+1 {
				p.differ("namespace %s got %d steps and %s, which has more, %d", other, len(got), space, len(taken[space]))
			}
		}
	}
}

// nextDue checks the time of the next scheduled step of the worker's handlers. A
// worker that got all that it asked for comes back by itself and need not be
// told.
func (p *party) nextDue(w *worker, full bool, got workflow.Instant) {
	if p.dirty() {
		return
	}
	next := "never"
	best := got.Time
	for _, s := range p.model.steps() {
		t := s.task
		if !w.handles(t) || !s.runnable() || !s.due().After(p.now) || t.state().TaskEnded() || s.queuesBehind() {
			continue
		}
		if next == "never" || s.due().Before(best) {
			best = s.due()
			next = clock(best)
		}
	}
	if full && got.IsZero() {
		return
	}
	p.allow("next_due", clock(got.Time), next)
}
