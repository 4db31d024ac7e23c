package factory

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/tasker-systems/tasker-core-go/core/graph"
	"github.com/tasker-systems/tasker-core-go/core/template"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// Shape is a task type as data: steps, edges, limits and how its handlers fail.
// It is a value with slices of its own; With returns changed copies.
type Shape struct {
	Code      string // number in the sheet, such as "S4"; empty for generated ones
	Namespace string // empty is "default"
	Name      string
	Version   string // empty is "0.1.0"
	Serial    bool   // concurrent: false
	Priority  int
	Steps     []Step // in declaration order, parents first
}

// Step is one step of a shape.
type Step struct {
	Name           string
	Parents        []string
	System         string // dependent system; empty: the shape's name
	Final          bool   // default_retryable: false
	Limit          int    // attempts in total; 0 is 3, as in the sheet; -1 is written as 0
	Skippable      bool
	TimeoutSeconds int // 0: the template's default
	NoWait         bool
	Plan           Plan // how its handler behaves
}

// RetryLimit returns the attempts that the template allows in total.
func (s *Step) RetryLimit() int {
	switch {
	case s.Limit < 0:
		return 0
	case s.Limit == 0:
		return template.DefaultRetryLimit
	}
	return s.Limit
}

// With returns a copy in which edit has changed the named step; it panics when
// there is none, which is a mistake of the test.
func (s Shape) With(step string, edit func(*Step)) Shape {
	s.Steps = slices.Clone(s.Steps)
	for i := range s.Steps {
		if s.Steps[i].Name == step {
			edit(&s.Steps[i])
			return s
		}
	}
	panic(fmt.Sprintf("factory: shape %s has no step %s", s.Name, step))
}

// Each returns a copy in which edit has changed every step.
func (s Shape) Each(edit func(*Step)) Shape {
	s.Steps = slices.Clone(s.Steps)
	for i := range s.Steps {
		edit(&s.Steps[i])
	}
	return s
}

// Reliable returns a copy without failure plans (scenario N1).
func (s Shape) Reliable() Shape { return s.Each(func(step *Step) { step.Plan = Plan{} }) }

// WithoutDependencies returns a copy without edges.
func (s Shape) WithoutDependencies() Shape { return s.Each(func(step *Step) { step.Parents = nil }) }

// Step returns the named step, nil when there is none.
func (s Shape) Step(name string) *Step {
	for i := range s.Steps {
		if s.Steps[i].Name == name {
			return &s.Steps[i]
		}
	}
	return nil
}

// Edges returns every dependency as parent and child, by child in declaration
// order.
func (s Shape) Edges() [][2]string {
	var edges [][2]string
	for _, step := range s.Steps {
		for _, parent := range step.Parents {
			edges = append(edges, [2]string{parent, step.Name})
		}
	}
	return edges
}

func (s Shape) graph() *graph.Graph[string] {
	names := make([]string, len(s.Steps))
	for i, step := range s.Steps {
		names[i] = step.Name
	}
	var edges []graph.Edge[string]
	for _, edge := range s.Edges() {
		edges = append(edges, graph.Edge[string]{From: edge[0], To: edge[1]})
	}
	return graph.New(names, edges)
}

// Roots returns the steps without parents, in declaration order.
func (s Shape) Roots() []string {
	var roots []string
	for _, step := range s.Steps {
		if len(step.Parents) == 0 {
			roots = append(roots, step.Name)
		}
	}
	return roots
}

// Leaves returns the steps without children, in declaration order.
func (s Shape) Leaves() []string {
	parent := map[string]bool{}
	for _, edge := range s.Edges() {
		parent[edge[0]] = true
	}
	var leaves []string
	for _, step := range s.Steps {
		if !parent[step.Name] {
			leaves = append(leaves, step.Name)
		}
	}
	return leaves
}

// Levels returns the number of levels: steps on the longest chain.
func (s Shape) Levels() int {
	level, most := map[string]int{}, 0
	for _, name := range s.graph().Order() {
		deepest := 0
		for _, parent := range s.Step(name).Parents {
			deepest = max(deepest, level[parent])
		}
		level[name] = deepest + 1
		most = max(most, level[name])
	}
	return most
}

// templateText is a template as template_register takes it.
type templateText struct {
	Name       string     `json:"name"`
	Namespace  string     `json:"namespace_name,omitempty"`
	Version    string     `json:"version,omitempty"`
	Concurrent bool       `json:"concurrent"`
	Priority   int        `json:"priority,omitempty"`
	System     string     `json:"default_dependent_system"`
	Steps      []stepText `json:"step_templates"`
}

type stepText struct {
	Name      string       `json:"name"`
	System    string       `json:"dependent_system,omitempty"`
	Parents   []string     `json:"depends_on_steps,omitempty"`
	Retryable *bool        `json:"default_retryable,omitempty"`
	Limit     *int         `json:"default_retry_limit,omitempty"`
	Skippable bool         `json:"skippable,omitempty"`
	Timeout   int          `json:"timeout_seconds,omitempty"`
	Backoff   *backoffText `json:"backoff,omitempty"`
}

type backoffText struct {
	Strategy string `json:"strategy"`
}

// Template returns the shape as a template object for template_register.
func (s Shape) Template() workflow.JSON {
	text := templateText{Name: s.Name, Namespace: s.Namespace, Version: s.Version, Concurrent: !s.Serial,
		Priority: s.Priority, System: clip(s.Name, template.MaxName)}
	for _, step := range s.Steps {
		row := stepText{Name: step.Name, System: step.System, Parents: step.Parents, Skippable: step.Skippable,
			Timeout: step.TimeoutSeconds}
		if limit := step.RetryLimit(); limit != template.DefaultRetryLimit {
			row.Limit = &limit
		}
		if step.Final {
			row.Retryable = new(bool)
		}
		if step.NoWait {
			row.Backoff = &backoffText{Strategy: "none"}
		}
		text.Steps = append(text.Steps, row)
	}
	return encode(text)
}

// encode writes a value of the factory's own as JSON; none of them can fail.
func encode(value any) workflow.JSON {
	raw, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Sprintf("factory: %v", err))
	}
	return raw
}

func clip(text string, most int) string { return text[:min(len(text), most)] }
