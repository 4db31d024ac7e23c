package rails_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/tests/factory"
	"github.com/tasker-systems/tasker-core-go/tests/invariant"
)

// fork is the shape of the tasks in these tests: leased runs with a worker of
// ours when the Rails engine comes, waiting is in the queue.
func fork() factory.Shape {
	return factory.Shape{Name: "fork", Steps: []factory.Step{{Name: "first"}, {Name: "leased", Parents: []string{"first"}},
		{Name: "waiting", Parents: []string{"first"}}, {Name: "last", Parents: []string{"leased", "waiting"}}}}
}

// meeting is one task at which both engines are at work.
type meeting struct {
	*scene
	task          int64
	steps         map[string]engine.StepInfo
	worker, other int64
	lease         engine.ClaimedStep // of the step leased
}

// meet brings a new task to the point where the Rails engine comes.
func (s *scene) meet(worker, other int64) *meeting {
	s.t.Helper()
	m := &meeting{scene: s, task: s.Create(fork()), worker: worker, other: other}
	m.steps = s.Steps(m.task)
	for _, name := range []string{"first", "leased"} {
		reply, err := s.ClaimSteps(ctx(), engine.ClaimStepsRequest{WorkerID: worker, Limit: 1})
		require.NoError(s.t, err)
		require.Len(s.t, reply.Steps, 1)
		require.Equal(s.t, m.steps[name].StepID, reply.Steps[0].StepID)
		if m.lease = reply.Steps[0]; name == "first" {
			require.Equal(s.t, "recorded", m.report(m.lease, "complete"))
		}
	}
	return m
}

func (m *meeting) report(lease engine.ClaimedStep, status string) string {
	reply, err := m.ReportSteps(ctx(), engine.ReportStepsRequest{
		Outcomes: []engine.Outcome{{StepID: lease.StepID, Epoch: lease.Epoch, Status: status}}})
	require.NoError(m.t, err)
	return reply.Verdicts[0].Verdict
}

// writes are the ways in which the Rails engine changes a task.
var writes = []struct {
	name string
	run  func(m *meeting, r *rails) error
}{
	{"starts a step", func(m *meeting, r *rails) error { return r.move(step(m.id("waiting")), "in_progress", "{}") }},
	{"runs a step", func(m *meeting, r *rails) error {
		_, err := r.attempt(m.id("waiting"), func() error { return nil })
		return err
	}},
	{"fails at a step and tries it again", func(m *meeting, r *rails) error {
		_, err := r.attempt(m.id("waiting"), func() error { return errHandler })
		if err = keepExpected(err); err == nil {
			err = r.retry(m.id("waiting"))
		}
		return err
	}},
	{"moves a leased step to error", func(m *meeting, r *rails) error {
		s, err := r.load(m.id("leased"))
		if err != nil {
			return err
		}
		return r.fail(s)
	}},
	{"completes a leased step", func(m *meeting, r *rails) error {
		s, err := r.load(m.id("leased"))
		if err != nil {
			return err
		}
		return r.succeed(s)
	}},
	{"cancels a leased step", func(m *meeting, r *rails) error { return r.move(step(m.id("leased")), "cancelled", "{}") }},
	{"resolves a step", func(m *meeting, r *rails) error { return r.move(step(m.id("waiting")), "resolved_manually", "{}") }},
	{"puts the task off and starts it again", func(m *meeting, r *rails) error {
		if err := r.safely(task(m.task), "pending"); err != nil {
			return err
		}
		return r.start(m.task)
	}},
	{"finalises", func(m *meeting, r *rails) error { return r.finalise(m.task) }},
	{"completes the task when every step is done", func(m *meeting, r *rails) error {
		for _, name := range []string{"leased", "waiting", "last"} {
			id := m.id(name)
			for _, to := range []string{"error", "resolved_manually"} {
				if err := r.safely(step(id), to); err != nil {
					return err
				}
			}
		}
		return r.complete(m.task)
	}},
	{"cancels the task", func(m *meeting, r *rails) error { return r.move(task(m.task), "cancelled", "{}") }},
	{"edits a step", func(m *meeting, r *rails) error { return r.edit(m.id("waiting"), 5) }},
	{"adds a step", func(m *meeting, r *rails) error { return r.extend(m.id("waiting")) }},
	{"destroys the task", func(m *meeting, r *rails) error { return r.destroy(m.task) }},
}

func (m *meeting) id(name string) int64 { return m.steps[name].StepID }

// keepExpected drops the errors that are part of the Rails engine's life.
func keepExpected(err error) error {
	if expected(err) {
		return nil
	}
	return err
}

// ours are the calls that come between two statements of the Rails engine.
var ours = []struct {
	name string
	run  func(m *meeting) error
}{
	{"claim", func(m *meeting) error {
		_, err := m.ClaimSteps(ctx(), engine.ClaimStepsRequest{WorkerID: m.other, Limit: 5})
		return err
	}},
	{"report complete", func(m *meeting) error { m.report(m.lease, "complete"); return nil }},
	{"report error and claim", func(m *meeting) error {
		_, err := m.ReportSteps(ctx(), engine.ReportStepsRequest{Claim: &engine.ClaimRequest{WorkerID: m.other, Limit: 5},
			Outcomes: []engine.Outcome{{StepID: m.lease.StepID, Epoch: m.lease.Epoch, Status: "error"}}})
		return err
	}},
	{"sweep", func(m *meeting) error { return m.Sweep(ctx()) }},
	{"cancel", func(m *meeting) error {
		_, err := m.CancelTask(ctx(), engine.CancelTaskRequest{TaskID: m.task})
		if kind := fault.KindOf(err); kind == fault.Conflict || kind == fault.NotFound {
			return nil // it has ended by the Rails engine, or is gone
		}
		return err
	}},
}

