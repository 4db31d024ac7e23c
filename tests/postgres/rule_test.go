package postgres_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store/postgres"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
	"github.com/tasker-systems/tasker-core-go/tests/invariant"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

// The rules of design section 6 as two engines meet them; what the statements of
// the store promise by themselves is in protocol_test.go and race_test.go.

// TestTheJoinIsReleasedOnceByOutcomesThatMeet has two engines report the two
// parents of a step at once.
func TestTheJoinIsReleasedOnceByOutcomesThatMeet(t *testing.T) {
	t.Parallel()
	m := newMeeting(t, testdb.RecycledDatabase(t))
	one, two := m.join(join), m.join(join)
	one.create("join")
	parents := one.claim(2)
	require.Len(t, parents, 2)
	var second <-chan error
	one.midway(func() error { _, err := one.report(parents[0]); return err }, func(func()) {
		second = inBackground(func() error { _, err := two.report(parents[1]); return err })
		m.waitForLock(1)
	})
	require.NoError(t, awaited(t, second))
	child := one.claim(5)
	require.Len(t, child, 1)
	require.Empty(t, two.claim(5))
	require.Equal(t, "recorded", one.verdict(child[0]))
}

// TestOutcomesOfATaskWithoutItsRowMoveNothing takes the row of a task away on
// which outcomes meet: without it nothing keeps two parents from passing each
// other.
func TestOutcomesOfATaskWithoutItsRowMoveNothing(t *testing.T) {
	t.Parallel()
	m := newMeeting(t, testdb.RecycledDatabase(t))
	one := m.join(join)
	task := one.create("join")
	parents := one.claim(2)
	m.do("CREATE TEMPORARY TABLE kept AS SELECT * FROM tasker_core_tasks")
	m.do("SET session_replication_role = replica") // the leases stay
	m.do("DELETE FROM tasker_core_tasks")
	for _, parent := range parents {
		require.Equal(t, "not_found", one.verdict(parent))
	}
	require.EqualValues(t, 2, m.number("SELECT count(*) FROM tasker_workflow_step_transitions WHERE most_recent AND to_state = 'in_progress'"))
	m.do("INSERT INTO tasker_core_tasks SELECT * FROM kept WHERE task_id = $1", task)
	for _, parent := range parents {
		require.Equal(t, "recorded", one.verdict(parent))
	}
	require.Len(t, one.claim(5), 1)
}

// TestTheOutcomeOfALeaseThatIsBeingGivenToAnotherIsRefused lets the worker of a
// lost lease report while another's claim of the step is about to commit.
func TestTheOutcomeOfALeaseThatIsBeingGivenToAnotherIsRefused(t *testing.T) {
	t.Parallel()
	m := newMeeting(t, testdb.RecycledDatabase(t))
	zombie, other := m.join(onlyStep), m.join(onlyStep)
	zombie.create("only")
	lost := zombie.claim(1)[0]
	m.die(other)
	late := make(chan string, 1)
	var answer <-chan error
	report := func(func()) {
		answer = inBackground(func() error {
			verdict, err := zombie.report(lost)
			late <- verdict
			return err
		})
		m.waitForLock(1)
	}
	other.midway(func() error { return other.Sweep(t.Context()) }, report)
	require.NoError(t, awaited(t, answer))
	require.Equal(t, "lease_lost", <-late, "the lease was being taken away")

	var again []engine.ClaimedStep
	other.midway(func() error {
		reply, err := other.ClaimSteps(t.Context(), engine.ClaimStepsRequest{WorkerID: other.id})
		again = reply.Steps
		return err
	}, report)
	require.NoError(t, awaited(t, answer))
	require.Equal(t, "lease_lost", <-late, "another has it")
	require.Len(t, again, 1)
	require.Equal(t, "recorded", other.verdict(again[0]))
}

