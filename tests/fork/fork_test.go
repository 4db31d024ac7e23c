package fork_test

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/tests/ledger"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
	"github.com/tasker-systems/tasker-core-go/tests/watchdog"
)

// patience ends a program that hangs as a whole; each of its children has a
// deadline of five seconds of its own.
const patience = 3 * time.Minute

// scene is what one program works on.
type scene struct {
	embedded, postgres *ledger.Book
	environment        []string
}

// busy are the cases in which garbage is collected all the time.
var busy = map[string]bool{"busy": true, "racing_forks": true, "spawn": true, "second_runtime_dead": true}

// newScene makes both databases for a case.
func newScene(t *testing.T, lib, name string) *scene {
	t.Helper()
	runtime := map[string]any{}
	if busy[name] {
		runtime["gc_percent"] = 5
	}
	more := map[string]any{"runtime": runtime}
	s := &scene{embedded: ledger.Embedded(t), postgres: ledger.Postgres(t)}
	s.environment = append(withoutSettings(os.Environ()),
		"LD_LIBRARY_PATH="+lib,
		"TASKER_CORE_LIBRARY="+filepath.Join(lib, "libtasker_core.so"),
		"FORK_EMBEDDED="+s.embedded.Config(more), "FORK_EMBEDDED_LEDGER="+s.embedded.Path,
		"FORK_POSTGRESQL="+s.postgres.Config(more), "FORK_POSTGRESQL_LEDGER="+s.postgres.Path,
		"FORK_SLOW="+built.slow, "FORK_SECOND="+built.second,
		"FORK_N="+strconv.Itoa(count()),
		`FORK_ERROR_MODE={"database": {"url": "error.sqlite3"}, "fork": "error"}`,
		`FORK_MEMORY={"database": {"url": ":memory:"}}`)
	return s
}

// withoutSettings drops what this machine may have set for the library.
func withoutSettings(environment []string) (kept []string) {
	for _, entry := range environment {
		if !strings.HasPrefix(entry, "TASKER_") {
			kept = append(kept, entry)
		}
	}
	return kept
}

// count is the number of children of the stress cases: small in `make test`,
// 200 in `make test/fork N=200`.
func count() int {
	if n, err := strconv.Atoi(os.Getenv("FORK_N")); err == nil {
		return n
	}
	return 40
}

// long tells whether the numbers of the long form are wanted.
func long() bool { return count() >= 200 }

func (s *scene) command(t *testing.T, name string, arguments ...string) *exec.Cmd {
	t.Helper()
	run := exec.Command(name, arguments...)
	run.Dir, run.Env = t.TempDir(), s.environment
	return run
}

// requireHonest audits both databases.
func (s *scene) requireHonest(t *testing.T) {
	t.Helper()
	t.Logf("%d steps on the embedded store, %d on PostgreSQL, each run once",
		s.embedded.RequireHonest(), s.postgres.RequireHonest())
}

// alone are the cases that need something of the test's own.
var alone = map[string]bool{"orphan": true, "replaced": true, "deleted": true, "noexec": true}

func TestEveryCaseHoldsInAForkedChild(t *testing.T) {
	t.Parallel()
	programs(t)
	names, err := exec.Command("env", "LD_LIBRARY_PATH="+library(t, ""), built.program, "--list").Output()
	require.NoError(t, err)
	require.Greater(t, len(strings.Fields(string(names))), 20)
	for _, name := range strings.Fields(string(names)) {
		if alone[name] {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, library(t, ""), name)
			output, err := watchdog.Run(t, s.command(t, built.program, name), patience)
			require.NoError(t, err, output)
			t.Log(output)
			s.requireHonest(t)
		})
	}
}

// copied makes a library file of the test's own, which it may do away with.
func copied(t *testing.T) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(library(t, ""), "libtasker_core.so"))
	require.NoError(t, err)
	folder := t.TempDir()
	place := filepath.Join(folder, "libtasker_core.so")
	require.NoError(t, os.WriteFile(place, content, 0o700))
	require.NoError(t, os.Symlink("libtasker_core.so", place+".0"))
	return folder
}

