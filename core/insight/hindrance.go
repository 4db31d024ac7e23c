package insight

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/tasker-systems/tasker-core-go/core/graph"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// TaskBottlenecks tells what holds a task up.
type TaskBottlenecks struct {
	// Bottlenecks: the steps in error, else those that wait for others, were tried twice or have no attempt left.
	Total int64 `json:"total_bottlenecks"`
	// Those of severity Critical.
	Critical int64 `json:"critical_bottlenecks"`
	// Steps that wait for others.
	TotalBlocked int64 `json:"total_blocked_steps"`
	// The ten with the greatest impact, the greatest first.
	Bottlenecks []TaskBottleneck `json:"bottlenecks"`
	// healthy, recovering or blocked.
	TaskHealth string `json:"task_health"`
	// Complete steps in percent, with two decimals.
	TaskCompletion float64 `json:"task_completion"`
	// Steps in error in percent, with two decimals.
	FailedRatio float64 `json:"failed_steps_ratio"`
	// None, Low, Medium, High or Severe.
	OverallImpact string `json:"overall_impact"`
}

// TaskBottleneck is one step that holds a task up.
type TaskBottleneck struct {
	// The step.
	StepID int64 `json:"step_id"`
	// Its name.
	StepName string `json:"step_name"`
	// Its state.
	State workflow.State `json:"current_state"`
	// Its attempts that have ended.
	Attempts int64 `json:"attempts"`
	// Attempts allowed in total.
	RetryLimit int64 `json:"retry_limit"`
	// Whether all parents are complete or resolved.
	Satisfied bool `json:"dependencies_satisfied"`
	// Steps below it.
	Downstream int64 `json:"downstream_steps_count"`
	// Those that wait for others.
	BlockedDownstream int64 `json:"blocked_downstream_count"`
	// The score.
	ImpactScore float64 `json:"impact_score"`
	// Critical, High, Medium or Low.
	Severity string `json:"severity"`
	// Permanent Failure, Active Error, Dependency Block, Retry Exhaustion, Non-Retryable or Unknown.
	Type string `json:"bottleneck_type"`
	// What to do, in a few words.
	Resolution string `json:"resolution_strategy"`
	// How long that takes, in a few words.
	ResolutionTime string `json:"estimated_resolution_time"`
}

// From where on a bottleneck counts, how many are listed, and from where on
// their number tells (analysis sheet, section 2.6).
const (
	unstableAttempts  = 2
	bottlenecksListed = 10
	severeCritical    = 3
	manyHigh          = 3
	manyBottlenecks   = 5
)

// Bottlenecks finds what holds the task up. reaches is as in ErrorChains. A step
// that has ended is no bottleneck, whatever it went through.
func (s *Scene) Bottlenecks(reaches []graph.Reach) TaskBottlenecks {
	failures := s.count((*Step).failed)
	b := TaskBottlenecks{TotalBlocked: s.count((*Step).blocked), Bottlenecks: []TaskBottleneck{}, TaskHealth: s.Health,
		TaskCompletion: percent(s.done(), int64(len(s.Steps))), FailedRatio: percent(failures, int64(len(s.Steps)))}
	levels := map[string]int64{}
	for i := range s.Steps {
		step := &s.Steps[i]
		if (failures > 0 && !step.failed()) || (failures == 0 && !step.hinders()) {
			continue
		}
		found := s.bottleneck(step, reaches[i])
		levels[found.Severity]++
		b.Bottlenecks = append(b.Bottlenecks, found)
	}
	b.Total, b.Critical = int64(len(b.Bottlenecks)), levels[Critical]
	b.OverallImpact = overall(b.Total, levels, failures > int64(len(s.Steps)/2))
	slices.SortStableFunc(b.Bottlenecks, func(x, y TaskBottleneck) int { return cmp.Compare(y.ImpactScore, x.ImpactScore) })
	b.Bottlenecks = b.Bottlenecks[:min(bottlenecksListed, len(b.Bottlenecks))]
	return b
}

// hinders reports whether a step of a task without failures is a bottleneck.
func (s *Step) hinders() bool {
	return !s.State.Ended() && (!s.Satisfied || s.Attempts >= unstableAttempts || !s.Eligible)
}

// overall is the first match of the table of section 2.6.
func overall(total int64, levels map[string]int64, mostFailed bool) string {
	switch {
	case total == 0:
		return "None"
	case levels[Critical] >= severeCritical || mostFailed:
		return "Severe"
	case levels[Critical] >= 1 || levels[High] >= manyHigh:
		return High
	case levels[High] >= 1 || total >= manyBottlenecks:
		return Medium
	}
	return Low
}

func (s *Scene) bottleneck(step *Step, reach graph.Reach) TaskBottleneck {
	score := s.impact(step, reach)
	kind, resolution := s.kind(step)
	return TaskBottleneck{StepID: step.ID, StepName: step.Name, State: step.State, Attempts: int64(step.Attempts),
		RetryLimit: int64(step.Limit), Satisfied: step.Satisfied, Downstream: int64(reach.Descendants),
		BlockedDownstream: int64(reach.Marked), ImpactScore: score, Severity: s.Weights.level(score), Type: kind,
		Resolution: resolution, ResolutionTime: s.resolutionTime(step)}
}

func (s *Scene) impact(step *Step, reach graph.Reach) float64 {
	w := &s.Weights
	multiplier, penalty := 1.0, w.RetryInstability*float64(max(0, step.Attempts))
	switch {
	case step.failed() && step.exhausted():
		multiplier = w.ErrorState + w.ExhaustedRetryBonus
	case step.failed():
		multiplier = w.ErrorState
	case step.State == workflow.Pending && !step.Satisfied:
		multiplier = w.DependencyIssue
	}
	if !step.Eligible {
		penalty += w.NonRetryable
	}
	if step.exhausted() {
		penalty += w.ExhaustedRetry
	}
	return math.Round((w.Downstream*float64(reach.Descendants)+w.Blocked*float64(reach.Marked))*multiplier + penalty)
}

// kind is what sort of bottleneck a step is, and what to do about it.
func (s *Scene) kind(step *Step) (kind, resolution string) {
	switch {
	case step.failed() && !step.Eligible:
		return "Permanent Failure", "manual intervention"
	case step.failed() && s.waits(step):
		return "Active Error", "wait for backoff"
	case step.failed() && step.Ready:
		return "Active Error", "monitor retries"
	case step.failed():
		return "Active Error", "investigate error"
	case !step.Satisfied:
		return "Dependency Block", "check upstream"
	case step.Attempts >= unstableAttempts:
		return "Retry Exhaustion", "monitor retries"
	case !step.Eligible:
		return "Non-Retryable", "review configuration"
	}
	return "Unknown", "review configuration"
}

func (s *Scene) resolutionTime(step *Step) string {
	switch {
	case step.Ready:
		return "immediate"
	case !step.Satisfied:
		return "depends on upstream"
	case s.waits(step):
		minutes := (step.RetryAt.Sub(s.Now.Time) + time.Minute - 1) / time.Minute
		if minutes == 1 {
			return "1 minute"
		}
		return fmt.Sprintf("%d minutes", minutes)
	case step.failed() && step.Eligible:
		return "next retry cycle"
	}
	return "unknown"
}
