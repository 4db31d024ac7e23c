package tooling_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// profile covers 9 of 10 statements of one package, a block by the second test
// binary only, and half of another's 2.
const profile = `mode: set
github.com/tasker-systems/tasker-core-go/core/graph/graph.go:1.1,2.2 9 0
github.com/tasker-systems/tasker-core-go/core/graph/graph.go:3.1,4.2 1 0
github.com/tasker-systems/tasker-core-go/core/fault/fault.go:1.1,2.2 1 1
github.com/tasker-systems/tasker-core-go/core/fault/fault.go:3.1,4.2 1 0
github.com/tasker-systems/tasker-core-go/core/graph/graph.go:1.1,2.2 9 1
`

func TestCoverageBelowTheFloorFails(t *testing.T) {
	t.Parallel()
	root := write(t, map[string]string{"core.out": profile, "empty.out": "mode: set\n"})
	script := filepath.Join(repository(t), "scripts", "coverage")
	for name, c := range map[string]struct {
		file, floor string
		fine        bool
		says        string
	}{
		"above the floor": {"core.out", "80", true, "90.0%"},
		"below the floor": {"core.out", "85", false, "83.3 %, below the floor of 85 %"},
		"empty profile":   {"empty.out", "0", false, "missing or empty"},
		"no profile":      {"none.out", "0", false, "missing or empty"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			said, fine := run(t, root, "python3", script, c.file, c.floor)
			require.Equal(t, c.fine, fine, said)
			require.Contains(t, said, c.says)
		})
	}
}

func TestCommitSubjectsNameAnArea(t *testing.T) {
	t.Parallel()
	long := "graph: a subject that goes on and on until it no longer fits into the columns"
	for subject, fine := range map[string]bool{
		"graph: find cycles":                     true,
		"store/sqlite, engine: one writer":       true,
		"Merge branch 'x'":                       true,
		"find cycles":                            false,
		"graph: find cycles.":                    false,
		"graph:find cycles":                      false,
		long:                                     false,
		"graph: find cycles\nwithout empty line": false,
		"graph: find cycles\n\nBecause.":         true,
	} {
		t.Run(subject, func(t *testing.T) {
			t.Parallel()
			root := write(t, map[string]string{"message": subject + "\n"})
			said, accepted := run(t, root, "bash", filepath.Join(repository(t), ".githooks", "commit-msg"), "message")
			require.Equal(t, fine, accepted, said)
		})
	}
}
