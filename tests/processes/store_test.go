// Package processes_test proves with real processes that nothing is lost and
// nothing is recorded twice: the test binary runs itself as workers, each with
// an engine of its own on one database, and kills, stops and resumes them.
//
// Every process keeps a ledger of what its handlers did; audit compares the
// ledgers with the histories in the database. The short form runs in
// `make test`, the full numbers in `make test/processes`.
package processes_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/capi/session"
	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/tests/factory"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

// target is a store under test.
type target struct {
	name string
	// database makes a new migrated database and returns the object "database"
	// of the configuration with which every process opens it.
	database func(t testing.TB) map[string]any
	// upkeep does what the server's own housekeeping would do meanwhile; nil
	// for none. It ends with the context.
	upkeep func(ctx context.Context, conn *pgx.Conn) error
}

// targets lists the stores; every test runs on each of them.
func targets() []target {
	return []target{
		{name: "sqlite", database: func(t testing.TB) map[string]any {
			return map[string]any{"url": "sqlite://" + testdb.File(t), "synchronous": "normal"}
		}},
		{name: "postgres", upkeep: vacuum, database: func(t testing.TB) map[string]any {
			return map[string]any{"url": testdb.PostgresDatabase(t)}
		}},
	}
}

// vacuum stands in for autovacuum, which the test server has switched off: in a
// run of minutes plans without statistics and dead rows would be all we measure.
func vacuum(ctx context.Context, conn *pgx.Conn) error {
	for ctx.Err() == nil {
		if _, err := conn.Exec(ctx, "VACUUM (ANALYZE)"); err != nil && ctx.Err() == nil {
			return err
		}
		select {
		case <-ctx.Done():
		case <-time.After(10 * time.Second):
		}
	}
	return nil
}

// keepUp runs a target's upkeep until the test ends, in the long form alone.
func keepUp(t *testing.T, target target, url string) {
	if target.upkeep == nil || !full() {
		return
	}
	conn := testdb.Connect(t, url)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := target.upkeep(ctx, conn); err != nil {
			t.Errorf("upkeep: %s", err)
		}
	})
	t.Cleanup(func() { cancel(); running.Wait() })
}

// onEach runs a test on every store, one after the other since each keeps the
// machine busy. workers are the settings of that name, nil for the defaults.
func onEach(t *testing.T, workers map[string]any, test func(t *testing.T, s *scene)) {
	t.Helper()
	t.Parallel()
	for _, target := range targets() {
		t.Run(target.name, func(t *testing.T) { test(t, newScene(t, target, workers)) })
	}
}

// full reports whether the numbers of the long form are wanted.
func full() bool { return os.Getenv("TASKER_TEST_PROCESSES") == "full" }

// pick returns the number of the form that runs.
func pick[T any](short, long T) T {
	if full() {
		return long
	}
	return short
}

// patience bounds everything that must happen at some time: a bound, no measure.
func patience() time.Duration { return pick(time.Minute, 10*time.Minute) }

// leaseSeconds is the lease where processes are killed and stopped: short, so
// that a dead one is found within the test. Everywhere else it is the default,
// and no worker may be taken for dead however busy the machine is.
const leaseSeconds = 1

// mortal are the settings of workers that die.
func mortal() map[string]any {
	return map[string]any{"lease_seconds": leaseSeconds, "heartbeat_seconds": 0.2, "sweep_seconds": 0.2}
}

// scene is one database, with an engine of the test's own on it.
type scene struct {
	*engine.Engine
	t      *testing.T
	config json.RawMessage
	dir    string // of the ledgers
	crew   []*process
	keepUp func() // begins the upkeep, once
}

func newScene(t *testing.T, target target, workers map[string]any) *scene {
	t.Helper()
	database := target.database(t)
	settings := map[string]any{"database": database}
	if workers != nil {
		settings["worker"] = workers
	}
	config, err := json.Marshal(settings)
	require.NoError(t, err)
	opened, _, err := session.Open(config, nil)
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := opened.Close(context.Background(), nil)
		require.NoError(t, err)
	})
	return &scene{Engine: opened.Cases(), t: t, config: config, dir: t.TempDir(),
		keepUp: sync.OnceFunc(func() { keepUp(t, target, fmt.Sprint(database["url"])) })}
}

// call is the context of one call, with the deadline that a host's call has.
func call() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), 30*time.Second)
}

func (s *scene) register(shapes ...factory.Shape) {
	s.t.Helper()
	started := time.Now()
	for _, shape := range shapes {
		ctx, cancel := context.WithTimeout(context.Background(), patience())
		_, err := s.RegisterTemplate(ctx, engine.RegisterTemplateRequest{Template: shape.Template()})
		cancel()
		require.NoError(s.t, err)
	}
	s.t.Logf("%d templates registered in %s", len(shapes), time.Since(started))
}

// create creates n tasks of a shape in one call.
func (s *scene) create(shape factory.Shape, n int) []int64 {
	s.t.Helper()
	ids, err := create(s.Engine, shape, n)
	require.NoError(s.t, err)
	return ids
}

func create(e *engine.Engine, shape factory.Shape, n int) ([]int64, error) {
	request := engine.CreateTasksRequest{}
	for range n {
		request.Tasks = append(request.Tasks, engine.NewTask{Name: shape.Name, Context: []byte(`{"n":1}`)})
	}
	ctx, cancel := call()
	defer cancel()
	reply, err := e.CreateTasks(ctx, request)
	ids := make([]int64, len(reply.Items))
	for i, item := range reply.Items {
		ids[i] = item.TaskID
	}
	return ids, err
}

// ended waits until none of the tasks is open. It looks at the tasks alone:
// waiting by task_wait would judge every step at every commit of the others.
func (s *scene) ended(tasks []int64) {
	s.t.Helper()
	end := time.Now().Add(patience())
	for _, id := range tasks {
		for {
			ctx, cancel := call()
			task, err := s.GetTask(ctx, engine.GetTaskRequest{TaskID: id})
			cancel()
			require.NoError(s.t, err)
			if task.State.TaskEnded() {
				break
			}
			s.watch()
			require.True(s.t, time.Now().Before(end), "task %d is still %s", id, task.State)
			time.Sleep(5 * time.Millisecond)
		}
	}
}

// drained requires that the queues are empty: no lease, no ready row.
func (s *scene) drained() {
	s.t.Helper()
	ctx, cancel := call()
	defer cancel()
	require.NoError(s.t, s.Sweep(ctx)) // works off the dirty list
	health, err := s.Health(ctx, engine.HealthRequest{})
	require.NoError(s.t, err)
	require.Zero(s.t, health.LeasedSteps, "leases are left")
	require.Zero(s.t, health.ReadySteps, "ready rows are left")
	require.Zero(s.t, health.ScheduledSteps, "scheduled rows are left")
	require.Zero(s.t, health.OpenTasks, "open tasks are left")
	require.Zero(s.t, health.DirtyTasks, "dirty tasks are left")
	require.Zero(s.t, health.Panics)
}
