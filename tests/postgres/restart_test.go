package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
	"github.com/tasker-systems/tasker-core-go/tests/invariant"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

// callMax is the deadline of each call here, and callSlack what a call may take
// beyond it on a busy machine: it is there to notice calls that hang.
const (
	callMax   = 5 * time.Second
	callSlack = 10 * time.Second
)

// ledger is what callers did and were told while their server went away again
// and again.
type ledger struct {
	t *testing.T

	mu       sync.Mutex // guards the fields below
	runs     map[int64]int
	acked    map[int64]string // the result of each step that was recorded
	twice    []int64          // steps recorded a second time
	repeated int              // verdicts that came with a repeat
	open     int              // calls that ended with an outcome that is unknown
	failed   int              // calls that ended otherwise
}

func newLedger(t *testing.T) *ledger {
	return &ledger{t: t, runs: map[int64]int{}, acked: map[int64]string{}}
}

// call makes one call and checks how it ends: in time, and if it fails, with a
// code that allows the same call again.
func (l *ledger) call(once func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), callMax)
	defer cancel()
	began := time.Now()
	err := once(ctx)
	if took := time.Since(began); took > callMax+callSlack {
		l.t.Errorf("a call with %v took %v", callMax, took)
	}
	if err == nil {
		return nil
	}
	if kind := fault.KindOf(err); (kind != fault.Unavailable && kind != fault.Timeout) || !fault.Retryable(err) {
		l.t.Errorf("a call ended with %v, which is not to be repeated: %v", kind, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	var told *fault.Error
	if errors.As(err, &told); told.Details["outcome_unknown"] == true {
		l.open++
	} else {
		l.failed++
	}
	return err
}

// persist repeats a call until it is answered, and returns how often it was made.
func (l *ledger) persist(call func(context.Context) error) (times int) {
	for end := time.Now().Add(4 * patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		times++
		if l.call(call) == nil {
			return times
		}
	}
	l.t.Error("a call was repeated in vain")
	return times
}

// run is a handler: it notes the run and returns a result that no other run has.
func (l *ledger) run(step engine.ClaimedStep) engine.Outcome {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.runs[step.StepID]++
	return engine.Outcome{StepID: step.StepID, Epoch: step.Epoch, Status: "complete",
		Results: workflow.JSON(fmt.Sprintf(`{"run":"%d of %d in %d"}`, l.runs[step.StepID], step.StepID, step.Epoch))}
}

// ack notes what became of outcomes.
func (l *ledger) ack(outcomes []engine.Outcome, verdicts []engine.Verdict, times int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, v := range verdicts {
		if v.Verdict != "recorded" && (v.Verdict != "already_recorded" || times == 1) {
			l.t.Errorf("step %d: %s at call %d", v.StepID, v.Verdict, times)
		}
		if v.Verdict == "already_recorded" {
			l.repeated++
		}
		if l.acked[v.StepID] != "" {
			l.twice = append(l.twice, v.StepID)
		}
		l.acked[v.StepID] = string(outcomes[i].Results)
	}
}

func (l *ledger) done() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.acked)
}

// lost returns how many calls ended with an outcome that is unknown, and how many
// failed otherwise.
func (l *ledger) lost() (open, failed int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.open, l.failed
}

// work claims and reports until the steps are all done: an outcome at a time, as
// many callers do, so that they share groups.
func (l *ledger) work(e *engine.Engine, worker int64, steps int) {
	for end := time.Now().Add(4 * patience); l.done() < steps && time.Now().Before(end); {
		var claimed engine.ClaimStepsReply
		if l.call(func(ctx context.Context) (err error) {
			claimed, err = e.ClaimSteps(ctx, engine.ClaimStepsRequest{WorkerID: worker, Limit: 2, WaitMS: 100})
			return err
		}) != nil {
			time.Sleep(10 * time.Millisecond)
		}
		for _, step := range claimed.Steps {
			outcomes := []engine.Outcome{l.run(step)}
			var reply engine.ReportStepsReply
			times := l.persist(func(ctx context.Context) (err error) {
				reply, err = e.ReportSteps(ctx, engine.ReportStepsRequest{Outcomes: outcomes})
				return err
			})
			l.ack(outcomes, reply.Verdicts, times)
		}
	}
}

