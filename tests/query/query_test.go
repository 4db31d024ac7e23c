package query_test

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/query"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

func filter(field, operator, value string, path ...string) query.Filter {
	return query.Filter{Place: "where[0]", Field: field, Operator: operator, Value: workflow.JSON(value), Path: path}
}

func TestWhatIsNotInTheTableIsRefusedWithPlaceAndRemedy(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		request query.Request
		place   string
	}{
		"field":            {query.Request{Where: []query.Filter{filter("task_id; DROP TABLE", "eq", "1")}}, "where[0].field"},
		"operator":         {query.Request{Where: []query.Filter{filter("task_id", "LIKE", "1")}}, "where[0].op"},
		"operator of kind": {query.Request{Where: []query.Filter{filter("complete", "gt", "true")}}, "where[0].op"},
		"exists of a must": {query.Request{Where: []query.Filter{filter("task_id", "exists", "true")}}, "where[0].op"},
		"kind":             {query.Request{Where: []query.Filter{filter("task_id", "eq", `"1"`)}}, "where[0].value"},
		"fraction":         {query.Request{Where: []query.Filter{filter("task_id", "eq", "1.5")}}, "where[0].value"},
		"no value":         {query.Request{Where: []query.Filter{filter("name", "eq", "")}}, "where[0].value"},
		"no list":          {query.Request{Where: []query.Filter{filter("task_id", "in", "1")}}, "where[0].value"},
		"kind in a list":   {query.Request{Where: []query.Filter{filter("task_id", "in", `[1, "2"]`)}}, "where[0].value[1]"},
		"long list":        {query.Request{Where: []query.Filter{filter("task_id", "in", "[1"+strings.Repeat(",1", query.ValuesMax)+"]")}}, "where[0].value"},
		"state":            {query.Request{Where: []query.Filter{filter("state", "eq", `"skipped"`)}}, "where[0].value"},
		"instant":          {query.Request{Where: []query.Filter{filter("created_at", "gt", `"yesterday"`)}}, "where[0].value"},
		"object":           {query.Request{Where: []query.Filter{filter("context", "eq", `{"a":1}`, "a")}}, "where[0].value"},
		"digits":           {query.Request{Where: []query.Filter{filter("context", "eq", "0.1234567890123456", "a")}}, "where[0].value"},
		"range":            {query.Request{Where: []query.Filter{filter("context", "eq", "1e400", "a")}}, "where[0].value"},
		"no path":          {query.Request{Where: []query.Filter{filter("context", "eq", "1")}}, "where[0].path"},
		"needless path":    {query.Request{Where: []query.Filter{filter("name", "eq", `"a"`, "a")}}, "where[0].path"},
		"short path":       {query.Request{Where: []query.Filter{filter("annotation", "eq", "1", "review")}}, "where[0].path"},
		"long path":        {query.Request{Where: []query.Filter{filter("context", "eq", "1", strings.Split(strings.Repeat("a", 17), "")...)}}, "where[0].path"},
		"NUL":              {query.Request{Where: []query.Filter{filter("name", "eq", `"a\u0000b"`)}}, "where[0].value"},
		"NUL in JSON":      {query.Request{Where: []query.Filter{filter("context", "eq", `"a\u0000b"`, "a")}}, "where[0].value"},
		"NUL in a path":    {query.Request{Where: []query.Filter{filter("context", "eq", "1", "a\x00")}}, "where[0].path[0]"},
		"not UTF-8":        {query.Request{Where: []query.Filter{filter("context", "eq", "1", "a\xff")}}, "where[0].path[0]"},
		"too many":         {query.Request{Where: make([]query.Filter, query.ConditionsMax+1)}, "where"},
		"sort":             {query.Request{Sort: "task_id DESC"}, "sort"},
		"sort by no key":   {query.Request{Sort: "state"}, "sort"},
		"limit":            {query.Request{Limit: query.LimitMax + 1}, "limit"},
		"negative limit":   {query.Request{Limit: -1}, "limit"},
		"cursor":           {query.Request{After: "7"}, "after"},
		"no base64":        {query.Request{After: "!"}, "after"},
	} {
		_, err := query.Tasks.Parse(c.request)
		require.Equal(t, fault.InvalidRequest, fault.KindOf(err), name)
		var f *fault.Error
		require.ErrorAs(t, err, &f, name)
		require.Equal(t, c.place, f.Path, name)
		require.True(t, f.Remedy != "" || f.Details != nil, name)
		require.Less(t, len(f.Message), 300, name)
	}
}

// TestInvalidEscapesAreReadAsTheReplacementCharacter: a lone surrogate has no
// UTF-8, and the wire refuses it before.
func TestInvalidEscapesAreReadAsTheReplacementCharacter(t *testing.T) {
	t.Parallel()
	q, err := query.Tasks.Parse(query.Request{Where: []query.Filter{filter("name", "eq", `"\ud800"`)}})
	require.NoError(t, err)
	require.Equal(t, "\ufffd", q.Where[0].Values[0].Text)
}

