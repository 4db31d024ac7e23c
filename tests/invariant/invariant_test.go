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
		`UPDATE tasker_workflow_step_transitions SET most_recent = false WHERE workflow_step_id = {foreign.only}`}, false},
	{store.CurrentRow, "an older row is marked", "foreign.only", []string{
		`UPDATE tasker_workflow_step_transitions SET most_recent = false WHERE workflow_step_id = {foreign.only}`,
		`UPDATE tasker_workflow_step_transitions SET most_recent = true WHERE workflow_step_id = {foreign.only} AND sort_key = 10`}, false},
	{store.CurrentRow, "no row of a task is marked", "foreign", []string{
		`INSERT INTO tasker_task_transitions (task_id, to_state, sort_key, most_recent, created_at, updated_at)
		VALUES ({foreign}, 'in_progress', 10, false, '2026-01-31 09:30:00', '2026-01-31 09:30:00')`}, false},
	{store.UnbrokenChain, "of a step", "done.only", []string{
		`UPDATE tasker_workflow_step_transitions SET from_state = 'error' WHERE workflow_step_id = {done.only} AND to_state = 'complete'`}, false},
	{store.UnbrokenChain, "the first row of a task", "run", []string{
		`UPDATE tasker_task_transitions SET from_state = 'error' WHERE task_id = {run} AND sort_key = 10`}, false},
	{store.UnbrokenChain, "an empty text", "done.only", []string{
		`UPDATE tasker_workflow_step_transitions SET from_state = '' WHERE workflow_step_id = {done.only} AND sort_key = 10`}, false},
	{store.KnownState, "a state that the machine lacks", "foreign.only", []string{
		`UPDATE tasker_workflow_step_transitions SET to_state = 'skipped' WHERE workflow_step_id = {foreign.only} AND most_recent = true`}, false},
	{store.LegalMove, "out of a final state", "foreign.only", []string{
		`UPDATE tasker_workflow_step_transitions SET to_state = 'cancelled' WHERE workflow_step_id = {foreign.only} AND sort_key = 10`}, false},
	{store.MetadataObject, "a list", "done.only", []string{
		`UPDATE tasker_workflow_step_transitions SET metadata = '[1]' WHERE workflow_step_id = {done.only} AND most_recent = true`}, false},
	{store.MetadataObject, noJSON, "done", []string{
		`UPDATE tasker_task_transitions SET metadata = '{"' WHERE task_id = {done} AND most_recent = true`}, false},

	{store.QueueRowMissing, "of a ready step", "run.right", []string{`DELETE FROM tasker_core_ready WHERE step_id = {run.right}`}, true},
	{store.QueueRowMissing, "of a step that waits", "later.only", []string{`DELETE FROM tasker_core_ready WHERE step_id = {later.only}`}, true},
	{store.QueueRowUntrue, "of a step whose parents are not done", "run.merge", []string{queueRow("run.merge", "run")}, true},
	{store.QueueRowUntrue, "of a leased step", "run.left", []string{queueRow("run.left", "run")}, true},
	{store.QueueRowUntrue, "of a step without attempts left", "spent.only", []string{queueRow("spent.only", "spent")}, true},
	{store.QueueRowUntrue, "of a complete step", "done.only", []string{queueRow("done.only", "done")}, true},
	{store.QueueRowUntrue, "of a serial task that is busy", "turn.second", []string{queueRow("turn.second", "turn")}, true},
	{store.QueueRowUntrue, "a microsecond too early", "later.only", []string{
		`UPDATE tasker_core_ready SET due_at = '2026-01-31 09:30:20.999998' WHERE step_id = {later.only} AND due_at = '2026-01-31 09:30:20.999999'`}, true},
	{store.QueueRowUntrue, "before its task starts", "run.right", []string{
		`UPDATE tasker_core_tasks SET start_at = '2026-02-28 00:00:00.000000' WHERE task_id = {run}`}, true},
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
		`UPDATE tasker_workflow_steps SET in_process = true WHERE workflow_step_id = {done.only}`}, true},
	{store.InProcess, "not set with a lease", "run.left", []string{
		`UPDATE tasker_workflow_steps SET in_process = false WHERE workflow_step_id = {run.left}`}, true},
	{store.ProcessedColumn, "of a complete step", "done.only", []string{
		`UPDATE tasker_workflow_steps SET processed = false WHERE workflow_step_id = {done.only}`}, false},
	{store.CompleteColumn, "not set", "done", []string{`UPDATE tasker_tasks SET complete = false WHERE task_id = {done}`}, true},
	{store.CompleteColumn, "set too early", "new", []string{`UPDATE tasker_tasks SET complete = true WHERE task_id = {new}`}, false},
	{store.EndedEarly, "with an open step", "done", []string{
		`INSERT INTO tasker_workflow_steps (task_id, named_step_id, created_at, updated_at)
		SELECT task_id, named_step_id, created_at, updated_at FROM tasker_workflow_steps WHERE workflow_step_id = {done.only}`,
		`UPDATE tasker_core_tasks SET open = 1 WHERE task_id = {done}`}, false},
	{store.EndMissed, "every step is satisfied", "done", []string{
		`DELETE FROM tasker_task_transitions WHERE task_id = {done} AND most_recent = true`,
		`UPDATE tasker_task_transitions SET most_recent = true WHERE task_id = {done}`,
		`UPDATE tasker_tasks SET complete = false WHERE task_id = {done}`}, true},
	{store.EndMissed, "nothing can go on", "spent", []string{
		`DELETE FROM tasker_task_transitions WHERE task_id = {spent} AND most_recent = true`,
		`UPDATE tasker_task_transitions SET most_recent = true WHERE task_id = {spent}`}, true},
	{store.OrphanRow, "a queue row without step", "run", []string{
		`INSERT INTO tasker_core_ready (step_id, task_id, route_id, namespace_id, priority, due_at, scheduled)
		VALUES (999999, {run}, 1, 1, 0, '2026-01-31 09:30:00.000000', false)`}, true},
	{store.OrphanRow, "a lease without step", "run", []string{
		`INSERT INTO tasker_core_leases (step_id, task_id, worker_id, epoch, attempt, claimed_at, deadline_at)
		VALUES (999999, {run}, {worker}, 1, 1, '2026-01-31 09:30:00.000000', '2026-01-31 19:30:00.000000')`}, true},
	{store.OrphanRow, "a row of ours without task", "", []string{
		`INSERT INTO tasker_core_tasks (task_id, open, running, waiting, stuck, namespace_id) VALUES (999999, 0, 0, 0, 0, 1)`}, false},
}

