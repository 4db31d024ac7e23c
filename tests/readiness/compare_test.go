package readiness_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// normal brings a value into the form that decoded JSON has.
func normal(value any) any {
	raw, err := json.Marshal(value)
	if err != nil {
		return err
	}
	var out any
	if err := json.Unmarshal(raw, &out); err != nil {
		return err
	}
	return out
}

// difference compares what was computed with what a vector expects; fields that
// the expectation does not name are not compared.
func difference(expected, got any) string {
	switch want := expected.(type) {
	case map[string]any:
		have, _ := got.(map[string]any)
		for key, value := range want {
			actual, known := have[key]
			if !known {
				return "no " + key
			}
			if d := difference(value, actual); d != "" {
				return key + ": " + d
			}
		}
		return ""
	case []any:
		have, _ := got.([]any)
		if len(want) != len(have) {
			return fmt.Sprintf("%d rows instead of %d", len(have), len(want))
		}
		for i := range want {
			if d := difference(want[i], have[i]); d != "" {
				return fmt.Sprintf("row %d: %s", i, d)
			}
		}
		return ""
	}
	if !reflect.DeepEqual(expected, got) {
		return fmt.Sprintf("%v instead of %v", got, expected)
	}
	return ""
}

// check runs one vector and returns the first difference, empty when there is
// none.
func check(v vector) string {
	w, err := build(v)
	if err != nil {
		return err.Error()
	}
	for call, expected := range v.Expected {
		if d := w.call(v, call, expected); d != "" {
			return call + ": " + d
		}
	}
	return ""
}

func all(string) bool { return true }

func none(string) bool { return false }

// call answers one call of a vector. The calls with arguments are those of the
// file; their meaning is that of section 1 of the sheet.
func (w world) call(v vector, call string, expected any) string {
	if failed, ok := expected.(map[string]any); ok && failed["error"] != nil {
		return w.repaired(v, call)
	}
	first := ""
	if len(v.Tasks) > 0 {
		first = v.Tasks[0].Task
	}
	switch call {
	case "insert_error":
		return w.rejected(v)
	case "readiness":
		return difference(expected, normal(w.readiness(first, all)))
	case "context":
		return difference(expected, normal(w.context(first)))
	case "levels":
		return difference(expected, normal(w.levels(first)))
	case "dag_view":
		return difference(trimmed(expected), normal(w.view(first)))
	case "readiness(T, step_ids=[])":
		return difference(expected, normal(w.readiness("T", none)))
	case "readiness(T, step_ids=[x])":
		return difference(expected, normal(w.readiness("T", func(s string) bool { return s == "x" })))
	case "readiness_batch([U,T,U,unknown])":
		return difference(expected, normal(append(w.readiness("T", all), w.readiness("U", all)...)))
	case "contexts_batch([U,T,U,unknown])":
		return difference(expected, normal([]any{w.context("T"), w.context("U"), w.context("U")}))
	case "contexts_batch([U,T])":
		return difference(expected, normal([]any{w.context("T"), w.context("U")}))
	case "readiness(NULL)", "context(NULL)", "levels(NULL)", "readiness_batch([])", "readiness_batch(NULL)",
		"contexts_batch([])", "contexts_batch(NULL)":
		return difference(expected, normal(w.readiness("no such task", all)))
	}
	return "an unknown call"
}

// trimmed keeps of each row of the view what world.view answers.
func trimmed(expected any) any {
	var rows []any
	list, _ := expected.([]any)
	for _, r := range list {
		m, _ := r.(map[string]any)
		rows = append(rows, map[string]any{"step": m["step"], "min_depth_from_root": m["min_depth_from_root"]})
	}
	return rows
}

// repaired checks the two places where the SQL fails and this policy must not:
// the overflow from 44 attempts on, where the capped wait holds, and the cycle
// that a root reaches, where the levels end.
func (w world) repaired(v vector, call string) string {
	task := v.Tasks[0]
	if call == "levels" {
		return difference(normal([]any{[]any{"a", 0}}), normal(w.levels(task.Task)))
	}
	s := task.Steps[0]
	in, verdict := w.judge(task, s)
	if got := verdict.NextRetryAt; !got.Equal(in.FailedAt.Plus(30 * time.Second).Time) {
		return "the wait is not the cap: " + got.String()
	}
	if verdict.Ready != (*s.Attempts < *s.RetryLimit) {
		return "readiness does not follow the limit"
	}
	return ""
}

// rejected checks that a vector that the database refused holds two rows of one
// step that cannot both be there.
func (w world) rejected(v vector) string {
	for _, s := range v.Tasks[0].Steps {
		recent, keys := 0, map[int]bool{}
		for _, r := range s.Transitions {
			if r.MostRecent {
				recent++
			}
			keys[r.SortKey] = true
		}
		if recent > 1 || len(keys) < len(s.Transitions) {
			return ""
		}
	}
	return "nothing contradicts itself"
}

func TestEveryVectorOfTheSQLFunctionsAgreesWithTheRailsPolicy(t *testing.T) {
	t.Parallel()
	for _, v := range vectors(t) {
		require.Empty(t, check(v), "%s %s", v.ID, v.Title)
	}
}

// alter changes the first value it finds at every depth of an expectation, one
// at a time, and reports each altered copy.
func alter(expected map[string]any, report func(path string)) {
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

func TestAlteringAnyExpectedValueIsNoticed(t *testing.T) {
	t.Parallel()
	altered := 0
	for _, v := range vectors(t) {
		if v.Expected["insert_error"] != nil {
			continue // the database's own words, which nothing here computes
		}
		delete(v.Expected, "dag_view") // the graph answers only two of its columns
		for _, call := range []string{"readiness", "context", "levels"} {
			if failed, ok := v.Expected[call].(map[string]any); ok && failed["error"] != nil {
				delete(v.Expected, call) // repaired, not reproduced
			}
		}
		alter(v.Expected, func(path string) {
			altered++
			require.NotEmpty(t, check(v), "%s%s", v.ID, path)
		})
	}
	require.Greater(t, altered, 4000)
}
