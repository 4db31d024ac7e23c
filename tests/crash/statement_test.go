package crash_test

import (
	"context"

	"github.com/tasker-systems/tasker-core-go/core/query"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// Every call of the contract is a point. Nothing is embedded: a method that the
// contract gains does not compile here before it is one, too.

var _ store.Tx = (*tx)(nil)

func (t *tx) Violations(ctx context.Context, limit int) ([]store.Violation, error) {
	return ask(t, "Violations", func() ([]store.Violation, error) { return t.inner.Violations(ctx, limit) })
}

func (t *tx) LeaseList(ctx context.Context, filter store.LeaseFilter) ([]workflow.Lease, error) {
	return ask(t, "LeaseList", func() ([]workflow.Lease, error) { return t.inner.LeaseList(ctx, filter) })
}

func (t *tx) NamedTaskFind(ctx context.Context, keys []store.NamedTaskKey, withConfiguration bool) ([]workflow.NamedTask, error) {
	return ask(t, "NamedTaskFind", func() ([]workflow.NamedTask, error) { return t.inner.NamedTaskFind(ctx, keys, withConfiguration) })
}

func (t *tx) NamedTaskList(ctx context.Context, filter store.NamedTaskFilter) ([]workflow.NamedTask, error) {
	return ask(t, "NamedTaskList", func() ([]workflow.NamedTask, error) { return t.inner.NamedTaskList(ctx, filter) })
}

func (t *tx) RouteList(ctx context.Context, namedTaskIDs []int64) ([]workflow.Route, error) {
	return ask(t, "RouteList", func() ([]workflow.Route, error) { return t.inner.RouteList(ctx, namedTaskIDs) })
}

func (t *tx) RouteStamp(ctx context.Context) (store.RouteStamp, error) {
	return ask(t, "RouteStamp", func() (store.RouteStamp, error) { return t.inner.RouteStamp(ctx) })
}

func (t *tx) RouteNames(ctx context.Context) ([]store.RouteName, error) {
	return ask(t, "RouteNames", func() ([]store.RouteName, error) { return t.inner.RouteNames(ctx) })
}

func (t *tx) ReadyCandidates(ctx context.Context, routes []int64, now workflow.Instant, perRoute int) ([]workflow.ReadyStep, error) {
	return ask(t, "ReadyCandidates", func() ([]workflow.ReadyStep, error) { return t.inner.ReadyCandidates(ctx, routes, now, perRoute) })
}

func (t *tx) ReadyNextDue(ctx context.Context, routes []int64, now workflow.Instant) (workflow.Instant, error) {
	return ask(t, "ReadyNextDue", func() (workflow.Instant, error) { return t.inner.ReadyNextDue(ctx, routes, now) })
}

func (t *tx) ReadyListByTask(ctx context.Context, taskIDs []int64) ([]workflow.ReadyStep, error) {
	return ask(t, "ReadyListByTask", func() ([]workflow.ReadyStep, error) { return t.inner.ReadyListByTask(ctx, taskIDs) })
}

func (t *tx) Depths(ctx context.Context, now workflow.Instant) (store.Depths, error) {
	return ask(t, "Depths", func() (store.Depths, error) { return t.inner.Depths(ctx, now) })
}

func (t *tx) StepList(ctx context.Context, ids []int64) ([]workflow.Step, error) {
	return ask(t, "StepList", func() ([]workflow.Step, error) { return t.inner.StepList(ctx, ids) })
}

func (t *tx) StepListByTask(ctx context.Context, taskIDs []int64) ([]workflow.Step, error) {
	return ask(t, "StepListByTask", func() ([]workflow.Step, error) { return t.inner.StepListByTask(ctx, taskIDs) })
}

func (t *tx) EdgeListByTask(ctx context.Context, taskIDs []int64) ([]workflow.Edge, error) {
	return ask(t, "EdgeListByTask", func() ([]workflow.Edge, error) { return t.inner.EdgeListByTask(ctx, taskIDs) })
}

func (t *tx) ChildList(ctx context.Context, parentIDs []int64) ([]store.Child, error) {
	return ask(t, "ChildList", func() ([]store.Child, error) { return t.inner.ChildList(ctx, parentIDs) })
}

func (t *tx) ParentList(ctx context.Context, stepIDs []int64) ([]store.Parent, error) {
	return ask(t, "ParentList", func() ([]store.Parent, error) { return t.inner.ParentList(ctx, stepIDs) })
}

func (t *tx) TaskList(ctx context.Context, filter store.TaskFilter) ([]workflow.Task, error) {
	return ask(t, "TaskList", func() ([]workflow.Task, error) { return t.inner.TaskList(ctx, filter) })
}

func (t *tx) TaskIdentify(ctx context.Context, hashes []string) (map[string]int64, error) {
	return ask(t, "TaskIdentify", func() (map[string]int64, error) { return t.inner.TaskIdentify(ctx, hashes) })
}

func (t *tx) TaskTransitions(ctx context.Context, taskIDs []int64) ([]workflow.Transition, error) {
	return ask(t, "TaskTransitions", func() ([]workflow.Transition, error) { return t.inner.TaskTransitions(ctx, taskIDs) })
}

func (t *tx) StepTransitions(ctx context.Context, stepIDs []int64) ([]workflow.Transition, error) {
	return ask(t, "StepTransitions", func() ([]workflow.Transition, error) { return t.inner.StepTransitions(ctx, stepIDs) })
}

func (t *tx) StepClosings(ctx context.Context, leases []store.StepEpoch) (map[store.StepEpoch]workflow.Transition, error) {
	return ask(t, "StepClosings", func() (map[store.StepEpoch]workflow.Transition, error) { return t.inner.StepClosings(ctx, leases) })
}

func (t *tx) CatalogueFind(ctx context.Context, kind store.CatalogueKind, ids []int64) ([]workflow.CatalogueEntry, error) {
	return ask(t, "CatalogueFind", func() ([]workflow.CatalogueEntry, error) { return t.inner.CatalogueFind(ctx, kind, ids) })
}

func (t *tx) CatalogueIdentify(ctx context.Context, kind store.CatalogueKind, entry workflow.CatalogueEntry) (int64, error) {
	return ask(t, "CatalogueIdentify", func() (int64, error) { return t.inner.CatalogueIdentify(ctx, kind, entry) })
}

func (t *tx) CatalogueInsert(ctx context.Context, kind store.CatalogueKind, entry workflow.CatalogueEntry) (int64, error) {
	return ask(t, "CatalogueInsert", func() (int64, error) { return t.inner.CatalogueInsert(ctx, kind, entry) })
}

func (t *tx) CatalogueUpdate(ctx context.Context, kind store.CatalogueKind, entry workflow.CatalogueEntry) error {
	return t.do("CatalogueUpdate", func() error { return t.inner.CatalogueUpdate(ctx, kind, entry) })
}

func (t *tx) Select(ctx context.Context, q query.Query) ([]query.Mark, error) {
	return ask(t, "Select", func() ([]query.Mark, error) { return t.inner.Select(ctx, q) })
}

func (t *tx) NamedTaskVersions(ctx context.Context) ([]store.NamedTaskVersion, error) {
	return ask(t, "NamedTaskVersions", func() ([]store.NamedTaskVersion, error) { return t.inner.NamedTaskVersions(ctx) })
}

func (t *tx) TaskTransitionFind(ctx context.Context, ids []int64) ([]workflow.Transition, error) {
	return ask(t, "TaskTransitionFind", func() ([]workflow.Transition, error) { return t.inner.TaskTransitionFind(ctx, ids) })
}

func (t *tx) StepTransitionFind(ctx context.Context, ids []int64) ([]workflow.Transition, error) {
	return ask(t, "StepTransitionFind", func() ([]workflow.Transition, error) { return t.inner.StepTransitionFind(ctx, ids) })
}

func (t *tx) WorkerFind(ctx context.Context, ids []int64) ([]store.WorkerLoad, error) {
	return ask(t, "WorkerFind", func() ([]store.WorkerLoad, error) { return t.inner.WorkerFind(ctx, ids) })
}

func (t *tx) WorkerList(ctx context.Context) ([]workflow.Worker, error) {
	return ask(t, "WorkerList", func() ([]workflow.Worker, error) { return t.inner.WorkerList(ctx) })
}

func (t *tx) DirtyExists(ctx context.Context) (bool, error) {
	return ask(t, "DirtyExists", func() (bool, error) { return t.inner.DirtyExists(ctx) })
}

func (t *tx) LeaseInsert(ctx context.Context, leases []workflow.Lease) error {
	return t.do("LeaseInsert", func() error { return t.inner.LeaseInsert(ctx, leases) })
}

func (t *tx) LeaseDelete(ctx context.Context, stepIDs []int64) error {
	return t.do("LeaseDelete", func() error { return t.inner.LeaseDelete(ctx, stepIDs) })
}

func (t *tx) NamedTaskInstall(ctx context.Context, install store.NamedTaskInstall) (named workflow.NamedTask, routes []workflow.Route, err error) {
	err = t.do("NamedTaskInstall", func() error {
		named, routes, err = t.inner.NamedTaskInstall(ctx, install)
		return err
	})
	return named, routes, err
}

func (t *tx) ReadyInsert(ctx context.Context, rows []workflow.ReadyStep) error {
	return t.do("ReadyInsert", func() error { return t.inner.ReadyInsert(ctx, rows) })
}

func (t *tx) ReadyTake(ctx context.Context, stepIDs []int64) (store.ReadyTaken, error) {
	return ask(t, "ReadyTake", func() (store.ReadyTaken, error) { return t.inner.ReadyTake(ctx, stepIDs) })
}

func (t *tx) ReadyDelete(ctx context.Context, stepIDs []int64) ([]int64, error) {
	return ask(t, "ReadyDelete", func() ([]int64, error) { return t.inner.ReadyDelete(ctx, stepIDs) })
}

func (t *tx) StepInsert(ctx context.Context, steps []store.NewStep) ([]int64, error) {
	return ask(t, "StepInsert", func() ([]int64, error) { return t.inner.StepInsert(ctx, steps) })
}

func (t *tx) EdgeInsert(ctx context.Context, edges []store.NewEdge) error {
	return t.do("EdgeInsert", func() error { return t.inner.EdgeInsert(ctx, edges) })
}

func (t *tx) StepLock(ctx context.Context, stepIDs []int64) (store.StepLocked, error) {
	return ask(t, "StepLock", func() (store.StepLocked, error) { return t.inner.StepLock(ctx, stepIDs) })
}

func (t *tx) StepMove(ctx context.Context, moves []store.Move) ([]store.Moved, error) {
	return ask(t, "StepMove", func() ([]store.Moved, error) { return t.inner.StepMove(ctx, moves) })
}

func (t *tx) StepChange(ctx context.Context, changes []store.StepChange) error {
	return t.do("StepChange", func() error { return t.inner.StepChange(ctx, changes) })
}

func (t *tx) TaskInsert(ctx context.Context, tasks []store.NewTask) ([]int64, error) {
	return ask(t, "TaskInsert", func() ([]int64, error) { return t.inner.TaskInsert(ctx, tasks) })
}

func (t *tx) Watched(ctx context.Context) (bool, error) {
	return ask(t, "Watched", func() (bool, error) { return t.inner.Watched(ctx) })
}

func (t *tx) TaskSurvey(ctx context.Context, survey store.Survey) (store.Surveyed, error) {
	return ask(t, "TaskSurvey", func() (store.Surveyed, error) { return t.inner.TaskSurvey(ctx, survey) })
}

func (t *tx) TaskWritten(ctx context.Context, taskIDs []int64, since workflow.Instant) ([]int64, error) {
	return ask(t, "TaskWritten", func() ([]int64, error) { return t.inner.TaskWritten(ctx, taskIDs, since) })
}

func (t *tx) TaskPeek(ctx context.Context, ids []int64) ([]workflow.TaskLock, error) {
	return ask(t, "TaskPeek", func() ([]workflow.TaskLock, error) { return t.inner.TaskPeek(ctx, ids) })
}

func (t *tx) TaskLock(ctx context.Context, ids []int64) ([]workflow.TaskLock, error) {
	return ask(t, "TaskLock", func() ([]workflow.TaskLock, error) { return t.inner.TaskLock(ctx, ids) })
}

func (t *tx) TaskMove(ctx context.Context, moves []store.Move) ([]store.Moved, error) {
	return ask(t, "TaskMove", func() ([]store.Moved, error) { return t.inner.TaskMove(ctx, moves) })
}

func (t *tx) TaskChange(ctx context.Context, changes []store.TaskChange) error {
	return t.do("TaskChange", func() error { return t.inner.TaskChange(ctx, changes) })
}

func (t *tx) WorkerInsert(ctx context.Context, worker workflow.Worker) (int64, error) {
	return ask(t, "WorkerInsert", func() (int64, error) { return t.inner.WorkerInsert(ctx, worker) })
}

func (t *tx) WorkerHold(ctx context.Context, id int64) (bool, error) {
	return ask(t, "WorkerHold", func() (bool, error) { return t.inner.WorkerHold(ctx, id) })
}

func (t *tx) WorkerTouch(ctx context.Context, worker workflow.Worker) (bool, error) {
	return ask(t, "WorkerTouch", func() (bool, error) { return t.inner.WorkerTouch(ctx, worker) })
}

func (t *tx) WorkerDelete(ctx context.Context, ids []int64) error {
	return t.do("WorkerDelete", func() error { return t.inner.WorkerDelete(ctx, ids) })
}

func (t *tx) DirtyInsert(ctx context.Context, taskIDs []int64, at workflow.Instant) error {
	return t.do("DirtyInsert", func() error { return t.inner.DirtyInsert(ctx, taskIDs, at) })
}

func (t *tx) DirtyTake(ctx context.Context, limit int) ([]int64, error) {
	return ask(t, "DirtyTake", func() ([]int64, error) { return t.inner.DirtyTake(ctx, limit) })
}

func (t *tx) AnnotationListByTask(ctx context.Context, taskIDs []int64) ([]workflow.Annotation, error) {
	return ask(t, "AnnotationListByTask", func() ([]workflow.Annotation, error) { return t.inner.AnnotationListByTask(ctx, taskIDs) })
}

func (t *tx) AnnotationInsert(ctx context.Context, annotations []store.NewAnnotation) ([]workflow.Annotation, error) {
	return ask(t, "AnnotationInsert", func() ([]workflow.Annotation, error) { return t.inner.AnnotationInsert(ctx, annotations) })
}

func (t *tx) TaskAdopt(ctx context.Context, adoptions []store.Adoption) ([]int64, error) {
	return ask(t, "TaskAdopt", func() ([]int64, error) { return t.inner.TaskAdopt(ctx, adoptions) })
}

func (t *tx) TaskEdit(ctx context.Context, edits []store.TaskEdit) error {
	return t.do("TaskEdit", func() error { return t.inner.TaskEdit(ctx, edits) })
}

func (t *tx) StepEdit(ctx context.Context, edits []store.StepEdit) error {
	return t.do("StepEdit", func() error { return t.inner.StepEdit(ctx, edits) })
}

func (t *tx) DirtyDelete(ctx context.Context, taskIDs []int64) error {
	return t.do("DirtyDelete", func() error { return t.inner.DirtyDelete(ctx, taskIDs) })
}
