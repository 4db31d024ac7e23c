package insight

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/tasker-systems/tasker-core-go/core/graph"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// ErrorChains tells which failures of a task hold what back.
type ErrorChains struct {
	// Steps in error.
	TotalErrorSteps int64 `json:"total_error_steps"`
	// All steps.
	TotalSteps int64 `json:"total_steps"`
	// Steps in error in percent, with one decimal.
	ErrorPercentage float64 `json:"error_percentage"`
	// Steps below any of them that wait for others; each counts once.
	TotalBlocked int64 `json:"total_blocked_by_errors"`
	// The failure with the greatest impact, null without any.
	MostCritical *ErrorChain `json:"most_critical_error"`
	// The failures, the greatest impact first, at most 100.
	Chains []ErrorChain `json:"error_chains"`
	// What to look at first, at most three.
	Priorities []RecoveryPriority `json:"recovery_priority"`
	// healthy, recovering or blocked.
	TaskHealth string `json:"task_health"`
}

// ErrorChain is one failed step and what is below it.
type ErrorChain struct {
	// The step.
	StepID int64 `json:"error_step_id"`
	// Its name.
	StepName string `json:"error_step_name"`
	// Its attempts that have ended.
	Attempts int64 `json:"error_attempts"`
	// Attempts allowed in total.
	RetryLimit int64 `json:"retry_limit"`
	// What is left to it.
	Retry RetryAnalysis `json:"retry_analysis"`
	// The steps below it, nearest first, at most 100.
	Downstream []DownstreamStep `json:"downstream_steps"`
	// All steps below it.
	TotalDownstream int64 `json:"total_downstream_steps"`
	// Those that wait for others.
	BlockedDownstream int64 `json:"blocked_downstream_steps"`
	// The score: steps below, blocked ones more, attempts, and whether they are used up.
	TotalImpact float64 `json:"total_impact"`
	// What can be done, the most urgent first.
	Strategies []RecoveryStrategy `json:"recovery_strategies"`
}

// RetryAnalysis tells what is left to a failed step.
type RetryAnalysis struct {
	// Whether its attempts are used up.
	Exhausted bool `json:"exhausted"`
	// Attempts that the limit leaves.
	Remaining int64 `json:"remaining_attempts"`
	// Whether it waits for a time before it is tried again.
	InBackoff bool `json:"in_backoff"`
	// When that wait is over, null without one.
	NextRetryAt workflow.Instant `json:"next_retry_at"`
	// Whether it is tried again at all.
	Retryable bool `json:"retryable"`
}

// DownstreamStep is a step below a failed one.
type DownstreamStep struct {
	// The step.
	StepID int64 `json:"step_id"`
	// Its name.
	StepName string `json:"step_name"`
	// Its state.
	State workflow.State `json:"current_state"`
	// Whether it waits for others.
	Blocked bool `json:"blocked"`
}

// RecoveryStrategy is one thing that can be done about a failure.
type RecoveryStrategy struct {
	// Its name.
	Strategy string `json:"strategy"`
	// High, Medium or Low.
	Priority string `json:"priority"`
	// One sentence.
	Description string `json:"description"`
}

// RecoveryPriority says what to look at first.
type RecoveryPriority struct {
	// The step.
	StepID int64 `json:"step_id"`
	// Its name.
	StepName string `json:"step_name"`
	// Critical, High, Medium or Low.
	Level string `json:"priority_level"`
	// Why, in one sentence.
	Reason string `json:"reason"`
	// The strategy to begin with.
	Action string `json:"recommended_action"`
}

// Bounds of the answer: a task of 10,000 failed steps is not told by listing all
// that is below each.
const (
	chainsListed     = 100
	downstreamListed = 100
	prioritiesListed = 3
)

