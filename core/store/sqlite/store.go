// Package sqlite keeps a store in one SQLite file, or in memory. It is the
// store of a host that configures no database.
//
// One connection per store writes, handed out in the order of the callers; a
// few more read, each transaction on one snapshot. Several processes can work
// on one file: whoever finds it locked waits in short random steps until the
// caller's deadline, and a commit elsewhere shows on Changes.
//
// SQLite's locks belong to the process and the file: no other copy of SQLite in
// the same process may open the file, and nobody may open and close it by other
// means while a store is open, or the locks are gone.
package sqlite

import (
	"context"
	"database/sql"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"github.com/tasker-systems/tasker-core-go/core/barrier"
	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// Memory is the path of a database that lives as long as its store.
const Memory = ":memory:"

// What Open does about the schema.
const (
	MigrateAuto  = "auto"  // bring it up to date
	MigrateCheck = "check" // refuse a database that is not up to date
	MigrateOnly  = "only"  // open whatever it is; only Migrate and Status work
)

// How a commit is made durable.
const (
	SyncFull   = "full"   // a committed transaction survives a power failure
	SyncNormal = "normal" // a power failure may undo the last ones; never a crash of the process
	SyncOff    = "off"    // for tests: a power failure may destroy the file
)

// Options say what to open and how. The zero value of each but Path is a
// sensible default.
type Options struct {
	Path         string           // of the file, or Memory
	Migrate      string           // MigrateAuto when empty
	Synchronous  string           // SyncFull when empty
	PageCountMax int64            // greatest number of pages (4096 bytes each) of the file; 0: no limit
	Readers      int              // connections that read, 4 when 0
	Clock        func() time.Time // time.Now when nil
	Passive      bool             // the watch for commits of others waits for Attend
	Log          *slog.Logger     // silent when nil
	Panicked     barrier.Told     // hears of a panic of the store's own goroutine; nil is allowed
}

// readersDefault is how many snapshots can be read at once without waiting;
// each connection costs some 300 KB once used.
const readersDefault = 4

// Store is an open SQLite database. It implements store.Store and store.Schema
// and may be used concurrently.
type Store struct {
	options    Options
	db         *sql.DB
	statements map[string]string // text by name; never changes
	files      fileSet
	strangers  strangers // others who have the files open

	writer  chan *session // holds the writing connection while it is free
	readers chan *session // free reading connections, or empty places for them

	changes  chan struct{}
	watching sync.WaitGroup // the watcher

	mu        sync.Mutex // guards attending
	attending bool       // the watcher was started, or is never to be

	closing  chan struct{} // closed when Close begins
	closed   chan struct{} // closed when Close has ended
	once     sync.Once
	closeErr error // set before closed is closed
}

// Open opens the database, creating the file with mode 0600 when it does not
// exist. Errors: NotFound for a missing directory, Permission,
// IncompatibleSchema for a file that is not ours or newer than this library,
// Unmigrated with MigrateCheck, LimitExceeded and Unavailable for a full disk,
// Unsupported where SQLite cannot keep a write-ahead log.
func Open(ctx context.Context, options Options) (*Store, error) {
	options, err := options.complete()
	if err != nil {
		return nil, err
	}
	statements, err := parseStatements()
	if err != nil {
		return nil, err
	}
	if err := prepareFile(options); err != nil {
		return nil, err
	}
	s := &Store{
		options: options, statements: statements, files: fileSet(options.Path), db: sql.OpenDB(newConnector(options)),
		writer: make(chan *session, 1), readers: make(chan *session, options.Readers),
		changes: make(chan struct{}, 1), closing: make(chan struct{}), closed: make(chan struct{}),
	}
	s.limitPool()
	if err := s.start(ctx); err != nil {
		_ = s.db.Close() // the error that counts is the one that stopped the opening
		return nil, err
	}
	return s, nil
}

// complete fills in the defaults and checks the closed sets.
func (o Options) complete() (Options, error) {
	if o.Path == "" {
		return o, fault.New(fault.InvalidRequest, "the path of the database is empty").At("path")
	}
	if absolute, err := filepath.Abs(o.Path); err == nil && o.Path != Memory {
		o.Path = absolute // the host may go to another directory before the next connection is opened
	}
	if o.Migrate == "" {
		o.Migrate = MigrateAuto
	}
	if o.Migrate != MigrateAuto && o.Migrate != MigrateCheck && o.Migrate != MigrateOnly {
		return o, fault.New(fault.InvalidRequest, "migrate is auto, check or only, not %q", o.Migrate).At("migrate")
	}
	if o.Synchronous == "" {
		o.Synchronous = SyncFull
	}
	if o.Synchronous != SyncFull && o.Synchronous != SyncNormal && o.Synchronous != SyncOff {
		return o, fault.New(fault.InvalidRequest, "synchronous is full, normal or off, not %q", o.Synchronous).At("synchronous")
	}
	if o.Readers <= 0 {
		o.Readers = readersDefault
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o, nil
}

// start opens the writing connection, settles the schema and begins to watch.
func (s *Store) start(ctx context.Context) error {
	writer, err := s.openWriter(ctx)
	if err != nil {
		return err
	}
	s.writer <- writer
	for range s.options.Readers {
		s.readers <- nil
	}
	if err := s.settleSchema(ctx); err != nil {
		return err
	}
	if !s.options.Passive {
		s.Attend()
	}
	return nil
}

// Attend begins to watch for commits of others, unless that has begun already or
// there are none.
func (s *Store) Attend() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.attending {
		s.attending = true
		s.watch()
	}
}

// inattentive keeps Attend from starting anything any more.
func (s *Store) inattentive() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.attending = true
}

// limitPool keeps connections out of the pool: sessions are pinned for as long
// as the store is open, and one that was given back must not serve as another
// with its settings. The one connection of a database in memory is the database.
func (s *Store) limitPool() {
	if s.inMemory() {
		s.db.SetMaxOpenConns(1)
		return
	}
	s.db.SetMaxIdleConns(-1)
}

// inMemory reports whether one connection is all there is: a second one would
// see another, empty database.
func (s *Store) inMemory() bool { return s.options.Path == Memory }

// Now is the clock of this machine, which every process on the file shares.
func (s *Store) Now(context.Context) (workflow.Instant, error) {
	return workflow.At(s.options.Clock()), nil
}

// Changes receives a value after another store, in this process or elsewhere,
// has committed to the file; see store.Store.
func (s *Store) Changes() <-chan struct{} { return s.changes }

// Close waits for transactions under way, then ends all connections and the
// watcher. Calls that wait for their turn answer Closed. Closing twice is
// legal; the second call waits for the first and answers the same.
func (s *Store) Close() error {
	s.once.Do(func() {
		defer close(s.closed)
		close(s.closing)
		s.inattentive()
		s.watching.Wait()
		// Readers first: the last connection to go folds the log into the
		// file, which only the writer may do.
		for range s.options.Readers {
			(<-s.readers).close()
		}
		(<-s.writer).close()
		if err := s.db.Close(); err != nil {
			s.closeErr = s.translate(context.Background(), err)
		}
	})
	<-s.closed
	return s.closeErr
}

var (
	_ store.Store  = (*Store)(nil)
	_ store.Schema = (*Store)(nil)
)
