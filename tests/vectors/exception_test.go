package vectors_test

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/tests/answers"
)

// exception is one entry of exceptions.json, whose header explains it.
type exception struct {
	ID        string         `json:"id"`
	Kind      string         `json:"kind"`
	Executors []string       `json:"executors"`
	Reason    string         `json:"reason"`
	Replace   map[string]any `json:"replace"`
}

//go:embed exceptions.json
var exceptionsFile []byte

// exceptions are the entries by id.
var exceptions = sync.OnceValues(func() (map[string]exception, error) {
	var file struct {
		Header     map[string]string
		Exceptions []exception
	}
	decoder := json.NewDecoder(bytes.NewReader(exceptionsFile))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&file)
	byID := map[string]exception{}
	for _, e := range file.Exceptions {
		byID[e.ID] = e
	}
	return byID, err
})

// replaced returns what is expected of an executor: what the vector says, or
// what an exception puts in its place.
func replaced(v answers.Vector, executor, key string, expected any) any {
	byID, err := exceptions()
	if err != nil {
		return err.Error()
	}
	e, listed := byID[v.ID]
	patch, named := e.Replace[key]
	switch {
	case listed && named && (e.Executors == nil || slices.Contains(e.Executors, executor)):
		return patched(expected, patch)
	case key == "slowest_tasks":
		return counted(v, expected) // a vector that is not listed may have them, too
	}
	return expected
}

// patched puts the keys and rows of a patch in the place of those expected.
func patched(expected, patch any) any {
	switch p := patch.(type) {
	case map[string]any:
		old, ok := expected.(map[string]any)
		if !ok || old["error"] != nil {
			return patch
		}
		merged := maps.Clone(old)
		maps.Copy(merged, p)
		return merged
	case []any:
		old, ok := expected.([]any)
		if !ok || len(old) != len(p) {
			return patch
		}
		rows := make([]any, len(p))
		for i := range p {
			rows[i] = patched(old[i], p[i])
		}
		return rows
	}
	return patch
}

// counted replaces in the rows of the slowest tasks the counts of histories by
// counts of the vector's steps.
func counted(v answers.Vector, expected any) any {
	rows, _ := expected.([]any)
	corrected := []any{}
	for _, r := range rows {
		row, _ := r.(map[string]any)
		for _, t := range v.Tasks {
			if t.Task == row["task"] {
				row = maps.Clone(row)
				maps.Copy(row, counts(t))
			}
		}
		corrected = append(corrected, row)
	}
	return corrected
}

func counts(t answers.Task) map[string]any {
	states := map[string]float64{}
	for _, s := range t.Steps {
		for _, r := range s.Transitions {
			if r.MostRecent {
				states[r.ToState]++
			}
		}
	}
	return map[string]any{"step_count": float64(len(t.Steps)), "completed_steps": states["complete"], "error_steps": states["error"]}
}

// mayDiffer says, for each kind of exception, which calls it may touch.
var mayDiffer = map[string][]string{
	"overflow":    {"readiness", "context", "readiness_batch", "contexts_batch"},
	"termination": {"levels"},
	"slowest":     {"slowest_steps", "slowest_tasks"},
	"time_zone":   {"readiness", "context"},
}

func TestExceptionsAreOfTheFourKindsAndGiveReasons(t *testing.T) {
	t.Parallel()
	byID, err := exceptions()
	require.NoError(t, err)
	vectors := map[string]answers.Vector{}
	for _, f := range load(t, "testdata") {
		for _, v := range f.rows {
			vectors[v.ID] = v
		}
	}
	for id, e := range byID {
		require.NotEmpty(t, mayDiffer[e.Kind], "%s is of no kind", id)
		require.NotEmpty(t, e.Reason, id)
		for call := range e.Replace {
			require.Contains(t, mayDiffer[e.Kind], call, id)
		}
		if e.Kind == "time_zone" {
			require.NotEmpty(t, e.Executors, id)
			require.False(t, slices.ContainsFunc(e.Executors, func(name string) bool { return !strings.HasPrefix(name, "Go ") }),
				"the SQL functions have the session's time zone: %s", id)
		}
		if v, present := vectors[id]; present {
			for call, patch := range e.Replace {
				require.NotEmpty(t, answers.Difference(v.Expected[call], patched(v.Expected[call], patch)), "%s needs no exception", id)
			}
		}
	}
}
