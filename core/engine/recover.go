package engine

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

const (
	// deadlineGrace is how long after a handler's deadline the core waits for
	// the worker's own report of the timeout before it ends the lease itself.
	deadlineGrace = 2 * time.Second
	// lossesMax is how many times in a row a step may lose its worker before it
	// counts as a poison pill (design section 6).
	lossesMax = 3
	// dirtyBatch bounds the tasks reconciled in one transaction.
	dirtyBatch = 100
)

// watch is what this sweeper has itself seen of the workers' heartbeats.
type watch struct {
	mu     sync.Mutex // guards the fields below; never held across a store call
	seen   map[int64]sighting
	looked time.Time // when it last looked, by this process's own clock
}

// sighting is a heartbeat value and since when it has not changed.
type sighting struct{ heartbeat, since workflow.Instant }

func newWatch() *watch { return &watch{seen: map[int64]sighting{}} }

// forget drops all sightings after the database could not be read: a worker
// must be seen stale for a full lease on a healthy connection.
func (w *watch) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	clear(w.seen)
}

// attentive reports whether it looked often enough since the last time, and notes
// this time. Ticks are at most a little more than half a lease apart; after a
// longer pause the database hung or this process was stopped, and others may have
// been kept from beating by the same thing.
func (w *watch) attentive(lease time.Duration) bool {
	before := w.looked
	w.looked = time.Now()
	return before.IsZero() || w.looked.Sub(before) <= lease*3/4
}

// dead returns the workers whose heartbeat has been seen unchanged for a lease.
// What was seen before a pause does not count, nor what is seen at its end: it may
// have been asked for long ago.
func (w *watch) dead(workers []workflow.Worker, now workflow.Instant, lease time.Duration) []workflow.Worker {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.attentive(lease) {
		clear(w.seen)
		return nil
	}
	var dead []workflow.Worker
	seen := make(map[int64]sighting, len(workers))
	for _, worker := range workers {
		s, known := w.seen[worker.ID]
		if !known || s.heartbeat != worker.HeartbeatAt {
			s = sighting{heartbeat: worker.HeartbeatAt, since: now}
		}
		seen[worker.ID] = s
		if now.Sub(s.since.Time) >= lease && now.Sub(s.heartbeat.Time) >= lease {
			dead = append(dead, worker)
		}
	}
	w.seen = seen
	return dead
}

// Tick is what an engine does by itself about once a second, in one
// transaction: renew the heartbeats if that is due, look for what died and for
// work that nobody announced, and mend what it found (design section 6: idle, at
// most one transaction a second).
func (e *Engine) Tick(ctx context.Context, beat bool) error {
	if !beat || len(e.workers.all()) == 0 {
		return e.Sweep(ctx)
	}
	if err := e.mend(ctx, e.beatAndLook); err != nil {
		return err
	}
	if now, err := e.Store.Now(ctx); err != nil || !e.survey.overdue(now) {
		return err
	}
	return e.Sweep(ctx)
}

// Beat renews the heartbeat of every worker of this engine. A worker whose row
// is gone was declared dead; it is forgotten, and its next claim is told to
// register again.
func (e *Engine) Beat(ctx context.Context) error {
	if len(e.workers.all()) == 0 {
		return nil
	}
	return e.beat(ctx, func(*unit) error { return nil })
}

// beat touches the workers and, in the same transaction, does something more.
func (e *Engine) beat(ctx context.Context, more func(*unit) error) error {
	var gone []int64
	err := e.write(ctx, "", func(u *unit) error {
		gone = gone[:0]
		for _, worker := range e.workers.all() {
			worker.HeartbeatAt = u.now
			alive, err := u.tx.WorkerTouch(u.ctx, worker)
			if err != nil {
				return err
			}
			if !alive {
				gone = append(gone, worker.ID)
			}
		}
		return more(u)
	})
	for _, id := range gone {
		e.workers.remove(id)
		e.log("warn", "this worker was declared dead by another process", map[string]any{"worker_id": id})
	}
	return err
}

