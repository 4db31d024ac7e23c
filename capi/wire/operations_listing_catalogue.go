package wire

import (
	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/query"
)

// catalogue are the operations on what task types are made of: get, list, create
// and update of each table; and what came after them.
var catalogue = []Operation{
	{
		Name: "namespace_get", Request: "GetEntryRequest", Reply: "EntryInfo", Kind: Brief, Since: "0.1.0",
		Errors: []fault.Kind{fault.NotFound},
		Doc: `Answers a namespace by its id or its name.
    {"name": "shop"}`,
	},
	{
		Name: "namespace_list", Request: "ListEntriesRequest", Reply: "ListEntriesReply", Kind: Database, Since: "0.1.0",
		Doc: `Lists namespaces, by id unless sort and order say otherwise, one page at a time.

` + query.Namespaces.Describe(),
	},
	{
		Name: "namespace_create", Request: "CreateEntryRequest", Reply: "CreateEntryReply", Kind: Brief, Since: "0.1.0",
		Doc: `Stores a namespace. A namespace groups task types.

One that is there already is answered as it is, with duplicate true.
    {"name": "shop", "description": "orders and refunds"}`,
	},
	{
		Name: "namespace_update", Request: "UpdateEntryRequest", Reply: "EntryInfo", Kind: Brief, Since: "0.1.0",
		Errors: []fault.Kind{fault.NotFound},
		Doc: `Changes the description of a namespace. Names stay, since others refer to them.
    {"id": 3, "description": "what it is for"}`,
	},
	{
		Name: "named_task_get", Request: "GetNamedTaskRequest", Reply: "NamedTaskInfo", Kind: Brief, Since: "0.1.0",
		Errors: []fault.Kind{fault.NotFound},
		Doc: `Answers a task type by its id, or by its name; without a version it is the greatest.
    {"namespace": "shop", "name": "order_flow"}`,
	},
	{
		Name: "named_task_list", Request: "ListNamedTasksRequest", Reply: "ListNamedTasksReply", Kind: Database, Since: "0.1.0",
		Doc: `Lists task types with their configurations, by id unless sort and order say otherwise, one page at a time. template_list shows their steps instead.

` + query.NamedTasks.Describe(),
	},
	{
		Name: "named_task_create", Request: "CreateNamedTaskRequest", Reply: "CreateNamedTaskReply", Kind: Brief, Since: "0.1.0",
		Doc: `Stores a task type without steps, as an engine needs it that keeps its own templates. template_register is what tasks are created from here.

The namespace is created if it is not there. A task type of the same namespace, name and version is answered as it is, with duplicate true.
    {"namespace": "shop", "name": "order_flow", "version": "1.0.0"}`,
	},
	{
		Name: "named_task_update", Request: "UpdateNamedTaskRequest", Reply: "NamedTaskInfo", Kind: Brief, Since: "0.1.0",
		Errors: []fault.Kind{fault.NotFound, fault.Conflict},
		Doc: `Changes the description of a task type and merges keys into its configuration, at any depth. A configuration that is a registered template is a conflict: template_register replaces it whole.
    {"id": 3, "configuration": {"queue": "slow"}}`,
	},
	{
		Name: "named_step_get", Request: "GetNamedStepRequest", Reply: "NamedStepInfo", Kind: Brief, Since: "0.1.0",
		Errors: []fault.Kind{fault.NotFound},
		Doc: `Answers a named step by its id, or by its name and its system.
    {"name": "charge", "dependent_system": "billing"}`,
	},
	{
		Name: "named_step_list", Request: "ListEntriesRequest", Reply: "ListNamedStepsReply", Kind: Database, Since: "0.1.0",
		Doc: `Lists named steps, by id unless sort and order say otherwise, one page at a time.

` + query.NamedSteps.Describe(),
	},
	{
		Name: "named_step_create", Request: "CreateNamedStepRequest", Reply: "CreateNamedStepReply", Kind: Brief, Since: "0.1.0",
		Doc: `Stores a named step. Templates do so by themselves; the same name may be there once for each system.

The system is created if it is not there. A named step that is there already is answered as it is, with duplicate true.
    {"name": "charge", "dependent_system": "billing"}`,
	},
	{
		Name: "named_step_update", Request: "UpdateEntryRequest", Reply: "NamedStepInfo", Kind: Brief, Since: "0.1.0",
		Errors: []fault.Kind{fault.NotFound},
		Doc: `Changes the description of a named step. Names stay, since templates and handlers refer to them.
    {"id": 3, "description": "charges the card"}`,
	},
	{
		Name: "dependent_system_get", Request: "GetEntryRequest", Reply: "EntryInfo", Kind: Brief, Since: "0.1.0",
		Errors: []fault.Kind{fault.NotFound},
		Doc: `Answers a dependent system by its id or its name.
    {"name": "billing"}`,
	},
	{
		Name: "dependent_system_list", Request: "ListEntriesRequest", Reply: "ListEntriesReply", Kind: Database, Since: "0.1.0",
		Doc: `Lists dependent systems, by id unless sort and order say otherwise, one page at a time.

` + query.DependentSystems.Describe(),
	},
	{
		Name: "dependent_system_create", Request: "CreateEntryRequest", Reply: "CreateEntryReply", Kind: Brief, Since: "0.1.0",
		Doc: `Stores a dependent system. A dependent system is what named steps belong to and object maps connect.

One that is there already is answered as it is, with duplicate true.
    {"name": "billing"}`,
	},
	{
		Name: "dependent_system_update", Request: "UpdateEntryRequest", Reply: "EntryInfo", Kind: Brief, Since: "0.1.0",
		Errors: []fault.Kind{fault.NotFound},
		Doc: `Changes the description of a dependent system. Names stay, since others refer to them.
    {"id": 3, "description": "what it is for"}`,
	},
	{
		Name: "object_map_get", Request: "GetObjectMapRequest", Reply: "ObjectMapInfo", Kind: Brief, Since: "0.1.0",
		Errors: []fault.Kind{fault.NotFound},
		Doc:    `Answers an object map, which says that two systems know the same object by two names.`,
	},
	{
		Name: "object_map_list", Request: "ListEntriesRequest", Reply: "ListObjectMapsReply", Kind: Database, Since: "0.1.0",
		Doc: `Lists object maps, by id unless sort and order say otherwise, one page at a time.

` + query.ObjectMaps.Describe(),
	},
	{
		Name: "object_map_create", Request: "CreateObjectMapRequest", Reply: "CreateObjectMapReply", Kind: Brief, Since: "0.1.0",
		Errors: []fault.Kind{fault.NotFound},
		Doc: `Stores that two systems know the same object by two names. The systems must be there.

An object map that says the same, in either order, is answered as it is, with duplicate true.
    {"system_one": "billing", "remote_id_one": "cus_9", "system_two": "shop", "remote_id_two": "42"}`,
	},
	{
		Name: "object_map_update", Request: "UpdateObjectMapRequest", Reply: "ObjectMapInfo", Kind: Brief, Since: "0.1.0",
		Errors: []fault.Kind{fault.NotFound, fault.Duplicate},
		Doc: `Changes what the systems of an object map call the object. When another object map says the same already, that is a duplicate.
    {"id": 3, "remote_id_two": "43"}`,
	},
	{
		Name: "annotation_type_get", Request: "GetEntryRequest", Reply: "EntryInfo", Kind: Brief, Since: "0.1.0",
		Errors: []fault.Kind{fault.NotFound},
		Doc: `Answers an annotation type by its id or its name.
    {"name": "review"}`,
	},
	{
		Name: "annotation_type_list", Request: "ListEntriesRequest", Reply: "ListEntriesReply", Kind: Database, Since: "0.1.0",
		Doc: `Lists annotation types, by id unless sort and order say otherwise, one page at a time.

` + query.AnnotationTypes.Describe(),
	},
	{
		Name: "annotation_type_create", Request: "CreateEntryRequest", Reply: "CreateEntryReply", Kind: Brief, Since: "0.1.0",
		Doc: `Stores an annotation type. An annotation type says what an annotation of a task is about.

One that is there already is answered as it is, with duplicate true.
    {"name": "review"}`,
	},
	{
		Name: "annotation_type_update", Request: "UpdateEntryRequest", Reply: "EntryInfo", Kind: Brief, Since: "0.1.0",
		Errors: []fault.Kind{fault.NotFound},
		Doc: `Changes the description of an annotation type. Names stay, since others refer to them.
    {"id": 3, "description": "what it is for"}`,
	},
	{
		Name: "engine_metrics", Request: "Empty", Reply: "MetricsReply", Kind: Database, Since: "0.1.0",
		Doc: `Answers what engine_health tells as figures in Prometheus' text format, for an endpoint of the host to serve.

Those of queues, tasks and workers are of the database: every process on it answers the same. Those of the cache and the panics are of this engine.`,
	},
}
