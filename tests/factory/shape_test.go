package factory_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/template"
	"github.com/tasker-systems/tasker-core-go/tests/factory"
)

// sheet is the table of the workflow-shapes sheet, sections 1 to 3.
var sheet = []struct {
	code, name                          string
	steps, edges, levels, roots, leaves int
}{
	{"S1", "linear_workflow_task", 6, 5, 6, 1, 1},
	{"S2", "diamond_workflow_task", 7, 7, 5, 1, 1},
	{"S3", "parallel_merge_workflow_task", 7, 6, 3, 4, 1},
	{"S4", "tree_workflow_task", 8, 10, 4, 1, 1},
	{"S5", "mixed_workflow_task", 9, 9, 5, 2, 2},
	{"S6", "configurable_failure_task", 4, 3, 4, 1, 1},
	{"S7", "dummy_task", 4, 2, 3, 2, 2},
	{"S8", "api_integration_workflow", 5, 4, 4, 2, 1},
	{"S9", "simple_linear_workflow", 3, 2, 3, 1, 1},
	{"S10", "parallel_workflow", 5, 6, 3, 1, 1},
	{"P1", "linear", 4, 3, 4, 1, 1},
	{"P2", "diamond", 4, 4, 3, 1, 1},
	{"P3", "parallel_merge", 4, 3, 2, 3, 1},
	{"P4", "tree", 7, 6, 3, 1, 4},
	{"P5", "mixed_dag", 7, 9, 4, 1, 1},
	{"P6", "dummy_task", 4, 2, 3, 2, 2},
	{"P7", "api_integration_workflow", 5, 4, 4, 2, 1},
	{"W1", "order_processing", 5, 4, 5, 1, 1},
	{"W2", "customer_analytics", 8, 8, 5, 3, 1},
	{"W3", "user_registration", 5, 5, 4, 1, 1},
	{"W4a", "process_refund", 4, 3, 4, 1, 1},
	{"W4b", "process_refund", 5, 4, 5, 1, 1},
	{"W5", "monitored_checkout", 5, 4, 5, 1, 1},
}

func TestEveryShapeOfTheSheetHasItsStepsEdgesAndLevels(t *testing.T) {
	t.Parallel()
	shapes := factory.Catalogue()
	require.Len(t, shapes, len(sheet))
	for i, want := range sheet {
		shape := shapes[i]
		require.Equal(t, want.code, shape.Code)
		require.Equal(t, want.name, shape.Name)
		require.Len(t, shape.Steps, want.steps, want.code)
		require.Len(t, shape.Edges(), want.edges, want.code)
		require.Equal(t, want.levels, shape.Levels(), want.code)
		require.Len(t, shape.Roots(), want.roots, want.code)
		require.Len(t, shape.Leaves(), want.leaves, want.code)
	}
}

func TestTheTemplatesOfAllShapesAreValidAndKeepTheirLimits(t *testing.T) {
	t.Parallel()
	for _, shape := range factory.Catalogue() {
		parsed, err := template.Parse(shape.Template(), template.Options{})
		require.NoError(t, err, shape.Code)
		require.Len(t, parsed.Steps, len(shape.Steps))
		for i, step := range parsed.Steps {
			require.Equal(t, shape.Steps[i].Name, step.Name)
			require.Equal(t, shape.Steps[i].RetryLimit(), step.RetryLimit)
			require.ElementsMatch(t, shape.Steps[i].Parents, step.DependsOn)
		}
	}
	var limits []int
	for _, step := range factory.Get("W2").Steps {
		limits = append(limits, step.RetryLimit())
	}
	require.Equal(t, []int{3, 5, 3, 2, 2, 3, 3, 5}, limits)
	require.Equal(t, 30, factory.Get("W5").Step("process_payment").TimeoutSeconds)
}

func TestTheEngineStoresEveryShapeAsItIsDrawn(t *testing.T) {
	t.Parallel()
	lab := factory.NewLab(t, factory.SQLite)
	for _, shape := range factory.Catalogue() {
		lab.Register(shape)
		reply, err := lab.GetTask(context.Background(), engine.GetTaskRequest{TaskID: lab.Create(shape), Include: []string{"steps", "edges"}})
		require.NoError(t, err)
		require.Len(t, reply.Edges, len(shape.Edges()), shape.Code)
		for _, step := range reply.Steps {
			require.ElementsMatch(t, shape.Step(step.Name).Parents, step.DependsOn, shape.Code)
		}
	}
}

