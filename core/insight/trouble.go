package insight

// Troubles are what a store counts of failed attempts and of steps that wait for
// others.
type Troubles struct {
	// Attempts that have ended, Failures those of them that ended in error. Rows
	// that only lead through a state, and attempts that were given back, are none.
	Attempts int64
	Failures int64
	// FailedSteps have a failure in their history, RecoveredSteps those of them
	// that are complete or resolved now.
	FailedSteps    int64
	RecoveredSteps int64
	Classes        []ErrorClass // the most frequent first
	// BlockedSteps are pending steps with a parent that is neither complete nor
	// resolved, BlockingEdges the edges from such parents to them, and
	// WaitMicroseconds the sum of the ages of those steps.
	BlockedSteps     int64
	BlockingEdges    int64
	WaitMicroseconds int64
	Blockers         []Blocker // those that hold back most first
}

// ErrorClass counts failed attempts of one class.
type ErrorClass struct {
	// Class of the error as the handler told it, lease_expired for attempts whose worker was lost, else unknown.
	Class string `json:"error_class"`
	// Failed attempts of this class.
	Count int64 `json:"count"`
}

// Blocker is a step of a task type that holds others back.
type Blocker struct {
	// Namespace of the task type.
	Namespace string `json:"namespace_name"`
	// Name of the task type.
	TaskName string `json:"task_name"`
	// Name of the step that is waited for.
	StepName string `json:"step_name"`
	// Steps that wait for a step of this name.
	BlockedSteps int64 `json:"blocked_steps"`
}
