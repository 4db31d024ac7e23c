package insight

import (
	"cmp"
	"slices"
	"time"

	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// SlowStep is a complete step and how long it took.
type SlowStep struct {
	// The step.
	StepID int64 `json:"workflow_step_id"`
	// Its task.
	TaskID int64 `json:"task_id"`
	// Its name.
	StepName string `json:"step_name"`
	// Name of the task type.
	TaskName string `json:"task_name"`
	// Namespace of the task type.
	Namespace string `json:"namespace_name"`
	// Version of the task type.
	Version string `json:"version"`
	// Seconds from the creation of the step to its completion, with three decimals.
	DurationSeconds float64 `json:"duration_seconds"`
	// Attempts that have ended, null when none was stored.
	Attempts *int64 `json:"attempts"`
	// When the step was created.
	CreatedAt workflow.Instant `json:"created_at"`
	// When it became complete.
	CompletedAt workflow.Instant `json:"completed_at"`
	// Whether it may be tried again after a failure.
	Retryable bool `json:"retryable"`
	// Always complete.
	Status workflow.State `json:"step_status"`
}

// SlowTask is a task and how long it took so far.
type SlowTask struct {
	// The task.
	TaskID int64 `json:"task_id"`
	// Name of the task type.
	TaskName string `json:"task_name"`
	// Namespace of the task type.
	Namespace string `json:"namespace_name"`
	// Version of the task type.
	Version string `json:"version"`
	// Seconds from the creation of the task to completed_at, with three decimals.
	DurationSeconds float64 `json:"duration_seconds"`
	// Its steps.
	StepCount int64 `json:"step_count"`
	// Those that are complete.
	CompletedSteps int64 `json:"completed_steps"`
	// Those that are in error.
	ErrorSteps int64 `json:"error_steps"`
	// When it was created.
	CreatedAt workflow.Instant `json:"created_at"`
	// When the last of the steps counted above came to its state.
	CompletedAt workflow.Instant `json:"completed_at"`
	// Who asked for it.
	Initiator string `json:"initiator"`
	// The system that asked for it.
	SourceSystem string `json:"source_system"`
}

// Duration is the time between two instants in seconds with three decimals.
func Duration(from, to workflow.Instant) float64 { return seconds(to.UnixMicro()-from.UnixMicro(), 1) }

// Took is the microseconds from a task's creation to the last end of a step,
// and whether any of its steps has ended.
func (t *Task) Took() (int64, bool) { return t.LastEnd - t.Created, t.LastEnd != 0 }

// SlowestTasks returns the tasks with a step that is complete or in error, the
// longest first and of equals the one with the lower id, at most limit of them
// (readiness sheet, section 8). The tasks' order is changed.
func SlowestTasks(tasks []Task, limit int) []Task {
	tasks = slices.DeleteFunc(tasks, func(t Task) bool { return t.LastEnd == 0 })
	slices.SortFunc(tasks, func(a, b Task) int {
		return cmp.Or(cmp.Compare(b.LastEnd-b.Created, a.LastEnd-a.Created), cmp.Compare(a.ID, b.ID))
	})
	return tasks[:min(limit, len(tasks))]
}

// Micros is an instant in microseconds since 1970, 0 for the zero instant.
func Micros(at workflow.Instant) int64 {
	if at.IsZero() {
		return 0
	}
	return at.UnixMicro()
}

// Instant is the instant so many microseconds after 1970.
func Instant(microseconds int64) workflow.Instant { return workflow.At(time.UnixMicro(microseconds)) }
