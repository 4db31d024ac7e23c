package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/tasker-systems/tasker-core-go/core/fault"
)

// session is one pinned connection with its prepared statements. It belongs to
// one goroutine at a time.
type session struct {
	conn     *sql.Conn
	prepared map[string]*sql.Stmt // by text; bounded by the statements and filters that exist
	version  int64                // last data_version seen; only the writer's is used
}

// cacheKB is the page cache of one connection in KiB: the working set of a busy
// queue, and small beside the library itself.
const cacheKB = 4096

// walBytesMax is the size to which a log that grew under a long read is cut.
const walBytesMax = 64 << 20

// openSession pins a new connection and sets it up.
func (s *Store) openSession(ctx context.Context, pragmas ...string) (*session, error) {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return nil, s.translate(ctx, err)
	}
	opened := &session{conn: conn, prepared: map[string]*sql.Stmt{}}
	pragmas = append(pragmas, "temp_store = MEMORY", fmt.Sprintf("cache_size = -%d", cacheKB))
	for _, pragma := range pragmas {
		err := patiently(ctx, func() error {
			_, err := conn.ExecContext(ctx, "PRAGMA "+pragma)
			return err
		})
		if err != nil {
			opened.close()
			return nil, s.translate(ctx, err)
		}
	}
	return opened, nil
}

// openWriter opens the connection that writes. Whose file it is must be settled
// before the journal mode, since setting that writes to the file.
func (s *Store) openWriter(ctx context.Context) (*session, error) {
	writer, err := s.openSession(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.setUpWriter(ctx, writer); err != nil {
		writer.close()
		return nil, s.translate(ctx, err)
	}
	return writer, nil
}

func (s *Store) setUpWriter(ctx context.Context, writer *session) error {
	if err := s.recognise(ctx, writer); err != nil {
		return err
	}
	if err := s.keepLog(ctx, writer); err != nil {
		return err
	}
	limits := []string{fmt.Sprintf("journal_size_limit = %d", walBytesMax)}
	if s.options.PageCountMax > 0 {
		limits = append(limits, fmt.Sprintf("max_page_count = %d", s.options.PageCountMax))
	}
	for _, limit := range limits {
		if _, err := s.pragma(ctx, writer, limit); err != nil {
			return err
		}
	}
	// From here on a commit of others counts as a change.
	return s.claiming(ctx, func() error {
		_, err := writer.sawChange()
		return err
	})
}

// keepLog has the file written by a write-ahead log, whatever it was written by
// before. SQLite takes that for a wish: where memory cannot be shared between
// processes it goes on without and says so only in its answer.
func (s *Store) keepLog(ctx context.Context, writer *session) error {
	mode, err := s.pragma(ctx, writer, "journal_mode = WAL")
	if err != nil || mode == "wal" || s.inMemory() {
		return err
	}
	return fault.New(fault.Unsupported, "SQLite cannot keep a write-ahead log beside this file (journal mode %s)", mode).
		At(s.options.Path).Advise("put the database on a local file system, where processes can share memory through a file")
}

// pragma sets what the file is worked on with, and returns what SQLite made of it.
func (s *Store) pragma(ctx context.Context, writer *session, pragma string) (answer string, err error) {
	err = s.claiming(ctx, func() error {
		return writer.conn.QueryRowContext(ctx, "PRAGMA "+pragma).Scan(&answer)
	})
	return answer, err
}

// claiming is patiently for what may open files: the first to read after the
// mode was set opens the log.
func (s *Store) claiming(ctx context.Context, fn func() error) error {
	return patiently(ctx, func() error { return s.files.claim(fn) })
}

// openReader opens a connection that cannot write.
func (s *Store) openReader(ctx context.Context) (*session, error) {
	return s.openSession(ctx, "query_only = ON")
}

// close gives up the connection. An empty place (nil) has nothing to close.
func (s *session) close() {
	if s == nil {
		return
	}
	s.forget()
	// The pool closes it; an error at this point concerns nobody.
	_ = s.conn.Close()
}

// forget drops the prepared statements.
func (s *session) forget() {
	for _, statement := range s.prepared {
		_ = statement.Close() // finalising reports the last execution's error, which was seen
	}
	clear(s.prepared)
}

// statement returns the prepared form of text, preparing it on first use.
func (s *session) statement(text string) (*sql.Stmt, error) {
	if statement, ok := s.prepared[text]; ok {
		return statement, nil
	}
	// The context of one call must not end a statement that later calls use.
	statement, err := s.conn.PrepareContext(context.Background(), text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", firstLine(text), err)
	}
	s.prepared[text] = statement
	return statement, nil
}

// run executes a statement without an answer. The statements of a write are
// short, and with a context that can end the driver would start a goroutine for
// each (44 against 620 µs for a transaction of twelve), so it gets none.
func (s *session) run(text string, args ...any) (sql.Result, error) {
	statement, err := s.statement(text)
	if err != nil {
		return nil, err
	}
	return statement.ExecContext(context.Background(), args...)
}

// rows executes a query, which ends when the context does.
func (s *session) rows(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	statement, err := s.statement(text)
	if err != nil {
		return nil, err
	}
	return statement.QueryContext(ctx, args...)
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}
