package postgres

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/store/migrate"
	"github.com/tasker-systems/tasker-core-go/migrations"
)

// Newest is the schema version that this library needs.
func Newest() int { return migrate.Newest(files(SchemaDefault)) }

// Status lists the migrations; see store.Schema. A database without the version
// table, or without the schema, has none.
func (s *Store) Status(ctx context.Context) (store.SchemaStatus, error) {
	applied := map[int]store.Migration{}
	err := s.brief(ctx, func(ctx context.Context, q querier) error {
		rows, err := q.Query(ctx, s.statements["StatusApplied"])
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var m store.Migration
			if err := rows.Scan(&m.Version, &m.Name, instant{&m.AppliedAt}, &m.AppliedBy); err != nil {
				return err
			}
			applied[m.Version] = m
		}
		return rows.Err()
	})
	if err != nil && !hasCode(err, "42P01", "3F000") {
		return store.SchemaStatus{}, err
	}
	return statusOf(applied)
}

// statusOf compares what is applied with what this library knows.
func statusOf(applied map[int]store.Migration) (status store.SchemaStatus, err error) {
	names, err := fs.Glob(files(SchemaDefault), "*.sql")
	if err != nil {
		return status, fault.Wrap(fault.Internal, err, "the migrations cannot be listed")
	}
	for _, file := range names {
		number, name, _ := strings.Cut(strings.TrimSuffix(file, ".sql"), "_")
		version, err := strconv.Atoi(number)
		if err != nil {
			return status, fault.Wrap(fault.Internal, err, "a migration has no number").At(file)
		}
		status.Migrations = append(status.Migrations,
			store.Migration{Version: version, Name: name, AppliedAt: applied[version].AppliedAt, AppliedBy: applied[version].AppliedBy})
		status.Newest = max(status.Newest, version)
		delete(applied, version)
	}
	for _, unknown := range applied {
		status.Migrations = append(status.Migrations, unknown)
	}
	slices.SortFunc(status.Migrations, func(a, b store.Migration) int { return cmp.Compare(a.Version, b.Version) })
	for _, m := range status.Migrations {
		if !m.AppliedAt.IsZero() {
			status.Current = m.Version
		}
	}
	return status, nil
}

// Migrate moves the schema; see store.Schema.
func (s *Store) Migrate(ctx context.Context, plan store.MigrationPlan) (taken []store.Migration, err error) {
	err = s.migrating(ctx, func(ctx context.Context, db *sql.DB) error {
		if err := s.checkShared(ctx, plan); err != nil {
			return err
		}
		runner, err := migrate.New(db, s.dialect(ctx), installer())
		if err != nil {
			return err
		}
		taken, err = runner.Migrate(ctx, plan)
		return err
	})
	return taken, err
}

// migrating runs fn while no other process changes the schema. It works on
// connections of its own, which must reach the server itself: behind a pooler
// the lock that keeps two migrators apart would belong to nobody in particular.
func (s *Store) migrating(ctx context.Context, fn func(context.Context, *sql.DB) error) error {
	if s.options.Pooler {
		return poolerFault(nil)
	}
	if s.closing.Err() != nil {
		return context.Cause(s.closing)
	}
	ctx, cancel := bounded(ctx)
	defer cancel()
	ctx, done := s.untilClosed(ctx)
	defer done()
	config := s.connection()
	config.RuntimeParams["search_path"] = nowhere
	config.RuntimeParams["statement_timeout"] = "0" // the call's deadline counts
	if s.options.TriggersOff {
		config.RuntimeParams["tasker_core.triggers"] = "off"
	}
	db := stdlib.OpenDB(*config)
	defer func() { _ = db.Close() }() // nothing of it is in use any more
	db.SetMaxOpenConns(2)
	return translate(ctx, withLock(ctx, db, s.options.Schema, func() error { return fn(ctx, db) }))
}

// How migrators take turns: by an advisory lock that belongs to the session of
// one pinned connection, so that it also covers changes that cannot run in a
// transaction. Trying again and again holds no snapshot, as waiting would,
// which such a change in turn would wait for.
const (
	tryLock   = "SELECT pg_catalog.pg_try_advisory_lock(pg_catalog.hashtextextended($1, 0))"
	releaseIt = "SELECT pg_catalog.pg_advisory_unlock(pg_catalog.hashtextextended($1, 0))"
	lockPause = 50 * time.Millisecond
	// nowhere is a search_path on which nothing of anybody's is found and nothing
	// can be created: a name that somebody forgot to qualify fails here instead
	// of landing in another schema.
	nowhere   = "pg_catalog"
	lookWhere = "SELECT pg_catalog.current_setting('search_path'), pg_catalog.to_regnamespace($1) IS NOT NULL"
)

