package factory

import (
	"fmt"
	"hash/fnv"
	"strconv"
	"time"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// Plan is how a handler behaves over its executions: one of F1 to F12 of the
// workflow-shapes sheet. The zero Plan always succeeds.
type Plan struct {
	Code        string // F1 to F12, empty for success
	Times       int
	Probability float64
	Seconds     int
	ErrorCode   string
	Value       workflow.JSON
	Patterns    []Pattern
}

// Pattern is one rule of a composite plan (F5); the first that applies wins.
type Pattern struct {
	Min, Max    int     // execution_range: executions Min to Max; both 0: any
	Probability float64 // probability(p); 0: always
	Action      string  // "fail", "delay" or "succeed"
	Seconds     int     // of a delay
}

// FailTimes fails n times, then succeeds (F1).
func FailTimes(n int) Plan { return Plan{Code: "F1", Times: n} }

// RandomFailure fails with the probability, drawn by the play's seed (F2).
func RandomFailure(p float64) Plan { return Plan{Code: "F2", Probability: p} }

// TimeoutTimes simulates a network timeout n times, then succeeds (F3).
func TimeoutTimes(n int) Plan { return Plan{Code: "F3", Times: n} }

// Idempotent answers a repeat execution with what the first stored (F4).
func Idempotent() Plan { return Plan{Code: "F4"} }

// Composite follows patterns by execution (F5).
func Composite(patterns ...Pattern) Plan { return Plan{Code: "F5", Patterns: patterns} }

// AlwaysFail never succeeds and exhausts every limit (F6).
func AlwaysFail() Plan { return Plan{Code: "F6"} }

// Permanent fails once and for all (F7).
func Permanent(code string) Plan { return Plan{Code: "F7", ErrorCode: code} }

// RetryAfter fails n times as a server that asks for a wait, then succeeds (F8).
func RetryAfter(seconds, n int) Plan { return Plan{Code: "F8", Seconds: seconds, Times: n} }

// Hang outlives its deadline n times, then succeeds (F9).
func Hang(n int) Plan { return Plan{Code: "F9", Times: n} }

// Crash takes its worker's process down n times, then succeeds (F10).
func Crash(n int) Plan { return Plan{Code: "F10", Times: n} }

// NonObject succeeds with a result that is not an object (F11).
func NonObject(value string) Plan { return Plan{Code: "F11", Value: workflow.JSON(value)} }

// WrongResult reports success for what failed (F12).
func WrongResult() Plan { return Plan{Code: "F12"} }

// Act is what one execution of a handler does.
type Act struct {
	Crash   bool          // the process dies, no report
	Hang    bool          // the deadline passes before the report
	Delay   time.Duration // before the report
	Outcome engine.Outcome
}

// Act tells what execution n (1 for the first) of the step does. key and seed
// place the random plans; nothing else depends on them.
func (p Plan) Act(step engine.ClaimedStep, n int, seed uint64) Act {
	act := Act{Outcome: engine.Outcome{StepID: step.StepID, Epoch: step.Epoch, Status: "complete"}}
	key := step.Name + "/" + strconv.FormatInt(step.TaskID, 10)
	switch p.Code {
	case "F1", "F6":
		p.failTimes(&act, n)
	case "F2":
		p.random(&act, n, chance(seed, key, n) < p.Probability)
	case "F3":
		p.timeouts(&act, n)
	case "F4":
		act.Outcome.Results = idempotent(step.Name, n)
	case "F5":
		p.composite(&act, n, chance(seed, key, n))
	case "F7":
		act.fail("a permanent error", map[string]any{"error_code": p.ErrorCode})
		act.Outcome.Permanent, act.Outcome.Error.Code = true, p.ErrorCode
	case "F8":
		if n <= p.Times {
			act.fail("the server asks to wait", map[string]any{"retry_after": p.Seconds})
			act.Outcome.RetryAfterSeconds = &p.Seconds
		}
	case "F9":
		act.Hang = n <= p.Times
	case "F10":
		act.Crash = n <= p.Times
	case "F11":
		act.Outcome.Results = p.Value
	case "F12":
		act.Outcome.Results = encode(map[string]any{"status": "error", "message": "reported as a success"})
	}
	if act.Outcome.Status == "complete" && act.Outcome.Results == nil {
		act.Outcome.Results = encode(map[string]any{"success": true, "step": step.Name})
	}
	return act
}

// fail turns the act into a failure with a payload.
func (a *Act) fail(message string, payload map[string]any) {
	a.Outcome.Status = "error"
	payload["error"] = message
	a.Outcome.Results = encode(payload)
	a.Outcome.Error = &engine.OutcomeError{Message: message, Class: "PlannedFailure"}
}

func (p Plan) failTimes(act *Act, n int) {
	if p.Code == "F6" || n <= p.Times {
		act.fail(fmt.Sprintf("planned failure %d", n), map[string]any{"attempt": n, "max_failures": p.Times,
			"will_succeed_next": p.Code == "F1" && n == p.Times})
		return
	}
	act.Outcome.Results = encode(map[string]any{"success": true, "total_attempts": n, "failed_attempts": n - 1})
}

func (p Plan) random(act *Act, n int, fails bool) {
	if fails {
		act.fail("random failure", map[string]any{"attempt": n, "failure_probability": p.Probability})
		return
	}
	act.Outcome.Results = encode(map[string]any{"success": true, "attempt": n})
}

func (p Plan) timeouts(act *Act, n int) {
	if n <= p.Times {
		act.fail("network timeout", map[string]any{"attempt": n, "timeout_simulation": true, "retry_recommended": true,
			"max_timeouts": p.Times})
		return
	}
	act.Outcome.Results = encode(map[string]any{"status": 200, "total_attempts": n})
}

// idempotent is the payload of F4: a checksum of the name, and on a repeat the
// same with a note.
func idempotent(name string, n int) workflow.JSON {
	payload := map[string]any{"checksum": strconv.FormatUint(digest(name), 16)}
	if n > 1 {
		payload["idempotency_check"] = map[string]any{"execution_count": n, "is_repeat_execution": true}
	}
	return encode(payload)
}

func (p Plan) composite(act *Act, n int, drawn float64) {
	for i, pattern := range p.Patterns {
		ranged := pattern.Min == 0 && pattern.Max == 0 || n >= pattern.Min && n <= pattern.Max
		if !ranged || (pattern.Probability > 0 && drawn >= pattern.Probability) {
			continue
		}
		switch pattern.Action {
		case "fail":
			act.fail("planned by a pattern", map[string]any{"pattern": i, "execution_count": n})
		case "delay":
			act.Delay = time.Duration(pattern.Seconds) * time.Second
		}
		return
	}
}

// chance is a number from 0 up to 1 for one execution of one step.
func chance(seed uint64, key string, n int) float64 {
	return float64(digest(fmt.Sprintf("%d/%s/%d", seed, key, n))>>11) / (1 << 53)
}

func digest(text string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(text)) // never fails
	x := h.Sum64()               // FNV leaves the high bits of short texts alike
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	return x ^ x>>33
}
