package processes_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/tests/factory"
)

// created is one task with the times between which the call that made it ran.
type created struct {
	task           int64
	called, answer int64
}

func TestAnIdleProcessIsWokenByAnothersCreate(t *testing.T) {
	onEach(t, nil, func(t *testing.T, s *scene) {
		wakes := pick(20, 300)
		shape := factory.Isolated(1)
		s.register(shape)
		s.startAll(1, order{Role: "work", Rings: true, Lanes: 1, Batch: 1})
		var made []created
		var tasks []int64
		for i := range wakes {
			time.Sleep(time.Duration(20+i%7*11) * time.Millisecond) // the worker becomes idle, at no fixed beat of its poll
			called := time.Now().UnixNano()
			task := s.create(shape, 1)
			made = append(made, created{task: task[0], called: called, answer: time.Now().UnixNano()})
			s.ended(task)
			tasks = append(tasks, task...)
		}
		s.dismiss()
		lines, facts := s.requireHonest(tasks)
		s.requireOnce(facts)
		begins, woken := pickups(lines, facts, made)
		slices.Sort(begins)
		t.Logf("%d of %d creates rang before the handler began; from the answer of create to the handler: p50 %s, most %s",
			woken, wakes, begins[len(begins)/2], begins[len(begins)-1])
		// Not by a poll, which rings nothing. A poll may come first now and then.
		require.Greater(t, woken, wakes/2, "the idle process was not woken, it polled")
		require.Less(t, begins[len(begins)-1], patience())
	})
}

// pickups returns for each task how long after the answer its handler began,
// and for how many the worker's engine rang in between.
func pickups(lines []entry, facts map[int64]*fact, made []created) (begins []time.Duration, woken int) {
	begun, rings := map[int64]int64{}, []int64{}
	for _, e := range lines {
		switch e.Kind {
		case lineBegin:
			begun[facts[e.Step].Task] = e.At
		case lineRing:
			rings = append(rings, e.At)
		}
	}
	for _, one := range made {
		at := begun[one.task]
		begins = append(begins, time.Duration(max(0, at-one.answer))) // it may begin before the caller knows
		if slices.ContainsFunc(rings, func(ring int64) bool { return one.called < ring && ring < at }) {
			woken++
		}
	}
	return begins, woken
}
