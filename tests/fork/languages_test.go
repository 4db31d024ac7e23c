package fork_test

import (
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/tests/watchdog"
)

// childrenOf is how many children a case forks: thirty of a calm parent, and a
// third of that of others. Daemons and other programs only look for a difference.
func childrenOf(name string) string {
	n := 30
	if long() {
		n = count()
	}
	switch {
	case name == "programs" || name == "daemon":
		n /= 10
	case name != "calm" && !long():
		n /= 3
	}
	return strconv.Itoa(n)
}

// inLanguage runs cases of one program, on both stores.
func inLanguage(t *testing.T, interpreter, program string, cases ...string) {
	t.Helper()
	t.Parallel()
	programs(t)
	for _, name := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, library(t, ""), name)
			run := s.command(t, interpreter, filepath.Join(root(t), program), name, childrenOf(name))
			output, err := watchdog.Run(t, run, patience)
			require.NoError(t, err, output)
			s.requireHonest(t)
		})
	}
}

func TestChildrenOfPythonWork(t *testing.T) {
	inLanguage(t, filepath.Join(root(t), "build/venv/bin/python"), "tests/fork/python/children.py",
		"calm", "busy", "threads", "programs", "daemon")
}

func TestChildrenOfRubyWork(t *testing.T) {
	inLanguage(t, "ruby", "tests/fork/ruby/children.rb", "calm", "busy", "fiber", "thread", "programs", "daemon")
}
