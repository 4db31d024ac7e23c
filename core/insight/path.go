package insight

import (
	"cmp"
	"slices"

	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// CriticalPaths are the ways through a task that deserve most attention.
type CriticalPaths struct {
	// Paths from a step without parents to one without children, counted but not listed; at most 9007199254740991.
	TotalPaths int64 `json:"total_paths"`
	// Steps on the longest of them.
	LongestPathLength int64 `json:"longest_path_length"`
	// The five with the highest score, the highest first.
	Paths []CriticalPath `json:"paths"`
	// Steps without parents.
	RootNodes []int64 `json:"root_nodes"`
	// Steps without children.
	LeafNodes []int64 `json:"leaf_nodes"`
}

// CriticalPath is one way through a task.
type CriticalPath struct {
	// The steps from root to leaf.
	Path []int64 `json:"path"`
	// Their number.
	Length int64 `json:"length"`
	// Their names.
	StepNames []string `json:"step_names"`
	// Steps that are complete or resolved.
	CompletedSteps int64 `json:"completed_steps"`
	// Steps that wait for others.
	BlockedSteps int64 `json:"blocked_steps"`
	// Steps in error.
	ErrorSteps int64 `json:"error_steps"`
	// Steps in error that have been tried.
	RetrySteps int64 `json:"retry_steps"`
	// Steps that may run now.
	ReadySteps int64 `json:"ready_steps"`
	// A rough estimate in seconds, from fixed weights for steps, failures and attempts.
	EstimatedDuration float64 `json:"estimated_duration"`
	// Steps in error or waiting for others, the most severe first.
	Bottlenecks []PathBottleneck `json:"bottlenecks"`
	// The score: length, waits, failures and estimate, less what is complete; 0 at least.
	CriticalityScore float64 `json:"criticality_score"`
	// Complete steps in percent, with one decimal.
	CompletionPercentage float64 `json:"completion_percentage"`
}

// PathBottleneck is a step that holds a path up.
type PathBottleneck struct {
	// The step.
	StepID int64 `json:"step_id"`
	// Its name.
	StepName string `json:"step_name"`
	// Why it does not run, as step_readiness tells; ready when it may be tried again now.
	Reason string `json:"reason"`
	// 10 in error, 20 with all attempts used up, 5 waiting for others, and 5 for every attempt.
	Severity float64 `json:"severity"`
	// Critical, High, Medium or Low.
	Impact string `json:"impact"`
}

// How many paths are listed, and the parts of a score and of the severity of a
// bottleneck that have no weight in the configuration (analysis sheet, section
// 2.3).
const (
	pathsListed       = 5
	unhealthyFactor   = 1.5
	completionRelief  = 0.3
	minuteWeight      = 2.0
	severityError     = 10
	severityAttempt   = 5
	severityExhausted = 20
	severityBlocked   = 5
)

// CriticalPaths finds them without listing all paths: but for a factor that is
// the same for every path, the score of a path is the sum of what its steps
// contribute.
func (s *Scene) CriticalPaths() CriticalPaths {
	c := CriticalPaths{TotalPaths: s.Graph.PathCount(), Paths: []CriticalPath{},
		RootNodes: append([]int64{}, s.Graph.Roots()...), LeafNodes: append([]int64{}, s.Graph.Leaves()...)}
	_, longest := s.Graph.CriticalPath(func(int64) float64 { return 1 })
	c.LongestPathLength = int64(longest)
	relief := 1 - completionRelief*s.completion()
	for _, p := range s.Graph.Paths(func(id int64) float64 { return s.criticality(s.at(id)) }, pathsListed) {
		c.Paths = append(c.Paths, s.criticalPath(p.Nodes, max(0, p.Weight*relief)))
	}
	return c
}

// criticality is what a step contributes to the score of a path.
func (s *Scene) criticality(step *Step) float64 {
	w, health := &s.Weights, 1.0
	if !s.Healthy {
		health = unhealthyFactor
	}
	score := w.PathLength + minuteWeight*s.estimate(step)/60
	if step.State.Satisfies() {
		score -= w.CompletedPenalty
	}
	if step.blocked() {
		score += w.BlockedPenalty * health
	}
	if step.failed() {
		score += w.ErrorPenalty * health
		if step.Attempts > 0 {
			score += w.RetryPenalty
		}
	}
	return score
}

// estimate is the estimated duration of a step in seconds.
func (s *Scene) estimate(step *Step) float64 {
	seconds := s.Weights.BaseStepSeconds + s.Weights.RetryPenaltySeconds*float64(max(0, step.Attempts))
	if step.failed() {
		seconds += s.Weights.ErrorPenaltySeconds
	}
	return seconds
}

func (s *Scene) criticalPath(ids []int64, score float64) CriticalPath {
	p := CriticalPath{Path: ids, Length: int64(len(ids)), StepNames: s.names(ids), CriticalityScore: hundredths(score),
		Bottlenecks: []PathBottleneck{}}
	for _, id := range ids {
		step := s.at(id)
		p.EstimatedDuration += s.estimate(step)
		if step.State.Satisfies() {
			p.CompletedSteps++
		}
		if step.Ready {
			p.ReadySteps++
		}
		if step.blocked() {
			p.BlockedSteps++
		}
		if step.failed() {
			p.ErrorSteps++
			if step.Attempts > 0 {
				p.RetrySteps++
			}
		}
		if step.blocked() || step.failed() {
			p.Bottlenecks = append(p.Bottlenecks, s.pathBottleneck(step))
		}
	}
	slices.SortStableFunc(p.Bottlenecks, func(a, b PathBottleneck) int { return cmp.Compare(b.Severity, a.Severity) })
	p.CompletionPercentage = tenths(p.CompletedSteps, p.Length)
	return p
}

func (s *Scene) pathBottleneck(step *Step) PathBottleneck {
	severity := severityAttempt * float64(max(0, step.Attempts))
	if step.State == workflow.Error {
		severity += severityError
	}
	if step.exhausted() {
		severity += severityExhausted
	}
	if step.blocked() {
		severity += severityBlocked
	}
	return PathBottleneck{StepID: step.ID, StepName: step.Name, Reason: cmp.Or(step.Reason, "ready"), Severity: severity,
		Impact: s.Weights.level(severity)}
}
