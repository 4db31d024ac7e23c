// Package abi_test tests the C boundary from the outside: programs in C and C++
// are compiled against the header and run with the built library.
package abi_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/capi/wire"
)

func TestTheHeaderStandsAloneInC99AndAgreesWithTheTable(t *testing.T) {
	t.Parallel()
	strict := append(slices.Clone(cFlags[2:]), "-std=c11") // assertions are younger than C99; the cases are C99
	output, err := run(t, library(t, ""), compile(t, "cc", strict, "alone.c"))
	require.NoError(t, err, output)
}

func TestTheHeaderStandsAloneInCPlusPlus17AndAgreesWithTheTable(t *testing.T) {
	t.Parallel()
	output, err := run(t, library(t, ""), compile(t, "c++", cxxFlags, "alone.c"))
	require.NoError(t, err, output)
}

func TestTheHeaderAloneIsStrictC99(t *testing.T) {
	t.Parallel()
	source := filepath.Join(t.TempDir(), "alone.c")
	require.NoError(t, os.WriteFile(source, []byte("#include <tasker_core.h>\nint main(void) { return 0; }\n"), 0o600))
	command(t, "cc", append(slices.Clone(cFlags), "-U_GNU_SOURCE", "-pedantic-errors", "-Iinclude", "-fsyntax-only", source)...)
}

// compilers are those that a host may use; clang judges more strictly where it is.
func compilers(language string) []string {
	var found []string
	for _, name := range map[string][]string{"c": {"cc", "gcc", "clang"}, "c++": {"c++", "g++", "clang++"}}[language] {
		if _, err := exec.LookPath(name); err == nil {
			found = append(found, name)
		}
	}
	return found
}

func TestTheHeaderIsCleanInEveryStandardThatHostsUse(t *testing.T) {
	t.Parallel()
	source := filepath.Join(t.TempDir(), "alone.c")
	require.NoError(t, os.WriteFile(source, []byte("#include <tasker_core.h>\nint main(void) { return 0; }\n"), 0o600))
	for language, standards := range map[string][]string{"c": {"c99", "c11", "c17", "c2x"}, "c++": {"c++11", "c++17", "c++20"}} {
		require.NotEmpty(t, compilers(language))
		for _, compiler := range compilers(language) {
			for _, standard := range standards {
				flags := []string{"-x", language, "-std=" + standard, "-Wall", "-Wextra", "-Wpedantic", "-pedantic-errors", "-Wconversion", "-Wundef", "-Werror"}
				command(t, compiler, append(flags, "-Iinclude", "-fsyntax-only", source)...)
			}
		}
	}
}

func TestAHeaderThatDisagreesWithTheTableDoesNotCompile(t *testing.T) {
	t.Parallel()
	header, err := os.ReadFile(filepath.Join(root(t), "include/tasker_core.h"))
	require.NoError(t, err)
	for _, change := range [][2]string{
		{"#define TASKER_E_TIMEOUT 9", "#define TASKER_E_TIMEOUT 10"},
		{"#define TASKER_OP_SCHEMA_MIGRATE 5", "#define TASKER_OP_SCHEMA_MIGRATE 6"},
	} {
		wrong := strings.Replace(string(header), change[0], change[1], 1)
		require.NotEqual(t, string(header), wrong)
		folder := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(folder, "tasker_core.h"), []byte(wrong), 0o600))
		assertions, err := os.ReadFile(filepath.Join(root(t), "capi/operations_gen.h"))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(folder, "operations_gen.h"), assertions, 0o600))
		output, err := run(t, "", "cc", "-I"+folder, "-fsyntax-only", filepath.Join(root(t), "tests/abi/c/alone.c"))
		require.Error(t, err)
		require.Contains(t, output, "static assertion failed")
	}
}

// exported lists the functions that a library shows.
func exported(t *testing.T, lib string) []string {
	t.Helper()
	var names []string
	for line := range strings.Lines(command(t, "nm", "-D", "--defined-only", filepath.Join(lib, "libtasker_core.so"))) {
		names = append(names, strings.Fields(line)[2])
	}
	return names
}