// create makes tasks one by one; each that is asked for again is the same.
func (l *ledger) create(e *engine.Engine, prefix string, tasks int) {
	for n := range tasks {
		l.persist(func(ctx context.Context) error {
			_, err := e.CreateTask(ctx, engine.CreateTaskRequest{NewTask: engine.NewTask{Name: "line", Context: workflow.JSON(`{"n":1}`),
				IdentityStrategy: "key", IdentityKey: fmt.Sprintf("%s %d", prefix, n)}})
			return err
		})
		time.Sleep(5 * time.Millisecond)
	}
}

const line = `{"name": "line", "step_templates": [{"name": "a"}, {"name": "b", "depends_on_step": "a"}, {"name": "c", "depends_on_step": "b"}]}`

// TestAServerThatIsRestartedInMidCommitLosesNothingAndRecordsNothingTwice has two
// engines whose callers create, claim and report while the server is stopped at
// once, again and again: at times while commits have taken effect and wait to be
// answered, at times wherever the transactions happen to be. Each caller repeats
// what was not answered.
func TestAServerThatIsRestartedInMidCommitLosesNothingAndRecordsNothingTwice(t *testing.T) {
	t.Parallel()
	const engines, callers, tasks, steps, restarts = 2, 4, 40, 3 * 40, 4
	cluster := testdb.NewPostgresCluster(t)
	l := newLedger(t)
	var all sync.WaitGroup
	for n := range engines {
		e := openEngine(t, cluster.URL, nil).Cases()
		_, err := e.RegisterTemplate(t.Context(), engine.RegisterTemplateRequest{Template: workflow.JSON(line)})
		require.NoError(t, err)
		info, err := e.RegisterWorker(t.Context(), engine.RegisterWorkerRequest{Handlers: []engine.HandlerMatch{{}}})
		require.NoError(t, err)
		all.Go(func() { l.create(e, fmt.Sprint(n), tasks/engines) })
		for range callers {
			all.Go(func() { l.work(e, info.WorkerID, steps) })
		}
	}
	for n := range restarts {
		require.Eventually(t, func() bool { return l.done() >= (n+1)*steps/(restarts+2) }, 2*patience, time.Millisecond)
		if n%2 == 0 {
			watcher := &session{testdb.Connect(t, cluster.URL), t}
			cluster.HoldCommits()
			require.Eventually(t, func() bool {
				return watcher.number("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'") >= 2
			}, patience, time.Millisecond, "no commits under way")
		}
		cluster.Stop()
		cluster.Start()
	}
	all.Wait()
	open, failed := l.lost()
	t.Logf("%d calls with an unknown outcome, %d others that failed, %d answers to repeats", open, failed, l.repeated)
	require.Positive(t, open, "the restarts hit commits")
	l.audit(cluster.URL, tasks, steps)
}

// audit compares the ledger with the database.
func (l *ledger) audit(location string, tasks, steps int) {
	l.t.Helper()
	require.Empty(l.t, l.twice, "steps recorded twice")
	require.Len(l.t, l.acked, steps)
	for step, runs := range l.runs {
		require.Equal(l.t, 1, runs, "step %d", step)
	}
	asker := &session{testdb.Connect(l.t, location), l.t}
	require.EqualValues(l.t, tasks, asker.number("SELECT count(*) FROM tasker_tasks WHERE complete"))
	require.EqualValues(l.t, tasks, asker.number("SELECT count(*) FROM tasker_tasks"), "none was made twice")
	require.Zero(l.t, asker.number("SELECT count(*) FROM tasker_core_leases"))
	require.EqualValues(l.t, steps, asker.number("SELECT count(*) FROM tasker_workflow_step_transitions WHERE to_state = 'complete'"))
	require.EqualValues(l.t, steps, asker.number("SELECT count(*) FROM tasker_workflow_steps WHERE attempts = 1"))
	for step, result := range l.acked {
		require.EqualValues(l.t, 1, asker.number("SELECT count(*) FROM tasker_workflow_steps WHERE workflow_step_id = $1 AND results = $2::text::jsonb",
			step, result), "step %d has another result than %s", step, result)
	}
	invariant.Require(l.t, testdb.OpenPostgres(l.t, location))
}
