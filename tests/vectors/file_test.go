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

	"github.com/tasker-systems/tasker-core-go/tests/answers"
)

// file is one file of examples. Its form is recognised by its content, so that a
// new file of the same form needs nothing but to lie in the folder.
type file struct {
	name       string
	rows       []answers.Vector // of the SQL functions
	identities []identityVector // of the identity hash
	machines   *machines        // of the state machines
	decisions  []decision       // of the policy core
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
		into = &struct{ Vectors *[]answers.Vector }{&f.rows}
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
