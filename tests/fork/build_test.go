// Package fork_test forks programs in which the library is at work, in C, Ruby
// and Python, and requires that every child works as well as its parent.
package fork_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// root is the folder of the repository.
func root(t *testing.T) string {
	t.Helper()
	place, err := filepath.Abs("../..")
	require.NoError(t, err)
	return place
}

// command runs a program from the root.
func command(t *testing.T, name string, arguments ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	run := exec.CommandContext(ctx, name, arguments...)
	run.Dir = root(t)
	output, err := run.CombinedOutput()
	require.NoError(t, err, "%s %s\n%s", name, strings.Join(arguments, " "), output)
}

// building guards libraries, which are those that this run has built, by tag.
var (
	building  sync.Mutex
	libraries = map[string]string{}
)

// library builds the library, or one with a safeguard taken out by a build tag,
// once, and returns its folder. Asking make costs as much as several children.
func library(t *testing.T, tag string) string {
	t.Helper()
	building.Lock()
	defer building.Unlock()
	if folder := libraries[tag]; folder != "" {
		return folder
	}
	place := "build/libtasker_core.so"
	if tag != "" {
		place = filepath.Join("build/fork", tag, "libtasker_core.so")
	}
	command(t, "make", "--no-print-directory", "lib", "LIB="+place, "LIB_TAGS="+tag)
	libraries[tag] = filepath.Join(root(t), filepath.Dir(place))
	return libraries[tag]
}

// Warnings are errors; what a system offers beyond the standard is what we test.
var flags = []string{"-std=gnu11", "-g", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wstrict-prototypes", "-Werror"}

var sources = []string{"main.c", "harness.c", "work.c", "watch.c", "traffic.c", "measure.c", "stress.c", "moments.c", "hosts.c", "ownership.c", "hardship.c"}

// built is what all tests of a run share, in a folder that TestMain removes.
var built struct {
	folder  string
	program string // with all cases
	slow    string // a library that loads slowly
	second  string // another library in Go
	once    sync.Once
}

// programs compiles what the tests run, once.
func programs(t *testing.T) {
	t.Helper()
	lib := library(t, "")
	built.once.Do(func() {
		place := func(name string) string { return filepath.Join(built.folder, name) }
		arguments := append(append([]string{}, flags...), "-Iinclude")
		for _, source := range sources {
			arguments = append(arguments, filepath.Join("tests/fork/c", source))
		}
		command(t, "cc", append(arguments, "-o", place("cases"), "-L"+lib, "-ltasker_core", "-pthread")...)
		command(t, "cc", append(append([]string{}, flags...), "-shared", "-fPIC", "tests/fork/c/slow.c", "-o", place("slow.so"))...)
		command(t, "go", "build", "-buildvcs=false", "-buildmode=c-shared", "-o", place("second.so"), "./tests/fork/testdata/second")
		built.program, built.slow, built.second = place("cases"), place("slow.so"), place("second.so")
	})
	require.NotEmpty(t, built.program, "the programs could not be built")
}

func TestMain(m *testing.M) {
	folder, err := os.MkdirTemp("", "tasker-fork-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	built.folder = folder
	status := m.Run()
	_ = os.RemoveAll(folder)
	os.Exit(status)
}
