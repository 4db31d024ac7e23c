package query_test

import (
	"context"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tasker-systems/tasker-core-go/core/query"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// entities are the lists that the stores select.
var entities = []*query.Entity{
	&query.Tasks, &query.Steps, &query.TaskTransitions, &query.StepTransitions, &query.NamedTasks, &query.Workers,
	&query.Namespaces, &query.DependentSystems, &query.AnnotationTypes, &query.NamedSteps, &query.ObjectMaps,
}

// drawFilter draws a condition on some field with a value that some row has, a
// hostile one, or one of chance.
func drawFilter(t *rapid.T, e *query.Entity, rows []record) query.Filter {
	field := e.Fields[rapid.IntRange(0, len(e.Fields)-1).Draw(t, "field")]
	f := query.Filter{Place: "where[0]", Field: field.Name,
		Operator: string(rapid.SampledFrom(field.Operators()).Draw(t, "operator"))}
	if f.Operator == string(query.Exists) {
		f.Value = workflow.JSON(rapid.SampledFrom([]string{"true", "false"}).Draw(t, "there"))
	}
	some := rows[rapid.IntRange(0, len(rows)-1).Draw(t, "row")]
	draw := func() workflow.JSON { return drawValue(t, field, some) }
	if field.Kind == query.JSON {
		f.Path = drawPath(t, field, f.Operator)
	}
	switch {
	case f.Value != nil:
	case f.Operator == string(query.In), f.Operator == string(query.NotIn):
		list := []byte{'['}
		for i := range rapid.IntRange(0, 3).Draw(t, "values") {
			if i > 0 {
				list = append(list, ',')
			}
			list = append(list, draw()...)
		}
		list = append(list, ']')
		f.Value = list
	default:
		f.Value = draw()
	}
	return f
}

func drawPath(t *rapid.T, field query.Field, operator string) (path []string) {
	if field.Typed {
		path = append(path, rapid.SampledFrom(noteKinds).Draw(t, "type"))
	}
	if operator == string(query.Exists) && rapid.Bool().Draw(t, "whole") {
		return path
	}
	key := rapid.OneOf(rapid.SampledFrom([]string{"a", "b", "0"}), rapid.Map(rapid.SampledFrom(hostile), func(s string) string { return "k" + s }),
		rapid.SampledFrom(hostile))
	if rapid.Bool().Draw(t, "deep") {
		path = append(path, rapid.SampledFrom([]string{"b", "a"}).Draw(t, "outer"))
	}
	return append(path, key.Draw(t, "key"))
}

func drawValue(t *rapid.T, field query.Field, some record) workflow.JSON {
	have := some.first(field.Name)
	if len(field.Values) > 0 {
		return workflow.JSON(quoted(rapid.SampledFrom(field.Values).Draw(t, "state")))
	}
	switch field.Kind {
	case query.Integer:
		if n, ok := have.(int64); ok && rapid.Bool().Draw(t, "known") {
			return workflow.JSON(strconv.FormatInt(n, 10))
		}
		return workflow.JSON(strconv.FormatInt(rapid.OneOf(rapid.Int64(), rapid.Int64Range(-1, 9)).Draw(t, "integer"), 10))
	case query.Boolean:
		return workflow.JSON(rapid.SampledFrom([]string{"true", "false"}).Draw(t, "boolean"))
	case query.Instant:
		at, ok := have.(workflow.Instant)
		if !ok {
			at = start
		}
		return workflow.JSON(quoted(at.Plus(rapid.Just(at.Sub(at.Time)).Draw(t, "instant")).String()))
	case query.JSON:
		return workflow.JSON(rapid.OneOf(rapid.SampledFrom([]string{"null", "true", "false", "0", "1", "1.5", "100", "-3", "1e0"}),
			rapid.Map(rapid.SampledFrom(hostile), quoted)).Draw(t, "scalar"))
	}
	if text, ok := have.(string); ok && rapid.Bool().Draw(t, "known") {
		runes := []rune(text)
		from := rapid.IntRange(0, len(runes)).Draw(t, "from")
		return workflow.JSON(quoted(string(runes[rapid.SampledFrom([]int{0, from}).Draw(t, "cut"):])))
	}
	return workflow.JSON(quoted(rapid.OneOf(rapid.SampledFrom(hostile), rapid.StringN(0, 5, -1).Filter(withoutNUL)).Draw(t, "text")))
}

func withoutNUL(text string) bool {
	for _, r := range text {
		if r == 0 {
			return false
		}
	}
	return true
}

// pages reads a whole list page by page.
func (d *dataset) pages(t require.TestingT, e *query.Entity, r query.Request) (ids []int64) {
	for {
		q, err := e.Parse(r)
		require.NoError(t, err)
		var marks []query.Mark
		require.NoError(t, d.store.Read(context.Background(), func(reader store.Reader) error {
			marks, err = reader.Select(context.Background(), q)
			return err
		}))
		require.LessOrEqual(t, len(marks), q.Limit)
		for _, mark := range marks {
			ids = append(ids, mark.ID)
		}
		if len(marks) < q.Limit {
			return ids
		}
		r.After = q.Cursor(marks[len(marks)-1])
	}
}

// checkLists compares lists with the naive filter: any combination of
// conditions, order and size of page.
func checkLists(t *testing.T, datasets ...*dataset) {
	rapid.Check(t, func(t *rapid.T) {
		e := rapid.SampledFrom(entities).Draw(t, "list")
		r := query.Request{Descending: rapid.Bool().Draw(t, "descending"), Limit: rapid.IntRange(1, 40).Draw(t, "limit")}
		if rapid.Bool().Draw(t, "sorted") {
			r.Sort = rapid.SampledFrom(e.Fields).Filter(func(f query.Field) bool { return f.Sorts }).Draw(t, "sort").Name
		}
		for range rapid.IntRange(0, 3).Draw(t, "conditions") {
			r.Where = append(r.Where, drawFilter(t, e, datasets[0].expected[e.Relation]))
		}
		q, err := e.Parse(r)
		require.NoError(t, err)
		for _, d := range datasets {
			require.Equal(t, d.expected.naive(q), d.pages(t, e, r))
		}
	})
}

func TestAnyListEqualsANaiveFilterOverAllRows(t *testing.T) {
	t.Parallel()
	checkLists(t, onSQLite(t, 7), onPostgres(t, 7))
}
