package insight

import (
	"math"

	"github.com/tasker-systems/tasker-core-go/core/graph"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// Step is what the figures about one task need to know of a step.
type Step struct {
	ID       int64
	Name     string
	State    workflow.State
	Attempts int
	Limit    int // attempts in total
	// Satisfied, Eligible, Ready, RetryAt and Reason are the verdict on the step
	// (readiness).
	Satisfied bool // every parent is complete or resolved
	Eligible  bool // an attempt is left to it
	Ready     bool
	RetryAt   workflow.Instant // when its wait is over
	Reason    string           // why it does not run
}

// blocked reports whether the step waits for others.
func (s *Step) blocked() bool { return !s.Satisfied && !s.State.Ended() }

// failed reports whether the step is in error.
func (s *Step) failed() bool { return s.State == workflow.Error }

// exhausted reports whether its attempts are used up.
func (s *Step) exhausted() bool { return s.Attempts >= s.Limit }

// Scene is one task to be looked at: its DAG, whose nodes are the ids of the
// steps, and how it fares. It belongs to one goroutine.
type Scene struct {
	Weights Weights
	Graph   *graph.Graph[int64]
	Steps   []Step // in the order of the nodes
	Healthy bool   // nothing failed
	Health  string // healthy, recovering or blocked
	Now     workflow.Instant

	index map[int64]int // position of a step
}

// at returns a step of the DAG.
func (s *Scene) at(id int64) *Step {
	if s.index == nil {
		s.index = make(map[int64]int, len(s.Steps))
		for i := range s.Steps {
			s.index[s.Steps[i].ID] = i
		}
	}
	return &s.Steps[s.index[id]]
}

// names returns the names of steps.
func (s *Scene) names(ids []int64) []string {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = s.at(id).Name
	}
	return names
}

// count returns how many steps there are of a kind.
func (s *Scene) count(is func(*Step) bool) (n int64) {
	for i := range s.Steps {
		if is(&s.Steps[i]) {
			n++
		}
	}
	return n
}

// completion is the part of the steps that are complete or resolved, 0 to 1.
func (s *Scene) completion() float64 {
	if len(s.Steps) == 0 {
		return 0
	}
	return float64(s.done()) / float64(len(s.Steps))
}

func (s *Scene) done() int64 { return s.count(func(step *Step) bool { return step.State.Satisfies() }) }

// waits reports whether the step's wait is not over.
func (s *Scene) waits(step *Step) bool { return step.Eligible && step.RetryAt.After(s.Now.Time) }

// tenths is part of whole in percent with one decimal, 0 of nothing.
func tenths(part, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	return float64(quotient(1000*part, whole)) / 10
}

// hundredths rounds a score to two decimals.
func hundredths(score float64) float64 { return math.Round(100*score) / 100 }
