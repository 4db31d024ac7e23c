package invariant_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/lifecycle"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
	"github.com/tasker-systems/tasker-core-go/tests/invariant"
)

// breakage breaks one rule by hand and nothing else.
type breakage struct {
	rule  store.Rule
	what  string
	at    string // the task or step of the scene that is to be named; empty: none
	do    []string
	mends bool // whether repair can mend it
}

var breakages = []breakage{
	{store.CurrentRow, "no row is marked", "foreign.only", []string{
		`UPDATE tasker_workflow_step_transitions SET most_recent = 0 WHERE workflow_step_id = {foreign.only}`}, false},
	{store.CurrentRow, "an older row is marked", "foreign.only", []string{
		`UPDATE tasker_workflow_step_transitions SET most_recent = 0 WHERE workflow_step_id = {foreign.only}`,
		`UPDATE tasker_workflow_step_transitions SET most_recent = 1 WHERE workflow_step_id = {foreign.only} AND sort_key = 10`}, false},
	{store.CurrentRow, "no row of a task is marked", "foreign", []string{
		`INSERT INTO tasker_task_transitions (task_id, to_state, sort_key, most_recent, created_at, updated_at)
		VALUES ({foreign}, 'in_progress', 10, 0, '', '')`}, false},
	{store.UnbrokenChain, "of a step", "done.only", []string{
		`UPDATE tasker_workflow_step_transitions SET from_state = 'error' WHERE workflow_step_id = {done.only} AND to_state = 'complete'`}, false},
	{store.UnbrokenChain, "the first row of a task", "run", []string{
		`UPDATE tasker_task_transitions SET from_state = 'error' WHERE task_id = {run} AND sort_key = 10`}, false},
	{store.UnbrokenChain, "an empty text", "done.only", []string{
		`UPDATE tasker_workflow_step_transitions SET from_state = '' WHERE workflow_step_id = {done.only} AND sort_key = 10`}, false},
	{store.KnownState, "a state that the machine lacks", "foreign.only", []string{
		`UPDATE tasker_workflow_step_transitions SET to_state = 'skipped' WHERE workflow_step_id = {foreign.only} AND most_recent = 1`}, false},
	{store.LegalMove, "out of a final state", "foreign.only", []string{
		`UPDATE tasker_workflow_step_transitions SET to_state = 'cancelled' WHERE workflow_step_id = {foreign.only} AND sort_key = 10`}, false},
	{store.MetadataObject, "a list", "done.only", []string{
		`UPDATE tasker_workflow_step_transitions SET metadata = '[1]' WHERE workflow_step_id = {done.only} AND most_recent = 1`}, false},
	{store.MetadataObject, "no JSON at all", "done", []string{
		`UPDATE tasker_task_transitions SET metadata = '{"' WHERE task_id = {done} AND most_recent = 1`}, false},

	{store.QueueRowMissing, "of a ready step", "run.right", []string{`DELETE FROM tasker_core_ready WHERE step_id = {run.right}`}, true},
	{store.QueueRowMissing, "of a step that waits", "later.only", []string{`DELETE FROM tasker_core_ready WHERE step_id = {later.only}`}, true},
	{store.QueueRowUntrue, "of a step whose parents are not done", "run.merge", []string{queueRow("run.merge", "run")}, true},
	{store.QueueRowUntrue, "of a leased step", "run.left", []string{queueRow("run.left", "run")}, true},
	{store.QueueRowUntrue, "of a step without attempts left", "spent.only", []string{queueRow("spent.only", "spent")}, true},
	{store.QueueRowUntrue, "of a complete step", "done.only", []string{queueRow("done.only", "done")}, true},
	{store.QueueRowUntrue, "of a serial task that is busy", "turn.second", []string{queueRow("turn.second", "turn")}, true},
	{store.QueueRowUntrue, "a microsecond too early", "later.only", []string{
		`UPDATE tasker_core_ready SET due_at = substr(due_at, 1, 25) || '8' WHERE step_id = {later.only} AND due_at LIKE '%.999999'`}, true},
	{store.QueueRowDiffers, "by its priority", "run.right", []string{
		`UPDATE tasker_core_ready SET priority = priority + 1 WHERE step_id = {run.right}`}, false},
	{store.QueueRowDiffers, "by its route", "run.right", []string{
		`UPDATE tasker_core_ready SET route_id = route_id + 100 WHERE step_id = {run.right}`}, false},
	{store.Counters, "open", "run", []string{`UPDATE tasker_core_tasks SET open = open + 1 WHERE task_id = {run}`}, true},
	{store.Counters, "running", "run", []string{`UPDATE tasker_core_tasks SET running = 0 WHERE task_id = {run}`}, true},
	{store.Counters, "waiting", "later", []string{`UPDATE tasker_core_tasks SET waiting = 0 WHERE task_id = {later}`}, true},
	{store.Counters, "stuck", "spent", []string{`UPDATE tasker_core_tasks SET stuck = 0 WHERE task_id = {spent}`}, true},
	{store.LeaseCurrent, "of a step that ended", "done.only", []string{leaseRow("done.only", "done")}, true},
	{store.LeaseWithoutWorker, "for the sweep", "run.left", []string{
		`UPDATE tasker_core_leases SET worker_id = 999999 WHERE step_id = {run.left}`}, true},
	{store.InProcess, "set without a lease", "done.only", []string{
		`UPDATE tasker_workflow_steps SET in_process = 1 WHERE workflow_step_id = {done.only}`}, false},
	{store.InProcess, "not set with a lease", "run.left", []string{
		`UPDATE tasker_workflow_steps SET in_process = 0 WHERE workflow_step_id = {run.left}`}, false},
	{store.ProcessedColumn, "of a complete step", "done.only", []string{
		`UPDATE tasker_workflow_steps SET processed = 0 WHERE workflow_step_id = {done.only}`}, false},
	{store.CompleteColumn, "not set", "done", []string{`UPDATE tasker_tasks SET complete = 0 WHERE task_id = {done}`}, true},
	{store.CompleteColumn, "set too early", "new", []string{`UPDATE tasker_tasks SET complete = 1 WHERE task_id = {new}`}, false},
	{store.EndedEarly, "with an open step", "done", []string{
		`INSERT INTO tasker_workflow_steps (task_id, named_step_id, created_at, updated_at)
		SELECT task_id, named_step_id, created_at, updated_at FROM tasker_workflow_steps WHERE workflow_step_id = {done.only}`,
		`UPDATE tasker_core_tasks SET open = 1 WHERE task_id = {done}`}, false},
	{store.EndMissed, "every step is satisfied", "done", []string{
		`DELETE FROM tasker_task_transitions WHERE task_id = {done} AND most_recent = 1`,
		`UPDATE tasker_task_transitions SET most_recent = 1 WHERE task_id = {done}`,
		`UPDATE tasker_tasks SET complete = 0 WHERE task_id = {done}`}, true},
	{store.EndMissed, "nothing can go on", "spent", []string{
		`DELETE FROM tasker_task_transitions WHERE task_id = {spent} AND most_recent = 1`,
		`UPDATE tasker_task_transitions SET most_recent = 1 WHERE task_id = {spent}`}, true},
	{store.OrphanRow, "a queue row without step", "run", []string{
		`INSERT INTO tasker_core_ready VALUES (999999, {run}, 1, 1, 0, '2026-01-31 09:30:00.000000', 0)`}, false},
	{store.OrphanRow, "a lease without step", "run", []string{
		`INSERT INTO tasker_core_leases VALUES (999999, {run}, {worker}, 1, 1, '2026-01-31 09:30:00.000000', '2026-01-31 19:30:00.000000')`}, false},
	{store.OrphanRow, "a row of ours without task", "", []string{
		`INSERT INTO tasker_core_tasks (task_id, open, running, waiting, stuck, namespace_id) VALUES (999999, 0, 0, 0, 0, 1)`}, false},
}

