package rails_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/store/postgres"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
	"github.com/tasker-systems/tasker-core-go/tests/factory"
	"github.com/tasker-systems/tasker-core-go/tests/invariant"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

// surveyPause is the default pause between two looks, thoroughPause that between
// two looks at everything.
const (
	surveyPause   = 5 * time.Second
	thoroughPause = time.Hour
)

// unwatched is a scene on a database without triggers, after a first sweep.
func unwatched(t *testing.T) *scene {
	t.Helper()
	url := testdb.EmptyPostgresDatabase(t)
	testdb.OpenPostgres(t, url, func(o *postgres.Options) { o.Migrate, o.TriggersOff = postgres.MigrateAuto, true })
	s := newSceneOn(t, url)
	require.False(t, s.watched(s.Store))
	require.NoError(t, s.Sweep(ctx()))
	return s
}

// look lets the time of a look come, with the workers alive.
func (s *scene) look(pause time.Duration) {
	s.t.Helper()
	s.Clock.Advance(pause)
	require.NoError(s.t, s.Beat(ctx()))
	require.NoError(s.t, s.Sweep(ctx()))
}

// broken tells how many rules do not hold.
func (s *scene) broken() int {
	s.t.Helper()
	found, err := invariant.Check(ctx(), s.Store)
	require.NoError(s.t, err)
	return len(found)
}

// marks counts the entries that the dirty list ever had.
func (s *scene) marks() int64 {
	s.t.Helper()
	return s.number(s.admin(), "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM tasker_core_dirty_id_seq")
}

// TestEveryWriteOfTheRailsEngineIsFoundWithoutTriggers is the promise of design
// section 4 for triggers that are off: what follows from the truth is mended by
// the next look, and the task runs to its end.
func TestEveryWriteOfTheRailsEngineIsFoundWithoutTriggers(t *testing.T) {
	t.Parallel()
	s := unwatched(t)
	s.Register(fork())
	conn, watcher := s.connect(), s.admin()
	worker, other := s.Worker(), s.Worker()
	for _, write := range writes {
		m := s.meet(worker, other)
		s.look(surveyPause)
		require.Zero(t, s.broken(), write.name)
		s.Clock.Advance(time.Second)
		require.True(t, expected(write.run(m, &rails{conn: conn, now: s.Clock.Now()})), write.name)
		m.seen(watcher, write.name)
		s.look(surveyPause)
		require.Zero(t, s.broken(), write.name)
		m.settled(watcher, write.name)
	}
}

// blind is a store that claims to have triggers.
type blind struct {
	store.Store
	store.Schema
}

type blindReader struct{ store.Reader }

func (blindReader) Watched(context.Context) (bool, error) { return true, nil }

func (b blind) Read(c context.Context, fn func(store.Reader) error) error {
	return b.Store.Read(c, func(r store.Reader) error { return fn(blindReader{r}) })
}

// Without the look, or with one that comes too early, what the test above asks for
// does not hold.
func TestALookThatIsLeftOutIsNoticed(t *testing.T) {
	t.Parallel()
	s := unwatched(t)
	s.Register(fork())
	conn, watcher, worker := s.connect(), s.admin(), s.Worker()
	schema, _ := s.Store.(store.Schema)
	unseeing := factory.NewEngine(t, blind{s.Store, schema})
	noticed := 0
	for _, write := range writes {
		m := s.meet(worker, worker)
		s.look(surveyPause)
		require.NoError(t, unseeing.Sweep(ctx()))
		require.True(t, expected(write.run(m, &rails{conn: conn, now: s.Clock.Now()})), write.name)
		s.look(surveyPause - time.Millisecond)
		require.NoError(t, unseeing.Sweep(ctx()))
		if s.broken() > 0 {
			noticed++
		}
		s.look(time.Millisecond)
		require.Zero(t, s.broken(), write.name)
		m.settled(watcher, write.name)
	}
	require.Greater(t, noticed, len(writes)/2)
}

// slow is a store without triggers whose every survey takes longer than a look may.
type slow struct {
	store.Store
	store.Schema
}

type slowReader struct{ store.Reader }

func (r slowReader) TaskSurvey(c context.Context, survey store.Survey) (store.Surveyed, error) {
	time.Sleep(60 * time.Millisecond)
	return r.Reader.TaskSurvey(c, survey)
}

