package engine

import (
	"context"
	"slices"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/query"
	"github.com/tasker-systems/tasker-core-go/core/readiness"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// ReadinessRequest names one or many tasks.
type ReadinessRequest struct {
	Call
	// The task; give this or task_ids.
	TaskID int64 `json:"task_id,omitempty"`
	// The tasks, 1 to 1000.
	TaskIDs []int64 `json:"task_ids,omitempty"`
	// Only these steps; an empty list names none.
	StepIDs []int64 `json:"step_ids,omitempty"`
}

// StepReadiness says whether a step may run and, if not, why.
type StepReadiness struct {
	// The step.
	StepID int64 `json:"workflow_step_id"`
	// Its task.
	TaskID int64 `json:"task_id"`
	// Its named step.
	NamedStepID int64 `json:"named_step_id"`
	// Its name.
	Name string `json:"name"`
	// Its state.
	CurrentState workflow.State `json:"current_state"`
	// Whether all parents are complete or resolved.
	DependenciesSatisfied bool `json:"dependencies_satisfied"`
	// Whether the limit of attempts leaves one.
	RetryEligible bool `json:"retry_eligible"`
	// Whether it may run now.
	ReadyForExecution bool `json:"ready_for_execution"`
	// Why it may not run now, empty when it may.
	Reason string `json:"reason"`
	// When it failed, null unless its state is error.
	LastFailureAt workflow.Instant `json:"last_failure_at"`
	// When its wait is over, null without a wait.
	NextRetryAt workflow.Instant `json:"next_retry_at"`
	// Parents.
	TotalParents int `json:"total_parents"`
	// Parents that are complete or resolved.
	CompletedParents int `json:"completed_parents"`
	// Attempts that have ended.
	Attempts int `json:"attempts"`
	// Attempts allowed in total.
	RetryLimit int `json:"retry_limit"`
	// The wait after the last failure, in seconds.
	BackoffSeconds *int `json:"backoff_request_seconds"`
	// When the last attempt ended.
	LastAttemptedAt workflow.Instant `json:"last_attempted_at"`
}

// ReadinessReply is the answer to step_readiness and step_ready.
type ReadinessReply struct {
	// The steps by task and id.
	Items []StepReadiness `json:"items"`
	// Always null: the request bounds the list.
	Next *int64 `json:"next"`
}

// GetStepRequest names a step.
type GetStepRequest struct {
	Call
	// The step.
	StepID int64 `json:"step_id"`
}

// ListStepsRequest selects steps. Fields are combined with "and".
type ListStepsRequest struct {
	Call
	PageRequest
	Selection
	// Only steps of this task.
	TaskID int64 `json:"task_id,omitempty"`
	// Only steps in one of these states.
	States []workflow.State `json:"states,omitempty"`
	// Only steps of this name.
	Name string `json:"name,omitempty"`
}

// ListStepsReply is the answer to step_list.
type ListStepsReply struct {
	// The steps.
	Items []StepInfo `json:"items"`
	// Cursor of the next page, null at the end.
	Next *string `json:"next"`
}

// readinessTasksMax bounds the tasks of one readiness call.
const readinessTasksMax = 1_000

// ListReadiness judges the steps of tasks: whether each may run and, if not,
// why.
func (e *Engine) ListReadiness(ctx context.Context, r ReadinessRequest) (ReadinessReply, error) {
	return e.readiness(ctx, r, func(*readiness.Verdict) bool { return true })
}

// ListReady lists the steps of tasks that may run now.
func (e *Engine) ListReady(ctx context.Context, r ReadinessRequest) (ReadinessReply, error) {
	return e.readiness(ctx, r, func(v *readiness.Verdict) bool { return v.Ready })
}

func (e *Engine) readiness(ctx context.Context, r ReadinessRequest, keep func(*readiness.Verdict) bool) (ReadinessReply, error) {
	reply := ReadinessReply{Items: []StepReadiness{}}
	ids := r.TaskIDs
	if r.TaskID != 0 {
		ids = append(slices.Clone(ids), r.TaskID)
	}
	if err := checkRange("task_ids", int64(len(ids)), 1, readinessTasksMax); err != nil {
		return reply, err
	}
	all, _, err := e.judge(ctx, ids)
	if err == nil && r.TaskID != 0 && len(r.TaskIDs) == 0 && len(all) == 0 {
		return reply, taskNotFound(r.TaskID)
	}
	for i := range all {
		reply.Items = append(reply.Items, all[i].readiness(e.Policy, r.StepIDs, keep)...)
	}
	return reply, err
}

// readiness renders the verdicts on one task's steps that are wanted.
func (j *judged) readiness(p *readiness.Policy, only []int64, keep func(*readiness.Verdict) bool) []StepReadiness {
	var items []StepReadiness
	for i := range j.verdicts {
		step, v, facts := &j.graph.Steps[i], &j.verdicts[i], &j.graph.facts[i]
		if !keep(v) || (only != nil && !slices.Contains(only, step.ID)) {
			continue
		}
		items = append(items, StepReadiness{StepID: step.ID, TaskID: step.TaskID, NamedStepID: step.NamedStepID,
			Name: step.Name, CurrentState: step.State, DependenciesSatisfied: v.DependenciesSatisfied,
			RetryEligible: v.RetryEligible, ReadyForExecution: v.Ready, Reason: v.Reason, LastFailureAt: v.LastFailureAt,
			NextRetryAt: v.NextRetryAt, TotalParents: facts.Parents, CompletedParents: facts.ParentsDone, Attempts: step.Tries(),
			RetryLimit: p.Limit(step.RetryLimit), BackoffSeconds: step.BackoffSeconds, LastAttemptedAt: step.LastAttemptedAt})
	}
	return items
}

// GetStep returns a step.
func (e *Engine) GetStep(ctx context.Context, r GetStepRequest) (info StepInfo, err error) {
	err = e.Store.Read(ctx, func(reader store.Reader) error {
		steps, err := reader.StepList(ctx, []int64{r.StepID})
		if err != nil {
			return err
		}
		if len(steps) == 0 {
			return stepNotFound(r.StepID)
		}
		found, err := reader.ParentList(ctx, []int64{r.StepID})
		names := []string{}
		for _, p := range found {
			names = append(names, p.Name)
		}
		info = stepInfo(&steps[0], names)
		return err
	})
	return info, err
}

func stepNotFound(id int64) error { return stepMissing(id).At("step_id") }

func stepMissing(id int64) *fault.Error {
	return fault.New(fault.NotFound, "there is no step %d", id).With("step_id", id).
		Advise("Check the id; task_get with steps shows the steps of a task.")
}

func stepInfo(s *workflow.Step, dependsOn []string) StepInfo {
	since := s.StateSince
	if since.IsZero() {
		since = s.CreatedAt
	}
	return StepInfo{StepID: s.ID, TaskID: s.TaskID, Name: s.Name, State: s.State, StateSince: since, Attempts: s.Tries(),
		RetryLimit: limitOf(s), Retryable: s.Retryable, Skippable: s.Skippable, InProcess: s.InProcess,
		LastAttemptedAt: s.LastAttemptedAt, ProcessedAt: s.ProcessedAt, BackoffSeconds: s.BackoffSeconds,
		Inputs: s.Inputs, Results: s.Results, DependsOn: dependsOn}
}

// ListSteps lists steps by id unless asked otherwise.
func (e *Engine) ListSteps(ctx context.Context, r ListStepsRequest) (ListStepsReply, error) {
	reply := ListStepsReply{Items: []StepInfo{}}
	var l listing
	l.id("task_id", "task_id", r.TaskID)
	l.states("states", "state", r.States)
	l.text("name", "name", r.Name)
	q, err := l.parse(&query.Steps, r.Selection, r.PageRequest, "", "asc")
	if err != nil {
		return reply, err
	}
	err = e.Store.Read(ctx, func(reader store.Reader) error {
		steps, next, err := page(ctx, reader, q, nil, reader.StepList, func(s *workflow.Step) int64 { return s.ID })
		for i := range steps {
			reply.Items = append(reply.Items, stepInfo(&steps[i], nil))
		}
		reply.Next = next
		return err
	})
	return reply, err
}
