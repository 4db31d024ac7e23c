package engine

import (
	"context"
	"time"

	"github.com/tasker-systems/tasker-core-go/core/insight"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// SlowestRequest asks for what took longest.
type SlowestRequest struct {
	Call
	// Only what was created after this instant. Default: 24 hours ago.
	Since workflow.Instant `json:"since,omitempty"`
	// Most items to return, 1 to 1000. Default 10.
	Limit int `json:"limit,omitempty"`
	// Only tasks of this namespace.
	Namespace string `json:"namespace,omitempty"`
	// Only tasks of this name.
	Name string `json:"name,omitempty"`
	// Only tasks of this version.
	Version string `json:"version,omitempty"`
}

// SlowestStepsReply is the answer to insight_slowest_steps.
type SlowestStepsReply struct {
	// The steps, the longest first; of equals the one with the lower id.
	Items []insight.SlowStep `json:"items"`
	// Always null: the request bounds the list.
	Next *int64 `json:"next"`
}

// SlowestTasksReply is the answer to insight_slowest_tasks.
type SlowestTasksReply struct {
	// The tasks, the longest first; of equals the one with the lower id.
	Items []insight.SlowTask `json:"items"`
	// Always null: the request bounds the list.
	Next *int64 `json:"next"`
}

// slowestDefault is how many items a list of the slowest has unless told
// otherwise (readiness sheet, section 8).
const slowestDefault = 10

// filter checks the request and returns what it selects and how much of it.
func (r SlowestRequest) filter(now workflow.Instant) (store.InsightFilter, int, error) {
	if r.Since.IsZero() {
		r.Since = now.Plus(-24 * time.Hour)
	}
	if r.Limit == 0 {
		r.Limit = slowestDefault
	}
	if err := checkRange("limit", int64(r.Limit), 1, store.MaxPage); err != nil {
		return store.InsightFilter{}, 0, err
	}
	filter, err := insightFilter(r.Since, r.Namespace, r.Name, r.Version)
	return filter, r.Limit, err
}

// insightFilter checks the names of a filter.
func insightFilter(after workflow.Instant, namespace, name, version string) (store.InsightFilter, error) {
	for _, field := range [][2]string{{"namespace", namespace}, {"name", name}, {"version", version}} {
		if err := checkText(field[0], field[1]); err != nil {
			return store.InsightFilter{}, err
		}
	}
	return store.InsightFilter{CreatedAfter: after, Namespace: optional(namespace), Name: optional(name),
		Version: optional(version)}, nil
}

// SlowestSteps answers the complete steps that took longest.
func (e *Engine) SlowestSteps(ctx context.Context, r SlowestRequest) (SlowestStepsReply, error) {
	reply := SlowestStepsReply{Items: []insight.SlowStep{}}
	now, err := e.Store.Now(ctx)
	if err != nil {
		return reply, err
	}
	filter, limit, err := r.filter(now)
	if err != nil {
		return reply, err
	}
	found, err := e.Store.InsightSlowestSteps(ctx, filter, limit)
	reply.Items = append(reply.Items, found...)
	return reply, err
}

// SlowestTasks answers the tasks that took longest.
func (e *Engine) SlowestTasks(ctx context.Context, r SlowestRequest) (SlowestTasksReply, error) {
	now, err := e.Store.Now(ctx)
	if err != nil {
		return SlowestTasksReply{}, err
	}
	filter, limit, err := r.filter(now)
	if err != nil {
		return SlowestTasksReply{}, err
	}
	tasks, err := e.selectedFacts(ctx, filter)
	if err != nil {
		return SlowestTasksReply{}, err
	}
	items, err := e.slowestTasks(ctx, tasks, limit)
	return SlowestTasksReply{Items: items}, err
}

// selectedFacts reads the facts about the tasks that a filter selects.
func (e *Engine) selectedFacts(ctx context.Context, filter store.InsightFilter) ([]insight.Task, error) {
	found, err := e.Store.InsightTasks(ctx, nil, filter)
	tasks := make([]insight.Task, len(found))
	for i := range found {
		tasks[i] = found[i].Task
	}
	return tasks, err
}

// slowestTasks gives the slowest of the tasks their names. A task that was
// deleted meanwhile is left out.
func (e *Engine) slowestTasks(ctx context.Context, tasks []insight.Task, limit int) ([]insight.SlowTask, error) {
	items := []insight.SlowTask{}
	slowest := insight.SlowestTasks(tasks, limit)
	if len(slowest) == 0 {
		return items, nil
	}
	ids, rows := make([]int64, len(slowest)), map[int64]workflow.Task{}
	for i := range slowest {
		ids[i] = slowest[i].ID
	}
	err := e.Store.Read(ctx, func(r store.Reader) error {
		named, err := r.TaskList(ctx, store.TaskFilter{IDs: ids})
		for _, task := range named {
			rows[task.ID] = task
		}
		return err
	})
	for i := range slowest {
		t := &slowest[i]
		if row, exists := rows[t.ID]; exists {
			items = append(items, insight.SlowTask{TaskID: t.ID, TaskName: row.Name, Namespace: row.Namespace,
				Version: row.Version, DurationSeconds: insight.Duration(insight.Instant(t.Created), insight.Instant(t.LastEnd)),
				StepCount: t.Steps, CompletedSteps: t.Complete, ErrorSteps: t.Failed, CreatedAt: insight.Instant(t.Created),
				CompletedAt: insight.Instant(t.LastEnd), Initiator: row.Initiator, SourceSystem: row.SourceSystem})
		}
	}
	return items, err
}
