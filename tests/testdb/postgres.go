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
	"syscall"
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

// Postgres opens a migrated, empty database that no other test uses meanwhile,
// and closes it when the test ends. The test may change rows as it likes, but not
// tables, roles or settings: for those there is PostgresDatabase.
func Postgres(t testing.TB, options ...PostgresOption) store.Store {
	t.Helper()
	return OpenPostgres(t, RecycledDatabase(t), options...)
}

// PostgresThroughPooler is Postgres behind a pooler in transaction mode.
func PostgresThroughPooler(t testing.TB, options ...PostgresOption) store.Store {
	t.Helper()
	options = append(options, func(o *postgres.Options) { o.Pooler = true })
	return OpenPostgres(t, ThroughPooler(t, RecycledDatabase(t)), options...)
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

// RecycledDatabase is PostgresDatabase for tests that change nothing but rows:
// when the test ends, the rows go and another test gets the database. Emptying
// takes some milliseconds, making a new one a hundred times as long on a busy
// machine.
func RecycledDatabase(t testing.TB) string {
	t.Helper()
	location, ok := recycled.take()
	if !ok {
		name, err := template()
		require.NoError(t, err)
		location = inNewDatabase(t, name)
	}
	t.Cleanup(func() {
		if err := EmptyTables(location); err != nil { // somebody still holds locks: it is not used again
			t.Log(err)
			require.NoError(t, drop(location))
			return
		}
		recycled.give(location)
	})
	return location
}

// recycled are the databases that nobody uses at the moment. Those that are
// left at the end go with the private server; on another server the next run
// drops them.
var recycled pile

// pile is a stack of URLs.
type pile struct {
	mu   sync.Mutex // guards urls
	urls []string
}

func (p *pile) take() (string, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.urls) == 0 {
		return "", false
	}
	last := p.urls[len(p.urls)-1]
	p.urls = p.urls[:len(p.urls)-1]
	return last, true
}

func (p *pile) give(location string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.urls = append(p.urls, location)
}

// EmptyTables deletes every row of a migrated database and starts its sequences
// anew. The role must be a superuser, since foreign keys are passed over.
func EmptyTables(location string) error { return execute(location, emptyTables...) }

// EmptyTablesOver is EmptyTables over a connection that is kept for it.
func EmptyTablesOver(conn *pgx.Conn) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return executeOver(ctx, conn, emptyTables)
}

var emptyTables = []string{"SET lock_timeout = '5s'", "SET session_replication_role = replica", `DO $$
		DECLARE found text;
		BEGIN
			FOR found IN SELECT tablename FROM pg_tables WHERE schemaname = 'public'
				AND tablename NOT IN ('tasker_core_migrations', 'tasker_core_objects')
			LOOP
				EXECUTE format('DELETE FROM %I', found);
			END LOOP;
			PERFORM setval(format('%I.%I', schemaname, sequencename)::regclass, 1, false) FROM pg_sequences;
		END $$`}

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

// newDatabase clones a database and drops it when the test ends.
func newDatabase(t testing.TB, from string) string {
	t.Helper()
	location := inNewDatabase(t, from)
	t.Cleanup(func() { require.NoError(t, drop(location)) })
	return location
}

// inNewDatabase clones a database, whose name comes from no user.
func inNewDatabase(t testing.TB, from string) string {
	t.Helper()
	s, err := server()
	require.NoError(t, err)
	name := fmt.Sprintf("%s%d_%d_%d", databasePrefix, os.Getpid(), time.Now().UnixNano(), databases.Add(1))
	require.NoError(t, clone(s.direct, name, from))
	return inDatabase(s.direct, name)
}

// databasePrefix is followed by the process id.
const databasePrefix = "tasker_test_"

// drop removes a database with whoever is in it.
func drop(location string) error {
	parsed, err := url.Parse(location)
	if err != nil {
		return err
	}
	return execute(inDatabase(location, "postgres"), "DROP DATABASE "+parsed.Path[1:]+" WITH (FORCE)")
}

// dropLeftovers drops databases of processes of this machine that are gone.
func dropLeftovers(ctx context.Context, conn *pgx.Conn) error {
	rows, err := conn.Query(ctx, "SELECT datname FROM pg_database WHERE datname LIKE $1", databasePrefix+"%")
	if err != nil {
		return err
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	for _, name := range names {
		var pid int
		_, scanned := fmt.Sscanf(name, databasePrefix+"%d_", &pid)
		if scanned == nil && errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			if _, err := conn.Exec(ctx, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
				return err
			}
		}
	}
	return err
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
	return executeOver(ctx, conn, statements)
}

func executeOver(ctx context.Context, conn *pgx.Conn, statements []string) error {
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
	if err := dropLeftovers(ctx, conn); err != nil {
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
		_, _ = fmt.Fprintf(hash, "%s %d\n%s", path, len(content), content)
		return err
	})
	return hex.EncodeToString(hash.Sum(nil)[:8]), err
}
