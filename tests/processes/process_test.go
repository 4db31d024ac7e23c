package processes_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/stretchr/testify/require"
)

// process is a child of this test binary as its parent sees it.
type process struct {
	*exec.Cmd
	order
	input   io.WriteCloser
	output  *bufio.Reader
	errors  *bytes.Buffer
	ended   chan struct{} // closed when the process is gone
	killed  bool          // by the test, on purpose
	stopped bool          // by SIGSTOP
}

// start starts a child with a ledger of its own and waits until it is ready. It
// is killed when the test ends, however that is.
func (s *scene) start(o order) *process {
	s.t.Helper()
	s.keepUp()
	o.Config, o.Ledger = s.config, filepath.Join(s.dir, o.Name)
	text, err := json.Marshal(o)
	require.NoError(s.t, err)
	p := &process{Cmd: exec.Command(os.Args[0]), order: o, errors: &bytes.Buffer{}, ended: make(chan struct{})}
	p.Env = append(os.Environ(), orderVariable+"="+string(text))
	p.SysProcAttr, p.Stderr = diesWithParent(), p.errors
	p.input, err = p.StdinPipe()
	require.NoError(s.t, err)
	// A pipe of the test's own: that of the command is closed by Wait, which may
	// come before the last line is read.
	output, writer, err := os.Pipe()
	require.NoError(s.t, err)
	p.output, p.Stdout = bufio.NewReader(output), writer
	require.NoError(s.t, p.Start())
	writer.Close()
	s.t.Cleanup(func() { p.kill(); output.Close() })
	go func() { // joined by kill, which every child sees in the end
		_ = p.Wait() // how it ended is asked of its state
		close(p.ended)
	}()
	line, _ := p.output.ReadString('\n')
	require.Equal(s.t, "ready\n", line, "%s did not start: %s", o.Name, p.errors)
	s.crew = append(s.crew, p)
	return p
}

// startAll starts n children that begin at the same moment.
func (s *scene) startAll(n int, o order) {
	s.t.Helper()
	all := make([]*process, n)
	for i := range all {
		one := o
		one.Name, one.Seed = fmt.Sprintf("p%d", i+1), o.Seed+uint64(i)
		all[i] = s.start(one)
	}
	for _, p := range all {
		p.begin()
	}
}

// begin lets a ready child work.
func (p *process) begin() { _, _ = io.WriteString(p.input, "go\n") } // one that is gone is noticed by watch

// kill ends the process at once, whether it runs or is stopped, and waits.
func (p *process) kill() {
	p.killed = true
	_ = p.Process.Kill() // it may be gone already
	<-p.ended
	p.input.Close()
}

// pause stops the process where it stands; resume lets it go on.
func (p *process) pause()  { p.stopped = true; _ = p.Process.Signal(syscall.SIGSTOP) }
func (p *process) resume() { p.stopped = false; _ = p.Process.Signal(syscall.SIGCONT) }

// watch fails the test when a child has ended that nobody asked to.
func (s *scene) watch() {
	s.t.Helper()
	for _, p := range s.crew {
		select {
		case <-p.ended:
			require.True(s.t, p.killed, "%s ended by itself: %s", p.Name, p.errors)
		default:
		}
	}
}

// dismiss has all living children end gracefully and returns what each tells.
func (s *scene) dismiss() []json.RawMessage {
	s.t.Helper()
	var told []json.RawMessage
	for _, p := range s.crew {
		if !p.killed {
			p.input.Close()
		}
	}
	for _, p := range s.crew {
		if p.killed {
			continue
		}
		select {
		case <-p.ended:
		case <-time.After(patience()):
			require.Fail(s.t, "a process does not end", p.Name)
		}
		require.True(s.t, p.ProcessState.Success(), "%s: %s: %s", p.Name, p.ProcessState, p.errors)
		rest, err := io.ReadAll(p.output)
		require.NoError(s.t, err)
		told = append(told, rest)
	}
	s.crew = nil
	return told
}
