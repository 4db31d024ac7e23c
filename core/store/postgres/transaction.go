package postgres

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tasker-systems/tasker-core-go/core/barrier"
	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store"
)

// How transactions begin and end. A write says its isolation level by its own
// word, since a role or a database may have another default, and under any
// other two parents that finish at once would not see each other. The mark
// tells our own writes from foreign ones (design, section 4).
const (
	beginWrite = "BEGIN ISOLATION LEVEL READ COMMITTED"
	markWrite  = "SET LOCAL tasker_core.writer = '1'"
	beginRead  = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"
	// takeSnapshot makes a read mean the moment at which it began; BEGIN alone
	// leaves the snapshot to the first statement.
	takeSnapshot = "SELECT 1"
	commit       = "COMMIT"
	rollback     = "ROLLBACK"
)

// rollbackMax bounds taking back a transaction, whose caller's context has no
// say any more. A connection that cannot even do that is closed.
const rollbackMax = 2 * time.Second

// tx is a transaction: what the contract calls a Reader or a Tx.
type tx struct {
	store    *Store
	conn     *pgxpool.Conn // nil once the transaction has ended
	deadline time.Time     // of the whole call
	batch    *pgx.Batch    // statements that were not sent yet
	opening  int           // those of them that only begin the transaction
	sent     bool          // the server has seen some of it
	ending   bool          // the commit is on its way: its outcome may be unknown
	failed   error         // the first failure; nothing can be done in it any more
	news     bool          // others may have something to do after the commit
}

var _ store.Tx = (*tx)(nil)

// Read runs fn on one snapshot; see store.Store.
func (s *Store) Read(ctx context.Context, fn func(store.Reader) error) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	return s.repeatedly(ctx, func() (error, error) {
		t, err := s.begin(ctx, beginRead)
		if err != nil {
			return err, err
		}
		defer t.end()
		t.batch.Queue(takeSnapshot)
		if err := t.flush(ctx); err != nil {
			return err, err
		}
		return t.finish(ctx, func() error { return fn(t) })
	})
}

// glance runs queries that are known beforehand on one snapshot, all in one
// round trip: their answers are there when it returns. ask may run again after
// a lost connection, so it starts its collections anew.
func (s *Store) glance(ctx context.Context, ask func(*tx) error) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	return s.repeatedly(ctx, func() (error, error) {
		t, err := s.begin(ctx, beginRead)
		if err != nil {
			return err, err
		}
		defer t.end()
		return t.finish(ctx, func() error { return ask(t) })
	})
}

// Write runs fn in one write transaction; see store.Store. After a deadlock, a
// serialization failure, a lock that was not to be had or a connection lost
// before the commit, fn runs again.
func (s *Store) Write(ctx context.Context, fn func(store.Tx) error) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	news, opening := false, []string{beginWrite, markWrite}
	if most, impatient := store.Impatience(ctx); impatient && most > 0 {
		opening = append(opening, "SET LOCAL lock_timeout = "+milliseconds(most))
	}
	err := s.repeatedly(ctx, func() (error, error) {
		t, err := s.begin(ctx, opening...)
		if err != nil {
			return err, err
		}
		defer t.end()
		err, why := t.finish(ctx, func() error { return fn(t) })
		news = t.news
		return err, why
	})
	if err == nil && news {
		s.wire.tell()
	}
	return err
}

// begin takes a connection and plans the beginning of a transaction on it; the
// first statement takes it along.
func (s *Store) begin(ctx context.Context, words ...string) (*tx, error) {
	if s.options.Migrate == MigrateOnly {
		return nil, fault.New(fault.Unmigrated, "this handle was opened for the schema alone").
			Advise("open the database again without migrate: only")
	}
	conn, err := s.acquire(ctx)
	if err != nil {
		return nil, err
	}
	begun := false
	defer func() {
		if !begun {
			conn.Release()
		}
	}()
	barrier.Point("store.begin")
	deadline, _ := ctx.Deadline()
	t := &tx{store: s, conn: conn, deadline: deadline, batch: &pgx.Batch{}}
	for _, word := range slices.Concat(words[:1], s.options.transactionSettings(), words[1:]) {
		t.batch.Queue(word)
	}
	t.opening, begun = t.batch.Len(), true
	return t, nil
}

