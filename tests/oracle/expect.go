package oracle

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/tasker-systems/tasker-core-go/core/workflow"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

// expectation tells by the name of a fact which values are legal; nil allows
// any.
type expectation map[string][]string

func (e expectation) one(name string, value any) { e[name] = []string{fmt.Sprint(value)} }

// compare returns one line for each fact that is not as expected.
func (e expectation) compare(seen map[string]string) []string {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(e)) {
		value, found := seen[name]
		switch {
		case !found:
			lines = append(lines, fmt.Sprintf("%s: is missing; expected %s", name, strings.Join(e[name], " or ")))
		case e[name] != nil && !slices.Contains(e[name], value):
			lines = append(lines, fmt.Sprintf("%s: %s\n      expected %s", name, value, strings.Join(e[name], "\n            or ")))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(seen)) {
		if _, known := e[name]; !known {
			lines = append(lines, fmt.Sprintf("%s: %s; nothing was expected", name, seen[name]))
		}
	}
	return lines
}

// clock renders an instant as the time since the beginning.
func clock(at time.Time) string {
	if at.IsZero() {
		return "never"
	}
	return "+" + at.Sub(testdb.Start).String()
}

func number(n *int) string {
	if n == nil {
		return "none"
	}
	return fmt.Sprint(*n)
}

// rowText is one transition as it is compared.
func rowText(from, to workflow.State, sortKey int, recent bool, at time.Time, lease string, flags []string) string {
	text := fmt.Sprintf("%s→%s #%d %s", from, to, sortKey, clock(at))
	if lease != "" {
		text += " " + lease
	}
	if len(flags) > 0 {
		text += " " + strings.Join(slices.Sorted(slices.Values(flags)), ",")
	}
	if recent {
		text += " *"
	}
	return text
}

func historyText(rows []row) string {
	texts := make([]string, len(rows))
	for i, r := range rows {
		lease := ""
		if r.ticket != nil && r.to != workflow.Cancelled { // what a cancel keeps, its late verdicts tell
			lease = r.ticket.String()
		}
		texts[i] = rowText(r.from, r.to, (i+1)*sortStep, i == len(rows)-1, r.at, lease, r.flags)
	}
	return strings.Join(texts, " | ")
}

func (t *task) String() string   { return fmt.Sprintf("T%d", t.n) }
func (s *step) String() string   { return s.task.String() + "." + s.kind.name }
func (t *ticket) String() string { return fmt.Sprintf("L%d", t.n) }
func (w *worker) String() string { return fmt.Sprintf("W%d", w.n) }

// expect tells everything that can be observed.
func (m *model) expect() expectation {
	e := expectation{}
	for _, t := range m.tasks {
		m.expectTask(e, t)
		for _, s := range t.steps {
			m.expectStep(e, s)
		}
	}
	for _, w := range m.workers {
		if w.alive {
			leases := 0
			for _, s := range m.steps() {
				if s.lease != nil && s.lease.worker == w {
					leases++
				}
			}
			e.one(w.String(), fmt.Sprintf("heartbeat %s, leases %d", clock(w.heartbeat), leases))
		}
	}
	return e
}

func since(rows []row, created time.Time) time.Time {
	if len(rows) == 0 {
		return created
	}
	return rows[len(rows)-1].at
}

func (m *model) expectTask(e expectation, t *task) {
	name := t.String()
	e.one(name+" state", fmt.Sprintf("%s since %s", t.state(), clock(since(t.rows, t.created))))
	e.one(name+" history", historyText(t.rows))
	e.one(name+" type", fmt.Sprintf("%s/%s priority %d created %s", t.kind.namespace, t.kind.name, t.priority, clock(t.created)))
	var edges []string
	for _, s := range t.kind.steps {
		for _, p := range s.parents {
			edges = append(edges, t.kind.steps[p].name+"→"+s.name)
		}
	}
	slices.Sort(edges)
	e.one(name+" edges", strings.Join(edges, " "))
	m.expectContext(e, t)
	m.expectKept(e, t)
}

