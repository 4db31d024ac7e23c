package wire

import (
	"slices"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/query"
)

// Kind says how long an operation can take, and so how the C front runs it.
type Kind int

// The kinds of operation.
const (
	Instant  Kind = iota // answered from memory: runs there and then on the calling thread
	Brief                // a few short transactions: runs there, too, if the call is alone on a file
	Database             // more work with the database: runs on a goroutine, the caller sleeps
	Waits                // may wait for something to happen; ended by tasker_interrupt
)

// Operation is one row of the table from which the header, the dispatcher, the
// bindings and the documentation are made.
type Operation struct {
	// Name is noun_verb; the C function is tasker_ and the name.
	Name string
	// Doc is what the header and the bindings say about it: paragraphs of plain
	// text, separated by an empty line; an indented line is an example.
	Doc string
	// Request and Reply name types of core/engine.
	Request, Reply string
	// Kind is how long it can take.
	Kind Kind
	// Errors are the kinds particular to the operation; CommonErrors lists what
	// it can answer besides.
	Errors []fault.Kind
	// Since is the first version of the library that has the operation.
	Since string
}

// CommonErrors returns the kinds that every operation of a kind can answer
// besides its own.
func CommonErrors(kind Kind) []fault.Kind {
	common := []fault.Kind{fault.InvalidRequest, fault.LimitExceeded, fault.Closed, fault.Forked, fault.Internal}
	if kind == Instant {
		return common
	}
	return append(common, fault.Unmigrated, fault.IncompatibleSchema, fault.Unavailable, fault.Timeout,
		fault.Cancelled, fault.Permission)
}

// Operations is the table. It is append-only: the position of an operation,
// counted from 1, is its number at the boundary.
var Operations = slices.Concat(running, acting, insights, listing, catalogue)

