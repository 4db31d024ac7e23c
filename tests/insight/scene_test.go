package insight_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"regexp"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	_ "github.com/mattn/go-sqlite3" // writes files before the store opens them
	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/notify"
	"github.com/tasker-systems/tasker-core-go/core/readiness"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/telemetry"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

// sceneRow is a transition as the vectors write it.
type sceneRow struct {
	To         workflow.State `json:"to_state"`
	SortKey    int            `json:"sort_key"`
	MostRecent bool           `json:"most_recent"`
	AgoS       float64        `json:"ago_s"`
	Metadata   string         `json:"-"`
}

// sceneStep is a step as the vectors write it.
type sceneStep struct {
	Step          string     `json:"step"`
	CreatedAgoS   float64    `json:"created_ago_s"`
	Attempts      *int       `json:"attempts"`
	RetryLimit    *int       `json:"retry_limit"`
	Retryable     bool       `json:"retryable"`
	LastAttempted *float64   `json:"last_attempted_ago_s"`
	Backoff       *int       `json:"backoff_request_seconds"`
	Transitions   []sceneRow `json:"transitions"`
}

// UnmarshalJSON applies the defaults that the header of the vectors states.
func (s *sceneStep) UnmarshalJSON(raw []byte) error {
	type plain sceneStep
	limit := 3
	p := plain{RetryLimit: &limit, Retryable: true}
	err := json.Unmarshal(raw, &p)
	*s = sceneStep(p)
	return err
}

// sceneTask is a task as the vectors write it.
type sceneTask struct {
	Task        string      `json:"task"`
	Namespace   string      `json:"namespace"`
	Name        string      `json:"name"`
	Version     string      `json:"version"`
	CreatedAgoS float64     `json:"created_ago_s"`
	Initiator   *string     `json:"initiator"`
	Source      *string     `json:"source_system"`
	Transitions []sceneRow  `json:"transitions"`
	Steps       []sceneStep `json:"steps"`
	Edges       [][2]string `json:"edges"`
}

// scene is what writes rows past every engine, as a person with an SQL prompt
// would.
type scene struct {
	t    testing.TB
	exec func(statement string, args ...any)
	text bool // instants are written as text

	ids   map[string]int64 // of tasks and steps by name
	known map[string]int64 // ids of namespaces, task types, named steps
}

// dialect opens an engine on a database of the test's own that holds what fill
// wrote.
type dialect struct {
	name string
	open func(t *testing.T, policy *readiness.Policy, fill func(*scene)) *engine.Engine
}

var dialects = []dialect{{"SQLite", openSQLite}, {"PostgreSQL", openPostgres}}

func newScene(t testing.TB, text bool, exec func(string, ...any)) *scene {
	return &scene{t: t, exec: exec, text: text, ids: map[string]int64{}, known: map[string]int64{}}
}

func openSQLite(t *testing.T, policy *readiness.Policy, fill func(*scene)) *engine.Engine {
	path := testdb.File(t)
	db, err := sql.Open("sqlite3", "file:"+(&url.URL{Path: path}).EscapedPath())
	require.NoError(t, err)
	fill(newScene(t, true, func(statement string, args ...any) {
		_, err := db.Exec(statement, args...)
		require.NoError(t, err, statement)
	}))
	require.NoError(t, db.Close())
	return newEngine(t, testdb.Open(t, path, testdb.WithClock(testdb.NewClock())), policy)
}

// placeholder turns ?1 into $1.
var placeholder = regexp.MustCompile(`\?(\d)`)

func openPostgres(t *testing.T, policy *readiness.Policy, fill func(*scene)) *engine.Engine {
	location := testdb.RecycledDatabase(t)
	conn, err := pgx.Connect(context.Background(), location)
	require.NoError(t, err)
	fill(newScene(t, false, func(statement string, args ...any) {
		_, err := conn.Exec(context.Background(), placeholder.ReplaceAllString(statement, "$$$1"), args...)
		require.NoError(t, err, statement)
	}))
	require.NoError(t, conn.Close(context.Background()))
	return newEngine(t, testdb.OpenPostgres(t, location, testdb.WithPostgresClock(testdb.NewClock())), policy)
}

func newEngine(t *testing.T, db store.Store, policy *readiness.Policy) *engine.Engine {
	log, err := telemetry.NewLog(100, "error")
	require.NoError(t, err)
	options := engine.Options{Store: db, Hub: notify.NewHub(nil), Log: log, Policy: policy, Host: "here", PID: 1, Version: "test",
		CacheBytes: 1 << 20}
	options.Schema, _ = db.(store.Schema)
	e := engine.New(options)
	t.Cleanup(func() { e.Close(); options.Hub.Close() })
	return e
}

