package invariant_test

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver of the PostgreSQL store
	_ "github.com/mattn/go-sqlite3"    // the driver of the SQLite store
	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/notify"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/telemetry"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

// The tasks of the scene. Each but the last two stands somewhere else in life:
//
//	run     start complete, left leased, right ready, merge waiting for both
//	new     nothing happened yet
//	done    its only step is complete
//	turn    serial: first is leased, so second has no queue row
//	spent   its only attempt failed
//	later   failed once and waits; the clock has a fraction that is easily rounded
//	foreign created by the Rails engine: none of ours, one step with a history
var templates = []string{`
name: run
step_templates:
  - {name: start}
  - {name: left, depends_on_step: start}
  - {name: right, depends_on_step: start}
  - {name: merge, depends_on_steps: [left, right]}
`, "name: new\nstep_templates: [{name: only}]\n",
	"name: done\nstep_templates: [{name: only}]\n",
	"name: turn\nconcurrent: false\nstep_templates: [{name: first}, {name: second}]\n",
	"name: spent\nstep_templates: [{name: only, default_retry_limit: 1}]\n",
	"name: later\nstep_templates: [{name: only, backoff: {base_seconds: 20, jitter: 0}}]\n",
}

// dialect is one kind of database.
type dialect struct {
	name   string
	create func(testing.TB) string // location of a new migrated database
	clone  func(t testing.TB, location string) string
	open   func(t testing.TB, location string, clock *testdb.Clock) database
	raw    func(location string) (driver, source string) // for database/sql; foreign keys are off
}

// database is an open store with its schema.
type database interface {
	store.Store
	store.Schema
}

var dialects = []dialect{
	{
		"sqlite", testdb.File, cloneFile,
		func(t testing.TB, location string, clock *testdb.Clock) database {
			return testdb.Open(t, location, testdb.WithClock(clock))
		},
		func(location string) (string, string) {
			return "sqlite3", "file:" + (&url.URL{Path: location}).EscapedPath() + "?mode=rw&_foreign_keys=0"
		},
	},
	{
		"postgresql", testdb.PostgresDatabase, cloneDatabase,
		func(t testing.TB, location string, clock *testdb.Clock) database {
			return testdb.OpenPostgres(t, location, testdb.WithPostgresClock(clock))
		},
		func(location string) (string, string) {
			parsed, err := url.Parse(location)
			if err != nil {
				return "", err.Error()
			}
			query := parsed.Query()
			query.Set("session_replication_role", "replica") // no triggers, and so no foreign keys
			parsed.RawQuery = query.Encode()
			return "pgx", parsed.String()
		},
	},
}

// cloneFile copies a file that nobody has open.
func cloneFile(t testing.TB, location string) string {
	t.Helper()
	image, err := os.ReadFile(location)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "clone.sqlite3")
	require.NoError(t, os.WriteFile(path, image, 0o600))
	return path
}

// clones numbers the databases cloned here.
var clones atomic.Int64

// cloneDatabase copies a database that nobody is connected to.
func cloneDatabase(t testing.TB, location string) string {
	t.Helper()
	parsed, err := url.Parse(location)
	require.NoError(t, err)
	from := strings.TrimPrefix(parsed.Path, "/")
	name := fmt.Sprintf("%s_%d", from, clones.Add(1))
	parsed.Path = "/postgres"
	admin := parsed.String()
	testdb.Execute(t, admin, "CREATE DATABASE "+name+" TEMPLATE "+from)
	t.Cleanup(func() { testdb.Execute(t, admin, "DROP DATABASE "+name+" WITH (FORCE)") })
	parsed.Path = "/" + name
	return parsed.String()
}

// on runs a test on each kind of database.
func on(t *testing.T, test func(*testing.T, dialect)) {
	t.Helper()
	for _, d := range dialects {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			test(t, d)
		})
	}
}

// scene is a database with tasks at many points of their lives.
type scene struct {
	dialect
	t        *testing.T
	location string
	clock    *testdb.Clock
	ids      map[string]int64 // "run" is a task, "run.left" a step, "worker" the worker
}

func newScene(t *testing.T, d dialect) *scene {
	t.Helper()
	s := &scene{dialect: d, t: t, location: d.create(t), clock: testdb.NewClock(), ids: map[string]int64{}}
	s.clock.Advance(999_999 * time.Microsecond)
	s.with(func(e *engine.Engine, _ store.Store) { s.play(e) })
	s.foreign("foreign")
	s.history("foreign.only", "in_progress", "complete")
	return s
}

// copy returns the scene on a database of its own.
func (s *scene) copy(t *testing.T) *scene {
	t.Helper()
	return &scene{dialect: s.dialect, t: t, location: s.clone(t, s.location), clock: s.clock, ids: maps.Clone(s.ids)}
}

// foreign adds a task as the Rails engine would, with one step and no history.
func (s *scene) foreign(name string) {
	s.t.Helper()
	s.sql(fmt.Sprintf(`INSERT INTO tasker_tasks (named_task_id, requested_at, identity_hash, created_at, updated_at)
		SELECT named_task_id, requested_at, '%s', created_at, updated_at FROM tasker_tasks WHERE task_id = {new}`, name))
	s.ids[name] = s.number("SELECT max(task_id) FROM tasker_tasks")
	s.sql(fmt.Sprintf(`INSERT INTO tasker_workflow_steps (task_id, named_step_id, created_at, updated_at)
		SELECT {%s}, named_step_id, created_at, updated_at FROM tasker_workflow_steps WHERE workflow_step_id = {new.only}`, name))
	s.ids[name+".only"] = s.number("SELECT max(workflow_step_id) FROM tasker_workflow_steps")
}