// running is what a host does that creates tasks, runs them and looks at them.
var running = []Operation{
	{
		Name: "engine_health", Request: "HealthRequest", Reply: "HealthReply", Kind: Database, Since: "0.1.0",
		Doc: `Tells how the engine and its database fare: version, store, schema, size, the depth of every queue, and the panics that were caught.

It answers also when something is wrong: status is then "degraded" and problems tells what, one sentence each. A monitor calls it; a call costs one short read.

With deep it checks every stored row against the engine's invariants and lists what breaks one: histories, queue rows, leases, counters and the ends of tasks. With repair it recomputes the tasks concerned from their steps and histories; what cannot be mended that way stays listed. Histories are never changed.
    {"repair": true, "timeout_ms": 600000}`,
	},
	{
		Name: "engine_config_get", Request: "Empty", Reply: "SettingsReply", Kind: Instant, Since: "0.1.0",
		Doc: `Lists every setting with the value in force and where it came from: "default", "environment" or "call". Secrets are masked.

It needs no database and never waits.`,
	},
	{
		Name: "engine_clock_advance", Request: "AdvanceClockRequest", Reply: "AdvanceClockReply", Kind: Instant, Since: "0.1.0",
		Errors: []fault.Kind{fault.Unsupported},
		Doc: `Moves the clock of an engine that was opened with clock.frozen_at, so that a test sees a retry or a deadline come due without sleeping.

Whatever the new time makes due is claimable as soon as the call returns. An engine with a running clock answers unsupported.
    {"by_ms": 60000}`,
	},
	{
		Name: "engine_logs_poll", Request: "PollLogsRequest", Reply: "PollLogsReply", Kind: Instant, Since: "0.1.0",
		Doc: `Reads the library's log records. The library writes nothing to stdout or stderr: a host that wants its log pulls it here and hands it to its own logger.

Records are kept in memory, at most log.capacity of them; the oldest make room and are counted in dropped. Pass next of one answer as after of the following call.
    {"after": 1042, "limit": 500}`,
	},
	{
		Name: "schema_migrate", Request: "MigrateRequest", Reply: "MigrateReply", Kind: Database, Since: "0.1.0",
		Doc: `Moves the database schema up to the newest version, or up or down to a given one, and answers the steps that were taken.

Each migration is one transaction. Two processes may migrate at once: one waits for the other. With dry_run nothing is written. Going down drops what up created, with its data.
    {"direction": "up", "dry_run": true}`,
	},
	{
		Name: "schema_status", Request: "Empty", Reply: "SchemaStatusReply", Kind: Database, Since: "0.1.0",
		Doc: `Lists every migration with the time it was applied, and says whether the database is current, unmigrated or newer than this library.

It works on a database that was never migrated.`,
	},
	{
		Name: "template_register", Request: "RegisterTemplateRequest", Reply: "RegisterTemplateReply", Kind: Database, Since: "0.1.0",
		Errors: []fault.Kind{fault.Conflict},
		Doc: `Stores a template: the steps of a task type, what each depends on, and how each is retried. Tasks are created from it by namespace, name and version.

The template is YAML or JSON text in a string, or a JSON object. Every problem is reported at once with its line and column. Registering the same template again is "unchanged" and harmless; a different one under the same version is a conflict unless replace is true. Tasks that exist keep the steps they were created with.
    {"template": "name: order_flow\nversion: 1.0.0\nstep_templates:\n  - name: fetch\n  - name: ship\n    depends_on_step: fetch\n"}`,
	},
	{
		Name: "template_load", Request: "LoadTemplatesRequest", Reply: "LoadTemplatesReply", Kind: Database, Since: "0.1.0",
		Errors: []fault.Kind{fault.NotFound},
		Doc: `Registers every template file (*.yaml, *.yml, *.json) of a directory, in the order of their names, without descending.

One bad file does not hinder the others: each file has its own outcome, and a failed one carries its problems.
    {"directory": "config/tasks", "environment": "production"}`,
	},
	{
		Name: "template_get", Request: "GetTemplateRequest", Reply: "GetTemplateReply", Kind: Brief, Since: "0.1.0",
		Errors: []fault.Kind{fault.NotFound},
		Doc: `Answers a registered template in its canonical form, with the route id of each step.

Without a version it is the greatest registered one, by the order of semantic versions.
    {"namespace": "shop", "name": "order_flow"}`,
	},
	{
		Name: "template_list", Request: "ListTemplatesRequest", Reply: "ListTemplatesReply", Kind: Database, Since: "0.1.0",
		Doc: `Lists registered templates, by id unless sort says otherwise, one page at a time. Pass next of one page as after of the following call; next is null at the end. With latest it lists the greatest version of each alone.

` + query.NamedTasks.Describe() + `

    {"namespace": "shop", "latest": true, "where": [{"field": "name", "op": "search", "value": "order"}]}`,
	},
	{
		Name: "template_validate", Request: "ValidateTemplateRequest", Reply: "ValidateTemplateReply", Kind: Instant, Since: "0.1.0",
		Doc: `Checks a template without storing it, and without a database. A template with mistakes is a successful answer with valid false and every problem.

A template without mistakes is drawn as well: its levels, its critical path, how many steps can run at once, and the DAG as text, Mermaid and DOT.`,
	},
	{
		Name: "task_create", Request: "CreateTaskRequest", Reply: "CreateTaskReply", Kind: Brief, Since: "0.1.0",
		Errors: []fault.Kind{fault.NotFound, fault.Duplicate, fault.LeaseLost},
		Doc: `Creates a task with all its steps and edges in one transaction. Steps without dependencies can be claimed as soon as the call returns, or from start_at on.

The context is checked against the template's JSON Schema, whose defaults are filled in and stored. A duplicate, as identity_strategy recognises it, answers the existing task with duplicate true; on_duplicate "error" makes it an error. Every problem of the request is told at once, each with its path. With claim, first steps are leased to the given worker in the same transaction.
    {"name": "order_flow", "context": {"order_id": 42}, "identity_key": "order-42"}`,
	},
	{
		Name: "task_create_many", Request: "CreateTasksRequest", Reply: "CreateTasksReply", Kind: Database, Since: "0.1.0",
		Errors: []fault.Kind{fault.NotFound, fault.Duplicate, fault.LeaseLost},
		Doc: `Creates many tasks in one transaction: all or none. Much faster than one call per task. The memory that it takes beside the request does not grow with the number of tasks; allow a long call more time with timeout_ms.

Answers come in the request's order. Duplicates, also within the request, are flagged as for task_create.
    {"tasks": [{"name": "order_flow", "context": {"order_id": 42}}, {"name": "order_flow", "context": {"order_id": 43}}]}`,
	},
	{
		Name: "task_get", Request: "GetTaskRequest", Reply: "GetTaskReply", Kind: Brief, Since: "0.1.0",
		Errors: []fault.Kind{fault.NotFound},
		Doc: `Answers a task, on request with its steps in topological order, its edges, its history, and a drawing of the DAG with states.
    {"task_id": 7, "include": ["steps", "drawing"]}`,
	},
	{
		Name: "task_list", Request: "ListTasksRequest", Reply: "ListTasksReply", Kind: Database, Since: "0.1.0",
		Doc: `Lists tasks, newest first unless sort and order say otherwise, one page at a time. All given filters must match; the named ones are short for conditions in where.

` + query.Tasks.Describe() + `
    {"states": ["error"], "namespace": "shop", "where": [{"field": "state_since", "op": "gt", "value": "2026-01-31T09:30:00Z"}], "limit": 100}`,
	},
	{
		Name: "task_context", Request: "ContextRequest", Reply: "TaskContext", Kind: Brief, Since: "0.1.0",
		Errors: []fault.Kind{fault.NotFound},
		Doc:    `Answers the execution context of a task: how many steps stand where, whether it can go on, what should be done next, and next_wake_at, the earliest instant at which something can happen without a person.`,
	},
	{
		Name: "task_context_many", Request: "ContextsRequest", Reply: "ContextsReply", Kind: Database, Since: "0.1.0",
		Doc: `Answers the execution contexts of many tasks in one read, by task id. Ids that do not exist are left out.`,
	},
	{
		Name: "task_wait", Request: "WaitTaskRequest", Reply: "WaitTaskReply", Kind: Waits, Since: "0.1.0",
		Errors: []fault.Kind{fault.NotFound},
		Doc: `Waits until a task has ended or is blocked, and answers its execution context; after wait_ms it answers what is true then, with timed_out true.

Waiting holds no connection and no transaction. tasker_interrupt ends it with cancelled. Hosts with an event loop use the wake descriptor and task_context instead.
    {"task_id": 7, "wait_ms": 60000}`,
	},
	{
		Name: "task_cancel", Request: "CancelTaskRequest", Reply: "CancelTaskReply", Kind: Brief, Since: "0.1.0",
		Errors: []fault.Kind{fault.NotFound, fault.Conflict},
		Doc: `Cancels a task, and with it, in the same transaction, its unfinished steps and their leases. A worker that still runs one of them learns it from its next heartbeat, and its outcome is refused.

With cascade false the steps stay as they are. Complete and resolved tasks can be cancelled, too; their steps have ended. Of one that is cancelled already, the steps that are left follow.
    {"task_id": 7, "by": "ann", "reason": "ordered twice"}`,
	},
	{
		Name: "step_readiness", Request: "ReadinessRequest", Reply: "ReadinessReply", Kind: Brief, Since: "0.1.0",
		Errors: []fault.Kind{fault.NotFound},
		Doc: `Says for every step of one or many tasks whether it may run now and, if not, why and until when.
    {"task_id": 7}`,
	},
	{
		Name: "step_ready", Request: "ReadinessRequest", Reply: "ReadinessReply", Kind: Brief, Since: "0.1.0",
		Errors: []fault.Kind{fault.NotFound},
		Doc:    `Lists those steps of one or many tasks that may run now. To run one, claim it: this list is only a look.`,
	},
	{
		Name: "step_claim", Request: "ClaimStepsRequest", Reply: "ClaimStepsReply", Kind: Waits, Since: "0.1.0",
		Errors: []fault.Kind{fault.LeaseLost, fault.NotFound},
		Doc: `Leases up to limit steps to a worker and answers all that their handlers need: context, inputs, results of the parents, attempt, deadline.

Only steps whose handlers the worker announced are given out, each to one worker. Namespaces take turns; within one, higher priority goes first, then the earlier due time. With wait_ms the call waits for work and answers an empty list when none came; without it answers at once, and next_due tells when to come back at the latest. A worker that is not registered, or was given up for dead, must register again.

Every lease carries an epoch, which its report must name.
    {"worker_id": 3, "limit": 10, "wait_ms": 5000}`,
	},
	{
		Name: "step_report", Request: "ReportStepsRequest", Reply: "ReportStepsReply", Kind: Brief, Since: "0.1.0",
		Doc: `Records the outcomes of attempts. The answer comes after they are durable: children that became ready and ends of tasks are in the same transaction.

Each outcome gets a verdict of its own; a refused one does not hinder the others. Reporting the same outcome again is safe and answers already_recorded, so a call that timed out is simply repeated. An error is retried by the template's rules, after retry_after_seconds if given, never if permanent is true. With claim, the next steps for this worker are leased in the same transaction.
    {"outcomes": [{"step_id": 21, "epoch": 90, "status": "complete", "results": {"rows": 12}}], "claim": {"worker_id": 3, "limit": 1}}`,
	},
	{
		Name: "step_release", Request: "ReleaseStepsRequest", Reply: "ReleaseStepsReply", Kind: Brief, Since: "0.1.0",
		Doc: `Gives leases back without an outcome, as a worker does that stops. The attempts are not counted and the steps are ready again at once.`,
	},
	{
		Name: "step_heartbeat", Request: "HeartbeatStepsRequest", Reply: "HeartbeatStepsReply", Kind: Brief, Since: "0.1.0",
		Errors: []fault.Kind{fault.LeaseLost, fault.NotFound},
		Doc: `Tells which leases are still held. A handler whose lease is not held should stop: its outcome would be refused.

Keeping leases alive needs no call: while the engine is open it beats by itself for every worker registered through it, also when a handler keeps the interpreter busy.`,
	},
	{
		Name: "step_get", Request: "GetStepRequest", Reply: "StepInfo", Kind: Brief, Since: "0.1.0",
		Errors: []fault.Kind{fault.NotFound},
		Doc:    `Answers one step with its state, attempts, inputs and results.`,
	},
	{
		Name: "transition_list", Request: "ListTransitionsRequest", Reply: "ListTransitionsReply", Kind: Database, Since: "0.1.0",
		Errors: []fault.Kind{fault.NotFound},
		Doc: `Lists the history of one task or one step, oldest first: every state, when it was entered, and who or what caused it. With of it lists rows of many histories, by id unless sort says otherwise. With statistics it sums up the history of the owner too.

Of tasks: ` + query.TaskTransitions.Describe() + `

Of steps: ` + query.StepTransitions.Describe() + `
    {"step_id": 21}`,
	},
	{
		Name: "worker_register", Request: "RegisterWorkerRequest", Reply: "WorkerInfo", Kind: Brief, Since: "0.1.0",
		Errors: []fault.Kind{fault.NotFound},
		Doc: `Announces a process that will claim steps, and which steps it has handlers for. The answer's worker_id goes into every claim.

A pattern without a field matches anything in that place: {"task": "order_flow"} matches every step of every version of it. Templates that are registered later are matched too. The heartbeat is kept by the library until worker_stop or the engine's close; a worker that falls silent for a lease period loses its leases to others.
    {"name": "billing-1", "language": "python", "handlers": [{"namespace": "shop", "task": "order_flow"}]}`,
	},
	{
		Name: "worker_list", Request: "ListWorkersRequest", Reply: "ListWorkersReply", Kind: Database, Since: "0.1.0",
		Doc: `Lists the registered workers of all processes, with their heartbeats and the number of steps leased to each.

` + query.Workers.Describe(),
	},
	{
		Name: "worker_stop", Request: "StopWorkerRequest", Reply: "StopWorkerReply", Kind: Brief, Since: "0.1.0",
		Errors: []fault.Kind{fault.NotFound},
		Doc:    `Ends a worker: it can claim no more, and the leases that it still holds are released as by step_release. Stop handlers and report outcomes first.`,
	},
}