func (s slow) Read(c context.Context, fn func(store.Reader) error) error {
	return s.Store.Read(c, func(r store.Reader) error { return fn(slowReader{r}) })
}

// A look that has no time left when it knows the tasks would never come further.
func TestALookAroundASlowDatabaseComesToItsEnd(t *testing.T) {
	t.Parallel()
	s := unwatched(t)
	s.Register(fork())
	s.Create(fork())
	schema, _ := s.Store.(store.Schema)
	e := factory.NewEngine(t, slow{s.Store, schema})
	testdb.Execute(t, s.url, "DELETE FROM tasker_workflow_step_edges")
	require.NotZero(t, s.broken())
	require.NoError(t, e.Sweep(ctx()))
	require.Zero(t, s.broken())
}

// A task in which nothing can run is in no queue; it is found all the same.
func TestAChangeOfABlockedTaskIsFoundWithoutTriggers(t *testing.T) {
	t.Parallel()
	s := unwatched(t)
	shape := factory.Shape{Name: "once", Steps: []factory.Step{{Name: "only", Limit: 1}}}
	s.Register(shape)
	id, worker := s.Create(shape), s.Worker()
	claim := func() []engine.ClaimedStep {
		reply, err := s.ClaimSteps(ctx(), engine.ClaimStepsRequest{WorkerID: worker, Limit: 1})
		require.NoError(t, err)
		return reply.Steps
	}
	m := &meeting{scene: s, task: id}
	require.Equal(t, "recorded", m.report(claim()[0], "error"))
	require.Equal(t, workflow.Error, s.task(id))
	s.look(surveyPause)
	require.Empty(t, claim())

	process := &rails{conn: s.connect(), now: s.Clock.Now()}
	require.NoError(t, process.edit(s.Steps(id)["only"].StepID, 5))
	s.Clock.Advance(time.Minute) // the wait of the failure
	s.look(surveyPause)
	require.Equal(t, workflow.InProgress, s.task(id), "it goes on (D4)")
	require.Equal(t, "recorded", m.report(claim()[0], "complete"))
	require.Equal(t, workflow.Complete, s.task(id))
}

// task tells a task's state.
func (s *scene) task(id int64) workflow.State {
	s.t.Helper()
	reply, err := s.GetTask(ctx(), engine.GetTaskRequest{TaskID: id})
	require.NoError(s.t, err)
	return reply.State
}

// What leaves no trace in updated_at waits for the look at everything.
func TestWhatLeavesNoTraceIsFoundWithinAnHour(t *testing.T) {
	t.Parallel()
	s := unwatched(t)
	s.Register(fork())
	s.Create(fork())
	s.look(2 * time.Minute) // its own writes are older than the overlap then
	require.Zero(t, s.broken())
	testdb.Execute(t, s.url,
		"DELETE FROM tasker_workflow_step_edges", "UPDATE tasker_workflow_steps SET retry_limit = 0")
	s.look(surveyPause)
	require.NotZero(t, s.broken())
	s.look(thoroughPause)
	require.Zero(t, s.broken())
}

// A writer commits later than the instant that it writes.
func TestAChangeThatIsCommittedAfterALookIsFoundByTheNext(t *testing.T) {
	t.Parallel()
	s := unwatched(t)
	s.Register(fork())
	m := s.meet(s.Worker(), s.Worker())
	process := &rails{conn: s.connect(), now: s.Clock.Now()}
	require.NoError(t, process.transaction(func() error {
		require.NoError(t, process.move(step(m.id("waiting")), "resolved_manually", "{}"))
		for range 11 {
			s.look(surveyPause)
		}
		return nil
	}))
	require.NotZero(t, s.broken())
	s.look(surveyPause)
	require.Zero(t, s.broken())
}

