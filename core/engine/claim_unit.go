package engine

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// claimRounds bounds how often a claim looks again after a round that leased
// nothing, since other workers were faster. A round that leased something does
// not count: there are at most as many of these as steps were asked for.
const claimRounds = 4

// claim leases steps to a worker inside this unit. Rows planned so far are
// written first, so that newly ready children can be claimed at once.
func (u *unit) claim(r ClaimRequest, correlation string) ([]ClaimedStep, error) {
	claimed := []ClaimedStep{}
	u.correlation = correlation // of the rows that this claim writes
	defer func() { u.correlation = "" }()
	if err := u.flush(); err != nil {
		return claimed, err
	}
	if err := u.holdWorker(r.WorkerID); err != nil {
		return claimed, err
	}
	return u.claimRows(r, u.engine.workers.routes(r.WorkerID))
}

// holdWorker keeps a worker of this engine from being declared dead until the
// transaction ends. Another process's worker gets nothing from here: what it runs
// is known there.
func (u *unit) holdWorker(id int64) error {
	if _, known := u.engine.workers.stale(id); !known {
		return u.engine.workerNotFound(id)
	}
	alive, err := u.tx.WorkerHold(u.ctx, id)
	if err == nil && !alive {
		err = u.engine.workerNotFound(id)
	}
	return err
}

// claimRows leases steps from the queues of the routes, in rounds. After each
// the rows that gave way to another step of their task, or were untrue, are put
// right, so that they are not in the way of the next.
func (u *unit) claimRows(r ClaimRequest, routes []int64) ([]ClaimedStep, error) {
	claimed, tried := []ClaimedStep{}, map[int64]bool{}
	for fruitless := 0; fruitless < claimRounds && len(routes) > 0; {
		want := r.Limit - len(claimed)
		candidates, err := u.tx.ReadyCandidates(u.ctx, routes, u.now, len(tried)+2*want) // beyond those lost to others
		if err != nil {
			return claimed, err
		}
		eligible, passed := u.passOver(candidates, tried)
		if len(eligible)+passed == 0 {
			break
		}
		more, err := u.take(choose(eligible, tried, want, u.engine.Draw()), r.WorkerID)
		if err != nil {
			return claimed, err
		}
		if claimed = append(claimed, more...); len(claimed) == r.Limit {
			break
		}
		if len(more) == 0 {
			fruitless++
		}
		if err := u.reconcile(); err != nil {
			return claimed, err
		}
	}
	return claimed, nil
}

// passOver returns the candidates that were not tried before: of a serial task
// that this transaction has in hand at most one, and none while another step of
// it is leased. passed counts those left out for that.
func (u *unit) passOver(candidates []workflow.ReadyStep, tried map[int64]bool) (eligible []workflow.ReadyStep, passed int) {
	seen := map[int64]bool{}
	for _, row := range candidates {
		task := u.tasks[row.TaskID]
		switch serial := task != nil && !task.Concurrent; {
		case tried[row.StepID]:
		case serial && (task.Running > 0 || seen[task.ID]):
			task.reconcile = true
			passed++
		default:
			seen[row.TaskID] = true
			eligible = append(eligible, row)
		}
	}
	return eligible, passed
}

// claimAlong serves the claim that came with another write. A worker that is
// gone costs the caller the claim and not the write; a failure of the store
// ends both, or half a claim would be committed.
func (u *unit) claimAlong(r *ClaimRequest, correlation string) ([]ClaimedStep, *ClaimProblem, error) {
	if r == nil {
		return []ClaimedStep{}, nil, nil
	}
	claimed, err := u.claim(*r, correlation)
	if fault.KindOf(err) == fault.NotFound {
		message := fmt.Sprintf("worker %d is not registered by this process", r.WorkerID)
		return []ClaimedStep{}, &ClaimProblem{Code: fault.NotFound, Message: message}, nil
	}
	return claimed, nil, err
}

// workerNotFound is the answer for a worker that this engine did not register or
// that was removed.
func (e *Engine) workerNotFound(id int64) error {
	remedy := "Call worker_register and use the id that it answers; a worker without heartbeat is removed."
	if e.Inherited {
		remedy = "This process was forked: call worker_register here. A worker of the parent process goes on there, with its leases."
	}
	err := fault.New(fault.NotFound, "worker %d is not registered by this process", id).At("worker_id").With("worker_id", id)
	err.Remedy = remedy
	return err
}

// choose picks up to want candidates and marks them tried: fair between
// namespaces from a random start, within one by priority, due time and id (design
// section 6).
func choose(candidates []workflow.ReadyStep, tried map[int64]bool, want int, draw float64) []int64 {
	queues, names := map[int64][]workflow.ReadyStep{}, []int64{}
	for _, row := range candidates {
		if queues[row.NamespaceID] == nil {
			names = append(names, row.NamespaceID)
		}
		queues[row.NamespaceID] = append(queues[row.NamespaceID], row)
	}
	slices.Sort(names)
	for _, queue := range queues {
		slices.SortFunc(queue, compareReady)
	}
	var picked []int64
	for turn := int(draw * float64(len(names))); len(picked) < want && len(queues) > 0; turn++ {
		name := names[turn%len(names)]
		queue := queues[name]
		if len(queue) == 0 {
			delete(queues, name)
			continue
		}
		picked = append(picked, queue[0].StepID)
		tried[queue[0].StepID] = true
		queues[name] = queue[1:]
	}
	return picked
}

