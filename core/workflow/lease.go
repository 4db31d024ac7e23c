package workflow

// ReadyStep is a row of the claim queue: a step that may run at DueAt. A
// scheduled row was not yet due when it was written; both kinds are kept apart
// so that a pile of future retries does not tax every claim.
type ReadyStep struct {
	StepID      int64
	TaskID      int64
	RouteID     int64
	NamespaceID int64
	Priority    int
	DueAt       Instant
	Scheduled   bool
}

// Lease is the right of one worker to run one step. Its epoch is the id of the
// in_progress transition that opened it; whoever reports must name it.
type Lease struct {
	StepID     int64
	TaskID     int64
	WorkerID   int64
	Epoch      int64
	Attempt    int // 1 for the first
	ClaimedAt  Instant
	DeadlineAt Instant // when the handler must have reported
}

// Worker is one process that claims steps. It has one heartbeat for all its
// leases.
type Worker struct {
	ID          int64
	Name        string
	Host        string
	PID         int
	Language    string
	Routes      []int64
	StartedAt   Instant
	HeartbeatAt Instant
}
