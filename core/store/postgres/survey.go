package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// Watched reports whether the triggers are there; see store.SurveyReader.
func (t *tx) Watched(ctx context.Context) (bool, error) {
	if t.store.watch.due() {
		if err := t.lookAtTriggers(ctx); err != nil {
			return false, err
		}
		if err := t.flush(ctx); err != nil {
			return false, err
		}
	}
	return t.store.watch.holds(), nil
}

// TaskSurvey returns a page of tasks; see store.SurveyReader.
func (t *tx) TaskSurvey(ctx context.Context, survey store.Survey) (page store.Surveyed, err error) {
	name, args := "", []any{survey.After, survey.Limit}
	switch survey.Of {
	case store.SurveyActive:
		name = "TaskSurveyActive"
	case store.SurveyBlocked:
		name = "TaskSurveyBlocked"
	case store.SurveyForeign:
		name, args = "TaskSurveyForeign", append(args, append([]string{}, survey.Namespaces...))
	default:
		return page, fault.Wrap(fault.Internal, fmt.Errorf("kind %d", survey.Of), "there is no such survey")
	}
	err = t.each(ctx, name, func(rows pgx.Rows) error {
		var looked int
		var last int64
		err := rows.Scan(&looked, &last, &page.TaskIDs)
		if looked == survey.Limit {
			page.Next = last
		}
		return err
	}, args...)
	return page, err
}

// TaskWritten returns the tasks that were written to; see store.SurveyReader.
func (t *tx) TaskWritten(ctx context.Context, taskIDs []int64, since workflow.Instant) ([]int64, error) {
	return list(ctx, t, "TaskWritten", func(rows pgx.Rows, id *int64) error { return rows.Scan(id) }, distinct(taskIDs), stamp(since))
}

// TaskPeek reads tasks as TaskLock does; see store.SurveyReader.
func (t *tx) TaskPeek(ctx context.Context, ids []int64) ([]workflow.TaskLock, error) {
	return list(ctx, t, "TaskLock", scanTaskLock, distinct(ids))
}
