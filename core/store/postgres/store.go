// Package postgres keeps a store in a PostgreSQL database that many processes
// on many machines may share, the Rails engine among them.
//
// A write transaction is READ COMMITTED by its own word. Locks are taken in
// statements of their own and what depends on them is read by later ones, whose
// snapshots are newer (design, section 6). Statements that answer nothing are
// sent together with the next one that does, or with the commit, so a failure of
// theirs can show there; either way nothing of the transaction remains.
package postgres

import (
	"context"
	"log/slog"
	"regexp"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tasker-systems/tasker-core-go/core/barrier"
	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store"
)

// What Open does about the schema.
const (
	MigrateAuto  = "auto"  // bring it up to date
	MigrateCheck = "check" // refuse a database that is not up to date
	MigrateOnly  = "only"  // open whatever it is; only Migrate and Status work
)

// Options say what to open and how. The zero value of each but URL is a
// sensible default.
type Options struct {
	// URL names server, database and role, as libpq reads it: several hosts,
	// target_session_attrs, sslmode and the rest of TLS, passfile, service.
	URL    string
	Schema string // of all tables, "public" when empty
	// Migrate is MigrateCheck when empty.
	Migrate string
	// MaxConnections bounds the pool, ConnectionsDefault when 0. A listening
	// connection and those of a migration are apart.
	MaxConnections int
	// Pooler says that a pooler in transaction mode lies between: nothing of a
	// session outlives a transaction, so there are no prepared statements, no
	// notifications and no migrations.
	Pooler bool
	// LockTimeout is how long a statement of a write waits for a lock before
	// the whole transaction is taken back and tried again; LockTimeoutDefault
	// when 0.
	LockTimeout time.Duration
	// StatementTimeout is when the server ends a statement whose caller it
	// cannot hear any more; StatementTimeoutDefault when 0.
	StatementTimeout time.Duration
	// TriggersOff makes a migration leave out the triggers that note what foreign
	// writers change. Nothing may be kept of a graph then, and such a change counts
	// only when something else has its task reconciled.
	TriggersOff bool
	// Clock replaces the database's clock, for tests.
	Clock func() time.Time
	// ApplicationName is how sessions show on the server, "tasker_core" when
	// empty.
	ApplicationName string
	// Listen keeps one connection that hears of other processes' commits, and
	// tells them of ours. Without it, and behind a pooler, Changes never
	// receives a value; correctness never depends on it.
	Listen bool
	// Passive leaves listening to Attend; others are told of our commits all the
	// same.
	Passive bool
	// Sockets is told of every socket; nil: nobody asks.
	Sockets Sockets
	Log     *slog.Logger // silent when nil
	// Panicked hears of a panic of the store's own goroutines; nil is allowed.
	Panicked barrier.Told
}

// Defaults of Options.
const (
	SchemaDefault           = "public"
	ConnectionsDefault      = 10                     // transactions at once in one process; more only wait on the server
	LockTimeoutDefault      = 250 * time.Millisecond // some hundred times a transaction of ours
	StatementTimeoutDefault = 60 * time.Second       // twice the deadline of a call
	applicationNameDefault  = "tasker_core"
)

// callDefault bounds a call whose context has no deadline (design, section 6).
const callDefault = 30 * time.Second

// Store is an open PostgreSQL database. It implements store.Store and
// store.Schema and may be used concurrently.
type Store struct {
	options    Options
	pool       *pgxpool.Pool
	statements map[string]string // text by name; never changes
	clock      *clock
	wire       *wire // notifications between processes
	watch      watch // whether triggers note foreign changes

	closing context.Context // ends when Close begins; its cause is a Closed fault
	shut    context.CancelCauseFunc
	closed  chan struct{} // closed when Close has ended
	once    sync.Once
}

// Open opens the database. It must be there; with MigrateAuto the schema is
// brought up to date. Errors: InvalidRequest for a URL or an option that cannot
// be, Unavailable for a server that cannot be reached, Permission, Unmigrated
// with MigrateCheck, IncompatibleSchema for a schema newer than this library,
// Unsupported for a pooler that the options do not tell of.
func Open(ctx context.Context, options Options) (*Store, error) {
	options, err := options.complete()
	if err != nil {
		return nil, err
	}
	statements, err := renderStatements(options.Schema)
	if err != nil {
		return nil, err
	}
	pool, err := newPool(options)
	if err != nil {
		return nil, err
	}
	s := &Store{options: options, pool: pool, statements: statements, closed: make(chan struct{})}
	s.closing, s.shut = context.WithCancelCause(context.Background())
	s.clock = newClock(s)
	s.wire = newWire(s)
	ctx, cancel := bounded(ctx)
	defer cancel()
	if err := s.settleSchema(ctx); err != nil {
		pool.Close()
		return nil, err
	}
	s.wire.start()
	if !options.Passive {
		s.Attend()
	}
	return s, nil
}

// schemaName leaves out what would need escaping inside a literal.
var schemaName = regexp.MustCompile(`^[^\x00-\x1f'"\\$]{1,63}$`)

// complete fills in the defaults and checks what can be checked without a
// server.
func (o Options) complete() (Options, error) {
	if o.URL == "" {
		return o, fault.New(fault.InvalidRequest, "the URL of the database is empty").At("database.url")
	}
	if o.Schema == "" {
		o.Schema = SchemaDefault
	}
	if !schemaName.MatchString(o.Schema) {
		return o, fault.New(fault.InvalidRequest, "%q cannot be the schema of the database", o.Schema).At("database.schema").
			Advise("give a name of 1 to 63 bytes without quotes, backslashes and dollar signs")
	}
	if o.Migrate == "" {
		o.Migrate = MigrateCheck
	}
	if o.Migrate != MigrateAuto && o.Migrate != MigrateCheck && o.Migrate != MigrateOnly {
		return o, fault.New(fault.InvalidRequest, "migrate is auto, check or only, not %q", o.Migrate).At("migrate")
	}
	if o.MaxConnections <= 0 {
		o.MaxConnections = ConnectionsDefault
	}
	if o.LockTimeout <= 0 {
		o.LockTimeout = LockTimeoutDefault
	}
	if o.StatementTimeout <= 0 {
		o.StatementTimeout = StatementTimeoutDefault
	}
	if o.ApplicationName == "" {
		o.ApplicationName = applicationNameDefault
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o, nil
}

// bounded gives a context without a deadline the default one.
func bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, callDefault)
}

// untilClosed joins a call's context with the life of the store. The returned
// function lets go of both.
func (s *Store) untilClosed(ctx context.Context) (context.Context, func()) {
	joined, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(s.closing, func() { cancel(context.Cause(s.closing)) })
	return joined, func() {
		stop()
		cancel(nil)
	}
}

// Changes receives a value after another process has committed; see store.Store.
func (s *Store) Changes() <-chan struct{} { return s.wire.changes }

// Attend begins to listen for other processes' commits, unless that has begun
// already or Options exclude it. It does not wait for the connection.
func (s *Store) Attend() { s.wire.attend() }

// Close refuses further calls, ends those that wait for a connection or a lock,
// lets the others come to their end and closes all connections. Closing twice
// is legal; the second call waits for the first.
func (s *Store) Close() error {
	s.once.Do(func() {
		defer close(s.closed)
		s.shut(fault.New(fault.Closed, "the database was closed"))
		s.wire.join()
		s.pool.Close()
	})
	<-s.closed
	return nil
}

var (
	_ store.Store  = (*Store)(nil)
	_ store.Schema = (*Store)(nil)
)
