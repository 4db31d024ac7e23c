package abi_test

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

// signalled is the program of tests/abi/c/signalled.c in the middle of a call.
type signalled struct {
	*testing.T
	program *exec.Cmd
	lines   *bufio.Reader
	unlock  func()
}

// keptWaiting starts the program and returns it while its call waits for a lock
// on the file.
func keptWaiting(t *testing.T, mode string) signalled {
	t.Helper()
	file := filepath.Join(t.TempDir(), "tasker.sqlite3")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	s := signalled{T: t, program: exec.CommandContext(ctx, compile(t, "cc", cFlags, "signalled.c"), file, mode)}
	s.program.Env = append(os.Environ(), "LD_LIBRARY_PATH="+library(t, ""))
	input, err := s.program.StdinPipe()
	require.NoError(t, err)
	output, err := s.program.StdoutPipe()
	require.NoError(t, err)
	s.lines = bufio.NewReader(output)
	require.NoError(t, s.program.Start())
	s.expect("open\n")
	s.unlock = testdb.LockFile(t, file)
	_, err = io.WriteString(input, "\n")
	require.NoError(t, err)
	s.expect("calling\n")
	// The call comes a moment later. Early signals would show nothing wrong.
	time.Sleep(200 * time.Millisecond)
	return s
}

func (s signalled) expect(want string) {
	s.Helper()
	line, err := s.lines.ReadString('\n')
	require.NoError(s, err)
	require.Equal(s, want, line)
}

func TestSignalsAreLetInWhileACallWaitsForSomebodyElsesLock(t *testing.T) {
	t.Parallel()
	s := keptWaiting(t, "handled")
	for range 50 {
		require.NoError(t, s.program.Process.Signal(syscall.SIGTERM))
		s.expect("*\n")
	}
	s.unlock()
	s.expect("answered\n")
	require.NoError(t, s.program.Wait())
}

func TestASignalEndsAProcessWhoseCallWaitsForSomebodyElsesLock(t *testing.T) {
	t.Parallel()
	s := keptWaiting(t, "default")
	defer s.unlock()
	require.NoError(t, s.program.Process.Signal(syscall.SIGTERM))
	_, err := s.lines.ReadString('\n')
	require.ErrorIs(t, err, io.EOF)
	require.Error(t, s.program.Wait())
	status, ok := s.program.ProcessState.Sys().(syscall.WaitStatus)
	require.True(t, ok)
	require.True(t, status.Signaled())
	require.Equal(t, syscall.SIGTERM, status.Signal())
}
