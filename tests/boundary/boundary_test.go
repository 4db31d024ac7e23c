package boundary_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/capi/dispatch"
	"github.com/tasker-systems/tasker-core-go/capi/session"
	"github.com/tasker-systems/tasker-core-go/capi/wire"
	"github.com/tasker-systems/tasker-core-go/tests/bench"
	"github.com/tasker-systems/tasker-core-go/tests/boundary"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

// The engines of each program, in the order of its configurations.
const (
	fileFull = iota
	fileNormal
	server
)

// probe is TASKER_OP_PROBE of the library that tests build.
const probe = 0x7000

// stand has the programs, each with databases of its own, so that nobody waits
// for another's locks or grows another's tables.
type stand struct {
	*testing.T
	root     string
	database func() string // URL of a new PostgreSQL database
	task     int64         // the same in every database
}

// newStand takes the shared server, or for figures, which have to be durable, one
// of its own that makes commits so.
func newStand(t *testing.T, durable bool) *stand {
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	s := &stand{T: t, root: root, database: func() string { return testdb.PostgresDatabase(t) }}
	if durable {
		s.database = clones(t, testdb.NewPostgresCluster(t))
	}
	return s
}

// clones returns what makes databases of a cluster, whose commits are durable
// from now on.
func clones(t *testing.T, cluster *testdb.PostgresCluster) func() string {
	made := 0
	in := func(name string) string {
		location, err := url.Parse(cluster.URL)
		require.NoError(t, err)
		location.Path = "/" + name
		return location.String()
	}
	testdb.Execute(t, in("template1"), "ALTER SYSTEM SET fsync = on", "ALTER SYSTEM SET full_page_writes = on",
		"ALTER SYSTEM SET autovacuum = on", "SELECT pg_reload_conf()")
	return func() string {
		made++
		name := fmt.Sprint("boundary_", made)
		testdb.Execute(t, in("template1"), "CREATE DATABASE "+name+" TEMPLATE postgres")
		return in(name)
	}
}

// configurations are those of one program, with its databases prepared.
func (s *stand) configurations() []string {
	s.Helper()
	configuration := func(settings map[string]any) string {
		text, err := json.Marshal(map[string]any{"database": settings})
		require.NoError(s, err)
		s.prepare(string(text))
		return string(text)
	}
	return []string{
		configuration(map[string]any{"url": testdb.File(s), "synchronous": "full"}),
		configuration(map[string]any{"url": testdb.File(s), "synchronous": "normal"}),
		configuration(map[string]any{"url": s.database()}),
	}
}

// flow is a task of ten steps in a diamond.
const flow = `name: flow
version: 1.0.0
step_templates:
  - name: first
%s  - name: last
    depends_on_steps: [b1, b2, b3, b4, b5, b6, b7, b8]
`

func number(t testing.TB, name string) int {
	t.Helper()
	for i, o := range wire.Operations {
		if o.Name == name {
			return i + 1
		}
	}
	t.Fatalf("no operation %s", name)
	return 0
}

// prepare registers the template and makes the task that is asked about.
func (s *stand) prepare(configuration string) {
	s.Helper()
	e, _, err := session.Open([]byte(configuration), nil)
	require.NoError(s, err)
	defer func() {
		_, err := e.Close(context.Background(), nil)
		require.NoError(s, err)
	}()
	var middle strings.Builder
	for i := range 8 {
		fmt.Fprintf(&middle, "  - name: b%d\n    depends_on_step: first\n", i+1)
	}
	request, err := json.Marshal(map[string]string{"template": fmt.Sprintf(flow, middle.String())})
	require.NoError(s, err)
	_, err = dispatch.Call(s.Context(), e, number(s, "template_register"), request)
	require.NoError(s, err)
	raw, err := dispatch.Call(s.Context(), e, number(s, "task_create"), []byte(create))
	require.NoError(s, err)
	var reply struct {
		TaskID int64 `json:"task_id"`
	}
	require.NoError(s, json.Unmarshal(raw, &reply))
	require.True(s, s.task == 0 || s.task == reply.TaskID)
	s.task = reply.TaskID
}

