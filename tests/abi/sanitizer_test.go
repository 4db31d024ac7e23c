package abi_test

import (
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheFrontIsCleanUnderTheSanitizers(t *testing.T) {
	t.Parallel()
	sources, err := filepath.Glob(filepath.Join(root(t), "capi/*.c"))
	require.NoError(t, err)
	sources = append(sources, filepath.Join(root(t), "capi/switch_"+runtime.GOARCH+".S"), filepath.Join(root(t), "tests/abi/c/front.c"))
	for _, sanitizer := range []string{"thread", "address,undefined"} {
		program := filepath.Join(t.TempDir(), "front")
		flags := []string{"-std=gnu11", "-g", "-O1", "-fsanitize=" + sanitizer, "-fno-sanitize-recover=all", "-Iinclude", "-Icapi", "-pthread",
			"-Wl,--wrap=pthread_getattr_np"}
		command(t, "cc", append(append(flags, sources...), "-o", program)...)
		output, err := run(t, "", program)
		require.NoError(t, err, "%s: %s", sanitizer, output)
		require.NotContains(t, output, "Sanitizer")
	}
}

// sanitized runs the Python program with a library whose C files are instrumented.
// Go's memory and signals are Go's: leaks are not looked for.
func sanitized(t *testing.T, arguments ...string) (string, error) {
	t.Helper()
	lib := library(t, "tasker_probe tasker_sanitize")
	preload := make([]string, 2)
	for i, name := range []string{"libasan.so", "libubsan.so"} {
		preload[i] = strings.TrimSpace(command(t, "cc", "-print-file-name="+name))
	}
	script := filepath.Join(root(t), "tests/abi/python/sanitize.py")
	arguments = append([]string{
		"LD_PRELOAD=" + strings.Join(preload, " "), "ASAN_OPTIONS=detect_leaks=0", "UBSAN_OPTIONS=halt_on_error=1",
		"PYTHONDONTWRITEBYTECODE=1", "/usr/bin/python3", script, filepath.Join(lib, "libtasker_core.so"),
	}, arguments...)
	return run(t, lib, "env", arguments...)
}

func TestAHostInPythonFindsTheFrontCleanUnderTheSanitizers(t *testing.T) {
	t.Parallel()
	output, err := sanitized(t)
	require.NoError(t, err, output)
	require.True(t, strings.HasSuffix(output, "done\n"), output)
	require.NotContains(t, output, "runtime error")
}

func TestTheSanitizerSeesWhatTheFrontDoesWrong(t *testing.T) {
	t.Parallel()
	output, err := sanitized(t, "--misuse")
	require.Error(t, err)
	require.Contains(t, output, "heap-use-after-free")
	require.Contains(t, output, "in tasker_buffer_free")
}
