package template_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/template"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// verdict records whether a check failed instead of failing the test.
type verdict struct{ failed bool }

func (v *verdict) Errorf(string, ...any) { v.failed = true }
func (v *verdict) FailNow()              { v.failed = true }

func TestTheGoldenComparisonNoticesOneAlteredProblem(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/problems/graph.yaml")
	require.NoError(t, err)
	golden, err := os.ReadFile("testdata/problems/graph.yaml.golden")
	require.NoError(t, err)
	found := problemsOf(t, text, template.Options{})
	for _, change := range []struct{ from, to string }{
		{"6:22", "6:21"}, {"a → b → c → a", "a → b → a"}, {"did you mean \"b\"?", "did you mean \"c\"?"}, {"3:27", "4:27"},
	} {
		altered := strings.Replace(string(golden), change.from, change.to, 1)
		require.NotEqual(t, string(golden), altered)
		v := &verdict{}
		require.Equal(v, altered, found)
		require.True(t, v.failed, change.from)
	}
}

func TestTheRoundTripNoticesAChangedValue(t *testing.T) {
	t.Parallel()
	o := example(t, "place_order.yaml", "")
	altered := strings.Replace(string(o.JSON()), `"default_retry_limit":4`, `"default_retry_limit":5`, 1)
	back, err := template.FromJSON(workflow.JSON(altered))
	require.NoError(t, err)
	require.False(t, o.Equal(back))
}
