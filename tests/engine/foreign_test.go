package engine_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
	"github.com/tasker-systems/tasker-core-go/tests/invariant"
)

// foreignChange changes the columns of a step past the engine and marks its
// task as the triggers do.
func (k *kit) foreignChange(step int64, edit func(*store.StepChange)) {
	k.t.Helper()
	require.NoError(k.t, k.store.Write(ctx(), func(tx store.Tx) error {
		steps, err := tx.StepList(ctx(), []int64{step})
		if err != nil {
			return err
		}
		s := steps[0]
		c := store.StepChange{ID: s.ID, Retryable: s.Retryable, InProcess: s.InProcess, Processed: s.Processed,
			ProcessedAt: s.ProcessedAt, Attempts: s.Tries(), LastAttemptedAt: s.LastAttemptedAt,
			BackoffSeconds: s.BackoffSeconds, At: workflow.At(k.clock.Now())}
		edit(&c)
		if err := tx.StepChange(ctx(), []store.StepChange{c}); err != nil {
			return err
		}
		return tx.DirtyInsert(ctx(), []int64{s.TaskID}, c.At)
	}))
}

// foreignMark puts tasks on the dirty list as the triggers do.
func (k *kit) foreignMark(tasks ...int64) {
	k.t.Helper()
	require.NoError(k.t, k.store.Write(ctx(), func(tx store.Tx) error {
		return tx.DirtyInsert(ctx(), tasks, workflow.At(k.clock.Now()))
	}))
}

func TestADirtyTaskIsReconciledBeforeTheNextClaim(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(diamond)
	w, task := k.worker(), k.create("diamond")
	k.finish(k.claimOne(w))
	steps := k.steps(task)
	k.foreignMove(steps["left"].StepID, workflow.ResolvedManually)
	k.foreignMove(steps["right"].StepID, workflow.ResolvedManually)
	k.foreignMark(task)
	// No sweep has come by; the rows of left and right are still in the queue.
	require.Equal(t, "merge", k.claimOne(w).Name, "what the foreign writer made ready is claimed at once")
	invariant.Require(t, k.store)
}

func TestAClaimOfADirtyTaskTakesWhatIsLeftOfItsRows(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(diamond)
	w, task, other := k.worker(), k.create("diamond"), k.create("diamond")
	k.foreignChange(k.steps(task)["start"].StepID, func(c *store.StepChange) { c.Attempts = 1 })
	claimed := k.claim(w, 2)
	require.Len(t, claimed, 2, "the step may still run, and so may that of a task that nobody touched")
	require.ElementsMatch(t, []int64{task, other}, []int64{claimed[0].TaskID, claimed[1].TaskID})
	for _, step := range claimed {
		if step.TaskID == task {
			require.Equal(t, 2, step.Attempt)
		}
	}
	invariant.Require(t, k.store)
	require.NoError(t, k.store.Read(ctx(), func(r store.Reader) error {
		dirty, err := r.DirtyExists(ctx())
		require.False(t, dirty)
		return err
	}))
}

func TestAnOutcomeReconcilesItsDirtyTaskBeforeTheEndIsDecided(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(single(""))
	w, task := k.worker(), k.create("single")
	last := k.claimOne(w)
	require.NoError(t, k.store.Write(ctx(), func(tx store.Tx) error {
		steps, err := tx.StepList(ctx(), []int64{last.StepID})
		if err != nil {
			return err
		}
		_, err = tx.StepInsert(ctx(), []store.NewStep{{TaskID: task, NamedStepID: steps[0].NamedStepID, Retryable: true,
			RetryLimit: 3, At: workflow.At(k.clock.Now())}})
		return err
	}))
	k.foreignMark(task)
	require.Equal(t, workflow.InProgress, k.finish(last).TaskState, "by the counters no step is open any more")
	k.finish(k.claimOne(w))
	require.Equal(t, workflow.Complete, k.state(task))
	invariant.Require(t, k.store)
}

// The verdict said in_progress while the transaction completed the task.
func TestAReleaseTellsTheEndThatAForeignWriterGaveTheTask(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(single(""))
	w, task := k.worker(), k.create("single")
	step := k.claimOne(w)
	k.foreignMove(step.StepID, workflow.Complete)
	k.foreignMark(task)
	reply, err := k.ReleaseSteps(ctx(), engine.ReleaseStepsRequest{Steps: []engine.LeaseName{{StepID: step.StepID, Epoch: step.Epoch}}})
	require.NoError(t, err)
	require.Equal(t, "conflict", reply.Verdicts[0].Verdict)
	require.Equal(t, workflow.Complete, reply.Verdicts[0].TaskState)
	require.Equal(t, workflow.Complete, k.state(task))
	invariant.Require(t, k.store)
}

func TestRowsOfStepsThatAForeignWriterDeletedGo(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(diamond)
	w, task := k.worker(), k.create("diamond")
	const deleted = 1 << 40
	require.NoError(t, k.store.Write(ctx(), func(tx store.Tx) error {
		if err := tx.ReadyInsert(ctx(), []workflow.ReadyStep{{StepID: deleted, TaskID: task, RouteID: 1,
			DueAt: workflow.At(k.clock.Now())}}); err != nil {
			return err
		}
		return tx.LeaseInsert(ctx(), []workflow.Lease{{StepID: deleted + 1, TaskID: task, WorkerID: w,
			ClaimedAt: workflow.At(k.clock.Now()), DeadlineAt: workflow.At(k.clock.Now())}})
	}))
	k.foreignMark(task)
	require.Equal(t, "start", k.claimOne(w).Name)
	invariant.Require(t, k.store)
}

// The loser wrote the columns of the step as it had read them before.
func TestTheLoserOfARaceLeavesTheColumnsOfTheStepAlone(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(diamond)
	w, task := k.worker(), k.create("diamond")
	step := k.claimOne(w)
	at := workflow.At(k.clock.Now())
	racy := newKitOn(t, racyStore{k.store, func(c context.Context, tx store.Tx) error {
		if _, err := tx.StepMove(c, []store.Move{{OwnerID: step.StepID, ExpectedID: step.Epoch,
			Path: []store.Hop{{To: workflow.Complete}}, At: at}}); err != nil {
			return err
		}
		return tx.StepChange(c, []store.StepChange{{ID: step.StepID, Retryable: true, Processed: true, ProcessedAt: at,
			Attempts: 1, LastAttemptedAt: at, At: at}})
	}}, k.clock)
	require.Equal(t, "conflict", racy.report(failed(step))[0].Verdict)
	left := k.steps(task)["start"]
	require.Equal(t, workflow.Complete, left.State)
	require.Equal(t, 1, left.Attempts)
	invariant.Require(t, k.store)
}
