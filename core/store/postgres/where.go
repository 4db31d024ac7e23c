package postgres

import (
	"strconv"
	"strings"

	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// where collects the conditions of a filter, each a fixed fragment with its
// argument. No value ever becomes part of the text.
type where struct {
	conditions []string
	args       []any
}

// and adds a condition; a ? in it is the place of the argument.
func (w *where) and(condition string, args ...any) {
	for _, arg := range args {
		condition = strings.Replace(condition, "?", w.argument(arg), 1)
	}
	w.conditions = append(w.conditions, condition)
}

// argument adds an argument and returns its placeholder.
func (w *where) argument(arg any) string {
	w.args = append(w.args, arg)
	return "$" + strconv.Itoa(len(w.args))
}

// equal adds the condition that a column has a value, if one is asked for.
func (w *where) equal(column string, value *string) {
	if value != nil {
		w.and(column+" = ?::text", *value)
	}
}

// among adds the condition that a column has one of the ids, if any are given.
func (w *where) among(column string, ids []int64) {
	if len(ids) > 0 {
		w.and(column+" = ANY(?::bigint[])", distinct(ids))
	}
}

// instant adds the condition that an instant lies strictly beyond another in the
// direction of the operator.
func (w *where) instant(column, operator string, at *workflow.Instant) {
	if at != nil {
		w.and(column+" "+operator+" ?::timestamp", stamp(*at))
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
		w.and(column+operator+"?::bigint", page.After)
	}
	tail = "\nORDER BY " + column + direction
	if !unbounded {
		tail += w.limit(page.Capped())
	}
	return tail
}

// limit returns the tail that bounds a list.
func (w *where) limit(rows int) string { return "\nLIMIT " + w.argument(rows) + "::bigint" }

// complete returns the statement with the conditions and the tail.
func (w *where) complete(statement, tail string) string {
	if len(w.conditions) == 0 {
		return statement + tail
	}
	return statement + "\nWHERE " + strings.Join(w.conditions, "\n  AND ") + tail
}
