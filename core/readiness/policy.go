// Package readiness decides whether a step may run, when, and if not, why; and
// sums the answers up for a task. It is a function of plain values and the
// present time. Two policies exist: Rails reproduces the SQL functions of the
// Rails engine to the letter, Core repairs what makes tasks hang or retry
// wrongly (design, section 5).
package readiness

// RetryLimitDefault is the number of attempts of a step that names none.
const RetryLimitDefault = 3

// Policy is a set of rules as data. It is a small value; copy it freely.
type Policy struct {
	// Name is "core" or "rails".
	Name string

	// FirstAlways lets the first attempt pass whatever retryable and the limit
	// say, and reads a limit below 1 as 1 (D3). Without it they forbid it.
	FirstAlways bool

	// StoredWait makes last_attempted_at + backoff_request_seconds the only wait
	// of a step (D8). Without it a wait of min(2^attempts, 30) seconds after the
	// failure must be over as well (rules R5 and R7).
	StoredWait bool

	// Leases means that a step runs only while it is leased (D9), that an ended
	// task has no ready steps, and that a serial task has none while one of its
	// steps is leased (D12). Without it every step in progress counts as running,
	// and the task is not looked at (quirk Q13).
	Leases bool

	// BlockedWhenIdle calls a task blocked when it is not complete and nothing in
	// it is ready, leased or waiting for a time (D4). Without it a task is
	// blocked when a failed step has used up its attempts, and nothing is ready
	// or in progress.
	BlockedWhenIdle bool

	// OwnState makes figures about many tasks judge a task by its own state, and
	// count as pending what has no row. Without it they judge it by its steps
	// (readiness sheet, sections 7 and 9).
	OwnState bool
}

// Core is the policy of this engine, decisions D1 to D9 of the design.
var Core = Policy{Name: "core", FirstAlways: true, StoredWait: true, Leases: true, BlockedWhenIdle: true, OwnState: true}

// Rails is the policy of the SQL functions, version 02: rules R1 to R8 of the
// readiness sheet. The one difference is that no number of attempts overflows.
var Rails = Policy{Name: "rails"}
