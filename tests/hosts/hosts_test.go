// Package hosts_test runs the library in real hosts that fork: web servers that
// load the application before they fork their workers, job servers, pools, and a
// fork per job. Each opens its engines in the parent and works in the children,
// on the embedded store and on PostgreSQL.
package hosts_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/tests/ledger"
	"github.com/tasker-systems/tasker-core-go/tests/watchdog"
)

// patience bounds whatever must happen at some time: a bound, no measure.
const patience = 2 * time.Minute

// count is the number of jobs: small in `make test`, 200 in `make test/hosts N=200`.
func count() int {
	if n, err := strconv.Atoi(os.Getenv("HOSTS_N")); err == nil {
		return n
	}
	return 20
}

// root is the folder of the repository.
func root(t *testing.T) string {
	t.Helper()
	place, err := filepath.Abs("../..")
	require.NoError(t, err)
	return place
}

// host is one program and what it works on.
type host struct {
	t                  *testing.T
	root               string
	embedded, postgres *ledger.Book
	environment        []string
	process            *watchdog.Process
}

// library builds the library once; make does nothing when it is current.
var library = sync.OnceValues(func() (string, error) {
	build := exec.Command("make", "--no-print-directory", "-C", "../..", "lib")
	output, err := build.CombinedOutput()
	return string(output), err
})

func newHost(t *testing.T) *host {
	t.Helper()
	t.Parallel()
	output, err := library()
	require.NoError(t, err, output)
	h := &host{t: t, root: root(t), embedded: ledger.Embedded(t), postgres: ledger.Postgres(t)}
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "TASKER_") {
			h.environment = append(h.environment, entry)
		}
	}
	h.environment = append(h.environment,
		"TASKER_CORE_LIBRARY="+filepath.Join(h.root, "build/libtasker_core.so"),
		"PYTHONPATH="+filepath.Join(h.root, "tests/hosts/python"), "PYTHONDONTWRITEBYTECODE=1", "PYTHONUNBUFFERED=1",
		"FORK_EMBEDDED="+h.embedded.Config(nil), "FORK_EMBEDDED_LEDGER="+h.embedded.Path,
		"FORK_POSTGRESQL="+h.postgres.Config(nil), "FORK_POSTGRESQL_LEDGER="+h.postgres.Path)
	return h
}

// tool is a program of build/venv.
func (h *host) tool(name string) string { return filepath.Join(h.root, "build/venv/bin", name) }

// file is a file of this test.
func (h *host) file(name string) string { return filepath.Join(h.root, "tests/hosts", name) }

func (h *host) start(environment []string, name string, arguments ...string) {
	h.t.Helper()
	run := exec.Command(name, arguments...)
	run.Dir, run.Env = h.t.TempDir(), slices.Concat(h.environment, environment)
	h.process = watchdog.Start(h.t, run)
}

// ended requires that the host and all it started end by themselves, with status
// 0, and that every step was run once. It returns how many there were.
func (h *host) ended() (embedded, postgres int) {
	h.t.Helper()
	output, err := h.process.Wait(patience)
	require.NoError(h.t, err, output)
	embedded, postgres = h.embedded.RequireHonest(), h.postgres.RequireHonest()
	h.t.Logf("%d steps on the embedded store, %d on PostgreSQL, each run once", embedded, postgres)
	return embedded, postgres
}

func (h *host) signal(signal syscall.Signal) {
	h.t.Helper()
	require.NoError(h.t, h.process.Process.Signal(signal))
}

// said waits until the host has written something.
func (h *host) said(what string) {
	h.t.Helper()
	h.eventually(func() bool { return strings.Contains(h.process.Output(), what) }, what)
}

func (h *host) eventually(condition func() bool, what string) {
	h.t.Helper()
	for end := time.Now().Add(patience); !condition(); time.Sleep(10 * time.Millisecond) {
		require.True(h.t, time.Now().Before(end), "it did not come: %s\n%s", what, h.process.Output())
	}
}

// freePort returns a port of the loopback that nobody has at this moment.
func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	require.NoError(t, err)
	return port
}

// site is a web server.
type site struct {
	*host
	port   string
	client *http.Client
	served map[int]int // requests by process
	sum    int
}

func newSite(h *host) *site {
	// A connection for each request: a server that restarts closes idle ones.
	client := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	return &site{host: h, port: freePort(h.t), client: client, served: map[int]int{}}
}

// request has one request served and returns the process that did.
func (s *site) request() (int, error) {
	answer, err := s.client.Post(fmt.Sprintf("http://127.0.0.1:%s/", s.port), "", nil)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	var reply struct {
		PID   int   `json:"pid"`
		Steps []int `json:"steps"`
	}
	if answer.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("status %d", answer.StatusCode)
	}
	if err := json.NewDecoder(answer.Body).Decode(&reply); err != nil {
		return 0, err
	}
	if len(reply.Steps) != 2 {
		return 0, fmt.Errorf("%d steps", len(reply.Steps))
	}
	return reply.PID, nil
}

// persist repeats a request whose connection was closed without an answer: a server
// that restarts does so with those that it has accepted and not read. Had the
// application run, the count of steps at the end would tell.
func (s *site) persist() (int, error) {
	for {
		pid, err := s.request()
		if !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNRESET) {
			return pid, err
		}
	}
}

// serve has n requests served, four at a time, and more until two processes have
// taken part that are not among the earlier ones.
func (s *site) serve(n int, earlier map[int]int) map[int]int {
	s.t.Helper()
	by := map[int]int{}
	fresh := func() (found int) {
		for pid := range by {
			if earlier[pid] == 0 {
				found++
			}
		}
		return found
	}
	for end := time.Now().Add(patience); n > 0 || fresh() < 2; n -= 4 {
		require.True(s.t, time.Now().Before(end), "only %v served\n%s", by, s.process.Output())
		for _, pid := range s.four() {
			by[pid]++
			s.sum++
		}
	}
	return by
}

func (s *site) four() []int {
	s.t.Helper()
	var (
		pids     [4]int
		failures [4]error
		group    sync.WaitGroup
	)
	for i := range pids {
		group.Go(func() { pids[i], failures[i] = s.persist() })
	}
	group.Wait()
	for _, err := range failures {
		require.NoError(s.t, err, s.process.Output())
	}
	return pids[:]
}

// up waits until the server takes connections.
func (s *site) up() {
	s.t.Helper()
	s.eventually(func() bool {
		connection, err := net.Dial("tcp", "127.0.0.1:"+s.port)
		if err == nil {
			connection.Close()
		}
		return err == nil
	}, "a server on port "+s.port)
}

// through serves, restarts by a signal, serves by new processes, and stops.
// loads is how often the application is loaded, which works once each time.
func (s *site) through(restart syscall.Signal, loads int) {
	s.t.Helper()
	s.up()
	before := s.serve(count(), nil)
	s.signal(restart)
	after := s.serve(count(), before)
	s.t.Logf("served by %v, after the restart by %v", before, after)
	s.signal(syscall.SIGTERM)
	embedded, postgres := s.ended()
	require.Equal(s.t, s.sum+loads, embedded)
	require.Equal(s.t, s.sum+loads, postgres)
}
