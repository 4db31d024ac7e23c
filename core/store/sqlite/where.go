package sqlite

import (
	"strings"

	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// where collects the conditions of a filter, each a fixed fragment with its
// arguments. No value ever becomes part of the text.
type where struct {
	conditions []string
	args       []any
}

// and adds a condition.
func (w *where) and(condition string, args ...any) {
	w.conditions = append(w.conditions, condition)
	w.args = append(w.args, args...)
}

// equal adds the condition that a column has a value, if one is asked for.
func (w *where) equal(column string, value *string) {
	if value != nil {
		w.and(column+" = ?", *value)
	}
}

// among adds the condition that a column has one of the ids, if any are given.
func (w *where) among(column string, ids []int64) {
	if len(ids) > 0 {
		w.and(column+" IN (SELECT value FROM json_each(?))", idSet(ids))
	}
}

// instant adds the condition that an instant lies strictly beyond another in the
// direction of the operator.
func (w *where) instant(column, operator string, at *workflow.Instant) {
	if at != nil {
		w.and(column+" "+operator+" ?", stamp(*at))
	}
}

// page adds the condition and returns the tail of a keyset page; unbounded
// leaves out the limit.
func (w *where) page(column string, page store.Page, unbounded bool) (tail string) {
	operator, direction := " > ", ""
	if page.Descending {
		operator, direction = " < ", " DESC"
	}
	if page.After != 0 {
		w.and(column+operator+"?", page.After)
	}
	tail = "\nORDER BY " + column + direction
	if !unbounded {
		tail += "\nLIMIT ? + 0"
	}
	return tail
}

// complete returns the statement with the conditions and the tail.
func (w *where) complete(statement, tail string) string {
	if len(w.conditions) == 0 {
		return statement + tail
	}
	return statement + "\nWHERE " + strings.Join(w.conditions, "\n  AND ") + tail
}
