package engine

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/graph"
	"github.com/tasker-systems/tasker-core-go/core/insight"
	"github.com/tasker-systems/tasker-core-go/core/readiness"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// GraphRequest names a task whose DAG is wanted.
type GraphRequest struct {
	Call
	// The task.
	TaskID int64 `json:"task_id"`
	// Drawings to add: "text", "mermaid", "dot".
	Include []string `json:"include,omitempty"`
}

// GraphReply is the answer to task_graph.
type GraphReply struct {
	// The task.
	TaskID int64 `json:"task_id"`
	// When this was calculated.
	GeneratedAt workflow.Instant `json:"generated_at"`
	// Its steps and edges.
	Dependencies DependencyGraph `json:"dependency_graph"`
	// The ways through it that deserve most attention.
	CriticalPaths insight.CriticalPaths `json:"critical_paths"`
	// How much of it can run at once.
	Parallelism insight.Parallelism `json:"parallelism_opportunities"`
	// Which failures hold what back.
	ErrorChains insight.ErrorChains `json:"error_chains"`
	// What holds it up.
	Bottlenecks insight.TaskBottlenecks `json:"bottlenecks"`
	// All of it in a few figures.
	Summary insight.GraphSummary `json:"summary"`
	// With text: the DAG for a terminal, with states.
	Text string `json:"text,omitempty"`
	// With mermaid: the DAG as a Mermaid flowchart.
	Mermaid string `json:"mermaid,omitempty"`
	// With dot: the DAG in Graphviz DOT.
	DOT string `json:"dot,omitempty"`
}

// DependencyGraph are the steps of a task and the edges between them.
type DependencyGraph struct {
	// The steps by id.
	Nodes []GraphNode `json:"nodes"`
	// The edges, each once, by child.
	Edges []GraphEdge `json:"edges"`
	// Children by step id.
	Children map[string][]int64 `json:"adjacency_list"`
	// Parents by step id.
	Parents map[string][]int64 `json:"reverse_adjacency_list"`
	// Level by step id; a step that no step without parents leads to is absent.
	Levels map[string]int64 `json:"dependency_levels"`
	// One cycle, which ends with the step that it begins with; empty in a task that is in order.
	Cycle []int64 `json:"cycle"`
}

// GraphNode is a step in the DAG of its task.
type GraphNode struct {
	// The step.
	ID int64 `json:"id"`
	// Its name.
	Name string `json:"name"`
	// Its state.
	State workflow.State `json:"state"`
	// Edges on the longest way to it from a step without parents, null when there is none.
	Level *int64 `json:"level"`
	// Edges on the shortest such way, null when there is none.
	Depth *int64 `json:"depth"`
}

// GraphEdge says that one step waits for another.
type GraphEdge struct {
	// The parent, in rare cases of another task.
	From int64 `json:"from"`
	// The child.
	To int64 `json:"to"`
	// Name of the parent.
	FromName string `json:"from_name"`
	// Name of the child.
	ToName string `json:"to_name"`
}

// drawings are what can be added.
var drawings = []string{"text", "mermaid", "dot"}

// GetGraph answers the DAG of a task with all that follows from it. Everything is
// linear in the DAG but the reach of each step, which takes a pass per 64 steps.
func (e *Engine) GetGraph(ctx context.Context, r GraphRequest) (reply GraphReply, err error) {
	for i, drawing := range r.Include {
		if !slices.Contains(drawings, drawing) {
			return reply, fault.New(fault.InvalidRequest, "there is no drawing %q", drawing).
				At(fmt.Sprintf("include[%d]", i)).Advise("Use %s.", strings.Join(drawings, ", "))
		}
	}
	all, now, err := e.judge(ctx, []int64{r.TaskID})
	if err != nil {
		return reply, err
	}
	if len(all) == 0 {
		return reply, taskNotFound(r.TaskID)
	}
	names, err := e.namesOf(ctx, all[0].graph)
	if err != nil {
		return reply, err
	}
	return e.workOut(&all[0], names, now, r.Include), nil
}

// namesOf returns the names of a task's steps and of their parents in other
// tasks.
func (e *Engine) namesOf(ctx context.Context, g *keptGraph) (map[int64]string, error) {
	names := make(map[int64]string, len(g.Steps))
	for i := range g.Steps {
		names[g.Steps[i].ID] = g.Steps[i].Name
	}
	var foreign []int64
	for _, edge := range g.Edges {
		if _, own := names[edge.From]; !own {
			foreign = append(foreign, edge.From)
		}
	}
	if len(foreign) == 0 {
		return names, nil
	}
	err := e.Store.Read(ctx, func(r store.Reader) error {
		steps, err := r.StepList(ctx, foreign)
		for i := range steps {
			names[steps[i].ID] = steps[i].Name
		}
		return err
	})
	return names, err
}

