package engine

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tasker-systems/tasker-core-go/core/graph"
	"github.com/tasker-systems/tasker-core-go/core/readiness"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// Reasons of causes beside those of readiness.
const (
	causeReady    = "ready"                // it may run now, and a live worker has a handler
	causeNoWorker = "no_worker"            // it may run now, but no live worker has a handler
	causeCycle    = "cycle"                // it waits for itself by way of others
	causeOutside  = "parent_in_other_task" // a step of another task is not done
)

// explainer looks at one judged task. It lives for one answer.
type explainer struct {
	engine *Engine
	judged *judged
	now    workflow.Instant
	graph  *graph.Graph[int64]
	steps  map[int64]*waiter
	leases map[int64]workflow.Lease
}

// waiter is a step, or a parent in another task, and what keeps it.
type waiter struct {
	ChainLink
	verdict *readiness.Verdict // nil for a parent in another task
	step    *workflow.Step     // nil for a parent in another task
	reason  string             // of a cause; empty for what is done or only waits for others
	holds   int
}

func newExplainer(e *Engine, j *judged, served map[int64]bool, now workflow.Instant) *explainer {
	x := &explainer{engine: e, judged: j, now: now, steps: map[int64]*waiter{}, leases: map[int64]workflow.Lease{}}
	for _, lease := range j.graph.Leases {
		x.leases[lease.StepID] = lease
	}
	for i := range j.graph.Steps {
		step, v := &j.graph.Steps[i], &j.verdicts[i]
		x.steps[step.ID] = &waiter{step: step, verdict: v, reason: causeOf(v, served[step.RouteID]),
			ChainLink: ChainLink{StepID: step.ID, Name: step.Name, State: step.State, Reason: v.Reason}}
	}
	links := make([]graph.Edge[int64], 0, len(j.graph.Edges))
	for _, edge := range j.graph.Edges {
		links = append(links, graph.Edge[int64]{From: edge.From, To: edge.To})
		if edge.Outside != "" && !edge.Outside.Satisfies() && x.steps[edge.From] == nil {
			x.steps[edge.From] = &waiter{reason: causeOutside, ChainLink: ChainLink{StepID: edge.From,
				Name: fmt.Sprintf("step %d of another task", edge.From), State: edge.Outside, Reason: causeOutside}}
		}
	}
	x.graph = graph.New(slices.Sorted(maps.Keys(x.steps)), links)
	return x
}

// causeOf returns why a step holds others up by itself, or nothing.
func causeOf(v *readiness.Verdict, served bool) string {
	switch {
	case v.State.Satisfies() || v.Reason == readiness.DependenciesNotSatisfied || v.Reason == readiness.TaskEnded:
		return ""
	case v.Ready && served:
		return causeReady
	case v.Ready:
		return causeNoWorker
	}
	return v.Reason
}

// gravity orders causes: what needs a person, then what needs a worker, then
// what time or work ends.
func (w *waiter) gravity() int {
	switch {
	case w.verdict == nil:
		return 1
	case w.verdict.Stuck || w.reason == causeCycle:
		return 0
	case w.reason == causeNoWorker:
		return 2
	case w.reason == causeReady:
		return 5
	case w.reason == readiness.Running:
		return 4
	}
	return 3
}

// holdsCounted bounds the causes whose followers are counted, since each count
// walks a part of the graph.
const holdsCounted = 256

// roots returns the causes: of a step, those among itself and what is above it;
// of a task, all of them. The gravest that holds up most comes first.
func (x *explainer) roots(stepID int64) []*waiter {
	scope := x.graph.Nodes()
	if stepID != 0 {
		scope = append([]int64{stepID}, x.graph.Ancestors(stepID)...)
	}
	var roots []*waiter
	for _, id := range scope {
		if w := x.steps[id]; w.reason != "" {
			roots = append(roots, w)
		}
	}
	if cycle := x.graph.Cycle(); cycle != nil && (stepID == 0 || slices.Contains(scope, cycle[0])) {
		roots = append(roots, x.onCycle(cycle))
	}
	slices.SortFunc(roots, func(a, b *waiter) int {
		return cmp.Or(cmp.Compare(a.gravity(), b.gravity()), cmp.Compare(a.StepID, b.StepID))
	})
	for _, w := range roots[:min(len(roots), holdsCounted)] {
		w.holds = x.heldBack(w.StepID)
	}
	slices.SortStableFunc(roots, func(a, b *waiter) int {
		return cmp.Or(cmp.Compare(a.gravity(), b.gravity()), cmp.Compare(b.holds, a.holds))
	})
	return roots
}

