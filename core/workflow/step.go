package workflow

// Step is one step of a task, with its name, route and current transition
// joined in.
type Step struct {
	ID              int64
	TaskID          int64
	NamedStepID     int64
	RouteID         int64 // 0 when the association row is missing (a foreign task)
	Name            string
	State           State
	TransitionID    int64   // current transition row, 0 when there is none
	StateSince      Instant // creation of that row, zero when there is none
	StateMetadata   JSON    // metadata of that row
	Retryable       bool
	RetryLimit      *int // nil is read as 3
	InProcess       bool
	Processed       bool
	ProcessedAt     Instant
	Attempts        *int // attempts that have ended; nil is read as 0
	LastAttemptedAt Instant
	BackoffSeconds  *int
	Inputs          JSON
	Results         JSON
	Skippable       bool
	CreatedAt       Instant
	UpdatedAt       Instant
}

// Tries returns the number of attempts that have ended.
func (s *Step) Tries() int {
	if s.Attempts == nil {
		return 0
	}
	return *s.Attempts
}

// Edge says that To may run only after From is satisfied.
type Edge struct {
	ID   int64
	From int64
	To   int64
	Name string
}

// Provides is the name that the Rails engine and we give every edge.
const Provides = "provides"
