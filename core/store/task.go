package store

import (
	"context"

	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// TaskFilter selects tasks. Set fields are combined with "and".
type TaskFilter struct {
	IDs           []int64
	States        []workflow.State
	Namespace     *string
	Name          *string
	Version       *string
	Tag           *string           // one of the task's tags equals it
	CreatedAfter  *workflow.Instant // strictly
	CreatedBefore *workflow.Instant // strictly
	Page          Page
}

// TaskReader reads tasks.
type TaskReader interface {
	// TaskList returns tasks by id, with their current state. With IDs set the
	// page's limit does not apply.
	TaskList(ctx context.Context, filter TaskFilter) ([]workflow.Task, error)

	// TaskIdentify returns the ids of the tasks with these identity hashes.
	TaskIdentify(ctx context.Context, hashes []string) (map[string]int64, error)
}

// NewTask is a task row and our row beside it.
type NewTask struct {
	NamedTaskID  int64
	NamespaceID  int64
	RequestedAt  workflow.Instant
	Initiator    string
	SourceSystem string
	Reason       string
	BypassSteps  []string
	Tags         []string
	Context      workflow.JSON
	IdentityHash string
	Priority     int
	Concurrent   bool
	StartAt      workflow.Instant // zero: at once
	Open         int
	Running      int
	Waiting      int
	Stuck        int
	At           workflow.Instant
}

// TaskChange sets the counters and the complete flag of a locked task and adds
// one to its version.
type TaskChange struct {
	ID       int64
	Open     int
	Running  int
	Waiting  int
	Stuck    int
	Complete bool
	At       workflow.Instant
}

// TaskWriter changes tasks.
type TaskWriter interface {
	// TaskInsert stores new tasks with their rows of ours and returns their ids
	// in order. An identity hash that exists already is a Duplicate error and
	// ends the transaction.
	TaskInsert(ctx context.Context, tasks []NewTask) ([]int64, error)

	// TaskLock locks the tasks in id order, waiting for other writers, then
	// reads them in a later statement. Ids that do not exist, or that the
	// engine was not given, are absent from the result, which is in id order.
	TaskLock(ctx context.Context, ids []int64) ([]workflow.TaskLock, error)

	// TaskMove moves tasks by compare-and-set and returns those that moved.
	TaskMove(ctx context.Context, moves []Move) ([]Moved, error)

	// TaskChange writes counters and flags of tasks locked by this transaction.
	TaskChange(ctx context.Context, changes []TaskChange) error

	// TaskEdit writes what a person may change of tasks that are locked by this
	// transaction. Queue rows keep their priority: they are the caller's to
	// replace.
	TaskEdit(ctx context.Context, edits []TaskEdit) error

	// TaskAdopt gives rows of ours to tasks that exist and have none, with
	// counters of 0, and returns the ids of those that got one, in order. Routes
	// that another engine left out are created for the named steps of their
	// steps, with the defaults that those steps show.
	TaskAdopt(ctx context.Context, adoptions []Adoption) ([]int64, error)
}

// TaskEdit sets those columns of a task that are given; nil leaves one as it is.
type TaskEdit struct {
	ID       int64
	Reason   *string
	Tags     []string // empty but not nil: none
	Priority *int
	At       workflow.Instant
}

// Adoption is a task that another engine created and what ours adds to it.
type Adoption struct {
	TaskID     int64
	Priority   int
	Concurrent bool
	At         workflow.Instant
}
