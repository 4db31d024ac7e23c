// Package template_test holds the tests of core/template: golden lists of
// problems, the examples of the template sheet, contexts, directories, and
// properties over random templates and texts.
package template_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/backoff"
	"github.com/tasker-systems/tasker-core-go/core/template"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// example parses a file of testdata in an environment.
func example(t *testing.T, file, environment string) *template.Template {
	t.Helper()
	text, err := os.ReadFile("testdata/" + file)
	require.NoError(t, err)
	return parse(t, string(text), environment)
}

func parse(t require.TestingT, text, environment string) *template.Template {
	out, err := template.Parse([]byte(text), template.Options{Environment: environment})
	require.NoError(t, err)
	return out
}

func TestTheOrderExampleHasTheShapeOfTheSheet(t *testing.T) {
	t.Parallel()
	a := template.Analyse(example(t, "place_order.yaml", ""))
	require.Equal(t, 7, a.StepCount)
	require.Equal(t, 7, a.EdgeCount)
	require.Equal(t, []string{"check_basket"}, a.Roots)
	require.Equal(t, []string{"book_courier", "mail_receipt"}, a.Leaves)
	require.Equal(t, [][]string{
		{"check_basket"}, {"hold_stock", "price_basket"}, {"take_payment"}, {"write_order"},
		{"book_courier", "mail_receipt"},
	}, a.Levels)
	require.Equal(t, 2, a.Parallelism)
	require.Equal(t, []string{"check_basket", "hold_stock", "take_payment", "write_order", "book_courier"}, a.CriticalPath)
	require.Contains(t, a.Mermaid, "take_payment")
	require.Contains(t, a.DOT, "take_payment")
	require.Contains(t, a.Text, "book_courier")
	require.Contains(t, a.Text, "6 attempts")
}

func TestTheOrderExampleReadsAsWritten(t *testing.T) {
	t.Parallel()
	o := example(t, "place_order.yaml", "")
	require.Equal(t, "storefront", o.Namespace)
	require.Equal(t, "shop/place_order", o.Name)
	require.Equal(t, "1.2.0", o.Version)
	require.Equal(t, "Storefront", o.ModuleNamespace)
	require.Equal(t, "PlaceOrderTask", o.HandlerClass)
	require.Equal(t, "Takes a basket through stock, payment and dispatch", o.Description)
	require.True(t, o.Concurrent)
	hold := o.Step("hold_stock")
	require.Equal(t, "warehouse", hold.DependentSystem)
	require.Equal(t, []string{"check_basket"}, hold.DependsOn)
	require.Equal(t, 4, hold.RetryLimit)
	require.JSONEq(t, `{"hold_minutes":20}`, string(hold.HandlerConfig))
	check := o.Step("check_basket")
	require.Equal(t, "storefront_core", check.DependentSystem)
	require.Equal(t, 3, check.RetryLimit)
	require.True(t, check.Retryable)
	require.Nil(t, check.HandlerConfig)
	require.Equal(t, "write_order", o.Step("write_order").Description, "the name stands in for a description")
	require.True(t, o.Step("mail_receipt").Skippable)
	require.Nil(t, o.Step("nobody"))
}

func TestTheDevelopmentEnvironmentMergesMapsRecursively(t *testing.T) {
	t.Parallel()
	o := example(t, "place_order.yaml", "development")
	require.JSONEq(t, `{"hold_minutes":2}`, string(o.Step("hold_stock").HandlerConfig))
	require.Equal(t,
		`{"type":"api","url":"http://localhost:4010/charges",`+
			`"headers":{"Content-Type":"application/json","Accept":"application/json"},"enable_exponential_backoff":true}`,
		string(o.Step("take_payment").HandlerConfig))
	require.Equal(t, 1, example(t, "place_order.yaml", "test").Step("mail_receipt").RetryLimit)
	require.Equal(t, 8, example(t, "place_order.yaml", "nowhere").Step("mail_receipt").RetryLimit)
}

func TestThePipelineExampleHasTheShapeOfTheSheet(t *testing.T) {
	t.Parallel()
	p := example(t, "daily_rollup.yaml", "test")
	a := template.Analyse(p)
	require.Equal(t, 4, a.StepCount)
	require.Equal(t, 4, a.EdgeCount)
	require.Equal(t, []string{"open_window"}, a.Roots)
	require.Equal(t, []string{"reconcile"}, a.Leaves)
	require.Equal(t, [][]string{{"open_window"}, {"aggregate_usage", "aggregate_billing"}, {"reconcile"}}, a.Levels)
	require.Equal(t, 2, a.Parallelism)
	require.Len(t, a.CriticalPath, 3)
	require.Equal(t, `{"chunk_rows":10}`, string(p.Step("aggregate_usage").HandlerConfig))
	require.Equal(t, `{"chunk_rows":10}`, string(p.Step("aggregate_billing").HandlerConfig))
	require.Equal(t, `{"tolerance":0.005}`, string(p.Step("reconcile").HandlerConfig))
}

