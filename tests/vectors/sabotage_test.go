package vectors_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/tests/answers"
)

// alter changes the values of an expectation one at a time and reports each
// altered copy.
func alter(expected any, report func(path string)) {
	var walk func(path string, value any, set func(any))
	walk = func(path string, value any, set func(any)) {
		switch x := value.(type) {
		case map[string]any:
			for key, inner := range x {
				walk(path+"."+key, inner, func(changed any) { x[key] = changed })
			}
		case []any:
			for i, inner := range x {
				walk(fmt.Sprint(path, i), inner, func(changed any) { x[i] = changed })
			}
		default:
			set("altered")
			report(path)
			set(value)
		}
	}
	walk("", expected, nil)
}

func TestAnAlteredValueOfAnyVectorIsNoticed(t *testing.T) {
	t.Parallel()
	altered := map[string]int{}
	for _, executor := range []string{answers.OnSQLite, answers.InSQL} {
		e := answers.Executors[executor](t)
		for _, f := range load(t, "testdata") {
			for _, v := range f.rows {
				e.Run(t, v, func(key string, answer func(answers.Call) (any, error)) {
					altered[executor] += alterations(t, v, executor, key, answer)
				})
			}
		}
		require.Greater(t, altered[executor], 5000)
	}
}

// alterations runs one call and compares its answer with every altered copy of
// what is expected.
func alterations(t *testing.T, v answers.Vector, executor, key string, answer func(answers.Call) (any, error)) (count int) {
	t.Helper()
	if key == "insert_error" {
		return 0 // an error, which the loop below would have to wrap
	}
	c, err := answers.ParseCall(key, v.First())
	require.NoError(t, err)
	got, err := answer(c)
	require.NoError(t, err)
	have := answers.Normal(got)
	expected := answers.Normal(replaced(v, executor, key, v.Expected[key]))
	require.Empty(t, answers.Difference(expected, have), "%s %s", v.ID, key)
	alter(expected, func(path string) {
		count++
		require.NotEmpty(t, answers.Difference(expected, have), "%s %s%s", v.ID, key, path)
	})
	return count
}

func TestAnAlteredPairOfAStateMachineIsNoticed(t *testing.T) {
	t.Parallel()
	g, _ := answers.Executors[answers.OnSQLite](t).(*answers.Engine)
	m := machinesOf(t)
	for _, kind := range []string{"task", "step"} {
		pairs := map[string][]pair{"task": m.Task, "step": m.Step}[kind]
		for _, p := range pairs {
			for name, change := range map[string]func(*pair){
				"result": func(p *pair) {
					p.Result = map[bool]string{true: invalidTransition, false: transitioned}[p.Result == transitioned]
				},
				"wrapper": func(p *pair) { p.Safe = !p.Safe },
				"row":     func(p *pair) { p.RowsAfter = append(p.RowsAfter[:len(p.RowsAfter):len(p.RowsAfter)], row{SortKey: 30}) },
			} {
				changed := p
				change(&changed)
				require.NotEmpty(t, changed.problems(t, g, kind), "%s: %s", p.title(kind), name)
			}
		}
	}
}

func machinesOf(t *testing.T) *machines {
	t.Helper()
	for _, f := range load(t, "testdata") {
		if f.machines != nil {
			return f.machines
		}
	}
	require.Fail(t, "no state machines")
	return nil
}

func TestAnUnknownKeyOrFormFails(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"of the file":     `{"vectors": [{"id": "x", "tasks": [], "expected": {}}], "more": 1}`,
		"of a vector":     `{"vectors": [{"id": "x", "tasks": [], "expected": {}, "more": 1}]}`,
		"of a step":       `{"vectors": [{"id": "x", "tasks": [{"task": "T", "steps": [{"step": "a", "skippable": true}]}], "expected": {}}]}`,
		"of a transition": `{"vectors": [{"tasks": [{"task": "T", "transitions": [{"to_state": "error", "metadata": {}}], "steps": []}]}]}`,
		"of an identity":  `{"vectors": [{"title": "x", "attributes": {"priority": 1}, "identity_hash": ""}]}`,
		"of a pair":       `{"task": [{"from": null, "to": "error", "why": 1}], "step": []}`,
		"a form":          `{"scenarios": []}`,
		"no JSON":         `{"vectors": [`,
	} {
		_, err := parse(name, []byte(text))
		require.Error(t, err, name)
	}
	v := answers.Vector{ID: "x", Tasks: []answers.Task{{Task: "T"}}, Expected: map[string]any{"readiness": []any{}, "shape(T)": []any{}}}
	for title, open := range answers.Executors {
		problems := check(t, open(t), v)
		require.Len(t, problems, 1, title)
		require.Contains(t, problems[0], "shape(T)")
	}
	v = answers.Vector{ID: "x", Tasks: []answers.Task{{Task: "T"}}, Expected: map[string]any{"context": map[string]any{"mood": "fine"}}}
	require.Len(t, check(t, answers.Executors[answers.OnSQLite](t), v), 1, "a column that nobody answers")
}
