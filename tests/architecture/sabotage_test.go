package architecture_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/tests/architecture"
)

// bad is a small tree that breaks one rule, and a part of what must be said.
type bad struct {
	files map[string]string
	want  string
}

// one is a tree of a single file.
func one(name, text, want string) bad { return bad{map[string]string{name: text}, want} }

func load(t *testing.T, files map[string]string) *architecture.Tree {
	t.Helper()
	tree := fstest.MapFS{}
	for name, text := range files {
		tree[name] = &fstest.MapFile{Data: []byte(text)}
	}
	loaded, err := architecture.Load(tree)
	require.NoError(t, err)
	return loaded
}

// report is everything a check says about a tree.
func report(check architecture.Check, tree *architecture.Tree) string {
	var lines []string
	for _, finding := range check.Run(tree) {
		lines = append(lines, finding.String())
	}
	return strings.Join(lines, "\n")
}

func TestEveryRuleReportsATreeThatBreaksIt(t *testing.T) {
	t.Parallel()
	allowed, err := architecture.ParseAllowance("core/graph/old.go 410 # from before\ncore/graph/gone.go 500\n")
	require.NoError(t, err)
	sabotage := allSabotage()
	for _, check := range architecture.Checks(allowed) {
		cases := sabotage[check.Name]
		require.NotEmpty(t, cases, "the rule %q has no sabotage", check.Name)
		delete(sabotage, check.Name)
		for number, broken := range cases {
			t.Run(fmt.Sprintf("%s/%d", check.Name, number+1), func(t *testing.T) {
				t.Parallel()
				require.Contains(t, report(check, load(t, broken.files)), broken.want)
			})
		}
	}
	require.Empty(t, sabotage, "sabotage of rules that do not exist")
}

func TestEveryRuleIsContentWithATreeThatFollowsIt(t *testing.T) {
	t.Parallel()
	for _, check := range architecture.Checks(nil) {
		t.Run(check.Name, func(t *testing.T) {
			t.Parallel()
			require.Empty(t, report(check, load(t, good)))
		})
	}
}

func TestATreeThatDoesNotParseIsAnError(t *testing.T) {
	t.Parallel()
	_, err := architecture.Load(fstest.MapFS{"core/graph/graph.go": {Data: []byte("package")}})
	require.ErrorContains(t, err, "core/graph/graph.go")
}

func TestAnAllowanceThatIsNotALengthIsAnError(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"core/graph/graph.go", "core/graph/graph.go many", "a b c 4"} {
		_, err := architecture.ParseAllowance(text)
		require.ErrorContains(t, err, "line 1")
	}
}

// good is a repository in miniature that breaks no rule.
var good = map[string]string{
	"core/fault/fault.go": `// Package fault is the vocabulary of failure.
package fault

// Kind is a class of failure.
type Kind string

// The kinds.
const (
	NotFound Kind = "not_found"
	Internal Kind = "internal"
)

// Kinds lists them.
var Kinds = []Kind{NotFound, Internal}
`,
	"core/graph/graph.go": `// Package graph is about edges.
package graph

import "github.com/tasker-systems/tasker-core-go/core/fault"

// Missing says what lacks.
func Missing() fault.Kind { return fault.NotFound }
`,
	"core/graph/example_test.go": `package graph_test

import (
	"fmt"

	"github.com/tasker-systems/tasker-core-go/core/graph"
)

func ExampleMissing() {
	fmt.Println(graph.Missing())
	// Output: not_found
}
`,
	"core/batch/batch.go": `// Package batch gathers.
package batch

import "sync"

// Batch gathers entries.
type Batch struct {
	mu      sync.Mutex // guards entries
	entries []int
	done    sync.WaitGroup
}

// Start begins.
func (b *Batch) Start() {
	b.done.Add(1)
	// Owned by the batch; Close waits for it.
	go b.done.Done()
}
`,
	"core/store/task.go": `// Package store is the contract.
package store

// Tasks reads tasks.
type Tasks interface {
	// TaskGet reads one.
	TaskGet() error
}
`,
	"core/store/sqlite/task.go": `// Package sqlite is a store.
package sqlite

import (
	_ "embed"

	_ "github.com/fsnotify/fsnotify"
	_ "github.com/mattn/go-sqlite3"
)

//go:embed task.sql
var text string
`,
	"core/store/sqlite/task.sql":   "-- Tasks. Not now().\n-- name: TaskGet\nSELECT 1;\n-- name: TaskGetEdges\nSELECT 2;\n",
	"migrations/sqlite/0001_a.sql": "-- +goose Up\n-- +goose Down\n",
	"capi/wire/operations.go": `// Package wire is what crosses.
package wire

import (
	_ "github.com/agnivade/levenshtein"
	_ "github.com/goccy/go-json"
)

// Operation is a row.
type Operation struct{ Name string }

// Operations is the table.
var Operations = []Operation{{Name: "task_get"}}
`,
	"include/tasker_core.h":                         goodHeader,
	"bindings/python/src/tasker_core/operations.py": "class Operations:\n    def _call(self):\n        ...\n\n    def task_get(self):\n        ...\n",
	"bindings/python/src/tasker_core/errors.py":     "class NotFound(E):\n    code = \"not_found\"\n\nclass Internal(E):\n    code = \"internal\"\n",
	"tests/graph/graph_test.go":                     "package graph_test\n",
}

var goodHeader = func() string {
	names := []string{
		"open", "close", "close_with_thread", "interrupt", "wake_fd", "submit", "submit_many", "collect", "abi_version", "build_info", "buffer_free", "task_get",
	}
	text := "#define TASKER_E_NOT_FOUND 1\n#define TASKER_E_INTERNAL 2\n"
	for _, name := range names {
		text += "/*\n * What it does.\n * Who may call it.\n */\nTASKER_API int32_t tasker_" + name + "(void);\n"
	}
	return text
}()