// create is the request of a write: a task with ten steps and sixteen edges.
const create = `{"name": "flow", "context": {"order_id": 4711, "customer": "somebody", "lines": [1, 2, 3]}}`

// command runs a program from the root and returns what it printed.
func (s *stand) command(name string, arguments ...string) {
	s.Helper()
	run := exec.Command(name, arguments...)
	run.Dir = s.root
	output, err := run.CombinedOutput()
	require.NoError(s, err, "%s %s\n%s", name, strings.Join(arguments, " "), output)
}

func (s *stand) at(place string) string { return filepath.Join(s.root, place) }

// executors builds and starts all programs; the first makes its calls from Go.
func (s *stand) executors() []boundary.Executor {
	s.Helper()
	s.command("make", "--no-print-directory", "lib/probe")
	s.command("go", "build", "-tags", "tasker_probe", "-o", "build/boundary/gohost", "./tests/boundary/hosts/gohost")
	s.command("cc", "-std=c99", "-O2", "-Wall", "-Wextra", "-Werror", "-Iinclude", "-o", "build/boundary/host",
		"tests/boundary/hosts/host.c", "-ldl")
	library := s.at("build/probe/libtasker_core.so")
	hosts := s.at("tests/boundary/hosts/host")
	modules := []string{"PYTHONPATH=" + s.at("bindings/python/src"), "PYTHONDONTWRITEBYTECODE=1", "NODE_PATH=" + s.at("build/node/node_modules")}
	both := []boundary.Form{boundary.Waiting, boundary.Batched}
	ruby := []string{"ruby", "-I", s.at("bindings/ruby/lib"), hosts + ".rb"}
	python := []string{s.at("build/venv/bin/python"), hosts + ".py"}
	node := []string{"node", hosts + ".js"}
	var all []boundary.Executor
	for _, p := range []struct {
		name, mode string
		command    []string
	}{
		{"Go", "inside", []string{s.at("build/boundary/gohost")}},
		{"C", "native", []string{s.at("build/boundary/host")}},
		{"Ruby", "native", ruby},
		{"Ruby, in a fiber", "fiber", ruby},
		{"Ruby, by its Engine", "binding", ruby},
		{"Python", "native", python},
		{"Python, by its Engine", "binding", python},
		{"Node, main thread", "main", node},
		{"Node, worker", "worker", node},
		{"Node, by its Engine", "binding", node},
	} {
		command := append(append(p.command, library, p.mode), s.configurations()...)
		all = append(all, boundary.StartHost(s, p.name, both, modules, command...))
	}
	return all
}

// works are the calls, times as many as an empty call is made in a round.
func (s *stand) works(times int) []boundary.Work {
	call := func(engine int, name, request string) boundary.Call {
		return boundary.Call{Engine: engine, Name: "tasker_" + name, Number: number(s, name), Request: request}
	}
	tried := func(request string) boundary.Call {
		return boundary.Call{Name: "tasker_probe", Number: probe, Request: request}
	}
	readiness := fmt.Sprintf(`{"task_id": %d}`, s.task)
	echo := fmt.Sprintf(`{"do": "echo", "text": "%s"}`, strings.Repeat("x", 1000))
	return []boundary.Work{
		{Title: "Nothing, answered on the calling thread", Call: tried(`{"do": "nothing", "instant": true}`), Times: times},
		{Title: "Nothing, like an operation with the database", Call: tried(`{"do": "nothing"}`), Times: times},
		{Title: "Echo of 1 KB", Call: tried(echo), Times: times},
		{Title: "Readiness of a kept graph of 10 steps, file", Call: call(fileFull, "step_readiness", readiness), Times: times / 2},
		{Title: "Readiness of a kept graph of 10 steps, PostgreSQL", Call: call(server, "step_readiness", readiness), Times: times / 2},
		{Title: "A task of 10 steps created, file, synchronous full", Call: call(fileFull, "task_create", create), Times: times / 4},
		{Title: "A task of 10 steps created, file, synchronous normal", Call: call(fileNormal, "task_create", create), Times: times / 4},
		{Title: "A task of 10 steps created, PostgreSQL", Call: call(server, "task_create", create), Times: times / 4},
	}
}

