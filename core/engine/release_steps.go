package engine

import (
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// LeaseName names one lease.
type LeaseName struct {
	// The step.
	StepID int64 `json:"step_id"`
	// The epoch of the lease.
	Epoch int64 `json:"epoch"`
}

// ReleaseStepsRequest gives leases back without an outcome.
type ReleaseStepsRequest struct {
	Call
	// The leases, 1 to 10000. The attempt is not counted and the step is ready again at once.
	Steps []LeaseName `json:"steps"`
}

// ReleaseStepsReply is the answer to step_release.
type ReleaseStepsReply struct {
	// One verdict per lease, in the request's order, as for step_report.
	Verdicts []Verdict `json:"verdicts"`
}

// HeartbeatStepsRequest asks which leases are still held.
type HeartbeatStepsRequest struct {
	Call
	// The worker, from worker_register. Its heartbeat is renewed.
	WorkerID int64 `json:"worker_id"`
	// The leases to check, 0 to 10000.
	Steps []LeaseName `json:"steps,omitempty"`
}

// LeaseStatus says how one lease stands.
type LeaseStatus struct {
	// The step.
	StepID int64 `json:"step_id"`
	// The epoch.
	Epoch int64 `json:"epoch"`
	// Whether the lease is still held; if not, stop the handler: its outcome would be refused.
	Held bool `json:"held"`
	// When the attempt must have been reported, null when not held.
	DeadlineAt workflow.Instant `json:"deadline_at"`
}

// HeartbeatStepsReply is the answer to step_heartbeat.
type HeartbeatStepsReply struct {
	// One status per lease, in the request's order.
	Steps []LeaseStatus `json:"steps"`
}