// TestEveryWriteOfTheRailsEngineMeetsEveryCallOfOurs lets each call come before
// each statement of each write: it is over, or it waits for a lock, when the
// Rails engine goes on.
func TestEveryWriteOfTheRailsEngineMeetsEveryCallOfOurs(t *testing.T) {
	t.Parallel()
	for _, write := range writes {
		t.Run(write.name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			s.Register(fork())
			conn, watcher := s.connect(), s.admin()
			worker, other := s.Worker(), s.Worker()
			for _, call := range ours {
				for point, more := 0, true; more; point++ {
					m := s.meet(worker, other)
					label := fmt.Sprintf("%s before statement %d of: %s", call.name, point, write.name)
					more = m.cross(conn, watcher, point, func() error { return call.run(m) }, write.run, label)
					m.settled(watcher, label)
				}
			}
		})
	}
}

// cross runs a write of the Rails engine with a call of ours before one of its
// statements, and reports whether there was such a statement.
func (m *meeting) cross(
	conn, watcher *pgx.Conn, point int, call func() error, write func(*meeting, *rails) error, label string,
) bool {
	m.t.Helper()
	answer := make(chan error, 1)
	started, statement := false, 0
	r := &rails{conn: conn, now: m.Clock.Now(), between: func() {
		if statement == point {
			started = true
			go func() { answer <- call() }()
			m.overOrWaiting(watcher, answer)
		}
		statement++
	}}
	err := write(m, r)
	require.True(m.t, expected(err), "%s: %v", label, err)
	m.seen(watcher, label)
	if started {
		select {
		case err := <-answer:
			require.NoError(m.t, err, label)
		case <-time.After(patience):
			require.Fail(m.t, "the call hangs", label)
		}
	}
	return started
}

// overOrWaiting returns when the call has ended, whose answer it puts back, or
// waits for a lock.
func (m *meeting) overOrWaiting(watcher *pgx.Conn, answer chan error) {
	deadline := time.Now().Add(patience)
	for time.Now().Before(deadline) {
		select {
		case err := <-answer:
			answer <- err
			return
		default:
		}
		if m.number(watcher, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
			AND application_name = 'tasker_core' AND wait_event_type = 'Lock'`) > 0 {
			return
		}
		time.Sleep(time.Millisecond)
	}
	require.Fail(m.t, "the call neither ends nor waits for a lock")
}

// seen compares the very next readiness call with the database.
func (m *meeting) seen(watcher *pgx.Conn, label string) {
	m.t.Helper()
	states := func() map[int64]string {
		rows, err := watcher.Query(ctx(), `SELECT s.workflow_step_id, coalesce(c.to_state, 'pending') FROM tasker_workflow_steps s
			LEFT JOIN tasker_workflow_step_transitions c ON c.workflow_step_id = s.workflow_step_id AND c.most_recent
			WHERE s.task_id = $1`, m.task)
		require.NoError(m.t, err)
		found := map[int64]string{}
		var id int64
		var state string
		_, err = pgx.ForEachRow(rows, []any{&id, &state}, func() error { found[id] = state; return nil })
		require.NoError(m.t, err)
		return found
	}
	before := states()
	reply, err := m.ListReadiness(ctx(), engine.ReadinessRequest{TaskID: m.task})
	require.True(m.t, err == nil || fault.KindOf(err) == fault.NotFound, "%s: %v", label, err)
	told := map[int64]string{}
	for _, item := range reply.Items {
		told[item.StepID] = string(item.CurrentState)
	}
	if after := states(); !equal(told, before) {
		require.Equal(m.t, after, told, label) // a call of ours was at work meanwhile
	}
}

func equal(a, b map[int64]string) bool {
	for id, state := range a {
		if b[id] != state {
			return false
		}
	}
	return len(a) == len(b)
}

// settled looks at the task after the sweep: what follows from the truth is
// right, and no lease is left whose outcome would not count.
func (m *meeting) settled(watcher *pgx.Conn, label string) {
	m.t.Helper()
	require.NoError(m.t, m.Sweep(ctx()))
	require.Zero(m.t, m.number(watcher, "SELECT count(*) FROM tasker_core_dirty"), label)
	invariant.Require(m.t, m.Store)
	reply, err := m.ClaimSteps(ctx(), engine.ClaimStepsRequest{WorkerID: m.other, Limit: 100})
	require.NoError(m.t, err, label)
	var names []engine.LeaseName
	for _, held := range append(reply.Steps, m.leases(watcher)...) {
		names = append(names, engine.LeaseName{StepID: held.StepID, Epoch: held.Epoch})
	}
	slices.SortFunc(names, func(a, b engine.LeaseName) int { return int(a.StepID - b.StepID) })
	for _, name := range slices.Compact(names) {
		require.Equal(m.t, "recorded", m.report(engine.ClaimedStep{StepID: name.StepID, Epoch: name.Epoch}, "complete"), label)
	}
	if len(names) > 0 {
		m.settled(watcher, label)
	}
}

// leases returns those of the database.
func (m *meeting) leases(watcher *pgx.Conn) (held []engine.ClaimedStep) {
	m.t.Helper()
	rows, err := watcher.Query(ctx(), "SELECT step_id, epoch FROM tasker_core_leases")
	require.NoError(m.t, err)
	held, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (s engine.ClaimedStep, err error) {
		err = row.Scan(&s.StepID, &s.Epoch)
		return s, err
	})
	require.NoError(m.t, err)
	return held
}
