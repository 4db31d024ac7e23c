package engine

import (
	"cmp"
	"context"
	"errors"
	"os"
	"slices"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/template"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// RegisterTemplateRequest is a template to store.
type RegisterTemplateRequest struct {
	Call
	// The template: a string with YAML or JSON text, or a JSON object.
	Template workflow.JSON `json:"template"`
	// Which of the template's environments to merge in.
	Environment string `json:"environment,omitempty"`
	// Allow changing a registered template of the same namespace, name and version. Default false: a different one is a conflict.
	Replace bool `json:"replace,omitempty"`
}

// TemplateInfo describes a registered template.
type TemplateInfo struct {
	// The task type's id.
	ID int64 `json:"id"`
	// Its namespace.
	Namespace string `json:"namespace"`
	// Its name.
	Name string `json:"name"`
	// Its version.
	Version string `json:"version"`
	// Its description.
	Description string `json:"description,omitempty"`
	// Its steps in declaration order.
	Steps []TemplateStep `json:"steps"`
}

// TemplateStep is one step of a registered template.
type TemplateStep struct {
	// Name of the step.
	Name string `json:"name"`
	// Id of the route: what a claim of this step is asked by.
	RouteID int64 `json:"route_id"`
	// Names of the steps that must be satisfied before it.
	DependsOn []string `json:"depends_on"`
}

// RegisterTemplateReply is the answer to template_register.
type RegisterTemplateReply struct {
	TemplateInfo
	// "created", "unchanged" or "replaced".
	Outcome string `json:"outcome"`
}

// LoadTemplatesRequest names a directory of templates.
type LoadTemplatesRequest struct {
	Call
	// Directory whose *.yaml, *.yml and *.json files are read, without descending.
	Directory string `json:"directory"`
	// Which environment to merge into each template.
	Environment string `json:"environment,omitempty"`
	// Allow changing registered templates. Default false.
	Replace bool `json:"replace,omitempty"`
}

// LoadedTemplate is the outcome for one file.
type LoadedTemplate struct {
	// Name of the file.
	File string `json:"file"`
	// "created", "unchanged", "replaced" or "failed".
	Outcome string `json:"outcome"`
	// The template, unless it failed.
	Template *TemplateInfo `json:"template,omitempty"`
	// Code of the failure.
	Code fault.Kind `json:"code,omitempty"`
	// What is wrong, in one sentence.
	Message string `json:"message,omitempty"`
	// Every problem of the file.
	Problems []fault.Problem `json:"problems,omitempty"`
}

// LoadTemplatesReply is the answer to template_load.
type LoadTemplatesReply struct {
	// One outcome per file, in name order.
	Items []LoadedTemplate `json:"items"`
}

// GetTemplateRequest names a registered template.
type GetTemplateRequest struct {
	Call
	// Name of the task type.
	Name string `json:"name"`
	// Its namespace. Default "default".
	Namespace string `json:"namespace,omitempty"`
	// Its version; absent: the greatest.
	Version string `json:"version,omitempty"`
}

// GetTemplateReply is the answer to template_get.
type GetTemplateReply struct {
	TemplateInfo
	// The template in canonical form.
	Template workflow.JSON `json:"template"`
}

// ListTemplatesRequest selects registered templates.
type ListTemplatesRequest struct {
	Call
	PageRequest
	Selection
	// Only this namespace.
	Namespace string `json:"namespace,omitempty"`
	// Only this name, all versions.
	Name string `json:"name,omitempty"`
	// Only the greatest version of each, by the order of semantic versions. Default false.
	Latest bool `json:"latest,omitempty"`
}

// ListTemplatesReply is the answer to template_list.
type ListTemplatesReply struct {
	// The templates by id, unless asked otherwise.
	Items []TemplateInfo `json:"items"`
	// Cursor of the next page, null at the end.
	Next *string `json:"next"`
}

// ValidateTemplateRequest is a template to check without storing it.
type ValidateTemplateRequest struct {
	Call
	// The template: a string with YAML or JSON text, or a JSON object.
	Template workflow.JSON `json:"template"`
	// Which of the template's environments to merge in.
	Environment string `json:"environment,omitempty"`
}

// ValidateTemplateReply is the answer to template_validate.
type ValidateTemplateReply struct {
	// Whether the template can be registered.
	Valid bool `json:"valid"`
	// Every problem, with its place.
	Problems []fault.Problem `json:"problems"`
	// Step names by level: the longest way from a root.
	Levels [][]string `json:"levels,omitempty"`
	// The longest chain of steps.
	CriticalPath []string `json:"critical_path,omitempty"`
	// Most steps that can run at the same time.
	Parallelism int `json:"parallelism,omitempty"`
	// The DAG as text for a terminal.
	Text string `json:"text,omitempty"`
	// The DAG as a Mermaid flowchart.
	Mermaid string `json:"mermaid,omitempty"`
	// The DAG in Graphviz DOT.
	DOT string `json:"dot,omitempty"`
}

// RegisterTemplate stores a template. Registering the same one again changes
// nothing; a different one under the same namespace, name and version is a
// conflict unless replace is set.
func (e *Engine) RegisterTemplate(ctx context.Context, r RegisterTemplateRequest) (RegisterTemplateReply, error) {
	parsed, err := e.parse(r.Template, r.Environment)
	if err != nil {
		return RegisterTemplateReply{}, under("template", err)
	}
	return e.install(ctx, parsed, r.Replace, r.CorrelationID)
}

// parse reads a template that is given as text in a JSON string, or as a JSON
// object.
func (e *Engine) parse(raw workflow.JSON, environment string) (*template.Template, error) {
	text := []byte(raw)
	switch {
	case len(raw) == 0:
		return nil, fault.New(fault.InvalidRequest, "template is missing").
			Advise("Give YAML or JSON text as a string, or the template as an object.")
	case raw[0] == '"':
		text = []byte(raw.Text())
	case raw[0] != '{':
		return nil, fault.New(fault.InvalidRequest, "template is neither a string nor an object").
			Advise("Give YAML or JSON text as a string, or the template as an object.")
	}
	return template.Parse(text, template.Options{Environment: cmp.Or(environment, e.Environment)})
}

// install stores a parsed template.
func (e *Engine) install(ctx context.Context, t *template.Template, replace bool, correlation string) (RegisterTemplateReply, error) {
	reply := RegisterTemplateReply{Outcome: "created"}
	key := store.NamedTaskKey{Namespace: t.Namespace, Name: t.Name, Version: t.Version}
	err := e.write(ctx, correlation, func(u *unit) error {
		existing, err := u.tx.NamedTaskFind(u.ctx, []store.NamedTaskKey{key}, true)
		if err != nil {
			return err
		}
		if len(existing) > 0 {
			if reply.Outcome, err = replacement(existing[0], t, replace); err != nil {
				return err
			}
		}
		if reply.Outcome == "unchanged" {
			routes, err := u.tx.RouteList(u.ctx, []int64{existing[0].ID})
			reply.TemplateInfo = templateInfo(existing[0], t, routes)
			return err
		}
		task, routes, err := u.tx.NamedTaskInstall(u.ctx, installOf(t, key, u.now))
		reply.TemplateInfo = templateInfo(task, t, routes)
		u.ring = true // a worker may match the new routes
		return err
	})
	if err == nil && reply.Outcome != "unchanged" {
		e.workers.bump()
	}
	return reply, err
}

// replacement tells what registering t over an existing template means.
func replacement(existing workflow.NamedTask, t *template.Template, replace bool) (string, error) {
	known, err := template.FromJSON(existing.Configuration)
	switch {
	case err == nil && known.Digest() == t.Digest():
		return "unchanged", nil
	case err != nil && !existing.Configuration.IsObject(): // left by the Rails engine: no configuration
		return "replaced", nil
	case replace:
		return "replaced", nil
	}
	return "", fault.New(fault.Conflict, "%s/%s version %s is registered with other content", t.Namespace, t.Name, t.Version).
		At("version").With("id", existing.ID).
		Advise("Give the changed template a new version, or set replace to change it for running tasks too.")
}

func installOf(t *template.Template, key store.NamedTaskKey, now workflow.Instant) store.NamedTaskInstall {
	install := store.NamedTaskInstall{Key: key, Description: t.Description, Configuration: t.JSON(), At: now}
	for _, step := range t.Steps {
		install.Steps = append(install.Steps, store.RouteInstall{StepName: step.Name, Description: step.Description,
			System: step.DependentSystem, Skippable: step.Skippable, Retryable: step.Retryable, RetryLimit: step.RetryLimit})
	}
	return install
}

func templateInfo(task workflow.NamedTask, t *template.Template, routes []workflow.Route) TemplateInfo {
	info := TemplateInfo{ID: task.ID, Namespace: task.Namespace, Name: task.Name, Version: task.Version,
		Description: task.Description, Steps: []TemplateStep{}}
	ids := map[string]int64{}
	for _, route := range routes {
		ids[route.StepName] = route.ID
	}
	if t == nil { // a task type of the Rails engine: steps without an order
		for _, route := range routes {
			info.Steps = append(info.Steps, TemplateStep{Name: route.StepName, RouteID: route.ID, DependsOn: []string{}})
		}
		return info
	}
	for _, step := range t.Steps {
		info.Steps = append(info.Steps, TemplateStep{Name: step.Name, RouteID: ids[step.Name],
			DependsOn: append([]string{}, step.DependsOn...)})
	}
	return info
}

// LoadTemplates registers every template file of a directory: the good ones are
// stored, the bad ones reported.
func (e *Engine) LoadTemplates(ctx context.Context, r LoadTemplatesRequest) (LoadTemplatesReply, error) {
	reply := LoadTemplatesReply{Items: []LoadedTemplate{}}
	if r.Directory == "" {
		return reply, fault.New(fault.InvalidRequest, "directory is missing").At("directory").
			Advise("Give the directory that holds the template files.")
	}
	files, err := template.Load(os.DirFS(r.Directory), cmp.Or(r.Environment, e.Environment))
	if err != nil {
		return reply, under("directory", err)
	}
	for _, file := range files {
		item := LoadedTemplate{File: file.Path}
		err := file.Err
		if err == nil {
			var done RegisterTemplateReply
			if done, err = e.install(ctx, file.Template, r.Replace, r.CorrelationID); err == nil {
				item.Outcome, item.Template = done.Outcome, &done.TemplateInfo
			}
		}
		if err != nil {
			item.fail(err)
		}
		reply.Items = append(reply.Items, item)
	}
	return reply, nil
}

// fail notes why a file was not registered.
func (l *LoadedTemplate) fail(err error) {
	l.Outcome, l.Code, l.Message = "failed", fault.KindOf(err), "a defect ended the call"
	var f *fault.Error
	if errors.As(err, &f) {
		l.Message, l.Problems = f.Message, f.Problems
	}
}

// GetTemplate returns a registered template in canonical form.
func (e *Engine) GetTemplate(ctx context.Context, r GetTemplateRequest) (reply GetTemplateReply, err error) {
	key := store.NamedTaskKey{Namespace: cmp.Or(r.Namespace, "default"), Name: r.Name, Version: r.Version}
	err = e.Store.Read(ctx, func(reader store.Reader) error {
		if key.Version == "" {
			if key.Version, err = latestVersion(ctx, reader, key.Namespace, key.Name); err != nil {
				return err
			}
		}
		found, err := e.catalog.find(ctx, reader, []store.NamedTaskKey{key})
		if err != nil {
			return err
		}
		entry := found[key]
		if entry == nil {
			return templateNotFound(key.Namespace, key.Name, key.Version)
		}
		reply = GetTemplateReply{TemplateInfo: entry.info(), Template: entry.Configuration}
		return nil
	})
	return reply, err
}

// info describes a catalogue entry.
func (c *catalogEntry) info() TemplateInfo {
	routes := make([]workflow.Route, 0, len(c.routes))
	for _, route := range c.routes {
		routes = append(routes, route)
	}
	slices.SortFunc(routes, func(a, b workflow.Route) int { return cmp.Compare(a.ID, b.ID) })
	return templateInfo(c.NamedTask, c.template, routes)
}

// ValidateTemplate checks a template without storing it and draws it.
func (e *Engine) ValidateTemplate(_ context.Context, r ValidateTemplateRequest) (ValidateTemplateReply, error) {
	reply := ValidateTemplateReply{Problems: []fault.Problem{}}
	parsed, err := e.parse(r.Template, r.Environment)
	if err != nil {
		var f *fault.Error
		if !errors.As(err, &f) || len(f.Problems) == 0 {
			return reply, under("template", err)
		}
		reply.Problems = f.Problems
		return reply, nil
	}
	a := template.Analyse(parsed)
	return ValidateTemplateReply{Valid: true, Problems: reply.Problems, Levels: a.Levels, CriticalPath: a.CriticalPath,
		Parallelism: a.Parallelism, Text: a.Text, Mermaid: a.Mermaid, DOT: a.DOT}, nil
}
