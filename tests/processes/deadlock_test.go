package processes_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/tests/invariant"
)

func TestNoCallerSeesALockHoweverTheProcessesCrossEachOther(t *testing.T) {
	onEach(t, nil, func(t *testing.T, s *scene) {
		processes, time := pick(3, 8), pick(4*time.Second, 2*time.Minute)
		s.register(prey()...)
		s.startAll(processes, order{Role: "hunt", Lanes: 4, Seed: 11})
		s.live(time)
		sum := tally{Calls: map[string]int{}, Verdicts: map[string]int{}, Errors: map[string]int{}}
		for _, told := range s.dismiss() {
			var one tally
			require.NoError(t, json.Unmarshal(told, &one), string(told))
			sum.add(one)
		}
		t.Logf("%d processes for %s: calls %v, verdicts %v, refused as they should be %v", processes, time, sum.Calls, sum.Verdicts, sum.Errors)
		require.Empty(t, sum.Unexpected)
		for _, wanted := range []string{"create", "claim", "report", "release", "cancel", "look", "heartbeat", "stop"} {
			require.Positive(t, sum.Calls[wanted], "no call of %s was made", wanted)
		}
		require.Positive(t, sum.Verdicts["report recorded"])
		require.Positive(t, sum.Verdicts["report superseded"]+sum.Verdicts["report already_recorded"], "no two reports met")
		invariant.Require(t, s.Store) // in the midst of life
		t.Logf("%d steps were left and finished", s.finish())
		s.drained()
		invariant.Require(t, s.Store)
	})
}

// add adds what another process tells.
func (t *tally) add(other tally) {
	for _, pair := range []struct{ to, from map[string]int }{{t.Calls, other.Calls}, {t.Verdicts, other.Verdicts}, {t.Errors, other.Errors}} {
		for key, n := range pair.from {
			pair.to[key] += n
		}
	}
	t.Unexpected = append(t.Unexpected, other.Unexpected...)
}

// live lets the processes work for a time.
func (s *scene) live(d time.Duration) {
	s.t.Helper()
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		s.watch()
	}
}

// finish runs what is left of all tasks, as one worker, and returns how many
// steps that were.
func (s *scene) finish() (steps int) {
	s.t.Helper()
	ctx, cancel := call()
	defer cancel()
	info, err := s.RegisterWorker(ctx, engine.RegisterWorkerRequest{Handlers: []engine.HandlerMatch{{}}})
	require.NoError(s.t, err)
	for end := time.Now().Add(patience()); ; {
		require.True(s.t, time.Now().Before(end), "what is left does not end")
		ctx, cancel := call()
		require.NoError(s.t, s.Sweep(ctx))
		reply, err := s.ClaimSteps(ctx, engine.ClaimStepsRequest{WorkerID: info.WorkerID, Limit: 500})
		require.NoError(s.t, err)
		if len(reply.Steps) == 0 && reply.NextDue.IsZero() {
			cancel()
			break
		}
		request := engine.ReportStepsRequest{}
		for _, step := range reply.Steps {
			request.Outcomes = append(request.Outcomes, engine.Outcome{StepID: step.StepID, Epoch: step.Epoch, Status: "complete"})
		}
		if len(request.Outcomes) > 0 {
			_, err = s.ReportSteps(ctx, request)
			require.NoError(s.t, err)
		}
		steps += len(reply.Steps)
		cancel()
	}
	_, err = s.StopWorker(ctx, engine.StopWorkerRequest{WorkerID: info.WorkerID})
	require.NoError(s.t, err)
	return steps
}
