package processes_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
	"github.com/tasker-systems/tasker-core-go/tests/factory"
	"github.com/tasker-systems/tasker-core-go/tests/invariant"
)

// fate is what the test does to its workers, and when.
type fate struct {
	s       *scene
	source  *rand.Rand
	crew    []*process // the living
	started int        // processes so far, for names
	strikes []strike
	resumes map[*process]time.Time // when the stopped go on
}

// strike is one blow to one process.
type strike struct {
	process string
	at      time.Time
	until   time.Time // when it goes on; the same instant for a kill
	kill    bool
}

// hire starts a worker with three lanes, each of which holds one step at a time,
// so that a blow rarely hits a step that was hit before.
func (f *fate) hire() {
	f.started++
	p := f.s.start(order{Role: "work", Name: fmt.Sprintf("p%d", f.started), Durable: true, Lanes: 3, Batch: 1, LongMS: 20,
		Seed: uint64(f.started)})
	p.begin()
	f.crew = append(f.crew, p)
}

// strikeOne kills a random worker and hires another, or stops one for up to two
// and a half leases. One worker at least is left running.
func (f *fate) strikeOne() {
	p := f.crew[f.source.IntN(len(f.crew))]
	kill := f.source.IntN(2) == 0
	if p.stopped || (!kill && len(f.resumes) == len(f.crew)-1) {
		return
	}
	blow := strike{process: p.Name, at: time.Now(), until: time.Now(), kill: kill}
	if !kill {
		blow.until = blow.at.Add(time.Duration(f.source.Float64() * 2.5 * leaseSeconds * float64(time.Second)))
		f.strikes, f.resumes[p] = append(f.strikes, blow), blow.until
		p.pause()
		return
	}
	f.strikes = append(f.strikes, blow)
	p.kill()
	f.crew = slices.DeleteFunc(f.crew, func(other *process) bool { return other == p })
	f.hire()
}

// resumeThose lets those go on who were stopped until now.
func (f *fate) resumeThose(now time.Time) {
	for p, at := range f.resumes {
		if !now.Before(at) {
			p.resume()
			delete(f.resumes, p)
		}
	}
}

// rage strikes at random moments for a time, then lets everybody go on.
func (f *fate) rage(d time.Duration) {
	next := time.Now().Add(200 * time.Millisecond)
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		f.s.watch()
		f.resumeThose(time.Now())
		if time.Now().After(next) {
			f.strikeOne()
			next = time.Now().Add(time.Duration(200+f.source.IntN(500)) * time.Millisecond)
		}
	}
	f.resumeThose(time.Now().Add(time.Hour))
}

