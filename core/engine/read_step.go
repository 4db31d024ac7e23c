package engine

import (
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// ReadinessRequest names one or many tasks.
type ReadinessRequest struct {
	Call
	// The task; give this or task_ids.
	TaskID int64 `json:"task_id,omitempty"`
	// The tasks, 1 to 1000.
	TaskIDs []int64 `json:"task_ids,omitempty"`
	// Only these steps.
	StepIDs []int64 `json:"step_ids,omitempty"`
}

// StepReadiness says whether a step may run and, if not, why.
type StepReadiness struct {
	// The step.
	StepID int64 `json:"workflow_step_id"`
	// Its task.
	TaskID int64 `json:"task_id"`
	// Its named step.
	NamedStepID int64 `json:"named_step_id"`
	// Its name.
	Name string `json:"name"`
	// Its state.
	CurrentState workflow.State `json:"current_state"`
	// Whether all parents are complete or resolved.
	DependenciesSatisfied bool `json:"dependencies_satisfied"`
	// Whether the limit of attempts leaves one.
	RetryEligible bool `json:"retry_eligible"`
	// Whether it may run now.
	ReadyForExecution bool `json:"ready_for_execution"`
	// Why it may not run now, empty when it may.
	Reason string `json:"reason"`
	// When it failed, null unless its state is error.
	LastFailureAt workflow.Instant `json:"last_failure_at"`
	// When its wait is over, null without a wait.
	NextRetryAt workflow.Instant `json:"next_retry_at"`
	// Parents.
	TotalParents int `json:"total_parents"`
	// Parents that are complete or resolved.
	CompletedParents int `json:"completed_parents"`
	// Attempts that have ended.
	Attempts int `json:"attempts"`
	// Attempts allowed in total.
	RetryLimit int `json:"retry_limit"`
	// The wait after the last failure, in seconds.
	BackoffSeconds *int `json:"backoff_request_seconds"`
	// When the last attempt ended.
	LastAttemptedAt workflow.Instant `json:"last_attempted_at"`
}

// ReadinessReply is the answer to step_readiness and step_ready.
type ReadinessReply struct {
	// The steps by task and id.
	Items []StepReadiness `json:"items"`
	// Always null: the request bounds the list.
	Next *int64 `json:"next"`
}

// GetStepRequest names a step.
type GetStepRequest struct {
	Call
	// The step.
	StepID int64 `json:"step_id"`
}

// ListTransitionsRequest names a task or a step.
type ListTransitionsRequest struct {
	Call
	// The task whose own history is wanted; give this or step_id.
	TaskID int64 `json:"task_id,omitempty"`
	// The step whose history is wanted.
	StepID int64 `json:"step_id,omitempty"`
}

// ListTransitionsReply is the answer to transition_list.
type ListTransitionsReply struct {
	// The rows, oldest first.
	Items []TransitionInfo `json:"items"`
	// Always null: a history is short.
	Next *int64 `json:"next"`
}
