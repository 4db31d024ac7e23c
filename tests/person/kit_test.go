// Package person_test holds the engine to what it promises about the acts of a
// person: retry, resolve, cancel, edit, annotate, hand over. Every test ends with
// the invariants of the stored rows.
package person_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strconv"
	"testing"

	_ "github.com/mattn/go-sqlite3" // the driver of the SQLite store
	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
	"github.com/tasker-systems/tasker-core-go/tests/factory"
	"github.com/tasker-systems/tasker-core-go/tests/invariant"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

// by is who acts in these tests.
var by = engine.Person{By: "ann", Reason: "the shelf was filled"}

// kit is an engine on a database of its own, whose rows are checked when the test
// ends.
type kit struct {
	*factory.Lab
	t   testing.TB
	sql func(statements ...string) // past the store, as a foreign writer
}

// newKit opens the store that TASKER_TEST_STORE names, so that one suite serves
// both: sqlite unless it says postgresql.
func newKit(t testing.TB) *kit {
	t.Helper()
	k := &kit{t: t}
	k.Lab = factory.NewLab(t, func(t testing.TB, clock *testdb.Clock) store.Store {
		if os.Getenv("TASKER_TEST_STORE") == "postgresql" {
			location := testdb.RecycledDatabase(t)
			k.sql = func(statements ...string) { testdb.Execute(t, location, statements...) }
			return testdb.OpenPostgres(t, location, testdb.WithPostgresClock(clock))
		}
		path := testdb.File(t)
		k.sql = func(statements ...string) { execute(t, path, statements...) }
		return testdb.Open(t, path, testdb.WithClock(clock))
	})
	t.Cleanup(k.requireTruth)
	return k
}

// execute runs statements on a SQLite file that this very library has open, too.
func execute(t testing.TB, path string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite3", path)
	require.NoError(t, err)
	for _, text := range statements {
		_, err := db.ExecContext(ctx(), text)
		require.NoError(t, err, text)
	}
	require.NoError(t, db.Close())
}

// requireTruth checks the invariants of the stored rows.
func (k *kit) requireTruth() {
	k.t.Helper()
	invariant.Require(k.t, k.Store)
}

func ctx() context.Context { return context.Background() }

// register stores a template given as YAML.
func (k *kit) register(yaml string) {
	k.t.Helper()
	_, err := k.RegisterTemplate(ctx(), engine.RegisterTemplateRequest{Template: workflow.JSON(strconv.Quote(yaml))})
	require.NoError(k.t, err)
}

// line is first → second → third; first may be tried twice.
const line = `
name: line
step_templates:
  - {name: first, default_retry_limit: 2}
  - {name: second, depends_on_step: first}
  - {name: third, depends_on_step: second, default_retryable: false}
`

// start registers a template and creates a task of it.
func (k *kit) start(yaml, name string, edits ...func(*engine.NewTask)) int64 {
	k.t.Helper()
	k.register(yaml)
	r := engine.CreateTaskRequest{NewTask: engine.NewTask{Name: name, Context: workflow.JSON(`{"n":1}`)}}
	for _, edit := range edits {
		edit(&r.NewTask)
	}
	reply, err := k.CreateTask(ctx(), r)
	require.NoError(k.t, err)
	return reply.TaskID
}

// claim claims exactly one step.
func (k *kit) claim(worker int64) engine.ClaimedStep {
	k.t.Helper()
	reply, err := k.ClaimSteps(ctx(), engine.ClaimStepsRequest{WorkerID: worker, Limit: 1})
	require.NoError(k.t, err)
	require.Len(k.t, reply.Steps, 1, "one step should be claimable")
	return reply.Steps[0]
}

// idle claims and expects nothing.
func (k *kit) idle(worker int64) {
	k.t.Helper()
	reply, err := k.ClaimSteps(ctx(), engine.ClaimStepsRequest{WorkerID: worker, Limit: 10})
	require.NoError(k.t, err)
	require.Empty(k.t, reply.Steps)
}

func (k *kit) report(o engine.Outcome) engine.Verdict {
	k.t.Helper()
	reply, err := k.ReportSteps(ctx(), engine.ReportStepsRequest{Outcomes: []engine.Outcome{o}})
	require.NoError(k.t, err)
	return reply.Verdicts[0]
}

