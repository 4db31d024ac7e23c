// Package testdb gives each test a database of its own, cheaply: the schema is
// migrated once per test binary and its file cloned. Nothing is made durable.
package testdb

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/store/sqlite"
)

// Start is the instant at which a new Clock stands.
var Start = time.Date(2026, 1, 31, 9, 30, 0, 0, time.UTC)

// Clock is a clock that stands still until it is moved. It may be used
// concurrently.
type Clock struct {
	mu  sync.Mutex // guards now
	now time.Time
}

// NewClock returns a clock that stands at Start.
func NewClock() *Clock { return &Clock{now: Start} }

// Now returns the instant at which the clock stands.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Option changes how a test's database is opened.
type Option func(*sqlite.Options)

// WithClock lets the database tell the time of a clock.
func WithClock(clock *Clock) Option {
	return func(o *sqlite.Options) { o.Clock = clock.Now }
}

// SQLite opens a migrated database in a file of its own and closes it when the
// test ends.
func SQLite(t testing.TB, options ...Option) store.Store {
	t.Helper()
	return Open(t, File(t), options...)
}

// Memory opens a migrated database in memory and closes it when the test ends.
func Memory(t testing.TB, options ...Option) store.Store {
	t.Helper()
	return Open(t, sqlite.Memory, options...)
}

// Open opens the database at the path and closes it when the test ends.
func Open(t testing.TB, path string, options ...Option) *sqlite.Store {
	t.Helper()
	o := sqlite.Options{Path: path, Synchronous: sqlite.SyncOff}
	for _, option := range options {
		option(&o)
	}
	opened, err := sqlite.Open(context.Background(), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, opened.Close()) })
	return opened
}

// File returns the path of a new migrated database file that nobody has open.
func File(t testing.TB) string {
	t.Helper()
	image, err := migrated()
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "tasker.sqlite3")
	require.NoError(t, os.WriteFile(path, image, 0o600))
	return path
}

// migrated is the content of a migrated file, made once.
var migrated = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "tasker-testdb-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "template.sqlite3")
	opened, err := sqlite.Open(context.Background(), sqlite.Options{Path: path, Synchronous: sqlite.SyncOff})
	if err != nil {
		return nil, err
	}
	if err := opened.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})
