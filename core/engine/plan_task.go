package engine

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/identity"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/template"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// plan checks and resolves the tasks of one call, collecting every problem of
// every task with its place.
func (e *Engine) plan(ctx context.Context, r store.Reader, tasks []NewTask, path func(int) string) ([]plannedTask, error) {
	planned := make([]plannedTask, len(tasks))
	unresolved, err := e.resolveTypes(ctx, r, tasks, planned)
	if err != nil {
		return nil, err
	}
	now, err := e.Store.Now(ctx)
	if err != nil {
		return nil, err
	}
	var problems []error
	for i := range planned {
		planned[i].path = path(i)
		found := e.planTask(&planned[i], unresolved[i], now)
		if len(found) > 0 {
			problems = append(problems, under(path(i), joinProblems(found)))
		}
	}
	return planned, joinProblems(problems)
}

// resolveTypes finds the task types of all tasks in one read. What cannot be
// resolved has its reason in the first result.
func (e *Engine) resolveTypes(ctx context.Context, r store.Reader, tasks []NewTask, planned []plannedTask) (map[int]error, error) {
	keys := make([]store.NamedTaskKey, len(tasks))
	latest, unresolved := map[store.NamedTaskKey]string{}, map[int]error{}
	for i, task := range tasks {
		planned[i].request = task
		if task.Name == "" {
			unresolved[i] = fault.New(fault.InvalidRequest, "name is missing").At("name").Advise("Give the name of a registered template.")
			continue
		}
		keys[i] = store.NamedTaskKey{Namespace: cmp.Or(task.Namespace, template.DefaultNamespace), Name: task.Name, Version: task.Version}
		if keys[i].Version != "" {
			continue
		}
		version, known := latest[keys[i]]
		if !known {
			var err error
			if version, err = latestVersion(ctx, r, keys[i].Namespace, keys[i].Name); err != nil && fault.KindOf(err) != fault.NotFound {
				return nil, err
			}
			latest[keys[i]] = version
		}
		keys[i].Version = version
	}
	found, err := e.catalog.find(ctx, r, slices.DeleteFunc(slices.Clone(keys), func(k store.NamedTaskKey) bool { return k.Version == "" }))
	for i, key := range keys {
		if planned[i].entry = found[key]; planned[i].entry == nil && unresolved[i] == nil {
			unresolved[i] = templateNotFound(key.Namespace, key.Name, key.Version)
		}
	}
	return unresolved, err
}

// planTask checks one task against its template, fills in its defaults, and
// returns everything that is wrong with it.
func (e *Engine) planTask(t *plannedTask, unresolved error, now workflow.Instant) []error {
	r := &t.request
	problems := checkNewTask(r)
	switch {
	case unresolved != nil:
		return append([]error{unresolved}, problems...)
	case t.entry.template == nil:
		return append(problems, fault.New(fault.InvalidRequest, "the configuration of %s is not a template of this engine", r.Name).At("name").
			Advise("Register the template again with template_register."))
	}
	var err error
	if t.context, err = template.CheckContext(t.entry.template, r.Context); err != nil {
		problems = append(problems, err)
	}
	bypass, wrong := checkBypass(t.entry, r.BypassSteps)
	if problems = append(problems, wrong...); len(problems) > 0 {
		return problems
	}
	e.fillIn(t, now)
	if t.steps = t.entry.plain; len(bypass) > 0 {
		t.steps = planSteps(t.entry, bypass)
	}
	if t.key, err = e.identityKey(t); err != nil {
		return []error{err}
	}
	return nil
}

// fillIn completes a request by its defaults.
func (e *Engine) fillIn(t *plannedTask, now workflow.Instant) {
	r := &t.request
	if r.Priority == nil {
		r.Priority = &t.entry.template.Priority
	}
	if r.RequestedAt.IsZero() {
		r.RequestedAt = now
	}
	r.Initiator, r.SourceSystem = cmp.Or(r.Initiator, "unknown"), cmp.Or(r.SourceSystem, "unknown")
	r.Reason = cmp.Or(r.Reason, "unknown")
	if r.IdentityStrategy == "" {
		r.IdentityStrategy = cmp.Or(e.Identity, string(identity.Default))
		if r.IdentityKey != "" {
			r.IdentityStrategy = string(identity.ByKey)
		}
	}
}

// identityKey computes what a duplicate is recognised by. The context counts as
// it was sent, before the schema's defaults: that is what the Rails engine hashes.
func (e *Engine) identityKey(t *plannedTask) (string, error) {
	r := t.request
	key := r.IdentityKey
	if key != "" { // a key means something within its task type only
		key = t.entry.Namespace + "/" + t.entry.Name + ":" + key
	}
	return identity.Key(identity.Request{Strategy: identity.Strategy(r.IdentityStrategy), Key: key, Namespace: t.entry.Namespace,
		Name: t.entry.Name, Version: t.entry.Version, Initiator: r.Initiator, SourceSystem: r.SourceSystem, Reason: r.Reason,
		Context: r.Context, BypassSteps: r.BypassSteps, RequestedAt: r.RequestedAt,
		Zone: e.IdentityZone, IncludeNamespaceVersion: e.IdentityVersioned})
}

const (
	// priorityMax bounds priorities to both sides of 0, as in templates.
	priorityMax = template.MaxPriority
	// annotationsMax bounds the remarks that a task is created with.
	annotationsMax = 100
)

// checkNewTask returns what is wrong with a request whatever its template.
func checkNewTask(r *NewTask) []error {
	problems := []error{checkText("initiator", r.Initiator), checkText("source_system", r.SourceSystem), checkText("reason", r.Reason)}
	problems = append(problems, checkTags(r.Tags)...)
	if r.Priority != nil {
		problems = append(problems, checkRange("priority", int64(*r.Priority), -priorityMax, priorityMax))
	}
	if r.OnDuplicate != "" && r.OnDuplicate != "existing" && r.OnDuplicate != "error" {
		problems = append(problems, fault.New(fault.InvalidRequest, "on_duplicate is %q", r.OnDuplicate).At("on_duplicate").
			Advise(`Use "existing" or "error".`))
	}
	problems = append(problems, checkRange("annotations", int64(len(r.Annotations)), 0, annotationsMax))
	for i := range r.Annotations {
		problems = append(problems, under(fmt.Sprintf("annotations[%d]", i), r.Annotations[i].check()))
	}
	return slices.DeleteFunc(problems, func(err error) bool { return err == nil })
}

// checkBypass returns the steps to bypass, and a problem for each name that the
// template lacks or does not allow to skip.
func checkBypass(entry *catalogEntry, names []string) (bypass map[string]bool, problems []error) {
	bypass = make(map[string]bool, len(names))
	for i, name := range names {
		step, known := entry.steps[name]
		path := fmt.Sprintf("bypass_steps[%d]", i)
		switch {
		case !known:
			problems = append(problems, fault.New(fault.InvalidRequest, "the template has no step %q", name).At(path).
				Advise("template_get shows its steps."))
		case !step.Skippable:
			problems = append(problems, fault.New(fault.InvalidRequest, "step %q may not be skipped", name).At(path).
				Advise("Only steps with skippable: true in the template can be bypassed."))
		}
		bypass[name] = true
	}
	return bypass, problems
}
