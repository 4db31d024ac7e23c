package sqlite

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"github.com/tasker-systems/tasker-core-go/core/query"
)

// kindsMax is up to how many task types a list of tasks is put together from
// one walk for each; with more, one walk over all tasks reads less.
const kindsMax = 100

// Select returns the places of a page; see store.ListReader. Tasks of some
// types in id order are walked along the index of each type: one walk over all
// tasks would pass over everybody else's, and sorting would read all of theirs.
func (t *tx) Select(ctx context.Context, q query.Query) ([]query.Mark, error) {
	kinds, rest := ofKinds(q)
	if len(kinds) == 0 {
		return t.selectPage(ctx, q, 0)
	}
	named, err := t.selectPage(ctx, query.Query{Entity: &query.NamedTasks, Where: kinds,
		Sort: query.NamedTasks.Field(query.NamedTasks.Key), Limit: kindsMax + 1}, 0)
	if err != nil || len(named) > kindsMax {
		if err == nil {
			return t.selectPage(ctx, q, 0)
		}
		return nil, err
	}
	q.Where = rest
	var all []query.Mark
	for _, kind := range named {
		some, err := t.selectPage(ctx, q, kind.ID)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	slices.SortFunc(all, func(a, b query.Mark) int {
		if q.Descending {
			a, b = b, a
		}
		return int(min(max(a.ID-b.ID, -1), 1))
	})
	return all[:min(len(all), q.Limit)], nil
}

// ofKinds takes the conditions on the task type out of a list of tasks in id
// order.
func ofKinds(q query.Query) (kinds, rest []query.Condition) {
	if q.Entity.Relation != query.Tasks.Relation || q.Sort.Name != q.Entity.Key {
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

// selectPage reads a page with one statement, of one task type when kind is not 0.
func (t *tx) selectPage(ctx context.Context, q query.Query, kind int64) ([]query.Mark, error) {
	l := listing{statements: t.store.statements, key: "s." + q.Entity.Key}
	if kind != 0 {
		l.and("s.named_task_id = ?", kind)
	}
	for _, c := range q.Where {
		l.condition(c)
	}
	var marks []query.Mark
	err := t.eachOnce(ctx, l.text(q), appendTo(&marks, func(rows *sql.Rows, m *query.Mark) error {
		return scanMark(rows, q.Sort.Kind, m)
	}), l.args...)
	return marks, err
}

func scanMark(rows *sql.Rows, kind query.Kind, m *query.Mark) error {
	switch kind {
	case query.Integer:
		var n sql.NullInt64
		err := rows.Scan(&m.ID, &n)
		m.Key = query.Value{Null: !n.Valid, Integer: n.Int64}
		return err
	case query.Instant:
		err := rows.Scan(&m.ID, instant{&m.Key.Instant})
		m.Key.Null = m.Key.Instant.IsZero()
		return err
	}
	var text sql.NullString
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

// text completes the statement; it adds the arguments of the order and limit.
func (l *listing) text(q query.Query) string {
	column, operator, direction := "s."+q.Sort.Name, " > ", ""
	if q.Descending {
		operator, direction = " < ", " DESC"
	}
	ordered := column
	if q.Sort.Nullable {
		ordered = "coalesce(" + column + ", '')" // less than every instant
	}
	tail := "\nORDER BY " + ordered + direction + ", " + l.key + direction
	if column == l.key {
		tail = "\nORDER BY " + l.key + direction
	}
	switch {
	case q.After == nil:
	case column == l.key:
		l.and(l.key+operator+"?", q.After.ID)
	default:
		l.and("("+ordered+", "+l.key+")"+operator+"(?, ?)", sortArgument(q.Sort.Kind, q.After.Key), q.After.ID)
	}
	l.args = append(l.args, q.Limit)
	return l.complete("SELECT "+l.key+", "+column+"\nFROM "+l.relation(q.Entity.Relation)+" s", tail+"\nLIMIT ?")
}

func sortArgument(kind query.Kind, v query.Value) any {
	if v.Null {
		return ""
	}
	return argument(kind, v)
}

func argument(kind query.Kind, v query.Value) any {
	switch kind {
	case query.Integer:
		return v.Integer
	case query.Boolean:
		return v.Boolean
	case query.Instant:
		return stamp(v.Instant)
	}
	return v.Text
}

// condition adds one condition of a query.
func (l *listing) condition(c query.Condition) {
	positive, negated := c.Operator.Negative()
	text, args := l.positive(c, positive)
	if negated || (c.Operator == query.Exists && !c.Values[0].Boolean) {
		text = "NOT coalesce(" + text + ", 0)"
	}
	l.and(text, args...)
}

// positive returns the condition that some value of the field fits. Ids of other
// rows are looked up from their own side; what many rows have in common is
// looked for row by row until one is found.
func (l *listing) positive(c query.Condition, operator query.Operator) (text string, args []any) {
	column := "s." + c.Field.Name
	switch c.Field.Form {
	case query.Labels:
		text, args = compared("e.value", c, operator)
		return "EXISTS (SELECT 1 FROM json_each(" + column + ") e WHERE " + text + ")", args
	case query.Many:
		text, args = compared("m.value", c, operator)
		if c.Field.Typed {
			text, args = "m.type = ? AND "+text, append([]any{c.Path[0]}, args...)
		}
		if c.Field.Kind == query.Integer {
			return l.key + " IN (SELECT m.owner FROM " + l.relation(c.Field.Relation) + " m WHERE " + text + ")", args
		}
		return "EXISTS (SELECT 1 FROM " + l.relation(c.Field.Relation) + " m WHERE m.owner = " + l.key + " AND " + text + ")", args
	}
	return compared(column, c, operator)
}

// operators are the comparisons that are one operator of SQLite, too.
var operators = map[query.Operator]string{
	query.Eq: " = ?", query.Lt: " < ?", query.Lte: " <= ?", query.Gt: " > ?", query.Gte: " >= ?",
}

// compared returns the comparison of one column with the values of a condition.
func compared(column string, c query.Condition, operator query.Operator) (text string, args []any) {
	if c.Field.Kind == query.JSON {
		return comparedJSON(column, c, operator)
	}
	value := c.Values
	switch operator {
	case query.In:
		return column + " IN (SELECT value FROM json_each(?))", []any{valueArray(c.Field.Kind, value)}
	case query.Contains:
		return "instr(" + column + ", ?) > 0", []any{value[0].Text}
	case query.StartsWith:
		return "substr(" + column + ", 1, length(?)) = ?", []any{value[0].Text, value[0].Text}
	case query.Search:
		return "instr(lower(" + column + "), lower(?)) > 0", []any{value[0].Text}
	case query.Exists:
		return column + " IS NOT NULL", nil
	}
	return column + operators[operator], []any{argument(c.Field.Kind, value[0])}
}

// valueArray writes the values of in as the JSON array that json_each takes apart.
func valueArray(kind query.Kind, values []query.Value) string {
	if kind == query.Integer {
		ids := make([]int64, len(values))
		for i, v := range values {
			ids[i] = v.Integer
		}
		return idArray(ids)
	}
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i], _ = argument(kind, v).(string)
	}
	return stringArray(texts)
}

// comparedJSON follows the keys of a path, each by a json_each of its own, whose
// key is a parameter, so that no path text is put together.
func comparedJSON(column string, c query.Condition, operator query.Operator) (text string, args []any) {
	path := c.Path
	if c.Field.Typed {
		path = path[1:]
	}
	if len(path) == 0 { // whether there is anything at all
		if c.Field.Typed {
			return "1", nil
		}
		return "coalesce(" + column + ", 'null') NOT IN ('null', '{}')", nil
	}
	var from, where strings.Builder
	value, kind := column, "json_type("+column+")"
	for i, key := range path {
		e := "e" + string(rune('a'+i))
		if i > 0 {
			from.WriteString(", ")
			where.WriteString(" AND ")
		}
		from.WriteString("json_each(CASE " + kind + " WHEN 'object' THEN " + value + " END) " + e)
		where.WriteString(e + ".key = ?")
		args = append(args, key)
		value, kind = e+".value", e+".type"
	}
	if operator != query.Exists {
		texts, numbers, words := scalars(c.Values)
		where.WriteString(" AND (" + kind + " = 'text' AND " + value + " IN (SELECT value FROM json_each(?))" +
			" OR " + kind + " IN ('integer', 'real') AND " + value + " IN (SELECT value FROM json_each(?))" +
			" OR " + kind + " IN (SELECT value FROM json_each(?)))")
		args = append(args, texts, numbers, words)
	}
	return "EXISTS (SELECT 1 FROM " + from.String() + " WHERE " + where.String() + ")", args
}

// scalars sorts JSON values by what SQLite calls their types: arrays of texts,
// of numbers, and of the words true, false and null.
func scalars(values []query.Value) (texts, numbers, words string) {
	var text, word []string
	var number []string
	for _, v := range values {
		switch {
		case v.JSON[0] == '"':
			text = append(text, v.JSON.Text())
		case query.IsNumber(v.JSON):
			number = append(number, string(v.JSON))
		default:
			word = append(word, string(v.JSON))
		}
	}
	return stringArray(text), "[" + strings.Join(number, ",") + "]", stringArray(word)
}

// eachOnce runs a query that is hardly ever the same twice: it is not kept
// prepared.
func (t *tx) eachOnce(ctx context.Context, text string, scan func(*sql.Rows) error, args ...any) error {
	session, err := t.usable(ctx)
	if err != nil {
		return err
	}
	rows, err := session.conn.QueryContext(ctx, text, args...)
	if err != nil {
		return t.store.translate(ctx, err)
	}
	return t.drain(ctx, rows, scan)
}
