package postgres

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/tasker-systems/tasker-core-go/core/query"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// customPlan makes the server plan a list for its very values: what is right
// for a rare task type is wrong for a frequent one.
const customPlan = "SET LOCAL plan_cache_mode = force_custom_plan"

// kindsMax bounds the task types that a list of tasks is narrowed to beforehand.
const kindsMax = 10_000

// Select returns the places of a page; see store.ListReader. Conditions on the
// task type are answered first, as ids: a name in a table beside leaves the
// planner without an idea how many tasks follow, and it reads and sorts all of
// them where a walk by id would end after a page, or walks by id where there
// are only a few. With ids it knows from its statistics.
func (t *tx) Select(ctx context.Context, q query.Query) ([]query.Mark, error) {
	l := listing{statements: t.store.statements, key: "s." + q.Entity.Key}
	if kinds, rest := ofKinds(q); len(kinds) > 0 {
		named, err := t.Select(ctx, query.Query{Entity: &query.NamedTasks, Where: kinds,
			Sort: query.NamedTasks.Field(query.NamedTasks.Key), Limit: kindsMax + 1})
		if err != nil || len(named) == 0 {
			return nil, err
		}
		if len(named) <= kindsMax {
			q.Where = rest
			l.among("s.named_task_id", column(named, func(m *query.Mark) int64 { return m.ID }))
		}
	}
	text := l.text(q)
	if err := t.usable(ctx); err != nil {
		return nil, err
	}
	t.batch.Queue(customPlan)
	var marks []query.Mark
	err := t.ask(ctx, text, appendTo(&marks, func(rows pgx.Rows, m *query.Mark) error {
		return scanMark(rows, q.Sort.Kind, m)
	}), l.args...)
	if err != nil {
		return nil, err
	}
	return marks, t.flush(ctx)
}

func scanMark(rows pgx.Rows, kind query.Kind, m *query.Mark) error {
	switch kind {
	case query.Integer:
		var n pgtype.Int8
		err := rows.Scan(&m.ID, &n)
		m.Key = query.Value{Null: !n.Valid, Integer: n.Int64}
		return err
	case query.Instant:
		err := rows.Scan(&m.ID, instant{&m.Key.Instant})
		m.Key.Null = m.Key.Instant.IsZero()
		return err
	}
	var text pgtype.Text
	err := rows.Scan(&m.ID, &text)
	m.Key = query.Value{Null: !text.Valid, Text: text.String}
	return err
}

// listing is a list under construction: where with the relations of the fields.
type listing struct {
	where
	statements map[string]string
	key        string
}

// relation returns what the fields of an entity, or the values of a field, are
// read from.
func (l *listing) relation(name string) string { return "(" + l.statements["Select"+name] + "\n)" }

// text returns the whole statement.
func (l *listing) text(q query.Query) string {
	for _, c := range q.Where {
		l.condition(c)
	}
	column := "s." + q.Sort.Name
	tail := l.order(q, column) + l.limit(q.Limit)
	return l.complete("SELECT "+l.key+", "+column+"\nFROM "+l.relation(q.Entity.Relation)+" s", tail)
}

// ofKinds takes the conditions on the task type out of a list of tasks.
func ofKinds(q query.Query) (kinds, rest []query.Condition) {
	if q.Entity.Relation != query.Tasks.Relation {
		return nil, q.Where
	}
	for _, c := range q.Where {
		switch c.Field.Name {
		case "namespace", "name", "version":
			kinds = append(kinds, c)
		default:
			rest = append(rest, c)
		}
	}
	return kinds, rest
}

// order adds the condition of the page and returns the order. Texts are ordered
// by their bytes, whatever the collation of the database.
func (l *listing) order(q query.Query, column string) string {
	operator, direction := " > ", ""
	if q.Descending {
		operator, direction = " < ", " DESC"
	}
	if column == l.key {
		if q.After != nil {
			l.and(l.key+operator+"?::bigint", q.After.ID)
		}
		return "\nORDER BY " + l.key + direction
	}
	least := "'-infinity'::timestamp"
	switch {
	case q.Sort.Kind == query.Text:
		column += ` COLLATE "C"`
	case q.Sort.Nullable:
		column = "coalesce(" + column + ", " + least + ")"
	}
	if q.After != nil && q.After.Key.Null {
		l.and("("+column+", "+l.key+")"+operator+"("+least+", ?::bigint)", q.After.ID)
	} else if q.After != nil {
		l.and("("+column+", "+l.key+")"+operator+"(?::"+types[q.Sort.Kind]+", ?::bigint)",
			argument(q.Sort.Kind, q.After.Key), q.After.ID)
	}
	return "\nORDER BY " + column + direction + ", " + l.key + direction
}