func TestWithReturnsACopyAndTheShapeStaysAsItWas(t *testing.T) {
	t.Parallel()
	shape := factory.Diamond()
	changed := shape.With("end_workflow", func(s *factory.Step) { s.Limit = 9 }).Reliable()
	require.Equal(t, 9, changed.Step("end_workflow").RetryLimit())
	require.Equal(t, 3, shape.Step("end_workflow").RetryLimit())
	require.Equal(t, "F1", shape.Step("branch_one_process").Plan.Code)
	require.Empty(t, changed.Step("branch_one_process").Plan.Code)
	require.Empty(t, shape.WithoutDependencies().Edges())
	require.Panics(t, func() { shape.With("no such step", func(*factory.Step) {}) })
}

func TestGeneratedGraphsHaveTheSizeThatWasAskedFor(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		shape                               factory.Shape
		steps, edges, levels, roots, leaves int
	}{
		{factory.Chain(10_000), 10_000, 9_999, 10_000, 1, 1},
		{factory.FanOut(1_000), 1_000, 999, 2, 1, 999},
		{factory.FanIn(1_001), 1_001, 1_000, 2, 1_000, 1},
		{factory.Isolated(50), 50, 0, 1, 50, 50},
		{factory.Branching(15, 2), 15, 14, 4, 1, 8},
		{factory.Chain(1), 1, 0, 1, 1, 1},
		{factory.FanIn(1), 1, 0, 1, 1, 1},
	} {
		require.Len(t, c.shape.Steps, c.steps, c.shape.Name)
		require.Len(t, c.shape.Edges(), c.edges, c.shape.Name)
		require.Len(t, c.shape.Roots(), c.roots, c.shape.Name)
		require.Len(t, c.shape.Leaves(), c.leaves, c.shape.Name)
		if c.steps <= 1_001 {
			require.Equal(t, c.levels, c.shape.Levels(), c.shape.Name)
		}
	}
}

func TestTheSameSeedGivesTheSameGraphAndAnotherSeedAnother(t *testing.T) {
	t.Parallel()
	require.Equal(t, factory.Layered(7, 1000, 20, 3), factory.Layered(7, 1000, 20, 3))
	require.NotEqual(t, factory.Layered(7, 1000, 20, 3), factory.Layered(8, 1000, 20, 3))
	require.Equal(t, factory.Random(7, 300), factory.Random(7, 300))
	require.NotEqual(t, factory.Random(7, 300), factory.Random(8, 300))
	layered := factory.Layered(1, 100, 10, 3)
	require.Len(t, layered.Edges(), 270, "the layered shape of the readiness sheet, section 11")
	require.Equal(t, 10, layered.Levels())
	for seed := range uint64(20) {
		_, err := template.Parse(factory.Random(seed, 60).Template(), template.Options{})
		require.NoError(t, err)
	}
}

func TestTenThousandStepsFitIntoATemplate(t *testing.T) {
	t.Parallel()
	parsed, err := template.Parse(factory.Layered(3, 10_000, 100, 3).Template(), template.Options{})
	require.NoError(t, err)
	require.Len(t, parsed.Steps, 10_000)
}

func TestMixesRoundByTheRuleOfTheirSystem(t *testing.T) {
	t.Parallel()
	mix := factory.StandardMix()
	require.Equal(t, []int{8, 8, 6, 5, 3}, factory.Counts(30, mix, factory.R))
	require.Equal(t, []int{14, 13, 10, 8, 5}, factory.Counts(50, mix, factory.R))
	require.Equal(t, []int{10, 7, 6, 4, 3}, factory.Counts(30, mix, factory.P))
	require.Equal(t, []int{16, 12, 10, 7, 5}, factory.Counts(50, mix, factory.P))
	for total := range 200 {
		for _, rule := range []factory.Rounding{factory.R, factory.P} {
			sum := 0
			for _, n := range factory.Counts(total, mix, rule) {
				require.GreaterOrEqual(t, n, 0, "total %d", total)
				sum += n
			}
			require.Equal(t, total, sum)
		}
	}
	complete, failing, untouched := factory.Realistic(50)
	require.Equal(t, []int{15, 5, 30}, []int{complete, failing, untouched})
	require.Len(t, factory.Copies("p", factory.Diamond()).Shapes, 25)
}