// Sweep recovers what died: workers without heartbeat, leases without worker,
// attempts past their deadline, and tasks on the dirty list, which without
// triggers it looks for itself. Any process may sweep at any time; a sweep that
// finds nothing only reads.
func (e *Engine) Sweep(ctx context.Context) error { return e.mend(ctx, e.lookOnly) }

// lost is what a look found.
type lost struct {
	surveyed
	workers []workflow.Worker
	dead    []workflow.Worker
	orphans []workflow.Lease
	overdue []workflow.Lease
	dirty   bool
	ready   bool // there is work for this engine's workers
}

func (e *Engine) lookOnly(ctx context.Context) (found lost, err error) {
	now, err := e.Store.Now(ctx)
	if err != nil {
		return found, err
	}
	err = e.Store.Read(ctx, func(r store.Reader) (err error) {
		if found, err = e.look(ctx, r, now); err != nil {
			return err
		}
		found.surveyed, err = e.lookAround(ctx, r, found.workers, now)
		return err
	})
	return found, err
}

func (e *Engine) beatAndLook(ctx context.Context) (found lost, err error) {
	err = e.beat(ctx, func(u *unit) (err error) {
		found, err = e.look(u.ctx, u.tx, u.now)
		return err
	})
	return found, err
}

// look reads what may need mending.
func (e *Engine) look(ctx context.Context, r store.Reader, now workflow.Instant) (found lost, err error) {
	if found.workers, err = r.WorkerList(ctx); err != nil {
		return found, err
	}
	found.dead = e.watch.dead(found.workers, now, e.Lease)
	if found.orphans, err = r.LeaseList(ctx, store.LeaseFilter{Orphaned: true}); err != nil {
		return found, err
	}
	late := workflow.At(now.Add(-deadlineGrace))
	if found.overdue, err = r.LeaseList(ctx, store.LeaseFilter{DeadlineBefore: &late}); err != nil {
		return found, err
	}
	if found.dirty, err = r.DirtyExists(ctx); err != nil {
		return found, err
	}
	if routes := e.workers.allRoutes(); len(routes) > 0 {
		rows, err := r.ReadyCandidates(ctx, routes, now, 1)
		found.ready = len(rows) > 0
		return found, err
	}
	return found, nil
}

// mend acts on what a look found.
func (e *Engine) mend(ctx context.Context, look func(context.Context) (lost, error)) error {
	found, err := look(ctx)
	if err != nil {
		e.watch.forget()
		return err
	}
	if found.ready {
		e.Hub.Ring()
	}
	if len(found.dead)+len(found.orphans)+len(found.overdue) > 0 {
		if err := e.recover(ctx, found); err != nil {
			return err
		}
	}
	if err := e.markUntrue(ctx, found.untrue); err != nil {
		return err
	}
	if (found.dirty || len(found.untrue) > 0) && heeded {
		if err := e.clean(ctx); err != nil {
			return err
		}
	}
	if err := e.takeOver(ctx, found.offered); err != nil {
		return err
	}
	if found.rounds != nil {
		e.survey.keep(found.rounds)
	}
	return e.releaseUnheard(ctx)
}

// recover ends the lost leases in one transaction.
func (e *Engine) recover(ctx context.Context, found lost) error {
	recovered := 0
	err := e.write(ctx, "", func(u *unit) error {
		var orphans []workflow.Lease
		dead, err := u.stillDead(found.dead)
		if err != nil {
			return err
		}
		if len(dead) > 0 {
			if err := u.tx.WorkerDelete(u.ctx, dead); err != nil {
				return err
			}
			if orphans, err = u.tx.LeaseList(u.ctx, store.LeaseFilter{WorkerIDs: dead}); err != nil {
				return err
			}
		}
		closings := lossClosings(append(orphans, found.orphans...), found.overdue)
		verdicts, err := u.close(closings)
		recovered = 0
		for _, v := range verdicts {
			if v.Verdict == verdictRecorded {
				recovered++
			}
		}
		return err
	})
	if err == nil {
		e.log("warn", fmt.Sprintf("recovered %d steps", recovered),
			map[string]any{"stale_workers": len(found.dead), "steps": recovered})
	}
	return err
}