func compareReady(a, b workflow.ReadyStep) int {
	return cmp.Or(cmp.Compare(b.Priority, a.Priority), a.DueAt.Compare(b.DueAt.Time), cmp.Compare(a.StepID, b.StepID))
}

// take turns queue rows into leases. A row that turns out untrue stays deleted
// and its task is reconciled, or it would stop its route for ever.
func (u *unit) take(stepIDs []int64, worker int64) ([]ClaimedStep, error) {
	if len(stepIDs) == 0 {
		return nil, nil
	}
	taken, err := u.takeRows(stepIDs)
	if err != nil || len(taken.Rows) == 0 {
		return nil, err
	}
	found, err := u.tx.ParentList(u.ctx, stepIDs)
	if err != nil {
		return nil, err
	}
	parentsOf := map[int64][]store.Parent{}
	for _, p := range found {
		parentsOf[p.ChildID] = append(parentsOf[p.ChildID], p)
	}
	starts := u.admit(taken, parentsOf)
	return u.start(starts, parentsOf, worker)
}

// takeRows takes rows off the queue. Tasks that a foreign writer has changed are
// reconciled before anything of them is claimed, and what is then left of their
// rows is taken again.
func (u *unit) takeRows(stepIDs []int64) (store.ReadyTaken, error) {
	taken, err := u.takeOnce(stepIDs)
	if err != nil {
		return taken, err
	}
	changed := map[int64]bool{}
	for _, lock := range taken.Tasks {
		changed[lock.ID] = lock.Dirty && heeded
	}
	var again []int64
	taken.Rows = slices.DeleteFunc(taken.Rows, func(row workflow.ReadyStep) bool {
		if changed[row.TaskID] {
			again = append(again, row.StepID)
		}
		return changed[row.TaskID]
	})
	if len(again) == 0 {
		return taken, nil
	}
	if err := u.reconcile(); err != nil {
		return taken, err
	}
	if err := u.flush(); err != nil {
		return taken, err
	}
	mended, err := u.takeOnce(again)
	taken.Rows = append(taken.Rows, mended.Rows...)
	taken.Steps = slices.DeleteFunc(taken.Steps, func(step workflow.Step) bool { return changed[step.TaskID] })
	taken.Steps = append(taken.Steps, mended.Steps...)
	return taken, err
}

// takeOnce takes rows off the queue and counts them.
func (u *unit) takeOnce(stepIDs []int64) (store.ReadyTaken, error) {
	taken, err := u.tx.ReadyTake(u.ctx, stepIDs)
	if err != nil || len(taken.Rows) == 0 {
		return taken, err
	}
	if err := u.adopt(taken.Tasks); err != nil {
		return taken, err
	}
	for _, row := range taken.Rows {
		u.tasks[row.TaskID].Waiting--
		u.tasks[row.TaskID].touched = true
	}
	return taken, nil
}

// admit returns the steps that may really start, at most one of a serial task. A
// row whose step is gone had a foreign writer delete it.
func (u *unit) admit(taken store.ReadyTaken, parentsOf map[int64][]store.Parent) []*workflow.Step {
	var starts []*workflow.Step
	busy := map[int64]bool{}
	if len(taken.Steps) < len(taken.Rows) {
		for _, row := range taken.Rows {
			u.tasks[row.TaskID].reconcile = true
		}
	}
	for i := range taken.Steps {
		step := &taken.Steps[i]
		task := u.tasks[step.TaskID]
		due, ok := u.runnable(task, step, allSatisfied(parentsOf[step.ID]))
		switch {
		case !ok || due.After(u.now.Time):
			task.reconcile = true
		case !task.Concurrent && (busy[task.ID] || task.Running > 0):
			task.reconcile = true
		default:
			busy[task.ID] = true
			starts = append(starts, step)
		}
		task.reconcile = task.reconcile || !task.Concurrent // its other rows go while this one runs
	}
	return starts
}

func allSatisfied(found []store.Parent) bool {
	return !slices.ContainsFunc(found, func(p store.Parent) bool { return !p.State.Satisfies() })
}

