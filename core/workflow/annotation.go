package workflow

// Annotation is a remark on a task: any JSON value under a type, which has a
// name. The engine leaves what a person changes without a move of state as
// annotations, too.
type Annotation struct {
	ID        int64
	TaskID    int64
	TypeID    int64
	Type      string
	Value     JSON
	CreatedAt Instant
}