// expectKept are the rows that the engine keeps beside the shared tables; they
// hold while the task is not dirty (section 4).
func (m *model) expectKept(e expectation, t *task) {
	queue, counters, leases := t.String()+" queue", t.String()+" counters", t.String()+" leases"
	e.one(t.String()+" dirty", t.dirty)
	var held []string
	for _, s := range t.steps {
		if s.lease != nil {
			held = append(held, leaseText(s.String(), s.lease.worker.String(), s.lease.String(), s.lease.attempt, s.lease.claimed, s.lease.deadline))
		}
	}
	e.one(leases, strings.Join(held, " | "))
	if t.dirty {
		e[queue], e[counters] = nil, nil
		return
	}
	var rows []string
	open, running, stuck := 0, 0, 0
	for _, s := range t.steps {
		if !s.state().Satisfies() {
			open++
		}
		if s.leased() {
			running++
		}
		if s.stuck() {
			stuck++
		}
		if s.runnable() && !t.state().TaskEnded() && !s.queuesBehind() {
			rows = append(rows, queueText(s.kind.name, s.due(), m.now))
		}
	}
	e.one(queue, strings.Join(rows, " "))
	e.one(counters, fmt.Sprintf("open %d, running %d, waiting %d, stuck %d", open, running, len(rows), stuck))
}

func leaseText(step, worker, lease string, attempt int, claimed, deadline time.Time) string {
	return fmt.Sprintf("%s %s %s attempt %d claimed %s deadline %s", step, worker, lease, attempt, clock(claimed), clock(deadline))
}

// queueText tells the time of a row that is not due yet; when a due row became
// due is not part of the contract.
func queueText(name string, due, now time.Time) string {
	if due.After(now) {
		return name + "@" + clock(due)
	}
	return name + "@now"
}

func (m *model) expectContext(e expectation, t *task) {
	count := map[workflow.State]int{}
	ready, leased, hopeless := 0, 0, 0
	var next time.Time
	for _, s := range t.steps {
		count[s.state()]++
		switch {
		case m.readable(s):
			ready++
		case s.leased():
			leased++
		case s.runnable() && !s.queuesBehind() && s.due().After(m.now) && (next.IsZero() || s.due().Before(next)):
			next = s.due()
		}
		if s.state() == workflow.Error && s.stuck() {
			hopeless++
		}
	}
	if ready > 0 {
		next = m.now
	}
	completed := count[workflow.Complete] + count[workflow.ResolvedManually]
	blocked := t.blocked() && !t.state().Ended()
	status, action := executionStatus(ready, leased, blocked, completed == len(t.steps))
	var texts []string
	health := healths(count[workflow.Error], ready, hopeless, blocked)
	if t.state().Ended() && count[workflow.Error] > 0 {
		health = []string{"blocked", "recovering"} // what an ended task could still do is nowhere said
	}
	for _, health := range health {
		texts = append(texts, contextText(t.state(), len(t.steps), count[workflow.Pending], count[workflow.InProgress], completed,
			count[workflow.Error], ready, status, action, percentage(completed, len(t.steps)), health, clock(next)))
	}
	e[t.String()+" context"] = texts
}

// readable is whether step_readiness says ready.
func (m *model) readable(s *step) bool {
	return m.ready(s) && !s.queuesBehind()
}

// queuesBehind reports that another step of a serial task is running (D12).
func (s *step) queuesBehind() bool { return s.task.kind.serial && s.task.busy() }

func contextText(state workflow.State, total, pending, running, completed, failed, ready int, status, action string, percent float64, health, wake string) string {
	return fmt.Sprintf("%s steps %d pending %d in_progress %d completed %d failed %d ready %d, %s/%s %.2f%% %s, wake %s",
		state, total, pending, running, completed, failed, ready, status, action, percent, health, wake)
}

