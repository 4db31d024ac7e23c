package rails_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/tests/factory"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

// Sizes of the race: enough that every kind of write meets every other, few
// enough for each run of the tests.
const (
	raceTasks      = 10
	raceRails      = 3
	raceWorkers    = 4
	raceOperations = 120 // of each process of the Rails engine
)

// ledger counts the runs of handlers by step, whoever ran them.
type ledger struct {
	mu   sync.Mutex // guards runs
	runs map[int64]int
}

func (l *ledger) note(step int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.runs[step]++
}

// race is both engines at work on the same tasks.
type race struct {
	*scene
	ledger
	tasks, steps []int64
	over         atomic.Bool   // the Rails engine has stopped
	failed       atomic.Bool   // somebody has, so that nobody goes on
	faults       chan error    // of everybody
	conflicts    atomic.Int64  // outcomes of ours that a foreign move made void
	survey       time.Duration // between looks for what no trigger notes, by the clock that stands still
}

// tireless lets a step be tried as often as the race wants.
func tireless() factory.Shape {
	shape := factory.Shape{Name: "tireless"}
	for i := range 6 {
		step := factory.Step{Name: fmt.Sprintf("step_%d", i), Limit: 1000}
		if i > 1 {
			step.Parents = []string{fmt.Sprintf("step_%d", i-2), fmt.Sprintf("step_%d", (i-2)/2)}[:1+i%2]
		}
		shape.Steps = append(shape.Steps, step)
	}
	return shape
}

// fail ends the race.
func (r *race) fail(err error) {
	r.failed.Store(true)
	r.faults <- err
}

func newRace(t *testing.T, on *scene) *race {
	t.Helper()
	r := &race{scene: on, ledger: ledger{runs: map[int64]int{}}, faults: make(chan error, 100)}
	r.Register(tireless())
	for range raceTasks {
		id := r.Create(tireless())
		r.tasks = append(r.tasks, id)
		for _, step := range r.Steps(id) {
			r.steps = append(r.steps, step.StepID)
		}
	}
	return r
}

// TestBothEnginesAtWorkOnTheSameTasks lets processes of the Rails engine and
// workers of ours run, fail, retry, edit and finalise the same steps and tasks at
// random.
func TestBothEnginesAtWorkOnTheSameTasks(t *testing.T) {
	t.Parallel()
	newRace(t, newScene(t)).run()
}

// Without triggers the changes of the Rails engine are found by the looks of one of
// our processes, while both work on.
func TestBothEnginesAtWorkOnTheSameTasksWithoutTriggers(t *testing.T) {
	t.Parallel()
	r := newRace(t, unwatched(t))
	r.survey = time.Millisecond
	r.run()
}

// run lets all of them work and looks at what is left.
func (r *race) run() {
	t := r.t
	t.Helper()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	var foreign, own sync.WaitGroup
	for n := range raceRails {
		conn := r.connect()
		foreign.Go(func() { r.railsProcess(conn, rand.New(rand.NewPCG(seed, uint64(n)))) })
	}
	for n := range raceWorkers {
		db := testdb.OpenPostgres(t, r.url, testdb.WithPostgresClock(r.Clock))
		e := factory.NewEngine(t, db, func(o *engine.Options) { o.SurveyEvery = r.survey })
		own.Go(func() { r.work(e, rand.New(rand.NewPCG(seed, uint64(100+n)))) })
	}
	foreign.Wait()
	r.over.Store(true)
	own.Wait()
	close(r.faults)
	if r.failed.Load() {
		t.Log(strings.Join(lines(t, r.admin(), unfinished), "\n"))
	}
	for err := range r.faults {
		require.NoError(t, err)
	}
	r.check()
}

// unfinished tells of what had not ended when a race failed.
const unfinished = `SELECT format('task %s %s, open %s running %s waiting %s stuck %s; step %s %s attempts %s in_process %s processed %s '
		'lease %s row %s dirty %s: %s', s.task_id, coalesce(ct.to_state, 'pending'), k.open, k.running, k.waiting, k.stuck,
		s.workflow_step_id, coalesce(c.to_state, 'pending'), s.attempts, s.in_process, s.processed, l.epoch, q.due_at,
		(SELECT count(*) FROM tasker_core_dirty d WHERE d.task_id = s.task_id),
		(SELECT string_agg(h.to_state || ' ' || h.metadata::text, ', ' ORDER BY h.sort_key) FROM tasker_workflow_step_transitions h
			WHERE h.workflow_step_id = s.workflow_step_id))
	FROM tasker_workflow_steps s JOIN tasker_core_tasks k ON k.task_id = s.task_id
	LEFT JOIN tasker_task_transitions ct ON ct.task_id = s.task_id AND ct.most_recent
	LEFT JOIN tasker_workflow_step_transitions c ON c.workflow_step_id = s.workflow_step_id AND c.most_recent
	LEFT JOIN tasker_core_leases l ON l.step_id = s.workflow_step_id LEFT JOIN tasker_core_ready q ON q.step_id = s.workflow_step_id
	WHERE coalesce(ct.to_state, 'pending') <> 'complete' ORDER BY s.workflow_step_id`