// noJSON is what PostgreSQL does not take in the first place.
const noJSON = "no JSON at all"

// queueRow inserts a row as the engine would, but for a step that deserves none.
func queueRow(step, task string) string {
	return fmt.Sprintf(`INSERT INTO tasker_core_ready (step_id, task_id, route_id, namespace_id, priority, due_at, scheduled)
		SELECT s.workflow_step_id, s.task_id, r.id, k.namespace_id, k.priority, '2026-02-28 00:00:00.000000', false FROM tasker_workflow_steps s JOIN tasker_core_tasks k ON k.task_id = {%s}
		JOIN tasker_tasks t ON t.task_id = k.task_id JOIN tasker_named_tasks_named_steps r
		ON r.named_task_id = t.named_task_id AND r.named_step_id = s.named_step_id WHERE s.workflow_step_id = {%s}`, task, step)
}

// leaseRow inserts a lease by the worker of the scene.
func leaseRow(step, task string) string {
	return fmt.Sprintf(`INSERT INTO tasker_core_leases (step_id, task_id, worker_id, epoch, attempt, claimed_at, deadline_at)
		VALUES ({%s}, {%s}, {worker}, 1, 1, '2026-01-31 09:30:00.000000',
		'2026-01-31 19:30:00.000000')`, step, task)
}

func TestTheSceneKeepsEveryRule(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, d dialect) {
		s := newScene(t, d)
		replies := s.health(deep, repair, deep)
		require.Equal(t, "ok", replies[0].Status)
		for _, reply := range replies {
			require.Empty(t, reply.Violations, "and repairing what is right breaks nothing")
			require.Zero(t, reply.Repaired)
		}
	})
}