// One process of many looks around: that of the oldest worker, or when it is gone
// that of the next.
func TestTheProcessOfTheOldestWorkerLooksAround(t *testing.T) {
	t.Parallel()
	s := unwatched(t)
	s.Register(fork())
	second := factory.NewEngine(t, s.Store)
	first := s.Worker()
	m := s.meet(first, first)
	info, err := second.RegisterWorker(ctx(), engine.RegisterWorkerRequest{Handlers: []engine.HandlerMatch{{}}})
	require.NoError(t, err)
	process := &rails{conn: s.connect(), now: s.Clock.Now()}
	require.NoError(t, process.move(step(m.id("waiting")), "resolved_manually", "{}"))
	s.Clock.Advance(surveyPause)
	require.NoError(t, second.Sweep(ctx()))
	require.NotZero(t, s.broken(), "this one leaves it to the other")
	_, err = s.StopWorker(ctx(), engine.StopWorkerRequest{WorkerID: first})
	require.NoError(t, err)
	require.NoError(t, second.Sweep(ctx()))
	require.Zero(t, s.broken())
	_, err = second.StopWorker(ctx(), engine.StopWorkerRequest{WorkerID: info.WorkerID})
	require.NoError(t, err)
}

// Our own writes cannot be told from others' by updated_at; nothing is mended for
// them, in whatever condition a task is.
func TestNothingIsMarkedForWhatThisEngineWrites(t *testing.T) {
	t.Parallel()
	s := unwatched(t)
	shapes := []factory.Shape{factory.Diamond(), factory.Diamond(), fork(), fork(), factory.SimpleLinear(3), factory.SimpleLinear(3),
		factory.SimpleLinear(3), factory.SimpleLinear(3), factory.Diamond(), fork()}
	s.CreateRealistic(factory.Bulk{Batch: "own", Shapes: shapes})
	later := at.Plus(24 * time.Hour)
	s.Create(fork(), func(r *engine.NewTask) { r.StartAt = later })
	cancelled := s.Create(fork())
	_, err := s.CancelTask(ctx(), engine.CancelTaskRequest{TaskID: cancelled})
	require.NoError(t, err)
	worker := s.Worker()
	reply, err := s.ClaimSteps(ctx(), engine.ClaimStepsRequest{WorkerID: worker, Limit: 3})
	require.NoError(t, err)
	require.Len(t, reply.Steps, 3)
	m := &meeting{scene: s}
	m.report(reply.Steps[0], "complete")
	m.report(reply.Steps[1], "error")
	before := s.marks()
	for _, pause := range []time.Duration{surveyPause, surveyPause, 10 * time.Minute, thoroughPause, surveyPause} {
		s.look(pause)
		require.Zero(t, s.broken())
	}
	require.Equal(t, before, s.marks())
}

// With adopt.namespaces the tasks of others are found in the same way.
func TestTasksOfANamedNamespaceAreTakenOverWithoutTriggers(t *testing.T) {
	t.Parallel()
	s := attached(t)
	testdb.Execute(t, s.url, "ALTER TABLE tasker_workflow_steps DISABLE TRIGGER tasker_core_update")
	payments := factory.NewEngine(t, s.Store, func(o *engine.Options) { o.AdoptNamespaces = []string{"payments"} })
	ours := func() (ids string) {
		require.NoError(t, s.admin().QueryRow(ctx(),
			"SELECT coalesce(string_agg(task_id::text, ' ' ORDER BY task_id), '') FROM tasker_core_tasks").Scan(&ids))
		return ids
	}
	look := func() {
		s.Clock.Advance(surveyPause)
		require.NoError(t, payments.Sweep(ctx()))
	}
	require.NoError(t, payments.Sweep(ctx()))
	look()
	require.Empty(t, ours(), "nobody has touched any")
	process := &rails{conn: s.connect(), now: s.Clock.Now()}
	require.NoError(t, process.move(step(5), "in_progress", "{}"))
	for _, id := range []string{"1", "4"} {
		require.NoError(t, process.do("UPDATE tasker_workflow_steps SET retry_limit = 7, updated_at = $1 WHERE task_id = "+id, s.Clock.Now()))
	}
	look()
	require.Equal(t, "1", ours(), "not what runs elsewhere, nor what has ended")
	require.NoError(t, process.do("UPDATE tasker_workflow_steps SET processed = true, processed_at = '2026-01-01', attempts = 1 WHERE workflow_step_id = 5"))
	process.now = s.Clock.Now()
	require.NoError(t, process.move(step(5), "complete", "{}"))
	look()
	require.Equal(t, "1 2", ours())
}
