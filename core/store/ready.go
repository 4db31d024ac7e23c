package store

import (
	"context"

	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// ReadyReader reads the claim queue.
type ReadyReader interface {
	// ReadyCandidates returns what a claim chooses from, in no order: of every
	// namespace at least the first limit rows of the routes that were due when
	// written, by priority (greatest first), due time and step id, and at least
	// the first limit scheduled rows with DueAt <= now, by due time and id; of no
	// route more than limit rows of either kind. A store looks at each route or,
	// when there are many, walks the queue (see Walk).
	ReadyCandidates(ctx context.Context, routes []int64, now workflow.Instant, limit int) ([]workflow.ReadyStep, error)

	// ReadyNextDue returns the earliest DueAt of the scheduled rows of the
	// routes that is later than now, the zero instant when there is none.
	ReadyNextDue(ctx context.Context, routes []int64, now workflow.Instant) (workflow.Instant, error)

	// ReadyListByTask returns the rows of the tasks, by step id.
	ReadyListByTask(ctx context.Context, taskIDs []int64) ([]workflow.ReadyStep, error)

	// Depths counts the queues, for health reports.
	Depths(ctx context.Context, now workflow.Instant) (Depths, error)
}

// Depths are the sizes of the queues.
type Depths struct {
	OpenTasks      int64 // tasks of ours with open steps that have not ended
	ReadySteps     int64 // rows that may run now
	ScheduledSteps int64 // rows that wait for a time
	Leases         int64
	Workers        int64
	DirtyTasks     int64
}

// ReadyWriter changes the claim queue.
type ReadyWriter interface {
	// ReadyInsert adds rows; a row that exists stays as it is. The tasks must
	// be locked by this transaction, or new in it.
	ReadyInsert(ctx context.Context, rows []workflow.ReadyStep) error

	// ReadyTake deletes those of the rows that it can have without waiting for
	// anybody, with the tasks of these locked, and returns them. Rows that are
	// gone, and rows of tasks and steps that another transaction has locked, are
	// left alone and absent from the result.
	ReadyTake(ctx context.Context, stepIDs []int64) (ReadyTaken, error)

	// ReadyDelete deletes rows of tasks locked by this transaction and returns
	// the step ids of those that existed.
	ReadyDelete(ctx context.Context, stepIDs []int64) ([]int64, error)
}

// ReadyTaken is what ReadyTake got.
type ReadyTaken struct {
	Rows  []workflow.ReadyStep
	Tasks []workflow.TaskLock
	Steps []workflow.Step
}
