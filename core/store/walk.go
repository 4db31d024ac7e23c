package store

import (
	"cmp"
	"slices"

	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// WalkFrom is the number of routes from which on a store walks the queues in
// the order of claims instead of looking at every route.
const WalkFrom = 256

// How far a walk looks: at first at some rows of each queue for every one that
// is wanted, then, when too few had the right route, at several times as many.
const (
	walkFetch    = 2
	walkFetchMin = 16
	walkGrowth   = 4
)

// Walk reads the heads of all queues and keeps the rows of the routes, which are
// sorted, until each queue has given limit of them or has ended. Due and
// scheduled rows of a namespace are queues of their own. fetch returns the first
// rows of each queue, at most perQueue of one and atMost in all. A walk that
// would see more rows than there are routes gives up, since looking at every
// route then costs less: complete is false and nothing was found. Errors are
// those of fetch.
func Walk(
	routes []int64, limit int, fetch func(perQueue, atMost int) ([]workflow.ReadyStep, error),
) (found []workflow.ReadyStep, complete bool, err error) {
	perQueue := max(walkFetchMin, walkFetch*limit)
	atMost := max(perQueue, len(routes))
	for ; perQueue <= atMost; perQueue *= walkGrowth {
		rows, err := fetch(perQueue, atMost+1)
		if err != nil || len(rows) > atMost {
			return nil, false, err
		}
		if found, complete = keepRoutes(rows, routes, limit, perQueue); complete {
			return found, true, nil
		}
	}
	return nil, false, nil
}

// keepRoutes returns the first rows of the routes from each queue, up to limit,
// and whether no queue can have more of them that count.
func keepRoutes(rows []workflow.ReadyStep, routes []int64, limit, perQueue int) (kept []workflow.ReadyStep, complete bool) {
	type queue struct {
		namespace int64
		scheduled bool
	}
	type count struct{ seen, kept int }
	counts := map[queue]count{}
	slices.SortFunc(rows, compareQueued)
	for _, row := range rows {
		name := queue{row.NamespaceID, row.Scheduled}
		c := counts[name]
		c.seen++
		if _, ours := slices.BinarySearch(routes, row.RouteID); ours && c.kept < limit {
			c.kept++
			kept = append(kept, row)
		}
		counts[name] = c
	}
	for _, c := range counts {
		if c.seen == perQueue && c.kept < limit {
			return nil, false
		}
	}
	return kept, true
}

// compareQueued orders the rows of one queue as they are claimed; the order of
// different queues means nothing.
func compareQueued(a, b workflow.ReadyStep) int {
	priority := cmp.Compare(b.Priority, a.Priority)
	switch {
	case a.Scheduled && b.Scheduled:
		priority = 0
	case a.Scheduled:
		return 1
	case b.Scheduled:
		return -1
	}
	return cmp.Or(priority, a.DueAt.Compare(b.DueAt.Time), cmp.Compare(a.StepID, b.StepID))
}

// EarliestDue returns the earliest due time of rows, the zero instant for none.
func EarliestDue(rows []workflow.ReadyStep) (earliest workflow.Instant) {
	for i, row := range rows {
		if i == 0 || row.DueAt.Before(earliest.Time) {
			earliest = row.DueAt
		}
	}
	return earliest
}
