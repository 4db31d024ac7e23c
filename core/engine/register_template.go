package engine

import (
	"github.com/tasker-systems/tasker-core-go/core/fault"
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
	// Only this namespace.
	Namespace string `json:"namespace,omitempty"`
	// Only this name, all versions.
	Name string `json:"name,omitempty"`
}

// ListTemplatesReply is the answer to template_list.
type ListTemplatesReply struct {
	// The templates by id.
	Items []TemplateInfo `json:"items"`
	// Cursor of the next page, null at the end.
	Next *int64 `json:"next"`
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
