package engine

import (
	"cmp"
	"context"
	"slices"

	"github.com/tasker-systems/tasker-core-go/core/lifecycle"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// unit is one write transaction at work: the locked tasks as they will be when
// it commits, and the rows to write. Rows are written in batches, by flush
// before something reads them and by finish before the commit.
type unit struct {
	ctx         context.Context
	engine      *Engine
	tx          store.Tx
	now         workflow.Instant
	correlation string
	person      Person // who asks for it and why; empty for what the core does by itself
	alone       bool   // a call of a person's: losing a task to a foreign writer fails it

	tasks map[int64]*workTask
	steps map[int64]store.StepChange
	ready []workflow.ReadyStep
	freed []int64          // steps whose leases end
	taken []workflow.Lease // new leases
	dirty []int64
	notes []store.NewAnnotation // written last

	granted []workflow.Lease // all new leases of this transaction, written or not

	ring bool             // after the commit somebody may find something new
	due  workflow.Instant // earliest scheduled step written here
}

// workTask is a locked task and what this transaction does to it.
type workTask struct {
	workflow.TaskLock
	from        workflow.State // state of the row that was read under the lock
	reconcile   bool           // recompute queue and counters from the truth before the commit
	verified    bool           // its counters are the truth, computed in this transaction
	touched     bool
	correlation string      // of the call whose outcome touched it last
	hops        []store.Hop // rows to write, in order; empty: the state stays
}

func newUnit(ctx context.Context, e *Engine, tx store.Tx, now workflow.Instant, correlation string) *unit {
	return &unit{ctx: ctx, engine: e, tx: tx, now: now, correlation: correlation,
		tasks: map[int64]*workTask{}, steps: map[int64]store.StepChange{}}
}

// adopt takes locked tasks into the unit and makes sure that their templates
// are known; a task that it has already keeps its working copy, which is newer
// than what the store read. A dirty task leaves the list here and is reconciled
// in this transaction, so what a foreign writer did counts before anything is
// claimed or ended (design section 4).
func (u *unit) adopt(locked []workflow.TaskLock) error {
	var types, dirty []int64
	for _, lock := range locked {
		if u.tasks[lock.ID] == nil {
			u.tasks[lock.ID] = &workTask{TaskLock: lock, from: lock.State}
		}
		if lock.Dirty && heeded {
			dirty = append(dirty, lock.ID)
			u.tasks[lock.ID].reconcile = true
		}
		types = append(types, lock.NamedTaskID)
	}
	if err := skipEmpty(dirty, func() error { return u.tx.DirtyDelete(u.ctx, dirty) }); err != nil {
		return err
	}
	return u.engine.catalog.ensure(u.ctx, u.tx, types)
}

// metadata starts the metadata of a transition.
func (u *unit) metadata() *workflow.Object {
	object := &workflow.Object{}
	return object.TextIf("correlation_id", u.correlation)
}

// queue plans a ready row and counts it.
func (u *unit) queue(task *workTask, step *workflow.Step, dueAt workflow.Instant) {
	if dueAt.Before(u.now.Time) || dueAt.IsZero() {
		dueAt = u.now
	}
	if task.StartAt.After(dueAt.Time) { // whoever started it before its time gives it back to that time
		dueAt = task.StartAt
	}
	scheduled := dueAt.After(u.now.Time)
	u.ready = append(u.ready, workflow.ReadyStep{StepID: step.ID, TaskID: task.ID, RouteID: step.RouteID,
		NamespaceID: task.NamespaceID, Priority: task.Priority, DueAt: dueAt, Scheduled: scheduled})
	task.Waiting++
	task.touched = true
	if scheduled && (u.due.IsZero() || dueAt.Before(u.due.Time)) {
		u.due = dueAt
	}
	u.ring = true
}

// change plans the columns of a step, starting from what was read.
func (u *unit) change(step *workflow.Step, edit func(*store.StepChange)) {
	c, ok := u.steps[step.ID]
	if !ok {
		c = store.StepChange{ID: step.ID, Retryable: step.Retryable, InProcess: step.InProcess,
			Processed: step.Processed, ProcessedAt: step.ProcessedAt, Attempts: step.Tries(),
			LastAttemptedAt: step.LastAttemptedAt, BackoffSeconds: step.BackoffSeconds, At: u.now}
	}
	edit(&c)
	u.steps[step.ID] = c
	if task := u.tasks[step.TaskID]; task != nil {
		task.touched = true // or a graph kept in memory would still count as current
	}
}

// moveTask plans the way of a task to a state; metadata goes with the last hop.
// A pair without a legal way changes nothing.
func (u *unit) moveTask(task *workTask, to workflow.State, why workflow.JSON) {
	path, ok := lifecycle.TaskPath(task.State, to)
	if !ok {
		return
	}
	for _, state := range path[:len(path)-1] {
		task.hops = append(task.hops, store.Hop{To: state, Metadata: u.via(to)})
	}
	task.hops = append(task.hops, store.Hop{To: to, Metadata: why})
	task.State = to
	task.touched = true
	u.ring = u.ring || to.TaskEnded()
}

// moveSteps moves steps by compare-and-set and returns the winners.
func (u *unit) moveSteps(moves []store.Move) ([]store.Moved, error) {
	moved, err := u.tx.StepMove(u.ctx, moves)
	if compared || err != nil {
		return moved, err
	}
	for i := range moves { // sabotage: losers move from whatever is current now
		steps, err := u.tx.StepList(u.ctx, []int64{moves[i].OwnerID})
		if err != nil {
			return nil, err
		}
		moves[i].ExpectedID = steps[0].TransitionID
	}
	return u.tx.StepMove(u.ctx, moves)
}

// settle decides the ends of the touched tasks (D4): complete when nothing is
// open, in error when nothing in it is ready, leased or waiting for a time. A
// task that never started or was in error can end too: a foreign writer may have
// resolved its steps. Since counters hold only while a task is not dirty, a task
// that seems blocked is recomputed from the truth first.
func (u *unit) settle() error {
	doubtful := false
	for _, task := range u.tasks {
		if task.undecided() && task.blocked() && !task.verified {
			task.reconcile, doubtful = true, true
		}
	}
	if doubtful {
		if err := u.reconcile(); err != nil {
			return err
		}
	}
	for _, task := range u.tasks {
		if !task.undecided() {
			continue
		}
		meta := (&workflow.Object{}).TextIf("correlation_id", cmp.Or(task.correlation, u.correlation))
		meta = u.person.sign(meta)
		switch {
		case task.Open == 0:
			u.moveTask(task, workflow.Complete, meta.JSON())
		case task.State == workflow.Error && !task.blocked(): // a foreign writer gave it a way on (D15)
			u.moveTask(task, workflow.InProgress, meta.JSON())
		case task.blocked() && task.State != workflow.Error:
			u.moveTask(task, workflow.Error, meta.Text("blocked", "no step is ready, leased or waiting for a time").JSON())
		}
	}
	return nil
}

// conclude recomputes the tasks that need it and decides the ends of all, so that
// an answer can tell them and a claim finds what became ready.
func (u *unit) conclude() error {
	if err := u.reconcile(); err != nil {
		return err
	}
	return u.settle()
}

// undecided reports whether the end of a task is to be decided here.
func (t *workTask) undecided() bool { return t.touched && !t.State.Ended() && t.State.Known() }

// blocked is D4 by the counters.
func (t *workTask) blocked() bool { return t.Open > 0 && t.Running == 0 && t.Waiting == 0 }

// flush writes the rows planned so far, so that a claim in the same
// transaction sees them.
func (u *unit) flush() error {
	changes := make([]store.StepChange, 0, len(u.steps))
	for _, c := range u.steps {
		changes = append(changes, c)
	}
	slices.SortFunc(changes, func(a, b store.StepChange) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(u.ready, func(a, b workflow.ReadyStep) int { return cmp.Compare(a.StepID, b.StepID) })
	steps := []func() error{
		func() error { return skipEmpty(changes, func() error { return u.tx.StepChange(u.ctx, changes) }) },
		func() error { return skipEmpty(u.freed, func() error { return u.tx.LeaseDelete(u.ctx, u.freed) }) },
		func() error { return skipEmpty(u.ready, func() error { return u.tx.ReadyInsert(u.ctx, u.ready) }) },
		func() error { return skipEmpty(u.taken, func() error { return u.tx.LeaseInsert(u.ctx, u.taken) }) },
	}
	for _, write := range steps {
		if err := write(); err != nil {
			return err
		}
	}
	clear(u.steps)
	u.freed, u.ready, u.taken = nil, nil, nil
	return nil
}

// skipEmpty saves the round trip of a write without rows.
func skipEmpty[T any](rows []T, write func() error) error {
	if len(rows) == 0 {
		return nil
	}
	return write()
}

// finish concludes the tasks and writes everything that is left.
func (u *unit) finish() error {
	if err := u.conclude(); err != nil {
		return err
	}
	if err := u.flush(); err != nil {
		return err
	}
	if err := u.writeTasks(); err != nil {
		return err
	}
	err := skipEmpty(u.notes, func() error { _, err := u.tx.AnnotationInsert(u.ctx, u.notes); return err })
	if err != nil {
		return err
	}
	return skipEmpty(u.dirty, func() error { return u.tx.DirtyInsert(u.ctx, u.dirty, u.now) })
}

// writeTasks writes the tasks' counters and flags, then moves them, in id order:
// the Rails engine completes a task in that order too, and two writers that take
// a task's row and its current transition in opposite orders block each other.
func (u *unit) writeTasks() error {
	var moves []store.Move
	var changes []store.TaskChange
	for _, task := range u.sortedTasks() {
		if !task.touched {
			continue
		}
		if len(task.hops) > 0 {
			moves = append(moves, store.Move{OwnerID: task.ID, ExpectedID: task.TransitionID, From: task.from,
				Path: task.hops, At: u.now})
		}
		changes = append(changes, store.TaskChange{ID: task.ID, Open: task.Open, Running: task.Running,
			Waiting: task.Waiting, Stuck: task.Stuck, At: u.now,
			Complete: task.Complete || task.State == workflow.Complete})
	}
	err := skipEmpty(changes, func() error { return u.tx.TaskChange(u.ctx, changes) })
	if err != nil || len(moves) == 0 {
		return err
	}
	moved, err := u.tx.TaskMove(u.ctx, moves)
	if err != nil {
		return err
	}
	return u.noteLostTasks(moves, moved)
}

// via marks a row between, left out of events and statistics (D15).
func (u *unit) via(target workflow.State) workflow.JSON {
	return u.metadata().Text("via", string(target)).JSON()
}

// noteLostTasks puts tasks that a foreign writer moved meanwhile on the dirty
// list; their counters are written all the same and healed by reconcile. A
// person is told instead.
func (u *unit) noteLostTasks(moves []store.Move, moved []store.Moved) error {
	if len(moved) == len(moves) {
		return nil
	}
	won := map[int64]bool{}
	for _, m := range moved {
		won[m.OwnerID] = true
	}
	for _, m := range moves {
		switch {
		case won[m.OwnerID]:
		case u.alone:
			return lostToOther("task", m.OwnerID)
		default:
			u.dirty = append(u.dirty, m.OwnerID)
		}
	}
	return nil
}

func (u *unit) sortedTasks() []*workTask {
	tasks := make([]*workTask, 0, len(u.tasks))
	for _, task := range u.tasks {
		tasks = append(tasks, task)
	}
	slices.SortFunc(tasks, func(a, b *workTask) int { return cmp.Compare(a.ID, b.ID) })
	return tasks
}
