// Package watchdog runs programs that may hang. One that does is shown, thread
// by thread, and ended with all that it started; nothing outlives its test.
package watchdog

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Process is a program that runs in a process group of its own.
type Process struct {
	*exec.Cmd
	t      testing.TB
	output string        // file that it writes to
	ended  chan struct{} // closed when the program itself is gone
	err    error         // how it ended; read after ended
}

// Start starts a command and ends its whole group with the test, however that is.
// Its output goes to a file, so that a grandchild that holds it open holds up nobody.
func Start(t testing.TB, command *exec.Cmd) *Process {
	t.Helper()
	p := &Process{Cmd: command, t: t, output: filepath.Join(t.TempDir(), "output"), ended: make(chan struct{})}
	file, err := os.Create(p.output)
	require.NoError(t, err)
	defer file.Close()
	command.Stdout, command.Stderr = file, file
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	require.NoError(t, command.Start())
	go func() { // joined by kill
		p.err = command.Wait()
		close(p.ended)
	}()
	t.Cleanup(p.kill)
	return p
}

// Output returns what was written so far.
func (p *Process) Output() string {
	text, err := os.ReadFile(p.output)
	require.NoError(p.t, err)
	return string(text)
}

// Wait waits until the program has ended and, if it ended well, until everything
// that it started is gone. When that takes longer than the patience, what still runs is shown and ended,
// and the error says that it hung.
func (p *Process) Wait(patience time.Duration) (string, error) {
	p.t.Helper()
	end := time.After(patience)
	select {
	case <-p.ended:
	case <-end:
		return p.hung("the program did not end")
	}
	for p.err == nil && len(p.members()) > 0 {
		select {
		case <-end:
			return p.hung("the program has ended, and what it started has not")
		case <-time.After(10 * time.Millisecond):
		}
	}
	return p.Output(), p.err
}

func (p *Process) hung(what string) (string, error) {
	shown := p.show()
	p.kill()
	return p.Output(), fmt.Errorf("%s:\n%s", what, shown)
}

// kill ends the group. Its number cannot belong to anybody else while a member
// lives, nor before the program itself was waited for.
func (p *Process) kill() {
	select {
	case <-p.ended:
		if len(p.members()) == 0 {
			return
		}
	default:
	}
	_ = syscall.Kill(-p.Process.Pid, syscall.SIGKILL) // all may be gone by now
	<-p.ended
}

// members lists the processes of the group that are no zombies.
func (p *Process) members() (pids []int) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is valid
	for _, place := range stats {
		text, err := os.ReadFile(place)
		if err != nil {
			continue // it is gone
		}
		// The name in parentheses may contain anything; state, parent and group follow.
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
		if group, _ := strconv.Atoi(fields[2]); group != p.Process.Pid || fields[0] == "Z" || fields[0] == "X" {
			continue
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(place)))
		pids = append(pids, pid)
	}
	return pids
}

// show tells where every thread of the group stands.
func (p *Process) show() string {
	var text strings.Builder
	for _, pid := range p.members() {
		tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", pid)) // the pattern is valid
		for _, task := range tasks {
			fmt.Fprintf(&text, "process %d, thread %s:", pid, filepath.Base(task))
			for _, name := range []string{"comm", "wchan", "syscall"} {
				value, _ := os.ReadFile(filepath.Join(task, name)) // it may be gone
				fmt.Fprintf(&text, " %s=%s", name, strings.TrimSpace(string(value)))
			}
			text.WriteByte('\n')
		}
	}
	return text.String()
}

// Run starts a command and waits for its end.
func Run(t testing.TB, command *exec.Cmd, patience time.Duration) (string, error) {
	t.Helper()
	return Start(t, command).Wait(patience)
}
