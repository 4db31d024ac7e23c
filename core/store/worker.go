package store

import (
	"context"

	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// WorkerReader reads workers.
type WorkerReader interface {
	// WorkerList returns all workers by id, at most MaxPage.
	WorkerList(ctx context.Context) ([]workflow.Worker, error)

	// WorkerFind returns workers with their loads, by id; unknown ids are absent.
	WorkerFind(ctx context.Context, ids []int64) ([]WorkerLoad, error)
}

// WorkerLoad is a worker and the number of steps leased to it.
type WorkerLoad struct {
	workflow.Worker
	Leases int
}

// WorkerWriter changes workers.
type WorkerWriter interface {
	// WorkerInsert stores a worker and returns its id, which is never re-used.
	WorkerInsert(ctx context.Context, worker workflow.Worker) (int64, error)

	// WorkerHold makes sure that the worker's row stays until the transaction
	// ends and reports whether it exists; false means: register again.
	WorkerHold(ctx context.Context, id int64) (bool, error)

	// WorkerTouch sets the heartbeat and routes and reports whether the row
	// exists.
	WorkerTouch(ctx context.Context, worker workflow.Worker) (bool, error)

	// WorkerDelete removes workers; their leases stay for the sweep.
	WorkerDelete(ctx context.Context, ids []int64) error
}

// DirtyReader looks at the list of tasks whose derived rows may be untrue.
type DirtyReader interface {
	// DirtyExists reports whether the list has an entry.
	DirtyExists(ctx context.Context) (bool, error)
}

// DirtyWriter handles the list of tasks whose derived rows may be untrue.
type DirtyWriter interface {
	// DirtyInsert appends tasks to the list.
	DirtyInsert(ctx context.Context, taskIDs []int64, at workflow.Instant) error

	// DirtyTake deletes at most limit entries, oldest first, and returns their
	// distinct task ids. Entries that another transaction holds are passed
	// over.
	DirtyTake(ctx context.Context, limit int) ([]int64, error)

	// DirtyDelete deletes the entries of tasks locked by this transaction,
	// which reconciles them in later statements. Entries that another
	// transaction holds are passed over: that one reconciles after this.
	DirtyDelete(ctx context.Context, taskIDs []int64) error
}