// withLock runs fn while no other migrator of this schema can be at work.
func withLock(ctx context.Context, db *sql.DB, schema string, fn func() error) (err error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if err := lookAround(ctx, conn, schema); err != nil {
		return err
	}
	key := "tasker_core migrations of " + schema
	for locked := false; !locked; {
		if err := conn.QueryRowContext(ctx, tryLock, key).Scan(&locked); err != nil {
			return err
		}
		if locked {
			break
		}
		select {
		case <-ctx.Done():
			return contextFault(ctx, ctx.Err(), "the deadline passed while another process migrated the database")
		case <-time.After(lockPause/2 + rand.N(lockPause)):
		}
	}
	defer func() {
		// Closing the session releases the lock in any case.
		_, _ = conn.ExecContext(context.WithoutCancel(ctx), releaseIt, key)
	}()
	return fn()
}

// lookAround refuses a session that is not what was asked for: a pooler may drop
// what it does not know. It also wants the schema, which nobody else creates.
func lookAround(ctx context.Context, conn *sql.Conn, schema string) error {
	var path string
	var exists bool
	quoted := pgx.Identifier{schema}.Sanitize()
	if err := conn.QueryRowContext(ctx, lookWhere, quoted).Scan(&path, &exists); err != nil {
		return err
	}
	if path != nowhere {
		return poolerFault(fmt.Errorf("the search_path is %q", path))
	}
	if !exists {
		return fault.New(fault.NotFound, "the schema %s does not exist in the database", schema).At("database.schema").
			Advise("create it, for instance with CREATE SCHEMA %s", quoted)
	}
	return nil
}

func poolerFault(cause error) *fault.Error {
	return fault.Wrap(fault.Unsupported, cause, "the schema cannot be migrated through a connection pooler: "+
		"the lock that keeps two migrations apart lives in a session").At("database.pooler").
		Advise("run the migration with the URL of the server itself and pooler: false")
}

// dialect tells core/store/migrate what is particular about this database.
func (s *Store) dialect(ctx context.Context) migrate.Dialect {
	return migrate.Dialect{
		Files: files(s.options.Schema),
		Begin: func(ctx context.Context, conn *sql.Conn) error {
			_, err := conn.ExecContext(ctx, beginWrite)
			return err
		},
		Patiently:   func(_ context.Context, try func() error) error { return try() },
		Table:       pgx.Identifier{s.options.Schema, migrations.Table}.Sanitize(),
		TableExists: "SELECT pg_catalog.to_regclass($1) IS NOT NULL",
		Translate:   func(err error) error { return translate(ctx, err) },
	}
}

// installer says who applies a migration: the host and process.
func installer() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown host"
	}
	return fmt.Sprintf("%s, process %d", host, os.Getpid())
}

// settleSchema does about the schema what the options say.
func (s *Store) settleSchema(ctx context.Context) error {
	status, err := s.Status(ctx)
	if err != nil || s.options.Migrate == MigrateOnly {
		return err
	}
	pending := slices.ContainsFunc(status.Migrations, func(m store.Migration) bool { return m.AppliedAt.IsZero() })
	switch {
	case status.Current > status.Newest:
		return migrate.Newer(status)
	case !pending:
		return nil
	case s.options.Migrate == MigrateCheck:
		return migrate.Older(status)
	}
	now, err := s.Now(ctx)
	if err != nil {
		return err
	}
	_, err = s.Migrate(ctx, store.MigrationPlan{Direction: "up", At: now})
	return err
}

// files returns the migrations with their names rendered for a schema.
func files(schema string) fs.FS {
	tree, err := fs.Sub(migrations.Postgres, migrations.PostgresDir)
	if err != nil {
		tree = migrations.Postgres // the directory is embedded, so this cannot happen
	}
	return rendered{FS: tree, schema: schema}
}

// rendered is a file system whose files have the schema in its places.
type rendered struct {
	fs.FS
	schema string
}

// Open opens a file for reading its rendered text.
func (r rendered) Open(name string) (fs.File, error) {
	file, err := r.FS.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil || info.IsDir() {
		return file, err
	}
	defer file.Close() // an embedded file has nothing to report
	content, err := fs.ReadFile(r.FS, name)
	if err != nil {
		return nil, err
	}
	return &renderedFile{FileInfo: info, Reader: strings.NewReader(render(string(content), r.schema))}, nil
}

// renderedFile is one open file.
type renderedFile struct {
	fs.FileInfo
	*strings.Reader
}

// Stat returns what is known of the file; its length is that of the text.
func (f *renderedFile) Stat() (fs.FileInfo, error) { return f, nil }

// Size is the length of the rendered text in bytes.
func (f *renderedFile) Size() int64 { return f.Reader.Size() }

// Close has nothing to let go of.
func (f *renderedFile) Close() error { return nil }
