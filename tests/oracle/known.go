package oracle

// Known are the differences between the engine and the design that the oracle
// found and that are not mended yet. Each switch makes the model expect what the
// engine does, so that the comparison goes on behind it; the comment says what
// the design asks for. Remove a switch together with its cause.
type Known struct {
	// SerialReady: while a step of a task with concurrent: false is leased, the
	// others are reported as ready, with next_wake_at now. By D12 one step runs at
	// a time, so none of them "may run now".
	SerialReady bool

	// LateRows: when a foreign writer takes a wait away, the queue row keeps its
	// old time and the step is claimed only then. Section 4: dirty tasks are
	// recomputed from the truth, ready rows repaired; section 5: the ready row's due
	// time equals the wait. With this switch no foreign writer takes a wait away.
	LateRows bool

	// LossCounted: a lost step that becomes a permanent error gets attempts 1 and
	// last_attempted_at when it had none. Section 6: a loss is "not counted as an
	// attempt".
	LossCounted bool

	// StartForgotten: start_at is remembered only in the queue rows of the first
	// steps, so a child whose parent a foreign writer resolves before start_at runs
	// at once, and a first step that it moves to error reads as ready. "No step runs
	// before this instant" (task_create). With this switch foreign writers leave
	// tasks alone that have not reached their start_at.
	StartForgotten bool

	// SerialCrowd: when queue rows of serial tasks stand in front, a claim can end
	// with fewer steps than asked for while others are ready: each round picks a row
	// that has to give way to a step just leased. Section 6: over-fetched and
	// repeated while candidates remain.
	SerialCrowd bool
}

// Present returns the differences that the engine has at present.
func Present() Known {
	return Known{SerialReady: true, LateRows: true, LossCounted: true,
		StartForgotten: true, SerialCrowd: true}
}
