package query

// states are the six states of a task or step (state-machines sheet, section 1).
var states = []string{"pending", "in_progress", "complete", "error", "cancelled", "resolved_manually"}

// Tasks are the fields of task_list (queries sheet, section 2).
var Tasks = Entity{Name: "task", Relation: "Task", Key: "task_id", Fields: []Field{
	{Name: "task_id", Kind: Integer, Sorts: true, Doc: "the task"},
	{Name: "state", Kind: Text, Values: states, Doc: "its current state, pending when it has no history"},
	{Name: "state_since", Kind: Instant, Sorts: true, Doc: "since when; its creation when it has no history"},
	{Name: "active", Kind: Boolean, Doc: "whether some step is neither ended nor failed"},
	{Name: "namespace", Kind: Text, Sorts: true, Doc: "namespace of the task type"},
	{Name: "name", Kind: Text, Sorts: true, Doc: "name of the task type"},
	{Name: "version", Kind: Text, Doc: "version of the task type"},
	{Name: "named_task_id", Kind: Integer, Doc: "the task type"},
	{Name: "priority", Kind: Integer, Sorts: true, Doc: "higher runs first"},
	{Name: "complete", Kind: Boolean, Doc: "whether it ever completed"},
	{Name: "initiator", Kind: Text, Doc: "who asked for it"},
	{Name: "source_system", Kind: Text, Doc: "the system that asked for it"},
	{Name: "reason", Kind: Text, Doc: "why"},
	{Name: "identity_hash", Kind: Text, Doc: "what recognises a duplicate"},
	{Name: "tag", Kind: Text, Form: Labels, Doc: "its labels"},
	{Name: "bypass_step", Kind: Text, Form: Labels, Doc: "names of the steps that were bypassed"},
	{Name: "context", Kind: JSON, Doc: "a value in the context"},
	{Name: "annotation", Kind: JSON, Form: Many, Typed: true, Relation: "TaskAnnotation", Doc: "a value in some annotation"},
	{Name: "step_state", Kind: Text, Form: Many, Relation: "TaskStepState", Values: states, Doc: "states of its steps"},
	{
		Name: "step_completed_at", Kind: Instant, Form: Many, Relation: "TaskStepCompletedAt",
		Doc: "when those of its steps that are complete became so",
	},
	{Name: "requested_at", Kind: Instant, Sorts: true, Doc: "when it was asked for"},
	{Name: "created_at", Kind: Instant, Sorts: true, Doc: "when it was created"},
	{Name: "updated_at", Kind: Instant, Sorts: true, Doc: "when its row last changed"},
}}

// Steps are the fields of step_list (queries sheet, sections 3, 7 and 14).
var Steps = Entity{Name: "step", Relation: "Step", Key: "step_id", Fields: []Field{
	{Name: "step_id", Kind: Integer, Sorts: true, Doc: "the step"},
	{Name: "task_id", Kind: Integer, Sorts: true, Doc: "its task"},
	{Name: "name", Kind: Text, Sorts: true, Doc: "its name"},
	{Name: "named_step_id", Kind: Integer, Doc: "its named step"},
	{Name: "state", Kind: Text, Values: states, Doc: "its current state, pending when it has no history"},
	{Name: "state_since", Kind: Instant, Sorts: true, Doc: "since when; its creation when it has no history"},
	{Name: "namespace", Kind: Text, Doc: "namespace of the task type"},
	{Name: "task_name", Kind: Text, Doc: "name of the task type"},
	{Name: "version", Kind: Text, Doc: "version of the task type"},
	{Name: "task_created_at", Kind: Instant, Doc: "when the task was created"},
	{Name: "attempts", Kind: Integer, Sorts: true, Doc: "attempts that have ended"},
	{Name: "retry_limit", Kind: Integer, Doc: "attempts allowed in total"},
	{Name: "retryable", Kind: Boolean, Doc: "whether it may be tried again after a failure"},
	{Name: "retries_left", Kind: Boolean, Doc: "whether it may, and the limit leaves an attempt"},
	{Name: "in_process", Kind: Boolean, Doc: "whether it is leased"},
	{Name: "processed", Kind: Boolean, Doc: "whether it succeeded"},
	{Name: "skippable", Kind: Boolean, Doc: "whether it may be bypassed"},
	{Name: "processed_at", Kind: Instant, Nullable: true, Sorts: true, Doc: "when it completed"},
	{Name: "last_attempted_at", Kind: Instant, Nullable: true, Sorts: true, Doc: "when its last attempt ended"},
	{Name: "backoff_request_seconds", Kind: Integer, Nullable: true, Doc: "the wait after its last failure"},
	{Name: "parent_count", Kind: Integer, Doc: "edges into it; a root has 0"},
	{Name: "child_count", Kind: Integer, Doc: "edges out of it; a leaf has 0"},
	{Name: "parent_id", Kind: Integer, Form: Many, Relation: "StepParent", Doc: "the steps before it"},
	{Name: "child_id", Kind: Integer, Form: Many, Relation: "StepChild", Doc: "the steps after it"},
	{Name: "sibling_id", Kind: Integer, Form: Many, Relation: "StepSibling", Doc: "other steps with the very same parents"},
	{Name: "inputs", Kind: JSON, Doc: "a value in the inputs"},
	{Name: "results", Kind: JSON, Doc: "a value in the results"},
	{Name: "created_at", Kind: Instant, Sorts: true, Doc: "when it was created"},
	{Name: "updated_at", Kind: Instant, Sorts: true, Doc: "when its row last changed"},
}}