func TestTheAnalyticsPipelineHasThreeRootsAndOneLeaf(t *testing.T) {
	t.Parallel()
	a := template.Analyse(example(t, "customer_analytics.yaml", ""))
	require.Equal(t, []string{"extract_orders", "extract_users", "extract_products"}, a.Roots)
	require.Equal(t, []string{"send_notifications"}, a.Leaves)
	require.Equal(t, 3, a.Parallelism)
	require.Len(t, a.Levels, 5)
}

func TestStepsOneAtATimeHaveNoParallelism(t *testing.T) {
	t.Parallel()
	o := parse(t, "name: a\nconcurrent: false\nstep_templates: [{name: x}, {name: y}]", "")
	require.False(t, o.Concurrent)
	require.Equal(t, 1, template.Analyse(o).Parallelism)
}

func TestDefaultsAreThoseOfTheSheet(t *testing.T) {
	t.Parallel()
	o := parse(t, "name: a\nstep_templates: [{name: x}]", "")
	require.Equal(t, "default", o.Namespace)
	require.Equal(t, "0.1.0", o.Version)
	require.Empty(t, o.Description)
	require.Zero(t, o.Priority)
	require.Equal(t, 300, o.TimeoutSeconds)
	require.Nil(t, o.Schema)
	require.Equal(t, []template.Step{{
		Name: "x", Description: "x", DependentSystem: "unknown", Retryable: true, RetryLimit: 3, TimeoutSeconds: 300,
	}}, o.Steps)
}

func TestNamespaceIsAnAliasOfNamespaceName(t *testing.T) {
	t.Parallel()
	require.Equal(t, "n", parse(t, "name: a\nnamespace: n\nstep_templates: [{name: x}]", "").Namespace)
	require.Equal(t, "n", parse(t, "name: a\nnamespace_name: n\nstep_templates: [{name: x}]", "").Namespace)
}

func TestDependenciesOfBothKeysAreOneSet(t *testing.T) {
	t.Parallel()
	o := parse(t, `
name: g
step_templates:
  - name: a
  - name: b
  - name: c
    depends_on_step: b
    depends_on_steps: [a, b, a]
`, "")
	require.Equal(t, []string{"b", "a"}, o.Step("c").DependsOn)
	require.Equal(t, 2, template.Analyse(o).EdgeCount)
}

func TestTimeoutsAndWaitsAreInheritedFieldByField(t *testing.T) {
	t.Parallel()
	o := parse(t, `
name: waits
timeout_seconds: 60
priority: -5
backoff: {strategy: linear, max_seconds: 90}
step_templates:
  - name: a
  - name: b
    timeout_seconds: 5
    backoff: {base_seconds: 7}
`, "")
	inherited := backoff.Default()
	inherited.Strategy, inherited.MaxSeconds = backoff.Linear, 90
	require.Equal(t, -5, o.Priority)
	require.Equal(t, 60, o.Steps[0].TimeoutSeconds)
	require.Equal(t, inherited, o.Steps[0].Backoff)
	inherited.BaseSeconds = 7
	require.Equal(t, 5, o.Steps[1].TimeoutSeconds)
	require.Equal(t, inherited, o.Steps[1].Policy(backoff.Policy{}))
}

func TestAStepWithoutAPolicyTakesTheFallback(t *testing.T) {
	t.Parallel()
	o := parse(t, "name: a\nstep_templates: [{name: x}]", "")
	require.Equal(t, backoff.Default(), o.Steps[0].Policy(backoff.Default()))
}

func TestNullMeansAbsent(t *testing.T) {
	t.Parallel()
	o := parse(t, `
name: a
version: ~
schema: null
environments:
  test:
step_templates:
  - name: x
    depends_on_step:
    handler_config: null
    default_retry_limit: null
`, "test")
	require.Equal(t, "0.1.0", o.Version)
	require.Nil(t, o.Schema)
	require.Equal(t, 3, o.Steps[0].RetryLimit)
}

func TestAnEnvironmentMayReplaceTopLevelKeysAndLists(t *testing.T) {
	t.Parallel()
	o := parse(t, `
name: a
schema: {required: [p], properties: {p: {type: string}}}
step_templates:
  - {name: x, description: base}
  - {name: y, depends_on_steps: [x]}
environments:
  test:
    version: "9.0.0"
    priority: 3
    schema: {required: [q], properties: {q: {type: integer}}}
    step_templates:
      - {name: y, depends_on_steps: [], description: changed}
`, "test")
	require.Equal(t, "9.0.0", o.Version)
	require.Equal(t, 3, o.Priority)
	require.Equal(t, `{"required":["q"],"properties":{"p":{"type":"string"},"q":{"type":"integer"}}}`, string(o.Schema))
	require.Equal(t, "base", o.Steps[0].Description)
	require.Equal(t, "changed", o.Steps[1].Description)
	require.Empty(t, o.Steps[1].DependsOn)
}

func TestAFoldedDescriptionBecomesOneLine(t *testing.T) {
	t.Parallel()
	o := parse(t, "name: a\ndescription: |\n  two\n  lines\nstep_templates: [{name: x}]", "")
	require.Equal(t, "two lines", o.Description)
}

