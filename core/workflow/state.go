package workflow

// State is where a task or a step stands. Both share the same six states
// (state-machines sheet, section 1); an owner without transitions is Pending.
type State string

// The six states.
const (
	Pending          State = "pending"
	InProgress       State = "in_progress"
	Complete         State = "complete"
	Error            State = "error"
	Cancelled        State = "cancelled"
	ResolvedManually State = "resolved_manually"
)

// States lists the six states in the order in which they are displayed.
var States = []State{Pending, InProgress, Complete, Error, Cancelled, ResolvedManually}

// Known reports whether s is one of the six states. A foreign writer can leave
// any text; such an owner is frozen and counts as stuck.
func (s State) Known() bool {
	switch s {
	case Pending, InProgress, Complete, Error, Cancelled, ResolvedManually:
		return true
	}
	return false
}

// Satisfies reports whether a parent in this state lets its children run.
func (s State) Satisfies() bool { return s == Complete || s == ResolvedManually }

// Ended reports whether a step in this state will never run again by itself or
// by retry: it has no way out of the state machine.
func (s State) Ended() bool { return s == Complete || s == ResolvedManually || s == Cancelled }

// TaskEnded reports whether a task in this state is over: nothing runs in it
// until a person acts. Error is an end for a task (blocked), not for a step.
func (s State) TaskEnded() bool { return s.Ended() || s == Error }