// TestAStaleReadyRowDoesNotStopItsRoute lets a writer who says that he is one of
// ours, so that nothing is noted, end a step that is first in the queue.
func TestAStaleReadyRowDoesNotStopItsRoute(t *testing.T) {
	t.Parallel()
	m := newMeeting(t, testdb.RecycledDatabase(t))
	one := m.join(twoRoots, onlyStep)
	first := one.create("roots")
	held := one.claim(1)[0]
	second := one.create("only")
	m.do("BEGIN")
	m.do("SET LOCAL tasker_core.writer = '1'")
	m.do(`INSERT INTO tasker_workflow_step_transitions (workflow_step_id, to_state, sort_key, most_recent, created_at, updated_at)
		SELECT step_id, 'cancelled', 10, true, '2026-01-01', '2026-01-01' FROM tasker_core_ready WHERE task_id = $1`, first)
	m.do("COMMIT")
	steps := one.claim(1)
	require.Len(t, steps, 1, "the row behind the stale one")
	require.Equal(t, second, steps[0].TaskID)
	require.Zero(t, m.number("SELECT count(*) FROM tasker_core_ready"), "the stale row is gone")
	invariant.Require(t, m.judge) // and its task was mended
	require.Equal(t, "recorded", one.verdict(held))
	ended, err := one.GetTask(t.Context(), engine.GetTaskRequest{TaskID: first})
	require.NoError(t, err)
	require.Equal(t, workflow.Error, ended.State, "nothing else in it can run")
}

func TestACancelWaitsForAClaimAndRevokesWhatItLeased(t *testing.T) {
	t.Parallel()
	m := newMeeting(t, testdb.RecycledDatabase(t))
	claimer, canceller := m.join(onlyStep), m.join(onlyStep)
	task := claimer.create("only")
	var steps []engine.ClaimedStep
	var cancelled engine.CancelTaskReply
	var answer <-chan error
	claimer.midway(func() error {
		reply, err := claimer.ClaimSteps(t.Context(), engine.ClaimStepsRequest{WorkerID: claimer.id})
		steps = reply.Steps
		return err
	}, func(func()) {
		answer = inBackground(func() (err error) {
			cancelled, err = canceller.CancelTask(t.Context(), engine.CancelTaskRequest{TaskID: task})
			return err
		})
		m.waitForLock(1)
	})
	require.NoError(t, awaited(t, answer))
	require.Len(t, steps, 1)
	require.Equal(t, 1, cancelled.RevokedLeases, "it read the leases after it had the lock")
	require.Equal(t, 1, cancelled.CancelledSteps)
	require.Equal(t, "lease_lost", claimer.verdict(steps[0]))
}

func TestAClaimPassesOverATaskThatIsBeingCancelled(t *testing.T) {
	t.Parallel()
	m := newMeeting(t, testdb.RecycledDatabase(t))
	claimer, canceller := m.join(onlyStep), m.join(onlyStep)
	task, next := claimer.create("only"), claimer.create("only")
	canceller.midway(func() error {
		_, err := canceller.CancelTask(t.Context(), engine.CancelTaskRequest{TaskID: task})
		return err
	}, func(func()) {
		steps := claimer.claim(5) // in this goroutine: waiting would never end
		require.Len(t, steps, 1)
		require.Equal(t, next, steps[0].TaskID)
	})
	require.Empty(t, claimer.claim(5))
}

