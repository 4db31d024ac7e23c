package sqlite

import (
	"context"
	"database/sql"
	"math/rand/v2"
	"time"

	"github.com/tasker-systems/tasker-core-go/core/barrier"
	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store"
)

// How long a caller sleeps between two tries for a lock that another process
// holds: a write transaction takes 0.05 to 0.3 ms, so a longer first sleep
// would leave the file idle, and random lengths keep two waiters apart.
const (
	patienceMin = 100 * time.Microsecond
	patienceMax = 2 * time.Millisecond
)

// tx is a transaction: what the contract calls a Reader or a Tx.
type tx struct {
	store   *Store
	session *session // nil once the transaction has ended
}

var _ store.Tx = (*tx)(nil)

// Read runs fn on one snapshot; see store.Store.
func (s *Store) Read(ctx context.Context, fn func(store.Reader) error) error {
	return s.read(ctx, func(t *tx) error { return fn(t) })
}

func (s *Store) read(ctx context.Context, fn func(*tx) error) error {
	if s.inMemory() {
		return s.transact(ctx, s.writer, s.reuse, "BEGIN", fn)
	}
	return s.transact(ctx, s.readers, s.openReader, "BEGIN", fn)
}

// Write runs fn in one write transaction; see store.Store. SQLite locks the
// whole file at the start, so fn never has to run twice.
func (s *Store) Write(ctx context.Context, fn func(store.Tx) error) error {
	return s.transact(ctx, s.writer, s.reuse, "BEGIN IMMEDIATE", func(t *tx) error { return fn(t) })
}

// reuse opens the writing connection anew after it was lost.
func (s *Store) reuse(ctx context.Context) (*session, error) { return s.openWriter(ctx) }

// transact takes a session out of its place, runs fn between begin and COMMIT,
// and puts it back. An error or panic of fn, or a context that has ended,
// undoes everything.
func (s *Store) transact(
	ctx context.Context, place chan *session, open func(context.Context) (*session, error),
	begin string, fn func(*tx) error,
) (err error) {
	if s.options.Migrate == MigrateOnly {
		return fault.New(fault.Unmigrated, "this handle was opened for the schema alone").
			Advise("open the database again without migrate: only")
	}
	session, err := s.take(ctx, place)
	if err != nil {
		return err
	}
	defer func() { place <- session }()
	if session == nil {
		if session, err = open(ctx); err != nil {
			session = nil
			return err
		}
	}
	return s.within(ctx, session, begin, fn)
}

// within runs fn between begin and COMMIT.
func (s *Store) within(ctx context.Context, session *session, begin string, fn func(*tx) error) error {
	if err := s.begin(ctx, session, begin); err != nil {
		return s.translate(ctx, err)
	}
	t := &tx{store: s, session: session}
	committed := false
	defer func() {
		t.session = nil
		if !committed {
			s.undo(session)
		}
	}()
	if err := fn(t); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return contextFault(ctx, ctx.Err())
	}
	barrier.Point("store.commit")
	if err := s.commit(session); err != nil {
		return s.translate(context.Background(), err)
	}
	barrier.Point("store.committed")
	committed = true
	return nil
}

// take waits for a session in the order of arrival, which is how a channel
// serves those who receive from it.
func (s *Store) take(ctx context.Context, place chan *session) (*session, error) {
	select {
	case <-s.closing: // a free session must not win over it
		return nil, closedFault(s)
	default:
	}
	if store.IsHosted(ctx) {
		return s.takePausing(ctx, place)
	}
	select {
	case session := <-place:
		return session, nil
	case <-s.closing:
		return nil, closedFault(s)
	case <-ctx.Done():
		return nil, contextFault(ctx, ctx.Err())
	}
}

// takePausing is take for a call on a thread of the host.
func (s *Store) takePausing(ctx context.Context, place chan *session) (*session, error) {
	wait := patienceMin
	for {
		select {
		case session := <-place:
			return session, nil
		case <-s.closing:
			return nil, closedFault(s)
		default:
		}
		if err := store.Pause(ctx, wait); err != nil {
			return nil, contextFault(ctx, err)
		}
		wait = min(2*wait, patienceMax)
	}
}

func closedFault(s *Store) *fault.Error {
	return fault.New(fault.Closed, "the database was closed").At(s.options.Path)
}

