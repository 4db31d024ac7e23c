package sqlite_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/store/sqlite"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

// What a child of this test binary does, and on which file.
const (
	childRole = "TASKER_SQLITE_CHILD"
	childPath = "TASKER_SQLITE_PATH"
)

// TestMain turns the binary into a child when it is told so. Otherwise it runs
// the tests and then requires that no store left a goroutine behind.
func TestMain(m *testing.M) {
	if role := os.Getenv(childRole); role != "" {
		if err := runChild(role, os.Getenv(childPath)); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

func runChild(role, path string) error {
	ctx := context.Background()
	s, err := sqlite.Open(ctx, sqlite.Options{Path: path, Synchronous: sqlite.SyncOff})
	if err != nil {
		return err
	}
	defer s.Close()
	fmt.Println("open")
	switch role {
	case "open":
		return nil
	case "count":
		for range countsPerProcess {
			if err := count(ctx, s); err != nil {
				return err
			}
		}
		return nil
	case "hold":
		return s.Write(ctx, func(tx store.Tx) error {
			if err := tx.DirtyInsert(ctx, []int64{99}, workflow.At(testdb.Start)); err != nil {
				return err
			}
			fmt.Println("holding")
			_, err := io.ReadAll(os.Stdin) // until the parent closes it or kills us
			return err
		})
	}
	return fmt.Errorf("no such role: %s", role)
}

// process is a child of this test binary with its output.
type process struct {
	*exec.Cmd
	lines *bufio.Scanner
	input io.WriteCloser
}

func start(t *testing.T, role, path string) *process {
	t.Helper()
	p := &process{Cmd: exec.CommandContext(t.Context(), os.Args[0])}
	p.Env = append(os.Environ(), childRole+"="+role, childPath+"="+path)
	out, err := p.StdoutPipe()
	require.NoError(t, err)
	p.input, err = p.StdinPipe()
	require.NoError(t, err)
	p.lines = bufio.NewScanner(out)
	require.NoError(t, p.Start())
	return p
}

// expect reads the next line of the child.
func (p *process) expect(t *testing.T, line string) {
	t.Helper()
	require.True(t, p.lines.Scan(), "the child ended before it said %q", line)
	require.Equal(t, line, p.lines.Text())
}

// finish waits for the child, which must succeed.
func (p *process) finish(t *testing.T) {
	t.Helper()
	var rest string
	for p.lines.Scan() {
		rest += p.lines.Text() + "\n"
	}
	require.NoError(t, p.Wait(), rest)
}

// nobody is a user without rights on every Unix.
const nobody = 65534

// runUnprivileged runs a role as a user to whom file modes mean something and
// returns what it says.
func runUnprivileged(t *testing.T, role, path string) string {
	t.Helper()
	binary := os.Args[0]
	if os.Geteuid() == 0 {
		// The directory of the test binary is closed to others, and so may be
		// those above the database.
		dir, err := os.MkdirTemp("", "tasker-sqlite-test-")
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
		require.NoError(t, os.Chmod(dir, 0o755))
		binary = filepath.Join(dir, "child")
		require.NoError(t, os.Link(os.Args[0], binary))
	}
	child := exec.CommandContext(t.Context(), binary)
	child.Dir = "/"
	child.Env = append(os.Environ(), childRole+"="+role, childPath+"="+path)
	if os.Geteuid() == 0 {
		child.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	out, _ := child.CombinedOutput() // a failure is what the caller looks for
	return string(out)
}

// addWorker commits a row.
func addWorker(t *testing.T, s store.Store) {
	t.Helper()
	require.NoError(t, s.Write(t.Context(), func(tx store.Tx) (err error) {
		at := workflow.At(testdb.Start)
		_, err = tx.WorkerInsert(t.Context(), workflow.Worker{Name: "0", StartedAt: at, HeartbeatAt: at})
		return err
	}))
}

// countsPerProcess is how often each process counts in the race.
const countsPerProcess = 200

// count reads a number and writes the next one: the routes of the one worker.
func count(ctx context.Context, s store.Store) error {
	return s.Write(ctx, func(tx store.Tx) error {
		workers, err := tx.WorkerList(ctx)
		if err != nil {
			return err
		}
		if len(workers) != 1 {
			return fmt.Errorf("%s workers", strconv.Itoa(len(workers)))
		}
		workers[0].Routes[0]++
		_, err = tx.WorkerTouch(ctx, workers[0])
		return err
	})
}
