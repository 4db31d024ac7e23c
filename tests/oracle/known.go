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

	// SettleStarted: after foreign moves the end of a task is decided only while it
	// is in progress. A pending task whose steps were all completed, resolved or
	// made hopeless stays pending for ever, and a task in error whose step was
	// resolved stays in error though its children are ready. D4: blocked is "not
	// complete and nothing in it is ready, leased or waiting for a time. No second
	// condition, so it cannot hang".
	SettleStarted bool

	// RetryAtOfEnded: the verdict on a failure in a task that was cancelled without
	// cascade tells a retry_at, though the step is not tried again.
	RetryAtOfEnded bool

	// InProcessStays: in_process stays true on a step that a foreign writer
	// cancelled while it was leased, also when the lease is gone. D9: it is true
	// while leased.
	InProcessStays bool

	// LateRows: when a foreign writer takes a wait away, the queue row keeps its
	// old time and the step is claimed only then. Section 4: dirty tasks are
	// recomputed from the truth, ready rows repaired; section 5: the ready row's due
	// time equals the wait. With this switch no foreign writer takes a wait away.
	LateRows bool

	// LossCounted: a lost step that becomes a permanent error gets attempts 1 and
	// last_attempted_at when it had none. Section 6: a loss is "not counted as an
	// attempt".
	LossCounted bool
}

// Present returns the differences that the engine has at present.
func Present() Known {
	return Known{SerialReady: true, SettleStarted: true, RetryAtOfEnded: true, InProcessStays: true,
		LateRows: true, LossCounted: true}
}
