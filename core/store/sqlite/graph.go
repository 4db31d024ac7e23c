package sqlite

import (
	"context"
	"database/sql"

	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// GraphStamps returns the stamps of tasks; see store.GraphReader. The file
// belongs to this library, so every change goes through a version.
func (s *Store) GraphStamps(ctx context.Context, taskIDs []int64) (map[int64]store.GraphStamp, error) {
	found := make(map[int64]store.GraphStamp, len(taskIDs))
	err := s.read(ctx, func(t *tx) error {
		return t.each(ctx, "GraphStamps", func(rows *sql.Rows) error {
			var id int64
			stamp := store.GraphStamp{Watched: true}
			err := rows.Scan(&id, &stamp.Version, &stamp.Dirty)
			found[id] = stamp
			return err
		}, idSet(taskIDs))
	})
	return found, err
}

// GraphList returns the graphs of tasks; see store.GraphReader.
func (s *Store) GraphList(ctx context.Context, taskIDs []int64) ([]store.TaskGraph, error) {
	var graphs store.TaskGraphs
	err := s.read(ctx, func(t *tx) (err error) {
		graphs, err = t.graphs(ctx, idSet(taskIDs))
		return err
	})
	return graphs, err
}

func (t *tx) graphs(ctx context.Context, ids string) (store.TaskGraphs, error) {
	heads, err := list(ctx, t, "GraphListHeads", func(rows *sql.Rows, g *store.TaskGraph) error {
		g.Stamp.Watched = true
		return rows.Scan(&g.TaskID, &g.NamedTaskID, &g.State, &g.Concurrent, instant{&g.StartAt}, &g.Stamp.Version, &g.Stamp.Dirty)
	}, ids)
	graphs := store.TaskGraphs(heads)
	if err != nil || len(graphs) == 0 {
		return graphs, err
	}
	for _, query := range []struct {
		name string
		scan func(*sql.Rows) error
	}{
		{"GraphListSteps", func(rows *sql.Rows) error {
			var step workflow.Step
			err := scanGraphStep(rows, &step)
			graphs.AddStep(&step)
			return err
		}},
		{"GraphListEdges", func(rows *sql.Rows) error {
			var task int64
			var edge store.GraphEdge
			err := rows.Scan(&task, &edge.From, &edge.To, &edge.Outside)
			graphs.AddEdge(task, edge)
			return err
		}},
		{"GraphListLeases", func(rows *sql.Rows) error {
			var lease workflow.Lease
			err := scanLease(rows, &lease)
			graphs.AddLease(lease)
			return err
		}},
	} {
		if err := t.each(ctx, query.name, query.scan, ids); err != nil {
			return nil, err
		}
	}
	return graphs, nil
}

func scanGraphStep(rows *sql.Rows, s *workflow.Step) error {
	return rows.Scan(&s.ID, &s.TaskID, &s.NamedStepID, &s.RouteID, &s.Name,
		&s.State, &s.TransitionID, instant{&s.StateSince}, raw(&s.StateMetadata), &s.Retryable,
		&s.RetryLimit, &s.InProcess, &s.Processed, instant{&s.ProcessedAt}, &s.Attempts, instant{&s.LastAttemptedAt},
		&s.BackoffSeconds, &s.Skippable, instant{&s.CreatedAt}, instant{&s.UpdatedAt})
}
