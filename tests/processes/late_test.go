package processes_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/workflow"
	"github.com/tasker-systems/tasker-core-go/tests/factory"
	"github.com/tasker-systems/tasker-core-go/tests/invariant"
)

func TestTheLateReportOfAResumedProcessIsRefused(t *testing.T) {
	onEach(t, mortal(), func(t *testing.T, s *scene) {
		shape := factory.Isolated(1)
		s.register(shape)
		sleeper := s.start(order{Role: "work", Name: "sleeper", Durable: true, Lanes: 1, Batch: 1, ShortMS: 300, LongMS: 300})
		sleeper.begin()
		tasks := s.stolen(shape, sleeper)
		lost := s.eventually(func(e entry) bool { return e.Process == "sleeper" && e.Kind == lineVerdict && e.Detail == "lease_lost" })
		s.dismiss()
		lines, facts := s.requireHonest(tasks)
		f := facts[lost.Step]
		require.Equal(t, workflow.Complete, f.State)
		require.Len(t, f.rows(workflow.Complete), 1)
		require.Greater(t, f.epoch(), lost.Epoch, "the result is of the later lease")
		require.Positive(t, runsOf(lines, "heir", f.Step))
		s.drained()
		invariant.Require(t, s.Store)
	})
}

// stolen has a process stopped in the midst of a handler until another has run
// its step, and then lets it go on. Should the stop have hit a write of the
// process, which holds every other writer of some stores, it tries again with
// another task. It returns all tasks.
func (s *scene) stolen(shape factory.Shape, sleeper *process) (tasks []int64) {
	s.t.Helper()
	for try := 0; ; try++ {
		require.Less(s.t, try, 5, "no step was taken from the stopped process")
		tasks = append(tasks, s.create(shape, 1)...)
		task := tasks[len(tasks)-1]
		step := sortedKeys(s.facts(task))[0]
		s.eventually(func(e entry) bool { return e.Kind == lineBegin && e.Step == step })
		sleeper.pause()
		if try == 0 {
			heir := s.start(order{Role: "work", Name: "heir", Durable: true, Lanes: 1, Batch: 1})
			heir.begin()
		}
		taken := s.within(5*leaseSeconds*time.Second, func(e entry) bool {
			return e.Process == "heir" && e.Kind == lineVerdict && e.Step == step
		})
		sleeper.resume()
		if taken != nil {
			return tasks
		}
		s.ended([]int64{task})
	}
}

// within waits for a line in the ledgers, nil when it does not come in time.
func (s *scene) within(d time.Duration, wanted func(entry) bool) *entry {
	s.t.Helper()
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		s.watch()
		lines, err := readLedgers(s.dir)
		require.NoError(s.t, err)
		for _, e := range lines {
			if wanted(e) {
				return &e
			}
		}
	}
	return nil
}

// eventually waits for a line that must come.
func (s *scene) eventually(wanted func(entry) bool) *entry {
	s.t.Helper()
	found := s.within(patience(), wanted)
	require.NotNil(s.t, found, "an event that must come did not")
	return found
}

// runsOf counts how often a process ran a step.
func runsOf(lines []entry, process string, step int64) (runs int) {
	for _, e := range lines {
		if e.Kind == lineBegin && e.Process == process && e.Step == step {
			runs++
		}
	}
	return runs
}
