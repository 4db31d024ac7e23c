package sqlite_test

import (
	"bytes"
	"database/sql"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/store/sqlite"
)

// notebook is a log that a test reads while others write.
type notebook struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
}

func (n *notebook) Write(line []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.text.Write(line)
}

// told counts the records about foreign opens.
func (n *notebook) told() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return strings.Count(n.text.String(), store.ForeignOpenMessage)
}

func openNoted(t *testing.T, path string) (*sqlite.Store, *notebook) {
	t.Helper()
	book := &notebook{}
	opened, err := sqlite.Open(t.Context(), sqlite.Options{Path: path, Synchronous: sqlite.SyncOff, Log: slog.New(slog.NewTextHandler(book, nil))})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, opened.Close()) })
	return opened, book
}

func foreign(t *testing.T, s *sqlite.Store) []store.ForeignOpen {
	t.Helper()
	about, err := s.Describe(t.Context())
	require.NoError(t, err)
	return about.ForeignOpens
}

func TestWhoeverElseHasTheFileOpenIsReported(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "tasker.sqlite3")
	s, book := openNoted(t, path)
	require.Empty(t, foreign(t, s))
	link := path + " by another name"
	require.NoError(t, os.Link(path, link))
	for name, place := range map[string]string{path: path, link: path, path + "-wal": path + "-wal", path + "-shm": path + "-shm"} {
		before := book.told()
		file, err := os.Open(name)
		require.NoError(t, err)
		require.Equal(t, []store.ForeignOpen{{Path: place, Descriptor: int(file.Fd())}}, foreign(t, s))
		require.Len(t, foreign(t, s), 1)
		require.Equal(t, before+1, book.told(), "once in the log, always in the answer")
		require.NoError(t, file.Close())
		require.Empty(t, foreign(t, s))
	}
	require.Contains(t, book.text.String(), store.ForeignOpenRemedy)
	other, err := os.Create(filepath.Join(t.TempDir(), "tasker.sqlite3"))
	require.NoError(t, err)
	defer other.Close()
	require.Empty(t, foreign(t, s), "another file of the same name")
}

func TestAConnectionOfTheHostsDriverIsReported(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "tasker.sqlite3")
	s, _ := openNoted(t, path)
	host, err := sql.Open("sqlite3", "file:"+path)
	require.NoError(t, err)
	var tables int
	require.NoError(t, host.QueryRowContext(t.Context(), "SELECT count(*) FROM sqlite_schema").Scan(&tables))
	require.Positive(t, tables)
	require.NotEmpty(t, foreign(t, s))
	require.NoError(t, host.Close())
}

func TestTheWatchFindsAForeignOpenByItself(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "tasker.sqlite3")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	file, err := os.Open(path)
	require.NoError(t, err)
	defer file.Close()
	_, book := openNoted(t, path)
	require.Eventually(t, func() bool { return book.told() == 1 }, time.Minute, time.Millisecond)
}

// Stores of one process know each other's connections, whoever opens or closes
// one just now.
func TestStoresOfOneProcessAreNoStrangers(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "tasker.sqlite3")
	s, book := openNoted(t, path)
	var coming sync.WaitGroup
	for range 4 {
		coming.Go(func() {
			for range 25 {
				other, err := sqlite.Open(t.Context(), sqlite.Options{Path: path, Synchronous: sqlite.SyncOff})
				if err == nil {
					err = other.Close()
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	gone := make(chan struct{})
	go func() { coming.Wait(); close(gone) }()
	for ended := false; !ended; {
		require.Empty(t, foreign(t, s))
		select {
		case <-gone:
			ended = true
		default:
		}
	}
	require.Zero(t, book.told())
}

func TestADatabaseInMemoryHasNoStrangers(t *testing.T) {
	t.Parallel()
	s, _ := openNoted(t, sqlite.Memory)
	require.Empty(t, foreign(t, s))
}

func TestALimitedFileHasNoStrangers(t *testing.T) {
	t.Parallel()
	s, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "tasker.sqlite3"), PageCountMax: 10_000})
	require.NoError(t, err)
	require.Empty(t, foreign(t, s))
	require.NoError(t, s.Close())
}
