package sqlite

import (
	"context"
	"database/sql"

	"github.com/tasker-systems/tasker-core-go/core/insight"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// InsightStamps returns the stamps of all tasks; see store.InsightReader. The
// file belongs to this library, so every change goes through a version.
func (s *Store) InsightStamps(ctx context.Context) (store.InsightStamps, error) {
	var found store.InsightStamps
	err := s.read(ctx, func(t *tx) error {
		found = store.InsightStamps{}
		if err := t.each(ctx, "InsightStampsTypes", func(rows *sql.Rows) error {
			return rows.Scan(&found.Namespaces, &found.TaskTypes)
		}); err != nil {
			return err
		}
		return t.each(ctx, "InsightStamps", appendTo(&found.Tasks, func(rows *sql.Rows, i *store.InsightStamp) error {
			i.Stamp.Watched = true
			return rows.Scan(&i.TaskID, &i.Stamp.Version, &i.Stamp.Dirty)
		}))
	})
	return found, err
}

// InsightTasks returns the facts about tasks; see store.InsightReader.
func (s *Store) InsightTasks(ctx context.Context, ids []int64, filter store.InsightFilter) ([]store.InsightTask, error) {
	name, args := "InsightTasks", insightScope(filter)
	if ids != nil {
		name, args = "InsightTasksByID", []any{idSet(ids)}
	}
	var tasks []store.InsightTask
	err := s.read(ctx, func(t *tx) (err error) {
		tasks, err = list(ctx, t, name, scanInsightTask, args...)
		return err
	})
	return tasks, err
}

func scanInsightTask(rows *sql.Rows, i *store.InsightTask) error {
	i.Stamp.Watched = true
	var created, since, lastEnd workflow.Instant
	err := rows.Scan(&i.ID, &i.Stamp.Version, &i.Stamp.Dirty, &i.Type, instant{&created}, &i.State, instant{&since}, &i.Steps,
		&i.Active, &i.Complete, &i.Failed, instant{&lastEnd}, &i.StepTime, &i.TaskTime)
	i.Created, i.Since, i.LastEnd = insight.Micros(created), insight.Micros(since), insight.Micros(lastEnd)
	return err
}

// InsightSlowestSteps returns the steps that took longest; see
// store.InsightReader.
func (s *Store) InsightSlowestSteps(ctx context.Context, filter store.InsightFilter, limit int) ([]insight.SlowStep, error) {
	var steps []insight.SlowStep
	err := s.read(ctx, func(t *tx) (err error) {
		steps, err = list(ctx, t, "InsightSlowestSteps", func(rows *sql.Rows, i *insight.SlowStep) error {
			err := rows.Scan(&i.StepID, &i.TaskID, &i.StepName, &i.TaskName, &i.Namespace, &i.Version, &i.Attempts,
				instant{&i.CreatedAt}, instant{&i.CompletedAt}, &i.Retryable)
			i.Status, i.DurationSeconds = workflow.Complete, insight.Duration(i.CreatedAt, i.CompletedAt)
			return err
		}, append(insightScope(filter), limit)...)
		return err
	})
	return steps, err
}

// insightScope are the first four parameters of the statements that a filter
// bounds.
func insightScope(filter store.InsightFilter) []any {
	return []any{stamp(filter.CreatedAfter), filter.Namespace, filter.Name, filter.Version}
}

// InsightHealth counts tasks and steps; see store.InsightReader. The connections
// are this store's own: one that writes and those that read.
func (s *Store) InsightHealth(ctx context.Context, now workflow.Instant) (insight.HealthFacts, error) {
	f := insight.HealthFacts{ActiveConnections: 1, MaxConnections: int64(s.options.Readers) + 1}
	err := s.read(ctx, func(t *tx) (err error) {
		f.Tasks, err = list(ctx, t, "InsightHealthTasks", func(rows *sql.Rows, o *insight.Owners) error {
			return rows.Scan(&o.State, &o.Count)
		})
		if err != nil {
			return err
		}
		f.Steps, err = list(ctx, t, "InsightHealthSteps", func(rows *sql.Rows, g *insight.StepGroup) error {
			return rows.Scan(&g.State, &g.Attempts, &g.RetryLimit, &g.Retryable, &g.Attempted, &g.Waiting, &g.Count)
		}, stamp(now))
		return err
	})
	return f, err
}

// InsightTroubles counts failures and waits; see store.InsightReader.
func (s *Store) InsightTroubles(
	ctx context.Context, filter store.InsightFilter, now workflow.Instant, limit int,
) (insight.Troubles, error) {
	var f insight.Troubles
	scope := insightScope(filter)
	err := s.read(ctx, func(t *tx) error {
		for _, query := range []struct {
			name  string
			scan  func(*sql.Rows) error
			fifth []any
		}{
			{"InsightTroublesAttempts", func(rows *sql.Rows) error {
				return rows.Scan(&f.Attempts, &f.Failures, &f.FailedSteps, &f.RecoveredSteps)
			}, nil},
			{"InsightTroublesClasses", appendTo(&f.Classes, func(rows *sql.Rows, c *insight.ErrorClass) error {
				return rows.Scan(&c.Class, &c.Count)
			}), []any{limit}},
			{"InsightTroublesBlocked", func(rows *sql.Rows) error {
				return rows.Scan(&f.BlockedSteps, &f.BlockingEdges, &f.WaitMicroseconds)
			}, []any{stamp(now)}},
			{"InsightTroublesBlockers", appendTo(&f.Blockers, func(rows *sql.Rows, b *insight.Blocker) error {
				return rows.Scan(&b.Namespace, &b.TaskName, &b.StepName, &b.BlockedSteps)
			}), []any{limit}},
		} {
			args := append(append([]any(nil), scope...), query.fifth...)
			if err := t.each(ctx, query.name, query.scan, args...); err != nil {
				return err
			}
		}
		return nil
	})
	return f, err
}
