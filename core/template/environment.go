package template

import "slices"

// overrides returns the map of environments, nil when there is none, and
// reports what is wrong with its form (templates sheet, section 4). The values
// themselves are judged after merging, where they take effect.
func overrides(root *node, p *problems) (*node, error) {
	all := root.get("environments")
	if all == nil {
		return nil, nil
	}
	if all.kind != object {
		p.add(all, "", "environments must be a map from environment to overrides, found %s", all.found())
		return nil, nil
	}
	if len(all.fields) > MaxEnvironments {
		return nil, tooMuch(all, "environments", MaxEnvironments)
	}
	steps := stepNames(root)
	known := nameSet(steps)
	for _, f := range all.fields {
		if f.value.kind == object {
			checkOverride(f.value, steps, known, p)
		} else if f.value.kind != null {
			p.add(f.value, "", "the environment %q must be a map of overrides, found %s", clip(f.name), f.value.found())
		}
	}
	return all, nil
}

// checkOverride reports overrides of steps that no merge can place.
func checkOverride(env *node, steps []string, known map[string]bool, p *problems) {
	if nested := env.get("environments"); nested != nil {
		p.add(nested, "", "an environment cannot hold environments")
	}
	templates := env.get("step_templates")
	if templates == nil || templates.kind != list {
		return // a wrong type is reported where it takes effect
	}
	seen := map[string]bool{}
	for _, step := range templates.items {
		name := step.get("name")
		switch {
		case step.kind != object:
			p.add(step, "", "an override of a step must be a map, found %s", step.found())
		case name == nil || name.kind != text:
			p.add(step, "", "an override of a step needs the name of the step")
		case !known[name.text]:
			p.add(name, p.nearest(name.text, steps),
				"unknown step %q: an environment changes steps of the template and cannot add any", clip(name.text))
		case seen[name.text]:
			p.add(name, "", "the step %q is overridden twice in one environment", clip(name.text))
		default:
			seen[name.text] = true
		}
	}
}

// stepNames lists the names of the steps as far as they can be read.
func stepNames(root *node) []string {
	var names []string
	if steps := root.get("step_templates"); steps != nil {
		for _, step := range steps.items {
			if name := step.get("name"); name != nil && name.kind == text {
				names = append(names, name.text)
			}
		}
	}
	return names
}

// within returns the template as it is in one environment: maps are merged
// recursively, scalars and lists replaced, steps merged by name in the order of
// the base (templates sheet, section 4). A nil override gives the base.
func within(root, override *node) *node {
	base := without(root, "environments")
	if override == nil || override.kind != object {
		return base
	}
	merged := merge(base, without(override, "environments", "step_templates"))
	steps, changes := base.get("step_templates"), override.raw("step_templates")
	switch {
	case changes == nil:
	case steps != nil && steps.kind == list && changes.kind == list:
		set(merged, "step_templates", mergeSteps(steps, changes))
	default:
		set(merged, "step_templates", changes)
	}
	return merged
}

// without is a copy of an object that lacks some members.
func without(n *node, names ...string) *node {
	out := *n
	out.fields = slices.DeleteFunc(slices.Clone(n.fields), func(f field) bool { return slices.Contains(names, f.name) })
	return &out
}

// merge lays the members of over upon base and returns a new object.
func merge(base, over *node) *node {
	out := *base
	out.fields = slices.Clone(base.fields)
	index := make(map[string]int, len(base.fields))
	for i, f := range base.fields {
		index[f.name] = i
	}
	for _, f := range over.fields {
		at, both := index[f.name]
		if !both {
			out.fields = append(out.fields, f)
			continue
		}
		if old := out.fields[at].value; old.kind == object && f.value.kind == object {
			f.value = merge(old, f.value)
		}
		out.fields[at] = f
	}
	return &out
}

// set replaces or adds one member of an object that is ours.
func set(n *node, name string, value *node) {
	for i := range n.fields {
		if n.fields[i].name == name {
			n.fields[i].value = value
			return
		}
	}
	n.fields = append(n.fields, field{name: name, line: value.line, column: value.column, value: value})
}

// mergeSteps lays the changes upon the steps of the same name.
func mergeSteps(steps, changes *node) *node {
	byName := map[string]*node{}
	for _, c := range changes.items {
		if name := c.get("name"); name != nil && byName[name.text] == nil {
			byName[name.text] = c
		}
	}
	out := *steps
	out.items = slices.Clone(steps.items)
	for i, step := range out.items {
		if name := step.get("name"); name != nil && name.kind == text {
			if c := byName[name.text]; c != nil {
				out.items[i] = merge(step, without(c, "name"))
			}
		}
	}
	return &out
}