func TestEveryBrokenRuleIsReportedUnderItsNameAndMendedIfItCan(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, d dialect) {
		whole := newScene(t, d)
		for _, b := range breakages {
			if d.name == "postgresql" && b.what == noJSON {
				continue
			}
			t.Run(string(b.rule)+": "+b.what, func(t *testing.T) {
				t.Parallel()
				b.try(whole.copy(t))
			})
		}
	})
}

// try breaks the rule and has it reported and mended.
func (b breakage) try(s *scene) {
	s.sql(b.do...)
	replies := s.health(deep, repair, deep)
	require.Len(s.t, replies[0].Violations, 1)
	v := replies[0].Violations[0]
	require.Equal(s.t, string(b.rule), v.Rule)
	require.NotEmpty(s.t, v.Detail)
	s.requirePlace(v, b.at)
	require.Equal(s.t, b.rule != store.LeaseWithoutWorker, replies[0].Status == "degraded", "a warning is no reason for alarm")

	if b.mends {
		require.Empty(s.t, replies[1].Violations)
		require.Equal(s.t, 1, replies[1].Repaired)
		require.Empty(s.t, replies[2].Violations)
		return
	}
	require.Zero(s.t, replies[1].Repaired)
	for _, reply := range replies[1:] {
		require.Len(s.t, reply.Violations, 1, "what cannot be mended stays reported")
		require.Equal(s.t, string(b.rule), reply.Violations[0].Rule)
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
	on(t, func(t *testing.T, d dialect) {
		s := newScene(t, d)
		for _, from := range workflow.States {
			for _, to := range workflow.States {
				name := fmt.Sprintf("%s>%s", from, to)
				s.foreign(name)
				s.history(name, string(from), string(to))
				s.history(name+".only", string(from), string(to))
			}
		}
		found := map[[2]int64]bool{}
		for _, v := range s.health(deep)[0].Violations {
			if v.Rule == string(store.LegalMove) && strings.HasPrefix(v.Detail, "row 20 ") {
				found[[2]int64{v.TaskID, v.StepID}] = true
			}
		}
		for _, from := range workflow.States {
			for _, to := range workflow.States {
				name := fmt.Sprintf("%s>%s", from, to)
				require.Equal(t, !lifecycle.TaskAllowed(from, to), found[[2]int64{s.ids[name], 0}], "task: %s", name)
				require.Equal(t, !lifecycle.StepAllowed(from, to), found[[2]int64{s.ids[name], s.ids[name+".only"]}], "step: %s", name)
			}
		}
	})
}

func TestATaskOnTheDirtyListIsJudgedOnceItIsReconciled(t *testing.T) {
	t.Parallel()
	s := newScene(t, dialects[0])
	s.sql(`UPDATE tasker_core_tasks SET open = 9 WHERE task_id = {run}`,
		`INSERT INTO tasker_core_dirty (task_id, created_at) VALUES ({run}, '2026-01-31 09:30:00')`)
	reply := s.health(deep)[0]
	require.Empty(t, reply.Violations)
	require.EqualValues(t, 1, reply.DirtyTasks)
	s.sql(`DELETE FROM tasker_core_dirty`)
	require.Len(t, s.health(deep)[0].Violations, 1)
}

func TestTheListIsBounded(t *testing.T) {
	t.Parallel()
	s := newScene(t, dialects[0])
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
	s := newScene(t, dialects[0])
	s.sql(`UPDATE tasker_core_tasks SET open = 9`)
	reply := s.health(engine.HealthRequest{})[0]
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
	s := newScene(t, dialects[0])
	s.with(func(_ *engine.Engine, db store.Store) { require.False(t, (&listener{TB: t}).require(db)) })
	s.sql(`UPDATE tasker_core_leases SET worker_id = 999999 WHERE step_id = {run.left}`)
	s.with(func(_ *engine.Engine, db store.Store) { require.False(t, (&listener{TB: t}).require(db)) })
	s.sql(`UPDATE tasker_core_tasks SET open = 9`)
	s.with(func(_ *engine.Engine, db store.Store) { require.True(t, (&listener{TB: t}).require(db)) })
}
