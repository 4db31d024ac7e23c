package store

import (
	"context"

	"github.com/tasker-systems/tasker-core-go/core/insight"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// InsightFilter selects the tasks that figures are about. Set fields are
// combined with "and".
type InsightFilter struct {
	CreatedAfter workflow.Instant // strictly; the zero instant selects all
	Namespace    *string
	Name         *string // of the task type
	Version      *string
}

// InsightStamps is what figures about all tasks are kept by.
type InsightStamps struct {
	Tasks      []InsightStamp // every task, by id
	Namespaces int64          // distinct namespaces that have a task
	TaskTypes  int64          // distinct names of task types that have a task
}

// InsightStamp is the stamp of one task: facts that were read with an equal one,
// both current, still hold.
type InsightStamp struct {
	TaskID int64
	Stamp  GraphStamp
}

// InsightTask are the facts about one task, with the stamp they were read with.
type InsightTask struct {
	Stamp GraphStamp
	insight.Task
}

// InsightReader reads what figures about many tasks follow from. Like those of
// GraphReader its methods are transactions of their own, and each costs one
// round trip. States are given as they are stored, empty where there is no row:
// what counts as what is decided by core/insight.
type InsightReader interface {
	// InsightStamps returns the stamps of all tasks.
	InsightStamps(ctx context.Context) (InsightStamps, error)

	// InsightTasks returns the facts about the tasks with these ids, or, when ids
	// is nil, about those that the filter selects, by id. Ids that do not exist
	// are absent.
	InsightTasks(ctx context.Context, ids []int64, filter InsightFilter) ([]InsightTask, error)

	// InsightSlowestSteps returns the complete steps created after the filter's
	// instant that took any time, the longest first and of equals the one with the
	// lower id.
	InsightSlowestSteps(ctx context.Context, filter InsightFilter, limit int) ([]insight.SlowStep, error)

	// InsightHealth counts tasks, steps and connections at an instant.
	InsightHealth(ctx context.Context, now workflow.Instant) (insight.HealthFacts, error)

	// InsightTroubles counts failed attempts and steps that wait for others, of
	// the tasks that the filter selects, at an instant; lists have at most limit
	// entries.
	InsightTroubles(ctx context.Context, filter InsightFilter, now workflow.Instant, limit int) (insight.Troubles, error)
}
