package factory

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/notify"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/telemetry"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
	"github.com/tasker-systems/tasker-core-go/tests/invariant"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

// LeasePeriod is the lease period of every engine that a lab opens.
const LeasePeriod = 15 * time.Second

// Lab is an engine on a database whose clock stands still, with draws fixed in
// the middle so that waits have no jitter. Seed places random failure plans.
type Lab struct {
	*engine.Engine
	Clock *testdb.Clock
	Store store.Store
	Seed  uint64

	t testing.TB
	// executions counts the runs of handlers by step id, outside the step's row,
	// so that they survive retries (workflow-shapes sheet, section 5).
	executions map[int64]int
}

// OpenFunc opens a migrated database of the test's own that tells the time of the
// clock: SQLite, Postgres or a test's own.
type OpenFunc func(t testing.TB, clock *testdb.Clock) store.Store

// SQLite opens a database file.
func SQLite(t testing.TB, clock *testdb.Clock) store.Store {
	t.Helper()
	return testdb.SQLite(t, testdb.WithClock(clock))
}

// Postgres opens a PostgreSQL database.
func Postgres(t testing.TB, clock *testdb.Clock) store.Store {
	t.Helper()
	return testdb.Postgres(t, testdb.WithPostgresClock(clock))
}

// NewLab opens a database and an engine on it; both close when the test ends,
// after the invariants of what was stored were checked.
func NewLab(t testing.TB, open OpenFunc) *Lab {
	t.Helper()
	clock := testdb.NewClock()
	db := open(t, clock)
	t.Cleanup(func() { invariant.Require(t, db) })
	return &Lab{Engine: NewEngine(t, db), Clock: clock, Store: db, t: t, executions: map[int64]int{}}
}

// NewEngine opens one more engine on a database, as another process would; it
// closes when the test ends.
func NewEngine(t testing.TB, db store.Store, edits ...func(*engine.Options)) *engine.Engine {
	t.Helper()
	log, err := telemetry.NewLog(100, "error")
	require.NoError(t, err)
	options := engine.Options{Store: db, Hub: notify.NewHub(nil), Log: log, Lease: LeasePeriod, Host: "lab", PID: 1,
		Version: "test", Draw: func() float64 { return 0.5 }}
	options.Schema, _ = db.(store.Schema)
	for _, edit := range edits {
		edit(&options)
	}
	e := engine.New(options)
	t.Cleanup(func() { e.Close(); options.Hub.Close() })
	return e
}

// Register stores the templates of shapes; the same shape twice is harmless.
func (l *Lab) Register(shapes ...Shape) {
	l.t.Helper()
	for _, shape := range shapes {
		_, err := l.RegisterTemplate(context.Background(), engine.RegisterTemplateRequest{Template: shape.Template()})
		require.NoError(l.t, err, shape.Name)
	}
}

// Worker registers a worker for every step.
func (l *Lab) Worker() int64 {
	l.t.Helper()
	return l.worker(engine.HandlerMatch{})
}

func (l *Lab) worker(match engine.HandlerMatch) int64 {
	l.t.Helper()
	info, err := l.RegisterWorker(context.Background(), engine.RegisterWorkerRequest{Handlers: []engine.HandlerMatch{match}})
	require.NoError(l.t, err)
	return info.WorkerID
}

// Create creates a task of a registered shape; edits change the request.
func (l *Lab) Create(shape Shape, edits ...func(*engine.NewTask)) int64 {
	l.t.Helper()
	r := engine.CreateTaskRequest{NewTask: l.newTask(shape, "single", 0)}
	for _, edit := range edits {
		edit(&r.NewTask)
	}
	reply, err := l.CreateTask(context.Background(), r)
	require.NoError(l.t, err)
	return reply.TaskID
}

func (l *Lab) newTask(shape Shape, batch string, index int) engine.NewTask {
	return engine.NewTask{Name: shape.Name, Namespace: shape.Namespace, Version: shape.Version,
		Context:   encode(map[string]any{"workflow_type": shape.Name, "batch_id": batch, "index": index}),
		Initiator: "factory", SourceSystem: "tests", Reason: "bulk data", Tags: []string{"factory"}}
}

