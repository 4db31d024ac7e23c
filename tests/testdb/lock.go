package testdb

import (
	"database/sql"
	"net/url"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// LockFile keeps everybody else from writing to a database file, as a process
// does that stops within a transaction, until unlock is called or the test ends.
func LockFile(t testing.TB, path string) (unlock func()) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+(&url.URL{Path: path}).EscapedPath()+"?mode=rw&_busy_timeout=10000&_txlock=immediate")
	require.NoError(t, err)
	transaction, err := db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	unlock = sync.OnceFunc(func() {
		_ = transaction.Rollback() // the end of the test may have been there first
		_ = db.Close()
	})
	t.Cleanup(unlock)
	return unlock
}