func TestNumbersAndKeyOrderOfConfigurationsStayAsWritten(t *testing.T) {
	t.Parallel()
	const config = `{"z":1.50,"a":{"y":12345678901234567890123,"b":1e3},"list":[0.10,-0],"text":"ü<&>","empty":{},"none":null}`
	for name, text := range map[string]string{
		"yaml": "name: a\nstep_templates:\n  - name: x\n    handler_config: " +
			`{z: 1.50, a: {y: 12345678901234567890123, b: 1e3}, list: [0.10, -0], text: "ü<&>", empty: {}, none: }`,
		"json": `{"name": "a", "step_templates": [{"name": "x", "handler_config": ` + config + `}]}`,
	} {
		require.Equal(t, config, string(parse(t, text, "").Steps[0].HandlerConfig), name)
	}
}

func TestYAMLSpellingsOfNumbersBecomeJSON(t *testing.T) {
	t.Parallel()
	o := parse(t, `
name: a
step_templates:
  - name: x
    handler_config: {hex: 0x1F, under: 1_000, half: .5, plus: +1, text: !!str 1.0, date: 2001-01-01, yes: yes, no: false}
`, "")
	require.Equal(t,
		`{"hex":31,"under":1000,"half":0.5,"plus":1,"text":"1.0","date":"2001-01-01","yes":"yes","no":false}`,
		string(o.Steps[0].HandlerConfig))
}

func TestAliasesAndMergeKeysAreFollowed(t *testing.T) {
	t.Parallel()
	o := parse(t, `
name: a
step_templates:
  - name: x
    handler_config: &base {retries: 2, url: one}
  - name: y
    handler_config:
      url: two
      <<: *base
  - name: z
    handler_config: *base
`, "")
	require.Equal(t, `{"retries":2,"url":"one"}`, string(o.Steps[0].HandlerConfig))
	require.Equal(t, `{"url":"two","retries":2}`, string(o.Steps[1].HandlerConfig))
	require.Equal(t, string(o.Steps[0].HandlerConfig), string(o.Steps[2].HandlerConfig))
}

func TestByteOrderMarksAndWindowsLineEndsAreAccepted(t *testing.T) {
	t.Parallel()
	require.Equal(t, "x", parse(t, "\ufeffname: a\r\nstep_templates:\r\n  - name: x\r\n", "").Steps[0].Name)
}

func TestTheCanonicalFormIsWrittenOut(t *testing.T) {
	t.Parallel()
	o := parse(t, "name: a\nbackoff: {strategy: none}\nstep_templates: [{name: x, handler_config: {k: 1.0}}]", "")
	require.Equal(t, `{"name":"a","namespace_name":"default","version":"0.1.0","concurrent":true,"priority":0,`+
		`"timeout_seconds":300,"backoff":{"strategy":"none","base_seconds":2,"multiplier":2,"max_seconds":30,"jitter":0.1,`+
		`"hint_max_seconds":3600},"step_templates":[{"name":"x","description":"x","dependent_system":"unknown",`+
		`"default_retryable":true,"default_retry_limit":3,"skippable":false,"timeout_seconds":300,"backoff":{"strategy":"none",`+
		`"base_seconds":2,"multiplier":2,"max_seconds":30,"jitter":0.1,"hint_max_seconds":3600},"handler_config":{"k":1.0}}]}`,
		string(o.JSON()))
}

func TestTheDigestSurvivesWhatTheDatabaseDoesToJSON(t *testing.T) {
	t.Parallel()
	a := parse(t, `{"name":"a","step_templates":[{"name":"x","handler_config":{"b":1e3,"a":0.10,"z":-0.0}}]}`, "")
	b := parse(t, `{"step_templates":[{"handler_config":{"a":0.1,"b":1000,"z":0},"name":"x"}],"name":"a"}`, "")
	c := parse(t, `{"name":"a","step_templates":[{"name":"x","handler_config":{"b":1e4,"a":0.10,"z":0}}]}`, "")
	require.Equal(t, a.Digest(), b.Digest())
	require.True(t, a.Equal(b))
	require.NotEqual(t, a.Digest(), c.Digest())
	require.Len(t, a.Digest(), 64)
}

func TestAStoredFormThatIsNoTemplateIsRefused(t *testing.T) {
	t.Parallel()
	for _, stored := range []string{``, `"{}"`, `{}`, `[1]`, `{"name":"a","step_templates":[]}`, `{"name":`} {
		_, err := template.FromJSON(workflow.JSON(stored))
		require.Error(t, err, stored)
	}
}

func TestVersionsOrderByNumber(t *testing.T) {
	t.Parallel()
	require.Positive(t, template.CompareVersions("1.10.0", "1.9.0"))
	require.Negative(t, template.CompareVersions("0.9.9", "1.0.0"))
	require.Zero(t, template.CompareVersions("01.0.00", "1.0.0"))
	require.Negative(t, template.CompareVersions("1.2.3", "1.2.99999999999"))
}