func TestEveryHostMakesEveryCall(t *testing.T) {
	rounds := bench.Size(t, "BENCH_ROUNDS", 1)
	s := newStand(t, rounds > 1)
	plan := boundary.Plan{Executors: s.executors(), Rounds: rounds, Size: bench.Size(t, "BENCH_BATCH", 32)}
	plan.Works = s.works(bench.Size(t, "BENCH_CALLS", 64))
	before := bench.Machine()
	rows, err := plan.Measure()
	require.NoError(t, err)
	require.Empty(t, plan.Missing(rows))
	t.Logf("%s\nbefore: %s\nafter:  %s", boundary.Table(rows, plan.Size), before, bench.Machine())
}

// scripted is an executor that answers what it is told.
type scripted struct {
	name string
	run  func(times int) ([]time.Duration, error)
}

func (s scripted) Name() string { return s.name }

func (s scripted) Forms() []boundary.Form {
	return []boundary.Form{boundary.Waiting, boundary.Batched}
}

func (s scripted) Run(_ boundary.Call, _ boundary.Form, times, _ int) ([]time.Duration, error) {
	return s.run(times)
}

func each(d time.Duration) func(int) ([]time.Duration, error) {
	return func(times int) ([]time.Duration, error) {
		took := make([]time.Duration, times)
		for i := range took {
			took[i] = d
		}
		return took, nil
	}
}

func planOf(executors ...boundary.Executor) boundary.Plan {
	return boundary.Plan{Executors: executors, Rounds: 3, Size: 2, Works: []boundary.Work{{Title: "work", Times: 4}}}
}

func TestAHostThatIsSlowerIsSeen(t *testing.T) {
	t.Parallel()
	plan := planOf(scripted{"Go", each(10 * time.Microsecond)}, scripted{"host", each(12 * time.Microsecond)})
	rows, err := plan.Measure()
	require.NoError(t, err)
	require.Empty(t, plan.Missing(rows))
	require.InDelta(t, 1.2, rows[1].Ratio, 1e-9)
	require.Equal(t, 12*time.Microsecond, rows[1].P99)
	require.Equal(t, 12, rows[1].Calls)
	require.Contains(t, boundary.Table(rows, 2), "1.20")
}

func TestARowThatIsMissingIsNamed(t *testing.T) {
	t.Parallel()
	plan := planOf(scripted{"Go", each(time.Microsecond)}, scripted{"host", each(time.Microsecond)})
	rows, err := plan.Measure()
	require.NoError(t, err)
	for i := range rows {
		left := append(append([]boundary.Row{}, rows[:i]...), rows[i+1:]...)
		want := fmt.Sprintf("work, %s, %s", rows[i].Executor, rows[i].Form)
		require.Equal(t, []string{want}, plan.Missing(left))
	}
}

func TestAHostThatFailsOrAnswersTooLittleEndsTheMeasurement(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	_, err := planOf(scripted{"host", func(int) ([]time.Duration, error) { return nil, broken }}).Measure()
	require.ErrorIs(t, err, broken)
	_, err = planOf(scripted{"host", func(times int) ([]time.Duration, error) { return make([]time.Duration, times-1), nil }}).Measure()
	require.ErrorContains(t, err, "3 of 4 answers")
}

func TestAProgramThatFailsIsToldWithItsReason(t *testing.T) {
	t.Parallel()
	h := boundary.StartHost(t, "host", nil, nil, "sh", "-c", `echo ready; while read line; do echo "error no such function"; done`)
	_, err := h.Run(boundary.Call{Name: "tasker_nothing"}, boundary.Waiting, 1, 1)
	require.ErrorContains(t, err, "no such function")
}
