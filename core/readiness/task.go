package readiness

import "github.com/tasker-systems/tasker-core-go/core/workflow"

// The values of Context.ExecutionStatus. Under Core, WaitingForDependencies also
// stands for a task whose steps wait for a time.
const (
	HasReadySteps          = "has_ready_steps"
	Processing             = "processing"
	BlockedByFailures      = "blocked_by_failures"
	AllComplete            = "all_complete"
	WaitingForDependencies = "waiting_for_dependencies"
)

// The values of Context.RecommendedAction, one for each execution status.
const (
	ExecuteReadySteps   = "execute_ready_steps"
	WaitForCompletion   = "wait_for_completion"
	HandleFailures      = "handle_failures"
	FinalizeTask        = "finalize_task"
	WaitForDependencies = "wait_for_dependencies"
)

// The values of Context.HealthStatus.
const (
	Healthy    = "healthy"
	Recovering = "recovering"
	Unhealthy  = "blocked"
)

// actions is the recommended action of each execution status.
var actions = map[string]string{
	HasReadySteps:          ExecuteReadySteps,
	Processing:             WaitForCompletion,
	BlockedByFailures:      HandleFailures,
	AllComplete:            FinalizeTask,
	WaitingForDependencies: WaitForDependencies,
}

// Context is the execution context of a task (readiness sheet, section 5).
type Context struct {
	Status               workflow.State
	TotalSteps           int
	PendingSteps         int
	InProgressSteps      int
	CompletedSteps       int // complete or resolved
	FailedSteps          int // in error, whether they will be tried again or not
	ReadySteps           int
	CancelledSteps       int
	ExecutionStatus      string
	RecommendedAction    string
	CompletionPercentage float64 // 0 to 100 with two decimals, half rounded away from zero; 0 without steps
	HealthStatus         string
	Blocked              bool // nothing moves the task without a person
	// NextWakeAt is the earliest instant at which something can happen without a
	// person (D5, D6): now when a step is ready, else the earliest end of a wait;
	// zero when there is none, also while all that goes on is running steps.
	NextWakeAt workflow.Instant
}

// Tally sums up the steps of one task without keeping them. Start it with
// Policy.Tally; it is for one goroutine.
type Tally struct {
	policy  Policy
	counts  Context
	running int
	waiting int
	stuck   int // failed steps that are not tried again
	wake    workflow.Instant
}

// Tally starts the summary of a task.
func (p Policy) Tally() *Tally { return &Tally{policy: p} }

// Add counts one step, judged by the same policy.
func (t *Tally) Add(v *Verdict) {
	t.counts.TotalSteps++
	switch v.State {
	case workflow.Pending:
		t.counts.PendingSteps++
	case workflow.InProgress:
		t.counts.InProgressSteps++
	case workflow.Complete, workflow.ResolvedManually:
		t.counts.CompletedSteps++
	case workflow.Cancelled:
		t.counts.CancelledSteps++
	case workflow.Error:
		t.counts.FailedSteps++
		if t.policy.spent(v) {
			t.stuck++
		}
	}
	switch {
	case v.Ready:
		t.counts.ReadySteps++
	case v.Reason == Running:
		t.running++
	case v.Runnable:
		t.waiting++
		if t.wake.IsZero() || v.DueAt.Before(t.wake.Time) {
			t.wake = v.DueAt
		}
	}
}

// spent reports whether a failed step counts as blocked: to the Rails engine
// only when its attempts are used up, so that a failure that is not retryable
// never does.
func (p Policy) spent(v *Verdict) bool {
	if p.BlockedWhenIdle {
		return v.Stuck
	}
	return !v.RetryEligible
}

// Context returns the summary of the steps added so far, for a task in the given
// state.
func (t *Tally) Context(status workflow.State, now workflow.Instant) Context {
	c := t.counts
	c.Status = status
	c.Blocked = t.blocked(status)
	c.ExecutionStatus = t.status(c.Blocked)
	c.RecommendedAction = actions[c.ExecutionStatus]
	c.CompletionPercentage = percentage(c.CompletedSteps, c.TotalSteps)
	c.HealthStatus = t.health(c.Blocked)
	if c.NextWakeAt = t.wake; c.ReadySteps > 0 {
		c.NextWakeAt = now
	}
	return c
}

func (t *Tally) complete() bool { return t.counts.CompletedSteps == t.counts.TotalSteps }

// blocked is D4 under Core. To the Rails engine the task is blocked by a step
// whose attempts are used up, unless something is ready or in progress.
func (t *Tally) blocked(status workflow.State) bool {
	if t.policy.BlockedWhenIdle {
		return !t.complete() && !status.Ended() && t.counts.ReadySteps+t.running+t.waiting == 0
	}
	return t.stuck > 0 && t.counts.ReadySteps == 0 && t.counts.InProgressSteps == 0
}

// status is the first match of the table of section 5. A task without steps is
// complete to Core, since nothing in it is open, and waits for ever in Rails.
func (t *Tally) status(blocked bool) string {
	switch {
	case t.counts.ReadySteps > 0:
		return HasReadySteps
	case t.running > 0:
		return Processing
	case blocked:
		return BlockedByFailures
	case t.complete() && (t.policy.BlockedWhenIdle || t.counts.TotalSteps > 0):
		return AllComplete
	}
	return WaitingForDependencies
}

func (t *Tally) health(blocked bool) string {
	switch {
	case blocked:
		return Unhealthy
	case t.counts.FailedSteps == 0:
		return Healthy
	case t.counts.ReadySteps > 0:
		return Recovering
	case t.stuck > 0:
		return Unhealthy
	}
	return Recovering
}

// percentage is round(100 × done / total, 2), half away from zero, in whole
// hundredths so that no binary fraction gets in before the rounding.
func percentage(done, total int) float64 {
	if total == 0 {
		return 0
	}
	return float64((20_000*done+total)/(2*total)) / 100
}

// Task sums up the verdicts on all steps of a task in the given state.
func (p Policy) Task(status workflow.State, steps []Verdict, now workflow.Instant) Context {
	t := p.Tally()
	for i := range steps {
		t.Add(&steps[i])
	}
	return t.Context(status, now)
}

// Parents counts the edges into each step and those whose parent is satisfied,
// by step id: Parents and ParentsDone of Step. A duplicated edge counts twice,
// and state must also know the parents in other tasks (rule R3).
func Parents(edges []workflow.Edge, state func(id int64) workflow.State) map[int64][2]int {
	counts := make(map[int64][2]int)
	for _, e := range edges {
		n := counts[e.To]
		n[0]++
		if state(e.From).Satisfies() {
			n[1]++
		}
		counts[e.To] = n
	}
	return counts
}
