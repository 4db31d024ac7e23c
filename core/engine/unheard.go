package engine

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// giveBackPatience bounds the release of steps that nobody waits for any more.
const giveBackPatience = 10 * time.Second

// unheard are leases of this engine's workers that no handler knows of: the
// commit that granted them failed or its answer was lost, so that the database
// may or may not hold them, or the caller had left. Kept, a step would wait for
// its handler's deadline and then lose an attempt.
type unheard struct {
	mu      sync.Mutex          // guards workers; never held across a store call
	workers map[LeaseName]int64 // the worker of each lease
}

func newUnheard() *unheard { return &unheard{workers: map[LeaseName]int64{}} }

// add notes leases that may have been granted.
func (n *unheard) add(leases []workflow.Lease) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, lease := range leases {
		n.workers[LeaseName{StepID: lease.StepID, Epoch: lease.Epoch}] = lease.WorkerID
	}
}

// all returns the leases with their workers.
func (n *unheard) all() map[LeaseName]int64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	return maps.Clone(n.workers)
}

// forget takes leases off the list.
func (n *unheard) forget(names ...LeaseName) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, name := range names {
		delete(n.workers, name)
	}
}

// releaseUnheard gives back those leases that nobody heard of and that the
// database holds; the attempts are not counted. What is found locked by others is
// left for the next time.
//
// The list is read inside the transaction: a database that took a commit back may
// grant the same epoch again, and the transaction which does so strikes it from
// the list, before this one or after.
func (e *Engine) releaseUnheard(ctx context.Context) error {
	var checked map[LeaseName]int64
	if len(e.unheard.all()) == 0 {
		return nil
	}
	err := e.write(store.Impatient(ctx, 0), "", func(u *unit) error {
		checked = e.unheard.all()
		var steps []int64
		for name := range checked {
			steps = append(steps, name.StepID)
		}
		slices.Sort(steps)
		locked, err := u.tx.StepLock(u.ctx, steps) // waits for a commit that is still under way
		if err != nil {
			return err
		}
		var closings []closing
		for _, lease := range locked.Leases {
			name := LeaseName{StepID: lease.StepID, Epoch: lease.Epoch}
			if worker, listed := checked[name]; listed && worker == lease.WorkerID {
				closings = append(closings, releaseClosing(name, ""))
			}
		}
		_, err = u.close(closings)
		return err
	})
	if fault.KindOf(err) == fault.Conflict {
		return nil
	}
	if err == nil {
		e.unheard.forget(slices.Collect(maps.Keys(checked))...)
	}
	return err
}

// giveBack releases steps that were leased for a call whose caller had left; if
// that fails, the tick tries again.
func (e *Engine) giveBack(claim *ClaimRequest, steps []ClaimedStep) {
	if len(steps) == 0 {
		return
	}
	leases := make([]workflow.Lease, len(steps))
	for i, step := range steps {
		leases[i] = workflow.Lease{StepID: step.StepID, Epoch: step.Epoch, WorkerID: claim.WorkerID}
	}
	e.unheard.add(leases)
	ctx, cancel := context.WithTimeout(context.Background(), giveBackPatience)
	defer cancel()
	if err := e.releaseUnheard(ctx); err != nil {
		e.log("warn", "steps claimed for a call that had ended are still leased", map[string]any{"steps": len(steps), "error": err.Error()})
	}
}