func TestTheLibraryShowsExactlyTheOperationsAndTheElevenFunctionsBeside(t *testing.T) {
	t.Parallel()
	want := []string{
		"tasker_open", "tasker_close", "tasker_close_with_thread", "tasker_interrupt", "tasker_wake_fd", "tasker_submit", "tasker_submit_many", "tasker_collect",
		"tasker_abi_version", "tasker_build_info", "tasker_buffer_free",
	}
	for _, operation := range wire.Operations {
		want = append(want, "tasker_"+operation.Name)
	}
	require.ElementsMatch(t, want, exported(t, library(t, "")))
	// That of the tests is one function more: no test build is taken for another.
	require.ElementsMatch(t, append(want, "tasker_probe"), exported(t, probeLibrary(t)))
}

func TestTheLibraryIsNamedAndNeverUnloaded(t *testing.T) {
	t.Parallel()
	dynamic := command(t, "readelf", "-d", filepath.Join(library(t, ""), "libtasker_core.so"))
	require.Contains(t, dynamic, "soname: [libtasker_core.so.0]")
	require.Regexp(t, regexp.MustCompile(`FLAGS_1.*NODELETE`), dynamic)
}

func TestInstallationPutsHeaderLibraryAndPkgConfigFile(t *testing.T) {
	t.Parallel()
	library(t, "")
	stage := t.TempDir()
	command(t, "make", "--no-print-directory", "lib/install", "PREFIX=/opt/tasker", "DESTDIR="+stage)
	link, err := os.Readlink(filepath.Join(stage, "opt/tasker/lib/libtasker_core.so"))
	require.NoError(t, err)
	require.Equal(t, "libtasker_core.so.0", link)
	for _, place := range []string{"include/tasker_core.h", "lib/libtasker_core.so.0", "lib/pkgconfig/tasker_core.pc"} {
		_, err := os.Stat(filepath.Join(stage, "opt/tasker", place))
		require.NoError(t, err)
	}
	description, err := os.ReadFile(filepath.Join(stage, "opt/tasker/lib/pkgconfig/tasker_core.pc"))
	require.NoError(t, err)
	require.NotContains(t, string(description), "@")
	require.Contains(t, string(description), "libdir=/opt/tasker/lib\n")
}

// needsThePage are the cases that only the wiped page can pass: the child is
// made past pthread_atfork.
var needsThePage = []string{"raw_clone"}

func TestEveryCaseHoldsAtTheBoundary(t *testing.T) {
	t.Parallel()
	lib, program := library(t, ""), cases(t)
	names, err := run(t, lib, program, "--list")
	require.NoError(t, err, names)
	require.Greater(t, len(strings.Fields(names)), 20)
	for _, name := range strings.Fields(names) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			output, err := run(t, lib, program, name)
			require.NoError(t, err, output)
		})
	}
}

// The system's SQLite, which a host may be linked to, is another version than ours.
func TestTheSQLiteOfACHostOnOurFileIsReported(t *testing.T) {
	t.Parallel()
	theirs := append(slices.Clone(cFlags), "-Wl,--no-as-needed", "-lsqlite3")
	output, err := run(t, library(t, ""), compile(t, "cc", theirs, "foreign.c"))
	require.NoError(t, err, output)
}

func TestEachGuardAgainstForksWorksAlone(t *testing.T) {
	t.Parallel()
	program := cases(t)
	for _, tag := range []string{"tasker_sabotage_no_wipe", "tasker_sabotage_no_atfork"} {
		lib := library(t, tag)
		for _, name := range []string{"fork", "fork_before_open", "fork_busy", "spawn"} {
			output, err := run(t, lib, program, name)
			require.NoError(t, err, "%s with %s\n%s", name, tag, output)
		}
	}
	for _, name := range needsThePage {
		output, err := run(t, library(t, "tasker_sabotage_no_atfork"), program, name)
		require.NoError(t, err, output)
		output, err = run(t, library(t, "tasker_sabotage_no_wipe"), program, name)
		require.Error(t, err, "the page was taken out and %s did not notice: %s", name, output)
	}
}

func TestALibraryThatLetsSignalsIntoGoIsCaught(t *testing.T) {
	t.Parallel()
	output, err := run(t, library(t, "tasker_sabotage_no_mask"), cases(t), "signals_during_traffic")
	require.Error(t, err, "signals were let in and no case failed: %s", output)
}

func TestALibraryWithoutTheForkGuardIsCaught(t *testing.T) {
	t.Parallel()
	output, err := run(t, library(t, "tasker_sabotage_no_fork_guard"), cases(t), "fork")
	require.Error(t, err, "the guard was taken out and no case failed: %s", output)
}
