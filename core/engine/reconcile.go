package engine

import (
	"context"

	"github.com/tasker-systems/tasker-core-go/core/readiness"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// truth is everything from which a task's queue rows and counters follow.
type truth struct {
	steps  []workflow.Step
	states map[int64]workflow.State // of the steps and of their parents in other tasks
	counts map[int64][2]int         // by child: parents, and those that are satisfied (R3)
	leases map[int64]workflow.Lease // by step
	rows   map[int64]workflow.ReadyStep
}

// reconcile recomputes queue rows, leases and counters of the tasks marked for
// it from steps, edges and transitions. Everyday paths keep them by
// differences; serial tasks, dirty tasks and lost races come here.
func (u *unit) reconcile() error {
	var ids []int64
	for _, task := range u.sortedTasks() {
		if task.reconcile {
			ids = append(ids, task.ID)
			task.reconcile, task.verified = false, true
		}
	}
	if len(ids) == 0 {
		return nil
	}
	if err := u.flush(); err != nil {
		return err
	}
	found, err := readSteps(u.ctx, u.tx, ids)
	if err != nil {
		return err
	}
	if err := u.holdMisled(&found); err != nil {
		return err
	}
	return u.writeTruth(ids, found)
}

// holdMisled locks the steps whose in_process is wrong and reads them again:
// mending writes all that an attempt changes, and a foreign writer may have
// changed it since.
func (u *unit) holdMisled(t *truth) error {
	var ids []int64
	for i := range t.steps {
		if t.steps[i].InProcess != t.leased(&t.steps[i]) {
			ids = append(ids, t.steps[i].ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	held, err := u.tx.StepLock(u.ctx, ids)
	fresh := make(map[int64]workflow.Step, len(held.Steps))
	for _, step := range held.Steps {
		fresh[step.ID] = step
	}
	for i := range t.steps {
		if step, ok := fresh[t.steps[i].ID]; ok {
			t.steps[i] = step
			t.states[step.ID] = step.State
		}
	}
	return err
}

// readSteps reads the truth about tasks.
func readSteps(ctx context.Context, r store.Reader, taskIDs []int64) (truth, error) {
	steps, err := r.StepListByTask(ctx, taskIDs)
	if err != nil {
		return truth{}, err
	}
	t := truth{steps: steps, leases: map[int64]workflow.Lease{}, rows: map[int64]workflow.ReadyStep{}}
	edges, err := r.EdgeListByTask(ctx, taskIDs)
	if err != nil {
		return truth{}, err
	}
	if t.states, err = statesOf(ctx, r, steps, edges); err != nil {
		return truth{}, err
	}
	t.counts = readiness.Parents(edges, func(id int64) workflow.State { return t.states[id] })
	leases, err := r.LeaseList(ctx, store.LeaseFilter{TaskIDs: taskIDs, Limit: store.MaxPage + len(steps)})
	if err != nil {
		return truth{}, err
	}
	for _, lease := range leases {
		t.leases[lease.StepID] = lease
	}
	rows, err := r.ReadyListByTask(ctx, taskIDs)
	for _, row := range rows {
		t.rows[row.StepID] = row
	}
	return t, err
}

// leased reports whether a lease belongs to the step's current row: a foreign
// writer may have moved the step under it.
func (t *truth) leased(step *workflow.Step) bool {
	lease, exists := t.leases[step.ID]
	return exists && step.State == workflow.InProgress && lease.Epoch == step.TransitionID
}

// busy tells the tasks of which a step is leased.
func (t *truth) busy() map[int64]bool {
	busy := map[int64]bool{}
	for i := range t.steps {
		if t.leased(&t.steps[i]) {
			busy[t.steps[i].TaskID] = true
		}
	}
	return busy
}

// writeTruth sets the counters and plans the rows that differ.
func (u *unit) writeTruth(taskIDs []int64, t truth) error {
	stale := u.judge(taskIDs, t)
	err := skipEmpty(stale, func() error { _, err := u.tx.ReadyDelete(u.ctx, stale); return err })
	if err != nil {
		return err
	}
	u.requeueAll(t)
	return nil
}

// judge sets the counters by the truth, all but those of the queue, and returns
// the steps whose queue rows must go.
func (u *unit) judge(taskIDs []int64, t truth) (stale []int64) {
	busy := t.busy()
	for _, id := range taskIDs {
		task := u.tasks[id]
		task.Open, task.Running, task.Waiting, task.Stuck, task.touched = 0, 0, 0, 0, true
	}
	for i := range t.steps {
		u.countStep(u.tasks[t.steps[i].TaskID], &t.steps[i], t)
	}
	for i := range t.steps {
		step := &t.steps[i]
		task := u.tasks[step.TaskID]
		if u.staleRow(task, step, t, busy[task.ID]) {
			stale = append(stale, step.ID)
		}
	}
	return append(stale, u.forgetDeleted(t)...)
}

// requeueAll counts the queue rows that stay and plans those that are missing.
func (u *unit) requeueAll(t truth) {
	busy := t.busy()
	for i := range t.steps {
		u.requeue(u.tasks[t.steps[i].TaskID], &t.steps[i], t, busy)
	}
}

// forgetDeleted frees the leases of steps that a foreign writer has deleted, and
// returns those of them that have queue rows.
func (u *unit) forgetDeleted(t truth) (rows []int64) {
	there := make(map[int64]bool, len(t.steps))
	for i := range t.steps {
		there[t.steps[i].ID] = true
	}
	for id := range t.leases {
		if !there[id] {
			u.freed = append(u.freed, id)
		}
	}
	for id := range t.rows {
		if !there[id] {
			rows = append(rows, id)
		}
	}
	return rows
}

// countStep adds a step to its task's counters and frees a lease that no longer
// belongs to the step's current row.
func (u *unit) countStep(task *workTask, step *workflow.Step, t truth) {
	if !step.State.Satisfies() {
		task.Open++
	}
	leased := t.leased(step)
	if _, exists := t.leases[step.ID]; exists && !leased {
		u.freed = append(u.freed, step.ID)
	}
	if leased {
		task.Running++
	}
	if step.InProcess != leased { // in_process is true while leased (D9)
		step.InProcess = leased
		u.change(step, func(c *store.StepChange) { c.InProcess = leased })
	}
	if u.engine.Policy.Step(facts(step, t.counts[step.ID], leased), u.now).Stuck {
		task.Stuck++
	}
}

// wanted tells whether the step deserves a queue row, and when it is due.
func (u *unit) wanted(task *workTask, step *workflow.Step, t truth, busy bool) (workflow.Instant, bool) {
	if !task.Concurrent && busy {
		return workflow.Instant{}, false
	}
	count := t.counts[step.ID]
	return u.runnable(task, step, count[1] == count[0]) // a task in error goes on when something can run in it (D4)
}

// staleRow reports whether an existing row must go: the step is not runnable,
// or it waits for another time.
func (u *unit) staleRow(task *workTask, step *workflow.Step, t truth, busy bool) bool {
	row, exists := t.rows[step.ID]
	if !exists {
		return false
	}
	due, ok := u.wanted(task, step, t, busy)
	if ok && (due.Equal(row.DueAt.Time) || due.IsZero() && !row.DueAt.After(u.now.Time)) {
		return false
	}
	delete(t.rows, step.ID)
	return true
}

// requeue counts the rows that stay and plans the missing ones.
func (u *unit) requeue(task *workTask, step *workflow.Step, t truth, busy map[int64]bool) {
	due, ok := u.wanted(task, step, t, busy[task.ID])
	if !ok {
		return
	}
	if _, exists := t.rows[step.ID]; exists {
		task.Waiting++
		return
	}
	u.queue(task, step, due)
}