// TestReportsThatClaimFromEachOthersTasksDoNotWait has two engines that each hold
// one task and look for more in the other's.
func TestReportsThatClaimFromEachOthersTasksDoNotWait(t *testing.T) {
	t.Parallel()
	m := newMeeting(t, testdb.RecycledDatabase(t))
	both := [2]*process{m.join(twoRoots), m.join(twoRoots)}
	var held [2]engine.ClaimedStep
	for i, p := range both {
		p.create("roots")
		held[i] = p.claim(1)[0]
		if i == 0 { // its other root is out of the way while the second claims
			m.do("CREATE TEMPORARY TABLE aside AS SELECT * FROM tasker_core_ready")
			m.do("DELETE FROM tasker_core_ready")
		}
	}
	m.do("INSERT INTO tasker_core_ready SELECT * FROM aside")
	require.NotEqual(t, held[0].TaskID, held[1].TaskID)
	var meet sync.WaitGroup
	meet.Add(len(both))
	var claimed [2][]engine.ClaimedStep
	var answers [2]<-chan error
	for i, p := range both {
		here := sync.OnceFunc(func() { meet.Done(); meet.Wait() })
		p.store.before.Store(&here)
		p.store.runs.Store(0)
		answers[i] = inBackground(func() error {
			reply, err := p.ReportSteps(t.Context(), engine.ReportStepsRequest{Outcomes: []engine.Outcome{complete(held[i])},
				Claim: &engine.ClaimRequest{WorkerID: p.id, Limit: 5}})
			claimed[i] = reply.Claimed
			return err
		})
	}
	for i, p := range both {
		require.NoError(t, awaited(t, answers[i]))
		require.EqualValues(t, 1, p.store.runs.Load(), "nothing had to be repeated for a deadlock")
	}
	require.Len(t, append(claimed[0], claimed[1]...), 2)
}

func TestAWorkerThatIsDeclaredDeadWhileItClaimsLosesWhatItGot(t *testing.T) {
	t.Parallel()
	m := newMeeting(t, testdb.RecycledDatabase(t))
	claimer, sweeper := m.join(onlyStep), m.join(onlyStep)
	claimer.create("only")
	m.die(sweeper)
	var steps []engine.ClaimedStep
	var sweep <-chan error
	claimer.midway(func() error {
		reply, err := claimer.ClaimSteps(t.Context(), engine.ClaimStepsRequest{WorkerID: claimer.id})
		steps = reply.Steps
		return err
	}, func(func()) {
		sweep = inBackground(func() error { return sweeper.Sweep(t.Context()) })
		m.waitForLock(1)
	})
	require.NoError(t, awaited(t, sweep))
	require.Len(t, steps, 1)
	again := sweeper.claim(1)
	require.Len(t, again, 1, "the same sweep found the lease of the claim it had waited for")
	require.Equal(t, "lease_lost", claimer.verdict(steps[0]))
	_, err := claimer.ClaimSteps(t.Context(), engine.ClaimStepsRequest{WorkerID: claimer.id})
	if err == nil { // nothing to claim: it is told when there is
		claimer.create("only")
		_, err = claimer.ClaimSteps(t.Context(), engine.ClaimStepsRequest{WorkerID: claimer.id})
	}
	require.Equal(t, fault.NotFound, fault.KindOf(err), "it is to register again")
	require.Equal(t, "recorded", sweeper.verdict(again[0]))
}

// TestARepeatAfterALostReplyIsToldThatItWasRecorded loses the answer to the commit
// of an outcome.
func TestARepeatAfterALostReplyIsToldThatItWasRecorded(t *testing.T) {
	t.Parallel()
	for delivered, verdict := range map[bool]string{true: "already_recorded", false: "recorded"} {
		t.Run(verdict, func(t *testing.T) {
			t.Parallel()
			m := newMeeting(t, testdb.RecycledDatabase(t))
			way := newProxy(t, m.url)
			e := newEngine(t, testdb.OpenPostgres(t, way.url, func(o *postgres.Options) { o.Pooler = true }))
			p := &process{Engine: e, t: t, id: single(t, e)}
			p.create("single")
			step := p.claim(1)[0]
			way.loseWriteCommit(delivered)
			_, err := p.report(step)
			require.Equal(t, fault.Unavailable, fault.KindOf(err))
			require.True(t, fault.Retryable(err))
			way.lose.Store(nil)
			require.Equal(t, verdict, p.verdict(step))
			require.EqualValues(t, 1, m.number("SELECT count(*) FROM tasker_workflow_step_transitions WHERE to_state = 'complete'"))
			require.EqualValues(t, 1, m.number("SELECT attempts FROM tasker_workflow_steps"))
		})
	}
}
