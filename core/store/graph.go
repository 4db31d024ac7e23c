package store

import (
	"cmp"
	"context"
	"slices"

	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// GraphStamp tells which state of a task a reader would find now. Two equal
// stamps of one task, both current, stand for equal graphs (design section 4).
type GraphStamp struct {
	Version int64 // of the engine's row, raised by every write; 0 when the engine does not know the task
	Dirty   bool  // a change waits to be reconciled
	Watched bool  // changes of foreign writers make a task dirty; without it a stamp proves nothing
}

// Current reports whether a graph read with this stamp may be kept.
func (s GraphStamp) Current() bool { return s.Version > 0 && !s.Dirty && s.Watched }

// GraphEdge is an edge into a step of a task.
type GraphEdge struct {
	From, To int64
	Outside  workflow.State // state of a parent in another task, empty for one in this
}

// TaskGraph is all of a task that readiness follows from.
type TaskGraph struct {
	Stamp       GraphStamp
	TaskID      int64
	NamedTaskID int64
	State       workflow.State
	Concurrent  bool
	StartAt     workflow.Instant // zero: at once
	Steps       []workflow.Step  // by id, without inputs and results; StateMetadata only in state error
	Edges       []GraphEdge      // by child and parent
	Leases      []workflow.Lease
}

// GraphReader reads whole task graphs. Unlike those of Reader its methods are
// transactions of their own, and each costs one round trip.
type GraphReader interface {
	// GraphStamps returns the stamps of the tasks that exist, read in one
	// statement.
	GraphStamps(ctx context.Context, taskIDs []int64) (map[int64]GraphStamp, error)

	// GraphList returns the graphs of the tasks that exist, by task id, all of
	// one snapshot.
	GraphList(ctx context.Context, taskIDs []int64) ([]TaskGraph, error)
}

// TaskGraphs collects rows into the graphs of their tasks; stores use it to
// answer GraphList. Rows of other tasks are dropped.
type TaskGraphs []TaskGraph // by task id

// Of returns the graph of a task, nil when it is not among them.
func (g TaskGraphs) Of(taskID int64) *TaskGraph {
	at, found := slices.BinarySearchFunc(g, taskID, func(t TaskGraph, id int64) int { return cmp.Compare(t.TaskID, id) })
	if !found {
		return nil
	}
	return &g[at]
}

// AddStep puts a step into its task's graph.
func (g TaskGraphs) AddStep(step *workflow.Step) {
	if t := g.Of(step.TaskID); t != nil {
		t.Steps = append(t.Steps, *step)
	}
}

// AddEdge puts an edge into the graph of its child's task.
func (g TaskGraphs) AddEdge(taskID int64, edge GraphEdge) {
	if t := g.Of(taskID); t != nil {
		t.Edges = append(t.Edges, edge)
	}
}

// AddLease puts a lease into its task's graph.
func (g TaskGraphs) AddLease(lease workflow.Lease) {
	if t := g.Of(lease.TaskID); t != nil {
		t.Leases = append(t.Leases, lease)
	}
}
