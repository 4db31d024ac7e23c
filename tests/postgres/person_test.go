package postgres_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

// races is how often what a person does is let loose against a claim.
const races = 30

// against lets a person's call and a claim of another process begin at once, or
// the claim some milliseconds earlier, which looks before it takes.
func against(t *testing.T, claimer *process, round int, act func() error) (claimed []engine.ClaimedStep, acted error) {
	t.Helper()
	start := make(chan struct{})
	person := inBackground(func() error {
		<-start
		time.Sleep(time.Duration(round%5) * time.Millisecond)
		return act()
	})
	claim := inBackground(func() error {
		<-start
		reply, err := claimer.ClaimSteps(t.Context(), engine.ClaimStepsRequest{WorkerID: claimer.id, Limit: 5})
		claimed = reply.Steps
		return err
	})
	close(start)
	acted = awaited(t, person)
	require.NoError(t, awaited(t, claim))
	return claimed, acted
}

// TestOfACancelAndAClaimThatRaceTheCancelWins has the claim before, after or
// passed over: the step never runs to an end.
func TestOfACancelAndAClaimThatRaceTheCancelWins(t *testing.T) {
	t.Parallel()
	m := newMeeting(t, testdb.RecycledDatabase(t))
	claimer, canceller := m.join(onlyStep), m.join(onlyStep)
	leased := 0
	for round := range races {
		task := claimer.create("only")
		var reply engine.CancelTaskReply
		claimed, err := against(t, claimer, round, func() (err error) {
			reply, err = canceller.CancelTask(t.Context(), engine.CancelTaskRequest{TaskID: task})
			return err
		})
		require.NoError(t, err)
		require.Equal(t, workflow.Cancelled, reply.State)
		require.Equal(t, 1, reply.CancelledSteps)
		require.Len(t, claimed, reply.RevokedLeases, "a lease that was granted was revoked, and no other")
		for _, step := range claimed {
			require.Equal(t, "lease_lost", claimer.verdict(step))
			leased++
		}
		require.Empty(t, claimer.claim(5))
	}
	t.Logf("of %d cancels %d met a lease", races, leased)
	require.Zero(t, m.number("SELECT count(*) FROM tasker_core_ready")+m.number("SELECT count(*) FROM tasker_core_leases"))
}

// TestOfARetryAndAClaimThatRaceOneComesFirst lets a person retry a step whose wait
// is over while another process claims it: either the retry made the attempt the
// first again, or the step was taken and the retry is refused.
func TestOfARetryAndAClaimThatRaceOneComesFirst(t *testing.T) {
	t.Parallel()
	m := newMeeting(t, testdb.RecycledDatabase(t))
	claimer, person := m.join(onlyStep), m.join(onlyStep)
	first := 0
	for round := range races {
		step := m.failOne(claimer)
		claimed, err := against(t, claimer, round, func() error {
			_, err := person.RetrySteps(t.Context(), engine.RetryStepsRequest{NamedSteps: engine.NamedSteps{StepID: step}})
			return err
		})
		if err != nil {
			require.Equal(t, fault.Conflict, fault.KindOf(err))
			require.Len(t, claimed, 1)
			require.Equal(t, 2, claimed[0].Attempt, "the claim came first")
		} else {
			first++
			claimed = append(claimed, claimer.claim(5)...) // which may have passed the step over
			require.Len(t, claimed, 1)
			require.Equal(t, 1, claimed[0].Attempt, "the retry came first")
		}
		require.Equal(t, "recorded", claimer.verdict(claimed[0]))
	}
	t.Logf("of %d retries %d came first", races, first)
}

// TestARetryWaitsForAClaimThatIsAboutToCommitAndIsRefused and the test below are
// the two orders one by one.
func TestARetryWaitsForAClaimThatIsAboutToCommitAndIsRefused(t *testing.T) {
	t.Parallel()
	m, claimer, person, step := failedStep(t)
	var claimed []engine.ClaimedStep
	var retry <-chan error
	claimer.midway(func() error {
		reply, err := claimer.ClaimSteps(t.Context(), engine.ClaimStepsRequest{WorkerID: claimer.id})
		claimed = reply.Steps
		return err
	}, func(func()) {
		retry = inBackground(func() error {
			_, err := person.RetrySteps(t.Context(), engine.RetryStepsRequest{NamedSteps: engine.NamedSteps{StepID: step}})
			return err
		})
		m.waitForLock(1)
	})
	require.Equal(t, fault.Conflict, fault.KindOf(awaited(t, retry)))
	require.Len(t, claimed, 1)
	require.Equal(t, 2, claimed[0].Attempt)
	require.Equal(t, "recorded", claimer.verdict(claimed[0]))
}

func TestAClaimPassesOverAStepThatIsBeingRetried(t *testing.T) {
	t.Parallel()
	_, claimer, person, step := failedStep(t)
	person.midway(func() error {
		_, err := person.RetrySteps(t.Context(), engine.RetryStepsRequest{NamedSteps: engine.NamedSteps{StepID: step}})
		return err
	}, func(func()) {
		require.Empty(t, claimer.claim(1)) // in this goroutine: waiting would never end
	})
	claimed := claimer.claim(1)
	require.Len(t, claimed, 1)
	require.Equal(t, 1, claimed[0].Attempt)
	require.Equal(t, "recorded", claimer.verdict(claimed[0]))
}

// failedStep is a step whose attempt failed and whose wait is over.
func failedStep(t *testing.T) (m *meeting, claimer, person *process, step int64) {
	t.Helper()
	m = newMeeting(t, testdb.RecycledDatabase(t))
	claimer, person = m.join(onlyStep), m.join(onlyStep)
	return m, claimer, person, m.failOne(claimer)
}

// failOne makes a task, lets its step fail and the wait pass, and returns the
// step.
func (m *meeting) failOne(p *process) int64 {
	m.t.Helper()
	p.create("only")
	lease := p.claim(1)[0]
	wait := 1
	_, err := p.ReportSteps(m.t.Context(), engine.ReportStepsRequest{Outcomes: []engine.Outcome{{StepID: lease.StepID,
		Epoch: lease.Epoch, Status: "error", RetryAfterSeconds: &wait, Error: &engine.OutcomeError{Message: "no luck"}}}})
	require.NoError(m.t, err)
	m.clock.Advance(time.Second)
	return lease.StepID
}
