package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/graph"
	"github.com/tasker-systems/tasker-core-go/core/query"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// GetTaskRequest names a task.
type GetTaskRequest struct {
	Call
	// The task.
	TaskID int64 `json:"task_id"`
	// What to include: "steps", "edges", "transitions", "annotations", "drawing".
	Include []string `json:"include,omitempty"`
}

// GetTaskReply is the answer to task_get.
type GetTaskReply struct {
	TaskInfo
	// The steps in topological order, on request.
	Steps []StepInfo `json:"steps,omitzero"`
	// The edges, on request.
	Edges []EdgeInfo `json:"edges,omitzero"`
	// Histories of the task and its steps, oldest first, on request.
	Transitions []TransitionInfo `json:"transitions,omitzero"`
	// Remarks on the task and traces of edits, oldest first, on request.
	Annotations []AnnotationInfo `json:"annotations,omitzero"`
	// The DAG with states as text for a terminal, on request.
	Drawing string `json:"drawing,omitempty"`
}

// ListTasksRequest selects tasks. Fields are combined with "and".
type ListTasksRequest struct {
	Call
	PageRequest
	Selection
	// Only tasks in one of these states.
	States []workflow.State `json:"states,omitempty"`
	// Only this namespace.
	Namespace string `json:"namespace,omitempty"`
	// Only this task type.
	Name string `json:"name,omitempty"`
	// Only this version.
	Version string `json:"version,omitempty"`
	// Only tasks with this tag.
	Tag string `json:"tag,omitempty"`
	// Only tasks created after this instant.
	CreatedAfter workflow.Instant `json:"created_after,omitempty"`
	// Only tasks created before this instant.
	CreatedBefore workflow.Instant `json:"created_before,omitempty"`
}

// ListTasksReply is the answer to task_list.
type ListTasksReply struct {
	// The tasks.
	Items []TaskInfo `json:"items"`
	// Cursor of the next page, null at the end.
	Next *string `json:"next"`
}

// GetTask returns a task, with its steps, edges, history and drawing on request.
func (e *Engine) GetTask(ctx context.Context, r GetTaskRequest) (reply GetTaskReply, err error) {
	include := map[string]bool{}
	for i, part := range r.Include {
		if !slices.Contains(includable, part) {
			return reply, fault.New(fault.InvalidRequest, "there is no part %q of a task", part).
				At(fmt.Sprintf("include[%d]", i)).Advise("Use %s.", strings.Join(includable, ", "))
		}
		include[part] = true
	}
	err = e.Store.Read(ctx, func(reader store.Reader) error {
		task, err := readTask(ctx, reader, r.TaskID)
		if err != nil {
			return err
		}
		reply = GetTaskReply{TaskInfo: taskInfo(task)}
		return e.includeParts(ctx, reader, include, &reply)
	})
	return reply, err
}

var includable = []string{"steps", "edges", "transitions", "annotations", "drawing"}

func readTask(ctx context.Context, r store.Reader, id int64) (workflow.Task, error) {
	tasks, err := r.TaskList(ctx, store.TaskFilter{IDs: []int64{id}})
	if err != nil {
		return workflow.Task{}, err
	}
	if len(tasks) == 0 {
		return workflow.Task{}, taskNotFound(id)
	}
	return tasks[0], nil
}

func taskInfo(t workflow.Task) TaskInfo {
	return TaskInfo{TaskID: t.ID, Namespace: t.Namespace, Name: t.Name, Version: t.Version, State: t.State,
		StateSince: t.StateSince, Priority: t.Priority, Context: t.Context, Initiator: t.Initiator,
		SourceSystem: t.SourceSystem, Reason: t.Reason, Tags: t.Tags, BypassSteps: t.BypassSteps,
		StartAt: t.StartAt, RequestedAt: t.RequestedAt, CreatedAt: t.CreatedAt, UpdatedAt: t.UpdatedAt, IdentityHash: t.IdentityHash}
}

// includeParts reads what a task is made of.
func (e *Engine) includeParts(ctx context.Context, r store.Reader, include map[string]bool, reply *GetTaskReply) error {
	if len(include) == 0 { // who asks how a task stands does not pay for its steps
		return nil
	}
	ids := []int64{reply.TaskID}
	steps, err := r.StepListByTask(ctx, ids)
	if err != nil {
		return err
	}
	edges, err := r.EdgeListByTask(ctx, ids)
	if err != nil {
		return err
	}
	g, byID := taskGraph(steps, edges)
	if include["steps"] {
		reply.Steps = []StepInfo{}
		order := g.Order()
		for _, id := range order {
			reply.Steps = append(reply.Steps, stepInfo(byID[id], parentNames(g, byID, id)))
		}
	}
	if include["edges"] {
		reply.Edges = []EdgeInfo{}
		for _, edge := range edges {
			reply.Edges = append(reply.Edges, EdgeInfo{FromStepID: edge.From, ToStepID: edge.To, Name: edge.Name})
		}
	}
	if include["drawing"] {
		reply.Drawing = draw(g, byID)
	}
	if include["transitions"] {
		if reply.Transitions, err = readHistories(ctx, r, ids, steps); err != nil {
			return err
		}
	}
	if include["annotations"] {
		reply.Annotations, err = readAnnotations(ctx, r, ids)
	}
	return err
}

