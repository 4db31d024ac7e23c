package engine_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/engine"
)

func TestMetricsTellTheDepthsOfTheQueues(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(diamond)
	k.create("diamond")
	k.create("diamond")
	k.claimOne(k.worker())
	reply, err := k.Metrics(ctx(), engine.Empty{})
	require.NoError(t, err)
	for _, line := range []string{"tasker_tasks_open 2", "tasker_steps_ready 1", "tasker_steps_leased 1", "tasker_workers 1",
		"tasker_panics_total 0", "# TYPE tasker_panics_total counter"} {
		require.Contains(t, reply.Text, line+"\n")
	}
	sample := regexp.MustCompile(`^(# (HELP|TYPE) .+|tasker_[a-z_]+(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? -?[0-9.]+)$`)
	for line := range strings.Lines(reply.Text) {
		require.Regexp(t, sample, strings.TrimSuffix(line, "\n"))
	}
}
