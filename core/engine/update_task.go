package engine

import (
	"context"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/template"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// UpdateTaskRequest changes what may change of a task.
type UpdateTaskRequest struct {
	Call
	// The task.
	TaskID int64 `json:"task_id"`
	// The task's reason from now on. Absent: as it is.
	Reason *string `json:"reason,omitempty"`
	// The task's labels from now on, all of them; an empty list takes them away. Absent: as they are.
	Tags []string `json:"tags,omitempty"`
	// Higher runs first, -1000 to 1000. Steps that wait in the queue move with it. Absent: as it is.
	Priority *int `json:"priority,omitempty"`
	// Who, kept in an annotation of type task_update; at most 128 characters.
	By string `json:"by,omitempty"`
	// Why, kept in the same annotation; at most 128 characters.
	Comment string `json:"comment,omitempty"`
}

// UpdateTaskReply is the answer to task_update.
type UpdateTaskReply struct {
	// The task.
	TaskID int64 `json:"task_id"`
	// False when everything was so already and nothing was written.
	Changed bool `json:"changed"`
}

// NewAnnotation is a remark on a task.
type NewAnnotation struct {
	// Name of its type, 1 to 64 characters; created when it does not exist.
	Type string `json:"type"`
	// Any JSON value.
	Annotation workflow.JSON `json:"annotation"`
}

// AnnotateTaskRequest is a remark on a task.
type AnnotateTaskRequest struct {
	Call
	// The task.
	TaskID int64 `json:"task_id"`
	NewAnnotation
	// Who, stored with the annotation as its key by; what is not an object is then stored under {"value": ...}.
	By string `json:"by,omitempty"`
}

// AnnotationInfo is a remark on a task.
type AnnotationInfo struct {
	// The annotation.
	TaskAnnotationID int64 `json:"task_annotation_id"`
	// Its task.
	TaskID int64 `json:"task_id"`
	// Its type.
	AnnotationTypeID int64 `json:"annotation_type_id"`
	// Name of its type.
	Type string `json:"type"`
	// What it says.
	Annotation workflow.JSON `json:"annotation"`
	// When it was made.
	CreatedAt workflow.Instant `json:"created_at"`
}

// UpdateTask changes reason, tags and priority of a task, and the rank of its
// steps in the queue.
func (e *Engine) UpdateTask(ctx context.Context, r UpdateTaskRequest) (reply UpdateTaskReply, err error) {
	reply.TaskID = r.TaskID
	if err := r.check(); err != nil {
		return reply, err
	}
	err = e.act(ctx, r.CorrelationID, Person{By: r.By}, func(u *unit) (err error) {
		reply.Changed, err = u.updateTask(r)
		return err
	})
	return reply, err
}

func (r *UpdateTaskRequest) check() error {
	if r.Reason == nil && r.Tags == nil && r.Priority == nil {
		return fault.New(fault.InvalidRequest, "none of reason, tags and priority is given").At("reason").
			Advise("Give at least one of them.")
	}
	var problems []error
	problems = append(problems, checkText("comment", r.Comment))
	if r.Reason != nil {
		problems = append(problems, checkText("reason", *r.Reason))
	}
	if r.Priority != nil {
		problems = append(problems, checkRange("priority", int64(*r.Priority), -priorityMax, priorityMax))
	}
	return joinProblems(slices.DeleteFunc(append(problems, checkTags(r.Tags)...), func(err error) bool { return err == nil }))
}

func checkTags(tags []string) []error {
	var problems []error
	for i, tag := range tags {
		if err := checkText(fmt.Sprintf("tags[%d]", i), tag); err != nil {
			problems = append(problems, err)
		}
	}
	return problems
}

func (u *unit) updateTask(r UpdateTaskRequest) (bool, error) {
	task, err := u.lockTask(r.TaskID)
	if err != nil {
		return false, err
	}
	now, err := readTask(u.ctx, u.tx, r.TaskID)
	if err != nil {
		return false, err
	}
	edit, trace := store.TaskEdit{ID: task.ID, At: u.now}, u.who().TextIf("comment", r.Comment)
	changed := false
	if r.Reason != nil && *r.Reason != now.Reason {
		edit.Reason, changed = r.Reason, true
		trace.Raw("reason", (&workflow.Object{}).Text("from", now.Reason).Text("to", *r.Reason).JSON())
	}
	if r.Tags != nil && !slices.Equal(r.Tags, now.Tags) {
		edit.Tags, changed = r.Tags, true
		trace.Raw("tags", (&workflow.Object{}).Raw("from", textList(now.Tags)).Raw("to", textList(r.Tags)).JSON())
	}
	if r.Priority != nil && *r.Priority != task.Priority {
		edit.Priority, changed = r.Priority, true
		trace.Raw("priority", (&workflow.Object{}).Int("from", int64(task.Priority)).Int("to", int64(*r.Priority)).JSON())
		if err := u.requeueAt(task, *r.Priority); err != nil {
			return false, err
		}
	}
	if !changed {
		return false, nil
	}
	u.annotate(task.ID, traceTaskUpdate, trace)
	task.touched = true // the version tells caches
	return true, u.tx.TaskEdit(u.ctx, []store.TaskEdit{edit})
}

// requeueAt replaces the task's queue rows, which are never updated, by rows of
// another priority.
func (u *unit) requeueAt(task *workTask, priority int) error {
	task.Priority = priority
	rows, err := u.tx.ReadyListByTask(u.ctx, []int64{task.ID})
	if err != nil || len(rows) == 0 {
		return err
	}
	ids := make([]int64, len(rows))
	for i := range rows {
		ids[i] = rows[i].StepID
		rows[i].Priority, rows[i].Scheduled = priority, rows[i].DueAt.After(u.now.Time)
	}
	if _, err := u.tx.ReadyDelete(u.ctx, ids); err != nil {
		return err
	}
	u.ready = append(u.ready, rows...)
	return nil
}

func textList(texts []string) workflow.JSON {
	out := workflow.JSON{'['}
	for i, text := range texts {
		if i > 0 {
			out = append(out, ',')
		}
		out = workflow.AppendQuoted(out, text)
	}
	return append(out, ']')
}

// AnnotateTask adds a remark to a task of this or another engine. Calling it
// twice adds it twice.
func (e *Engine) AnnotateTask(ctx context.Context, r AnnotateTaskRequest) (AnnotationInfo, error) {
	if err := r.NewAnnotation.check(); err != nil {
		return AnnotationInfo{}, err
	}
	var stored []workflow.Annotation
	err := e.act(ctx, r.CorrelationID, Person{By: r.By}, func(u *unit) error {
		if _, err := readTask(u.ctx, u.tx, r.TaskID); err != nil {
			return err
		}
		note := store.NewAnnotation{TaskID: r.TaskID, Type: r.Type, Value: r.signed(), At: u.now}
		var err error
		stored, err = u.tx.AnnotationInsert(u.ctx, []store.NewAnnotation{note})
		return err
	})
	if err != nil {
		return AnnotationInfo{}, err
	}
	return annotationInfo(stored[0]), nil
}

// signed is the annotation with who made it.
func (r *AnnotateTaskRequest) signed() workflow.JSON {
	if r.By == "" {
		return r.Annotation
	}
	value, _ := asObject(r.Annotation)
	signed, taken := &workflow.Object{}, false
	value.Each(func(key string, member workflow.JSON) {
		taken = taken || key == "by"
		signed.Member(key, member)
	})
	if !taken {
		signed.Text("by", r.By)
	}
	return signed.JSON()
}

func (n *NewAnnotation) check() error {
	if n.Type == "" {
		return fault.New(fault.InvalidRequest, "type is missing").At("type").Advise("Give the name of an annotation type.")
	}
	if err := checkText("type", n.Type); err != nil {
		return err
	}
	if length := utf8.RuneCountInString(n.Type); length > template.MaxName {
		return fault.New(fault.InvalidRequest, "type has %d characters; at most %d fit", length, template.MaxName).At("type").
			Advise("Shorten it.")
	}
	if len(n.Annotation) == 0 {
		return fault.New(fault.InvalidRequest, "annotation is missing").At("annotation").Advise("Give any JSON value but null.")
	}
	return nil
}

func annotationInfo(a workflow.Annotation) AnnotationInfo {
	return AnnotationInfo{TaskAnnotationID: a.ID, TaskID: a.TaskID, AnnotationTypeID: a.TypeID, Type: a.Type,
		Annotation: a.Value, CreatedAt: a.CreatedAt}
}
