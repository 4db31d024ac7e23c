package wire

import "github.com/tasker-systems/tasker-core-go/core/fault"

// acting is what a person does to tasks and steps, or asks about them, and a
// host that drives them itself.
var acting = []Operation{
	{
		Name: "task_retry", Request: "RetryTaskRequest", Reply: "RetryTaskReply", Kind: Brief, Since: "0.1.0",
		Errors: []fault.Kind{fault.NotFound, fault.Conflict},
		Doc: `Tries every failed step of a task again, at once and with all attempts before it, and sets a task that is in error going.

What step_retry says of a step holds for each of them. A task that is not blocked and has no failed step is answered as it is, with changed false. One that has ended, or in which nothing could run afterwards, is a conflict that tells its state.
    {"task_id": 7, "by": "ann", "reason": "the shelf was filled"}`,
	},
	{
		Name: "task_resolve", Request: "ResolveTaskRequest", Reply: "ActedTask", Kind: Brief, Since: "0.1.0",
		Errors: []fault.Kind{fault.NotFound, fault.Conflict},
		Doc: `Ends a task that is in error as done by hand. Its steps stay as they are: they tell what happened.

A task that is resolved already is answered as it is, with changed false. From any other state it is a conflict: resolve or cancel the steps of a task that still runs.
    {"task_id": 7, "by": "ann", "reason": "refunded by phone"}`,
	},
	{
		Name: "task_update", Request: "UpdateTaskRequest", Reply: "UpdateTaskReply", Kind: Brief, Since: "0.1.0",
		Errors: []fault.Kind{fault.NotFound, fault.Conflict},
		Doc: `Changes reason, tags or priority of a task. A new priority moves the steps that wait in the queue.

What was there before, who changed it and why are kept in an annotation of type task_update. Equal values change nothing and answer changed false.
    {"task_id": 7, "priority": 50, "by": "ann", "comment": "the customer waits"}`,
	},
	{
		Name: "task_annotate", Request: "AnnotateTaskRequest", Reply: "AnnotationInfo", Kind: Brief, Since: "0.1.0",
		Errors: []fault.Kind{fault.NotFound},
		Doc: `Adds a remark to a task: any JSON value under a type, which is created when it does not exist. Calling it twice adds it twice.

task_get with annotations shows the remarks, and with them the traces that edits leave, whose types have the names of the operations.
    {"task_id": 7, "type": "note", "annotation": {"text": "called the customer"}, "by": "ann"}`,
	},
	{
		Name: "task_transition", Request: "MoveTaskRequest", Reply: "ActedTask", Kind: Brief, Since: "0.1.0",
		Errors: []fault.Kind{fault.NotFound, fault.Conflict},
		Doc: `Moves a task by one transition of its state machine, for hosts that drive tasks themselves. It does neither cascade nor detour: task_cancel, task_retry and task_resolve do.

A task that is in the state already is answered as it is, with changed false. An illegal move, another state than from_state, and a state that the steps contradict (complete with open steps, error while something can run) are conflicts that tell the present state.
    {"task_id": 7, "to_state": "in_progress", "from_state": "pending"}`,
	},
	{
		Name: "task_finalize", Request: "FinalizeTaskRequest", Reply: "FinalizeTaskReply", Kind: Brief, Since: "0.1.0",
		Errors: []fault.Kind{fault.NotFound, fault.Conflict},
		Doc: `Decides from its steps whether a task is complete, blocked or goes on, and answers where it stands and when to look again.

The engine does so itself with every outcome; this is for hosts that drive tasks themselves, after another program changed something. Calling it again changes nothing.
    {"task_id": 7}`,
	},
	{
		Name: "task_adopt", Request: "AdoptTasksRequest", Reply: "AdoptTasksReply", Kind: Database, Since: "0.1.0",
		Errors: []fault.Kind{fault.NotFound, fault.Conflict},
		Doc: `Hands tasks that another engine created to this one, which runs them from then on. All are taken over or none; a task that is the engine's already is left as it is.

A task with a step in progress is a conflict, since the other engine may still be at it. With recover such attempts count as lost, like those of a dead worker.
    {"task_ids": [7, 8], "by": "ann"}`,
	},
	{
		Name: "step_retry", Request: "RetryStepsRequest", Reply: "ActedStepsReply", Kind: Brief, Since: "0.1.0",
		Errors: []fault.Kind{fault.NotFound, fault.Conflict},
		Doc: `Tries failed steps again, at once: the wait is over, attempts start from 0, and a permanent failure is forgotten. A task that was in error for them goes on.

A step that is pending is answered as it is, with changed false. One that a worker has, or that has ended, and one whose task has ended is a conflict that tells its state. One that is in progress without a worker, as another engine may leave it, is set back. All steps are changed or none.
    {"step_id": 21, "by": "ann", "reason": "the shelf was filled"}`,
	},
	{
		Name: "step_resolve", Request: "ResolveStepsRequest", Reply: "ActedStepsReply", Kind: Brief, Since: "0.1.0",
		Errors: []fault.Kind{fault.NotFound, fault.Conflict},
		Doc: `Marks steps as done by hand, with or without results, so that the steps after them can run. A worker that has one loses it, and its outcome is refused.

A step that is resolved already is answered as it is, with changed false, and keeps its results. One that is complete or cancelled is a conflict. All steps are changed or none.
    {"step_id": 21, "results": {"rows": 12}, "by": "ann", "reason": "counted by hand"}`,
	},
	{
		Name: "step_cancel", Request: "CancelStepsRequest", Reply: "ActedStepsReply", Kind: Brief, Since: "0.1.0",
		Errors: []fault.Kind{fault.NotFound, fault.Conflict},
		Doc: `Cancels steps. What depends on them cannot run any more, so that their tasks may end in error; to go on without a step, resolve it. A worker that has one loses it, and its outcome is refused.

A step that is cancelled already is answered as it is, with changed false. One that is complete or resolved is a conflict. All steps are changed or none.
    {"step_ids": [21, 22], "by": "ann", "reason": "ordered twice"}`,
	},
	{
		Name: "step_update", Request: "UpdateStepsRequest", Reply: "ActedStepsReply", Kind: Brief, Since: "0.1.0",
		Errors: []fault.Kind{fault.NotFound, fault.Conflict},
		Doc: `Changes the retry limit or the inputs of steps that have not ended. A step whose attempts were used up goes on when the new limit leaves it one, and its task with it.

A running attempt keeps the inputs that it was given. What was there before, who changed it and why are kept in an annotation of the task of type step_update. Equal values change nothing and answer changed false.
    {"step_id": 21, "retry_limit": 10, "by": "ann", "reason": "the server is slow today"}`,
	},
	{
		Name: "step_reset", Request: "ResetStepsRequest", Reply: "ActedStepsReply", Kind: Brief, Since: "0.1.0",
		Errors: []fault.Kind{fault.NotFound, fault.Conflict},
		Doc: `Sets the attempts of steps that have not ended to 0. State, wait and permanence stay as they are: step_retry changes those, too. A step whose attempts were used up goes on, and its task with it.

An annotation of the task of type step_reset keeps how many there were, who did it and why. A step without attempts is answered as it is, with changed false.
    {"step_id": 21, "by": "ann"}`,
	},
	{
		Name: "step_transition", Request: "MoveStepRequest", Reply: "MoveStepReply", Kind: Brief, Since: "0.1.0",
		Errors: []fault.Kind{fault.NotFound, fault.Conflict},
		Doc: `Moves a step by one transition of its state machine and writes the columns that go with it, for hosts that drive steps themselves. It makes no detour: step_retry, step_resolve and step_cancel do.

To in_progress it leases the step to worker_id, out of turn, and answers what step_claim would; report its outcome by step_report with the epoch, or by this operation. To complete or error it ends the attempt and counts it; an error is retried by the template's rules. A step that a worker has is taken from it. A step that is in the state already is answered as it is, with changed false; what is illegal is a conflict that tells the present state.
    {"step_id": 21, "to_state": "in_progress", "worker_id": 3}`,
	},
	{
		Name: "task_explain", Request: "ExplainTaskRequest", Reply: "ExplainTaskReply", Kind: Database, Since: "0.1.0",
		Errors: []fault.Kind{fault.NotFound},
		Doc: `Tells why a task or one of its steps is not moving, from the very rules that decide readiness: what holds it up and how far that reaches, until when, and the cheapest call that changes it.

Steps that only wait for others are no cause; the chain of a cause leads from it to a step that waits. action is null when nothing has to be done: something runs, or time ends the wait. Nothing is changed by asking.
    {"task_id": 7}
    {"step_id": 21}`,
	},
}
