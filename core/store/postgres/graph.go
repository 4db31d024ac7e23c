package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// GraphStamps returns the stamps of tasks; see store.GraphReader.
func (s *Store) GraphStamps(ctx context.Context, taskIDs []int64) (map[int64]store.GraphStamp, error) {
	var found map[int64]store.GraphStamp
	err := s.glance(ctx, func(t *tx) error {
		found = make(map[int64]store.GraphStamp, len(taskIDs))
		if err := t.lookAtTriggers(ctx); err != nil {
			return err
		}
		return t.ask(ctx, s.statements["GraphStamps"], func(rows pgx.Rows) error {
			var id int64
			stamp := store.GraphStamp{}
			err := rows.Scan(&id, &stamp.Version, &stamp.Dirty)
			stamp.Watched = s.watch.holds()
			found[id] = stamp
			return err
		}, distinct(taskIDs))
	})
	return found, err
}

// GraphList returns the graphs of tasks; see store.GraphReader.
func (s *Store) GraphList(ctx context.Context, taskIDs []int64) ([]store.TaskGraph, error) {
	var graphs store.TaskGraphs
	ids := distinct(taskIDs)
	err := s.glance(ctx, func(t *tx) error {
		graphs = make(store.TaskGraphs, 0, len(ids))
		if err := t.lookAtTriggers(ctx); err != nil {
			return err
		}
		for _, query := range []struct {
			name string
			scan func(pgx.Rows) error
		}{
			{"GraphListHeads", func(rows pgx.Rows) error {
				var g store.TaskGraph
				err := rows.Scan(&g.TaskID, &g.NamedTaskID, (*string)(&g.State), &g.Concurrent, instant{&g.StartAt},
					&g.Stamp.Version, &g.Stamp.Dirty)
				g.Stamp.Watched = s.watch.holds()
				graphs = append(graphs, g)
				return err
			}},
			{"GraphListSteps", func(rows pgx.Rows) error {
				var step workflow.Step
				err := rows.Scan(graphStepFields(&step)...)
				graphs.AddStep(&step)
				return err
			}},
			{"GraphListEdges", func(rows pgx.Rows) error {
				var task int64
				var edge store.GraphEdge
				err := rows.Scan(&task, &edge.From, &edge.To, (*string)(&edge.Outside))
				graphs.AddEdge(task, edge)
				return err
			}},
			{"GraphListLeases", func(rows pgx.Rows) error {
				var lease workflow.Lease
				err := scanLease(rows, &lease)
				graphs.AddLease(lease)
				return err
			}},
		} {
			if err := t.ask(ctx, s.statements[query.name], query.scan, ids); err != nil {
				return err
			}
		}
		return nil
	})
	return graphs, err
}

func graphStepFields(s *workflow.Step) []any {
	return []any{
		&s.ID, &s.TaskID, &s.NamedStepID, &s.RouteID, &s.Name, (*string)(&s.State), &s.TransitionID, instant{&s.StateSince},
		raw(&s.StateMetadata), &s.Retryable, &s.RetryLimit, &s.InProcess, &s.Processed, instant{&s.ProcessedAt}, &s.Attempts,
		instant{&s.LastAttemptedAt}, &s.BackoffSeconds, &s.Skippable, instant{&s.CreatedAt}, instant{&s.UpdatedAt},
	}
}
