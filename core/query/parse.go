package query

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// Limits of one list.
const (
	LimitDefault  = 50    // rows of a page
	LimitMax      = 1_000 // rows of a page: what a reply holds comfortably
	ConditionsMax = 50    // each costs the planner time
	ValuesMax     = 1_000 // of one condition
	PathMax       = 16    // keys; each is one more look into the stored value
)

// Request is a list as a caller words it.
type Request struct {
	Where      []Filter
	Sort       string // name of a field, the entity's key when empty
	Descending bool
	Limit      int    // 0: LimitDefault
	After      string // cursor of the page before
}

// Filter is a condition as a caller words it.
type Filter struct {
	Place    string // where it stands in the request, for errors
	Field    string
	Operator string // "eq" when empty
	Path     []string
	Value    workflow.JSON
}

// Parse turns a request into a query of the entity. Errors are InvalidRequest
// with the place and the remedy; a wrong cursor is one, too.
func (e *Entity) Parse(r Request) (Query, error) {
	q := Query{Entity: e, Sort: e.Field(e.Key), Descending: r.Descending, Limit: r.Limit}
	if q.Limit == 0 {
		q.Limit = LimitDefault
	}
	if q.Limit < 1 || q.Limit > LimitMax {
		return q, fault.New(fault.InvalidRequest, "limit is %d; it must be from 1 to %d", r.Limit, LimitMax).
			At("limit").With("least", 1).With("most", LimitMax)
	}
	if r.Sort != "" {
		if q.Sort = e.Field(r.Sort); q.Sort == nil || !q.Sort.Sorts {
			return q, fault.New(fault.InvalidRequest, "a %s list cannot be sorted by %s", e.Name, shown(r.Sort)).
				At("sort").Advise("Use %s.", strings.Join(e.sorts(), ", "))
		}
	}
	if len(r.Where) > ConditionsMax {
		return q, fault.New(fault.InvalidRequest, "there are %d conditions; at most %d are taken", len(r.Where), ConditionsMax).
			At("where").Advise("Ask for several values of one field with in.")
	}
	for _, filter := range r.Where {
		condition, err := e.condition(filter)
		if err != nil {
			return q, err
		}
		q.Where = append(q.Where, condition)
	}
	var err error
	q.After, err = q.mark(r.After)
	return q, err
}

func (e *Entity) sorts() []string {
	var names []string
	for _, f := range e.Fields {
		if f.Sorts {
			names = append(names, f.Name)
		}
	}
	return names
}

func (e *Entity) names() []string {
	names := make([]string, len(e.Fields))
	for i, f := range e.Fields {
		names[i] = f.Name
	}
	return names
}

// condition checks one filter against the table.
func (e *Entity) condition(filter Filter) (Condition, error) {
	c := Condition{Field: e.Field(filter.Field), Operator: Operator(filter.Operator), Path: filter.Path}
	if c.Operator == "" {
		c.Operator = Eq
	}
	if c.Field == nil {
		return c, fault.New(fault.InvalidRequest, "a %s list has no field %s", e.Name, shown(filter.Field)).
			At(inside(filter.Place, "field")).Advise("Use %s.", strings.Join(e.names(), ", "))
	}
	if allowed := c.Field.Operators(); !slices.Contains(allowed, c.Operator) {
		return c, fault.New(fault.InvalidRequest, "%s cannot be compared by %s", c.Field.Name, shown(filter.Operator)).
			At(inside(filter.Place, "op")).Advise("Use %s.", joined(allowed))
	}
	if err := c.checkPath(filter.Place); err != nil {
		return c, err
	}
	var err error
	c.Values, err = c.values(filter)
	return c, err
}

// checkPath makes sure that a path is given exactly where one can lead somewhere.
func (c *Condition) checkPath(place string) error {
	wrong := func(message, remedy string) error {
		return fault.New(fault.InvalidRequest, "%s %s", c.Field.Name, message).At(inside(place, "path")).Advise("%s", remedy)
	}
	least := 1
	switch {
	case c.Field.Kind != JSON && len(c.Path) > 0:
		return wrong("is not JSON and has no path", "Leave path out.")
	case c.Field.Kind != JSON:
		return nil
	case c.Field.Typed && c.Operator != Exists:
		least = 2
	case !c.Field.Typed && c.Operator == Exists:
		least = 0
	}
	switch {
	case len(c.Path) < least && c.Field.Typed:
		return wrong("needs a path of the annotation's type and keys", `Give for instance ["review", "by"].`)
	case len(c.Path) < least:
		return wrong("needs a path of keys", `Give for instance ["customer", "id"].`)
	case len(c.Path) > PathMax:
		return wrong(fmt.Sprintf("has a path of %d keys; at most %d are taken", len(c.Path), PathMax), "Shorten the path.")
	}
	for i, key := range c.Path {
		if err := checkText(fmt.Sprintf("%s[%d]", inside(place, "path"), i), key); err != nil {
			return err
		}
	}
	return nil
}

// inside names a key of a filter; a filter that is one field of the request is
// its own place.
func inside(place, key string) string {
	if strings.HasSuffix(place, "]") {
		return place + "." + key
	}
	return place
}

func joined(operators []Operator) string {
	names := make([]string, len(operators))
	for i, o := range operators {
		names[i] = string(o)
	}
	return strings.Join(names, ", ")
}

// shownMax is how much of a caller's text an error repeats.
const shownMax = 64

// shown quotes a caller's text for an error.
func shown(text string) string {
	if len(text) > shownMax {
		end := shownMax
		for !utf8.RuneStart(text[end]) {
			end--
		}
		return fmt.Sprintf("%q…", text[:end])
	}
	return fmt.Sprintf("%q", text)
}
