package sqlite

import (
	"context"
	"database/sql"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// NamedTaskFind returns the task types with these keys; see store.NamedTaskReader.
func (t *tx) NamedTaskFind(
	ctx context.Context, keys []store.NamedTaskKey, withConfiguration bool,
) ([]workflow.NamedTask, error) {
	var found []workflow.NamedTask
	for _, key := range keys {
		err := t.each(ctx, "NamedTaskFind", appendTo(&found, scanNamedTask),
			key.Namespace, key.Name, key.Version, withConfiguration)
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// NamedTaskList returns task types by id; see store.NamedTaskReader.
func (t *tx) NamedTaskList(ctx context.Context, filter store.NamedTaskFilter) ([]workflow.NamedTask, error) {
	var w where
	w.among("t.named_task_id", filter.IDs)
	w.equal("ns.name", filter.Namespace)
	w.equal("t.name", filter.Name)
	w.equal("t.version", filter.Version)
	tail := w.page("t.named_task_id", filter.Page, false)
	var found []workflow.NamedTask
	statement := w.complete(t.store.statements["NamedTaskList"], tail)
	err := t.eachText(ctx, statement, appendTo(&found, scanNamedTask), append(w.args, filter.Page.Capped())...)
	return found, err
}

func scanNamedTask(rows *sql.Rows, n *workflow.NamedTask) error {
	return rows.Scan(&n.ID, &n.NamespaceID, &n.Namespace, &n.Name, &n.Version, &n.Description,
		raw(&n.Configuration), instant{&n.CreatedAt}, instant{&n.UpdatedAt})
}

// NamedTaskVersions returns the keys of all task types; see store.NamedTaskReader.
func (t *tx) NamedTaskVersions(ctx context.Context) ([]store.NamedTaskVersion, error) {
	return list(ctx, t, "NamedTaskVersions", func(rows *sql.Rows, v *store.NamedTaskVersion) error {
		return rows.Scan(&v.ID, &v.Namespace, &v.Name, &v.Version)
	})
}

// RouteList returns the routes of the task types; see store.NamedTaskReader.
func (t *tx) RouteList(ctx context.Context, namedTaskIDs []int64) ([]workflow.Route, error) {
	return list(ctx, t, "RouteList", func(rows *sql.Rows, r *workflow.Route) error {
		return rows.Scan(&r.ID, &r.NamedTaskID, &r.NamedStepID, &r.StepName, &r.System,
			&r.Skippable, &r.Retryable, &r.RetryLimit)
	}, idSet(namedTaskIDs))
}

// RouteStamp tells whether routes were added; see store.NamedTaskReader.
func (t *tx) RouteStamp(ctx context.Context) (stamp store.RouteStamp, err error) {
	err = t.each(ctx, "RouteStamp", func(rows *sql.Rows) error { return rows.Scan(&stamp.Count, &stamp.Greatest) })
	return stamp, err
}

// RouteNames returns every route by name; see store.NamedTaskReader.
func (t *tx) RouteNames(ctx context.Context) ([]store.RouteName, error) {
	return list(ctx, t, "RouteNames", func(rows *sql.Rows, r *store.RouteName) error {
		return rows.Scan(&r.RouteID, &r.Task.Namespace, &r.Task.Name, &r.Task.Version, &r.Step)
	})
}

// NamedTaskInstall stores a template; see store.NamedTaskWriter.
func (t *tx) NamedTaskInstall(
	ctx context.Context, install store.NamedTaskInstall,
) (workflow.NamedTask, []workflow.Route, error) {
	namespace, _, err := t.findOrInsert(ctx,
		"NamedTaskInstallFindNamespace", []any{install.Key.Namespace},
		"NamedTaskInstallNamespace", []any{install.Key.Namespace, stamp(install.At)})
	if err != nil {
		return workflow.NamedTask{}, nil, err
	}
	routes, err := t.installSteps(ctx, install)
	if err != nil {
		return workflow.NamedTask{}, nil, err
	}
	id, err := t.installNamedTask(ctx, namespace, install)
	if err != nil {
		return workflow.NamedTask{}, nil, err
	}
	if err := t.installRoutes(ctx, id, install, routes); err != nil {
		return workflow.NamedTask{}, nil, err
	}
	found, err := t.NamedTaskFind(ctx, []store.NamedTaskKey{install.Key}, true)
	if err != nil {
		return workflow.NamedTask{}, nil, err
	}
	if len(found) != 1 {
		return workflow.NamedTask{}, nil, fault.New(fault.Internal, "the task type just stored cannot be found")
	}
	return found[0], routes, nil
}

// installSteps finds or creates the dependent systems and named steps and
// returns one route without id per step.
func (t *tx) installSteps(ctx context.Context, install store.NamedTaskInstall) ([]workflow.Route, error) {
	routes := make([]workflow.Route, 0, len(install.Steps))
	for _, step := range install.Steps {
		system, _, err := t.findOrInsert(ctx,
			"NamedTaskInstallFindSystem", []any{step.System},
			"NamedTaskInstallSystem", []any{step.System, stamp(install.At)})
		if err != nil {
			return nil, err
		}
		namedStep, _, err := t.findOrInsert(ctx,
			"NamedTaskInstallFindStep", []any{system, step.StepName},
			"NamedTaskInstallStep", []any{system, step.StepName, step.Description, stamp(install.At)})
		if err != nil {
			return nil, err
		}
		routes = append(routes, workflow.Route{
			NamedStepID: namedStep, StepName: step.StepName, System: step.System,
			Skippable: step.Skippable, Retryable: step.Retryable, RetryLimit: step.RetryLimit,
		})
	}
	return routes, nil
}

func (t *tx) installNamedTask(ctx context.Context, namespace int64, install store.NamedTaskInstall) (int64, error) {
	key, at := install.Key, stamp(install.At)
	id, existed, err := t.findOrInsert(ctx,
		"NamedTaskInstallFind", []any{namespace, key.Name, key.Version},
		"NamedTaskInstall", []any{namespace, key.Name, key.Version, install.Description, text(install.Configuration), at})
	if err != nil || !existed {
		return id, err
	}
	_, err = t.exec(ctx, "NamedTaskInstallUpdate", id, install.Description, text(install.Configuration), at)
	return id, err
}

// installRoutes finds or creates the associations and fills in their ids.
func (t *tx) installRoutes(
	ctx context.Context, namedTask int64, install store.NamedTaskInstall, routes []workflow.Route,
) error {
	at := stamp(install.At)
	for i := range routes {
		r := &routes[i]
		id, existed, err := t.findOrInsert(ctx,
			"NamedTaskInstallFindRoute", []any{namedTask, r.NamedStepID},
			"NamedTaskInstallRoute", []any{namedTask, r.NamedStepID, r.Skippable, r.Retryable, r.RetryLimit, at})
		if err == nil && existed {
			_, err = t.exec(ctx, "NamedTaskInstallUpdateRoute", id, r.Skippable, r.Retryable, r.RetryLimit, at)
		}
		if err != nil {
			return err
		}
		r.ID, r.NamedTaskID = id, namedTask
	}
	return nil
}

// findOrInsert returns the id that find answers, else that of the row that
// insert adds, and whether it existed.
func (t *tx) findOrInsert(
	ctx context.Context, find string, findArgs []any, insert string, insertArgs []any,
) (id int64, existed bool, err error) {
	err = t.each(ctx, find, func(rows *sql.Rows) error {
		existed = true
		return rows.Scan(&id)
	}, findArgs...)
	if err != nil || existed {
		return id, existed, err
	}
	id, err = t.insert(ctx, insert, insertArgs...)
	return id, false, err
}