// acquire takes a connection out of the pool, dialling if need be.
func (s *Store) acquire(ctx context.Context) (*pgxpool.Conn, error) {
	if s.closing.Err() != nil { // a free connection must not win over it
		return nil, context.Cause(s.closing)
	}
	waiting, done := s.untilClosed(ctx)
	defer done()
	conn, err := s.pool.Acquire(waiting)
	if err == nil {
		return conn, nil
	}
	if s.closing.Err() != nil { // the pool may have noticed before the context
		return nil, context.Cause(s.closing)
	}
	if stat := s.pool.Stat(); ctx.Err() != nil && stat.AcquiredConns() >= stat.MaxConns() && stat.ConstructingConns() == 0 {
		return nil, contextFault(ctx, err, "the deadline passed while all connections were in use").
			Advise("repeat the call; nothing of it was written. Raise database.max_connections if this happens often").
			With("max_connections", stat.MaxConns())
	}
	return nil, translate(waiting, err)
}

// finish runs fn and commits. It returns the error to tell and the failure of
// the database behind it, if there was one: fn may have wrapped or hidden that.
func (t *tx) finish(ctx context.Context, fn func() error) (err, why error) {
	if err := fn(); err != nil {
		return err, t.failed
	}
	if t.failed != nil {
		return t.failed, t.failed
	}
	if ctx.Err() != nil {
		return contextFault(ctx, ctx.Err(), ""), nil
	}
	barrier.Point("store.commit")
	if err := t.commit(ctx); err != nil {
		return err, err
	}
	barrier.Point("store.committed")
	return nil, nil
}

// commit sends what is left together with the commit. A transaction that sent
// nothing and has nothing to send never began.
func (t *tx) commit(ctx context.Context) error {
	if !t.sent && t.idle() {
		return nil
	}
	done := false
	t.batch.Queue(commit).Exec(func(tag pgconn.CommandTag) error {
		done = tag.String() == commit
		return nil
	})
	t.ending = !t.conn.Conn().IsClosed() // else nothing can be sent
	if err := t.flush(ctx); err != nil {
		return err
	}
	if !done {
		return fault.New(fault.Internal, "a transaction that had failed was to be committed")
	}
	return nil
}

// idle reports whether nothing but the beginning is planned.
func (t *tx) idle() bool { return t.batch.Len() <= t.opening }

// flush sends the planned statements in one round trip and reads their answers.
func (t *tx) flush(ctx context.Context) error {
	if t.failed != nil {
		return t.failed
	}
	batch := t.batch
	t.batch = &pgx.Batch{}
	t.sent = true
	ctx, cancel := context.WithDeadline(ctx, t.deadline)
	defer cancel()
	if err := t.conn.SendBatch(ctx, batch).Close(); err != nil {
		t.failed = translate(ctx, err)
		if t.ending {
			t.failed = commitFault(t.failed, err)
		}
	}
	return t.failed
}

// patiently is flush for statements that wait for others' locks: closing the
// store ends the wait.
func (t *tx) patiently(ctx context.Context) error {
	waiting, done := t.store.untilClosed(ctx)
	defer done()
	return t.flush(waiting)
}

// end gives the connection back, taking back what was not committed.
func (t *tx) end() {
	conn := t.conn
	t.conn = nil
	if t.sent && conn.Conn().PgConn().TxStatus() != 'I' && !conn.Conn().IsClosed() {
		ctx, cancel := context.WithTimeout(context.Background(), rollbackMax)
		defer cancel()
		if _, err := conn.Exec(ctx, rollback); err != nil {
			t.store.options.Log.Debug("a transaction could not be taken back; its connection goes", "error", err)
		}
	}
	conn.Release() // which closes a connection that is still in a transaction
}

