package abi_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// generatedFiles are what bindings/generate writes.
var generatedFiles = []string{
	"include/tasker_core.h", "capi/operations_gen.c", "capi/operations_gen.h", "docs/operations.md",
	"bindings/python/src/tasker_core/operations.py",
	"bindings/ruby/lib/tasker_core/operations.rb", "bindings/node/src/operations.js",
}

// generator builds the generator once per test.
func generator(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "generate")
	command(t, "go", "build", "-buildvcs=false", "-o", program, "./bindings/generate")
	return program
}

// checkout is a folder with what the generator reads and writes.
func checkout(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	require.NoError(t, os.CopyFS(filepath.Join(folder, "core"), os.DirFS(filepath.Join(root(t), "core"))))
	for _, name := range generatedFiles {
		content, err := os.ReadFile(filepath.Join(root(t), name))
		require.NoError(t, err)
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(folder, name)), 0o750))
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), content, 0o600))
	}
	return folder
}

func TestTheGeneratedFilesAreCurrent(t *testing.T) {
	t.Parallel()
	command(t, generator(t), "-verify")
}

func TestAStaleGeneratedFileIsNamedAndGeneratingMendsIt(t *testing.T) {
	t.Parallel()
	program, folder := generator(t), checkout(t)
	for _, name := range generatedFiles {
		place := filepath.Join(folder, name)
		current, err := os.ReadFile(place)
		require.NoError(t, err)
		// Early in the generated part of the header, at the end of the others.
		stale := append([]byte{}, current...)
		at := len(stale) - 1
		if name == "include/tasker_core.h" {
			at = len(stale) / 2
		}
		stale = append(stale[:at:at], append([]byte("x"), stale[at:]...)...)
		require.NoError(t, os.WriteFile(place, stale, 0o600))

		output, err := exec.CommandContext(t.Context(), program, "-verify", "-root", folder).CombinedOutput()
		require.Error(t, err)
		require.Contains(t, string(output), name+" is stale")

		output, err = exec.CommandContext(t.Context(), program, "-root", folder).CombinedOutput()
		require.NoError(t, err, string(output))
		mended, err := os.ReadFile(place)
		require.NoError(t, err)
		require.Equal(t, string(current), string(mended))
	}
}

func TestGeneratingTwiceGivesTheSameText(t *testing.T) {
	t.Parallel()
	program, folder := generator(t), checkout(t)
	for range 5 {
		output, err := exec.CommandContext(t.Context(), program, "-root", folder).CombinedOutput()
		require.NoError(t, err, string(output))
		require.Empty(t, string(output), "something was written although nothing changed")
	}
}

func TestAFieldWithoutACommentIsRefused(t *testing.T) {
	t.Parallel()
	program, folder := generator(t), checkout(t)
	place := filepath.Join(folder, "core/engine/worker.go")
	content, err := os.ReadFile(place)
	require.NoError(t, err)
	bare := strings.Replace(string(content), "type StopWorkerRequest struct {", "type StopWorkerRequest struct {\n\tX int `json:\"x\"`", 1)
	require.NotEqual(t, string(content), bare)
	require.NoError(t, os.WriteFile(place, []byte(bare), 0o600))
	output, err := exec.CommandContext(t.Context(), program, "-root", folder).CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(output), "StopWorkerRequest")
	require.Contains(t, string(output), "no comment")
}
