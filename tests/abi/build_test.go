package abi_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// patience ends a program that hangs. It is no measurement: the slowest case
// takes a few seconds.
const patience = 2 * time.Minute

var (
	cFlags   = []string{"-std=c99", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wstrict-prototypes", "-Werror"}
	cxxFlags = []string{"-x", "c++", "-std=c++17", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wold-style-cast", "-Werror"}
)

// root is the folder of the repository.
func root(t *testing.T) string {
	t.Helper()
	place, err := filepath.Abs("../..")
	require.NoError(t, err)
	return place
}

// command runs a program from the root and returns what it printed.
func command(t *testing.T, name string, arguments ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	run := exec.CommandContext(ctx, name, arguments...)
	run.Dir = root(t)
	output, err := run.CombinedOutput()
	require.NoError(t, err, "%s %s\n%s", name, strings.Join(arguments, " "), output)
	return string(output)
}

// building keeps two tests from building the same library at once.
var building sync.Mutex

// library builds the library, or one with safeguards taken out by build tags,
// and returns its folder. make does nothing when it is current.
func library(t *testing.T, tags string) string {
	t.Helper()
	if tags == "" {
		return built(t, "build/libtasker_core.so", "")
	}
	return built(t, filepath.Join("build/abi", strings.ReplaceAll(tags, " ", "+"), "libtasker_core.so"), tags)
}

// probeLibrary builds the library with the operation of the tests (capi/probe.c)
// and returns its folder, which other families use, too.
func probeLibrary(t *testing.T) string {
	t.Helper()
	return built(t, "build/probe/libtasker_core.so", "tasker_probe")
}

func built(t *testing.T, place, tags string) string {
	t.Helper()
	building.Lock()
	defer building.Unlock()
	command(t, "make", "--no-print-directory", "lib", "LIB="+place, "LIB_TAGS="+tags)
	return filepath.Join(root(t), filepath.Dir(place))
}

// compile builds a program against the header and the library.
func compile(t *testing.T, compiler string, flags []string, sources ...string) string {
	t.Helper()
	return compileWith(t, library(t, ""), compiler, flags, sources...)
}

func compileWith(t *testing.T, lib, compiler string, flags []string, sources ...string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "program")
	arguments := append(append([]string{}, flags...), "-g", "-Iinclude", "-Icapi")
	for _, source := range sources {
		arguments = append(arguments, filepath.Join("tests/abi/c", source))
	}
	command(t, compiler, append(arguments, "-o", program, "-x", "none", "-L"+lib, "-ltasker_core", "-pthread")...)
	return program
}

// cases compiles the program with all cases.
func cases(t *testing.T) string {
	t.Helper()
	return compile(t, "cc", cFlags, "main.c", "arguments.c", "engines.c", "stacks.c", "submit.c", "many.c", "fork.c", "hygiene.c")
}

// run runs a program in an empty folder, with the library of one folder.
func run(t *testing.T, lib, program string, arguments ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	run := exec.CommandContext(ctx, program, arguments...)
	run.Dir = t.TempDir()
	run.Env = append(os.Environ(), "LD_LIBRARY_PATH="+lib)
	// What a program leaves behind, stuck and with its output open, is ended with it.
	run.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	run.WaitDelay = 5 * time.Second
	output, err := run.CombinedOutput()
	if run.Process != nil {
		_ = syscall.Kill(-run.Process.Pid, syscall.SIGKILL)
	}
	if ctx.Err() != nil {
		return string(output) + "\nit hung and was ended", ctx.Err()
	}
	return string(output), err
}
