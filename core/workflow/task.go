package workflow

// Task is one run of a named task, with its current state joined in.
type Task struct {
	ID           int64
	NamedTaskID  int64
	Namespace    string
	Name         string
	Version      string
	State        State
	StateSince   Instant // creation of the current transition; CreatedAt when there is none
	Complete     bool
	RequestedAt  Instant
	Initiator    string
	SourceSystem string
	Reason       string
	BypassSteps  []string
	Tags         []string
	Context      JSON
	IdentityHash string
	Priority     int     // higher runs first
	Concurrent   bool    // false: at most one step of the task is leased at a time
	StartAt      Instant // no step runs before it; zero: at once
	CreatedAt    Instant
	UpdatedAt    Instant
}

// TaskLock is what a write transaction knows of a task whose row it has
// locked. The counters are the truth as of the lock.
type TaskLock struct {
	ID           int64
	NamedTaskID  int64
	NamespaceID  int64
	Priority     int
	Concurrent   bool    // false: at most one step of the task is leased at a time
	StartAt      Instant // no step runs before it; zero: at once
	Version      int64
	Open         int // steps that are neither complete nor resolved
	Running      int // leased steps
	Waiting      int // steps with a ready row: runnable now or at a known time
	Stuck        int // steps that nothing moves without a person
	State        State
	TransitionID int64 // current transition row, 0 when there is none
	Complete     bool
	Dirty        bool // a change by somebody else waits to be reconciled; the counters may be untrue
}