// moment is now in every scene.
var moment = workflow.At(testdb.Start)

func ago(seconds float64) workflow.Instant {
	return moment.Plus(-time.Duration(math.Round(seconds*1e6)) * time.Microsecond)
}

// stamp is an instant as the dialect stores it.
func (s *scene) stamp(seconds float64) any {
	if s.text {
		return ago(seconds).UTC().Format("2006-01-02 15:04:05.000000")
	}
	return ago(seconds).UTC()
}

// flag is a boolean as the dialect stores it.
func (s *scene) flag(value bool) any {
	switch {
	case !s.text:
		return value
	case value:
		return 1
	}
	return 0
}

// find returns the id of a row that is named once, and writes it at the first
// need.
func (s *scene) find(kind, name string, insert func(id int64)) int64 {
	key := kind + " " + name
	if id, known := s.known[key]; known {
		return id
	}
	s.known[kind]++
	s.known[key] = s.known[kind]
	insert(s.known[kind])
	return s.known[kind]
}

// add writes a task with its steps, edges and histories. Steps are named within
// the whole scene.
func (s *scene) add(task sceneTask) {
	now := s.stamp(0)
	ns := s.find("namespace", task.Namespace, func(id int64) {
		s.exec(`INSERT INTO tasker_task_namespaces (task_namespace_id, name, created_at, updated_at) VALUES (?1, ?2, ?3, ?3)`,
			id, task.Namespace, now)
	})
	named := s.find("type", task.Namespace+"/"+task.Name+"@"+task.Version, func(id int64) {
		s.exec(`INSERT INTO tasker_named_tasks (named_task_id, name, task_namespace_id, version, configuration, created_at, updated_at)
			VALUES (?1, ?2, ?3, ?4, '{}', ?5, ?5)`, id, task.Name, ns, task.Version, now)
	})
	s.known["task"]++
	id := s.known["task"]
	s.ids["task "+task.Task] = id
	s.exec(`INSERT INTO tasker_tasks (task_id, named_task_id, requested_at, initiator, source_system, identity_hash, created_at, updated_at)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?3, ?3)`, id, named, s.stamp(task.CreatedAgoS), task.Initiator, task.Source, fmt.Sprint("hash", id))
	s.history("task", id, task.Transitions)
	for _, step := range task.Steps {
		s.addStep(id, step)
	}
	for _, edge := range task.Edges {
		s.edge(edge[0], edge[1])
	}
}

func (s *scene) addStep(task int64, step sceneStep) {
	now := s.stamp(0)
	system := s.find("system", "default", func(id int64) {
		s.exec(`INSERT INTO tasker_dependent_systems (dependent_system_id, name, created_at, updated_at) VALUES (?1, 'default', ?2, ?2)`, id, now)
	})
	named := s.find("step name", step.Step, func(id int64) {
		s.exec(`INSERT INTO tasker_named_steps (named_step_id, dependent_system_id, name, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?4)`,
			id, system, step.Step, now)
	})
	s.known["step"]++
	id := s.known["step"]
	s.ids["step "+step.Step] = id
	var attempted any
	if step.LastAttempted != nil {
		attempted = s.stamp(*step.LastAttempted)
	}
	s.exec(`INSERT INTO tasker_workflow_steps (workflow_step_id, task_id, named_step_id, retryable, retry_limit, attempts,
		last_attempted_at, backoff_request_seconds, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9)`,
		id, task, named, s.flag(step.Retryable), step.RetryLimit, step.Attempts, attempted, step.Backoff, s.stamp(step.CreatedAgoS))
	s.history("workflow_step", id, step.Transitions)
}

func (s *scene) history(owner string, id int64, rows []sceneRow) {
	for _, row := range rows {
		metadata := row.Metadata
		if metadata == "" {
			metadata = "{}"
		}
		s.exec(fmt.Sprintf(`INSERT INTO tasker_%s_transitions (%s_id, to_state, sort_key, most_recent, metadata, created_at, updated_at)
			VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)`, owner, owner),
			id, string(row.To), row.SortKey, s.flag(row.MostRecent), metadata, s.stamp(row.AgoS))
	}
}

// edge writes an edge between two steps of the scene, of whatever tasks.
func (s *scene) edge(from, to string) {
	s.exec(`INSERT INTO tasker_workflow_step_edges (from_step_id, to_step_id, name, created_at, updated_at)
		VALUES (?1, ?2, 'provides', ?3, ?3)`, s.ids["step "+from], s.ids["step "+to], s.stamp(0))
}

func (s *scene) name(kind string, id int64) string {
	for name, known := range s.ids {
		if known == id && name[:len(kind)] == kind {
			return name[len(kind)+1:]
		}
	}
	return ""
}
