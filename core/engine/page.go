package engine

import (
	"context"
	"strconv"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/query"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// PageRequest selects a part of a list.
type PageRequest struct {
	// The value of next from the page before, in a request that is otherwise the same; absent for the first page.
	After string `json:"after,omitempty"`
	// Most items to return, 1 to 1000. Default 50.
	Limit int `json:"limit,omitempty"`
}

// Selection filters and sorts a list by the fields that its operation names.
type Selection struct {
	// Conditions that must all hold, at most 50.
	Where []Filter `json:"where,omitempty"`
	// What the list is sorted by, one of the operation's sort keys; ids settle ties.
	Sort string `json:"sort,omitempty"`
	// "asc" or "desc".
	Order string `json:"order,omitempty"`
}

// Filter is one condition of a list.
type Filter struct {
	// One of the fields that the operation names.
	Field string `json:"field"`
	// "eq" (default), "ne", "lt", "lte", "gt", "gte", "in", "not_in"; of texts also "contains", "starts_with" and "search", which takes no notice of the case of ASCII letters; of what may be missing "exists". Of a field with several values the positive ones ask whether some value fits, and ne and not_in whether none does. ne and not_in hold where there is no value.
	Op string `json:"op,omitempty"`
	// Of a field that is JSON: the keys that lead to the value; of an annotation the name of its type comes first.
	Path []string `json:"path,omitempty"`
	// What to compare with: a value of the field's type, for in and not_in a list of at most 1000, for exists true or false.
	Value workflow.JSON `json:"value"`
}

// listing is what a list request comes down to: its general part, and the
// fields that are short for a condition.
type listing struct {
	filters []query.Filter
}

// text adds the condition that a field equals a text, unless that is empty.
func (l *listing) text(place, field, value string) {
	if value != "" {
		l.add(place, field, query.Eq, workflow.AppendQuoted(nil, value))
	}
}

// id adds the condition that a field equals an id, unless that is 0.
func (l *listing) id(place, field string, value int64) {
	if value != 0 {
		l.add(place, field, query.Eq, workflow.JSON(strconv.FormatInt(value, 10)))
	}
}

// instant adds a condition on an instant, unless that is zero.
func (l *listing) instant(place, field string, op query.Operator, value workflow.Instant) {
	if !value.IsZero() {
		l.add(place, field, op, workflow.JSON(`"`+value.String()+`"`))
	}
}

// states adds the condition that a field is one of the states, if there are any.
func (l *listing) states(place, field string, values []workflow.State) {
	if len(values) == 0 {
		return
	}
	list := workflow.JSON("[")
	for i, value := range values {
		if i > 0 {
			list = append(list, ',')
		}
		list = workflow.AppendQuoted(list, string(value))
	}
	l.add(place, field, query.In, append(list, ']'))
}

func (l *listing) add(place, field string, op query.Operator, value workflow.JSON) {
	l.filters = append(l.filters, query.Filter{Place: place, Field: field, Operator: string(op), Value: value})
}

// parse checks a request against the table of a list. order is that of a request
// without one, sort what it is sorted by.
func (l *listing) parse(entity *query.Entity, s Selection, p PageRequest, sort, order string) (query.Query, error) {
	if s.Order != "" {
		order = s.Order
	}
	if order != "asc" && order != "desc" {
		return query.Query{}, fault.New(fault.InvalidRequest, "order is %.40q", order).At("order").Advise(`Use "asc" or "desc".`)
	}
	if s.Sort != "" {
		sort = s.Sort
	}
	for i, f := range s.Where {
		l.filters = append(l.filters, query.Filter{Place: "where[" + strconv.Itoa(i) + "]", Field: f.Field, Operator: f.Op,
			Path: f.Path, Value: f.Value})
	}
	return entity.Parse(query.Request{Where: l.filters, Sort: sort, Descending: order == "desc", Limit: p.Limit, After: p.After})
}

// page selects a page, fetches its rows by their ids, and returns them in the
// list's order with the cursor of the next page, nil at the end. more are
// conditions that follow from the request and are not part of the cursor.
func page[T any](
	ctx context.Context, r store.Reader, q query.Query, more []query.Condition,
	fetch func(context.Context, []int64) ([]T, error), id func(*T) int64,
) (rows []T, next *string, err error) {
	wanted := q
	wanted.Where = append(append([]query.Condition{}, q.Where...), more...)
	wanted.Limit++ // one more tells whether there is another page
	marks, err := r.Select(ctx, wanted)
	if err != nil || len(marks) == 0 {
		return nil, nil, err
	}
	if len(marks) > q.Limit {
		marks = marks[:q.Limit]
		cursor := q.Cursor(marks[q.Limit-1])
		next = &cursor
	}
	ids := make([]int64, len(marks))
	for i, mark := range marks {
		ids[i] = mark.ID
	}
	found, err := fetch(ctx, ids)
	if err != nil {
		return nil, nil, err
	}
	byID := make(map[int64]*T, len(found))
	for i := range found {
		byID[id(&found[i])] = &found[i]
	}
	for _, id := range ids {
		rows = append(rows, *byID[id])
	}
	return rows, next, nil
}

// optional returns a filter value, nil for the empty text.
func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
