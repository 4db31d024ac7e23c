package telemetry_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/telemetry"
)

func TestMetricsAreWrittenAsPrometheusReadsThem(t *testing.T) {
	t.Parallel()
	text := telemetry.Exposition([]telemetry.Metric{
		{Name: "a_total", Help: "Back\\slash and\nline.", Grows: true, Value: 3},
		{Name: "b", Help: "Two.", Labels: []telemetry.Label{{Name: "x", Value: "a\"b\\c\n"}, {Name: "y", Value: "é"}}, Value: 0.5},
		{Name: "b", Help: "Two.", Labels: []telemetry.Label{{Name: "x", Value: "other"}}, Value: 1e15},
	})
	require.Equal(t, "# HELP a_total Back\\\\slash and\\nline.\n# TYPE a_total counter\na_total 3\n"+
		"# HELP b Two.\n# TYPE b gauge\nb{x=\"a\\\"b\\\\c\\n\",y=\"é\"} 0.5\nb{x=\"other\"} 1000000000000000\n", text)
	require.Empty(t, telemetry.Exposition(nil))
}