// begin starts the transaction. A read takes its snapshot here and not with its
// first statement, so that Read means one moment; a write notices here what
// others have committed.
func (s *Store) begin(ctx context.Context, session *session, begin string) error {
	return patiently(ctx, func() error {
		if _, err := session.run(begin); err != nil {
			return err
		}
		begun := false
		defer func() {
			if !begun {
				s.undo(session)
			}
		}()
		barrier.Point("store.begin")
		changed, err := session.sawChange()
		if err != nil {
			return err
		}
		if changed && begin != "BEGIN" {
			s.notify()
		}
		begun = true
		return nil
	})
}

// commit makes the transaction durable. Nobody else can be in the way, except
// while a connection of another process is being opened or closed.
func (s *Store) commit(session *session) error {
	ctx, cancel := context.WithTimeout(context.Background(), commitPatience)
	defer cancel()
	return patiently(ctx, func() error {
		_, err := session.run("COMMIT")
		return err
	})
}

// commitPatience bounds the wait of a commit, whose caller's context has no say
// any more.
const commitPatience = 10 * time.Second

// undo rolls back. SQLite has already done so itself after some errors (disk
// full, input or output); then the statement fails and there is nothing to do.
func (s *Store) undo(session *session) {
	if _, err := session.run("ROLLBACK"); err != nil {
		s.options.Log.Debug("nothing to roll back", "error", err)
	}
}

// patiently tries until somebody else's lock is gone or the context ends.
func patiently(ctx context.Context, try func() error) error {
	wait := patienceMin
	for {
		err := try()
		if !busy(err) {
			return err
		}
		if err := store.Pause(ctx, wait/2+rand.N(wait/2)); err != nil {
			return err
		}
		wait = min(2*wait, patienceMax)
	}
}

// usable returns the session, unless the transaction or the caller's time is
// over.
func (t *tx) usable(ctx context.Context) (*session, error) {
	if t.session == nil {
		return nil, fault.New(fault.Internal, "a transaction was used after its function had returned")
	}
	if ctx.Err() != nil {
		return nil, contextFault(ctx, ctx.Err())
	}
	return t.session, nil
}

// exec runs the named statement.
func (t *tx) exec(ctx context.Context, name string, args ...any) (sql.Result, error) {
	session, err := t.usable(ctx)
	if err != nil {
		return nil, err
	}
	result, err := session.run(t.store.statements[name], args...)
	if err != nil {
		return nil, t.store.translate(ctx, err)
	}
	return result, nil
}

// insert runs the named statement and returns the id of the new row.
func (t *tx) insert(ctx context.Context, name string, args ...any) (int64, error) {
	result, err := t.exec(ctx, name, args...)
	if err != nil {
		return 0, err
	}
	return result.LastInsertId()
}

// each runs the named query and calls scan for every row.
func (t *tx) each(ctx context.Context, name string, scan func(*sql.Rows) error, args ...any) error {
	return t.eachText(ctx, t.store.statements[name], scan, args...)
}

// eachText is each for a query that was completed by a filter.
func (t *tx) eachText(ctx context.Context, text string, scan func(*sql.Rows) error, args ...any) error {
	session, err := t.usable(ctx)
	if err != nil {
		return err
	}
	rows, err := session.rows(ctx, text, args...)
	if err != nil {
		return t.store.translate(ctx, err)
	}
	return t.drain(ctx, rows, scan)
}

// drain calls scan for every row and closes them.
func (t *tx) drain(ctx context.Context, rows *sql.Rows, scan func(*sql.Rows) error) error {
	defer func() { _ = rows.Close() }() // once more after the one below, which tells its error
	for rows.Next() {
		barrier.Point("store.scan")
		if err := scan(rows); err != nil {
			return t.store.translate(ctx, err)
		}
	}
	if err := rows.Err(); err != nil {
		return t.store.translate(ctx, err)
	}
	return t.store.translate(ctx, rows.Close())
}

// list runs the named query and returns its rows as records.
func list[T any](ctx context.Context, t *tx, name string, scan func(*sql.Rows, *T) error, args ...any) ([]T, error) {
	var records []T
	err := t.each(ctx, name, appendTo(&records, scan), args...)
	return records, err
}

// appendTo makes a scan of one record into a collector of all.
func appendTo[T any](records *[]T, scan func(*sql.Rows, *T) error) func(*sql.Rows) error {
	return func(rows *sql.Rows) error {
		var record T
		if err := scan(rows, &record); err != nil {
			return err
		}
		*records = append(*records, record)
		return nil
	}
}
