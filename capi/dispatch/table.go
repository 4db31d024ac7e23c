package dispatch

import (
	"context"
	"reflect"

	"github.com/tasker-systems/tasker-core-go/capi/session"
	"github.com/tasker-systems/tasker-core-go/capi/wire"
	"github.com/tasker-systems/tasker-core-go/core/engine"
)

// row is how one operation is run.
type row struct {
	name           string
	request, reply reflect.Type
	waitsIfAsked   bool // only with wait_ms in the request
	run            func(context.Context, *session.Engine, wire.Kind, []byte) ([]byte, error)
}

// table runs what wire.Operations lists, in the same order.
var table = []row{
	handle("engine_health", (*engine.Engine).Health),
	handle("engine_config_get", (*engine.Engine).Settings),
	handle("engine_clock_advance", (*engine.Engine).AdvanceClock),
	handle("engine_logs_poll", (*engine.Engine).PollLogs),
	handle("schema_migrate", (*engine.Engine).Migrate),
	handle("schema_status", (*engine.Engine).SchemaStatus),
	handle("template_register", (*engine.Engine).RegisterTemplate),
	handle("template_load", (*engine.Engine).LoadTemplates),
	handle("template_get", (*engine.Engine).GetTemplate),
	handle("template_list", (*engine.Engine).ListTemplates),
	handle("template_validate", (*engine.Engine).ValidateTemplate),
	handle("task_create", (*engine.Engine).CreateTask),
	handle("task_create_many", (*engine.Engine).CreateTasks),
	handle("task_get", (*engine.Engine).GetTask),
	handle("task_list", (*engine.Engine).ListTasks),
	handle("task_context", (*engine.Engine).GetContext),
	handle("task_context_many", (*engine.Engine).ListContexts),
	handle("task_wait", (*engine.Engine).WaitTask),
	handle("task_cancel", (*engine.Engine).CancelTask),
	handle("step_readiness", (*engine.Engine).ListReadiness),
	handle("step_ready", (*engine.Engine).ListReady),
	handle("step_claim", (*engine.Engine).ClaimSteps),
	handle("step_report", (*engine.Engine).ReportSteps),
	handle("step_release", (*engine.Engine).ReleaseSteps),
	handle("step_heartbeat", (*engine.Engine).HeartbeatSteps),
	handle("step_get", (*engine.Engine).GetStep),
	handle("transition_list", (*engine.Engine).ListTransitions),
	handle("worker_register", (*engine.Engine).RegisterWorker),
	handle("worker_list", (*engine.Engine).ListWorkers),
	handle("worker_stop", (*engine.Engine).StopWorker),
	handle("task_retry", (*engine.Engine).RetryTask),
	handle("task_resolve", (*engine.Engine).ResolveTask),
	handle("task_update", (*engine.Engine).UpdateTask),
	handle("task_annotate", (*engine.Engine).AnnotateTask),
	handle("task_transition", (*engine.Engine).MoveTask),
	handle("task_finalize", (*engine.Engine).FinalizeTask),
	handle("task_adopt", (*engine.Engine).AdoptTasks),
	handle("step_retry", (*engine.Engine).RetrySteps),
	handle("step_resolve", (*engine.Engine).ResolveSteps),
	handle("step_cancel", (*engine.Engine).CancelSteps),
	handle("step_update", (*engine.Engine).UpdateSteps),
	handle("step_reset", (*engine.Engine).ResetSteps),
	handle("step_transition", (*engine.Engine).MoveStep),
	handle("task_explain", (*engine.Engine).ExplainTask),
	handle("task_graph", (*engine.Engine).GetGraph),
	handle("insight_analytics", (*engine.Engine).Analytics),
	handle("insight_slowest_steps", (*engine.Engine).SlowestSteps),
	handle("insight_slowest_tasks", (*engine.Engine).SlowestTasks),
	handle("insight_health_counts", (*engine.Engine).HealthCounts),
	handle("insight_bottlenecks", (*engine.Engine).Bottlenecks),
	handle("step_list", (*engine.Engine).ListSteps),
	handle("namespace_get", of(engine.NamespaceEntry, (*engine.Engine).GetEntry)),
	handle("namespace_list", of(engine.NamespaceEntry, (*engine.Engine).ListEntries)),
	handle("namespace_create", of(engine.NamespaceEntry, (*engine.Engine).CreateEntry)),
	handle("namespace_update", of(engine.NamespaceEntry, (*engine.Engine).UpdateEntry)),
	handle("named_task_get", (*engine.Engine).GetNamedTask),
	handle("named_task_list", (*engine.Engine).ListNamedTasks),
	handle("named_task_create", (*engine.Engine).CreateNamedTask),
	handle("named_task_update", (*engine.Engine).UpdateNamedTask),
	handle("named_step_get", (*engine.Engine).GetNamedStep),
	handle("named_step_list", (*engine.Engine).ListNamedSteps),
	handle("named_step_create", (*engine.Engine).CreateNamedStep),
	handle("named_step_update", (*engine.Engine).UpdateNamedStep),
	handle("dependent_system_get", of(engine.SystemEntry, (*engine.Engine).GetEntry)),
	handle("dependent_system_list", of(engine.SystemEntry, (*engine.Engine).ListEntries)),
	handle("dependent_system_create", of(engine.SystemEntry, (*engine.Engine).CreateEntry)),
	handle("dependent_system_update", of(engine.SystemEntry, (*engine.Engine).UpdateEntry)),
	handle("object_map_get", (*engine.Engine).GetObjectMap),
	handle("object_map_list", (*engine.Engine).ListObjectMaps),
	handle("object_map_create", (*engine.Engine).CreateObjectMap),
	handle("object_map_update", (*engine.Engine).UpdateObjectMap),
	handle("annotation_type_get", of(engine.AnnotationTypeEntry, (*engine.Engine).GetEntry)),
	handle("annotation_type_list", of(engine.AnnotationTypeEntry, (*engine.Engine).ListEntries)),
	handle("annotation_type_create", of(engine.AnnotationTypeEntry, (*engine.Engine).CreateEntry)),
	handle("annotation_type_update", of(engine.AnnotationTypeEntry, (*engine.Engine).UpdateEntry)),
	handle("engine_metrics", (*engine.Engine).Metrics),
}

