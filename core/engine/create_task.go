package engine

import (
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// NewTask describes one task to create.
type NewTask struct {
	// Name of the task type, as in its template.
	Name string `json:"name"`
	// Namespace of the task type. Default "default".
	Namespace string `json:"namespace,omitempty"`
	// Version of the task type; absent: the greatest registered version.
	Version string `json:"version,omitempty"`
	// What the handlers work on: a JSON object with at least one key, checked against the template's schema, whose defaults are filled in and stored.
	Context workflow.JSON `json:"context"`
	// Who asked for it. Default "unknown".
	Initiator string `json:"initiator,omitempty"`
	// The system that asked for it. Default "unknown".
	SourceSystem string `json:"source_system,omitempty"`
	// Why. Default "unknown".
	Reason string `json:"reason,omitempty"`
	// Labels to find the task by.
	Tags []string `json:"tags,omitempty"`
	// Names of skippable steps that are to be resolved at once instead of run.
	BypassSteps []string `json:"bypass_steps,omitempty"`
	// When the task was asked for. Default now.
	RequestedAt workflow.Instant `json:"requested_at,omitempty"`
	// No step runs before this instant. Default now.
	StartAt workflow.Instant `json:"start_at,omitempty"`
	// Higher runs first, -1000 to 1000. Default: the template's priority.
	Priority *int `json:"priority,omitempty"`
	// How duplicates are recognised: "default" (never), "hash" (the Rails engine's hash over name, context and minute), "key" (identity_key). Default: "key" when identity_key is given, else the engine's setting.
	IdentityStrategy string `json:"identity_strategy,omitempty"`
	// The caller's idempotency key: a second task with the same key is a duplicate.
	IdentityKey string `json:"identity_key,omitempty"`
	// What a duplicate answers: "existing" (the existing task, flagged) or "error" (a duplicate error). Default "existing".
	OnDuplicate string `json:"on_duplicate,omitempty"`
}

// CreateTaskRequest is one task, optionally with a claim.
type CreateTaskRequest struct {
	Call
	NewTask
	// Claim first steps for this worker in the same transaction.
	Claim *ClaimRequest `json:"claim,omitempty"`
}

// CreateTasksRequest is many tasks, created together or not at all.
type CreateTasksRequest struct {
	Call
	// The tasks, 1 to 10000.
	Tasks []NewTask `json:"tasks"`
	// Claim first steps for this worker in the same transaction.
	Claim *ClaimRequest `json:"claim,omitempty"`
}

// CreatedTask is the answer for one new task.
type CreatedTask struct {
	// The task.
	TaskID int64 `json:"task_id"`
	// True when the task existed already and nothing was created.
	Duplicate bool `json:"duplicate"`
}

// CreateTaskReply is the answer to task_create.
type CreateTaskReply struct {
	CreatedTask
	// Steps leased to the claiming worker.
	Claimed []ClaimedStep `json:"claimed"`
}

// CreateTasksReply is the answer to task_create_many.
type CreateTasksReply struct {
	// One answer per task, in the request's order.
	Items []CreatedTask `json:"items"`
	// Steps leased to the claiming worker.
	Claimed []ClaimedStep `json:"claimed"`
}
