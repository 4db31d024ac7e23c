// Package insight turns facts about many tasks, or about the steps of one, into
// figures: rates, mean durations, health counts, what is slow, what blocks, and
// what to do about it. Stores deliver the facts as sets; every rule, percentage
// and rounding is here, so that all stores agree. It is pure: the time is a
// parameter. Sheets: analysis, sections 2 and 4; readiness, sections 7 to 9.
package insight

import (
	"time"

	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// Meaning says what the figures about many tasks count. The zero value is the
// letter of the SQL functions (readiness sheet, sections 7 and 9).
type Meaning struct {
	// OwnState judges a task by its own state, where the SQL functions call a
	// task completed when any of its steps is complete and failed when any is in
	// error, and weigh the duration of a task by its steps. It also counts as
	// pending what has no row yet (design, section 5), reads absent attempts as 0
	// and an absent limit as 3, and looks at the clock to tell what is in backoff.
	OwnState bool
}

// Task is what the figures need to know of one task and its steps. Instants and
// durations are microseconds, instants since 1970 in UTC: many are kept in
// memory.
type Task struct {
	ID      int64
	Type    int64          // its task type
	Created int64          //
	State   workflow.State // of its current row, empty without one
	Since   int64          // creation of that row, 0 without one
	Steps   int64          // in any state
	Active  int64          // with a current row that is neither complete, error, skipped nor resolved
	// Complete and Failed count the steps that are complete or in error now, and
	// LastEnd is the latest creation of their current rows, 0 without any.
	Complete int64
	Failed   int64
	LastEnd  int64
	// StepTime is the sum over the complete steps from the creation of the step to
	// its completion, TaskTime that from the creation of the task.
	StepTime int64
	TaskTime int64
}

// Period sums up the tasks that were created after an instant.
type Period struct {
	// Tasks that were created in the period.
	TaskThroughput int64 `json:"task_throughput"`
	// Those of them that are complete.
	CompletionCount int64 `json:"completion_count"`
	// Those of them that are in error.
	ErrorCount int64 `json:"error_count"`
	// Completed tasks in percent of all, with two decimals; 0 without tasks.
	CompletionRate float64 `json:"completion_rate"`
	// Tasks in error in percent of all, with two decimals; 0 without tasks.
	ErrorRate float64 `json:"error_rate"`
	// Mean seconds from creation to completion of the completed tasks, with three decimals; 0 without any.
	AvgTaskDuration float64 `json:"avg_task_duration"`
	// Mean seconds from creation to completion of the complete steps of all tasks of the period, with three decimals; 0 without any.
	AvgStepDuration float64 `json:"avg_step_duration"`
	// Steps of the tasks of the period, in any state.
	StepThroughput int64 `json:"step_throughput"`
}

// Trends are the same figures over three periods that end now.
type Trends struct {
	// Tasks that were created in the last hour.
	LastHour Period `json:"last_hour"`
	// Tasks that were created in the last four hours.
	Last4Hours Period `json:"last_4_hours"`
	// Tasks that were created in the last 24 hours.
	Last24Hours Period `json:"last_24_hours"`
}

// Analytics are the figures about all tasks.
type Analytics struct {
	Period
	// Tasks of all times that have not ended.
	ActiveTasks int64 `json:"active_tasks_count"`
	// Namespaces that have a task.
	Namespaces int64 `json:"total_namespaces_count"`
	// Names of task types that have a task; namespace and version make no difference.
	TaskTypes int64 `json:"unique_task_types_count"`
	// Of the tasks of the last hour that are complete or in error, the part that is complete: 0 to 1 with three decimals, 1 without any.
	HealthScore float64 `json:"system_health_score"`
	// The same figures over the last hour, the last 4 and the last 24 hours.
	Trends Trends `json:"performance_trends"`
	// The instant after which the tasks of the period were created.
	Since workflow.Instant `json:"analysis_period_start"`
	// When this was calculated.
	At workflow.Instant `json:"calculated_at"`
}

// window gathers the tasks created after an instant.
type window struct {
	after          int64
	tasks, steps   int64
	done, failed   int64
	taskTime, took int64 // sum and number of the durations of tasks
	stepTime, ran  int64 // the same of steps
}

// Analytics sums up tasks, of which every one must be given. The caller fills
// in Namespaces and TaskTypes. It takes time linear in the tasks.
func (m Meaning) Analytics(tasks []Task, since, now workflow.Instant) Analytics {
	hour := func(n int64) window { return window{after: now.UnixMicro() - n*time.Hour.Microseconds()} }
	windows := [4]window{{after: since.UnixMicro()}, hour(1), hour(4), hour(24)}
	active := int64(0)
	for i := range tasks {
		if m.active(&tasks[i]) {
			active++
		}
		for w := range windows {
			if tasks[i].Created > windows[w].after {
				windows[w].add(m, &tasks[i])
			}
		}
	}
	return Analytics{Period: windows[0].period(), ActiveTasks: active, Since: since, At: now,
		HealthScore: score(windows[1].done, windows[1].failed),
		Trends:      Trends{LastHour: windows[1].period(), Last4Hours: windows[2].period(), Last24Hours: windows[3].period()}}
}

// active reports whether something is still to happen in a task.
func (m Meaning) active(t *Task) bool {
	if m.OwnState {
		return !t.State.TaskEnded()
	}
	return t.Active > 0
}

// completed reports whether the figures call a task completed.
func (m Meaning) completed(t *Task) bool {
	if m.OwnState {
		return t.State == workflow.Complete
	}
	return t.Complete > 0
}

// failed reports whether the figures call a task failed.
func (m Meaning) failed(t *Task) bool {
	if m.OwnState {
		return t.State == workflow.Error
	}
	return t.Failed > 0
}

func (w *window) add(m Meaning, t *Task) {
	w.tasks++
	w.steps += t.Steps
	w.stepTime += t.StepTime
	w.ran += t.Complete
	if m.failed(t) {
		w.failed++
	}
	if !m.completed(t) {
		return
	}
	w.done++
	if m.OwnState {
		w.taskTime += t.Since - t.Created
		w.took++
		return
	}
	w.taskTime += t.TaskTime
	w.took += t.Complete
}

func (w *window) period() Period {
	return Period{TaskThroughput: w.tasks, CompletionCount: w.done, ErrorCount: w.failed,
		CompletionRate: percent(w.done, w.tasks), ErrorRate: percent(w.failed, w.tasks),
		AvgTaskDuration: seconds(w.taskTime, w.took), AvgStepDuration: seconds(w.stepTime, w.ran), StepThroughput: w.steps}
}
