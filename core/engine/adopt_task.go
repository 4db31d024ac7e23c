package engine

import (
	"context"
	"fmt"
	"slices"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// AdoptTasksRequest hands tasks of another engine over.
type AdoptTasksRequest struct {
	Call
	// The task; give this or task_ids.
	TaskID int64 `json:"task_id,omitempty"`
	// The tasks, 1 to 1000: all are taken over or none.
	TaskIDs []int64 `json:"task_ids,omitempty"`
	// Take over tasks with steps in progress, too: those attempts count as lost and the steps are tried again, so no other engine may still be at them. Default false: such a task is a conflict.
	Recover bool `json:"recover,omitempty"`
	Person
}

// AdoptedTask says what became of one task.
type AdoptedTask struct {
	// The task.
	TaskID int64 `json:"task_id"`
	// False when it was the engine's already.
	Adopted bool `json:"adopted"`
	// Its state now.
	State workflow.State `json:"state"`
}

// AdoptTasksReply is the answer to task_adopt.
type AdoptTasksReply struct {
	// One answer per task, in the request's order.
	Items []AdoptedTask `json:"items"`
}

// traceTaskAdopt is the type of the annotation that an adoption leaves.
const traceTaskAdopt = "task_adopt"

// AdoptTasks takes over tasks that another engine created: from then on this one
// runs them. A task that is the engine's already is left as it is.
func (e *Engine) AdoptTasks(ctx context.Context, r AdoptTasksRequest) (reply AdoptTasksReply, err error) {
	ids, paths := r.TaskIDs, make([]string, len(r.TaskIDs), len(r.TaskIDs)+1)
	for i := range ids {
		paths[i] = fmt.Sprintf("task_ids[%d]", i)
	}
	if r.TaskID != 0 {
		ids, paths = append(ids[:len(ids):len(ids)], r.TaskID), append(paths, "task_id")
	}
	if err := checkRange("task_ids", int64(len(ids)), 1, actedStepsMax); err != nil {
		return reply, err
	}
	err = e.act(ctx, r.CorrelationID, r.Person, func(u *unit) (err error) {
		reply, err = u.adoptTasks(ids, paths, r.Recover)
		return err
	})
	return reply, err
}

func (u *unit) adoptTasks(ids []int64, paths []string, lost bool) (AdoptTasksReply, error) {
	if err := u.offer(ids, paths); err != nil {
		return AdoptTasksReply{}, err
	}
	locked, err := u.tx.TaskLock(u.ctx, ids) // also of those that were adopted just now, which nobody else can have
	if err != nil {
		return AdoptTasksReply{}, err
	}
	if err := u.adopt(locked); err != nil {
		return AdoptTasksReply{}, err
	}
	fresh := map[int64]bool{}
	for _, note := range u.notes {
		fresh[note.TaskID] = true
		u.tasks[note.TaskID].reconcile, u.tasks[note.TaskID].touched = true, true
	}
	if err := u.takeRunning(fresh, lost); err != nil {
		return AdoptTasksReply{}, err
	}
	reply := AdoptTasksReply{Items: make([]AdoptedTask, len(ids))}
	for i, id := range ids {
		reply.Items[i] = AdoptedTask{TaskID: id, Adopted: fresh[id], State: u.tasks[id].State}
	}
	return reply, nil
}

// offer gives the tasks rows of ours, with what their templates say if they are
// known here, and notes those that had none.
func (u *unit) offer(ids []int64, paths []string) error {
	tasks, err := u.tx.TaskList(u.ctx, store.TaskFilter{IDs: ids})
	if err != nil {
		return err
	}
	found := make(map[int64]workflow.Task, len(tasks))
	var types []int64
	for _, task := range tasks {
		found[task.ID] = task
		types = append(types, task.NamedTaskID)
	}
	if err := u.engine.catalog.ensure(u.ctx, u.tx, types); err != nil {
		return err
	}
	var problems []error
	var adoptions []store.Adoption
	for i, id := range ids {
		task, exists := found[id]
		if !exists {
			problems = append(problems, fault.New(fault.NotFound, "there is no task %d", id).At(paths[i]).With("task_id", id).
				Advise("Check the id; task_list shows the tasks of this database."))
			continue
		}
		a := store.Adoption{TaskID: id, Concurrent: true, At: u.now}
		if entry := u.engine.catalog.get(task.NamedTaskID); entry != nil && entry.template != nil {
			a.Priority, a.Concurrent = entry.template.Priority, entry.template.Concurrent
		}
		adoptions = append(adoptions, a)
	}
	if err := joinProblems(problems); err != nil {
		return err
	}
	adopted, err := u.tx.TaskAdopt(u.ctx, adoptions)
	for _, id := range adopted {
		u.annotate(id, traceTaskAdopt, u.who())
	}
	return err
}

// takeRunning deals with the steps in progress of the new tasks and settles
// these. Such an attempt is lost as if its worker had died.
func (u *unit) takeRunning(fresh map[int64]bool, lost bool) error {
	var ids []int64
	for id := range fresh {
		ids = append(ids, id)
	}
	steps, err := u.tx.StepListByTask(u.ctx, ids)
	if err != nil {
		return err
	}
	read := u.standing(steps, nil)
	var running []target
	var deeds []deed
	var problems []error
	for i := range steps {
		if steps[i].State != workflow.InProgress {
			continue
		}
		t := read[steps[i].ID]
		if !lost {
			problems = append(problems, fault.New(fault.Conflict, "step %d (%s) of task %d is in progress", t.step.ID, t.step.Name, t.task.ID).
				At("recover").With("step_id", t.step.ID).With("task_id", t.task.ID).With("state", t.step.State).
				Advise("Wait until the other engine has ended it, or set recover if nobody is at it any more."))
			continue
		}
		running = append(running, t)
		deeds = append(deeds, u.abandon(t))
	}
	if err := joinProblems(problems); err != nil {
		return err
	}
	return u.carryOut(running, deeds)
}

// abandon ends an attempt that nobody reports any more: not counted, unless it
// must not be repeated (design section 6, recovery).
func (u *unit) abandon(t target) deed {
	permanent := !t.step.Retryable
	hops := u.hops(t, []workflow.State{workflow.Error}, u.who().Flag("lease_expired", true).Flag("permanent", permanent))
	return deed{hops: hops, edit: func(c *store.StepChange) { c.BackoffSeconds = nil }}
}

// takeOver adopts those of the tasks that lie in the namespaces of
// AdoptNamespaces and can go on. One with a step in progress is left to its
// engine for now: the end of that attempt makes it dirty again. So is one without
// steps, which may still be in the making.
func (e *Engine) takeOver(ctx context.Context, taskIDs []int64) error {
	if len(e.AdoptNamespaces) == 0 || len(taskIDs) == 0 {
		return nil
	}
	wanted, err := e.adoptable(ctx, taskIDs)
	for _, id := range wanted {
		_, err := e.AdoptTasks(ctx, AdoptTasksRequest{TaskID: id, Person: Person{Reason: "adopt.namespaces"}})
		if kind := fault.KindOf(err); err != nil && kind != fault.Conflict && kind != fault.NotFound { // it changed meanwhile
			return err
		}
	}
	return err
}

func (e *Engine) adoptable(ctx context.Context, taskIDs []int64) (wanted []int64, err error) {
	err = e.Store.Read(ctx, func(r store.Reader) error {
		tasks, err := r.TaskList(ctx, store.TaskFilter{IDs: taskIDs})
		if err != nil {
			return err
		}
		steps, err := r.StepListByTask(ctx, taskIDs)
		idle := map[int64]bool{}
		for i := range steps {
			before, seen := idle[steps[i].TaskID]
			idle[steps[i].TaskID] = steps[i].State != workflow.InProgress && (before || !seen)
		}
		for _, task := range tasks {
			if slices.Contains(e.AdoptNamespaces, task.Namespace) && !task.State.Ended() && idle[task.ID] {
				wanted = append(wanted, task.ID)
			}
		}
		return err
	})
	return wanted, err
}
