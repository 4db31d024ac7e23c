package store

import (
	"context"

	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// Child is a step below some steps that were just satisfied.
type Child struct {
	Step      workflow.Step
	Satisfied bool // every parent is complete or resolved now, as this transaction sees it
}

// Parent is the result that a step's handler gets from one of its parents.
type Parent struct {
	ChildID       int64
	StepID        int64
	Name          string
	State         workflow.State
	StateMetadata workflow.JSON // of the current row; tells whether the results were wrapped
	Results       workflow.JSON
}

// StepReader reads steps and edges.
type StepReader interface {
	// StepList returns steps with their current transition, by task and id.
	StepList(ctx context.Context, ids []int64) ([]workflow.Step, error)

	// StepListByTask returns every step of the tasks, by task and id.
	StepListByTask(ctx context.Context, taskIDs []int64) ([]workflow.Step, error)

	// EdgeListByTask returns every edge into a step of the tasks, by id. An
	// edge from a step of another task is included.
	EdgeListByTask(ctx context.Context, taskIDs []int64) ([]workflow.Edge, error)

	// ChildList returns the distinct children of the steps, by id, each with
	// whether all its parents are satisfied.
	ChildList(ctx context.Context, parentIDs []int64) ([]Child, error)

	// ParentList returns the parents of the steps, by child id and parent id;
	// a duplicated edge gives one row.
	ParentList(ctx context.Context, stepIDs []int64) ([]Parent, error)
}

// NewStep is a step row to be stored.
type NewStep struct {
	TaskID      int64
	NamedStepID int64
	Retryable   bool
	RetryLimit  int
	Skippable   bool
	Inputs      workflow.JSON
	At          workflow.Instant
}

// NewEdge is an edge to be stored; its name is workflow.Provides.
type NewEdge struct {
	From, To int64
	At       workflow.Instant
}

// StepChange sets the columns of a step that an attempt changes. Results nil
// leaves the stored results as they are.
type StepChange struct {
	ID              int64
	Retryable       bool
	InProcess       bool
	Processed       bool
	ProcessedAt     workflow.Instant // zero writes NULL
	Attempts        int
	LastAttemptedAt workflow.Instant // zero writes NULL
	BackoffSeconds  *int             // nil writes NULL
	Results         workflow.JSON
	At              workflow.Instant
}

// StepLocked is what StepLock found: the steps that exist, with their tasks
// locked and their leases.
type StepLocked struct {
	Tasks  []workflow.TaskLock
	Steps  []workflow.Step
	Leases []workflow.Lease
}

// StepWriter changes steps and edges.
type StepWriter interface {
	// StepInsert stores steps and returns their ids in order. Attempts are
	// written as 0 and results as {}.
	StepInsert(ctx context.Context, steps []NewStep) ([]int64, error)

	// EdgeInsert stores edges.
	EdgeInsert(ctx context.Context, edges []NewEdge) error

	// StepLock locks the tasks of the steps like TaskLock, then the steps
	// against writers who know no locks of ours, then reads tasks, steps and
	// leases in later statements. Unknown ids are absent.
	StepLock(ctx context.Context, stepIDs []int64) (StepLocked, error)

	// StepMove moves steps by compare-and-set and returns those that moved.
	StepMove(ctx context.Context, moves []Move) ([]Moved, error)

	// StepChange writes the columns of steps.
	StepChange(ctx context.Context, changes []StepChange) error

	// StepEdit writes what a person may change of steps.
	StepEdit(ctx context.Context, edits []StepEdit) error
}

// StepEdit sets those columns of a step that are given; nil leaves one as it is.
type StepEdit struct {
	ID         int64
	RetryLimit *int
	Inputs     workflow.JSON
	At         workflow.Instant
}