// queueRow inserts a row as the engine would, but for a step that deserves none.
func queueRow(step, task string) string {
	return fmt.Sprintf(`INSERT INTO tasker_core_ready SELECT s.workflow_step_id, s.task_id, r.id, k.namespace_id, k.priority,
		'2026-02-28 00:00:00.000000', 0 FROM tasker_workflow_steps s JOIN tasker_core_tasks k ON k.task_id = {%s}
		JOIN tasker_tasks t ON t.task_id = k.task_id JOIN tasker_named_tasks_named_steps r
		ON r.named_task_id = t.named_task_id AND r.named_step_id = s.named_step_id WHERE s.workflow_step_id = {%s}`, task, step)
}

// leaseRow inserts a lease by the worker of the scene.
func leaseRow(step, task string) string {
	return fmt.Sprintf(`INSERT INTO tasker_core_leases VALUES ({%s}, {%s}, {worker}, 1, 1, '2026-01-31 09:30:00.000000',
		'2026-01-31 19:30:00.000000')`, step, task)
}

func TestTheSceneKeepsEveryRule(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	reply := s.health(engine.HealthRequest{Deep: true})
	require.Empty(t, reply.Violations)
	require.Equal(t, "ok", reply.Status)
	reply = s.health(engine.HealthRequest{Repair: true})
	require.Empty(t, reply.Violations, "and repairing what is right breaks nothing")
	require.Zero(t, reply.Repaired)
}

