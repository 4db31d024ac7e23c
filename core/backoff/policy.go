// Package backoff decides how long a failed step waits before its next attempt.
// A policy is data; the draw of the jitter and the present time are parameters,
// so that every answer can be repeated.
package backoff

import (
	"math"

	"github.com/tasker-systems/tasker-core-go/core/fault"
)

// Strategy is the shape of a policy's curve.
type Strategy string

// The strategies. n is the number of attempts made so far.
const (
	Exponential Strategy = "exponential" // base × multiplier^(n-1)
	Linear      Strategy = "linear"      // base × n
	Constant    Strategy = "constant"    // base
	None        Strategy = "none"        // no wait
)

const (
	// HintMaxDefault is the longest wait in seconds that a server may ask for
	// when the policy names none: an hour, after which a mistaken or hostile
	// header has done enough harm.
	HintMaxDefault = 3600
	// SecondsMax bounds every figure of a policy: one year, well within the
	// 32-bit column that stores waits.
	SecondsMax = 31_536_000
)

// Policy is the wait after a failure as data. It is immutable in use and may be
// shared.
type Policy struct {
	Strategy Strategy `json:"strategy"`
	// BaseSeconds is the wait after the first failure, before jitter.
	BaseSeconds float64 `json:"base_seconds"`
	// Multiplier is the growth per attempt of the exponential curve, at least 1.
	Multiplier float64 `json:"multiplier"`
	// MaxSeconds caps the curve, jitter included. It does not cap a server's hint.
	MaxSeconds int `json:"max_seconds"`
	// Jitter is the share by which a wait may be shorter or longer, 0 to 1.
	Jitter float64 `json:"jitter"`
	// HintMaxSeconds caps what a server may ask for; 0 means HintMaxDefault.
	HintMaxSeconds int `json:"hint_max_seconds"`
}

// Default is the policy of steps that name none: without jitter 2, 4, 8, 16 and
// then 30 seconds (readiness sheet, rule R5; workflow-shapes, N13).
func Default() Policy {
	return Policy{
		Strategy: Exponential, BaseSeconds: 2, Multiplier: 2, MaxSeconds: 30, Jitter: 0.1,
		HintMaxSeconds: HintMaxDefault,
	}
}

// Validate returns nil, or one InvalidRequest that lists every field out of its
// range, each with its name as path.
func (p Policy) Validate() error {
	var problems []fault.Problem
	check := func(ok bool, path, message string) {
		if !ok {
			problems = append(problems, fault.Problem{Path: path, Message: message})
		}
	}
	switch p.Strategy {
	case Exponential, Linear, Constant, None:
	default:
		check(false, "strategy", "the strategy is exponential, linear, constant or none")
	}
	check(p.BaseSeconds >= 0 && p.BaseSeconds <= SecondsMax, "base_seconds", "the base is 0 to 31536000 seconds")
	check(p.Strategy != Exponential || p.Multiplier >= 1 && p.Multiplier <= 1000, "multiplier", "the multiplier is 1 to 1000")
	check(p.MaxSeconds >= 0 && p.MaxSeconds <= SecondsMax, "max_seconds", "the maximum is 0 to 31536000 seconds")
	check(p.Strategy == None || float64(p.MaxSeconds) >= p.BaseSeconds, "max_seconds", "the maximum is not below the base")
	check(p.Jitter >= 0 && p.Jitter <= 1, "jitter", "the jitter is a share from 0 to 1")
	check(p.HintMaxSeconds >= 0 && p.HintMaxSeconds <= SecondsMax, "hint_max_seconds", "the longest hint is 0 to 31536000 seconds")
	if len(problems) == 0 {
		return nil
	}
	err := fault.New(fault.InvalidRequest, "%s", problems[0].Message).At(problems[0].Path)
	err.Problems = problems
	return err
}

// Wait returns the whole seconds, rounded up, between a failure and the next
// attempt (design, D8). attempt is the number of attempts made so far, the
// failed one included; less than 1 counts as 1. A hint from the server wins
// over the curve; it is capped by the policy and has no jitter. draw is a
// number from 0 up to 1 that places the wait within the jitter, 0.5 being its
// middle. The answer never overflows, whatever the attempt.
func (p Policy) Wait(attempt int, hintSeconds *int, draw float64) int {
	if hintSeconds != nil {
		return min(max(*hintSeconds, 0), p.hintMax())
	}
	limit := float64(min(p.MaxSeconds, SecondsMax))
	wait := min(p.curve(max(attempt, 1)), limit)
	wait = min(wait*(1+p.Jitter*(2*draw-1)), limit) // the cap holds after the jitter too
	if wait <= 0 || math.IsNaN(wait) {
		return 0
	}
	return int(math.Ceil(wait))
}

// curve is the wait without cap and jitter; it may be infinite.
func (p Policy) curve(attempt int) float64 {
	switch p.Strategy {
	case Exponential:
		if p.BaseSeconds == 0 {
			return 0 // zero times infinity is no number
		}
		return p.BaseSeconds * math.Pow(p.Multiplier, float64(attempt-1))
	case Linear:
		return p.BaseSeconds * float64(attempt)
	case Constant:
		return p.BaseSeconds
	default:
		return 0
	}
}

func (p Policy) hintMax() int {
	if p.HintMaxSeconds == 0 {
		return HintMaxDefault
	}
	return p.HintMaxSeconds
}
