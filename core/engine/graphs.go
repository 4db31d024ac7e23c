package engine

import (
	"cmp"
	"context"
	"slices"

	"github.com/tasker-systems/tasker-core-go/core/cache"
	"github.com/tasker-systems/tasker-core-go/core/readiness"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// keptGraph is a task's graph made ready for judging. It is immutable once
// made, since the cache gives it to many callers.
type keptGraph struct {
	store.TaskGraph
	facts []readiness.Step // parallel to Steps
}

// judged is one task with every step judged by the readiness rules.
type judged struct {
	graph    *keptGraph
	verdicts []readiness.Verdict // parallel to the graph's steps
}

// judge returns the tasks with all their steps judged, by task id. Ids that do
// not exist are absent.
func (e *Engine) judge(ctx context.Context, taskIDs []int64) ([]judged, workflow.Instant, error) {
	now, err := e.Store.Now(ctx)
	if err != nil {
		return nil, now, err
	}
	graphs, err := e.graphsOf(ctx, taskIDs)
	all := make([]judged, len(graphs))
	for i, g := range graphs {
		verdicts := make([]readiness.Verdict, len(g.facts))
		for n := range g.facts {
			verdicts[n] = e.Policy.Step(g.facts[n], now)
		}
		all[i] = judged{graph: g, verdicts: verdicts}
	}
	return all, now, err
}

// graphsOf returns the graphs of the tasks that exist, by task id: from the
// cache those that one read proves current, the rest by another (design
// sections 4 and 7).
func (e *Engine) graphsOf(ctx context.Context, taskIDs []int64) ([]*keptGraph, error) {
	ids := slices.Compact(slices.Sorted(slices.Values(taskIDs)))
	found, missing := make([]*keptGraph, 0, len(ids)), ids
	if e.CacheBytes > 0 {
		stamps, err := e.Store.GraphStamps(ctx, ids)
		if err != nil {
			return nil, err
		}
		missing = nil
		for _, id := range ids {
			stamp, exists := stamps[id]
			g, kept := e.graphs.Get(id, stamp.Version)
			switch {
			case kept && stamp.Current():
				found = append(found, g)
			case exists:
				missing = append(missing, id)
			}
		}
	}
	if len(missing) == 0 {
		return found, nil
	}
	loaded, err := e.loadGraphs(ctx, missing)
	found = append(found, loaded...)
	slices.SortFunc(found, func(a, b *keptGraph) int { return cmp.Compare(a.TaskID, b.TaskID) })
	return found, err
}

// loadGraphs reads graphs and keeps those that a later stamp can prove current.
func (e *Engine) loadGraphs(ctx context.Context, ids []int64) ([]*keptGraph, error) {
	graphs, err := e.Store.GraphList(ctx, ids)
	if err != nil {
		return nil, err
	}
	loaded := make([]*keptGraph, len(graphs))
	for i := range graphs {
		loaded[i] = prepare(&graphs[i])
		if graphs[i].Stamp.Current() && !reachesOut(&graphs[i]) {
			e.graphs.Put(graphs[i].TaskID, graphs[i].Stamp.Version, loaded[i])
		}
	}
	return loaded, nil
}

// reachesOut reports whether a task has parents in another one, whose moves no
// version of this one tells.
func reachesOut(g *store.TaskGraph) bool {
	return slices.ContainsFunc(g.Edges, func(e store.GraphEdge) bool { return e.Outside != "" })
}

// prepare gathers the facts of a graph's steps.
func prepare(g *store.TaskGraph) *keptGraph {
	p := &keptGraph{TaskGraph: *g, facts: make([]readiness.Step, len(g.Steps))}
	at := make(map[int64]int, len(g.Steps))
	for i := range g.Steps {
		at[g.Steps[i].ID] = i
	}
	parents, done := make([]int, len(g.Steps)), make([]int, len(g.Steps))
	for _, edge := range g.Edges {
		state := edge.Outside
		if from, inside := at[edge.From]; inside && state == "" {
			state = g.Steps[from].State
		}
		parents[at[edge.To]]++
		if state.Satisfies() {
			done[at[edge.To]]++
		}
	}
	leased := make(map[int64]int64, len(g.Leases))
	for _, lease := range g.Leases {
		leased[lease.StepID] = lease.Epoch
	}
	busy := false
	for i := range g.Steps {
		step := &g.Steps[i]
		runs := step.State == workflow.InProgress && leased[step.ID] == step.TransitionID
		p.facts[i] = facts(step, [2]int{parents[i], done[i]}, runs)
		p.facts[i].TaskState, p.facts[i].NotBefore = g.State, g.StartAt
		busy = busy || runs
	}
	for i := range p.facts {
		p.facts[i].SerialBusy = busy && !g.Concurrent
	}
	return p
}

// Estimates of what a graph takes in memory, in bytes: the structs with their
// places in slices.
const (
	graphBytes = 512
	stepBytes  = 640
	edgeBytes  = 32
	leaseBytes = 112
)

func sizeOf(g *keptGraph) int64 {
	bytes := graphBytes + stepBytes*len(g.Steps) + edgeBytes*len(g.Edges) + leaseBytes*len(g.Leases)
	for i := range g.Steps {
		bytes += len(g.Steps[i].Name) + len(g.Steps[i].StateMetadata)
	}
	return int64(bytes)
}

// newGraphs returns the cache of task graphs.
func newGraphs(bytesMax int64) *cache.Cache[*keptGraph] { return cache.New(bytesMax, sizeOf) }