// feed keeps some tasks open until told to stop: few enough that a lost step
// does not queue behind others. It has a goroutine of its own, because a worker
// that is stopped in the midst of a write can hold every other writer.
func (s *scene) feed(shape factory.Shape, open int, stop <-chan struct{}) func() ([]int64, error) {
	var tasks []int64
	var failed error
	var feeding sync.WaitGroup
	feeding.Go(func() {
		for failed == nil {
			var ids []int64
			if ids, failed = s.replenish(shape, open); failed == nil {
				tasks = append(tasks, ids...)
			}
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	})
	return func() ([]int64, error) { feeding.Wait(); return tasks, failed }
}

// replenish creates tasks until the given number are open.
func (s *scene) replenish(shape factory.Shape, open int) ([]int64, error) {
	ctx, cancel := call()
	defer cancel()
	reply, err := s.ListTasks(ctx, engine.ListTasksRequest{PageRequest: engine.PageRequest{Limit: open},
		States: []workflow.State{workflow.Pending, workflow.InProgress}})
	if err != nil || len(reply.Items) == open {
		return nil, err
	}
	return create(s.Engine, shape, open-len(reply.Items))
}

func TestKilledAndStoppedWorkersLoseNothingAndRecordNothingTwice(t *testing.T) {
	onEach(t, mortal(), func(t *testing.T, s *scene) {
		workers, length := pick(3, 6), pick(5*time.Second, 2*time.Minute)
		shape := factory.Layered(5, 6, 3, 2)
		s.register(shape)
		f := &fate{s: s, source: rand.New(rand.NewPCG(3, 5)), resumes: map[*process]time.Time{}}
		for range workers {
			f.hire()
		}
		stop := make(chan struct{})
		fed := s.feed(shape, 3*workers, stop)
		func() {
			defer close(stop) // also when a check in it fails
			f.rage(length)
		}()
		tasks, err := fed()
		require.NoError(t, err)
		s.ended(tasks)
		s.dismiss()
		lines, facts := s.requireHonest(tasks)
		s.drained()
		invariant.Require(t, s.Store)
		barred := 0
		for _, fact := range facts {
			if fact.barred(facts) {
				barred++
			}
		}
		t.Logf("%d tasks, %d steps, %d kept back by poison pills, each proven by three losses", len(tasks), len(facts), barred)
		losses, bystanders := f.losses(lines, facts)
		require.NotEmpty(t, losses, "no blow hit a step")
		f.tell(lines, losses, bystanders)
		require.Less(t, losses[len(losses)-1].freed, patience())
	})
}

// loss is a step that was taken from a struck process.
type loss struct {
	freed   time.Duration // from the blow until the step was ready again
	after   time.Duration // until it was leased again
	blocked bool          // another process was stopped meanwhile, perhaps in a write
}

// losses finds the steps that blows took, by the times of the transitions, and
// counts those that other workers lost, who could not write their heartbeat.
func (f *fate) losses(lines []entry, facts map[int64]*fact) (found []loss, bystanders int) {
	owner := map[int64]string{} // worker to process
	for _, e := range lines {
		if e.Kind == lineWorker {
			owner[e.Step] = e.Process
		}
	}
	for _, fact := range facts {
		for i, row := range fact.History {
			if !row.Metadata.Field("lease_expired").True() || i+2 >= len(fact.History) {
				continue
			}
			worker, _ := row.Metadata.Field("worker_id").Int()
			blow, ok := f.struck(owner[worker], row.CreatedAt)
			if !ok {
				bystanders++
				continue
			}
			again := fact.History[i+2].CreatedAt // error, pending, in_progress
			found = append(found, loss{row.CreatedAt.Sub(blow.at), again.Sub(blow.at), f.anotherStopped(blow, row.CreatedAt)})
		}
	}
	slices.SortFunc(found, func(a, b loss) int { return cmp.Compare(a.freed, b.freed) })
	return found, bystanders
}

// struck returns the last blow to a process before an instant.
func (f *fate) struck(name string, before workflow.Instant) (blow strike, ok bool) {
	for _, strike := range f.strikes {
		if strike.process == name && strike.at.Before(before.Time) {
			blow, ok = strike, true
		}
	}
	return blow, ok
}

// anotherStopped reports whether a process was stopped between a blow to
// another and an instant.
func (f *fate) anotherStopped(blow strike, until workflow.Instant) bool {
	return slices.ContainsFunc(f.strikes, func(other strike) bool {
		return !other.kill && other.process != blow.process && other.at.Before(until.Time) && blow.at.Before(other.until)
	})
}

// tell prints what the blows did and how soon lost steps were leased again.
func (f *fate) tell(lines []entry, found []loss, bystanders int) {
	kills, refused, late, lateAlone := 0, 0, 0, 0
	for _, strike := range f.strikes {
		if strike.kill {
			kills++
		}
	}
	for _, e := range lines {
		if e.Kind == lineVerdict && e.Detail == "lease_lost" {
			refused++
		}
	}
	const bound = leaseSeconds*time.Second + 2*time.Second
	for _, one := range found {
		if one.freed > bound {
			late++
			if !one.blocked {
				lateAlone++
			}
		}
	}
	f.s.t.Logf("%d kills, %d stops; %d steps lost by them, %d by bystanders; %d late reports refused",
		kills, len(f.strikes)-kills, len(found), bystanders, refused)
	middle, last := found[len(found)/2], found[len(found)-1]
	f.s.t.Logf("ready again after the blow: p50 %s, most %s; %d later than lease + 2 s, %d of them while nobody else was stopped; leased again: p50 %s",
		middle.freed, last.freed, late, lateAlone, middle.after)
}
