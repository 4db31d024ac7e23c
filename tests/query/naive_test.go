package query_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"math/big"
	"slices"
	"strings"

	"github.com/tasker-systems/tasker-core-go/core/query"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// meets tells by plain comparison whether a record meets a condition.
func (r record) meets(c query.Condition) bool {
	operator, negated := c.Operator.Negative()
	if operator == query.Exists {
		return r.exists(c) == c.Values[0].Boolean
	}
	found := slices.ContainsFunc(r[c.Field.Name], func(have any) bool {
		if doc, ok := have.(document); ok {
			value, present := doc.at(c)
			return present && slices.ContainsFunc(c.Values, func(v query.Value) bool { return sameJSON(value, decoded(v.JSON)) })
		}
		return slices.ContainsFunc(c.Values, func(v query.Value) bool { return fits(have, operator, c.Field.Kind, v) })
	})
	return found != negated
}

func (r record) exists(c query.Condition) bool {
	return slices.ContainsFunc(r[c.Field.Name], func(have any) bool {
		doc, ok := have.(document)
		if !ok {
			return true
		}
		value, present := doc.at(c)
		if len(c.Path) == 0 {
			object, isObject := value.(map[string]any)
			return value != nil && (!isObject || len(object) > 0)
		}
		return present
	})
}

// at follows the condition's path, which for an annotation begins with its type.
func (d document) at(c query.Condition) (value any, present bool) {
	path := c.Path
	if c.Field.Typed {
		if path[0] != d.kind {
			return nil, false
		}
		path = path[1:]
	}
	value = d.value
	for _, key := range path {
		object, ok := value.(map[string]any)
		if !ok {
			return nil, false
		}
		if value, ok = object[key]; !ok {
			return nil, false
		}
	}
	return value, true
}

func decoded(raw workflow.JSON) (value any) {
	decoder := json.NewDecoder(bytes.NewReader(raw.Or("null")))
	decoder.UseNumber()
	_ = decoder.Decode(&value) // what is stored is JSON
	return value
}

func sameJSON(a, b any) bool {
	x, xIs := a.(json.Number)
	y, yIs := b.(json.Number)
	if xIs && yIs {
		m, _ := new(big.Rat).SetString(x.String())
		n, _ := new(big.Rat).SetString(y.String())
		return m.Cmp(n) == 0
	}
	switch a.(type) {
	case nil, bool, string:
		return a == b
	}
	return false
}

func fits(have any, operator query.Operator, kind query.Kind, v query.Value) bool {
	if text, ok := have.(string); ok {
		switch operator {
		case query.Contains:
			return strings.Contains(text, v.Text)
		case query.StartsWith:
			return strings.HasPrefix(text, v.Text)
		case query.Search:
			return strings.Contains(lowered(text), lowered(v.Text))
		}
	}
	order := compared(have, valueOf(kind, v))
	switch operator {
	case query.Lt:
		return order < 0
	case query.Lte:
		return order <= 0
	case query.Gt:
		return order > 0
	case query.Gte:
		return order >= 0
	}
	return order == 0
}

// lowered changes ASCII letters alone.
func lowered(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, text)
}

func valueOf(kind query.Kind, v query.Value) any {
	switch kind {
	case query.Integer:
		return v.Integer
	case query.Boolean:
		return v.Boolean
	case query.Instant:
		return v.Instant
	}
	return v.Text
}

// compared orders two values of one kind; no value is least.
func compared(a, b any) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return -1
	case b == nil:
		return 1
	}
	switch x := a.(type) {
	case int64:
		return cmp.Compare(x, b.(int64))
	case bool:
		if x == b.(bool) {
			return 0
		}
		return 1
	case workflow.Instant:
		return x.Compare(b.(workflow.Instant).Time)
	}
	return strings.Compare(a.(string), b.(string))
}

// first is the only value of a field, nil when there is none.
func (r record) first(field string) any {
	if len(r[field]) == 0 {
		return nil
	}
	return r[field][0]
}

// naive selects by reading everything and keeping what meets all conditions.
func (all catalogue) naive(q query.Query) (ids []int64) {
	var kept []record
	for _, r := range all[q.Entity.Relation] {
		if !slices.ContainsFunc(q.Where, func(c query.Condition) bool { return !r.meets(c) }) {
			kept = append(kept, r)
		}
	}
	slices.SortFunc(kept, func(a, b record) int {
		order := cmp.Or(compared(a.first(q.Sort.Name), b.first(q.Sort.Name)), compared(a.first(q.Entity.Key), b.first(q.Entity.Key)))
		if q.Descending {
			return -order
		}
		return order
	})
	for _, r := range kept {
		ids = append(ids, r.first(q.Entity.Key).(int64))
	}
	return ids
}
