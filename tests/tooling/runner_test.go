package tooling_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// repository is the root of the repository, from this test.
func repository(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	return root
}

// write makes files under a directory of the test's own.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		file := filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	}
	return root
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository(t), file))
	require.NoError(t, err)
	return string(text)
}

// run runs a program and returns what it printed and whether it succeeded.
func run(t *testing.T, dir, program string, arguments ...string) (string, bool) {
	t.Helper()
	command := exec.Command(program, arguments...)
	command.Dir = dir
	command.Env = append(os.Environ(), "GOFLAGS=-buildvcs=false")
	text, err := command.CombinedOutput()
	return string(text), err == nil
}

// suite is a repository in miniature, with one family per fate.
func suite(t *testing.T) map[string]string {
	t.Helper()
	test := func(body string) string {
		return "package x_test\nimport \"testing\"\nfunc TestIt(t *testing.T) {\n" + body + "\n}\n"
	}
	return map[string]string{
		"go.mod":                     "module github.com/tasker-systems/tasker-core-go\n\ngo 1.26.0\n",
		"scripts/run-tests":          read(t, "scripts/run-tests"),
		"scripts/test-families.txt":  "# what must be there\nfine\nvanished\n",
		"core/x/x.go":                "package x\n",
		"tests/fine/a_test.go":       test(`t.Run("a", func(t *testing.T) {}); t.Run("b", func(t *testing.T) {})`),
		"tests/broken/a_test.go":     test(`t.Run("a", func(t *testing.T) {}); t.Run("b", func(t *testing.T) { t.Error("told") })`),
		"tests/skipping/a_test.go":   test(`t.Skip("no database")`),
		"tests/uncompiled/a_test.go": test(`undefined()`),
		"tests/panicking/a_test.go":  test(`panic("told")`),
		"tests/silent/a_test.go":     "package x_test\n",
	}
}

func TestTheRunnerCountsEveryFateOfAFamily(t *testing.T) {
	t.Parallel()
	root := write(t, suite(t))
	said, fine := run(t, root, "python3", "scripts/run-tests")
	require.False(t, fine)
	for family, counts := range map[string]string{
		"fine": "2 0", "broken": "1 1", "skipping": "0 1", "uncompiled": "0 1", "panicking": "0 1", "silent": "0 1", "vanished": "0 1",
	} {
		require.Contains(t, rows(said), family+" "+counts, said)
	}
	require.Contains(t, said, "failed: silent: the family ran nothing")
	require.Contains(t, said, "failed: vanished: the family ran nothing")
	require.Contains(t, said, "failed: tests/skipping: TestIt (skipped)")
	require.True(t, strings.HasSuffix(said, "\n3 passed, 6 failed\n"), said)
}

func TestTheRunnerIsContentWithAFamilyThatPasses(t *testing.T) {
	t.Parallel()
	root := write(t, suite(t))
	said, fine := run(t, root, "python3", "scripts/run-tests", "fine")
	require.True(t, fine, said)
	require.True(t, strings.HasSuffix(said, "\n2 passed, 0 failed\n"), said)
}

func TestTheRunnerRefusesAFamilyThatIsNotThere(t *testing.T) {
	t.Parallel()
	root := write(t, suite(t))
	said, fine := run(t, root, "python3", "scripts/run-tests", "fines")
	require.False(t, fine)
	require.Contains(t, said, "no such family: fines; there are: broken, fine, ")
}

// rows are the lines of the table as `family passed failed`.
func rows(said string) []string {
	var rows []string
	for _, line := range strings.Split(said, "\n") {
		if words := strings.Fields(line); len(words) == 4 {
			rows = append(rows, strings.Join(words[:3], " "))
		}
	}
	return rows
}