// handle makes the row of an operation from its use case.
func handle[Request, Reply any](
	name string, method func(*engine.Engine, context.Context, Request) (Reply, error),
) row {
	requests, replies := wire.CodecOf[Request](), wire.CodecOf[Reply]()
	timing := timingOf(reflect.TypeFor[Request]())
	run := func(ctx context.Context, e *session.Engine, kind wire.Kind, raw []byte) ([]byte, error) {
		request, err := requests.Decode(raw)
		if err != nil {
			return nil, err
		}
		limit, err := timing.limit(reflect.ValueOf(&request).Elem())
		if err != nil {
			return nil, err
		}
		ctx, cancel := bounded(ctx, kind, limit)
		defer cancel()
		reply, err := method(e.Cases(), ctx, request)
		if err != nil {
			return nil, settled(ctx, limit, err)
		}
		return replies.Encode(reply)
	}
	return row{name, reflect.TypeFor[Request](), reflect.TypeFor[Reply](), timing.waitsIfAsked, run}
}

// of makes a use case of one kind of entry from that of all kinds.
func of[Kind, Request, Reply any](
	kind Kind, method func(*engine.Engine, context.Context, Kind, Request) (Reply, error),
) func(*engine.Engine, context.Context, Request) (Reply, error) {
	return func(e *engine.Engine, ctx context.Context, r Request) (Reply, error) { return method(e, ctx, kind, r) }
}

// Row describes what is run for an operation, for comparison with the table of
// operations.
type Row struct{ Name, Request, Reply string }

// Rows lists what is run, in order.
func Rows() []Row {
	rows := make([]Row, len(table))
	for i, r := range table {
		rows[i] = Row{r.name, r.request.Name(), r.reply.Name()}
	}
	return rows
}
