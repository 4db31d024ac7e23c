package store

import (
	"context"

	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// NamedTaskFilter selects task types. Set fields are combined with "and".
type NamedTaskFilter struct {
	IDs       []int64
	Namespace *string
	Name      *string
	Version   *string
	Page      Page
}

// NamedTaskKey identifies a task type by its names.
type NamedTaskKey struct{ Namespace, Name, Version string }

// NamedTaskVersion is the key of a task type with its id.
type NamedTaskVersion struct {
	ID int64
	NamedTaskKey
}

// NamedTaskReader reads task types and their routes.
type NamedTaskReader interface {
	// NamedTaskFind returns the task types with these keys, without order; a
	// key that does not exist is simply absent. WithConfiguration false leaves
	// Configuration nil, for callers that only compare UpdatedAt.
	NamedTaskFind(ctx context.Context, keys []NamedTaskKey, withConfiguration bool) ([]workflow.NamedTask, error)

	// NamedTaskList returns task types by id.
	NamedTaskList(ctx context.Context, filter NamedTaskFilter) ([]workflow.NamedTask, error)

	// NamedTaskVersions returns the keys of all task types by id, to find the
	// greatest versions, whose order no database knows.
	NamedTaskVersions(ctx context.Context) ([]NamedTaskVersion, error)

	// RouteList returns every route of the given task types, by id.
	RouteList(ctx context.Context, namedTaskIDs []int64) ([]workflow.Route, error)

	// RouteStamp changes when a route is added; nothing else about routes that
	// workers match by ever changes.
	RouteStamp(ctx context.Context) (RouteStamp, error)

	// RouteNames returns every route with the names that workers match it by,
	// by id, without configurations.
	RouteNames(ctx context.Context) ([]RouteName, error)
}

// RouteStamp tells sets of routes apart. Ids are not given in the order of
// commits, so the greatest alone would miss one.
type RouteStamp struct{ Count, Greatest int64 }

// RouteName is a route as a worker's handlers are matched against it.
type RouteName struct {
	RouteID int64
	Task    NamedTaskKey
	Step    string
}

// NamedTaskInstall is a template to be stored: the task type and its steps.
type NamedTaskInstall struct {
	Key           NamedTaskKey
	Description   string
	Configuration workflow.JSON
	Steps         []RouteInstall // in declaration order
	At            workflow.Instant
}

// RouteInstall is one step of a template to be stored.
type RouteInstall struct {
	StepName    string
	Description string
	System      string
	Skippable   bool
	Retryable   bool
	RetryLimit  int
}

// NamedTaskWriter stores task types.
type NamedTaskWriter interface {
	// NamedTaskInstall finds or creates, in this order and each by name,
	// namespace, dependent systems, named steps, the task type and its routes,
	// and sets the configuration, description and route defaults of those that
	// exist. Routes that the template no longer has stay, since old tasks refer
	// to them. It returns the task type with its id and the routes of the
	// template's steps in declaration order.
	NamedTaskInstall(ctx context.Context, install NamedTaskInstall) (workflow.NamedTask, []workflow.Route, error)
}
