package workflow

// Namespace groups named tasks; its name is unique.
type Namespace struct {
	ID          int64
	Name        string
	Description string
}

// NamedTask is a task type: namespace, name and version identify it. Its
// configuration is the template's canonical JSON, an object.
type NamedTask struct {
	ID            int64
	NamespaceID   int64
	Namespace     string
	Name          string
	Version       string
	Description   string
	Configuration JSON
	CreatedAt     Instant
	UpdatedAt     Instant
}

// Route is the association of a named task with one of its named steps. Its id
// is what claims ask for: a worker has handlers for routes.
type Route struct {
	ID          int64
	NamedTaskID int64
	NamedStepID int64
	StepName    string
	System      string // dependent system of the named step
	Skippable   bool
	Retryable   bool
	RetryLimit  int
}
