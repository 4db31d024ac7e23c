package postgres_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

// company is one group of outcomes, the first of which has a problem of its own.
type company struct {
	*process
	bad     engine.ClaimedStep
	good    []engine.ClaimedStep
	verdict map[int64]chan string
	answers map[int64]<-chan error
}

// gather claims steps of as many tasks, calls trouble with the first, and reports
// them all at once while the group before is under way.
func gather(t *testing.T, m *meeting, trouble func(bad engine.ClaimedStep)) *company {
	t.Helper()
	const members = 8
	c := &company{process: m.join(onlyStep), verdict: map[int64]chan string{}, answers: map[int64]<-chan error{}}
	for range members + 1 {
		c.create("only")
	}
	steps := c.claim(members + 1)
	require.Len(t, steps, members+1)
	c.bad, c.good = steps[1], steps[2:]
	trouble(c.bad)
	c.midway(func() error { _, err := c.process.report(steps[0]); return err }, func(func()) {
		for _, step := range steps[1:] {
			verdict := make(chan string, 1)
			c.verdict[step.StepID] = verdict
			c.answers[step.StepID] = inBackground(func() error {
				told, err := c.process.report(step)
				verdict <- told
				return err
			})
		}
		time.Sleep(50 * time.Millisecond) // they queue for the next group; if not, less is shown
	})
	return c
}

// othersAreRecorded checks that the problem of the one was not theirs.
func (c *company) othersAreRecorded() {
	c.t.Helper()
	for _, step := range c.good {
		require.NoError(c.t, awaited(c.t, c.answers[step.StepID]))
		require.Equal(c.t, "recorded", <-c.verdict[step.StepID])
	}
}

// TestAForeignLockHoldsUpOnlyTheOutcomeThatNeedsTheRow lets somebody keep the row
// of one step in an open transaction.
func TestAForeignLockHoldsUpOnlyTheOutcomeThatNeedsTheRow(t *testing.T) {
	t.Parallel()
	m := newMeeting(t, testdb.RecycledDatabase(t))
	c := gather(t, m, func(bad engine.ClaimedStep) {
		m.do("BEGIN")
		m.do("SELECT 1 FROM tasker_workflow_steps WHERE workflow_step_id = $1 FOR UPDATE", bad.StepID)
	})
	c.othersAreRecorded()
	select {
	case err := <-c.answers[c.bad.StepID]:
		require.Fail(t, "it did not wait for the lock", err)
	default:
	}
	m.do("ROLLBACK")
	require.NoError(t, awaited(t, c.answers[c.bad.StepID]))
	require.Equal(t, "recorded", <-c.verdict[c.bad.StepID])
}

// TestAnOutcomeThatTheDatabaseRefusesFailsAlone has a rule of somebody's own in
// the database, which one outcome breaks.
func TestAnOutcomeThatTheDatabaseRefusesFailsAlone(t *testing.T) {
	t.Parallel()
	m := newMeeting(t, testdb.PostgresDatabase(t))
	m.do(`CREATE TABLE refused (step bigint)`)
	m.do(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		IF NEW.processed AND NEW.workflow_step_id IN (SELECT step FROM refused) THEN
			RAISE EXCEPTION 'refused' USING ERRCODE = '23514';
		END IF;
		RETURN NEW; END $$`)
	m.do("CREATE TRIGGER refuse BEFORE UPDATE ON tasker_workflow_steps FOR EACH ROW EXECUTE FUNCTION refuse()")
	c := gather(t, m, func(bad engine.ClaimedStep) { m.do("INSERT INTO refused VALUES ($1)", bad.StepID) })
	c.othersAreRecorded()
	require.Equal(t, fault.InvalidRequest, fault.KindOf(awaited(t, c.answers[c.bad.StepID])))
	m.do("DELETE FROM refused")
	verdict, err := c.process.report(c.bad)
	require.NoError(t, err)
	require.Equal(t, "recorded", verdict, "nothing of it had been written")
}
