package engine

import (
	"context"

	"github.com/tasker-systems/tasker-core-go/core/store"
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

// ReleaseSteps gives leases back without an outcome: the attempt is not counted
// and the step is ready again at once.
func (e *Engine) ReleaseSteps(ctx context.Context, r ReleaseStepsRequest) (ReleaseStepsReply, error) {
	if err := checkRange("steps", int64(len(r.Steps)), 1, batchMax); err != nil {
		return ReleaseStepsReply{}, err
	}
	var reply ReleaseStepsReply
	err := e.write(ctx, r.CorrelationID, func(u *unit) error {
		closings := make([]closing, len(r.Steps))
		for i, name := range r.Steps {
			closings[i] = releaseClosing(name, r.CorrelationID)
		}
		verdicts, err := u.close(closings)
		if err != nil {
			return err
		}
		err = u.conclude() // a foreign writer may have ended a task
		reply.Verdicts = u.withTaskStates(verdicts)
		return err
	})
	return reply, err
}

// releaseClosing ends a lease by way of error to pending (design section 6,
// shutdown).
func releaseClosing(name LeaseName, correlation string) closing {
	return closing{StepID: name.StepID, Epoch: name.Epoch, correlation: correlation,
		decide: func(u *unit, _ *workTask, _ *workflow.Step, lease workflow.Lease) ending {
			meta := (&workflow.Object{}).TextIf("correlation_id", correlation).Int("epoch", name.Epoch).
				Int("worker_id", lease.WorkerID).Flag("released", true)
			return ending{to: workflow.Pending, retryAt: &u.now,
				path: []store.Hop{{To: workflow.Error, Metadata: meta.JSON()},
					{To: workflow.Pending, Metadata: (&workflow.Object{}).Flag("released", true).JSON()}},
				edit: func(c *store.StepChange) { c.InProcess, c.BackoffSeconds = false, nil }}
		}}
}

// HeartbeatSteps renews a worker's heartbeat and tells which of its leases are
// still held, so that handlers of the others can stop.
func (e *Engine) HeartbeatSteps(ctx context.Context, r HeartbeatStepsRequest) (HeartbeatStepsReply, error) {
	if err := checkRange("steps", int64(len(r.Steps)), 0, batchMax); err != nil {
		return HeartbeatStepsReply{}, err
	}
	if err := e.Beat(ctx); err != nil {
		return HeartbeatStepsReply{}, err
	}
	if _, known := e.workers.stale(r.WorkerID); !known {
		return HeartbeatStepsReply{}, e.workerNotFound(r.WorkerID)
	}
	held := map[LeaseName]workflow.Instant{}
	err := e.Store.Read(ctx, func(reader store.Reader) error {
		leases, err := reader.LeaseList(ctx, store.LeaseFilter{WorkerIDs: []int64{r.WorkerID}, Limit: batchMax})
		for _, lease := range leases {
			held[LeaseName{StepID: lease.StepID, Epoch: lease.Epoch}] = lease.DeadlineAt
		}
		return err
	})
	reply := HeartbeatStepsReply{Steps: make([]LeaseStatus, len(r.Steps))}
	for i, name := range r.Steps {
		deadline, ok := held[name]
		reply.Steps[i] = LeaseStatus{StepID: name.StepID, Epoch: name.Epoch, Held: ok, DeadlineAt: deadline}
	}
	return reply, err
}
