package store

import (
	"context"

	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// SurveyKind says which tasks a survey is about.
type SurveyKind int

// The kinds of surveys.
const (
	// SurveyActive: tasks of ours with a step that is leased or in the queue,
	// whatever their state: a foreign writer may have ended them.
	SurveyActive SurveyKind = iota
	// SurveyBlocked: tasks of ours that have not ended, in which by the counters a
	// step is open and none is leased or in the queue.
	SurveyBlocked
	// SurveyForeign: tasks that are not complete and not ours, in some namespaces.
	SurveyForeign
)

// Survey asks for one page of tasks.
type Survey struct {
	Of         SurveyKind
	Namespaces []string // of SurveyForeign
	After      int64    // looks at tasks with a greater id
	Limit      int      // looks at no more tasks than this, greater than 0
}

// Surveyed is one page of a survey.
type Surveyed struct {
	TaskIDs []int64 // in order
	Next    int64   // After of the next page, 0 when this was the last
}

// SurveyReader finds what foreign writers changed in a database that does not
// note it by itself.
type SurveyReader interface {
	// Watched reports whether the changes of foreign writers make a task dirty: by
	// triggers, or because there are no foreign writers. Somebody may take a trigger
	// away at any time, so an answer may be a second old.
	Watched(ctx context.Context) (bool, error)

	// TaskSurvey returns a page of the tasks of a kind. Its cost is bounded by the
	// limit and, of active tasks, by their rows in the queue; not by how many tasks
	// have ended.
	TaskSurvey(ctx context.Context, survey Survey) (Surveyed, error)

	// TaskWritten returns those of the tasks of which the row, a step, an edge that
	// leads to a step, or the current transition of the task, a step or a parent of
	// one was written at or after an instant, by its updated_at, in id order. What
	// was deleted leaves no such trace.
	TaskWritten(ctx context.Context, taskIDs []int64, since workflow.Instant) ([]int64, error)

	// TaskPeek reads what TaskLock does, without a lock.
	TaskPeek(ctx context.Context, ids []int64) ([]workflow.TaskLock, error)
}
