package engine

import (
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// TaskInfo describes a task.
type TaskInfo struct {
	// The task.
	TaskID int64 `json:"task_id"`
	// Namespace of the task type.
	Namespace string `json:"namespace"`
	// Name of the task type.
	Name string `json:"name"`
	// Version of the task type.
	Version string `json:"version"`
	// pending, in_progress, complete, error, cancelled or resolved_manually.
	State workflow.State `json:"state"`
	// Since when it is in this state.
	StateSince workflow.Instant `json:"state_since"`
	// Higher runs first.
	Priority int `json:"priority"`
	// The context with the schema's defaults.
	Context workflow.JSON `json:"context"`
	// Who asked for it.
	Initiator string `json:"initiator"`
	// The system that asked for it.
	SourceSystem string `json:"source_system"`
	// Why.
	Reason string `json:"reason"`
	// Its labels.
	Tags []string `json:"tags"`
	// Names of the steps that were bypassed.
	BypassSteps []string `json:"bypass_steps"`
	// No step runs before this instant, null for at once.
	StartAt workflow.Instant `json:"start_at"`
	// When it was asked for.
	RequestedAt workflow.Instant `json:"requested_at"`
	// When it was created.
	CreatedAt workflow.Instant `json:"created_at"`
	// When its row last changed.
	UpdatedAt workflow.Instant `json:"updated_at"`
	// What recognises a duplicate.
	IdentityHash string `json:"identity_hash"`
}

// StepInfo describes a step.
type StepInfo struct {
	// The step.
	StepID int64 `json:"step_id"`
	// Its task.
	TaskID int64 `json:"task_id"`
	// Its name.
	Name string `json:"name"`
	// pending, in_progress, complete, error, cancelled or resolved_manually.
	State workflow.State `json:"state"`
	// Since when it is in this state; its creation when it never moved.
	StateSince workflow.Instant `json:"state_since"`
	// Attempts that have ended.
	Attempts int `json:"attempts"`
	// Attempts allowed in total.
	RetryLimit int `json:"retry_limit"`
	// Whether it may be tried again after a failure.
	Retryable bool `json:"retryable"`
	// Whether it may be bypassed.
	Skippable bool `json:"skippable"`
	// Whether it is leased now.
	InProcess bool `json:"in_process"`
	// When its last attempt ended.
	LastAttemptedAt workflow.Instant `json:"last_attempted_at"`
	// When it completed.
	ProcessedAt workflow.Instant `json:"processed_at"`
	// The wait after its last failure.
	BackoffSeconds *int `json:"backoff_request_seconds"`
	// What its handler was given.
	Inputs workflow.JSON `json:"inputs"`
	// What its handler gave back.
	Results workflow.JSON `json:"results"`
	// Names of the steps before it.
	DependsOn []string `json:"depends_on,omitempty"`
}

// EdgeInfo is a dependency between two steps.
type EdgeInfo struct {
	// The parent step.
	FromStepID int64 `json:"from_step_id"`
	// The child step.
	ToStepID int64 `json:"to_step_id"`
	// "provides" for every edge that the engine made.
	Name string `json:"name"`
}

// TransitionInfo is one row of a history.
type TransitionInfo struct {
	// Id of the row.
	ID int64 `json:"id"`
	// The task; absent for a step's row.
	TaskID int64 `json:"task_id,omitempty"`
	// The step; absent for a task's row.
	StepID int64 `json:"step_id,omitempty"`
	// State before, null when the writer did not say.
	FromState *workflow.State `json:"from_state"`
	// State after.
	ToState workflow.State `json:"to_state"`
	// Order within the owner.
	SortKey int `json:"sort_key"`
	// Whether this is the current state.
	MostRecent bool `json:"most_recent"`
	// Who, why, how long, which epoch.
	Metadata workflow.JSON `json:"metadata"`
	// When.
	CreatedAt workflow.Instant `json:"created_at"`
}
