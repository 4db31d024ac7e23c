package engine

import (
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// ClaimStepsRequest asks for steps to run.
type ClaimStepsRequest struct {
	Call
	// The worker that will run them, from worker_register.
	WorkerID int64 `json:"worker_id"`
	// Most steps to claim, 1 to 1000. Default 1.
	Limit int `json:"limit,omitempty"`
	// How long to wait for work, in milliseconds, 0 to 600000. Default 0: answer at once.
	WaitMS int64 `json:"wait_ms,omitempty"`
}

// ClaimStepsReply is the answer to step_claim.
type ClaimStepsReply struct {
	// The leased steps; empty when there is nothing to do.
	Steps []ClaimedStep `json:"steps"`
	// When the next scheduled step of this worker's handlers is due, null when none is known.
	NextDue workflow.Instant `json:"next_due"`
}