// ErrorChains finds the failures of the task. reaches tells of each step how
// many steps, and how many blocked ones, are below it.
func (s *Scene) ErrorChains(reaches []graph.Reach) ErrorChains {
	c := ErrorChains{TotalSteps: int64(len(s.Steps)), Chains: []ErrorChain{}, Priorities: []RecoveryPriority{}, TaskHealth: s.Health}
	var failed []int64
	for i := range s.Steps {
		if step := &s.Steps[i]; step.failed() {
			failed = append(failed, step.ID)
			c.Chains = append(c.Chains, s.errorChain(step, reaches[i]))
		}
	}
	c.TotalErrorSteps = int64(len(failed))
	c.ErrorPercentage = tenths(c.TotalErrorSteps, c.TotalSteps)
	c.TotalBlocked = s.blockedBelow(failed)
	slices.SortStableFunc(c.Chains, func(a, b ErrorChain) int { return cmp.Compare(b.TotalImpact, a.TotalImpact) })
	c.Chains = c.Chains[:min(chainsListed, len(c.Chains))]
	for i := range c.Chains {
		c.Chains[i].Downstream = s.downstream(c.Chains[i].StepID)
	}
	for i := range c.Chains[:min(prioritiesListed, len(c.Chains))] {
		c.Priorities = append(c.Priorities, s.priority(&c.Chains[i]))
	}
	if len(c.Chains) > 0 {
		c.MostCritical = &c.Chains[0]
	}
	return c
}

func (s *Scene) errorChain(step *Step, reach graph.Reach) ErrorChain {
	w := &s.Weights
	impact := w.Blocked*float64(reach.Marked) + w.Downstream*float64(reach.Descendants) +
		w.RetryInstability*float64(max(0, step.Attempts))
	if step.exhausted() {
		impact += w.ExhaustedRetry
	}
	return ErrorChain{StepID: step.ID, StepName: step.Name, Attempts: int64(step.Attempts), RetryLimit: int64(step.Limit),
		TotalDownstream: int64(reach.Descendants), BlockedDownstream: int64(reach.Marked), TotalImpact: hundredths(impact),
		Retry: RetryAnalysis{Exhausted: step.exhausted(), Remaining: int64(max(0, step.Limit-max(0, step.Attempts))),
			InBackoff: s.waits(step), NextRetryAt: step.RetryAt, Retryable: step.Eligible},
		Strategies: s.strategies(step)}
}

// strategies are the first match of the table of section 2.5.
func (s *Scene) strategies(step *Step) []RecoveryStrategy {
	switch {
	case step.exhausted():
		return []RecoveryStrategy{
			{"Manual Resolution", High, "Mend the cause and retry the step, or resolve it by hand."},
			{"Increase Retry Limit", Medium, "Allow more attempts if the cause goes away by itself."},
		}
	case s.waits(step):
		return []RecoveryStrategy{{"Wait for Backoff", Low, "It is tried again by itself when its wait is over."}}
	case step.Eligible:
		return []RecoveryStrategy{{"Monitor Retries", Medium, "It may be tried again now; see whether that helps."}}
	}
	return []RecoveryStrategy{{"Investigate Root Cause", High, "It is not tried again by itself: find the cause, then retry or resolve it."}}
}

// blockedBelow counts the steps below some steps that wait for others.
func (s *Scene) blockedBelow(ids []int64) (blocked int64) {
	seen := make(map[int64]bool, len(s.Steps))
	for at := 0; at < len(ids); at++ {
		for _, child := range s.Graph.Children(ids[at]) {
			if seen[child] {
				continue
			}
			seen[child] = true
			ids = append(ids, child)
			if s.at(child).blocked() {
				blocked++
			}
		}
	}
	return blocked
}

func (s *Scene) downstream(id int64) []DownstreamStep {
	below := s.Graph.Descendants(id)
	list := make([]DownstreamStep, 0, min(downstreamListed, len(below)))
	for _, d := range below[:min(downstreamListed, len(below))] {
		step := s.at(d)
		list = append(list, DownstreamStep{StepID: d, StepName: step.Name, State: step.State, Blocked: step.blocked()})
	}
	return list
}

func (s *Scene) priority(c *ErrorChain) RecoveryPriority {
	reason := fmt.Sprintf("After %s of %d it holds back %s.", counted(c.Attempts, "attempt"), c.RetryLimit, counted(c.BlockedDownstream, "step"))
	return RecoveryPriority{StepID: c.StepID, StepName: c.StepName, Level: s.Weights.level(c.TotalImpact), Reason: reason,
		Action: c.Strategies[0].Strategy}
}
