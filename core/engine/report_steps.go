package engine

import (
	"context"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/tasker-systems/tasker-core-go/core/batch"
	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/readiness"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// Outcome is what became of one attempt of one step.
type Outcome struct {
	// The step.
	StepID int64 `json:"step_id"`
	// The epoch of the lease, from the claim.
	Epoch int64 `json:"epoch"`
	// "complete" or "error".
	Status string `json:"status"`
	// Any JSON value: the step's results, or what a failed attempt leaves. What is not an object is stored under {"value": ...}.
	Results workflow.JSON `json:"results,omitempty"`
	// What went wrong, for "error".
	Error *OutcomeError `json:"error,omitempty"`
	// For "error": never try again, whatever the limit. Default false.
	Permanent bool `json:"permanent,omitempty"`
	// For "error": seconds until the next attempt, as a server asked for, instead of the template's backoff; 0 to 86400.
	RetryAfterSeconds *int `json:"retry_after_seconds,omitempty"`
	// How long the handler ran, in milliseconds, for statistics.
	DurationMS *int64 `json:"duration_ms,omitempty"`
}

// OutcomeError describes a failure.
type OutcomeError struct {
	// One sentence.
	Message string `json:"message"`
	// Class or type of the exception.
	Class string `json:"class,omitempty"`
	// Code that the handler gave.
	Code string `json:"code,omitempty"`
	// Stack trace as one text.
	Backtrace string `json:"backtrace,omitempty"`
}

// ReportStepsRequest carries outcomes, and optionally asks for the next work.
type ReportStepsRequest struct {
	Call
	// The outcomes, 1 to 10000; each gets its own verdict.
	Outcomes []Outcome `json:"outcomes"`
	// Claim further steps in the same transaction.
	Claim *ClaimRequest `json:"claim,omitempty"`
}

// Verdict says what became of one reported outcome.
type Verdict struct {
	// The step.
	StepID int64 `json:"step_id"`
	// The epoch that was reported.
	Epoch int64 `json:"epoch"`
	// "recorded"; "already_recorded" (the same outcome was stored before, safe to repeat); "superseded" (another outcome of this epoch was stored); "lease_lost" (the lease ended: deadline, dead worker, cancel); "conflict" (a foreign writer moved the step); "not_found".
	Verdict string `json:"verdict"`
	// The step's state now, empty for not_found.
	StepState workflow.State `json:"step_state,omitempty"`
	// The task, 0 for not_found.
	TaskID int64 `json:"task_id,omitempty"`
	// The task's state now, empty for not_found.
	TaskState workflow.State `json:"task_state,omitempty"`
	// When the step is tried again, null when it is not.
	RetryAt workflow.Instant `json:"retry_at"`
}

// ReportStepsReply is the answer to step_report.
type ReportStepsReply struct {
	// One verdict per outcome, in the request's order.
	Verdicts []Verdict `json:"verdicts"`
	// Steps leased to the claiming worker.
	Claimed []ClaimedStep `json:"claimed"`
	// Why the claim got nothing, absent when it was served; the verdicts hold all the same.
	ClaimProblem *ClaimProblem `json:"claim_problem,omitempty"`
	// When the next scheduled step of the claiming worker is due, null when none is known or the claim got its limit.
	NextDue workflow.Instant `json:"next_due"`
}

// retryAfterMax bounds the wait that a report may ask for, in seconds: a day.
const retryAfterMax = 86_400

// outcomeMessageMax bounds the text of an error in the history, in bytes; the
// whole of it stays in the step's results.
const outcomeMessageMax = 2_000

// ReportSteps records outcomes, each with a verdict of its own, decides the
// ends of their tasks in the same transaction and, if asked, claims the next
// steps in it. Concurrent calls share a transaction. Repeating a call is safe.
func (e *Engine) ReportSteps(ctx context.Context, r ReportStepsRequest) (ReportStepsReply, error) {
	if err := checkRange("outcomes", int64(len(r.Outcomes)), 1, batchMax); err != nil {
		return ReportStepsReply{}, err
	}
	if err := checkClaim(r.Claim); err != nil {
		return ReportStepsReply{}, err
	}
	for i := range r.Outcomes {
		if err := r.Outcomes[i].check(fmt.Sprintf("outcomes[%d]", i)); err != nil {
			return ReportStepsReply{}, err
		}
	}
	if err := e.prepareClaim(ctx, r.Claim); err != nil {
		return ReportStepsReply{}, err
	}
	reply, err := e.reports.Do(ctx, r)
	if err == nil && r.Claim != nil && reply.ClaimProblem == nil && len(reply.Claimed) < r.Claim.Limit { // a full worker comes back by itself
		reply.NextDue, _ = e.nextDue(ctx, r.Claim.WorkerID) // what was recorded and leased is to be told, whatever comes after
	}
	return reply, err
}

// check refuses an outcome that cannot be understood.
func (o *Outcome) check(path string) error {
	switch o.Status {
	case "complete":
		if o.Error != nil || o.Permanent || o.RetryAfterSeconds != nil {
			return fault.New(fault.InvalidRequest, "%s is complete and describes a failure", path).At(path).
				Advise(`Leave out error, permanent and retry_after_seconds, or set status to "error".`)
		}
	case "error":
		if o.RetryAfterSeconds != nil {
			return checkRange(path+".retry_after_seconds", int64(*o.RetryAfterSeconds), 0, retryAfterMax)
		}
	default:
		return fault.New(fault.InvalidRequest, "%s.status is %q", path, o.Status).At(path + ".status").
			Advise(`Use "complete" or "error".`)
	}
	return nil
}

// runReports serves one group of reports in one transaction.
func (e *Engine) runReports(
	ctx context.Context, requests []ReportStepsRequest, patience batch.Patience,
) (results []batch.Result[ReportStepsReply], err error) {
	err = e.write(patiently(ctx, patience), "", func(u *unit) error {
		results = make([]batch.Result[ReportStepsReply], len(requests))
		var closings []closing
		for i := range requests {
			for k := range requests[i].Outcomes {
				closings = append(closings, outcomeClosing(&requests[i].Outcomes[k], requests[i].CorrelationID))
			}
		}
		verdicts, err := u.close(closings)
		if err != nil {
			return err
		}
		if err := u.conclude(); err != nil {
			return err
		}
		for i, from := 0, 0; i < len(requests); i++ {
			own := verdicts[from : from+len(requests[i].Outcomes)]
			from += len(own)
			results[i].Value = ReportStepsReply{Verdicts: u.withTaskStates(own), Claimed: []ClaimedStep{}}
			reply := &results[i].Value
			reply.Claimed, reply.ClaimProblem, err = u.claimAlong(requests[i].Claim, requests[i].CorrelationID)
			if err != nil {
				return err
			}
		}
		return nil
	})
	return results, err
}

// withTaskStates fills in the states that the tasks will have.
func (u *unit) withTaskStates(verdicts []Verdict) []Verdict {
	for i := range verdicts {
		if task := u.tasks[verdicts[i].TaskID]; task != nil {
			verdicts[i].TaskState = task.State
		}
	}
	return verdicts
}

// outcomeClosing makes a closing of a reported outcome.
func outcomeClosing(o *Outcome, correlation string) closing {
	digest := o.digest()
	return closing{StepID: o.StepID, Epoch: o.Epoch, Digest: digest, correlation: correlation,
		decide: func(u *unit, task *workTask, step *workflow.Step, lease workflow.Lease) ending {
			meta := (&workflow.Object{}).TextIf("correlation_id", correlation).
				Int("epoch", o.Epoch).Text("digest", digest).Int("attempt", int64(step.Tries()+1)).Int("worker_id", lease.WorkerID)
			if o.DurationMS != nil {
				meta.Int("duration_ms", *o.DurationMS)
			}
			if o.Status == "complete" {
				return u.success(o, meta)
			}
			return u.failure(task, step, failure{outcome: o, meta: meta})
		}}
}

// success ends a lease with results (D7, D18).
func (u *unit) success(o *Outcome, meta *workflow.Object) ending {
	results, wrapped := asObject(o.Results.Or("{}"))
	return ending{to: workflow.Complete,
		path: []store.Hop{{To: workflow.Complete, Metadata: meta.Flag("wrapped", wrapped).JSON()}},
		edit: func(c *store.StepChange) {
			c.InProcess, c.Processed, c.ProcessedAt = false, true, u.now
			c.Attempts++
			c.LastAttemptedAt, c.BackoffSeconds, c.Results = u.now, nil, results
		}}
}

// asObject returns results as they are stored, and whether they had to be wrapped
// since they are no object (D18).
func asObject(results workflow.JSON) (stored workflow.JSON, wrapped bool) {
	if results.IsObject() {
		return results, false
	}
	return (&workflow.Object{}).Raw("value", results).JSON(), true
}

// failure is a failed attempt, reported by a worker or found by the core.
type failure struct {
	outcome *Outcome
	meta    *workflow.Object
}

// failure ends a lease with an error: it decides the one wait (D8) or that the
// step is exhausted or permanently failed (D2, D3).
func (u *unit) failure(task *workTask, step *workflow.Step, f failure) ending {
	o := f.outcome
	attempts := step.Tries() + 1
	end := ending{to: workflow.Error}
	retry := !o.Permanent && step.Retryable && attempts < limitOf(step)
	var wait *int
	if retry {
		seconds := u.engine.catalog.backoff(task.NamedTaskID, step.Name).Wait(attempts, o.RetryAfterSeconds, u.engine.Draw())
		wait = &seconds
		at := u.now.Plus(time.Duration(seconds) * time.Second)
		end.retryAt = &at
		f.meta.Int("backoff_seconds", int64(seconds))
	}
	end.stuck = !retry
	f.meta.Flag("permanent", o.Permanent).Flag("exhausted", end.stuck && !o.Permanent)
	if o.Error != nil {
		f.meta.Text("error_message", clip(o.Error.Message)).TextIf("error_class", o.Error.Class).TextIf("error_code", o.Error.Code)
	}
	end.path = []store.Hop{{To: workflow.Error, Metadata: f.meta.JSON()}}
	end.edit = func(c *store.StepChange) {
		c.InProcess, c.Processed, c.Attempts = false, false, attempts
		c.LastAttemptedAt, c.BackoffSeconds = u.now, wait
		c.Retryable = c.Retryable && !o.Permanent
		c.Results = failureResults(o)
	}
	return end
}

// limitOf returns the attempts allowed in total: the default when NULL, and 0 means 1 (D3).
func limitOf(step *workflow.Step) int {
	if step.RetryLimit == nil {
		return readiness.RetryLimitDefault
	}
	return max(1, *step.RetryLimit)
}

// failureResults are what a failed attempt leaves: the keys of the Rails engine
// (orchestration sheet, 6.3), and the handler's own value under output.
func failureResults(o *Outcome) workflow.JSON {
	object := &workflow.Object{}
	if o.Error != nil {
		object.Text("error", o.Error.Message).TextIf("error_class", o.Error.Class).
			TextIf("error_code", o.Error.Code).TextIf("backtrace", o.Error.Backtrace)
	}
	if len(o.Results) > 0 {
		object.Raw("output", o.Results)
	}
	return object.JSON()
}

// clip shortens a text for the history without cutting a character.
func clip(text string) string {
	if len(text) <= outcomeMessageMax {
		return text
	}
	cut := outcomeMessageMax
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
}
