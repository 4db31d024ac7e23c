package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tasker-systems/tasker-core-go/core/store"
)

// querier is a connection outside of a transaction.
type querier interface {
	Exec(ctx context.Context, text string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, text string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, text string, args ...any) pgx.Row
}

// brief lends a connection for single statements that need no transaction, and
// translates their errors.
func (s *Store) brief(ctx context.Context, fn func(context.Context, querier) error) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	return s.repeatedly(ctx, func() (error, error) {
		conn, err := s.acquire(ctx)
		if err != nil {
			return err, err
		}
		defer conn.Release()
		err = translate(ctx, fn(ctx, conn))
		return err, err
	})
}

// describeServer asks what the server and the database are like; both functions
// look at no table of ours.
const describeServer = "SELECT pg_catalog.current_setting('server_version'), " +
	"pg_catalog.pg_database_size(pg_catalog.current_database()), pg_catalog.pg_is_in_recovery()"

// Describe tells what this store is; see store.Store.
func (s *Store) Describe(ctx context.Context) (store.Description, error) {
	status, err := s.Status(ctx)
	if err != nil {
		return store.Description{}, err
	}
	d := store.Description{Kind: "postgresql", SchemaVersion: status.Current}
	d.Location = location(s.connection(), s.options.Schema)
	var standby bool
	err = s.brief(ctx, func(ctx context.Context, q querier) error {
		return q.QueryRow(ctx, describeServer).Scan(&d.ServerVersion, &d.SizeBytes, &standby)
	})
	if err != nil {
		return store.Description{}, err
	}
	watched := false
	if status.Current >= triggersVersion {
		err = s.brief(ctx, func(ctx context.Context, q querier) error {
			return q.QueryRow(ctx, s.statements["GraphStampsWatched"]).Scan(&watched)
		})
		if err != nil {
			return store.Description{}, err
		}
	}
	stat := s.pool.Stat()
	sent, spared := s.wire.told()
	d.Details = map[string]any{
		"schema": s.options.Schema, "pooler": s.options.Pooler, "listening": s.options.Listen && !s.options.Pooler,
		"standby": standby, "foreign_writes_noted": watched, "max_connections": int64(stat.MaxConns()), "connections": int64(stat.TotalConns()),
		"connections_in_use": int64(stat.AcquiredConns()), "waits_for_connection": stat.EmptyAcquireCount(),
		"notifications_sent": sent, "notifications_spared": spared,
	}
	return d, nil
}
