package engine

import (
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// Outcome is what became of one attempt of one step.
type Outcome struct {
	// The step.
	StepID int64 `json:"step_id"`
	// The epoch of the lease, from the claim.
	Epoch int64 `json:"epoch"`
	// "complete" or "error".
	Status string `json:"status"`
	// Any JSON value: the step's results, or what a failed attempt leaves. What is not an object is stored under {"value": ...}.
	Results workflow.JSON `json:"results,omitempty"`
	// What went wrong, for "error".
	Error *OutcomeError `json:"error,omitempty"`
	// For "error": never try again, whatever the limit. Default false.
	Permanent bool `json:"permanent,omitempty"`
	// For "error": seconds until the next attempt, as a server asked for, instead of the template's backoff; 0 to 86400.
	RetryAfterSeconds *int `json:"retry_after_seconds,omitempty"`
	// How long the handler ran, in milliseconds, for statistics.
	DurationMS *int64 `json:"duration_ms,omitempty"`
}

// OutcomeError describes a failure.
type OutcomeError struct {
	// One sentence.
	Message string `json:"message"`
	// Class or type of the exception.
	Class string `json:"class,omitempty"`
	// Code that the handler gave.
	Code string `json:"code,omitempty"`
	// Stack trace as one text.
	Backtrace string `json:"backtrace,omitempty"`
}

// ReportStepsRequest carries outcomes, and optionally asks for the next work.
type ReportStepsRequest struct {
	Call
	// The outcomes, 1 to 10000; each gets its own verdict.
	Outcomes []Outcome `json:"outcomes"`
	// Claim further steps in the same transaction.
	Claim *ClaimRequest `json:"claim,omitempty"`
}

// Verdict says what became of one reported outcome.
type Verdict struct {
	// The step.
	StepID int64 `json:"step_id"`
	// The epoch that was reported.
	Epoch int64 `json:"epoch"`
	// "recorded"; "already_recorded" (the same outcome was stored before, safe to repeat); "superseded" (another outcome of this epoch was stored); "lease_lost" (the lease ended: deadline, dead worker, cancel); "conflict" (a foreign writer moved the step); "not_found".
	Verdict string `json:"verdict"`
	// The step's state now, empty for not_found.
	StepState workflow.State `json:"step_state,omitempty"`
	// The task, 0 for not_found.
	TaskID int64 `json:"task_id,omitempty"`
	// The task's state now, empty for not_found.
	TaskState workflow.State `json:"task_state,omitempty"`
	// When the step is tried again, null when it is not.
	RetryAt workflow.Instant `json:"retry_at"`
}

// ReportStepsReply is the answer to step_report.
type ReportStepsReply struct {
	// One verdict per outcome, in the request's order.
	Verdicts []Verdict `json:"verdicts"`
	// Steps leased to the claiming worker.
	Claimed []ClaimedStep `json:"claimed"`
	// When the next scheduled step of the claiming worker is due, null when none is known.
	NextDue workflow.Instant `json:"next_due"`
}
