package template

import (
	"fmt"

	"github.com/tasker-systems/tasker-core-go/core/graph"
)

// Analysis describes the shape of a template's graph.
type Analysis struct {
	// StepCount and EdgeCount are the size of the graph.
	StepCount int `json:"step_count"`
	EdgeCount int `json:"edge_count"`
	// Levels are the step names by the length of the longest way from a root, in
	// the order of declaration within a level.
	Levels [][]string `json:"levels"`
	// Roots have no parent, Leaves no child.
	Roots  []string `json:"roots"`
	Leaves []string `json:"leaves"`
	// CriticalPath is a longest chain, counted in steps.
	CriticalPath []string `json:"critical_path"`
	// Parallelism is the number of steps on the fullest level; 1 when the
	// template forbids concurrent steps.
	Parallelism int `json:"parallelism"`
	// Text, Mermaid and DOT are drawings of the graph.
	Text    string `json:"text"`
	Mermaid string `json:"mermaid"`
	DOT     string `json:"dot"`
}

// Analyse returns the shape of a template that Parse has accepted. The slices
// are the caller's.
func Analyse(t *Template) Analysis {
	g := t.Graph()
	path, _ := g.CriticalPath(func(string) float64 { return 1 })
	a := Analysis{
		StepCount: g.Len(), EdgeCount: g.EdgeCount(), Roots: g.Roots(), Leaves: g.Leaves(),
		CriticalPath: path, Parallelism: g.Width(), Levels: byLevel(g),
	}
	if !t.Concurrent {
		a.Parallelism = min(a.Parallelism, 1)
	}
	name := func(step string) string { return step }
	plain := func(string) string { return "" }
	a.Text, a.Mermaid, a.DOT = g.Text(name, t.remark), g.Mermaid(name, plain), g.DOT(name, plain)
	return a
}

// Graph returns the steps' names in the order of declaration with an edge from
// each parent to its child.
func (t *Template) Graph() *graph.Graph[string] {
	names := make([]string, len(t.Steps))
	var edges []graph.Edge[string]
	for i, s := range t.Steps {
		names[i] = s.Name
		for _, parent := range s.DependsOn {
			edges = append(edges, graph.Edge[string]{From: parent, To: s.Name})
		}
	}
	return graph.New(names, edges)
}

// byLevel groups the nodes by level.
func byLevel(g *graph.Graph[string]) [][]string {
	levels := g.Levels()
	out := [][]string{}
	for _, name := range g.Order() {
		for len(out) <= levels[name] {
			out = append(out, nil)
		}
		out[levels[name]] = append(out[levels[name]], name)
	}
	return out
}

// remark tells what is special about a step, for the drawing.
func (t *Template) remark(name string) string {
	s := t.Step(name)
	switch {
	case s == nil:
		return ""
	case !s.Retryable || s.RetryLimit <= 1:
		return "one attempt"
	case s.RetryLimit != DefaultRetryLimit:
		return fmt.Sprintf("%d attempts", s.RetryLimit)
	}
	return ""
}