func TestACursorBelongsToItsListAlone(t *testing.T) {
	t.Parallel()
	r := query.Request{Where: []query.Filter{filter("priority", "gt", "1")}, Sort: "created_at"}
	q, err := query.Tasks.Parse(r)
	require.NoError(t, err)
	mark := query.Mark{ID: 7, Key: query.Value{Instant: start}}
	r.After = q.Cursor(mark)
	again, err := query.Tasks.Parse(r)
	require.NoError(t, err)
	require.Equal(t, &mark, again.After)
	for name, change := range map[string]func(*query.Request){
		"order":  func(r *query.Request) { r.Descending = true },
		"sort":   func(r *query.Request) { r.Sort = "updated_at" },
		"value":  func(r *query.Request) { r.Where = []query.Filter{filter("priority", "gt", "2")} },
		"filter": func(r *query.Request) { r.Where = nil },
	} {
		other := r
		change(&other)
		_, err := query.Tasks.Parse(other)
		require.Equal(t, fault.InvalidRequest, fault.KindOf(err), name)
	}
	_, err = query.Steps.Parse(query.Request{After: r.After})
	require.Equal(t, fault.InvalidRequest, fault.KindOf(err))
}

func TestAnyCursorIsReadOrRefused(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		sort := rapid.SampledFrom([]string{"task_id", "name", "created_at"}).Draw(t, "sort")
		q, err := query.Tasks.Parse(query.Request{Sort: sort})
		require.NoError(t, err)
		cursor := []byte(q.Cursor(query.Mark{ID: 7, Key: query.Value{Text: "a", Instant: start}}))
		at := rapid.IntRange(0, len(cursor)-1).Draw(t, "at")
		cursor[at] = rapid.Byte().Draw(t, "byte")
		_, err = query.Tasks.Parse(query.Request{Sort: sort, After: string(cursor[:rapid.IntRange(0, len(cursor)).Draw(t, "length")])})
		if err != nil {
			require.Equal(t, fault.InvalidRequest, fault.KindOf(err))
		}
	})
}

// TestHostileValuesChangeNothingButTheResult asks for every hostile text in every
// field that takes one, and then finds every row still there.
func TestHostileValuesChangeNothingButTheResult(t *testing.T) {
	t.Parallel()
	huge := strings.Repeat("'\"%_\\é", 1<<20/8)
	for _, d := range []*dataset{onSQLite(t, 11), onPostgres(t, 11)} {
		for _, e := range entities {
			before := d.pages(t, e, query.Request{})
			for i := range e.Fields {
				f := &e.Fields[i]
				if (f.Kind != query.Text && f.Kind != query.JSON) || len(f.Values) > 0 {
					continue
				}
				d.ask(f, e, query.Eq, huge)
				for i, text := range hostile { // each with some operator of the field, in turn
					d.ask(f, e, f.Operators()[i%len(f.Operators())], text)
				}
			}
			require.Equal(t, before, d.pages(t, e, query.Request{}))
		}
		require.True(t, reflect.DeepEqual(d.expected, d.load())) // too much to print
	}
}

// ask compares by an operator of a field with a text, also as a key.
func (d *dataset) ask(f *query.Field, e *query.Entity, operator query.Operator, text string) {
	value := quoted(text)
	switch operator {
	case query.In, query.NotIn:
		value = "[" + value + "]"
	case query.Exists:
		value = "true"
	}
	r := query.Request{Limit: 1000, Where: []query.Filter{filter(f.Name, string(operator), value)}}
	if f.Kind == query.JSON {
		r.Where[0].Path = []string{text, text}
	}
	q, err := e.Parse(r)
	require.NoError(d.t, err)
	require.Equal(d.t, d.expected.naive(q), d.pages(d.t, e, r), "%s %s %.20q", f.Name, operator, text)
}

// TestANaiveFilterNoticesAWrongStore proves that the comparison can fail: a store
// that drops the last condition, or the order, is noticed.
func TestANaiveFilterNoticesAWrongStore(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*query.Query){
		"a condition is dropped": func(q *query.Query) { q.Where = q.Where[1:] },
		"the order is turned":    func(q *query.Query) { q.Descending = !q.Descending },
		"the sort key is lost":   func(q *query.Query) { q.Sort = q.Entity.Field(q.Entity.Key) },
		"ne loses what is null":  func(q *query.Query) { q.Where[0].Operator = query.In },
	} {
		d := onSQLite(t, 7)
		q, err := query.Steps.Parse(query.Request{Sort: "last_attempted_at", Limit: 1000,
			Where: []query.Filter{filter("backoff_request_seconds", "ne", "1")}})
		require.NoError(t, err)
		want := d.expected.naive(q)
		require.Equal(t, want, d.selected(q))
		spoil(&q)
		require.NotEqual(t, want, d.selected(q), name)
	}
}

func (d *dataset) selected(q query.Query) (ids []int64) {
	require.NoError(d.t, d.store.Read(context.Background(), func(r store.Reader) error {
		marks, err := r.Select(context.Background(), q)
		for _, mark := range marks {
			ids = append(ids, mark.ID)
		}
		return err
	}))
	return ids
}