// with opens store and engine for the time of fn.
func (s *scene) with(fn func(*engine.Engine, store.Store)) {
	s.t.Helper()
	db := s.open(s.t, s.location, s.clock)
	log, err := telemetry.NewLog(100, "debug")
	require.NoError(s.t, err)
	hub := notify.NewHub(nil)
	e := engine.New(engine.Options{Store: db, Schema: db, Hub: hub, Log: log, Draw: func() float64 { return 0.5 }})
	fn(e, db)
	e.Close()
	hub.Close()
	require.NoError(s.t, db.Close())
}

// play brings the tasks to where they stand.
func (s *scene) play(e *engine.Engine) {
	ctx := context.Background()
	for _, yaml := range templates {
		_, err := e.RegisterTemplate(ctx, engine.RegisterTemplateRequest{Template: workflow.JSON(strconv.Quote(yaml))})
		require.NoError(s.t, err)
	}
	for _, name := range []string{"run", "new", "done", "turn", "spent", "later"} {
		created, err := e.CreateTask(ctx, engine.CreateTaskRequest{NewTask: engine.NewTask{Name: name, Context: workflow.JSON(`{"n":1}`)}})
		require.NoError(s.t, err)
		s.ids[name] = created.TaskID
		task, err := e.GetTask(ctx, engine.GetTaskRequest{TaskID: created.TaskID, Include: []string{"steps"}})
		require.NoError(s.t, err)
		for _, step := range task.Steps {
			s.ids[name+"."+step.Name] = step.StepID
		}
	}
	s.ids["worker"] = s.claim(e, "run", "start", "complete")
	s.claim(e, "run", "left", "")
	s.claim(e, "done", "only", "complete")
	s.claim(e, "turn", "first", "")
	s.claim(e, "spent", "only", "error")
	s.claim(e, "later", "only", "error")
}

// claim has a worker of its own claim one step and report the outcome, if any.
func (s *scene) claim(e *engine.Engine, task, step, outcome string) int64 {
	ctx := context.Background()
	worker, err := e.RegisterWorker(ctx, engine.RegisterWorkerRequest{Handlers: []engine.HandlerMatch{{Task: task, Step: step}}})
	require.NoError(s.t, err)
	claimed, err := e.ClaimSteps(ctx, engine.ClaimStepsRequest{WorkerID: worker.WorkerID})
	require.NoError(s.t, err)
	require.Len(s.t, claimed.Steps, 1, "%s.%s", task, step)
	if outcome != "" {
		reply, err := e.ReportSteps(ctx, engine.ReportStepsRequest{Outcomes: []engine.Outcome{{
			StepID: claimed.Steps[0].StepID, Epoch: claimed.Steps[0].Epoch, Status: outcome}}})
		require.NoError(s.t, err)
		require.Equal(s.t, "recorded", reply.Verdicts[0].Verdict)
	}
	return worker.WorkerID
}

// past runs fn on the database past any store. Nobody may have a SQLite file
// open meanwhile.
func (s *scene) past(fn func(*sql.DB)) {
	s.t.Helper()
	driver, source := s.raw(s.location)
	db, err := sql.Open(driver, source)
	require.NoError(s.t, err)
	fn(db)
	require.NoError(s.t, db.Close())
}

// sql executes statements in which {name} stands for an id of the scene.
func (s *scene) sql(statements ...string) {
	s.t.Helper()
	s.past(func(db *sql.DB) {
		for _, text := range statements {
			for name, id := range s.ids {
				text = strings.ReplaceAll(text, "{"+name+"}", strconv.FormatInt(id, 10))
			}
			result, err := db.ExecContext(s.t.Context(), text)
			require.NoError(s.t, err, text)
			rows, err := result.RowsAffected()
			require.NoError(s.t, err)
			require.Positive(s.t, rows, "changes nothing: %s", text)
		}
	})
}

// number returns the one number that a query answers.
func (s *scene) number(query string) (n int64) {
	s.t.Helper()
	s.past(func(db *sql.DB) { require.NoError(s.t, db.QueryRowContext(s.t.Context(), query).Scan(&n)) })
	return n
}

// history gives an owner rows into these states, as the Rails engine writes
// them: from_state is NULL.
func (s *scene) history(owner string, states ...string) {
	s.t.Helper()
	table, column := "tasker_task_transitions", "task_id"
	if strings.Contains(owner, ".") {
		table, column = "tasker_workflow_step_transitions", "workflow_step_id"
	}
	var rows []string
	for i, state := range states {
		rows = append(rows, fmt.Sprintf(`INSERT INTO %s (%s, to_state, sort_key, most_recent, created_at, updated_at)
			VALUES ({%s}, '%s', %d, %v, '2026-01-31 09:30:00', '2026-01-31 09:30:00')`, table, column, owner, state, 10*(i+1),
			i == len(states)-1))
	}
	s.sql(rows...)
}

// health opens an engine and asks it, once for each request.
func (s *scene) health(requests ...engine.HealthRequest) (replies []engine.HealthReply) {
	s.t.Helper()
	s.with(func(e *engine.Engine, _ store.Store) {
		for _, r := range requests {
			reply, err := e.Health(context.Background(), r)
			require.NoError(s.t, err)
			replies = append(replies, reply)
		}
	})
	return replies
}

// deep and repair are the two ways to ask.
var (
	deep   = engine.HealthRequest{Deep: true}
	repair = engine.HealthRequest{Repair: true}
)
