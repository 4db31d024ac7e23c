package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/tasker-systems/tasker-core-go/core/insight"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// InsightStamps returns the stamps of all tasks; see store.InsightReader.
func (s *Store) InsightStamps(ctx context.Context) (store.InsightStamps, error) {
	var found store.InsightStamps
	err := s.glance(ctx, func(t *tx) error {
		found = store.InsightStamps{}
		if err := t.lookAtTriggers(ctx); err != nil {
			return err
		}
		if err := t.ask(ctx, s.statements["InsightStampsTypes"], func(rows pgx.Rows) error {
			return rows.Scan(&found.Namespaces, &found.TaskTypes)
		}); err != nil {
			return err
		}
		return t.ask(ctx, s.statements["InsightStamps"], appendTo(&found.Tasks, func(rows pgx.Rows, i *store.InsightStamp) error {
			i.Stamp.Watched = s.watch.holds()
			return rows.Scan(&i.TaskID, &i.Stamp.Version, &i.Stamp.Dirty)
		}))
	})
	return found, err
}

// InsightTasks returns the facts about tasks; see store.InsightReader.
func (s *Store) InsightTasks(ctx context.Context, ids []int64, filter store.InsightFilter) ([]store.InsightTask, error) {
	name, args := "InsightTasks", insightScope(filter)
	if ids != nil {
		name, args = "InsightTasksByID", []any{distinct(ids)}
	}
	var tasks []store.InsightTask
	err := s.glance(ctx, func(t *tx) error {
		tasks = nil
		if err := t.lookAtTriggers(ctx); err != nil {
			return err
		}
		return t.ask(ctx, s.statements[name], appendTo(&tasks, func(rows pgx.Rows, i *store.InsightTask) error {
			i.Stamp.Watched = s.watch.holds()
			return scanInsightTask(rows, i)
		}), args...)
	})
	return tasks, err
}

func scanInsightTask(rows pgx.Rows, i *store.InsightTask) error {
	var created, since, lastEnd workflow.Instant
	err := rows.Scan(&i.ID, &i.Stamp.Version, &i.Stamp.Dirty, &i.Type, instant{&created}, (*string)(&i.State), instant{&since},
		&i.Steps, &i.Active, &i.Complete, &i.Failed, instant{&lastEnd}, &i.StepTime, &i.TaskTime)
	i.Created, i.Since, i.LastEnd = insight.Micros(created), insight.Micros(since), insight.Micros(lastEnd)
	return err
}

// InsightSlowestSteps returns the steps that took longest; see
// store.InsightReader.
func (s *Store) InsightSlowestSteps(ctx context.Context, filter store.InsightFilter, limit int) ([]insight.SlowStep, error) {
	var steps []insight.SlowStep
	err := s.glance(ctx, func(t *tx) error {
		steps = nil
		return t.ask(ctx, s.statements["InsightSlowestSteps"], appendTo(&steps, func(rows pgx.Rows, i *insight.SlowStep) error {
			err := rows.Scan(&i.StepID, &i.TaskID, &i.StepName, &i.TaskName, &i.Namespace, &i.Version, &i.Attempts,
				instant{&i.CreatedAt}, instant{&i.CompletedAt}, &i.Retryable)
			i.Status, i.DurationSeconds = workflow.Complete, insight.Duration(i.CreatedAt, i.CompletedAt)
			return err
		}), append(insightScope(filter), limit)...)
	})
	return steps, err
}

// insightScope are the first four parameters of the statements that a filter
// bounds.
func insightScope(filter store.InsightFilter) []any {
	return []any{stamp(filter.CreatedAfter), filter.Namespace, filter.Name, filter.Version}
}

// InsightHealth counts tasks, steps and connections; see store.InsightReader.
func (s *Store) InsightHealth(ctx context.Context, now workflow.Instant) (insight.HealthFacts, error) {
	var f insight.HealthFacts
	err := s.glance(ctx, func(t *tx) error {
		f = insight.HealthFacts{}
		if err := t.ask(ctx, s.statements["InsightHealthTasks"], appendTo(&f.Tasks, func(rows pgx.Rows, o *insight.Owners) error {
			return rows.Scan((*string)(&o.State), &o.Count)
		})); err != nil {
			return err
		}
		if err := t.ask(ctx, s.statements["InsightHealthConnections"], func(rows pgx.Rows) error {
			return rows.Scan(&f.ActiveConnections, &f.MaxConnections)
		}); err != nil {
			return err
		}
		return t.ask(ctx, s.statements["InsightHealthSteps"], appendTo(&f.Steps, func(rows pgx.Rows, g *insight.StepGroup) error {
			return rows.Scan((*string)(&g.State), &g.Attempts, &g.RetryLimit, &g.Retryable, &g.Attempted, &g.Waiting, &g.Count)
		}), stamp(now))
	})
	return f, err
}

// InsightTroubles counts failures and waits; see store.InsightReader.
func (s *Store) InsightTroubles(
	ctx context.Context, filter store.InsightFilter, now workflow.Instant, limit int,
) (insight.Troubles, error) {
	var f insight.Troubles
	scope := insightScope(filter)
	err := s.glance(ctx, func(t *tx) error {
		f = insight.Troubles{}
		for _, query := range []struct {
			name  string
			scan  func(pgx.Rows) error
			fifth []any
		}{
			{"InsightTroublesAttempts", func(rows pgx.Rows) error {
				return rows.Scan(&f.Attempts, &f.Failures, &f.FailedSteps, &f.RecoveredSteps)
			}, nil},
			{"InsightTroublesClasses", appendTo(&f.Classes, func(rows pgx.Rows, c *insight.ErrorClass) error {
				return rows.Scan(&c.Class, &c.Count)
			}), []any{limit}},
			{"InsightTroublesBlocked", func(rows pgx.Rows) error {
				return rows.Scan(&f.BlockedSteps, &f.BlockingEdges, &f.WaitMicroseconds)
			}, []any{stamp(now)}},
			{"InsightTroublesBlockers", appendTo(&f.Blockers, func(rows pgx.Rows, b *insight.Blocker) error {
				return rows.Scan(&b.Namespace, &b.TaskName, &b.StepName, &b.BlockedSteps)
			}), []any{limit}},
		} {
			args := append(append([]any(nil), scope...), query.fifth...)
			if err := t.ask(ctx, s.statements[query.name], query.scan, args...); err != nil {
				return err
			}
		}
		return nil
	})
	return f, err
}
