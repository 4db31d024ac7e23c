package abi_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// probes compiles the program with the cases for the library of the tests.
func probes(t *testing.T, lib string) string {
	t.Helper()
	return compileWith(t, lib, "cc", append([]string{"-DTASKER_TEST_PROBE"}, cFlags...), "main.c", "probe.c", "lengths.c", "reopen.c")
}

func TestTheOperationOfTheTestsTakesBothWaysIn(t *testing.T) {
	t.Parallel()
	lib := probeLibrary(t)
	output, err := run(t, lib, probes(t, lib), "probe")
	require.NoError(t, err, output)
}

func TestManySubmittedAtOnceAreAnsweredEachAndPanicAlone(t *testing.T) {
	t.Parallel()
	lib := probeLibrary(t)
	output, err := run(t, lib, probes(t, lib), "probe_many")
	require.NoError(t, err, output)
}

func TestABriefCallAloneOnAFileIsPerformedOnTheCallingThread(t *testing.T) {
	t.Parallel()
	lib := probeLibrary(t)
	output, err := run(t, lib, probes(t, lib), "probe_thread")
	require.NoError(t, err, output)
}

func TestRequestsOfEveryLengthAroundThePowersOfTwoComeBackWhole(t *testing.T) {
	t.Parallel()
	lib := probeLibrary(t)
	output, err := run(t, lib, probes(t, lib), "lengths")
	require.NoError(t, err, output)
}

func TestADefectWhileAChildOpensAnEngineAgainEndsThatCallAlone(t *testing.T) {
	t.Parallel()
	lib := probeLibrary(t)
	output, err := run(t, lib, probes(t, lib), "panic_while_reopening")
	require.NoError(t, err, output)
}
