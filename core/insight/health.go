package insight

import "github.com/tasker-systems/tasker-core-go/core/workflow"

// Owners counts the tasks that share a state.
type Owners struct {
	State workflow.State // of the current row, empty without one
	Count int64
}

// StepGroup counts the steps that share all of these. Only the state is told of
// steps that are not in error.
type StepGroup struct {
	State      workflow.State // of the current row, empty without one
	Attempts   *int64
	RetryLimit *int64
	Retryable  bool
	Attempted  bool // it is known when the last attempt ended
	Waiting    bool // the wait that was asked for is not over
	Count      int64
}

// HealthFacts are what a store counts for Health.
type HealthFacts struct {
	Tasks             []Owners
	Steps             []StepGroup
	ActiveConnections int64
	MaxConnections    int64
}

// Health counts tasks and steps by state over the whole database, and the connections to it.
type Health struct {
	// All tasks.
	TotalTasks int64 `json:"total_tasks"`
	// Tasks in state pending, among them those without any history.
	PendingTasks int64 `json:"pending_tasks"`
	// Tasks in state in_progress.
	InProgressTasks int64 `json:"in_progress_tasks"`
	// Tasks in state complete.
	CompleteTasks int64 `json:"complete_tasks"`
	// Tasks in state error.
	ErrorTasks int64 `json:"error_tasks"`
	// Tasks in state cancelled.
	CancelledTasks int64 `json:"cancelled_tasks"`
	// Tasks in state resolved_manually.
	ResolvedTasks int64 `json:"resolved_manually_tasks"`
	// Tasks in a state that the machine lacks.
	UnknownTasks int64 `json:"unknown_tasks"`
	// All steps.
	TotalSteps int64 `json:"total_steps"`
	// Steps in state pending, among them those without any history.
	PendingSteps int64 `json:"pending_steps"`
	// Steps in state in_progress.
	InProgressSteps int64 `json:"in_progress_steps"`
	// Steps in state complete.
	CompleteSteps int64 `json:"complete_steps"`
	// Steps in state error.
	ErrorSteps int64 `json:"error_steps"`
	// Steps in state cancelled.
	CancelledSteps int64 `json:"cancelled_steps"`
	// Steps in state resolved_manually.
	ResolvedSteps int64 `json:"resolved_manually_steps"`
	// Steps in a state that the machine lacks.
	UnknownSteps int64 `json:"unknown_steps"`
	// Steps in error that will be tried again: retryable, with an attempt left.
	RetryableErrorSteps int64 `json:"retryable_error_steps"`
	// Steps in error whose attempts are used up.
	ExhaustedRetrySteps int64 `json:"exhausted_retry_steps"`
	// Steps of retryable_error_steps whose wait is not over.
	InBackoffSteps int64 `json:"in_backoff_steps"`
	// Connections to the database that are at work, this call's included.
	ActiveConnections int64 `json:"active_connections"`
	// Connections that the database allows.
	MaxConnections int64 `json:"max_connections"`
}

// Health sums the facts up (readiness sheet, section 9).
func (m Meaning) Health(f HealthFacts) Health {
	h := Health{ActiveConnections: f.ActiveConnections, MaxConnections: f.MaxConnections}
	for _, o := range f.Tasks {
		h.TotalTasks += o.Count
		if place := m.place(o.State, &h.PendingTasks, &h.InProgressTasks, &h.CompleteTasks, &h.ErrorTasks,
			&h.CancelledTasks, &h.ResolvedTasks, &h.UnknownTasks); place != nil {
			*place += o.Count
		}
	}
	for i := range f.Steps {
		g := &f.Steps[i]
		h.TotalSteps += g.Count
		if place := m.place(g.State, &h.PendingSteps, &h.InProgressSteps, &h.CompleteSteps, &h.ErrorSteps,
			&h.CancelledSteps, &h.ResolvedSteps, &h.UnknownSteps); place != nil {
			*place += g.Count
		}
		if g.State == workflow.Error {
			m.addRetry(&h, g)
		}
	}
	return h
}

// place returns the counter of a state, nil for what is counted nowhere.
func (m Meaning) place(state workflow.State, pending, running, complete, failed, cancelled, resolved, unknown *int64) *int64 {
	switch state {
	case "":
		if m.OwnState {
			return pending
		}
		return nil
	case workflow.Pending:
		return pending
	case workflow.InProgress:
		return running
	case workflow.Complete:
		return complete
	case workflow.Error:
		return failed
	case workflow.Cancelled:
		return cancelled
	case workflow.ResolvedManually:
		return resolved
	}
	return unknown
}

// addRetry counts failed steps by what is left to them. To the letter, absent
// attempts or an absent limit fall out of all three counters, and every
// retryable step that was attempted is in backoff whatever the time.
func (m Meaning) addRetry(h *Health, g *StepGroup) {
	attempts, limit := int64(0), int64(retryLimitDefault)
	if g.RetryLimit != nil {
		limit = *g.RetryLimit
	}
	if g.Attempts != nil {
		attempts = *g.Attempts
	}
	waiting := g.Waiting
	if m.OwnState {
		limit = max(limit, 1) // 0 and 1 both mean one attempt (D3)
	} else {
		if g.Attempts == nil || g.RetryLimit == nil {
			return
		}
		waiting = g.Attempted
	}
	switch {
	case attempts >= limit:
		h.ExhaustedRetrySteps += g.Count
	case g.Retryable:
		h.RetryableErrorSteps += g.Count
		if waiting {
			h.InBackoffSteps += g.Count
		}
	}
}

// retryLimitDefault is the number of attempts when none is stored (readiness
// sheet, section 3).
const retryLimitDefault = 3
