package engine

import (
	"slices"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// createJob is one create call, checked and resolved before its transaction.
type createJob struct {
	tasks       []plannedTask
	claim       *ClaimRequest
	correlation string
}

// plannedTask is a task that can be stored as it is.
type plannedTask struct {
	request     NewTask
	correlation string
	path        string // of the task in its request, for errors
	entry       *catalogEntry
	key         string        // identity hash
	context     workflow.JSON // with the schema's defaults
	steps       []plannedStep // in declaration order; shared, not to be changed
}

// plannedStep is a step with its parents as indexes into the same task.
type plannedStep struct {
	route     workflow.Route
	dependsOn []int
	bypassed  bool
	ready     bool // every parent is bypassed, or it has none
}

// create stores the tasks of a group of calls. Each call has its own error; only
// a failure of the store ends them all.
func (u *unit) create(jobs []createJob) (answers []CreateTasksReply, errs []error, err error) {
	answers, errs = make([]CreateTasksReply, len(jobs)), make([]error, len(jobs))
	known, err := u.identify(jobs)
	if err != nil {
		return nil, nil, err
	}
	var fresh []*plannedTask
	var targets []*CreatedTask
	for i := range jobs {
		if errs[i] = refuseDuplicates(&jobs[i], known); errs[i] != nil {
			continue
		}
		answers[i] = CreateTasksReply{Items: make([]CreatedTask, len(jobs[i].tasks)), Claimed: []ClaimedStep{}}
		for k := range jobs[i].tasks {
			task, item := &jobs[i].tasks[k], &answers[i].Items[k]
			if id, exists := known[task.key]; exists {
				item.TaskID, item.Duplicate = id, true // negative: new in this transaction, its id follows
			} else {
				known[task.key] = -int64(len(fresh)) - 1
				fresh = append(fresh, task)
				item.TaskID = known[task.key]
			}
			targets = append(targets, item)
		}
	}
	ids, err := u.insertAll(fresh)
	if err != nil {
		return nil, nil, err
	}
	for _, item := range targets {
		if item.TaskID < 0 {
			item.TaskID = ids[-item.TaskID-1]
		}
	}
	return answers, errs, nil
}

// identify looks up which of the identity hashes exist.
func (u *unit) identify(jobs []createJob) (map[string]int64, error) {
	var keys []string
	for i := range jobs {
		for k := range jobs[i].tasks {
			if task := &jobs[i].tasks[k]; task.request.IdentityStrategy != "default" {
				keys = append(keys, task.key)
			}
		}
	}
	if len(keys) == 0 {
		return map[string]int64{}, nil
	}
	return u.tx.TaskIdentify(u.ctx, keys)
}

// refuseDuplicates fails a call that wants an error for a task that exists,
// before anything of the call is stored.
func refuseDuplicates(job *createJob, known map[string]int64) error {
	own := map[string]bool{}
	for i := range job.tasks {
		task := &job.tasks[i]
		id, exists := known[task.key]
		if (exists || own[task.key]) && task.request.OnDuplicate == "error" {
			err := fault.New(fault.Duplicate, "%s exists already", taskLabel(task)).At(task.path).
				Advise(`Use another identity_key, or on_duplicate "existing" to get the task that exists.`)
			if id > 0 {
				err = err.With("task_id", id)
			}
			return err
		}
		own[task.key] = true
	}
	return nil
}

func taskLabel(t *plannedTask) string {
	if t.request.IdentityKey != "" {
		return "a task with identity_key " + t.request.IdentityKey
	}
	return "the same task"
}

// Bounds of one round of inserts, so that the memory which ten thousand tasks
// take on their way to the database does not grow with their number: so many rows
// that a round trip is well spent, so many bytes of contexts and inputs as a
// server takes without a thought.
const (
	roundTasksMax = 500
	roundBytesMax = 4 << 20
)

// insertAll stores the tasks in rounds.
func (u *unit) insertAll(fresh []*plannedTask) ([]int64, error) {
	ids := make([]int64, 0, len(fresh))
	for len(fresh) > 0 {
		n := roundLength(fresh)
		more, err := u.insertTasks(fresh[:n])
		if err != nil {
			return nil, err
		}
		ids, fresh = append(ids, more...), fresh[n:]
	}
	return ids, nil
}

// roundLength returns how many of the tasks, at least one, go in one round.
func roundLength(fresh []*plannedTask) int {
	bytes := 0
	for i, task := range fresh {
		bytes += len(task.context) * (1 + len(task.steps))
		if i == roundTasksMax || (i > 0 && bytes > roundBytesMax) {
			return i
		}
	}
	return len(fresh)
}

// insertTasks stores tasks with steps, edges, remarks and queue rows.
func (u *unit) insertTasks(fresh []*plannedTask) ([]int64, error) {
	rows := make([]store.NewTask, len(fresh))
	for i, task := range fresh {
		rows[i] = u.taskRow(task)
	}
	ids, err := u.tx.TaskInsert(u.ctx, rows)
	if err != nil {
		return nil, err
	}
	stepIDs, err := u.tx.StepInsert(u.ctx, u.stepRows(fresh, ids))
	if err != nil {
		return nil, err
	}
	if err := u.insertEdges(fresh, stepIDs); err != nil {
		return nil, err
	}
	if err := u.bypass(fresh, ids, stepIDs); err != nil {
		return nil, err
	}
	if err := u.remark(fresh, ids); err != nil {
		return nil, err
	}
	return ids, u.queueFirst(fresh, ids, stepIDs)
}

func (u *unit) taskRow(t *plannedTask) store.NewTask {
	r := t.request
	row := store.NewTask{NamedTaskID: t.entry.ID, NamespaceID: t.entry.NamespaceID, RequestedAt: r.RequestedAt,
		Initiator: r.Initiator, SourceSystem: r.SourceSystem, Reason: r.Reason, BypassSteps: r.BypassSteps, Tags: r.Tags,
		Context: t.context, IdentityHash: t.key, Priority: *r.Priority, Concurrent: t.entry.template.Concurrent,
		StartAt: r.StartAt, At: u.now}
	for _, step := range t.steps {
		if !step.bypassed {
			row.Open++
		}
		if step.ready {
			row.Waiting++
		}
	}
	return row
}

func (u *unit) stepRows(fresh []*plannedTask, ids []int64) []store.NewStep {
	var rows []store.NewStep
	for i, task := range fresh {
		for _, step := range task.steps {
			rows = append(rows, store.NewStep{TaskID: ids[i], NamedStepID: step.route.NamedStepID,
				Retryable: step.route.Retryable, RetryLimit: step.route.RetryLimit, Skippable: step.route.Skippable,
				Inputs: task.context, At: u.now})
		}
	}
	return rows
}

func (u *unit) insertEdges(fresh []*plannedTask, stepIDs []int64) error {
	var edges []store.NewEdge
	base := 0
	for _, task := range fresh {
		for i, step := range task.steps {
			for _, parent := range step.dependsOn {
				edges = append(edges, store.NewEdge{From: stepIDs[base+parent], To: stepIDs[base+i], At: u.now})
			}
		}
		base += len(task.steps)
	}
	return skipEmpty(edges, func() error { return u.tx.EdgeInsert(u.ctx, edges) })
}

// remark stores the annotations that the requests carry.
func (u *unit) remark(fresh []*plannedTask, ids []int64) error {
	var notes []store.NewAnnotation
	for i, task := range fresh {
		for _, note := range task.request.Annotations {
			notes = append(notes, store.NewAnnotation{TaskID: ids[i], Type: note.Type, Value: note.Annotation, At: u.now})
		}
	}
	return skipEmpty(notes, func() error { _, err := u.tx.AnnotationInsert(u.ctx, notes); return err })
}

// bypass resolves the skippable steps that the request names (D12); a task of
// which nothing is left is complete at once.
func (u *unit) bypass(fresh []*plannedTask, ids, stepIDs []int64) error {
	var moves, ends []store.Move
	base := 0
	for i, task := range fresh {
		open := 0
		for k, step := range task.steps {
			if !step.bypassed {
				open++
				continue
			}
			moves = append(moves, store.Move{OwnerID: stepIDs[base+k], From: workflow.Pending, At: u.now,
				Path: []store.Hop{{To: workflow.ResolvedManually, Metadata: bypassed(task)}}})
		}
		if open == 0 {
			ends = append(ends, store.Move{OwnerID: ids[i], From: workflow.Pending, At: u.now, Path: []store.Hop{
				{To: workflow.InProgress, Metadata: u.via(workflow.Complete)},
				{To: workflow.Complete, Metadata: bypassed(task)}}})
		}
		base += len(task.steps)
	}
	if err := skipEmpty(moves, func() error { _, err := u.moveSteps(moves); return err }); err != nil {
		return err
	}
	if len(ends) == 0 {
		return nil
	}
	return u.endBypassed(ends)
}

// bypassed is the metadata of what a request resolved by naming it (D12).
func bypassed(task *plannedTask) workflow.JSON {
	return (&workflow.Object{}).TextIf("correlation_id", task.correlation).Text("resolved_by", "bypass_steps").JSON()
}

func (u *unit) endBypassed(ends []store.Move) error {
	if _, err := u.tx.TaskMove(u.ctx, ends); err != nil {
		return err
	}
	changes := make([]store.TaskChange, len(ends))
	for i, end := range ends {
		changes[i] = store.TaskChange{ID: end.OwnerID, Complete: true, At: u.now}
	}
	return u.tx.TaskChange(u.ctx, changes)
}

// queueFirst gives the first steps their queue rows. Their counters were stored
// with the task.
func (u *unit) queueFirst(fresh []*plannedTask, ids, stepIDs []int64) error {
	var rows []workflow.ReadyStep
	base := 0
	for i, task := range fresh {
		due := task.request.StartAt
		if due.Before(u.now.Time) {
			due = u.now
		}
		for k, step := range task.steps {
			if step.ready {
				rows = append(rows, workflow.ReadyStep{StepID: stepIDs[base+k], TaskID: ids[i], RouteID: step.route.ID,
					NamespaceID: task.entry.NamespaceID, Priority: *task.request.Priority, DueAt: due, Scheduled: due.After(u.now.Time)})
			}
		}
		if due.After(u.now.Time) && (u.due.IsZero() || due.Before(u.due.Time)) {
			u.due = due
		}
		base += len(task.steps)
	}
	u.ring = true
	return skipEmpty(rows, func() error { return u.tx.ReadyInsert(u.ctx, rows) })
}

// planSteps lays the template's steps out for one task.
func planSteps(entry *catalogEntry, bypass map[string]bool) []plannedStep {
	at := make(map[string]int, len(entry.template.Steps))
	steps := make([]plannedStep, len(entry.template.Steps))
	for i, step := range entry.template.Steps {
		at[step.Name] = i
		steps[i] = plannedStep{route: entry.routes[step.Name], bypassed: bypass[step.Name]}
	}
	for i, step := range entry.template.Steps {
		for _, parent := range step.DependsOn {
			steps[i].dependsOn = append(steps[i].dependsOn, at[parent])
		}
		blocked := slices.ContainsFunc(steps[i].dependsOn, func(p int) bool { return !steps[p].bypassed })
		steps[i].ready = !steps[i].bypassed && !blocked
	}
	return steps
}
