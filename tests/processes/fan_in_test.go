package processes_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/workflow"
	"github.com/tasker-systems/tasker-core-go/tests/factory"
	"github.com/tasker-systems/tasker-core-go/tests/invariant"
)

func TestTheChildOfManyParentsIsStartedExactlyOnce(t *testing.T) {
	onEach(t, nil, func(t *testing.T, s *scene) {
		rounds, parents, processes := pick(2, 50), pick(200, 1_000), pick(4, 8)
		shape := factory.FanIn(parents + 1)
		s.register(shape)
		s.startAll(processes, order{Role: "work", Lanes: 2, Batch: 7})
		started := time.Now()
		var tasks []int64
		for range rounds {
			task := s.create(shape, 1)
			s.ended(task)
			tasks = append(tasks, task...)
		}
		seconds := time.Since(started).Seconds()
		s.dismiss()
		_, facts := s.requireHonest(tasks)
		s.requireOnce(facts)
		require.Equal(t, rounds, countJoins(facts, parents), "each round has one child, which saw all its parents")
		s.drained()
		invariant.Require(t, s.Store)
		t.Logf("%d times %d parents and one child by %d processes: %.1f s, %.0f steps/s",
			rounds, parents, processes, seconds, float64(len(facts))/seconds)
	})
}

// countJoins counts complete steps with the given number of parents.
func countJoins(facts map[int64]*fact, parents int) (joins int) {
	for _, f := range facts {
		if len(f.Parents) == parents && len(f.rows(workflow.Complete)) == 1 {
			joins++
		}
	}
	return joins
}

func TestOneTaskOfManyParallelStepsIsDrainedByManyProcesses(t *testing.T) {
	onEach(t, nil, func(t *testing.T, s *scene) {
		steps, processes := pick(1_000, 10_000), pick(3, 8)
		spread := s.drain(factory.Isolated(10), steps/10, processes)
		one := s.drain(factory.Isolated(steps), 1, processes)
		t.Logf("%d steps by %d processes: in one task %.2f times as fast as in many", steps, processes, one/spread)
	})
}

// drain creates n tasks, lets processes work them off, requires that every step
// ran once, and returns the steps per second, the start of the processes included.
func (s *scene) drain(shape factory.Shape, n, processes int) float64 {
	s.t.Helper()
	const most = 100      // tasks in one call
	s.dir = s.t.TempDir() // ledgers of this run alone
	s.register(shape)
	var tasks []int64
	for left := n; left > 0; left -= most {
		tasks = append(tasks, s.create(shape, min(left, most))...)
	}
	started := time.Now()
	s.startAll(processes, order{Role: "work", Lanes: 2, Batch: 20})
	s.ended(tasks)
	seconds := time.Since(started).Seconds()
	s.dismiss()
	_, facts := s.requireHonest(tasks)
	require.Len(s.t, facts, n*len(shape.Steps))
	s.requireOnce(facts)
	s.drained()
	invariant.Require(s.t, s.Store)
	s.t.Logf("%d tasks of %d steps: %.1f s, %.0f steps/s", n, len(shape.Steps), seconds, float64(len(facts))/seconds)
	return float64(len(facts)) / seconds
}