// taskGraph builds the DAG of one task; parents in other tasks are left out.
func taskGraph(steps []workflow.Step, edges []workflow.Edge) (*graph.Graph[int64], map[int64]*workflow.Step) {
	ids, byID := make([]int64, len(steps)), make(map[int64]*workflow.Step, len(steps))
	for i := range steps {
		ids[i] = steps[i].ID
		byID[steps[i].ID] = &steps[i]
	}
	links := make([]graph.Edge[int64], len(edges))
	for i, edge := range edges {
		links[i] = graph.Edge[int64]{From: edge.From, To: edge.To}
	}
	return graph.New(ids, links), byID
}

func parentNames(g *graph.Graph[int64], byID map[int64]*workflow.Step, id int64) []string {
	names := []string{}
	for _, parent := range g.Parents(id) {
		names = append(names, byID[parent].Name)
	}
	return names
}

// marks are the signs of the states in a drawing.
var marks = map[workflow.State]string{workflow.Pending: "·", workflow.InProgress: "▶", workflow.Complete: "✔",
	workflow.Error: "✘", workflow.Cancelled: "⊘", workflow.ResolvedManually: "✓"}

// draw draws a task's DAG with states and attempts.
func draw(g *graph.Graph[int64], byID map[int64]*workflow.Step) string {
	return g.Text(
		func(id int64) string { return byID[id].Name },
		func(id int64) string {
			step := byID[id]
			text := marks[step.State] + " " + string(step.State)
			if n := step.Tries(); n > 1 || (n == 1 && step.State == workflow.Error) {
				text += fmt.Sprintf(", %d attempts", n)
			}
			return text
		})
}

// readHistories returns the histories of a task and its steps, oldest first.
func readHistories(ctx context.Context, r store.Reader, taskIDs []int64, steps []workflow.Step) ([]TransitionInfo, error) {
	rows, err := r.TaskTransitions(ctx, taskIDs)
	if err != nil {
		return nil, err
	}
	all := []TransitionInfo{}
	for _, row := range rows {
		all = append(all, transitionInfo(row, row.OwnerID, 0))
	}
	ids := make([]int64, len(steps))
	for i := range steps {
		ids[i] = steps[i].ID
	}
	if rows, err = r.StepTransitions(ctx, ids); err != nil {
		return nil, err
	}
	for _, row := range rows {
		all = append(all, transitionInfo(row, 0, row.OwnerID))
	}
	slices.SortStableFunc(all, func(a, b TransitionInfo) int { return a.CreatedAt.Compare(b.CreatedAt.Time) })
	return all, nil
}

func readAnnotations(ctx context.Context, r store.Reader, taskIDs []int64) ([]AnnotationInfo, error) {
	rows, err := r.AnnotationListByTask(ctx, taskIDs)
	all := make([]AnnotationInfo, len(rows))
	for i, row := range rows {
		all[i] = annotationInfo(row)
	}
	return all, err
}

func transitionInfo(row workflow.Transition, task, step int64) TransitionInfo {
	info := TransitionInfo{ID: row.ID, TaskID: task, StepID: step, ToState: row.To, SortKey: row.SortKey,
		MostRecent: row.MostRecent, Metadata: row.Metadata.Or("{}"), CreatedAt: row.CreatedAt}
	if row.From != "" {
		info.FromState = &row.From
	}
	return info
}

// ListTasks lists tasks, newest first unless asked otherwise.
func (e *Engine) ListTasks(ctx context.Context, r ListTasksRequest) (ListTasksReply, error) {
	reply := ListTasksReply{Items: []TaskInfo{}}
	var l listing
	l.states("states", "state", r.States)
	l.text("namespace", "namespace", r.Namespace)
	l.text("name", "name", r.Name)
	l.text("version", "version", r.Version)
	l.text("tag", "tag", r.Tag)
	l.instant("created_after", "created_at", query.Gt, r.CreatedAfter)
	l.instant("created_before", "created_at", query.Lt, r.CreatedBefore)
	q, err := l.parse(&query.Tasks, r.Selection, r.PageRequest, "", "desc")
	if err != nil {
		return reply, err
	}
	err = e.Store.Read(ctx, func(reader store.Reader) error {
		tasks, next, err := page(ctx, reader, q, nil, func(ctx context.Context, ids []int64) ([]workflow.Task, error) {
			return reader.TaskList(ctx, store.TaskFilter{IDs: ids})
		}, func(t *workflow.Task) int64 { return t.ID })
		for _, task := range tasks {
			reply.Items = append(reply.Items, taskInfo(task))
		}
		reply.Next = next
		return err
	})
	return reply, err
}