// plan adds a statement whose answer nobody needs at once.
func (t *tx) plan(ctx context.Context, name string, args ...any) error {
	if err := t.usable(ctx); err != nil {
		return err
	}
	t.batch.Queue(t.store.statements[name], args...)
	return nil
}

// ask adds a query; each row of its answer goes to scan when it is sent.
func (t *tx) ask(ctx context.Context, text string, scan func(pgx.Rows) error, args ...any) error {
	if err := t.usable(ctx); err != nil {
		return err
	}
	t.batch.Queue(text, args...).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			barrier.Point("store.scan")
			if err := scan(rows); err != nil {
				return err
			}
		}
		return rows.Err()
	})
	return nil
}

// each runs the named query and calls scan for every row.
func (t *tx) each(ctx context.Context, name string, scan func(pgx.Rows) error, args ...any) error {
	if err := t.ask(ctx, t.store.statements[name], scan, args...); err != nil {
		return err
	}
	return t.flush(ctx)
}

// list runs the named query and returns its rows as records.
func list[T any](ctx context.Context, t *tx, name string, scan func(pgx.Rows, *T) error, args ...any) ([]T, error) {
	var records []T
	err := t.each(ctx, name, appendTo(&records, scan), args...)
	return records, err
}

// appendTo makes a scan of one record into a collector of all.
func appendTo[T any](records *[]T, scan func(pgx.Rows, *T) error) func(pgx.Rows) error {
	return func(rows pgx.Rows) error {
		var record T
		if err := scan(rows, &record); err != nil {
			return err
		}
		*records = append(*records, record)
		return nil
	}
}

// usable refuses a transaction that is over, has failed, or whose caller's time
// is over.
func (t *tx) usable(ctx context.Context) error {
	switch {
	case t.conn == nil:
		return fault.New(fault.Internal, "a transaction was used after its function had returned")
	case t.failed != nil:
		return t.failed
	case ctx.Err() != nil:
		return contextFault(ctx, ctx.Err(), "")
	}
	return nil
}

// How a transaction is tried again: after a random pause that doubles, so that
// two losers do not meet again, and so often that only something else than
// chance can be in the way.
const (
	pauseMin     = time.Millisecond
	pauseMax     = 100 * time.Millisecond
	attemptsMax  = 20
	lostMax      = 2 // connections: the pool's may all be stale after a restart of the server
	lockAttempts = 1 << 30
)

// repeatedly calls try until it succeeds, fails for good, or the call's time is
// over. try returns the error to tell and the database's failure behind it.
func (s *Store) repeatedly(ctx context.Context, try func() (err, why error)) error {
	pause := pauseMin
	for attempt := 1; ; attempt++ {
		err, why := try()
		if why == nil || attempt >= s.attempts(ctx, why) {
			return err
		}
		timer := time.NewTimer(pause/2 + rand.N(pause/2))
		select {
		case <-ctx.Done():
			timer.Stop()
			return contextFault(ctx, err, "")
		case <-s.closing.Done():
			timer.Stop()
			return context.Cause(s.closing)
		case <-timer.C:
		}
		pause = min(2*pause, pauseMax)
	}
}

// attempts says how often a transaction may be tried that failed for this
// reason. A lock that somebody holds for long is waited for until the call's
// time is over, unless the caller has others to think of.
func (s *Store) attempts(ctx context.Context, why error) int {
	var broken *lostConnection
	switch {
	case errors.As(why, &broken):
		s.pool.Reset() // what else is idle in it is most likely dead, too
		return lostMax
	case hasCode(why, "40001", "40P01"), errors.Is(why, errLostRace):
		return attemptsMax
	case hasCode(why, "55P03"):
		if _, impatient := store.Impatience(ctx); !impatient {
			return lockAttempts
		}
	}
	return 1
}
