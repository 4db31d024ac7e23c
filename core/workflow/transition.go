package workflow

// Transition is one row of a task's or a step's append-only history. The row
// with MostRecent is the current state and has the greatest sort key
// (schema sheet, section 5, I1 to I3).
type Transition struct {
	ID         int64
	OwnerID    int64 // task id or step id
	From       State // empty when the writer did not fill it (the Rails engine never does)
	To         State
	SortKey    int
	MostRecent bool
	Metadata   JSON
	CreatedAt  Instant
}
