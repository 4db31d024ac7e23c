package engine

import (
	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// Call are the fields that every request may carry.
type Call struct {
	// Deadline of the whole call in milliseconds, 1 to 600000. Default 30000. When it passes, the outcome of a write is unknown and repeating the same call is safe.
	TimeoutMS int64 `json:"timeout_ms,omitempty"`
	// Text of at most 128 characters that is kept in the metadata of every transition that the call writes.
	CorrelationID string `json:"correlation_id,omitempty"`
}

// Empty is a request without fields of its own.
type Empty struct {
	Call
}

// HandlerMatch says which steps a worker has handlers for. An absent field matches anything.
type HandlerMatch struct {
	// Namespace of the task type; absent matches every namespace.
	Namespace string `json:"namespace,omitempty"`
	// Name of the task type; absent matches every task type.
	Task string `json:"task,omitempty"`
	// Version of the task type; absent matches every version.
	Version string `json:"version,omitempty"`
	// Name of the step; absent matches every step.
	Step string `json:"step,omitempty"`
}

// ClaimRequest asks for work together with another write, in the same transaction.
type ClaimRequest struct {
	// The worker that will run the steps.
	WorkerID int64 `json:"worker_id"`
	// Most steps to claim, 1 to 1000.
	Limit int `json:"limit"`
}

// ClaimProblem says why the claim of a call got nothing while the rest of the call took effect.
type ClaimProblem struct {
	// "not_found": the worker is not registered any more; register again.
	Code fault.Kind `json:"code"`
	// One sentence.
	Message string `json:"message"`
}

// ClaimedStep is all that a handler needs to run one attempt of one step.
type ClaimedStep struct {
	// The step.
	StepID int64 `json:"step_id"`
	// Its task.
	TaskID int64 `json:"task_id"`
	// Names this lease for ever; every report of this attempt must carry it.
	Epoch int64 `json:"epoch"`
	// Number of this attempt, 1 for the first.
	Attempt int `json:"attempt"`
	// Attempts allowed in total.
	RetryLimit int `json:"retry_limit"`
	// When the attempt must have been reported; later the core ends it.
	DeadlineAt workflow.Instant `json:"deadline_at"`
	// Seconds from the claim to the deadline.
	TimeoutSeconds int `json:"timeout_seconds"`
	// Name of the step.
	Name string `json:"name"`
	// Namespace of the task type.
	Namespace string `json:"namespace"`
	// Name of the task type.
	TaskName string `json:"task_name"`
	// Version of the task type.
	Version string `json:"version"`
	// handler_class of the template, empty when it names none.
	HandlerClass string `json:"handler_class,omitempty"`
	// handler_config of the template, null when it has none.
	HandlerConfig workflow.JSON `json:"handler_config"`
	// The task's context, any JSON object.
	Context workflow.JSON `json:"context"`
	// The step's inputs; the context unless a person edited them.
	Inputs workflow.JSON `json:"inputs"`
	// Results of the step's parents, by step id.
	Parents []ParentResult `json:"parents"`
	// Results that an earlier failed attempt left, {} for the first.
	PreviousResults workflow.JSON `json:"previous_results"`
}

// ParentResult is the result of one parent of a claimed step.
type ParentResult struct {
	// The parent step.
	StepID int64 `json:"step_id"`
	// Its name.
	Name string `json:"name"`
	// complete or resolved_manually.
	State workflow.State `json:"state"`
	// Its results; a result that was not an object is unwrapped again.
	Results workflow.JSON `json:"results"`
}

// Range limits of requests. They are stated in the documentation of each field.
const (
	timeoutDefaultMS = 30_000
	timeoutMaxMS     = 600_000
	batchMax         = 10_000 // entries in one request; bounds memory and the length of a transaction
	claimMax         = 1_000  // steps in one claim; more only delays other workers
	textMax          = 128    // characters, the width of the columns
)

// checkRange returns an invalid_request error unless min <= value <= max.
func checkRange(path string, value, least, most int64) error {
	if value < least || value > most {
		return fault.New(fault.InvalidRequest, "%s is %d; it must be from %d to %d", path, value, least, most).
			At(path).With("least", least).With("most", most)
	}
	return nil
}

// checkText returns an invalid_request error when text is too long for its
// column or holds a NUL, which no text column takes.
func checkText(path, text string) error {
	runes := 0
	for _, r := range text {
		if r == 0 {
			return fault.New(fault.InvalidRequest, "%s contains a NUL character", path).At(path).Advise("Remove the NUL.")
		}
		runes++
	}
	if runes > textMax {
		return fault.New(fault.InvalidRequest, "%s has %d characters; at most %d fit", path, runes, textMax).At(path).
			Advise("Shorten it.")
	}
	return nil
}
