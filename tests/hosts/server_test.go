package hosts_test

import (
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// puma starts two workers in a mode of tests/hosts/ruby/puma.rb.
func puma(t *testing.T, mode string) *site {
	t.Helper()
	s := newSite(newHost(t))
	s.start([]string{"HOST_PORT=" + s.port, "HOST_MODE=" + mode}, "puma", "-C", s.file("ruby/puma.rb"), s.file("ruby/config.ru"))
	return s
}

func TestPumaThatPreloadsServesAndRestarts(t *testing.T) {
	// With a preloaded application a phased restart becomes an ordinary one, which
	// loads it again.
	puma(t, "preload").through(syscall.SIGUSR1, 2)
}

func TestPumaWhoseWorkerForksServesAndRestartsInPhases(t *testing.T) {
	puma(t, "fork_worker").through(syscall.SIGUSR1, 2)
}

// gunicorn starts two workers of a class.
func gunicorn(t *testing.T, arguments ...string) *site {
	t.Helper()
	s := newSite(newHost(t))
	all := []string{"--preload", "--workers", "2", "--bind", "127.0.0.1:" + s.port, "--worker-tmp-dir", t.TempDir()}
	s.start(nil, s.tool("gunicorn"), append(append(all, arguments...), "site_wsgi:application")...)
	return s
}

func TestGunicornThatPreloadsServesAndRestarts(t *testing.T) {
	gunicorn(t).through(syscall.SIGHUP, 1)
}

func TestGunicornWithThreadsServesAndRestarts(t *testing.T) {
	gunicorn(t, "--threads", "2").through(syscall.SIGHUP, 1)
}

func TestCeleryRunsJobsInForkedProcesses(t *testing.T) {
	h := newHost(t)
	folder := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(folder, "queue"), 0o700))
	require.NoError(t, os.Mkdir(filepath.Join(folder, "control"), 0o700))
	environment := []string{"HOST_FOLDER=" + folder, "C_FORCE_ROOT=1"}
	h.start(environment, h.tool("celery"), "--app", "site_celery", "worker", "--pool", "prefork", "--concurrency", "2",
		"--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "INFO")
	worker := h.process
	h.said(" ready.")
	h.start(environment, h.tool("python"), h.file("python/site_celery.py"), strconv.Itoa(count()))
	output, err := h.process.Wait(patience)
	require.NoError(t, err, output)
	h.process = worker
	want := count() + 1 // the main process worked once
	h.eventually(func() bool { return len(h.embedded.Lines()) >= want && len(h.postgres.Lines()) >= want }, "all jobs")
	h.signal(syscall.SIGTERM)
	embedded, postgres := h.ended()
	require.Equal(t, []int{want, want}, []int{embedded, postgres})
}

// program runs a program to its end.
func program(t *testing.T, want int, interpreter func(h *host) string, name string) {
	t.Helper()
	h := newHost(t)
	h.start(nil, interpreter(h), h.file(name), strconv.Itoa(count()))
	embedded, postgres := h.ended()
	require.Equal(t, []int{want, want}, []int{embedded, postgres})
}

func python(h *host) string { return h.tool("python") }
func ruby(*host) string     { return "ruby" }

func TestPoolsAndProcessesOfMultiprocessingWork(t *testing.T) {
	program(t, 3*count()+2, python, "python/pools.py")
}

func TestAForkPerJobWorksInPython(t *testing.T) { program(t, 2*count(), python, "python/jobs.py") }
func TestAForkPerJobWorksInRuby(t *testing.T)   { program(t, 2*count(), ruby, "ruby/jobs.rb") }
