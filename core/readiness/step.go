package readiness

import (
	"math"
	"time"

	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// Step is what the decision looks at. The zero value of a field means absent.
type Step struct {
	State           workflow.State // empty counts as pending
	Attempts        *int           // attempts that have ended; nil counts as 0
	RetryLimit      *int           // attempts in total; nil counts as RetryLimitDefault
	Retryable       bool
	Permanent       bool // the current error row says {"permanent": true} (D2); Core only
	Processed       bool
	InProcess       bool
	Leased          bool // a lease of this engine exists; Core only
	LastAttemptedAt workflow.Instant
	BackoffSeconds  *int             // the wait that the last failure asked for
	FailedAt        workflow.Instant // creation of the current row when the state is error
	Parents         int              // edges into the step, duplicates and other tasks' steps included (R3)
	ParentsDone     int              // those whose parent is complete or resolved
	TaskState       workflow.State   // state of the task; Core only
	NotBefore       workflow.Instant // the task's start_at; Core only
	SerialBusy      bool             // the task runs one step at a time and another is leased (D12); Core only
}

// The reasons: why a step does not run. The set is closed. A step that may run
// now has none.
const (
	DependenciesNotSatisfied = "dependencies_not_satisfied" // a parent is neither complete nor resolved
	WaitingForRetry          = "waiting_for_retry"          // the wait after its last failure is not over
	WaitingForStart          = "waiting_for_start"          // the task's start_at is not reached
	Running                  = "running"                    // a worker has it
	NotLeased                = "not_leased"                 // in progress, but no worker of this engine has it
	RetriesExhausted         = "retries_exhausted"          // every attempt that the limit allows was made
	NotRetryable             = "not_retryable"              // it may not be tried again
	PermanentFailure         = "permanent_failure"          // its handler said that trying again cannot help
	InProcess                = "in_process"                 // its in_process flag is set though nobody has it
	Processed                = "processed"                  // its processed flag is set though it is not complete
	TaskEnded                = "task_ended"                 // its task is complete, cancelled or resolved
	SerialBusy               = "serial_busy"                // its task runs one step at a time, and another is running
	AlreadyComplete          = "complete"
	AlreadyResolved          = "resolved_manually"
	AlreadyCancelled         = "cancelled"
	UnknownState             = "unknown_state" // a foreign writer left a state that the machine lacks
)

// Verdict is the decision about one step.
type Verdict struct {
	State                 workflow.State // the state that was judged
	Ready                 bool           // it may run now
	DependenciesSatisfied bool
	RetryEligible         bool             // its limit (and, under Core, its kind of failure) leaves it an attempt
	LastFailureAt         workflow.Instant // when it failed, zero unless its state is error
	NextRetryAt           workflow.Instant // when its wait is over, zero without one (R8)
	DueAt                 workflow.Instant // when it may run if only time is missing; zero when ready, or when more is missing
	Runnable              bool             // ready now or at DueAt: it deserves a row in the ready queue
	Stuck                 bool             // nothing moves it without a person, a foreign writer or a repair
	Reason                string           // why it is not ready, one of the reasons; empty when it is
}

// Step judges one step at the given instant. A wait that ends exactly now is
// over. It is pure and safe for concurrent use.
func (p Policy) Step(s Step, now workflow.Instant) Verdict {
	if s.State == "" {
		s.State = workflow.Pending
	}
	v := Verdict{State: s.State, DependenciesSatisfied: s.ParentsDone >= s.Parents, RetryEligible: p.eligible(&s)}
	if s.State == workflow.Error {
		v.LastFailureAt = s.FailedAt
	}
	due := p.waits(&s, &v)
	v.Reason = p.obstacle(&s, &v)
	if v.Reason == "" && due.After(now.Time) {
		v.DueAt = due
		v.Reason = WaitingForRetry
		if p.Leases && due.Equal(s.NotBefore.Time) && !due.Equal(v.NextRetryAt.Time) {
			v.Reason = WaitingForStart
		}
	}
	v.Ready = v.Reason == ""
	v.Runnable = v.Ready || !v.DueAt.IsZero()
	v.Stuck = stuck(v.Reason)
	return v
}

// stuck tells the reasons that no time and no other step takes away.
func stuck(reason string) bool {
	switch reason {
	case RetriesExhausted, NotRetryable, PermanentFailure, AlreadyCancelled, UnknownState, NotLeased, InProcess, Processed:
		return true
	}
	return false
}

// attempts returns the attempts that have ended.
func (s *Step) attempts() int {
	if s.Attempts == nil {
		return 0
	}
	return *s.Attempts
}

// Limit returns the attempts that a stored retry_limit allows in total, nil being
// NULL.
func (p Policy) Limit(stored *int) int {
	limit := RetryLimitDefault
	if stored != nil {
		limit = *stored
	}
	if p.FirstAlways {
		return max(limit, 1) // 0 and 1 both mean one attempt (D3)
	}
	return limit
}

// eligible is rule R6, and under Core also whether a re-try is allowed at all.
func (p Policy) eligible(s *Step) bool {
	if s.attempts() >= p.Limit(s.RetryLimit) {
		return false
	}
	return !p.FirstAlways || p.first(s) || s.Retryable && !s.Permanent
}

// first reports whether the next attempt is the step's first. A step in error
// without an attempt lost its lease while it ran: it may have taken effect, so
// trying it again is a re-try (design, section 6).
func (p Policy) first(s *Step) bool { return s.attempts() <= 0 && s.State != workflow.Error }

// obstacle returns what keeps the step from running apart from time.
func (p Policy) obstacle(s *Step, v *Verdict) string {
	switch s.State {
	case workflow.Pending, workflow.Error:
	case workflow.InProgress:
		if p.Leases && !s.Leased {
			return NotLeased
		}
		return Running
	case workflow.Complete:
		return AlreadyComplete
	case workflow.ResolvedManually:
		return AlreadyResolved
	case workflow.Cancelled:
		return AlreadyCancelled
	default:
		return UnknownState
	}
	if p.Leases && s.TaskState.Ended() {
		return TaskEnded
	}
	if reason := p.exhausted(s, v); reason != "" {
		return reason
	}
	switch {
	case s.Processed:
		return Processed
	case s.InProcess:
		return InProcess
	case !v.DependenciesSatisfied:
		return DependenciesNotSatisfied
	case p.Leases && s.SerialBusy:
		return SerialBusy
	}
	return ""
}

// exhausted returns why no attempt is left, or nothing.
func (p Policy) exhausted(s *Step, v *Verdict) string {
	switch {
	case s.attempts() >= p.Limit(s.RetryLimit):
		return RetriesExhausted
	case p.FirstAlways && v.RetryEligible:
		return ""
	case p.FirstAlways && s.Permanent:
		return PermanentFailure
	case !s.Retryable:
		return NotRetryable
	}
	return ""
}

// waits sets NextRetryAt and returns the instant at which every wait is over.
func (p Policy) waits(s *Step, v *Verdict) workflow.Instant {
	var stored workflow.Instant // X of rule R4
	if s.BackoffSeconds != nil && !s.LastAttemptedAt.IsZero() {
		stored = after(s.LastAttemptedAt, time.Duration(*s.BackoffSeconds)*time.Second)
	}
	if p.StoredWait {
		if v.RetryEligible && (s.State == workflow.Pending || s.State == workflow.Error) {
			v.NextRetryAt = stored
		}
		return later(stored, s.NotBefore)
	}
	var curve workflow.Instant // Y of rule R5
	if !v.LastFailureAt.IsZero() {
		curve = after(v.LastFailureAt, railsWait(s.Attempts))
	}
	if v.NextRetryAt = stored; stored.IsZero() {
		v.NextRetryAt = curve
	}
	return later(stored, curve)
}

// railsWait is W of rule R5: min(2^attempts, 30) seconds, with 1 for unknown
// attempts. Computed as a capped power it cannot overflow, unlike the SQL.
func railsWait(attempts *int) time.Duration {
	exponent := 1
	if attempts != nil {
		exponent = *attempts
	}
	const microseconds = 1e6 // the resolution of the database, which rounds half to even
	return time.Duration(math.RoundToEven(min(math.Exp2(float64(exponent)), 30)*microseconds)) * time.Microsecond
}

// after returns the instant a wait later. Both are whole microseconds already,
// and the truncation of Instant.Plus would double the cost of a verdict.
func after(at workflow.Instant, wait time.Duration) workflow.Instant {
	return workflow.Instant{Time: at.Add(wait)}
}

func later(a, b workflow.Instant) workflow.Instant {
	if a.After(b.Time) {
		return a
	}
	return b
}
