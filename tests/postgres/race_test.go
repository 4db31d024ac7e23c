package postgres_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/store/postgres"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

// TestALockOrderThatEndsInADeadlockIsTriedAgain uses the contract against its
// rules; no caller sees 40P01 even then.
func TestALockOrderThatEndsInADeadlockIsTriedAgain(t *testing.T) {
	t.Parallel()
	k := newKit(t, 1)
	one := k.task
	k.add("second", 1)
	two := k.task
	// Long enough that the server's check for deadlocks comes first.
	patient := testdb.OpenPostgres(t, k.url, func(o *postgres.Options) { o.LockTimeout = patience })
	var meet sync.WaitGroup
	meet.Add(2)
	once := [2]sync.Once{}
	lock := func(n int, first, second int64) func() error {
		return func() error {
			return patient.Write(k.ctx, func(tx store.Tx) error {
				if _, err := tx.TaskLock(k.ctx, []int64{first}); err != nil {
					return err
				}
				once[n].Do(func() { meet.Done(); meet.Wait() })
				_, err := tx.TaskLock(k.ctx, []int64{second})
				return err
			})
		}
	}
	a, b := inBackground(lock(0, one, two)), inBackground(lock(1, two, one))
	require.NoError(t, awaited(t, a))
	require.NoError(t, awaited(t, b))
}

func TestProcessesThatInstallOneTemplateAtOnceFindTheSame(t *testing.T) {
	t.Parallel()
	k := newKit(t, 1)
	names := map[bool][]string{true: {"a", "b", "c", "d"}, false: {"d", "c", "b", "a"}}
	var mu sync.Mutex // guards ids
	ids := map[int64]bool{}
	var all sync.WaitGroup
	for i := range 6 {
		all.Go(func() {
			install := store.NamedTaskInstall{
				Key:           store.NamedTaskKey{Namespace: "new", Name: "t", Version: "1.0.0"},
				Configuration: workflow.JSON(`{}`), At: at,
			}
			for _, name := range names[i%2 == 0] {
				install.Steps = append(install.Steps, store.RouteInstall{StepName: name, System: "system " + name})
			}
			err := k.Write(k.ctx, func(tx store.Tx) error {
				named, _, err := tx.NamedTaskInstall(k.ctx, install)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					ids[named.ID] = true
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	require.Len(t, ids, 1)
}

func TestOfTwoTasksWithOneIdentityTheSecondIsADuplicate(t *testing.T) {
	t.Parallel()
	k := newKit(t, 1)
	watcher := k.foreign()
	var second <-chan error
	insert := func(tx store.Tx, hashes ...string) error {
		var tasks []store.NewTask
		for _, hash := range hashes {
			tasks = append(tasks, k.newTask(k.named, hash))
		}
		_, err := tx.TaskInsert(k.ctx, tasks)
		return err
	}
	k.write(k.ctx, func(tx store.Tx) error {
		require.NoError(t, insert(tx, "x", "y"))
		second = inBackground(func() error {
			return k.Write(k.ctx, func(tx store.Tx) error { return insert(tx, "z", "y", "x") })
		})
		watcher.waitForLock(1)
		return nil
	})
	require.Equal(t, fault.Duplicate, fault.KindOf(awaited(t, second)))
}

func TestAWorkerThatClaimsCannotBeDeclaredDead(t *testing.T) {
	t.Parallel()
	k := newKit(t, 1)
	var worker int64
	k.write(k.ctx, func(tx store.Tx) (err error) {
		worker, err = tx.WorkerInsert(k.ctx, workflow.Worker{Name: "w", StartedAt: at, HeartbeatAt: at})
		return err
	})
	watcher := k.foreign()
	var sweep <-chan error
	k.write(k.ctx, func(tx store.Tx) error {
		alive, err := tx.WorkerHold(k.ctx, worker)
		require.True(t, alive)
		sweep = inBackground(func() error {
			return k.Write(k.ctx, func(tx store.Tx) error { return tx.WorkerDelete(k.ctx, []int64{worker}) })
		})
		watcher.waitForLock(1)
		return err
	})
	require.NoError(t, awaited(t, sweep))
	k.write(k.ctx, func(tx store.Tx) error {
		alive, err := tx.WorkerHold(k.ctx, worker)
		require.False(t, alive)
		return err
	})
}