func TestALibraryThatIsReplacedOrDeletedOnDiskIsStillForked(t *testing.T) {
	t.Parallel()
	programs(t)
	for _, name := range []string{"replaced", "deleted"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := copied(t)
			update := filepath.Join(folder, "update")
			require.NoError(t, os.WriteFile(update, []byte("half a download"), 0o700))
			s := newScene(t, folder, name)
			s.environment = append(s.environment, "FORK_LIBRARY="+filepath.Join(folder, "libtasker_core.so"), "FORK_REPLACEMENT="+update)
			output, err := watchdog.Run(t, s.command(t, built.program, name), patience)
			require.NoError(t, err, output)
			s.requireHonest(t)
		})
	}
}

func TestWithoutAFolderToExecuteFromTheNextMeansIsTaken(t *testing.T) {
	t.Parallel()
	programs(t)
	s := newScene(t, library(t, ""), "noexec")
	s.environment = append(s.environment, "TMPDIR="+t.TempDir())
	output, err := watchdog.Run(t, s.command(t, built.program, "noexec"), patience)
	require.NoError(t, err, output)
	s.requireHonest(t)
}

// strangers counts the sessions on the test's database that are not the test's.
func strangers(t *testing.T, conn *pgx.Conn) (n int) {
	t.Helper()
	require.NoError(t, conn.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity
		WHERE datname = current_database() AND pid <> pg_backend_pid()`).Scan(&n))
	return n
}

// orphan has a child live on that never used the library, while its parent is
// killed in the midst of transactions. It returns how many of the parent's
// sessions the server still has after a while.
func orphan(t *testing.T, lib string, wait time.Duration) int {
	t.Helper()
	s := newScene(t, lib, "orphan")
	watcher, locker := testdb.Connect(t, s.postgres.URL), testdb.Connect(t, s.postgres.URL)
	run := s.command(t, built.program, "orphan")
	// Not a pipe of the command's, which is closed when the parent is gone.
	theirs, input, err := os.Pipe()
	require.NoError(t, err)
	defer theirs.Close()
	defer input.Close()
	run.Stdin = theirs
	lock, err := locker.Begin(t.Context())
	require.NoError(t, err)
	p := watchdog.Start(t, run)
	_, err = lock.Exec(t.Context(), "LOCK TABLE tasker_named_tasks, tasker_core_tasks IN ACCESS EXCLUSIVE MODE")
	require.NoError(t, err)
	said := func(what string) {
		came := func() bool { return strings.Contains(p.Output(), what) }
		require.Eventually(t, came, 30*time.Second, 5*time.Millisecond, "%q did not come", what)
	}
	said("submitted")
	require.Eventually(t, func() bool { return waiting(t, watcher) > 0 }, patience, 5*time.Millisecond)
	_, err = io.WriteString(input, "go\n")
	require.NoError(t, err)
	said("forked")
	require.NoError(t, p.Process.Kill())
	require.NoError(t, lock.Rollback(t.Context()))
	require.NoError(t, locker.Close(t.Context()))
	left := strangers(t, watcher)
	for end := time.Now().Add(wait); left > 0 && time.Now().Before(end); left = strangers(t, watcher) {
		time.Sleep(10 * time.Millisecond)
	}
	_, err = io.WriteString(input, "go\n")
	require.NoError(t, err)
	said("worked")
	_, err = p.Wait(patience)
	require.Error(t, err, "the parent was killed")
	s.embedded.RequireHonest()
	s.postgres.RequireSound()
	return left
}

// waiting counts sessions that wait for a lock inside a transaction.
func waiting(t *testing.T, conn *pgx.Conn) (n int) {
	t.Helper()
	require.NoError(t, conn.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity
		WHERE datname = current_database() AND wait_event_type = 'Lock' AND xact_start IS NOT NULL`).Scan(&n))
	return n
}

func TestTheTransactionsOfAKilledParentEndAlthoughItsChildLives(t *testing.T) {
	t.Parallel()
	programs(t)
	require.Zero(t, orphan(t, library(t, ""), 20*time.Second), "sessions of the dead parent are still open")
}
