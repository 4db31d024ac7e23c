package readme_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func repository(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	return root
}

// block is the one code block of a language in the README.
func block(t *testing.T, language string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository(t), "README.md"))
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(text), "```"+language+"\n")
	require.True(t, found, "the README has no %s block", language)
	code, rest, found := strings.Cut(rest, "```\n")
	require.True(t, found)
	require.NotContains(t, rest, "```"+language+"\n", "two blocks; which one is tested?")
	return code
}

// run runs a program in an empty directory against the built library.
func run(t *testing.T, dir string, words ...string) (string, error) {
	t.Helper()
	command := exec.Command(words[0], words[1:]...)
	command.Dir = dir
	command.Env = append(os.Environ(),
		"PYTHONPATH="+filepath.Join(repository(t), "bindings", "python", "src"),
		"TASKER_CORE_LIBRARY="+filepath.Join(repository(t), "build", "libtasker_core.so"))
	text, err := command.CombinedOutput()
	return string(text), err
}

// compile compiles C as the README says, with every warning an error.
func compile(t *testing.T, code string) (program, said string, err error) {
	t.Helper()
	dir, root := t.TempDir(), repository(t)
	program = filepath.Join(dir, "program")
	require.NoError(t, os.WriteFile(program+".c", []byte(code), 0o600))
	said, err = run(t, dir, "gcc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-I"+root+"/include", "-o", program, program+".c",
		"-L"+root+"/build", "-ltasker_core", "-Wl,-rpath,"+root+"/build")
	return program, said, err
}

func TestThePythonOfTheReadmeRuns(t *testing.T) {
	t.Parallel()
	said, err := run(t, t.TempDir(), "python3", "-c", block(t, "python")+`
with Engine.open("orders.sqlite3") as engine:
    reply = engine.task_get(task_id=task["task_id"], include=["steps"])
    for step in reply["steps"]:
        print(step["name"], step["state"], step["attempts"], step["results"])
`)
	require.NoError(t, err, said)
	require.Contains(t, said, "price complete 1 {'total': 42}")
	require.Contains(t, said, "charge complete 2 {'charged': 42}")
}

func TestTheCOfTheReadmeRuns(t *testing.T) {
	t.Parallel()
	program, said, err := compile(t, block(t, "c"))
	require.NoError(t, err, said)
	said, err = run(t, t.TempDir(), program)
	require.NoError(t, err, said)
	require.Contains(t, said, "0 {")
}

func TestAMistakeInTheReadmeIsNoticed(t *testing.T) {
	t.Parallel()
	_, said, err := compile(t, strings.Replace(block(t, "c"), "tasker_engine_health", "tasker_engine_wealth", 1))
	require.Error(t, err)
	require.Contains(t, said, "tasker_engine_wealth")

	said, err = run(t, t.TempDir(), "python3", "-c", strings.Replace(block(t, "python"), "template_register", "template_registr", 1))
	require.Error(t, err)
	require.Contains(t, said, "template_registr")
}
