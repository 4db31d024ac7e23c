package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// Watched is true: nobody but this library writes to an embedded file; see
// store.SurveyReader.
func (t *tx) Watched(context.Context) (bool, error) { return true, nil }

// TaskSurvey returns a page of tasks; see store.SurveyReader.
func (t *tx) TaskSurvey(ctx context.Context, survey store.Survey) (page store.Surveyed, err error) {
	name, args := "", []any{survey.After, survey.Limit}
	switch survey.Of {
	case store.SurveyActive:
		name = "TaskSurveyActive"
	case store.SurveyBlocked:
		name = "TaskSurveyBlocked"
	case store.SurveyForeign:
		name, args = "TaskSurveyForeign", append(args, stringArray(survey.Namespaces))
	default:
		return page, fault.Wrap(fault.Internal, fmt.Errorf("kind %d", survey.Of), "there is no such survey")
	}
	err = t.each(ctx, name, func(rows *sql.Rows) error {
		var looked int
		var last int64
		var ids string
		if err := rows.Scan(&looked, &last, &ids); err != nil {
			return err
		}
		if looked == survey.Limit {
			page.Next = last
		}
		found, err := parseIDs(ids)
		page.TaskIDs = distinct(found)
		return err
	}, args...)
	return page, err
}

// TaskWritten returns the tasks that were written to; see store.SurveyReader.
func (t *tx) TaskWritten(ctx context.Context, taskIDs []int64, since workflow.Instant) ([]int64, error) {
	return list(ctx, t, "TaskWritten", func(rows *sql.Rows, id *int64) error { return rows.Scan(id) }, idSet(taskIDs), stamp(since))
}

// TaskPeek reads tasks as TaskLock does, which here locks nothing by itself; see
// store.SurveyReader.
func (t *tx) TaskPeek(ctx context.Context, ids []int64) ([]workflow.TaskLock, error) {
	return t.TaskLock(ctx, ids)
}