// workOut makes the answer about a judged task.
func (e *Engine) workOut(j *judged, names map[int64]string, now workflow.Instant, include []string) GraphReply {
	edges := distinctEdges(j.graph.Edges)
	g := graphOf(j.graph.Steps, edges)
	health := e.summary(j, now).HealthStatus
	s := insight.Scene{Weights: *e.Weights, Graph: g, Steps: make([]insight.Step, len(j.verdicts)), Now: now,
		Health: health, Healthy: health == readiness.Healthy}
	blocked := make(map[int64]bool, len(j.verdicts))
	for i := range j.verdicts {
		step, v := &j.graph.Steps[i], &j.verdicts[i]
		s.Steps[i] = insight.Step{ID: step.ID, Name: step.Name, State: step.State, Attempts: step.Tries(), Limit: limitOf(step),
			Satisfied: v.DependenciesSatisfied, Eligible: v.RetryEligible, Ready: v.Ready, RetryAt: v.NextRetryAt, Reason: v.Reason}
		blocked[step.ID] = !v.DependenciesSatisfied && !step.State.Ended()
	}
	levels, cycle := g.Levels(), g.Cycle()
	reaches := g.Reaches(func(id int64) bool { return blocked[id] })
	reply := GraphReply{TaskID: j.graph.TaskID, GeneratedAt: now, CriticalPaths: s.CriticalPaths(), Parallelism: s.Parallelism(levels),
		ErrorChains: s.ErrorChains(reaches), Bottlenecks: s.Bottlenecks(reaches),
		Dependencies: dependencies(j.graph.Steps, g, edges, names, levels, cycle)}
	reply.Summary = s.Summary(cycle, reply.CriticalPaths, reply.Parallelism, reply.ErrorChains, reply.Bottlenecks)
	j.draw(&reply, g, include)
	return reply
}

// distinctEdges returns the edges, which are by child and parent, each once.
func distinctEdges(edges []store.GraphEdge) []store.GraphEdge {
	return slices.CompactFunc(slices.Clone(edges), func(a, b store.GraphEdge) bool { return a.To == b.To && a.From == b.From })
}

// graphOf builds the DAG of a task; parents in other tasks are left out.
func graphOf(steps []workflow.Step, edges []store.GraphEdge) *graph.Graph[int64] {
	ids, links := make([]int64, len(steps)), make([]graph.Edge[int64], len(edges))
	for i := range steps {
		ids[i] = steps[i].ID
	}
	for i, edge := range edges {
		links[i] = graph.Edge[int64]{From: edge.From, To: edge.To}
	}
	return graph.New(ids, links)
}

func dependencies(
	steps []workflow.Step, g *graph.Graph[int64], edges []store.GraphEdge, names map[int64]string, levels map[int64]int, cycle []int64,
) DependencyGraph {
	d := DependencyGraph{Nodes: make([]GraphNode, len(steps)), Edges: make([]GraphEdge, len(edges)),
		Children: make(map[string][]int64, len(steps)), Parents: make(map[string][]int64, len(steps)),
		Levels: make(map[string]int64, len(levels)), Cycle: append([]int64{}, cycle...)}
	depths := g.Depths()
	for i := range steps {
		step := &steps[i]
		key := strconv.FormatInt(step.ID, 10)
		d.Nodes[i] = GraphNode{ID: step.ID, Name: step.Name, State: step.State}
		d.Children[key] = append([]int64{}, g.Children(step.ID)...)
		d.Parents[key] = append([]int64{}, g.Parents(step.ID)...)
		if level, has := levels[step.ID]; has {
			d.Levels[key] = int64(level)
			d.Nodes[i].Level = whole(level)
		}
		if depth, has := depths[step.ID]; has {
			d.Nodes[i].Depth = whole(depth)
		}
	}
	for i, edge := range edges {
		d.Edges[i] = GraphEdge{From: edge.From, To: edge.To, FromName: names[edge.From], ToName: names[edge.To]}
	}
	return d
}

// whole is a number that may be absent.
func whole(n int) *int64 {
	value := int64(n)
	return &value
}

// draw adds the drawings that are asked for.
func (j *judged) draw(reply *GraphReply, g *graph.Graph[int64], include []string) {
	byID, class := make(map[int64]*workflow.Step, len(j.verdicts)), make(map[int64]string, len(j.verdicts))
	for i := range j.verdicts {
		step := &j.graph.Steps[i]
		byID[step.ID], class[step.ID] = step, string(step.State)
		if j.verdicts[i].Ready {
			class[step.ID] = "ready"
		}
	}
	label, classOf := func(id int64) string { return byID[id].Name }, func(id int64) string { return class[id] }
	for _, drawing := range include {
		switch drawing {
		case "text":
			reply.Text = draw(g, byID)
		case "mermaid":
			reply.Mermaid = g.Mermaid(label, classOf)
		case "dot":
			reply.DOT = g.DOT(label, classOf)
		}
	}
}
