// Package lifecycle holds the state machines of tasks and steps as tables: which
// moves are legal, and through which legal moves a pair that the machine lacks
// is reached. An owner without transitions counts as pending. The package knows
// no guards: whether a task's steps are done or a step's parents satisfied is
// the caller's question.
package lifecycle

import (
	"slices"
	"strings"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// machine is the table of one kind of owner. direct lists the targets of each
// state; via lists the states between the ends of a pair that has no direct
// move but a meaning (design, D15).
type machine struct {
	noun   string
	direct map[workflow.State][]workflow.State
	via    map[pair][]workflow.State
}

type pair struct{ from, to workflow.State }

// task is the table of section 2 of the state-machines sheet. Cancelled has no
// way out.
var task = machine{
	noun: "task",
	direct: map[workflow.State][]workflow.State{
		workflow.Pending:          {workflow.InProgress, workflow.Error, workflow.Cancelled},
		workflow.InProgress:       {workflow.Pending, workflow.Complete, workflow.Error, workflow.Cancelled},
		workflow.Error:            {workflow.Pending, workflow.ResolvedManually},
		workflow.Complete:         {workflow.Cancelled},
		workflow.ResolvedManually: {workflow.Cancelled},
	},
	via: map[pair][]workflow.State{
		// A retry, or the resolution of a step, in a task that ended in error.
		{workflow.Error, workflow.InProgress}: {workflow.Pending},
		{workflow.Error, workflow.Cancelled}:  {workflow.Pending},
		// The last open step ended while the task was not running: every step was
		// bypassed at creation, or a person resolved the one that failed
		// (section 8.5, completing).
		{workflow.Pending, workflow.Complete}: {workflow.InProgress},
		{workflow.Error, workflow.Complete}:   {workflow.Pending, workflow.InProgress},
	},
}

// step is the table of section 3 of the state-machines sheet. Complete,
// cancelled and resolved_manually have no way out.
var step = machine{
	noun: "step",
	direct: map[workflow.State][]workflow.State{
		workflow.Pending:    {workflow.InProgress, workflow.Error, workflow.Cancelled, workflow.ResolvedManually},
		workflow.InProgress: {workflow.Complete, workflow.Error, workflow.Cancelled},
		workflow.Error:      {workflow.Pending, workflow.ResolvedManually},
	},
	via: map[pair][]workflow.State{
		// The claim of a failed step whose wait is over (design, D1).
		{workflow.Error, workflow.InProgress}: {workflow.Pending},
		{workflow.Error, workflow.Cancelled}:  {workflow.Pending},
		// A worker that stops gives a running step back (design, section 6).
		{workflow.InProgress, workflow.Pending}: {workflow.Error},
		// A person did by hand what a worker is still at (design, D15).
		{workflow.InProgress, workflow.ResolvedManually}: {workflow.Error},
	},
}

func (m *machine) allowed(from, to workflow.State) bool { return slices.Contains(m.direct[from], to) }

// path returns the states to enter one after the other; the slice is new.
func (m *machine) path(from, to workflow.State) ([]workflow.State, bool) {
	if m.allowed(from, to) {
		return []workflow.State{to}, true
	}
	between, known := m.via[pair{from, to}]
	if !known {
		return nil, false
	}
	return append(slices.Clone(between), to), true
}

func (m *machine) refuse(from, to workflow.State) *fault.Error {
	err := fault.New(fault.Conflict, "a %s cannot go from %s to %s", m.noun, from, to).
		With("from", string(from)).With("to", string(to))
	targets := m.direct[from]
	if len(targets) == 0 {
		return err.Advise("%s is final for a %s", from, m.noun)
	}
	names := make([]string, len(targets))
	for i, s := range targets {
		names[i] = string(s)
	}
	return err.Advise("from %s a %s can go to %s", from, m.noun, strings.Join(names, ", "))
}

// TaskAllowed reports whether a task may go from one state to the other in one
// move. No state leads to itself, and an unknown state leads nowhere.
func TaskAllowed(from, to workflow.State) bool { return task.allowed(from, to) }

// StepAllowed reports whether a step may go from one state to the other in one
// move. No state leads to itself, and an unknown state leads nowhere.
func StepAllowed(from, to workflow.State) bool { return step.allowed(from, to) }

// TaskPath returns the states that a task enters on its way, the last being to;
// a direct move is a path of one. The states before the last are written in the
// same transaction, flagged as via, and left out of events and statistics. The
// slice is the caller's; false means that there is no way.
func TaskPath(from, to workflow.State) ([]workflow.State, bool) { return task.path(from, to) }

// StepPath is TaskPath for a step.
func StepPath(from, to workflow.State) ([]workflow.State, bool) { return step.path(from, to) }

// TaskRefusal returns the Conflict that answers an impossible move of a task,
// with both states in its details and the possible ones in its remedy.
func TaskRefusal(from, to workflow.State) *fault.Error { return task.refuse(from, to) }

// StepRefusal is TaskRefusal for a step.
func StepRefusal(from, to workflow.State) *fault.Error { return step.refuse(from, to) }