// executionStatus is section 5 of the readiness sheet with D4 and D9.
func executionStatus(ready, leased int, blocked, done bool) (status, action string) {
	switch {
	case ready > 0:
		return "has_ready_steps", "execute_ready_steps"
	case leased > 0:
		return "processing", "wait_for_completion"
	case blocked:
		return "blocked_by_failures", "handle_failures"
	case done:
		return "all_complete", "finalize_task"
	}
	return "waiting_for_dependencies", "wait_for_dependencies"
}

// healths is the second table of that section; whether a task that is blocked
// without a failure is healthy is left open there.
func healths(failed, ready, hopeless int, blocked bool) []string {
	switch {
	case blocked && failed == 0:
		return []string{"blocked", "healthy"}
	case failed == 0:
		return []string{"healthy"}
	case ready > 0:
		return []string{"recovering"}
	case blocked || hopeless > 0:
		return []string{"blocked"}
	}
	return []string{"recovering"}
}

func percentage(done, total int) float64 { return math.Round(1e4*float64(done)/float64(total)) / 100 }

func (m *model) expectStep(e expectation, s *step) {
	name := s.String()
	e.one(name+" state", fmt.Sprintf("%s since %s", s.state(), clock(since(s.rows, s.task.created))))
	e.one(name+" history", historyText(s.rows))
	e.one(name+" attempts", fmt.Sprintf("%d of %d, last %s", s.attempts, s.limit(), clock(s.lastAttempt)))
	e.one(name+" retryable", s.retryable)
	e.one(name+" in_process", s.inProcess)
	if s.task.dirty {
		e[name+" in_process"] = nil
	}
	e.one(name+" processed_at", clock(s.processedAt))
	e.one(name+" backoff", number(s.backoff))
	e.one(name+" results", s.results)
	m.expectReadiness(e, s)
}

func (m *model) expectReadiness(e expectation, s *step) {
	state, failure, parents, done := s.state(), time.Time{}, len(s.kind.parents), 0
	if state == workflow.Error {
		failure = s.rows[len(s.rows)-1].at
	}
	for _, p := range s.kind.parents {
		if s.task.steps[p].state().Satisfies() {
			done++
		}
	}
	waits := []string{"never"}
	if ends := s.waitEnds(); s.attemptLeft() && (state == workflow.Pending || state == workflow.Error) && !ends.IsZero() {
		waits[0] = clock(ends)
		if !ends.After(m.now) { // over: to say so or to be silent are both right
			waits = append(waits, "never")
		}
	}
	var texts []string
	for _, wait := range waits {
		texts = append(texts, readinessText(done == parents, s.attemptLeft(), m.readable(s), clock(failure), wait, done, parents))
	}
	e[s.String()+" readiness"] = texts
	e[s.String()+" reason"] = m.reasons(s)
}

func readinessText(satisfied, eligible, ready bool, failure, retry string, done, parents int) string {
	return fmt.Sprintf("satisfied %v eligible %v ready %v, failed %s, next %s, parents %d/%d", satisfied, eligible, ready, failure, retry, done, parents)
}

// reasons are the true statements about why a step does not run.
func (m *model) reasons(s *step) []string {
	if m.readable(s) {
		return []string{""}
	}
	switch state := s.state(); state {
	case workflow.Complete, workflow.ResolvedManually, workflow.Cancelled:
		return []string{string(state)}
	case workflow.InProgress:
		if s.leased() {
			return []string{"running"}
		}
		return []string{"not_leased"}
	}
	reasons := []string{}
	for reason, holds := range map[string]bool{
		"task_ended":                 s.task.state().Ended(),
		"retries_exhausted":          s.attempts >= s.limit(),
		"permanent_failure":          s.permanent(),
		"not_retryable":              !s.retryable && !s.first(),
		"dependencies_not_satisfied": !s.satisfied(),
		"waiting_for_retry":          s.waitEnds().After(m.now),
		"waiting_for_start":          s.task.startAt.After(m.now),
		"in_process":                 s.inProcess,
		"processed":                  s.processed,
		"serial_busy":                s.queuesBehind(),
	} {
		if holds {
			reasons = append(reasons, reason)
		}
	}
	slices.Sort(reasons)
	return reasons
}
