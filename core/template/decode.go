package template

import (
	"errors"
	"regexp"

	"github.com/tasker-systems/tasker-core-go/core/backoff"
	"github.com/tasker-systems/tasker-core-go/core/fault"
)

// The known keys (templates sheet, sections 2 and 3, and our own).
var (
	taskKeys = []string{
		"name", "namespace_name", "namespace", "version", "description", "task_handler_class", "module_namespace",
		"default_dependent_system", "concurrent", "priority", "timeout_seconds", "backoff", "named_steps", "schema",
		"step_templates", "environments", "custom_events", "handler_config", "configuration",
	}
	stepKeys = []string{
		"name", "description", "handler_class", "dependent_system", "default_retryable", "default_retry_limit",
		"skippable", "depends_on_step", "depends_on_steps", "timeout_seconds", "backoff", "handler_config",
		"custom_events",
	}
	backoffKeys = []string{"strategy", "base_seconds", "multiplier", "max_seconds", "jitter", "hint_max_seconds"}
	eventKeys   = []string{"name", "description", "schema"}
)

// triplet is the form of a version, as the named_tasks table demands.
var triplet = regexp.MustCompile(`^[0-9]+\.[0-9]+\.[0-9]+$`)

// template decodes a template whose environment is merged. The error is that of
// an exceeded limit; the template is of use only when no problem was found.
func (r *reader) template(n *node) (*Template, error) {
	r.keys(n, taskKeys)
	t := &Template{
		Name:                   r.name(n, "name", MaxName),
		Namespace:              r.namespace(n),
		Version:                r.version(n),
		Description:            r.description(n, ""),
		HandlerClass:           r.text(n, "task_handler_class", MaxDescription),
		ModuleNamespace:        r.text(n, "module_namespace", MaxDescription),
		DefaultDependentSystem: r.optional(n, "default_dependent_system", MaxName, ""),
		Concurrent:             r.boolean(n, "concurrent", true),
		Priority:               r.integer(n, "priority", -MaxPriority, MaxPriority, 0),
		TimeoutSeconds:         r.integer(n, "timeout_seconds", 1, MaxTimeoutSeconds, DefaultTimeoutSeconds),
		Backoff:                r.backoff(n, backoff.Policy{}),
	}
	r.events(n)
	if s := r.member(n, "schema", object, aMap); s != nil {
		t.Schema = s.JSON()
		t.schema = r.compile(s)
	}
	steps, err := r.steps(n, t)
	if err != nil {
		return nil, err
	}
	r.namedSteps(n, steps)
	r.dependencies(steps)
	return t, nil
}

// namespace reads namespace_name, or its alias namespace.
func (r *reader) namespace(n *node) string {
	if alias := n.get("namespace"); alias != nil {
		if n.get("namespace_name") != nil {
			r.add(alias, "keep namespace_name", "namespace is another word for namespace_name; give one of them")
			return DefaultNamespace
		}
		return r.optional(n, "namespace", MaxName, DefaultNamespace)
	}
	return r.optional(n, "namespace_name", MaxName, DefaultNamespace)
}

func (r *reader) version(n *node) string {
	v := n.get("version")
	if v == nil {
		return DefaultVersion
	}
	version := r.text(n, "version", MaxVersion)
	if v.kind == text && version == v.text && !triplet.MatchString(version) {
		r.add(v, "write three numbers, such as \"1.0.0\"",
			"version must be three numbers with dots between, found %q", clip(version))
	}
	return version
}

// backoff reads a wait policy. Fields it leaves out are those of the template's
// policy, or of the default one.
func (r *reader) backoff(n *node, inherited backoff.Policy) backoff.Policy {
	v := r.member(n, "backoff", object, aMap)
	if v == nil {
		return inherited
	}
	before := r.reports
	r.keys(v, backoffKeys)
	p := inherited
	if p == (backoff.Policy{}) {
		p = backoff.Default()
	}
	if strategy := r.text(v, "strategy", MaxName); strategy != "" {
		p.Strategy = backoff.Strategy(strategy)
	}
	p.BaseSeconds = r.float(v, "base_seconds", p.BaseSeconds)
	p.Multiplier = r.float(v, "multiplier", p.Multiplier)
	p.Jitter = r.float(v, "jitter", p.Jitter)
	p.MaxSeconds = r.integer(v, "max_seconds", 0, backoff.SecondsMax, p.MaxSeconds)
	p.HintMaxSeconds = r.integer(v, "hint_max_seconds", 0, backoff.SecondsMax, p.HintMaxSeconds)
	if r.reports == before {
		r.policy(v, p)
	}
	if r.reports > before {
		return inherited // so that steps do not repeat the problems of the template's policy
	}
	return p
}

// policy reports what the policy itself finds wrong, at the fields it names.
func (r *reader) policy(v *node, p backoff.Policy) {
	var f *fault.Error
	if !errors.As(p.Validate(), &f) {
		return
	}
	for _, problem := range f.Problems {
		at := v.get(problem.Path)
		if at == nil {
			at = v
		}
		suggestion := ""
		if s := v.get("strategy"); at == s && s != nil {
			suggestion = r.nearest(s.text, []string{
				string(backoff.Exponential), string(backoff.Linear), string(backoff.Constant), string(backoff.None)})
		}
		r.put(fault.Problem{Path: v.child(problem.Path), Line: at.line, Column: at.column,
			Message: problem.Message, Suggestion: suggestion})
	}
}

// events checks custom_events, which templates of the Rails engine carry for
// its own catalogue; they have no effect here.
func (r *reader) events(n *node) {
	v := r.member(n, "custom_events", list, aList)
	if v == nil {
		return
	}
	for _, event := range v.items {
		if event.kind != object {
			r.wrongType(event, aMap)
			continue
		}
		r.keys(event, eventKeys)
		r.name(event, "name", MaxDescription)
		r.text(event, "description", MaxBytes)
	}
}