func TestEveryBrokenRuleIsReportedUnderItsNameAndMendedIfItCan(t *testing.T) {
	t.Parallel()
	for _, b := range breakages {
		t.Run(string(b.rule)+": "+b.what, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			s.sql(b.do...)
			reply := s.health(engine.HealthRequest{Deep: true})
			require.Len(t, reply.Violations, 1)
			v := reply.Violations[0]
			require.Equal(t, string(b.rule), v.Rule)
			require.NotEmpty(t, v.Detail)
			s.requirePlace(v, b.at)
			require.Equal(t, b.rule != store.LeaseWithoutWorker, reply.Status == "degraded", "a warning is no reason for alarm")

			reply = s.health(engine.HealthRequest{Repair: true})
			if b.mends {
				require.Empty(t, reply.Violations)
				require.Equal(t, 1, reply.Repaired)
				require.Empty(t, s.health(engine.HealthRequest{Deep: true}).Violations)
				return
			}
			require.Zero(t, reply.Repaired)
			require.Len(t, reply.Violations, 1, "what cannot be mended stays reported")
			require.Equal(t, string(b.rule), reply.Violations[0].Rule)
		})
	}
}

// requirePlace checks that the violation names the task or step.
func (s *scene) requirePlace(v engine.InvariantViolation, at string) {
	s.t.Helper()
	task, _, isStep := strings.Cut(at, ".")
	require.Equal(s.t, s.ids[task], v.TaskID)
	if isStep {
		require.Equal(s.t, s.ids[at], v.StepID)
	}
}

func TestEveryRuleHasACaseThatBreaksIt(t *testing.T) {
	t.Parallel()
	for _, rule := range store.Rules {
		found := false
		for _, b := range breakages {
			found = found || b.rule == rule
		}
		require.True(t, found, rule)
	}
}

func TestOnlyTheMovesOfTheStateMachinesAreLegal(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	for owner, allowed := range map[string]func(from, to workflow.State) bool{
		"foreign": lifecycle.TaskAllowed, "foreign.only": lifecycle.StepAllowed,
	} {
		for _, from := range workflow.States {
			for _, to := range workflow.States {
				s.history(owner, string(from), string(to))
				illegal := false
				for _, v := range s.health(engine.HealthRequest{Deep: true}).Violations {
					illegal = illegal || v.Rule == string(store.LegalMove) && strings.HasPrefix(v.Detail, "row 20 ")
				}
				require.Equal(t, allowed(from, to), !illegal, "%s: %s to %s", owner, from, to)
			}
		}
		s.history(owner)
	}
}

func TestATaskOnTheDirtyListIsJudgedOnceItIsReconciled(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.sql(`UPDATE tasker_core_tasks SET open = 9 WHERE task_id = {run}`,
		`INSERT INTO tasker_core_dirty (task_id, created_at) VALUES ({run}, '')`)
	reply := s.health(engine.HealthRequest{Deep: true})
	require.Empty(t, reply.Violations)
	require.EqualValues(t, 1, reply.DirtyTasks)
	s.sql(`DELETE FROM tasker_core_dirty`)
	require.Len(t, s.health(engine.HealthRequest{Deep: true}).Violations, 1)
}

func TestTheListIsBounded(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.sql(`UPDATE tasker_core_tasks SET open = 9`)
	s.with(func(_ *engine.Engine, db store.Store) {
		require.NoError(t, db.Read(context.Background(), func(r store.Reader) error {
			found, err := r.Violations(context.Background(), 2)
			require.Len(t, found, 2)
			return err
		}))
	})
}

func TestAnOrdinaryHealthCheckDoesNotReadEverything(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.sql(`UPDATE tasker_core_tasks SET open = 9`)
	reply := s.health(engine.HealthRequest{})
	require.Empty(t, reply.Violations)
	require.Equal(t, "ok", reply.Status)
}

// listener is a test that may fail.
type listener struct {
	testing.TB
	failed bool
}

func (l *listener) Helper()                     {}
func (l *listener) Errorf(_ string, _ ...any)   { l.failed = true }
func (l *listener) FailNow()                    { l.failed = true }
func (l *listener) require(db store.Store) bool { invariant.Require(l, db); return l.failed }

func TestRequireFailsOnAViolationAndNotOnAWarning(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.with(func(_ *engine.Engine, db store.Store) { require.False(t, (&listener{TB: t}).require(db)) })
	s.sql(`UPDATE tasker_core_leases SET worker_id = 999999 WHERE step_id = {run.left}`)
	s.with(func(_ *engine.Engine, db store.Store) { require.False(t, (&listener{TB: t}).require(db)) })
	s.sql(`UPDATE tasker_core_tasks SET open = 9`)
	s.with(func(_ *engine.Engine, db store.Store) { require.True(t, (&listener{TB: t}).require(db)) })
}
