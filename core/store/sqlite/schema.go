package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"os"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/store/migrate"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
	"github.com/tasker-systems/tasker-core-go/migrations"
)

// applicationID marks a file as ours; the first migration writes it.
const applicationID = 1413697362

// Migrate moves the schema; see store.Schema.
func (s *Store) Migrate(ctx context.Context, plan store.MigrationPlan) (taken []store.Migration, err error) {
	err = s.withRunner(ctx, func(runner *migrate.Runner) error {
		taken, err = runner.Migrate(ctx, plan)
		return err
	})
	return taken, err
}

// Status lists the migrations; see store.Schema.
func (s *Store) Status(ctx context.Context) (status store.SchemaStatus, err error) {
	err = s.withRunner(ctx, func(runner *migrate.Runner) error {
		status, err = runner.Status(ctx)
		return err
	})
	return status, err
}

// Indexes tells which secondary indexes there are; see store.Schema.
func (s *Store) Indexes(ctx context.Context) (store.IndexSet, error) {
	status, err := s.Status(ctx)
	if err != nil || status.Current == 0 {
		return "", err
	}
	return store.IndexesMinimal, nil
}

// SetIndexes refuses everything but the set that is there: no Rails engine works
// on an embedded file. See store.Schema.
func (s *Store) SetIndexes(_ context.Context, plan store.IndexPlan) (store.IndexChange, error) {
	if plan.Set != store.IndexesMinimal {
		return store.IndexChange{}, fault.New(fault.Unsupported, "the embedded database has the indexes it needs and no others").
			At("indexes").Advise("leave indexes out; the set of the Rails engine is for PostgreSQL")
	}
	return store.IndexChange{}, nil
}

// Newest is the schema version that this library needs.
func Newest() int { return migrate.Newest(files()) }

// files returns the migrations of this dialect.
func files() fs.FS {
	tree, err := fs.Sub(migrations.SQLite, migrations.SQLiteDir)
	if err != nil {
		return migrations.SQLite // the directory is embedded, so this cannot happen
	}
	return tree
}

// withRunner runs fn with a runner. The writing connection is out of its place
// meanwhile: no transaction of this store sees a schema in the making, and a
// database in memory, which has one connection only, can lend it.
func (s *Store) withRunner(ctx context.Context, fn func(*migrate.Runner) error) (err error) {
	writer, err := s.take(ctx, s.writer)
	if err != nil {
		return err
	}
	defer func() { s.writer <- writer }()
	if s.inMemory() && writer != nil {
		writer.close() // back to the pool, which keeps its one connection open
		defer func() {
			reopened, openErr := s.openWriter(ctx)
			if writer = reopened; err == nil {
				err = openErr
			}
		}()
	}
	runner, err := migrate.New(s.db, s.dialect(), installer())
	if err != nil {
		return err
	}
	return fn(runner)
}

func (s *Store) dialect() migrate.Dialect {
	return migrate.Dialect{
		Files:     files(),
		Patiently: patiently,
		Begin: func(ctx context.Context, conn *sql.Conn) error {
			err := patiently(ctx, func() error {
				_, err := conn.ExecContext(ctx, "BEGIN IMMEDIATE")
				return err
			})
			if err != nil || s.options.PageCountMax == 0 {
				return err
			}
			_, err = conn.ExecContext(ctx, fmt.Sprintf("PRAGMA max_page_count = %d", s.options.PageCountMax))
			return err
		},
		Table:       migrations.Table,
		TableExists: "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = $1",
		Translate:   func(err error) error { return s.translate(context.Background(), err) },
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

// recognise refuses a file that another program made. An empty one is nobody's
// yet.
func (s *Store) recognise(ctx context.Context, writer *session) error {
	var id, objects int64
	err := patiently(ctx, func() error {
		return writer.conn.QueryRowContext(ctx, "SELECT (SELECT application_id FROM pragma_application_id), "+
			"(SELECT count(*) FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%')").Scan(&id, &objects)
	})
	if err != nil {
		return err
	}
	if id != applicationID && (id != 0 || objects > 0) {
		return fault.New(fault.IncompatibleSchema, "the file is a SQLite database of another program").
			At(s.options.Path).Advise("name another path; the file was left as it is").With("application_id", id)
	}
	return nil
}

// settleSchema does about the schema what the options say.
func (s *Store) settleSchema(ctx context.Context) error {
	if s.options.Migrate == MigrateOnly {
		return nil
	}
	status, err := s.Status(ctx)
	if err != nil {
		return err
	}
	switch {
	case status.Current > status.Newest:
		return migrate.Newer(status).At(s.options.Path)
	case complete(status):
		return nil
	case s.options.Migrate == MigrateCheck:
		return migrate.Older(status).At(s.options.Path)
	}
	_, err = s.Migrate(ctx, store.MigrationPlan{Direction: "up", At: workflow.At(s.options.Clock())})
	return err
}

// complete reports whether every known migration was applied.
func complete(status store.SchemaStatus) bool {
	for _, m := range status.Migrations {
		if m.AppliedAt.IsZero() {
			return false
		}
	}
	return true
}