// TaskTransitions are the fields of transition_list over the histories of tasks
// (queries sheet, section 5).
var TaskTransitions = Entity{Name: "task transition", Relation: "TaskTransition", Key: "id", Fields: []Field{
	{Name: "id", Kind: Integer, Sorts: true, Doc: "the row"},
	{Name: "task_id", Kind: Integer, Doc: "the task"},
	{Name: "to_state", Kind: Text, Values: states, Doc: "state after"},
	{Name: "from_state", Kind: Text, Nullable: true, Values: states, Doc: "state before"},
	{Name: "sort_key", Kind: Integer, Sorts: true, Doc: "order within the history"},
	{Name: "most_recent", Kind: Boolean, Doc: "whether it is the current state"},
	{Name: "metadata", Kind: JSON, Doc: "a value in the metadata"},
	{Name: "created_at", Kind: Instant, Sorts: true, Doc: "when"},
}}

// StepTransitions are the fields of transition_list over the histories of steps.
var StepTransitions = Entity{Name: "step transition", Relation: "StepTransition", Key: "id", Fields: []Field{
	{Name: "id", Kind: Integer, Sorts: true, Doc: "the row"},
	{Name: "task_id", Kind: Integer, Doc: "the task of the step"},
	{Name: "step_id", Kind: Integer, Doc: "the step"},
	{Name: "name", Kind: Text, Doc: "name of the step"},
	{Name: "to_state", Kind: Text, Values: states, Doc: "state after"},
	{Name: "from_state", Kind: Text, Nullable: true, Values: states, Doc: "state before"},
	{Name: "retry", Kind: Boolean, Doc: "whether it leads to pending from an error"},
	{Name: "sort_key", Kind: Integer, Sorts: true, Doc: "order within the history"},
	{Name: "most_recent", Kind: Boolean, Doc: "whether it is the current state"},
	{Name: "metadata", Kind: JSON, Doc: "a value in the metadata"},
	{Name: "created_at", Kind: Instant, Sorts: true, Doc: "when"},
}}

// NamedTasks are the fields of template_list and named_task_list (queries sheet,
// section 4). The greatest version is the caller's to find: its order is not the
// order of texts.
var NamedTasks = Entity{Name: "task type", Relation: "NamedTask", Key: "id", Fields: []Field{
	{Name: "id", Kind: Integer, Sorts: true, Doc: "the task type"},
	{Name: "namespace", Kind: Text, Sorts: true, Doc: "its namespace"},
	{Name: "name", Kind: Text, Sorts: true, Doc: "its name"},
	{Name: "version", Kind: Text, Doc: "its version"},
	{Name: "description", Kind: Text, Doc: "its description"},
	{Name: "configuration", Kind: JSON, Doc: "a value in the template"},
	{Name: "created_at", Kind: Instant, Sorts: true, Doc: "when it was created"},
	{Name: "updated_at", Kind: Instant, Sorts: true, Doc: "when it last changed"},
}}

