package store

import (
	"context"

	"github.com/tasker-systems/tasker-core-go/core/query"
)

// ListReader selects pages of lists.
type ListReader interface {
	// Select returns the places of the rows that the query selects, in its
	// order: texts by their bytes, null least. Whoever lists fetches the rows by
	// their ids in the same snapshot. Every value is a parameter of the
	// statement.
	Select(ctx context.Context, q query.Query) ([]query.Mark, error)
}
