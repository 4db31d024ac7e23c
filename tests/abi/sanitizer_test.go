package abi_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheFrontIsCleanUnderTheSanitizers(t *testing.T) {
	t.Parallel()
	sources, err := filepath.Glob(filepath.Join(root(t), "capi/*.c"))
	require.NoError(t, err)
	sources = append(sources, filepath.Join(root(t), "tests/abi/c/front.c"))
	for _, sanitizer := range []string{"thread", "address,undefined"} {
		program := filepath.Join(t.TempDir(), "front")
		flags := []string{"-std=gnu11", "-g", "-O1", "-fsanitize=" + sanitizer, "-fno-sanitize-recover=all", "-Iinclude", "-Icapi", "-pthread"}
		command(t, "cc", append(append(flags, sources...), "-o", program)...)
		output, err := run(t, "", program)
		require.NoError(t, err, "%s: %s", sanitizer, output)
		require.NotContains(t, output, "Sanitizer")
	}
}
