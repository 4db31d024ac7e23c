package store

import (
	"context"

	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// LeaseFilter selects leases. Set fields are combined with "and".
type LeaseFilter struct {
	WorkerIDs      []int64
	TaskIDs        []int64
	DeadlineBefore *workflow.Instant // strictly
	Orphaned       bool              // only leases whose worker row is gone
	Limit          int               // 0: MaxPage
}

// LeaseReader reads leases.
type LeaseReader interface {
	// LeaseList returns leases by step id.
	LeaseList(ctx context.Context, filter LeaseFilter) ([]workflow.Lease, error)
}

// LeaseWriter changes leases. The tasks must be locked by this transaction.
type LeaseWriter interface {
	// LeaseInsert adds leases; a step that has one already is a Conflict.
	LeaseInsert(ctx context.Context, leases []workflow.Lease) error

	// LeaseDelete deletes the leases of the steps; one that is gone is no error.
	LeaseDelete(ctx context.Context, stepIDs []int64) error
}
