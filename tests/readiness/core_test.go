package readiness_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/readiness"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// coreStep is a step of core.json; the header of the file explains it.
type coreStep struct {
	State           workflow.State `json:"state"`
	Attempts        *int           `json:"attempts"`
	RetryLimit      *int           `json:"retry_limit"`
	Retryable       bool           `json:"retryable"`
	Permanent       bool           `json:"permanent"`
	Processed       bool           `json:"processed"`
	InProcess       bool           `json:"in_process"`
	Leased          bool           `json:"leased"`
	LastAttemptedAt *float64       `json:"last_attempted_ago_s"`
	BackoffSeconds  *int           `json:"backoff_request_seconds"`
	FailedAt        *float64       `json:"failed_ago_s"`
	Parents         [2]int         `json:"parents"`
	TaskState       workflow.State `json:"task_state"`
	NotBefore       *float64       `json:"not_before_rel"`
	SerialBusy      bool           `json:"serial_busy"`
}

// UnmarshalJSON applies the defaults that the header of the file states.
func (s *coreStep) UnmarshalJSON(raw []byte) error {
	type plain coreStep
	limit := 3
	p := plain{RetryLimit: &limit, Retryable: true}
	err := json.Unmarshal(raw, &p)
	*s = coreStep(p)
	return err
}

func (s *coreStep) input() readiness.Step {
	in := readiness.Step{
		State: s.State, Attempts: s.Attempts, RetryLimit: s.RetryLimit, Retryable: s.Retryable, Permanent: s.Permanent,
		Processed: s.Processed, InProcess: s.InProcess, Leased: s.Leased, BackoffSeconds: s.BackoffSeconds,
		Parents: s.Parents[0], ParentsDone: s.Parents[1], TaskState: s.TaskState,
		SerialBusy: s.SerialBusy,
	}
	if s.LastAttemptedAt != nil {
		in.LastAttemptedAt = ago(*s.LastAttemptedAt)
	}
	if s.FailedAt != nil {
		in.FailedAt = ago(*s.FailedAt)
	}
	if s.NotBefore != nil {
		in.NotBefore = ago(-*s.NotBefore)
	}
	return in
}

type coreCase struct {
	ID       string         `json:"id"`
	Title    string         `json:"title"`
	Step     *coreStep      `json:"step"`
	Status   workflow.State `json:"status"`
	Steps    []coreStep     `json:"steps"`
	Expected map[string]any `json:"expected"`
}

func coreCases(t *testing.T) []coreCase {
	var file struct{ Cases []coreCase }
	read(t, "testdata", "core.json", &file)
	return file.Cases
}

// checkCore runs one case and returns the first difference.
func checkCore(c coreCase) string {
	if c.Step != nil {
		v := readiness.Core.Step(c.Step.input(), moment)
		return difference(c.Expected, normal(map[string]any{
			"ready": v.Ready, "reason": v.Reason, "runnable": v.Runnable, "stuck": v.Stuck, "due_rel": rel(v.DueAt),
			"next_retry_rel": rel(v.NextRetryAt), "last_failure_rel": rel(v.LastFailureAt),
			"retry_eligible": v.RetryEligible, "dependencies_satisfied": v.DependenciesSatisfied,
		}))
	}
	var verdicts []readiness.Verdict
	for i := range c.Steps {
		verdicts = append(verdicts, readiness.Core.Step(c.Steps[i].input(), moment))
	}
	got := readiness.Core.Task(c.Status, verdicts, moment)
	return difference(c.Expected, normal(map[string]any{
		"execution_status": got.ExecutionStatus, "recommended_action": got.RecommendedAction,
		"health_status": got.HealthStatus, "blocked": got.Blocked, "next_wake_rel": rel(got.NextWakeAt),
		"cancelled_steps": got.CancelledSteps, "completion_percentage": got.CompletionPercentage,
	}))
}

func TestEveryDecisionOfTheCorePolicyIsAsWritten(t *testing.T) {
	t.Parallel()
	rules := map[string]int{}
	for _, c := range coreCases(t) {
		require.Empty(t, checkCore(c), "%s %s", c.ID, c.Title)
		rules[c.ID[:2]]++
	}
	for _, rule := range []string{"D1", "D2", "D3", "D4", "D5", "D6", "D7", "D8", "D9"} {
		require.GreaterOrEqual(t, rules[rule], 3, "several cases of %s", rule)
	}
}

func TestAlteringAnyDecisionOfTheCorePolicyIsNoticed(t *testing.T) {
	t.Parallel()
	for _, c := range coreCases(t) {
		alter(c.Expected, func(path string) { require.NotEmpty(t, checkCore(c), "%s%s", c.ID, path) })
	}
}

func TestExplicitWaitDisregardsTheCurveOnlyUnderCore(t *testing.T) {
	t.Parallel()
	attempts, limit, wait := 4, 10, 1
	s := readiness.Step{
		State: workflow.Error, Attempts: &attempts, RetryLimit: &limit, Retryable: true,
		LastAttemptedAt: ago(2), BackoffSeconds: &wait, FailedAt: ago(2),
	}
	require.True(t, readiness.Core.Step(s, moment).Ready)
	rails := readiness.Rails.Step(s, moment)
	require.False(t, rails.Ready)
	require.Equal(t, moment.Plus(14*time.Second), rails.DueAt, "rails waits for both and is due when both are over")
	require.Equal(t, moment.Plus(-time.Second), rails.NextRetryAt, "though it shows only the explicit one (Q6)")
}
