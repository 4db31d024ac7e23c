package sqlite_test

import (
	"database/sql"
	"encoding/json"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store/sqlite"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

// journalOf asks another program's SQLite for the mode that the file is in.
func journalOf(t *testing.T, path string) (mode string) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+(&url.URL{Path: path}).EscapedPath())
	require.NoError(t, err)
	require.NoError(t, db.QueryRowContext(t.Context(), "PRAGMA journal_mode").Scan(&mode))
	require.NoError(t, db.Close())
	return mode
}

// What is tested of forks and of processes that share a file is tested with the
// log, so the file must never be worked on without.
func TestAFileInAnyOtherJournalModeIsConvertedAtOpen(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"DELETE", "TRUNCATE", "PERSIST", "MEMORY", "OFF"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "tasker.sqlite3")
			s := testdb.Open(t, path)
			addWorker(t, s)
			require.NoError(t, s.Close())
			// Leaving the log is a mode of the file, the others are of a connection.
			execRaw(t, path, "PRAGMA journal_mode = DELETE", "PRAGMA journal_mode = "+mode, "CREATE TABLE theirs (n)")
			require.NotEqual(t, "wal", journalOf(t, path))
			s = testdb.Open(t, path)
			addWorker(t, s)
			about, err := s.Describe(t.Context())
			require.NoError(t, err)
			require.Equal(t, "wal", about.Details["journal_mode"])
			require.FileExists(t, path+"-wal")
			require.NoError(t, s.Close())
			require.Equal(t, "wal", journalOf(t, path))
		})
	}
}

func TestAnOpeningThatCannotHaveTheLogIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "tasker.sqlite3")
	output, err := exec.CommandContext(t.Context(), "go", "run", "./testdata/unshared", path).Output()
	require.NoError(t, err)
	var told *fault.Error
	require.NoError(t, json.Unmarshal(output, &told))
	require.NotNil(t, told, "it was opened")
	require.Equal(t, fault.Unsupported, told.Kind, told.Message)
	require.Equal(t, path, told.Path)
	require.NotEmpty(t, told.Remedy)
	about, err := os.Stat(path)
	require.NoError(t, err)
	require.Zero(t, about.Size(), "nothing was written")
}

func TestAnOpeningWhoseLogIsInTheWayIsRefused(t *testing.T) {
	t.Parallel()
	for suffix, kind := range map[string]fault.Kind{"-wal": fault.Unavailable, "-shm": fault.Permission} {
		path := filepath.Join(t.TempDir(), "tasker.sqlite3")
		require.NoError(t, os.Mkdir(path+suffix, 0o700))
		require.NotEmpty(t, fails(t, sqlite.Options{Path: path}, kind, path).Remedy, suffix)
	}
}
