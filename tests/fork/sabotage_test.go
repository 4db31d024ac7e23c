package fork_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/tests/watchdog"
)

// runWithout runs a case with a library from which a safeguard was taken out.
// Its children get less time, since they are expected to hang.
func runWithout(t *testing.T, tag, name string) (string, error) {
	t.Helper()
	programs(t)
	s := newScene(t, library(t, tag), name)
	s.environment = append(s.environment, "FORK_N=3", "FORK_DEADLINE_MS=2000")
	return watchdog.Run(t, s.command(t, built.program, name), patience)
}

func TestALibraryWithoutTheForkGuardIsCaught(t *testing.T) {
	t.Parallel()
	output, err := runWithout(t, "tasker_sabotage_no_fork_guard", "calm")
	require.Error(t, err, "the guard was taken out and no child noticed: %s", output)
}

// Linking one more library costs as much as all the cases, so the two halves of
// the guard are taken out one by one in the long form alone; tests/abi does so in
// every run.
func TestALibraryWithHalfOfTheForkGuardIsCaught(t *testing.T) {
	t.Parallel()
	if long() {
		t.Run("page", func(t *testing.T) { t.Parallel(); withoutThePage(t) })
		t.Run("handlers", func(t *testing.T) { t.Parallel(); withoutTheHandlers(t) })
	}
}

func withoutThePage(t *testing.T) {
	t.Helper()
	output, err := runWithout(t, "tasker_sabotage_no_wipe", "raw_clone")
	require.Error(t, err, "the page was taken out and a raw clone did not notice: %s", output)
}

func withoutTheHandlers(t *testing.T) {
	t.Helper()
	programs(t)
	require.NotZero(t, orphan(t, library(t, "tasker_sabotage_no_atfork"), time.Second),
		"the handlers were taken out and no session of the dead parent was left")
}