func done(s engine.ClaimedStep) engine.Outcome {
	return engine.Outcome{StepID: s.StepID, Epoch: s.Epoch, Status: "complete", Results: workflow.JSON(fmt.Sprintf(`{"of":%q}`, s.Name))}
}

func failed(s engine.ClaimedStep, edits ...func(*engine.Outcome)) engine.Outcome {
	o := engine.Outcome{StepID: s.StepID, Epoch: s.Epoch, Status: "error", Error: &engine.OutcomeError{Message: "no luck"}}
	for _, edit := range edits {
		edit(&o)
	}
	return o
}

func permanently(o *engine.Outcome) { o.Permanent = true }

// block fails the one claimable step for good, so that its task is in error.
func (k *kit) block(worker int64) engine.ClaimedStep {
	k.t.Helper()
	step := k.claim(worker)
	require.Equal(k.t, workflow.Error, k.report(failed(step, permanently)).TaskState)
	return step
}

// step names one step.
func step(id int64) engine.NamedSteps { return engine.NamedSteps{StepID: id} }

// rows are the last rows of a step's history.
func (k *kit) rows(step int64, last int) []engine.TransitionInfo {
	k.t.Helper()
	reply, err := k.ListTransitions(ctx(), engine.ListTransitionsRequest{StepID: step})
	require.NoError(k.t, err)
	require.GreaterOrEqual(k.t, len(reply.Items), last)
	return reply.Items[len(reply.Items)-last:]
}

// taskRows are the last rows of a task's history.
func (k *kit) taskRows(task int64, last int) []engine.TransitionInfo {
	k.t.Helper()
	reply, err := k.ListTransitions(ctx(), engine.ListTransitionsRequest{TaskID: task})
	require.NoError(k.t, err)
	require.GreaterOrEqual(k.t, len(reply.Items), last)
	return reply.Items[len(reply.Items)-last:]
}

// requireSigned checks the ends of a history: the states, the detour marked, and
// who and why in the last row.
func requireSigned(t testing.TB, rows []engine.TransitionInfo, states ...workflow.State) {
	t.Helper()
	last := len(rows) - 1
	for i, row := range rows {
		require.Equal(t, states[i], row.ToState)
		if i < last {
			require.Equal(t, string(states[last]), row.Metadata.Field("via").Text(), "a detour is marked (D15)")
		}
	}
	require.Equal(t, by.By, rows[last].Metadata.Field("by").Text())
	require.Equal(t, by.Reason, rows[last].Metadata.Field("reason").Text())
}

// annotations are the remarks on a task.
func (k *kit) annotations(task int64) []engine.AnnotationInfo {
	k.t.Helper()
	reply, err := k.GetTask(ctx(), engine.GetTaskRequest{TaskID: task, Include: []string{"annotations"}})
	require.NoError(k.t, err)
	return reply.Annotations
}

// requireConflict checks that an act was refused with the present state and what
// to do.
func requireConflict(t testing.TB, err error, state workflow.State) {
	t.Helper()
	var f *fault.Error
	require.True(t, errors.As(err, &f), "%v", err)
	require.Equal(t, fault.Conflict, f.Kind, "%v", err)
	require.Equal(t, state, f.Details["state"], "%v", err)
	require.NotEmpty(t, f.Remedy, "%v", err)
	require.NotEmpty(t, f.Path, "%v", err)
}

// disown creates a task and makes it look as if another engine had done so: no
// row of ours, a route left out, attempts NULL.
func (k *kit) disown(yaml, name string) int64 {
	k.t.Helper()
	task := k.start(yaml, name)
	k.sql("DELETE FROM tasker_core_ready", "DELETE FROM tasker_core_tasks", "DELETE FROM tasker_named_tasks_named_steps",
		"UPDATE tasker_workflow_steps SET attempts = NULL")
	return task
}

// foreignMove gives a step of another engine's task its first row.
func (k *kit) foreignMove(id int64, to workflow.State) {
	k.t.Helper()
	require.NoError(k.t, k.Store.Write(ctx(), func(tx store.Tx) error {
		_, err := tx.StepMove(ctx(), []store.Move{{OwnerID: id, From: workflow.Pending, Path: []store.Hop{{To: to}}, At: workflow.At(k.Clock.Now())}})
		return err
	}))
}
