package boundary

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// host is a program that makes calls.
type host struct {
	name    string
	forms   []Form
	program *exec.Cmd
	lines   io.WriteCloser
	answers *bufio.Reader
}

// StartHost starts a program with engines of its own, open as it returns. When
// the test ends the program has to end well, or it is ended.
func StartHost(t testing.TB, name string, forms []Form, environment []string, command ...string) Executor {
	t.Helper()
	h := &host{name: name, forms: forms, program: exec.Command(command[0], command[1:]...)}
	h.program.Env, h.program.Stderr = append(os.Environ(), environment...), os.Stderr
	lines, err := h.program.StdinPipe()
	require.NoError(t, err)
	answers, err := h.program.StdoutPipe()
	require.NoError(t, err)
	h.lines, h.answers = lines, bufio.NewReaderSize(answers, 1<<20)
	require.NoError(t, h.program.Start(), name)
	t.Cleanup(func() { h.end(t) })
	first, err := h.answer()
	require.NoError(t, err, "%s: %s", name, first)
	require.Equal(t, "ready\n", first, name)
	return h
}

// patience ends a program that hangs. It is no measurement: the longest answer
// takes a few seconds.
const patience = time.Minute

// answer reads a line.
func (h *host) answer() (string, error) {
	timer := time.AfterFunc(patience, func() { _ = h.program.Process.Kill() })
	line, err := h.answers.ReadString('\n')
	if !timer.Stop() {
		return "", fmt.Errorf("%s hung and was ended", h.name)
	}
	if err != nil {
		return "", fmt.Errorf("%s gave no answer: %w", h.name, err)
	}
	return line, nil
}

func (h *host) end(t testing.TB) {
	t.Helper()
	_ = h.lines.Close()
	timer := time.AfterFunc(patience, func() { _ = h.program.Process.Kill() })
	defer timer.Stop()
	if err := h.program.Wait(); err != nil {
		t.Errorf("%s: %v", h.name, err)
	}
}

func (h *host) Name() string { return h.name }

func (h *host) Forms() []Form { return h.forms }

func (h *host) Run(call Call, form Form, times, size int) ([]time.Duration, error) {
	_, err := fmt.Fprintf(h.lines, "%s %d %s %d %d %d %s\n", form, call.Engine, call.Name, call.Number, times, size, call.Request)
	if err != nil {
		return nil, err
	}
	line, err := h.answer()
	if err != nil {
		return nil, err
	}
	words := strings.Fields(line)
	if words[0] != "ok" {
		return nil, fmt.Errorf("the program says: %s", strings.TrimSpace(line))
	}
	took := make([]time.Duration, len(words)-1)
	for i, word := range words[1:] {
		nanoseconds, err := strconv.ParseInt(word, 10, 64)
		if err != nil {
			return nil, err
		}
		took[i] = time.Duration(nanoseconds)
	}
	return took, nil
}