// stillDead returns those workers that have not beaten since they were looked
// at: a sweep that waited for its transaction must not bury the living.
func (u *unit) stillDead(seen []workflow.Worker) ([]int64, error) {
	if len(seen) == 0 {
		return nil, nil
	}
	now, err := u.tx.WorkerList(u.ctx)
	if err != nil {
		return nil, err
	}
	beats := make(map[int64]workflow.Instant, len(now))
	for _, worker := range now {
		beats[worker.ID] = worker.HeartbeatAt
	}
	var dead []int64
	for _, worker := range seen {
		if beat, there := beats[worker.ID]; there && beat == worker.HeartbeatAt {
			dead = append(dead, worker.ID)
		}
	}
	return dead, nil
}

// lossClosings makes one closing per lost lease; a lease that is both orphaned
// and overdue counts as orphaned.
func lossClosings(orphans, overdue []workflow.Lease) []closing {
	seen := map[int64]bool{}
	var closings []closing
	for _, lease := range orphans {
		if !seen[lease.StepID] {
			seen[lease.StepID] = true
			closings = append(closings, closing{StepID: lease.StepID, Epoch: lease.Epoch, decide: expire})
		}
	}
	for _, lease := range overdue {
		if !seen[lease.StepID] {
			seen[lease.StepID] = true
			closings = append(closings, closing{StepID: lease.StepID, Epoch: lease.Epoch, decide: overrun})
		}
	}
	return closings
}

// expire ends the lease of a dead worker: not an attempt and ready again at
// once, unless the step must not run twice or was lost too often.
func expire(u *unit, task *workTask, step *workflow.Step, lease workflow.Lease) ending {
	losses, _ := step.StateMetadata.Field("losses").Int()
	losses++
	poison := losses >= lossesMax
	permanent := poison || !step.Retryable
	meta := u.metadata().Int("epoch", lease.Epoch).Int("worker_id", lease.WorkerID).Flag("lease_expired", true).
		Int("losses", losses).Flag("poison", poison).Flag("permanent", permanent)
	end := ending{to: workflow.Error, path: []store.Hop{{To: workflow.Error, Metadata: meta.JSON()}}, stuck: permanent}
	if !permanent {
		end.retryAt = &u.now
	}
	end.edit = func(c *store.StepChange) {
		c.InProcess, c.BackoffSeconds = false, nil
		if permanent { // it may have taken effect, so it counts: attempts 0 would be allowed to start (D3)
			c.Retryable, c.Attempts, c.LastAttemptedAt = false, max(1, c.Attempts), u.now
		}
	}
	return end
}

// overrun ends an attempt whose handler missed its deadline without a word from
// its worker (D11): a failed attempt like any other.
func overrun(u *unit, task *workTask, step *workflow.Step, lease workflow.Lease) ending {
	meta := u.metadata().Int("epoch", lease.Epoch).Int("worker_id", lease.WorkerID).
		Int("attempt", int64(lease.Attempt)).Flag("deadline_exceeded", true)
	return u.failure(task, step, failure{meta: meta, outcome: &Outcome{Status: "error",
		Error: &OutcomeError{Class: "DeadlineExceeded", Message: "the handler missed its deadline"}}})
}

// clean reconciles the dirty tasks, a batch per transaction. A task that comes
// back while it works, since a foreign writer was faster again, is left for the
// next sweep.
func (e *Engine) clean(ctx context.Context) error {
	seen := map[int64]bool{}
	for fresh := true; fresh; {
		var foreign []int64
		err := e.write(ctx, "", func(u *unit) error {
			ids, err := u.tx.DirtyTake(u.ctx, dirtyBatch)
			if err != nil {
				return err
			}
			fresh = false
			for _, id := range ids {
				fresh = fresh || !seen[id]
				seen[id] = true
			}
			if len(ids) == 0 {
				return nil
			}
			locked, err := u.tx.TaskLock(u.ctx, ids)
			if err != nil {
				return err
			}
			if err := u.adopt(locked); err != nil {
				return err
			}
			for _, lock := range locked {
				u.tasks[lock.ID].reconcile = true
			}
			foreign = slices.DeleteFunc(ids, func(id int64) bool { return u.tasks[id] != nil })
			return nil
		})
		if err == nil {
			err = e.takeOver(ctx, foreign)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
