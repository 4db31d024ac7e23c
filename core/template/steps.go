package template

import (
	"slices"
	"strings"

	"github.com/tasker-systems/tasker-core-go/core/graph"
)

// written is what the checks between steps need of one: the values as written,
// with their places.
type written struct {
	name    *node   // nil when the name is missing or no text
	parents []*node // the entries of depends_on_step and depends_on_steps
}

// steps decodes the steps into the template.
func (r *reader) steps(n *node, t *Template) ([]written, error) {
	if n.get("step_templates") == nil {
		r.missing(n, "step_templates")
		return nil, nil
	}
	all := r.member(n, "step_templates", list, aList)
	if all == nil {
		return nil, nil
	}
	if len(all.items) > MaxSteps {
		return nil, tooMuch(all, "steps", MaxSteps)
	}
	if len(all.items) == 0 {
		r.add(all, "", "a template needs at least one step")
	}
	t.Steps = make([]Step, len(all.items))
	steps := make([]written, 0, len(all.items))
	for i, item := range all.items {
		if item.kind != object {
			r.wrongType(item, aMap)
			continue
		}
		steps = append(steps, r.step(item, &t.Steps[i], t))
	}
	r.unique(steps)
	return steps, nil
}

// step decodes one step, the template's defaults filled in.
func (r *reader) step(n *node, s *Step, t *Template) written {
	r.keys(n, stepKeys)
	system := DefaultDependentSystem
	if t.DefaultDependentSystem != "" {
		system = t.DefaultDependentSystem
	}
	*s = Step{
		Name:            r.name(n, "name", MaxStepName),
		DependentSystem: r.optional(n, "dependent_system", MaxName, system),
		Retryable:       r.boolean(n, "default_retryable", true),
		RetryLimit:      r.integer(n, "default_retry_limit", 0, MaxRetryLimit, DefaultRetryLimit),
		Skippable:       r.boolean(n, "skippable", false),
		TimeoutSeconds:  r.integer(n, "timeout_seconds", 1, MaxTimeoutSeconds, t.TimeoutSeconds),
		Backoff:         r.backoff(n, t.Backoff),
		HandlerClass:    r.text(n, "handler_class", MaxDescription),
		HandlerConfig:   r.member(n, "handler_config", object, aMap).JSON(),
	}
	s.Description = r.description(n, s.Name)
	r.events(n)
	w := written{parents: r.parents(n)}
	// A name with a fault of its own is still the one that others depend on.
	if name := n.get("name"); name != nil && name.kind == text {
		w.name = name
	}
	seen := map[string]bool{}
	for _, parent := range w.parents {
		if !seen[parent.text] {
			s.DependsOn = append(s.DependsOn, parent.text)
		}
		seen[parent.text] = true
	}
	return w
}

// parents returns the entries of depends_on_step, then depends_on_steps.
func (r *reader) parents(n *node) []*node {
	one := n.get("depends_on_step")
	if one != nil && one.kind != text {
		suggestion := remedy(one, aText)
		if one.kind == list {
			suggestion = "use depends_on_steps for a list"
		}
		r.add(one, suggestion, "depends_on_step must be a text, found %s", one.found())
		one = nil
	}
	many := r.texts(n, "depends_on_steps")
	if one == nil {
		return many
	}
	return append([]*node{one}, many...)
}

// unique reports names that an earlier step has.
func (r *reader) unique(steps []written) {
	first := map[string]*node{}
	for _, s := range steps {
		if s.name == nil {
			continue
		}
		if earlier := first[s.name.text]; earlier != nil {
			r.add(s.name, "", "the step name %q is taken by the step at line %d", clip(s.name.text), earlier.line)
			continue
		}
		first[s.name.text] = s.name
	}
}

// namedSteps compares the closed list of step names with the steps, both ways.
func (r *reader) namedSteps(n *node, steps []written) {
	listed := r.texts(n, "named_steps")
	if len(listed) == 0 {
		return
	}
	names := names(steps)
	have := nameSet(names)
	want := map[string]bool{}
	for _, entry := range listed {
		switch {
		case want[entry.text]:
			r.add(entry, "", "%q is listed twice", clip(entry.text))
		case !have[entry.text]:
			r.add(entry, r.nearest(entry.text, names), "named_steps lists %q, but no step has that name", clip(entry.text))
		}
		want[entry.text] = true
	}
	for _, s := range steps {
		if s.name != nil && !want[s.name.text] {
			r.add(s.name, "", "the step %q is missing from named_steps", clip(s.name.text))
		}
	}
}

// names lists the steps' names.
func names(steps []written) []string {
	var out []string
	for _, s := range steps {
		if s.name != nil {
			out = append(out, s.name.text)
		}
	}
	return out
}

// dependencies reports parents that do not exist, steps that wait for
// themselves, and cycles.
func (r *reader) dependencies(steps []written) {
	names := names(steps)
	have := nameSet(names)
	var edges []graph.Edge[string]
	for _, s := range steps {
		for _, parent := range s.parents {
			switch {
			case s.name != nil && parent.text == s.name.text:
				r.add(parent, "", "the step %q depends on itself", clip(parent.text))
			case !have[parent.text]:
				r.add(parent, r.nearest(parent.text, names), "unknown step %q", clip(parent.text))
			case s.name != nil:
				edges = append(edges, graph.Edge[string]{From: parent.text, To: s.name.text})
			}
		}
	}
	r.cycles(steps, names, edges)
}

// cycles reports cycles, each at the dependency that closes it. That dependency
// is then taken away, so that the next cycle shows.
func (r *reader) cycles(steps []written, names []string, edges []graph.Edge[string]) {
	for range MaxCycles {
		cycle := graph.New(names, edges).Cycle()
		if cycle == nil {
			return
		}
		closing := graph.Edge[string]{From: cycle[len(cycle)-2], To: cycle[0]}
		edges = slices.DeleteFunc(edges, func(e graph.Edge[string]) bool { return e == closing })
		for _, s := range steps {
			at := slices.IndexFunc(s.parents, func(p *node) bool { return p.text == closing.From })
			if s.name != nil && s.name.text == closing.To && at >= 0 {
				r.add(s.parents[at], "", "the steps wait for each other in a cycle: %s", drawn(cycle))
				break
			}
		}
	}
}

// drawn writes a cycle as a path; of a very long one the middle is left out.
func drawn(cycle []string) string {
	const most = 20
	if len(cycle) > most {
		cycle = slices.Concat(cycle[:most-2], []string{"…"}, cycle[len(cycle)-1:])
	}
	return strings.Join(cycle, " → ")
}

func nameSet(names []string) map[string]bool {
	out := make(map[string]bool, len(names))
	for _, name := range names {
		out[name] = true
	}
	return out
}