// Workers are the fields of worker_list.
var Workers = Entity{Name: "worker", Relation: "Worker", Key: "worker_id", Fields: []Field{
	{Name: "worker_id", Kind: Integer, Sorts: true, Doc: "the worker"},
	{Name: "name", Kind: Text, Sorts: true, Doc: "its name"},
	{Name: "host", Kind: Text, Sorts: true, Doc: "the machine it runs on"},
	{Name: "pid", Kind: Integer, Doc: "its process id"},
	{Name: "language", Kind: Text, Doc: "language of its handlers"},
	{Name: "leases", Kind: Integer, Doc: "steps leased to it"},
	{Name: "route_id", Kind: Integer, Form: Many, Relation: "WorkerRoute", Doc: "the routes that it claims"},
	{Name: "started_at", Kind: Instant, Sorts: true, Doc: "when it registered"},
	{Name: "heartbeat_at", Kind: Instant, Sorts: true, Doc: "its last heartbeat"},
}}

// Namespaces are the fields of namespace_list.
var Namespaces = Entity{Name: "namespace", Relation: "Namespace", Key: "id", Fields: []Field{
	{Name: "id", Kind: Integer, Sorts: true, Doc: "the namespace"},
	{Name: "name", Kind: Text, Sorts: true, Doc: "its name"},
	{Name: "description", Kind: Text, Doc: "its description"},
	{Name: "created_at", Kind: Instant, Sorts: true, Doc: "when it was created"},
	{Name: "updated_at", Kind: Instant, Sorts: true, Doc: "when it last changed"},
}}

// DependentSystems are the fields of dependent_system_list.
var DependentSystems = Entity{Name: "dependent system", Relation: "DependentSystem", Key: "id", Fields: []Field{
	{Name: "id", Kind: Integer, Sorts: true, Doc: "the dependent system"},
	{Name: "name", Kind: Text, Sorts: true, Doc: "its name"},
	{Name: "description", Kind: Text, Doc: "its description"},
	{Name: "created_at", Kind: Instant, Sorts: true, Doc: "when it was created"},
	{Name: "updated_at", Kind: Instant, Sorts: true, Doc: "when it last changed"},
}}

// AnnotationTypes are the fields of annotation_type_list.
var AnnotationTypes = Entity{Name: "annotation type", Relation: "AnnotationType", Key: "id", Fields: []Field{
	{Name: "id", Kind: Integer, Sorts: true, Doc: "the annotation type"},
	{Name: "name", Kind: Text, Sorts: true, Doc: "its name"},
	{Name: "description", Kind: Text, Doc: "its description"},
	{Name: "created_at", Kind: Instant, Sorts: true, Doc: "when it was created"},
	{Name: "updated_at", Kind: Instant, Sorts: true, Doc: "when it last changed"},
}}

// NamedSteps are the fields of named_step_list.
var NamedSteps = Entity{Name: "named step", Relation: "NamedStep", Key: "id", Fields: []Field{
	{Name: "id", Kind: Integer, Sorts: true, Doc: "the named step"},
	{Name: "name", Kind: Text, Sorts: true, Doc: "its name"},
	{Name: "dependent_system", Kind: Text, Sorts: true, Doc: "the system it belongs to"},
	{Name: "description", Kind: Text, Doc: "its description"},
	{Name: "created_at", Kind: Instant, Sorts: true, Doc: "when it was created"},
	{Name: "updated_at", Kind: Instant, Sorts: true, Doc: "when it last changed"},
}}

// ObjectMaps are the fields of object_map_list.
var ObjectMaps = Entity{Name: "object map", Relation: "ObjectMap", Key: "id", Fields: []Field{
	{Name: "id", Kind: Integer, Sorts: true, Doc: "the object map"},
	{Name: "system_one", Kind: Text, Sorts: true, Doc: "the first system"},
	{Name: "remote_id_one", Kind: Text, Sorts: true, Doc: "what the first system calls the object"},
	{Name: "system_two", Kind: Text, Sorts: true, Doc: "the second system"},
	{Name: "remote_id_two", Kind: Text, Sorts: true, Doc: "what the second system calls it"},
	{Name: "created_at", Kind: Instant, Sorts: true, Doc: "when it was created"},
	{Name: "updated_at", Kind: Instant, Sorts: true, Doc: "when it last changed"},
}}
