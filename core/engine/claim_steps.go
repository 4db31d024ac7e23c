package engine

import (
	"cmp"
	"context"
	"time"

	"github.com/tasker-systems/tasker-core-go/core/barrier"
	"github.com/tasker-systems/tasker-core-go/core/batch"
	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store"
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
	// When the next scheduled step of this worker's handlers is due, null when none is known or the claim got its limit.
	NextDue workflow.Instant `json:"next_due"`
}

const (
	// claimPoll bounds the time between two looks of a waiting claim. The bell
	// rings for every commit of this process, every announced one of others, and
	// by the engine's tick for the rest, so that waiting costs next to nothing.
	claimPoll = time.Minute
	// taskPoll is the same for a waiting task_wait, whose end no tick looks for.
	taskPoll = time.Second
)

// ClaimSteps leases ready steps that the worker has handlers for, the fairest
// first. With wait_ms it waits for work without holding a connection.
func (e *Engine) ClaimSteps(ctx context.Context, r ClaimStepsRequest) (ClaimStepsReply, error) {
	if r.Limit == 0 {
		r.Limit = 1
	}
	claim := claimJob{ClaimRequest{WorkerID: r.WorkerID, Limit: r.Limit}, r.CorrelationID}
	if err := cmp.Or(checkClaim(&claim.ClaimRequest), checkRange("wait_ms", r.WaitMS, 0, timeoutMaxMS)); err != nil {
		return ClaimStepsReply{}, err
	}
	until := time.Now().Add(time.Duration(r.WaitMS) * time.Millisecond)
	for {
		bell := e.Hub.Bell()
		reply, err := e.tryClaim(ctx, claim)
		left := time.Until(until)
		if err != nil || len(reply.Steps) > 0 || left <= 0 {
			return reply, err
		}
		if err := e.rest(ctx, bell, e.restFor(ctx, left, reply.NextDue)); err != nil {
			return reply, err
		}
	}
}

// claimJob is a claim with the correlation of its call.
type claimJob struct {
	ClaimRequest
	correlation string
}

// checkClaim refuses a claim that cannot be served.
func checkClaim(r *ClaimRequest) error {
	if r == nil {
		return nil
	}
	return checkRange("limit", int64(r.Limit), 1, claimMax)
}

// prepareClaim makes ready for a claim that goes along with another write. An
// unknown worker is no error: the write matters more, and the answer tells.
func (e *Engine) prepareClaim(ctx context.Context, claim *ClaimRequest) error {
	if claim == nil {
		return nil
	}
	if err := e.refreshRoutes(ctx, claim.WorkerID); fault.KindOf(err) != fault.NotFound {
		return err
	}
	return nil
}

// tryClaim claims once. It looks before it locks: an idle worker only reads.
func (e *Engine) tryClaim(ctx context.Context, claim claimJob) (ClaimStepsReply, error) {
	reply := ClaimStepsReply{Steps: []ClaimedStep{}}
	if err := e.refreshRoutes(ctx, claim.WorkerID); err != nil {
		return reply, err
	}
	found, err := e.anythingReady(ctx, claim.WorkerID)
	if err != nil {
		return reply, err
	}
	if found {
		if reply.Steps, err = e.claims.Do(ctx, claim); err != nil {
			return reply, err
		}
	}
	if len(reply.Steps) == claim.Limit { // a full worker comes back by itself
		return reply, nil
	}
	err = barrier.Run(e.survive("step_claim"), func() (err error) {
		reply.NextDue, err = e.nextDue(ctx, claim.WorkerID)
		return err
	})
	if len(reply.Steps) > 0 {
		return reply, nil // what was leased is to be told, whatever comes after
	}
	return reply, err
}

func (e *Engine) anythingReady(ctx context.Context, worker int64) (bool, error) {
	routes := e.workers.routes(worker)
	if len(routes) == 0 {
		return false, nil
	}
	now, err := e.Store.Now(ctx)
	if err != nil {
		return false, err
	}
	found := false
	err = e.Store.Read(ctx, func(r store.Reader) error {
		rows, err := r.ReadyCandidates(ctx, routes, now, 1)
		found = len(rows) > 0
		return err
	})
	return found, err
}

// nextDue returns when the worker's next scheduled step is due, and has the
// bell rung then.
func (e *Engine) nextDue(ctx context.Context, worker int64) (due workflow.Instant, err error) {
	routes := e.workers.routes(worker)
	if len(routes) == 0 {
		return due, nil
	}
	barrier.Point("engine.next_due")
	now, err := e.Store.Now(ctx)
	if err != nil {
		return due, err
	}
	err = e.Store.Read(ctx, func(r store.Reader) (err error) {
		due, err = r.ReadyNextDue(ctx, routes, now)
		return err
	})
	if err == nil && !due.IsZero() {
		e.Hub.RingIn(due.Sub(now.Time))
	}
	return due, err
}

// runClaims serves one group of claims in one transaction.
func (e *Engine) runClaims(ctx context.Context, requests []claimJob, patience batch.Patience) (results []batch.Result[[]ClaimedStep], err error) {
	err = e.write(patiently(ctx, patience), "", func(u *unit) error {
		results = make([]batch.Result[[]ClaimedStep], len(requests))
		for i, request := range requests {
			claimed, err := u.claim(request.ClaimRequest, request.correlation)
			if err != nil && fault.KindOf(err) != fault.NotFound {
				return err
			}
			results[i] = batch.Result[[]ClaimedStep]{Value: claimed, Err: err}
		}
		return nil
	})
	return results, err
}

// restFor is how long a waiting claim sleeps at most: to the next due step, to
// the end of the wait, or to a jittered poll.
func (e *Engine) restFor(ctx context.Context, left time.Duration, due workflow.Instant) time.Duration {
	rest := min(left, claimPoll/2+time.Duration(e.Draw()*float64(claimPoll/2)))
	if now, err := e.Store.Now(ctx); err == nil && !due.IsZero() {
		rest = min(rest, max(due.Sub(now.Time), time.Millisecond))
	}
	return rest
}

// rest sleeps until the bell, the time or the end of the context.
func (e *Engine) rest(ctx context.Context, bell <-chan struct{}, d time.Duration) error {
	e.Attend() // or the bell would ring for this process's commits alone
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-bell:
		return nil
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return batch.Ended(ctx)
	}
}