func (x *explainer) onCycle(cycle []int64) *waiter {
	first := *x.steps[cycle[0]]
	names := make([]string, 0, len(cycle))
	for _, id := range cycle {
		names = append(names, x.steps[id].Name)
	}
	first.reason = causeCycle
	first.Reason = strings.Join(names[:min(len(names), chainMax)], " → ")
	return &first
}

// heldBack counts the steps below that cannot run before this one is done.
func (x *explainer) heldBack(id int64) int {
	held := 0
	for _, below := range x.graph.Descendants(id) {
		if !x.steps[below].State.Satisfies() {
			held++
		}
	}
	return held
}

// chainMax bounds the links of a chain.
const chainMax = 32

// chain is a shortest way from a cause to the step that was asked about, else
// to a nearest step below which nothing waits.
func (x *explainer) chain(from, to int64) []ChainLink {
	via := map[int64]int64{from: 0}
	queue, end := []int64{from}, from
	for len(queue) > 0 {
		end = queue[0]
		queue = queue[1:]
		last := true
		for _, child := range x.graph.Children(end) {
			if _, seen := via[child]; !x.steps[child].State.Satisfies() {
				last = last && seen
				if !seen {
					via[child] = end
					queue = append(queue, child)
				}
			}
		}
		if end == to || (to == 0 && last) {
			break
		}
	}
	var ids []int64
	for id := end; id != 0; id = via[id] {
		ids = append(ids, id)
	}
	slices.Reverse(ids)
	if len(ids) > chainMax { // both ends tell most
		ids = append(ids[:chainMax-1], end)
	}
	links := make([]ChainLink, len(ids))
	for i, id := range ids {
		links[i] = x.steps[id].ChainLink
	}
	return links
}

// cause renders one cause.
func (x *explainer) cause(w *waiter, stepID int64) Cause {
	c := Cause{StepID: w.StepID, Name: w.Name, State: w.State, Reason: w.reason, HoldsBack: w.holds,
		Chain: x.chain(w.StepID, stepID)}
	if w.verdict != nil {
		c.Until = w.verdict.DueAt
	}
	if lease, leased := x.leases[w.StepID]; leased {
		c.Until = lease.DeadlineAt
	}
	c.Message = x.message(w, c.Until)
	return c
}

// message says a cause in one sentence.
func (x *explainer) message(w *waiter, until workflow.Instant) string {
	switch w.reason {
	case causeReady:
		return w.Name + " may run now and a worker has its handler"
	case causeNoWorker:
		return w.Name + " may run now, but no live worker has a handler for it"
	case causeCycle:
		return "steps wait for each other: " + w.Reason
	case causeOutside:
		return fmt.Sprintf("%s is %s", w.Name, w.State)
	case readiness.Running:
		if lease, leased := x.leases[w.StepID]; leased {
			return fmt.Sprintf("%s runs at worker %d, attempt %d, until %s at the latest", w.Name, lease.WorkerID, lease.Attempt, until)
		}
		return w.Name + " is running"
	case readiness.WaitingForRetry:
		return fmt.Sprintf("%s is tried again at %s%s", w.Name, until, saidAtFailure(w.step))
	case readiness.WaitingForStart:
		return fmt.Sprintf("%s starts at %s, as its task was told", w.Name, until)
	case readiness.RetriesExhausted:
		return fmt.Sprintf("%s has used its %s%s", w.Name, plural(limitOf(w.step), "attempt"), saidAtFailure(w.step))
	}
	if text, known := causeTexts[w.reason]; known {
		return w.Name + " " + text + saidAtFailure(w.step)
	}
	return w.Name + ": " + w.reason
}

// causeTexts finish the sentence that begins with a step's name.
var causeTexts = map[string]string{
	readiness.SerialBusy:       "waits while another step of its task runs, which runs one at a time",
	readiness.NotLeased:        "is in progress, but no worker of this engine has it",
	readiness.NotRetryable:     "failed and must not be tried again",
	readiness.PermanentFailure: "failed, and its handler said that trying again cannot help",
	readiness.InProcess:        "is marked as in process though nobody has it",
	readiness.Processed:        "is marked as processed though it is not complete",
	readiness.AlreadyCancelled: "was cancelled, so what is below it never runs",
	readiness.UnknownState:     "is in a state that the engine does not know",
}

// saidAtFailure quotes what the last failure said.
func saidAtFailure(step *workflow.Step) string {
	if said := step.StateMetadata.Field("error_message").Text(); said != "" {
		return ": " + said
	}
	return ""
}

func plural(n int, noun string) string {
	if n == 1 {
		return "one " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
