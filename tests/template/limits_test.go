package template_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/template"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

func TestHostileTextsMeetALimit(t *testing.T) {
	t.Parallel()
	deep := func(open, end string, n int) string {
		return strings.Repeat(open, n) + "1" + strings.Repeat(end, n)
	}
	for name, text := range map[string]string{
		"too long":                "name: " + strings.Repeat("x", template.MaxBytes),
		"deep JSON lists":         `{"name":` + deep("[", "]", 5000) + `}`,
		"deep JSON maps":          `{"name":` + deep(`{"a":`, "}", 100) + `}`,
		"deep flow lists":         "name: " + deep("[", "]", 100_000),
		"deep open flow lists":    "name: " + strings.Repeat("[", 500_000),
		"deep flow maps":          "name: " + deep("{a: ", "}", 50_000),
		"deep block lists":        strings.Repeat("- ", 300_000) + "a",
		"deep explicit keys":      strings.Repeat("? ", 300_000) + "a",
		"many tags":               "name: " + strings.Repeat("!!str ", 100_000) + "a",
		"many anchors":            "name: " + strings.Repeat("&a ", 200_000) + "a",
		"many keys":               numbered("k%d: 1\n", 60_000),
		"many keys with comments": numbered("# c\nk%d: 1\n", 30_000),
		"many steps":              "name: a\nstep_templates:\n" + numbered("  - name: s%d\n", template.MaxSteps+1),
		"many steps in JSON":      `{"name":"a","step_templates":[` + numbered(`{"name":"s%d"},`, template.MaxSteps) + `{"name":"x"}]}`,
		"many environments":       "name: a\nstep_templates: [{name: x}]\nenvironments:\n" + numbered("  e%d: {}\n", 65),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := template.Parse([]byte(text), template.Options{Path: "hostile.yaml"})
			require.Equal(t, fault.LimitExceeded, fault.KindOf(err), "%v", err)
			require.ErrorContains(t, err, "hostile.yaml")
		})
	}
}

// numbered repeats a line with a number in it.
func numbered(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

func TestDeepBlockMapsMeetALimit(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i := range 200 {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	_, err := template.Parse([]byte(b.String()), template.Options{})
	require.Equal(t, fault.LimitExceeded, fault.KindOf(err))
}

func TestNestedAliasesDoNotUnfold(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("name: bomb\nstep_templates:\n  - name: x\n    handler_config:\n      l0: &l0 [lol, lol, lol, lol, lol, lol, lol, lol]\n")
	for i := 1; i < 12; i++ {
		fmt.Fprintf(&b, "      l%d: &l%d [%s*l%d]\n", i, i, strings.Repeat(fmt.Sprintf("*l%d, ", i-1), 7), i-1)
	}
	_, err := template.Parse([]byte(b.String()), template.Options{})
	require.Equal(t, fault.LimitExceeded, fault.KindOf(err))
}

func TestAnAnchorThatContainsItselfIsAProblem(t *testing.T) {
	t.Parallel()
	require.Contains(t, problemsOf(t, []byte("name: a\nstep_templates: &s [{name: x, handler_config: {k: *s}}]"),
		template.Options{}), "the alias *s has no anchor before it")
}

func TestTextsThatAreNoTextsAreRefused(t *testing.T) {
	t.Parallel()
	require.Equal(t, "2:3 : the text is not UTF-8\n", problemsOf(t, []byte("a: 1\nü:\xff"), template.Options{}))
	require.Equal(t, "1:9 : the text holds a NUL character\n", problemsOf(t, []byte("name: ab\x00"), template.Options{}))
}

func TestALargeTemplateIsWithinTheLimits(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("name: large\nstep_templates:\n  - name: step_0\n")
	for i := 1; i < template.MaxSteps; i++ {
		fmt.Fprintf(&b, "  - {name: step_%d, depends_on_step: step_%d}\n", i, i-1)
	}
	o := parse(t, b.String(), "")
	a := template.Analyse(o)
	require.Len(t, a.Levels, template.MaxSteps)
	require.Len(t, a.CriticalPath, template.MaxSteps)
	back, err := template.FromJSON(o.JSON())
	require.NoError(t, err)
	require.True(t, o.Equal(back))
}

func TestAStoredFormBeyondItsLimitIsRefused(t *testing.T) {
	t.Parallel()
	_, err := template.FromJSON(make(workflow.JSON, template.MaxStoredBytes+1))
	require.Equal(t, fault.LimitExceeded, fault.KindOf(err))
}

func TestTheListOfProblemsIsBounded(t *testing.T) {
	t.Parallel()
	_, err := template.Parse([]byte("name: a\nstep_templates:\n"+numbered("  - {name: s%d, oops: 1}\n", 3000)), template.Options{})
	var f *fault.Error
	require.True(t, errors.As(err, &f))
	require.Len(t, f.Problems, template.MaxProblems)
	require.Equal(t, 3000, f.Details["problems_total"])
}

func TestEveryNumberHasItsLimitsAndTheyAreAllowed(t *testing.T) {
	t.Parallel()
	o := parse(t, `
name: edges
priority: 1000
timeout_seconds: 86400
step_templates:
  - {name: a, default_retry_limit: 0, timeout_seconds: 1}
  - {name: b, default_retry_limit: 10000}
`, "")
	require.Equal(t, 1000, o.Priority)
	require.Equal(t, 0, o.Steps[0].RetryLimit)
	require.Equal(t, template.MaxRetryLimit, o.Steps[1].RetryLimit)
	require.Equal(t, -1000, parse(t, "name: a\npriority: -1000\nstep_templates: [{name: x}]", "").Priority)
}
