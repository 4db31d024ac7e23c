package vectors_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// file is one file of examples. Its form is recognised by its content, so that a
// new file of the same form needs nothing but to lie in the folder.
type file struct {
	name       string
	rows       []vector         // of the SQL functions
	identities []identityVector // of the identity hash
	machines   *machines        // of the state machines
	decisions  []decision       // of the policy core
}

// vector is one example of the SQL functions: rows, and what the functions say.
type vector struct {
	ID               string         `json:"id"`
	Title            string         `json:"title"`
	Tags             []string       `json:"tags"`
	Tasks            []task         `json:"tasks"`
	Args             arguments      `json:"args"`
	Zone             string         `json:"session_timezone"`
	StatementTimeout float64        `json:"statement_timeout_s"`
	Expected         map[string]any `json:"expected"`
	// ExpectedV01 is what the functions of the first version say. The policy
	// rails is the second version, so nothing here is compared with it.
	ExpectedV01 map[string]any `json:"expected_v01"`
}

// first is the task that a call without a task is about.
func (v *vector) first() string {
	if len(v.Tasks) == 0 {
		return ""
	}
	return v.Tasks[0].Task
}

// arguments are those of the analytic functions; absent means the default.
type arguments struct {
	SinceAgo  *float64 `json:"since_ago_s"`
	Limit     *int     `json:"limit"`
	Namespace *string  `json:"namespace"`
	TaskName  *string  `json:"task_name"`
	Version   *string  `json:"version"`
}

type task struct {
	Task        string       `json:"task"`
	Namespace   string       `json:"namespace"`
	Name        string       `json:"name"`
	Version     string       `json:"version"`
	Complete    bool         `json:"complete"`
	CreatedAgo  float64      `json:"created_ago_s"`
	Transitions []transition `json:"transitions"`
	Steps       []step       `json:"steps"`
	Edges       [][]string   `json:"edges"`
}

type step struct {
	Step          string       `json:"step"`
	Attempts      *int         `json:"attempts"`
	RetryLimit    retryLimit   `json:"retry_limit"`
	Retryable     *bool        `json:"retryable"`
	InProcess     bool         `json:"in_process"`
	Processed     bool         `json:"processed"`
	LastAttempted *float64     `json:"last_attempted_ago_s"`
	Backoff       *int         `json:"backoff_request_seconds"`
	CreatedAgo    float64      `json:"created_ago_s"`
	Transitions   []transition `json:"transitions"`
}

type transition struct {
	ToState    string  `json:"to_state"`
	SortKey    int     `json:"sort_key"`
	MostRecent bool    `json:"most_recent"`
	Ago        float64 `json:"ago_s"`
}

// retryLimit tells null, which is stored, from absent, which is 3.
type retryLimit struct {
	given bool
	value *int
}

// UnmarshalJSON is called for null as well.
func (l *retryLimit) UnmarshalJSON(raw []byte) error {
	l.given = true
	return json.Unmarshal(raw, &l.value)
}

// stored is the value of the column.
func (l retryLimit) stored() any {
	if !l.given {
		return 3
	}
	return nullable(l.value)
}

// folder is where the examples lie: TASKER_VECTORS, or the copy of this project.
func folder() string { return cmp.Or(os.Getenv("TASKER_VECTORS"), "testdata") }

// load reads every file of a folder; none, or one that is not understood to the
// last key, fails the test.
func load(t testing.TB, folder string) []file {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(folder, "*.json"))
	require.NoError(t, err)
	require.NotEmpty(t, names, "no *.json in %s", folder)
	files := make([]file, 0, len(names))
	for _, name := range names {
		raw, err := os.ReadFile(name)
		require.NoError(t, err)
		f, err := parse(filepath.Base(name), raw)
		require.NoError(t, err)
		files = append(files, f)
	}
	return files
}

// parse recognises and decodes a file. The header is prose for readers and may
// say anything.
func parse(name string, raw []byte) (file, error) {
	f := file{name: name}
	var top map[string]json.RawMessage
	if err := json.Unmarshal(raw, &top); err != nil {
		return f, fmt.Errorf("%s: %w", name, err)
	}
	delete(top, "header")
	var into any
	switch {
	case len(top) == 2 && top["task"] != nil && top["step"] != nil:
		f.machines = &machines{}
		into = f.machines
	case len(top) == 1 && top["decisions"] != nil:
		into = &struct{ Decisions *[]decision }{&f.decisions}
	case len(top) == 1 && bytes.Contains(top["vectors"], []byte(`"identity_hash"`)):
		into = &struct{ Vectors *[]identityVector }{&f.identities}
	case len(top) == 1 && bytes.Contains(top["vectors"], []byte(`"tasks"`)):
		into = &struct{ Vectors *[]vector }{&f.rows}
	default:
		return f, fmt.Errorf("%s: nothing known has these keys", name)
	}
	body, err := json.Marshal(top)
	if err != nil {
		return f, err
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return f, fmt.Errorf("%s: %w", name, err)
	}
	return f, nil
}