// railsProcess does some things at random.
func (r *race) railsProcess(conn *pgx.Conn, dice *rand.Rand) {
	process := &rails{conn: conn}
	for range raceOperations {
		if r.failed.Load() {
			return
		}
		process.now = r.Clock.Now()
		id, task := r.steps[dice.IntN(len(r.steps))], r.tasks[dice.IntN(len(r.tasks))]
		var err error
		switch dice.IntN(8) {
		case 0, 1, 2, 3:
			var ran bool
			ran, err = process.attempt(id, func() error {
				if dice.IntN(3) == 0 {
					return errHandler
				}
				return nil
			})
			if ran {
				r.note(id)
			}
		case 4, 5:
			err = process.retry(id)
		case 6:
			err = process.finalise(task)
		case 7:
			err = process.edit(id, 1000+dice.IntN(10))
		}
		if !expected(err) {
			r.fail(fmt.Errorf("the Rails engine: %w", err))
			return
		}
	}
}

// work is one worker of ours until everything is done.
func (r *race) work(e *engine.Engine, dice *rand.Rand) {
	info, err := e.RegisterWorker(ctx(), engine.RegisterWorkerRequest{Handlers: []engine.HandlerMatch{{}}})
	if err != nil {
		r.fail(err)
		return
	}
	deadline := time.Now().Add(patience)
	for done := false; !done && err == nil && !r.failed.Load(); {
		if time.Now().After(deadline) {
			r.fail(errors.New("the tasks do not end"))
			return
		}
		var reply engine.ClaimStepsReply
		if reply, err = e.ClaimSteps(ctx(), engine.ClaimStepsRequest{WorkerID: info.WorkerID, Limit: 1 + dice.IntN(3)}); err != nil {
			break
		}
		if err = r.runAll(e, reply.Steps, dice); err != nil {
			break
		}
		if len(reply.Steps) == 0 {
			r.Clock.Advance(2 * r.survey)
			if err = e.Tick(ctx(), true); err == nil {
				done, err = r.ended(e)
			}
		}
	}
	if err != nil {
		r.fail(fmt.Errorf("a worker of ours: %w", err))
	}
}

// runAll runs claimed steps and reports them.
func (r *race) runAll(e *engine.Engine, steps []engine.ClaimedStep, dice *rand.Rand) error {
	for _, step := range steps {
		r.note(step.StepID)
		outcome := engine.Outcome{StepID: step.StepID, Epoch: step.Epoch, Status: "complete"}
		if dice.IntN(4) == 0 {
			at := 0
			outcome.Status, outcome.RetryAfterSeconds = "error", &at
		}
		reply, err := e.ReportSteps(ctx(), engine.ReportStepsRequest{Outcomes: []engine.Outcome{outcome}})
		if err != nil {
			return err
		}
		switch verdict := reply.Verdicts[0].Verdict; verdict {
		case "recorded":
		case "conflict":
			r.conflicts.Add(1)
		default:
			return fmt.Errorf("step %d got the verdict %s", step.StepID, verdict)
		}
	}
	return nil
}

// ended reports whether the Rails engine has stopped and every task is complete.
func (r *race) ended(e *engine.Engine) (bool, error) {
	if !r.over.Load() {
		return false, nil
	}
	reply, err := e.ListContexts(ctx(), engine.ContextsRequest{TaskIDs: r.tasks})
	for _, task := range reply.Items {
		if task.Status != "complete" {
			return false, err
		}
	}
	return true, err
}

// check looks at what is left: the lab's own end holds the invariants.
func (r *race) check() {
	r.t.Helper()
	rows, err := r.admin().Query(context.Background(), `SELECT s.workflow_step_id, count(*) FILTER (WHERE h.to_state = 'in_progress'),
		count(*) FILTER (WHERE h.to_state = 'complete') FROM tasker_workflow_steps s
		LEFT JOIN tasker_workflow_step_transitions h ON h.workflow_step_id = s.workflow_step_id GROUP BY 1`)
	require.NoError(r.t, err)
	var id int64
	var begun, complete, seen int
	_, err = pgx.ForEachRow(rows, []any{&id, &begun, &complete}, func() error {
		seen++
		require.Equal(r.t, 1, complete, "step %d", id)
		require.Equal(r.t, r.runs[id], begun, "step %d: each row that opens an attempt stands for one run of a handler", id)
		return nil
	})
	require.NoError(r.t, err)
	require.Equal(r.t, len(r.steps), seen)
	r.t.Logf("%d outcomes of ours met a foreign move", r.conflicts.Load())
}
