package postgres

import (
	"cmp"
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// NamedTaskFind returns the task types with these keys; see store.NamedTaskReader.
func (t *tx) NamedTaskFind(
	ctx context.Context, keys []store.NamedTaskKey, withConfiguration bool,
) ([]workflow.NamedTask, error) {
	return list(ctx, t, "NamedTaskFind", scanNamedTask,
		column(keys, func(k *store.NamedTaskKey) string { return k.Namespace }),
		column(keys, func(k *store.NamedTaskKey) string { return k.Name }),
		column(keys, func(k *store.NamedTaskKey) string { return k.Version }), withConfiguration)
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
	if err := t.ask(ctx, statement, appendTo(&found, scanNamedTask), w.args...); err != nil {
		return nil, err
	}
	return found, t.flush(ctx)
}

func scanNamedTask(rows pgx.Rows, n *workflow.NamedTask) error {
	return rows.Scan(&n.ID, &n.NamespaceID, &n.Namespace, &n.Name, &n.Version, &n.Description,
		raw(&n.Configuration), instant{&n.CreatedAt}, instant{&n.UpdatedAt})
}

// NamedTaskVersions returns the keys of all task types; see store.NamedTaskReader.
func (t *tx) NamedTaskVersions(ctx context.Context) ([]store.NamedTaskVersion, error) {
	return list(ctx, t, "NamedTaskVersions", func(rows pgx.Rows, v *store.NamedTaskVersion) error {
		return rows.Scan(&v.ID, &v.Namespace, &v.Name, &v.Version)
	})
}

// RouteList returns the routes of the task types; see store.NamedTaskReader.
func (t *tx) RouteList(ctx context.Context, namedTaskIDs []int64) ([]workflow.Route, error) {
	return list(ctx, t, "RouteList", func(rows pgx.Rows, r *workflow.Route) error {
		return rows.Scan(&r.ID, &r.NamedTaskID, &r.NamedStepID, &r.StepName, &r.System,
			&r.Skippable, &r.Retryable, &r.RetryLimit)
	}, distinct(namedTaskIDs))
}

// RouteStamp tells whether routes were added; see store.NamedTaskReader.
func (t *tx) RouteStamp(ctx context.Context) (stamp store.RouteStamp, err error) {
	err = t.each(ctx, "RouteStamp", func(rows pgx.Rows) error { return rows.Scan(&stamp.Count, &stamp.Greatest) })
	return stamp, err
}

// RouteNames returns every route by name; see store.NamedTaskReader.
func (t *tx) RouteNames(ctx context.Context) ([]store.RouteName, error) {
	return list(ctx, t, "RouteNames", func(rows pgx.Rows, r *store.RouteName) error {
		return rows.Scan(&r.RouteID, &r.Task.Namespace, &r.Task.Name, &r.Task.Version, &r.Step)
	})
}

// NamedTaskInstall stores a template; see store.NamedTaskWriter. Two processes
// that install the same at once: the second waits for the first's row, then
// begins again and finds it.
func (t *tx) NamedTaskInstall(
	ctx context.Context, install store.NamedTaskInstall,
) (workflow.NamedTask, []workflow.Route, error) {
	t.news = true
	named, routes, err := t.install(ctx, install)
	if violates(err, "") {
		t.failed = fault.Wrap(fault.Conflict, errLostRace, "another process installs the same template")
		err = t.failed
	}
	return named, routes, err
}

func (t *tx) install(ctx context.Context, install store.NamedTaskInstall) (named workflow.NamedTask, routes []workflow.Route, err error) {
	namespace, _, err := t.findOrInsert(ctx,
		"NamedTaskInstallFindNamespace", []any{install.Key.Namespace},
		"NamedTaskInstallNamespace", []any{install.Key.Namespace, stamp(install.At)})
	if err != nil {
		return named, nil, err
	}
	if routes, err = t.installSteps(ctx, install); err != nil {
		return named, nil, err
	}
	id, err := t.installNamedTask(ctx, namespace, install)
	if err != nil {
		return named, nil, err
	}
	if err := t.installRoutes(ctx, id, install, routes); err != nil {
		return named, nil, err
	}
	found, err := t.NamedTaskFind(ctx, []store.NamedTaskKey{install.Key}, true)
	if err != nil {
		return named, nil, err
	}
	if len(found) != 1 {
		return named, nil, fault.New(fault.Internal, "the task type just stored cannot be found")
	}
	return found[0], routes, nil
}

// installSteps finds or creates the dependent systems and named steps, which
// templates share, and returns one route without id per step. They are
// inserted in the order of their names, all systems first, so that two
// templates with some in common wait for each other in one direction only.
func (t *tx) installSteps(ctx context.Context, install store.NamedTaskInstall) ([]workflow.Route, error) {
	steps, at := inOrder(install.Steps), stamp(install.At)
	systems := column(steps, func(s *store.RouteInstall) string { return s.System })
	names := column(steps, func(s *store.RouteInstall) string { return s.StepName })
	descriptions := column(steps, func(s *store.RouteInstall) string { return s.Description })
	if err := t.plan(ctx, "NamedTaskInstallSystems", slices.Compact(slices.Clone(systems)), at); err != nil {
		return nil, err
	}
	if err := t.plan(ctx, "NamedTaskInstallSteps", systems, names, descriptions, at); err != nil {
		return nil, err
	}
	ids := make(map[stepName]int64, len(steps))
	err := t.each(ctx, "NamedTaskInstallFindSteps", func(rows pgx.Rows) error {
		var name stepName
		var id int64
		err := rows.Scan(&name.system, &name.step, &id)
		ids[name] = id
		return err
	}, systems, names)
	routes := make([]workflow.Route, len(install.Steps))
	for i, step := range install.Steps {
		routes[i] = workflow.Route{
			NamedStepID: ids[stepName{step.System, step.StepName}], StepName: step.StepName, System: step.System,
			Skippable: step.Skippable, Retryable: step.Retryable, RetryLimit: step.RetryLimit,
		}
	}
	return routes, err
}

// stepName is what a named step is found by.
type stepName struct{ system, step string }

// inOrder returns the steps by system and name, each pair once.
func inOrder(steps []store.RouteInstall) []store.RouteInstall {
	sorted := slices.Clone(steps)
	slices.SortStableFunc(sorted, func(a, b store.RouteInstall) int {
		return cmp.Or(cmp.Compare(a.System, b.System), cmp.Compare(a.StepName, b.StepName))
	})
	return slices.CompactFunc(sorted, func(a, b store.RouteInstall) bool {
		return a.System == b.System && a.StepName == b.StepName
	})
}

func (t *tx) installNamedTask(ctx context.Context, namespace int64, install store.NamedTaskInstall) (int64, error) {
	key, at := install.Key, stamp(install.At)
	id, existed, err := t.findOrInsert(ctx,
		"NamedTaskInstallFind", []any{namespace, key.Name, key.Version},
		"NamedTaskInstall", []any{namespace, key.Name, key.Version, install.Description, text(install.Configuration), at})
	if err != nil || !existed {
		return id, err
	}
	return id, t.plan(ctx, "NamedTaskInstallUpdate", id, install.Description, text(install.Configuration), at)
}

// installRoutes finds or creates the associations, in declaration order under
// the row of their task type, and fills in their ids.
func (t *tx) installRoutes(
	ctx context.Context, namedTask int64, install store.NamedTaskInstall, routes []workflow.Route,
) error {
	steps := column(routes, func(r *workflow.Route) int64 { return r.NamedStepID })
	skippable := column(routes, func(r *workflow.Route) bool { return r.Skippable })
	retryable := column(routes, func(r *workflow.Route) bool { return r.Retryable })
	limits := column(routes, func(r *workflow.Route) int { return r.RetryLimit })
	for _, statement := range []string{"NamedTaskInstallUpdateRoutes", "NamedTaskInstallRoutes"} {
		if err := t.plan(ctx, statement, namedTask, steps, skippable, retryable, limits, stamp(install.At)); err != nil {
			return err
		}
	}
	ids := make(map[int64]int64, len(routes))
	err := t.each(ctx, "NamedTaskInstallFindRoutes", func(rows pgx.Rows) error {
		var id, step int64
		err := rows.Scan(&id, &step)
		ids[step] = id
		return err
	}, namedTask)
	for i := range routes {
		routes[i].ID, routes[i].NamedTaskID = ids[routes[i].NamedStepID], namedTask
	}
	return err
}

// findOrInsert returns the id that find answers, else that of the row that
// insert adds, and whether it existed.
func (t *tx) findOrInsert(
	ctx context.Context, find string, findArgs []any, insert string, insertArgs []any,
) (id int64, existed bool, err error) {
	if err = t.each(ctx, find, scanID(&id), findArgs...); err != nil || id != 0 {
		return id, id != 0, err
	}
	err = t.each(ctx, insert, scanID(&id), insertArgs...)
	return id, false, err
}