// start moves the steps to in_progress and plans leases for the winners.
func (u *unit) start(steps []*workflow.Step, parentsOf map[int64][]store.Parent, worker int64) ([]ClaimedStep, error) {
	if len(steps) == 0 {
		return nil, nil
	}
	moves := make([]store.Move, len(steps))
	byID := make(map[int64]*workflow.Step, len(steps))
	for i, step := range steps {
		byID[step.ID] = step
		moves[i] = store.Move{OwnerID: step.ID, ExpectedID: step.TransitionID, From: step.State,
			Path: u.startPath(step, worker), At: u.now}
	}
	moved, err := u.moveSteps(moves)
	if err != nil {
		return nil, err
	}
	for _, m := range moved {
		u.lease(byID[m.OwnerID], m.TransitionID, worker)
		delete(byID, m.OwnerID)
	}
	for _, lost := range byID { // a foreign writer was faster
		u.tasks[lost.TaskID].reconcile = true
	}
	return u.answer(steps, byID, parentsOf)
}

// startPath is in_progress, by way of pending after an error (D1). Losses in a
// row are carried along for the poison rule.
func (u *unit) startPath(step *workflow.Step, worker int64) []store.Hop {
	meta := u.who().Int("worker_id", worker).Int("attempt", int64(step.Tries()+1))
	if losses, ok := step.StateMetadata.Field("losses").Int(); ok {
		meta.Int("losses", losses)
	}
	start := store.Hop{To: workflow.InProgress, Metadata: meta.JSON()}
	if step.State != workflow.Error {
		return []store.Hop{start}
	}
	return []store.Hop{{To: workflow.Pending, Metadata: u.metadata().Flag("retry", true).JSON()}, start}
}

// lease plans the lease row, the columns and the counters of a started step.
func (u *unit) lease(step *workflow.Step, epoch, worker int64) {
	task := u.tasks[step.TaskID]
	timeout := time.Duration(u.engine.catalog.timeoutSeconds(task.NamedTaskID, step.Name)) * time.Second
	lease := workflow.Lease{StepID: step.ID, TaskID: step.TaskID, WorkerID: worker, Epoch: epoch,
		Attempt: step.Tries() + 1, ClaimedAt: u.now, DeadlineAt: u.now.Plus(timeout)}
	u.taken, u.granted = append(u.taken, lease), append(u.granted, lease)
	u.engine.unheard.forget(LeaseName{StepID: step.ID, Epoch: epoch}) // the one before was taken back
	u.change(step, func(c *store.StepChange) { c.InProcess = true })
	task.Running++
	if task.State != workflow.InProgress {
		u.moveTask(task, workflow.InProgress, u.metadata().JSON())
	}
}

// answer builds what the handlers get, for the steps that were won.
func (u *unit) answer(steps []*workflow.Step, lost map[int64]*workflow.Step, parentsOf map[int64][]store.Parent) ([]ClaimedStep, error) {
	contexts, err := u.contexts(steps)
	if err != nil {
		return nil, err
	}
	epochs := map[int64]workflow.Lease{}
	for _, lease := range u.taken {
		epochs[lease.StepID] = lease
	}
	var claimed []ClaimedStep
	for _, step := range steps {
		if lost[step.ID] != nil {
			continue
		}
		lease, task := epochs[step.ID], u.tasks[step.TaskID]
		claimed = append(claimed, u.engine.describeClaim(step, lease, task.NamedTaskID, contexts[task.ID], parentsOf[step.ID]))
	}
	return claimed, nil
}

// contexts reads the tasks of the steps, and their templates into the catalogue.
func (u *unit) contexts(steps []*workflow.Step) (map[int64]workflow.Task, error) {
	seen := make(map[int64]bool, len(steps))
	var ids []int64
	for _, step := range steps {
		if !seen[step.TaskID] {
			seen[step.TaskID] = true
			ids = append(ids, step.TaskID)
		}
	}
	tasks, err := u.tx.TaskList(u.ctx, store.TaskFilter{IDs: ids})
	byID := make(map[int64]workflow.Task, len(tasks))
	for _, task := range tasks {
		byID[task.ID] = task
	}
	return byID, err
}

// describeClaim is one step as its handler sees it.
func (e *Engine) describeClaim(step *workflow.Step, lease workflow.Lease, namedTask int64, task workflow.Task, found []store.Parent) ClaimedStep {
	spec := e.catalog.step(namedTask, step.Name)
	c := ClaimedStep{StepID: step.ID, TaskID: step.TaskID, Epoch: lease.Epoch, Attempt: lease.Attempt,
		RetryLimit: limitOf(step), DeadlineAt: lease.DeadlineAt,
		TimeoutSeconds: int(lease.DeadlineAt.Sub(lease.ClaimedAt.Time) / time.Second),
		Name:           step.Name, Namespace: task.Namespace, TaskName: task.Name, Version: task.Version,
		HandlerClass: spec.HandlerClass, HandlerConfig: spec.HandlerConfig,
		Context: task.Context, Inputs: step.Inputs, PreviousResults: step.Results.Or("{}"), Parents: []ParentResult{}}
	for _, p := range found {
		results := p.Results
		if p.StateMetadata.Field("wrapped").True() {
			results = results.Field("value")
		}
		c.Parents = append(c.Parents, ParentResult{StepID: p.StepID, Name: p.Name, State: p.State, Results: results})
	}
	return c
}
