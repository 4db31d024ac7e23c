package template_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/template"
)

// The cases of the workflow-shapes sheet, section 7, that a template can have.
func TestGraphsThatNoTaskCanRunAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ steps, want string }{
		"G1 self edge": {
			"[{name: a, depends_on_step: a}]",
			"2:45 step_templates[0].depends_on_step: the step \"a\" depends on itself\n"},
		"G2 reverse edge": {
			"[{name: a, depends_on_step: b}, {name: b, depends_on_step: a}]",
			"2:45 step_templates[0].depends_on_step: the steps wait for each other in a cycle: a → b → a\n"},
		"G3 indirect cycle": {
			"[{name: a, depends_on_step: c}, {name: b, depends_on_step: a}, {name: c, depends_on_step: b}]",
			"2:45 step_templates[0].depends_on_step: the steps wait for each other in a cycle: a → b → c → a\n"},
		"G8 unknown name": {
			"[{name: fetch}, {name: b, depends_on_step: fetsh}]",
			"2:60 step_templates[1].depends_on_step: unknown step \"fetsh\" [did you mean \"fetch\"?]\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, problemsOf(t, []byte("name: g\nstep_templates: "+c.steps), template.Options{}))
		})
	}
}

func TestGraphsThatATaskCanRunAreAccepted(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		steps         string
		edges, levels int
	}{
		"G4 several ways": {
			"[{name: a}, {name: b, depends_on_step: a}, {name: c, depends_on_step: a}, {name: d, depends_on_steps: [b, c, a]}]", 5, 3},
		"G7 separate parts": {"[{name: a}, {name: b}, {name: c, depends_on_step: b}]", 1, 2},
		"G10 double dependency": {
			"[{name: a}, {name: b, depends_on_step: a, depends_on_steps: [a]}]", 1, 2},
		"a child declared before its parent": {"[{name: a, depends_on_step: b}, {name: b}]", 1, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := template.Analyse(parse(t, "name: g\nstep_templates: "+c.steps, ""))
			require.Equal(t, c.edges, a.EdgeCount)
			require.Len(t, a.Levels, c.levels)
		})
	}
}

func TestAVeryLongCycleIsShownShort(t *testing.T) {
	t.Parallel()
	got := problemsOf(t, []byte("name: g\nstep_templates:\n  - {name: s0, depends_on_step: s99}\n"+ring(100)), template.Options{})
	require.Contains(t, got, "s0 → s1 → ")
	require.Contains(t, got, " → … → s0")
	require.Less(t, len(got), 300)
}

// ring is steps 1 to n-1, each behind the one before.
func ring(n int) string {
	out := ""
	for i := 1; i < n; i++ {
		out += "  - {name: s" + itoa(i) + ", depends_on_step: s" + itoa(i-1) + "}\n"
	}
	return out
}
