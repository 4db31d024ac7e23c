package testdb

import (
	"context"
	_ "embed"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/store/postgres"
)

//go:embed postgres_guard.sh
var guard string

// PostgresCluster is a server of one test's own, which the test may stop and
// start. Unlike the shared server it keeps its commits when it is stopped at
// once. Its methods are for one goroutine at a time.
type PostgresCluster struct {
	URL string // of its database, which is migrated

	t        testing.TB
	dir, bin string
	as       *syscall.Credential
}

// NewPostgresCluster starts a server and migrates its database; it is stopped and
// removed when the test ends, however it does.
func NewPostgresCluster(t testing.TB) *PostgresCluster {
	t.Helper()
	bin, err := serverBinaries()
	require.NoError(t, err)
	as, err := ordinaryUser()
	require.NoError(t, err)
	base := os.TempDir()
	if len(base)+len("/tasker-cluster-0123456789") > socketMax {
		base = "/tmp"
	}
	dir, err := os.MkdirTemp(base, "tasker-cluster-")
	require.NoError(t, err)
	c := &PostgresCluster{URL: socketURL(dir, serverPort), t: t, dir: dir, bin: bin, as: as}
	c.guard()
	require.NoError(t, initialise(dir, bin, as))
	c.Start()
	opened, err := postgres.Open(context.Background(), postgres.Options{URL: c.URL, Migrate: postgres.MigrateAuto})
	require.NoError(t, err)
	require.NoError(t, opened.Close())
	return c
}

// guard starts who cleans up.
func (c *PostgresCluster) guard() {
	c.t.Helper()
	cleaner := c.command("sh", "-c", guard, "guard", c.dir, c.bin)
	alive, err := cleaner.StdinPipe()
	require.NoError(c.t, err)
	require.NoError(c.t, cleaner.Start())
	c.t.Cleanup(func() {
		_ = alive.Close()
		require.NoError(c.t, cleaner.Wait())
		_ = os.Remove(c.dir) // where only the owner of the folder above may
	})
}

// command is one that runs as an ordinary user and in a session of its own, so
// that an interruption of the test run does not reach it.
func (c *PostgresCluster) command(name string, args ...string) *exec.Cmd {
	command := exec.Command(name, args...)
	command.Dir, command.SysProcAttr = "/", &syscall.SysProcAttr{Credential: c.as, Setsid: true}
	return command
}

// Start starts the server, with commits that are answered again, and waits until
// it takes connections.
func (c *PostgresCluster) Start() {
	c.t.Helper()
	path := filepath.Join(c.dir, "data", "postgresql.auto.conf")
	// What is said last counts. Only a server that could have standbys can wait
	// for one; see HoldCommits.
	content := settings(c.dir) + "synchronous_commit = on\nwal_level = replica\nmax_wal_senders = 1\n"
	require.NoError(c.t, os.WriteFile(path, []byte(content), 0o644))
	c.control("start", "--log", filepath.Join(c.dir, "postgres.log"))
}

// Stop ends the server at once, as a crash does: no transaction comes to its end
// and no session is told.
func (c *PostgresCluster) Stop() {
	c.t.Helper()
	c.control("stop", "--mode", "immediate")
}

func (c *PostgresCluster) control(verb string, options ...string) {
	c.t.Helper()
	arguments := append([]string{verb, "--pgdata", filepath.Join(c.dir, "data"), "--wait", "--timeout", "60"}, options...)
	output, err := c.command(filepath.Join(c.bin, "pg_ctl"), arguments...).CombinedOutput()
	require.NoError(c.t, err, strings.TrimSpace(string(output)))
}

// HoldCommits lets every commit from now on take effect without an answer, until
// the server is started again: each waits for a standby that never comes.
func (c *PostgresCluster) HoldCommits() {
	c.t.Helper()
	Execute(c.t, c.URL, "ALTER SYSTEM SET synchronous_standby_names = 'nobody'", "SELECT pg_reload_conf()")
}
