// Package query describes lists as data: which fields of which kind a list can
// be filtered by, with which operators, and what it can be sorted by. All of it
// is a closed table; whatever is not in it is an invalid request that names the
// place and the remedy. A store compiles a Query into a statement of its own,
// in which every value is a parameter: no text of a caller becomes SQL.
//
// The fields are the scopes of the queries sheet with their meant meaning:
// an owner without transitions is pending, and an entity is listed once however
// many of its rows match.
package query

import (
	"slices"

	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// Kind is the type of a field's values.
type Kind string

// The kinds of values.
const (
	Integer Kind = "integer"
	Text    Kind = "text"
	Boolean Kind = "boolean"
	Instant Kind = "instant"
	JSON    Kind = "JSON scalar" // text, number, boolean or null, found by a path of keys
)

// Form says how many values of a field one row has.
type Form int

// The forms of a field.
const (
	One    Form = iota // one value, null where the field is Nullable
	Labels             // a list of texts in the row itself
	Many               // values of other rows; a store keeps a relation of owner and value
)

// Operator compares a field with a value.
type Operator string

// The operators. Of a field with several values the positive ones ask whether
// some value fits, and ne and not_in whether none does.
const (
	Eq         Operator = "eq"
	Ne         Operator = "ne" // also true where there is no value
	Lt         Operator = "lt"
	Lte        Operator = "lte"
	Gt         Operator = "gt"
	Gte        Operator = "gte"
	In         Operator = "in"
	NotIn      Operator = "not_in" // also true where there is no value
	Contains   Operator = "contains"
	StartsWith Operator = "starts_with"
	Search     Operator = "search" // contains, whatever the case of ASCII letters
	Exists     Operator = "exists" // the value says whether there is to be one
)

// Negative reports whether the operator asks that no value fits, and the
// operator whose contrary it is.
func (o Operator) Negative() (Operator, bool) {
	switch o {
	case Ne:
		return Eq, true
	case NotIn:
		return In, true
	}
	return o, false
}

// Field is something that a list can be filtered or sorted by.
type Field struct {
	Name     string
	Kind     Kind
	Form     Form
	Nullable bool
	Sorts    bool     // the list can be sorted by it; null counts as the least
	Typed    bool     // of JSON: the first key of the path is the type of an annotation
	Relation string   // of Many: the name of the relation that stores keep
	Values   []string // the closed set of values, if it is one
	Doc      string   // what it means, in a few words
}

// Entity is a list: its fields and what it is sorted by when nothing is said.
// It is immutable.
type Entity struct {
	Name     string
	Relation string // the name of the relation that stores keep
	Key      string // the field that identifies a row and settles ties in the order
	Fields   []Field
}

// Field returns the field with this name, nil when there is none.
func (e *Entity) Field(name string) *Field {
	i := slices.IndexFunc(e.Fields, func(f Field) bool { return f.Name == name })
	if i < 0 {
		return nil
	}
	return &e.Fields[i]
}

// Operators returns the operators that the field can be compared by.
func (f *Field) Operators() []Operator {
	var operators []Operator
	switch {
	case f.Kind == Boolean:
		return []Operator{Eq}
	case f.Kind == JSON:
		return []Operator{Eq, Ne, In, NotIn, Exists}
	case f.Form == Labels, len(f.Values) > 0, f.Kind == Text && f.Form == Many:
		operators = []Operator{Eq, Ne, In, NotIn}
	case f.Kind == Text:
		operators = []Operator{Eq, Ne, In, NotIn, Contains, StartsWith, Search}
	default:
		operators = []Operator{Eq, Ne, Lt, Lte, Gt, Gte, In, NotIn}
	}
	if f.Nullable {
		operators = append(operators, Exists)
	}
	return operators
}

// Value is one value of a condition or of a cursor; the field's kind tells which
// member counts, and of a JSON scalar JSON alone does.
type Value struct {
	Null    bool // of a cursor: the last row has no value
	Integer int64
	Text    string
	Boolean bool
	Instant workflow.Instant
	JSON    workflow.JSON
}

// Condition is one comparison of a field.
type Condition struct {
	Field    *Field
	Operator Operator
	Path     []string // of JSON: the keys that lead to the value
	Values   []Value  // one, or those of in and not_in
}

// Query selects a page of a list: the rows that meet all conditions, in order.
type Query struct {
	Entity     *Entity
	Where      []Condition
	Sort       *Field // the order; the entity's key settles ties in the same direction
	Descending bool
	Limit      int
	After      *Mark // the last row of the page before, nil for the first page
}

// Mark is a row's place in the order of a list.
type Mark struct {
	ID  int64
	Key Value // the row's value of the field that the list is sorted by
}