// CreateBulk registers the shapes of a bulk and creates its tasks in one call,
// in order; each context tells batch and index.
func (l *Lab) CreateBulk(bulk Bulk) []int64 {
	l.t.Helper()
	l.Register(bulk.Shapes...)
	r := engine.CreateTasksRequest{}
	for i, shape := range bulk.Shapes {
		r.Tasks = append(r.Tasks, l.newTask(shape, bulk.Batch, i))
	}
	reply, err := l.CreateTasks(context.Background(), r)
	require.NoError(l.t, err)
	ids := make([]int64, len(reply.Items))
	for i, item := range reply.Items {
		ids[i] = item.TaskID
	}
	return ids
}

// CreateRealistic creates the tasks of a bulk and brings the first of them to
// the sheet's realistic states: 30 % complete, 10 % in error, the rest untouched.
// Nothing else may be ready in the lab.
func (l *Lab) CreateRealistic(bulk Bulk) []int64 {
	l.t.Helper()
	l.Register(bulk.Shapes...)
	complete, failing, _ := Realistic(len(bulk.Shapes))
	var ids []int64
	for i, shape := range bulk.Shapes[:complete+failing] {
		task := l.Create(shape, func(r *engine.NewTask) { r.Context = l.newTask(shape, bulk.Batch, i).Context })
		if shape = shape.Reliable(); i >= complete {
			shape = shape.HalfFailing()
		}
		l.Play(shape, task, 1)
		ids = append(ids, task)
	}
	return append(ids, l.CreateBulk(Bulk{Batch: bulk.Batch, Shapes: bulk.Shapes[complete+failing:]})...)
}

// Steps returns a task's steps by name.
func (l *Lab) Steps(task int64) map[string]engine.StepInfo {
	l.t.Helper()
	reply, err := l.GetTask(context.Background(), engine.GetTaskRequest{TaskID: task, Include: []string{"steps"}})
	require.NoError(l.t, err)
	byName := make(map[string]engine.StepInfo, len(reply.Steps))
	for _, step := range reply.Steps {
		byName[step.Name] = step
	}
	return byName
}

// Context returns where a task stands.
func (l *Lab) Context(task int64) engine.TaskContext {
	l.t.Helper()
	reply, err := l.GetContext(context.Background(), engine.ContextRequest{TaskID: task})
	require.NoError(l.t, err)
	return reply
}

// History returns the states that a step went through, oldest first.
func (l *Lab) History(step int64) []workflow.State {
	l.t.Helper()
	reply, err := l.ListTransitions(context.Background(), engine.ListTransitionsRequest{StepID: step})
	require.NoError(l.t, err)
	var states []workflow.State
	for _, row := range reply.Items {
		states = append(states, row.ToState)
	}
	return states
}

// Foreign moves a step past the engine, as the Rails engine or a person with
// psql would, and puts its task on the dirty list, as the triggers do.
func (l *Lab) Foreign(step int64, to workflow.State) {
	l.t.Helper()
	c := context.Background()
	at := workflow.At(l.Clock.Now())
	require.NoError(l.t, l.Store.Write(c, func(tx store.Tx) error {
		steps, err := tx.StepList(c, []int64{step})
		if err != nil {
			return err
		}
		moved, err := tx.StepMove(c, []store.Move{{OwnerID: step, ExpectedID: steps[0].TransitionID, From: steps[0].State,
			Path: []store.Hop{{To: to}}, At: at}})
		if err != nil {
			return err
		}
		if len(moved) != 1 {
			return fmt.Errorf("step %d did not move", step)
		}
		return tx.DirtyInsert(c, []int64{steps[0].TaskID}, at)
	}))
}

// LoseWorkers lets a lease period pass without a heartbeat, so that every worker
// of the lab is declared dead and its steps come back.
func (l *Lab) LoseWorkers() {
	l.t.Helper()
	c := context.Background()
	require.NoError(l.t, l.Sweep(c))
	l.Clock.Advance(LeasePeriod)
	require.NoError(l.t, l.Sweep(c))
	require.NoError(l.t, l.Beat(c)) // the engine learns that its workers are gone
}
