package testdb

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/store/postgres"
	"github.com/tasker-systems/tasker-core-go/migrations"
)

// Variables that name servers to use instead of a private one. The role must be
// allowed to create databases; the second is for a pooler in transaction mode
// in front of the same server.
const (
	ServerVariable = "TASKER_TEST_DATABASE_URL"
	PoolerVariable = "TASKER_TEST_POOLER_URL"
)

// PostgresOption changes how a test's PostgreSQL database is opened.
type PostgresOption func(*postgres.Options)

// WithPostgresClock lets the database tell the time of a clock.
func WithPostgresClock(clock *Clock) PostgresOption {
	return func(o *postgres.Options) { o.Clock = clock.Now }
}

// Postgres opens a migrated database of its own and closes and drops it when the
// test ends.
func Postgres(t testing.TB, options ...PostgresOption) store.Store {
	t.Helper()
	return OpenPostgres(t, PostgresDatabase(t), options...)
}

// PostgresThroughPooler is Postgres behind a pooler in transaction mode.
func PostgresThroughPooler(t testing.TB, options ...PostgresOption) store.Store {
	t.Helper()
	options = append(options, func(o *postgres.Options) { o.Pooler = true })
	return OpenPostgres(t, ThroughPooler(t, PostgresDatabase(t)), options...)
}

// OpenPostgres opens the database at the URL and closes it when the test ends.
func OpenPostgres(t testing.TB, location string, options ...PostgresOption) *postgres.Store {
	t.Helper()
	o := postgres.Options{URL: location, MaxConnections: 12}
	for _, option := range options {
		option(&o)
	}
	opened, err := postgres.Open(context.Background(), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, opened.Close()) })
	return opened
}

// PostgresDatabase returns the URL of a new migrated database that nobody has
// open, and drops it when the test ends.
func PostgresDatabase(t testing.TB) string {
	t.Helper()
	name, err := template()
	require.NoError(t, err)
	return newDatabase(t, name)
}

// EmptyPostgresDatabase returns the URL of a new database without any table,
// and drops it when the test ends.
func EmptyPostgresDatabase(t testing.TB) string {
	t.Helper()
	return newDatabase(t, "template1")
}

// ThroughPooler returns the URL by which a database is reached through the
// pooler.
func ThroughPooler(t testing.TB, location string) string {
	t.Helper()
	s, err := server()
	require.NoError(t, err)
	require.NoError(t, s.poolerMissing)
	parsed, err := url.Parse(location)
	require.NoError(t, err)
	return inDatabase(s.pooler, parsed.Path[1:])
}

// Execute runs statements in a database, past any store.
func Execute(t testing.TB, location string, statements ...string) {
	t.Helper()
	require.NoError(t, execute(location, statements...))
}

// Connect opens a connection of a test's own, for instance to play a foreign
// writer, and closes it when the test ends.
func Connect(t testing.TB, location string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), location)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// databases numbers the databases of this process.
var databases atomic.Int64

// newDatabase clones a database, whose name comes from no user.
func newDatabase(t testing.TB, from string) string {
	t.Helper()
	s, err := server()
	require.NoError(t, err)
	name := fmt.Sprintf("tasker_test_%d_%d_%d", os.Getpid(), time.Now().UnixNano(), databases.Add(1))
	require.NoError(t, clone(s.direct, name, from))
	t.Cleanup(func() {
		require.NoError(t, execute(s.direct, "DROP DATABASE "+name+" WITH (FORCE)"))
	})
	return inDatabase(s.direct, name)
}

// clone creates a database from another, which nobody may be connected to: a
// moment's look of the server's own workers passes.
func clone(admin, name, from string) error {
	for attempt := 0; ; attempt++ {
		err := execute(admin, "CREATE DATABASE "+name+" TEMPLATE "+from)
		var theirs *pgconn.PgError
		if err == nil || attempt > 20 || !errors.As(err, &theirs) || theirs.Code != "55006" {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// execute runs statements one by one on a connection of their own.
func execute(location string, statements ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, location)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for _, statement := range statements {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("%.60s: %w", statement, err)
		}
	}
	return nil
}

// inDatabase returns the URL with another database.
func inDatabase(location, name string) string {
	parsed, err := url.Parse(location)
	if err != nil {
		return location // reported by whoever connects
	}
	parsed.Path = "/" + name
	return parsed.String()
}

// template is the name of a migrated database that others are cloned from. It
// is made once per server and state of the migrations, by whoever comes first.
var template = sync.OnceValues(func() (string, error) {
	s, err := server()
	if err != nil {
		return "", err
	}
	digest, err := digestOfMigrations()
	if err != nil {
		return "", err
	}
	name := "tasker_template_" + digest
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.direct)
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx) // which releases the lock
	const lock = 7305809  // of nobody else on a test server
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", lock); err != nil {
		return "", err
	}
	var exists bool
	err = conn.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)", name).Scan(&exists)
	if err != nil || exists {
		return name, err
	}
	return name, makeTemplate(ctx, s.direct, name)
})

// makeTemplate migrates a new database and gives it its name last, so that a
// half-made one is never used.
func makeTemplate(ctx context.Context, admin, name string) error {
	making := name + "_making"
	if err := execute(admin, "DROP DATABASE IF EXISTS "+making, "CREATE DATABASE "+making); err != nil {
		return err
	}
	opened, err := postgres.Open(ctx, postgres.Options{URL: inDatabase(admin, making), Migrate: postgres.MigrateAuto})
	if err != nil {
		return err
	}
	if err := opened.Close(); err != nil {
		return err
	}
	// The server notices a moment later that the connections are gone.
	for attempt := 0; ; attempt++ {
		err := execute(admin, "ALTER DATABASE "+making+" RENAME TO "+name)
		if err == nil || attempt > 50 {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func digestOfMigrations() (string, error) {
	hash := sha256.New()
	err := fs.WalkDir(migrations.Postgres, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := migrations.Postgres.ReadFile(path)
		fmt.Fprintf(hash, "%s %d\n%s", path, len(content), content)
		return err
	})
	return hex.EncodeToString(hash.Sum(nil)[:8]), err
}
