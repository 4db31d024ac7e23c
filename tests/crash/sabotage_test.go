package crash_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// losses are statements that a sabotaged store loses in silence, each with what
// the final checks must say of it.
var losses = map[string]string{
	"LeaseDelete": "lease_current: ",
	"LeaseInsert": "in_process: ",
	"StepChange":  "processed_column: ",
	"TaskChange":  "counters: ",
	"ReadyInsert": "queue_row_missing: ",
	"ReadyTake":   "queues are left: ",
	"EdgeInsert":  "0 edges are stored, not ",
	"TaskMove":    "the task ended pending, not complete",
	"commit":      "0 tasks where one was asked for",
}

func TestAStoreThatLosesAStatementInSilenceIsNoticedInTheEnd(t *testing.T) {
	t.Parallel()
	for name, word := range losses {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bench := &bench{scenario: scenarios[0], backend: backends[0], t: t}
			h := bench.play(t, &plan{loses: name})
			require.Contains(t, strings.Join(h.complaints(), "\n"), word)
		})
	}
}

func TestALateOutcomeThatIsRecordedIsNoticed(t *testing.T) {
	t.Parallel()
	bench := &bench{scenario: scenarios[0], backend: backends[0], t: t}
	h := bench.play(t, &plan{})
	require.Empty(t, h.zombies())
	h.ledger[0].Results = nil // another outcome under the same epoch
	require.NotEmpty(t, h.zombies())
}
