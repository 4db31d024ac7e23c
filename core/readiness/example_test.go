package readiness_test

import (
	"fmt"
	"time"

	"github.com/tasker-systems/tasker-core-go/core/readiness"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// A step that failed a second ago and has to wait for thirty.
func ExamplePolicy_Step() {
	now := workflow.At(time.Date(2026, 1, 31, 9, 30, 0, 0, time.UTC))
	attempts, wait := 1, 30
	v := readiness.Core.Step(readiness.Step{
		State: workflow.Error, Attempts: &attempts, Retryable: true,
		LastAttemptedAt: now.Plus(-time.Second), BackoffSeconds: &wait, FailedAt: now.Plus(-time.Second),
	}, now)
	fmt.Println(v.Ready, v.Reason, v.DueAt)
	// Output: false waiting_for_retry 2026-01-31T09:30:29.000000Z
}