// types are the types of parameters.
var types = map[query.Kind]string{
	query.Integer: "bigint", query.Text: "text", query.Boolean: "boolean", query.Instant: "timestamp", query.JSON: "jsonb",
}

func argument(kind query.Kind, v query.Value) any {
	switch kind {
	case query.Integer:
		return v.Integer
	case query.Boolean:
		return v.Boolean
	case query.Instant:
		return stamp(v.Instant)
	case query.JSON:
		return string(v.JSON)
	}
	return v.Text
}

// condition adds one condition of a query.
func (l *listing) condition(c query.Condition) {
	positive, negated := c.Operator.Negative()
	text := l.positive(c, positive)
	if negated || (c.Operator == query.Exists && !c.Values[0].Boolean) {
		text = "NOT coalesce(" + text + ", false)"
	}
	l.conditions = append(l.conditions, text)
}

// positive returns the condition that some value of the field fits.
func (l *listing) positive(c query.Condition, operator query.Operator) string {
	column := "s." + c.Field.Name
	switch c.Field.Form {
	case query.Labels:
		if operator == query.In {
			return column + " ?| " + l.parameter(c, operator)
		}
		return column + " @> jsonb_build_array(" + l.parameter(c, operator) + ")"
	case query.Many:
		typed := ""
		if c.Field.Typed {
			typed = " AND m.type = " + l.argument(c.Path[0]) + "::text"
		}
		return "EXISTS (SELECT 1 FROM " + l.relation(c.Field.Relation) + " m WHERE m.owner = " + l.key + typed +
			" AND " + l.compared("m.value", c, operator) + ")"
	}
	return l.compared(column, c, operator)
}

// parameter adds the value or, for in, the array of values of a condition.
func (l *listing) parameter(c query.Condition, operator query.Operator) string {
	kind := c.Field.Kind
	if operator != query.In {
		return l.argument(argument(kind, c.Values[0])) + "::" + types[kind]
	}
	switch kind {
	case query.Integer:
		return l.argument(column(c.Values, func(v *query.Value) int64 { return v.Integer })) + "::bigint[]"
	case query.Instant:
		return l.argument(column(c.Values, func(v *query.Value) pgtype.Timestamp { return stamp(v.Instant) })) + "::timestamp[]"
	case query.JSON:
		return l.argument(column(c.Values, func(v *query.Value) string { return string(v.JSON) })) + "::text[]::jsonb[]"
	}
	return l.argument(column(c.Values, func(v *query.Value) string { return v.Text })) + "::text[]"
}

// operators are the comparisons that are one operator of the server, too.
var operators = map[query.Operator]string{
	query.Eq: " = ", query.Lt: " < ", query.Lte: " <= ", query.Gt: " > ", query.Gte: " >= ",
}

// compared returns the comparison of one column with the values of a condition.
func (l *listing) compared(column string, c query.Condition, operator query.Operator) string {
	if c.Field.Kind == query.JSON {
		return l.comparedJSON(column, c, operator)
	}
	switch operator {
	case query.In:
		return column + " = ANY(" + l.parameter(c, operator) + ")"
	case query.Contains:
		return "position(" + l.parameter(c, operator) + " IN " + column + ") > 0"
	case query.StartsWith:
		return "starts_with(" + column + ", " + l.parameter(c, operator) + ")"
	case query.Search: // the collation makes lower() leave all but ASCII alone
		return "position(lower(" + l.parameter(c, operator) + ` COLLATE "C") IN lower(` + column + ` COLLATE "C")) > 0`
	case query.Exists:
		return column + " IS NOT NULL"
	}
	return column + operators[operator] + l.parameter(c, operator)
}

// comparedJSON follows the keys of a path, each a parameter. One value is asked
// for by containment, which the Rails engine's indexes serve.
func (l *listing) comparedJSON(column string, c query.Condition, operator query.Operator) string {
	path := c.Path
	if c.Field.Typed {
		path = path[1:]
	}
	switch {
	case len(path) == 0 && c.Field.Typed:
		return "true"
	case len(path) == 0: // whether there is anything at all
		return "coalesce(" + column + ", 'null') NOT IN ('null', '{}')"
	case operator == query.Eq:
		return column + " @> " + l.argument(nested(path, string(c.Values[0].JSON))) + "::jsonb"
	}
	for _, key := range path {
		column += " -> " + l.argument(key) + "::text"
	}
	if operator == query.Exists {
		return "(" + column + ") IS NOT NULL"
	}
	return "(" + column + ") = ANY(" + l.parameter(c, operator) + ")"
}

// nested writes the object in which the path leads to the value.
func nested(path []string, value string) string {
	var object []byte
	for _, key := range path {
		object = append(workflow.AppendQuoted(append(object, '{'), key), ':')
	}
	return string(object) + value + strings.Repeat("}", len(path))
}
