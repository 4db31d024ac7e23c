package differential_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/tasker-systems/tasker-core-go/tests/answers"
	"github.com/tasker-systems/tasker-core-go/tests/factory"
)

// stepsMax bounds the steps of one graph.
const stepsMax = 300

// artist draws a graph in any condition from a seed: also in those that no
// engine leaves behind, since the rules must agree about all of them.
type artist struct{ *rand.Rand }

func newArtist(seed uint64) artist { return artist{rand.New(rand.NewPCG(seed, 17))} }

// chance is true so many times in a hundred.
func (a artist) chance(percent int) bool { return a.IntN(100) < percent }

// draw returns a task T with up to stepsMax steps, and a task U beside it whose
// steps are parents and children of T's.
func draw(seed uint64) answers.Vector {
	a := newArtist(seed)
	t := a.task("T", a.shape(seed), "")
	u := a.task("U", factory.Random(seed+1, 1+a.IntN(5)), "u")
	for range a.IntN(4) {
		t.Edges = append(t.Edges, []string{a.step(u), a.step(t)}, []string{a.step(t), a.step(u)})
	}
	if a.chance(30) { // a foreign edge that is there twice
		t.Edges = append(t.Edges, slices.Repeat([][]string{{a.step(u), a.step(t)}}, 2)...)
	}
	for range a.IntN(4) { // edges that are there twice
		if len(t.Edges) > 0 {
			t.Edges = append(t.Edges, t.Edges[a.IntN(len(t.Edges))])
		}
	}
	if a.chance(25) { // an edge anywhere, which may close a cycle or be one
		t.Edges = append(t.Edges, []string{a.step(t), a.step(t)})
	}
	return answers.Vector{ID: fmt.Sprint(seed), Tasks: []answers.Task{t, u}}
}

func (a artist) step(t answers.Task) string { return t.Steps[a.IntN(len(t.Steps))].Step }

// shape is one of the generated shapes: mostly small, at times of full size.
func (a artist) shape(seed uint64) factory.Shape {
	n := 1 + a.IntN([]int{8, 20, 60, stepsMax}[a.IntN(4)])
	switch a.IntN(7) {
	case 0:
		return factory.Chain(n)
	case 1:
		return factory.FanIn(n)
	case 2:
		return factory.FanOut(n)
	case 3:
		return factory.Branching(n, 1+a.IntN(4))
	case 4:
		return factory.Layered(seed, n, 1+a.IntN(10), 1+a.IntN(4))
	case 5:
		return factory.Isolated(n)
	}
	return factory.Random(seed, n)
}

func (a artist) task(name string, shape factory.Shape, prefix string) answers.Task {
	t := answers.Task{Task: name, Complete: a.chance(10), CreatedAgo: float64(a.IntN(9_000)), Transitions: a.history(a.state(), a.ago(40))}
	good := a.chance(30) // most steps complete, or next to nothing would be ready
	for _, s := range shape.Steps {
		t.Steps = append(t.Steps, a.newStep(prefix+s.Name, good))
		for _, p := range s.Parents {
			t.Edges = append(t.Edges, []string{prefix + p, prefix + s.Name})
		}
	}
	return t
}

func (a artist) newStep(name string, good bool) answers.Step {
	s := answers.Step{Step: name, Attempts: a.attempts(), InProcess: a.chance(8), Processed: a.chance(8), CreatedAgo: float64(a.IntN(9_000))}
	if a.chance(20) {
		s.RetryLimit = answers.LimitOf(a.number(-1, 50))
	}
	if retryable := a.chance(85); a.chance(50) || !retryable {
		s.Retryable = &retryable
	}
	if a.chance(30) {
		s.Backoff = a.number(0, 60)
	}
	if a.chance(50) {
		wait := 30.0
		if s.Backoff != nil {
			wait = float64(*s.Backoff)
		}
		ago := a.around(wait)
		s.LastAttempted = &ago
	}
	state := a.state()
	if good && a.chance(80) {
		state = "complete"
	}
	exponent := 1.0
	if s.Attempts != nil {
		exponent = float64(*s.Attempts)
	}
	s.Transitions = a.history(state, a.around(min(math.Exp2(exponent), 30)))
	return s
}

// number is NULL at times.
func (a artist) number(low, high int) *int {
	if a.chance(15) {
		return nil
	}
	n := low + a.IntN(high-low+1)
	return &n
}

// attempts are few, at times absent, and rarely such as overflow or underflow.
func (a artist) attempts() *int {
	switch {
	case a.chance(5):
		n := []int{-2_000_000_000, -1_100, -40, -21, -20, -7, -1, 43, 44, 62, 63, 64, 1_023, 1_024, 2_000_000_000}[a.IntN(15)]
		return &n
	case a.chance(70):
		return a.number(0, 3)
	}
	return a.number(0, 8)
}

// state is "" for a step without a row.
func (a artist) state() string {
	states := []string{"", "", "pending", "in_progress", "complete", "complete", "error", "error", "cancelled", "resolved_manually"}
	if a.chance(2) {
		return []string{"skipped", "failed", "Complete", "x"}[a.IntN(4)]
	}
	return states[a.IntN(len(states))]
}

// around is an age near the end of a wait, often to the microsecond.
func (a artist) around(wait float64) float64 {
	if a.chance(50) {
		return wait + []float64{-1e-6, 0, 1e-6}[a.IntN(3)]
	}
	return a.ago(wait + 20)
}

// ago is an age in seconds, with microseconds, at times in the future.
func (a artist) ago(most float64) float64 {
	return math.Round((a.Float64()*(most+2)-2)*1e6) / 1e6
}

// history is some rows that end in the state, whose row is that old. Rarely none
// of them is the current one, or it has not the greatest sort key.
func (a artist) history(state string, ago float64) (rows []answers.Transition) {
	if state == "" {
		return nil
	}
	for i := range a.IntN(4) {
		rows = append(rows, answers.Transition{ToState: []string{"pending", "in_progress", "error"}[a.IntN(3)], SortKey: 10 * (i + 1), Ago: ago + 100})
	}
	last := answers.Transition{ToState: state, SortKey: 10 * (len(rows) + 1), MostRecent: !a.chance(3), Ago: ago}
	if a.chance(3) {
		last.SortKey = 5
	}
	return append(rows, last)
}
