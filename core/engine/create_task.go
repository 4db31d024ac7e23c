package engine

import (
	"context"
	"fmt"

	"github.com/tasker-systems/tasker-core-go/core/batch"
	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// NewTask describes one task to create.
type NewTask struct {
	// Name of the task type, as in its template.
	Name string `json:"name"`
	// Namespace of the task type. Default "default".
	Namespace string `json:"namespace,omitempty"`
	// Version of the task type; absent: the greatest registered version.
	Version string `json:"version,omitempty"`
	// What the handlers work on: a JSON object with at least one key, checked against the template's schema, whose defaults are filled in and stored.
	Context workflow.JSON `json:"context"`
	// Who asked for it. Default "unknown".
	Initiator string `json:"initiator,omitempty"`
	// The system that asked for it. Default "unknown".
	SourceSystem string `json:"source_system,omitempty"`
	// Why. Default "unknown".
	Reason string `json:"reason,omitempty"`
	// Labels to find the task by.
	Tags []string `json:"tags,omitempty"`
	// Names of skippable steps that are to be resolved at once instead of run.
	BypassSteps []string `json:"bypass_steps,omitempty"`
	// When the task was asked for. Default now.
	RequestedAt workflow.Instant `json:"requested_at,omitempty"`
	// No step runs before this instant. Default now.
	StartAt workflow.Instant `json:"start_at,omitempty"`
	// Higher runs first, -1000 to 1000. Default: the template's priority.
	Priority *int `json:"priority,omitempty"`
	// Remarks that the task gets with its creation, at most 100. A duplicate gets none.
	Annotations []NewAnnotation `json:"annotations,omitempty"`
	// How duplicates are recognised: "default" (never), "hash" (the Rails engine's hash over name, context and minute), "key" (identity_key). Default: "key" when identity_key is given, else the engine's setting.
	IdentityStrategy string `json:"identity_strategy,omitempty"`
	// The caller's idempotency key: a second task of the same namespace and name with the same key is a duplicate.
	IdentityKey string `json:"identity_key,omitempty"`
	// What a duplicate answers: "existing" (the existing task, flagged) or "error" (a duplicate error). Default "existing".
	OnDuplicate string `json:"on_duplicate,omitempty"`
}

// CreateTaskRequest is one task, optionally with a claim.
type CreateTaskRequest struct {
	Call
	NewTask
	// Claim first steps for this worker in the same transaction.
	Claim *ClaimRequest `json:"claim,omitempty"`
}

// CreateTasksRequest is many tasks, created together or not at all.
type CreateTasksRequest struct {
	Call
	// The tasks, 1 to 10000.
	Tasks []NewTask `json:"tasks"`
	// Claim first steps for this worker in the same transaction.
	Claim *ClaimRequest `json:"claim,omitempty"`
}

// CreatedTask is the answer for one new task.
type CreatedTask struct {
	// The task.
	TaskID int64 `json:"task_id"`
	// True when the task existed already and nothing was created.
	Duplicate bool `json:"duplicate"`
}

// CreateTaskReply is the answer to task_create.
type CreateTaskReply struct {
	CreatedTask
	// Steps leased to the claiming worker.
	Claimed []ClaimedStep `json:"claimed"`
	// Why the claim got nothing, absent when it was served; what was created is there all the same.
	ClaimProblem *ClaimProblem `json:"claim_problem,omitempty"`
}

// CreateTasksReply is the answer to task_create_many.
type CreateTasksReply struct {
	// One answer per task, in the request's order.
	Items []CreatedTask `json:"items"`
	// Steps leased to the claiming worker.
	Claimed []ClaimedStep `json:"claimed"`
	// Why the claim got nothing, absent when it was served; what was created is there all the same.
	ClaimProblem *ClaimProblem `json:"claim_problem,omitempty"`
}

// CreateTask creates a task with its steps and edges in one transaction. A
// duplicate answers the existing task, flagged, unless on_duplicate is "error".
func (e *Engine) CreateTask(ctx context.Context, r CreateTaskRequest) (CreateTaskReply, error) {
	reply, err := e.createTasks(ctx, r.CorrelationID, []NewTask{r.NewTask}, func(int) string { return "" }, r.Claim)
	if err != nil {
		return CreateTaskReply{}, err
	}
	return CreateTaskReply{CreatedTask: reply.Items[0], Claimed: reply.Claimed, ClaimProblem: reply.ClaimProblem}, nil
}

// CreateTasks creates many tasks together or not at all. Every problem of every
// task is reported at once.
func (e *Engine) CreateTasks(ctx context.Context, r CreateTasksRequest) (CreateTasksReply, error) {
	if err := checkRange("tasks", int64(len(r.Tasks)), 1, batchMax); err != nil {
		return CreateTasksReply{}, err
	}
	return e.createTasks(ctx, r.CorrelationID, r.Tasks, func(i int) string { return fmt.Sprintf("tasks[%d]", i) }, r.Claim)
}

func (e *Engine) createTasks(ctx context.Context, correlation string, tasks []NewTask, path func(int) string, claim *ClaimRequest) (CreateTasksReply, error) {
	if err := checkClaim(claim); err != nil {
		return CreateTasksReply{}, err
	}
	if err := e.prepareClaim(ctx, claim); err != nil {
		return CreateTasksReply{}, err
	}
	job := createJob{claim: claim, correlation: correlation}
	err := e.Store.Read(ctx, func(r store.Reader) (err error) {
		job.tasks, err = e.plan(ctx, r, tasks, path)
		for i := range job.tasks {
			job.tasks[i].correlation = correlation
		}
		return err
	})
	if err != nil {
		return CreateTasksReply{}, err
	}
	return e.creates.Do(ctx, job)
}

// createRounds bounds how often a group looks again for tasks that others create
// at the same time: each round loses to another task.
const createRounds = 3

// runCreates serves one group of create calls in one transaction. One that lost
// the race for an identity to another process is begun anew: it then finds the
// task of the winner, which answers like any other duplicate (D16).
func (e *Engine) runCreates(
	ctx context.Context, jobs []createJob, patience batch.Patience,
) (results []batch.Result[CreateTasksReply], err error) {
	for range createRounds {
		if results, err = e.createGroup(patiently(ctx, patience), jobs); fault.KindOf(err) != fault.Duplicate {
			break
		}
	}
	return results, err
}

func (e *Engine) createGroup(ctx context.Context, jobs []createJob) (results []batch.Result[CreateTasksReply], err error) {
	err = e.write(ctx, "", func(u *unit) error {
		results = make([]batch.Result[CreateTasksReply], len(jobs))
		answers, errs, err := u.create(jobs)
		if err != nil {
			return err
		}
		for i := range jobs {
			results[i] = batch.Result[CreateTasksReply]{Value: answers[i], Err: errs[i]}
			if errs[i] != nil {
				continue
			}
			reply := &results[i].Value
			reply.Claimed, reply.ClaimProblem, err = u.claimAlong(jobs[i].claim, jobs[i].correlation)
			if err != nil {
				return err
			}
		}
		return nil
	})
	return results, err
}
