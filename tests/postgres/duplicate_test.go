package postgres_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

// heldStore holds every write transaction before its commit.
type heldStore struct {
	store.Store
	entered, gate chan struct{}
}

func (s heldStore) Write(c context.Context, fn func(store.Tx) error) error {
	return s.Store.Write(c, func(tx store.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		s.entered <- struct{}{}
		<-s.gate
		return nil
	})
}

// created is the answer to a creation on its way.
type created struct {
	reply engine.CreateTaskReply
	err   error
}

func createInBackground(t *testing.T, e *engine.Engine, r engine.CreateTaskRequest) <-chan created {
	answer := make(chan created, 1)
	go func() {
		reply, err := e.CreateTask(t.Context(), r)
		answer <- created{reply, err}
	}()
	return answer
}

// The loser of a race for an identity key was told "duplicate" without the task
// that exists.
func TestTheLoserOfARaceForAnIdentityGetsTheTaskOfTheWinner(t *testing.T) {
	t.Parallel()
	for _, onDuplicate := range []string{"existing", "error"} {
		t.Run(onDuplicate, func(t *testing.T) {
			t.Parallel()
			k := newKit(t, 1)
			loser := newEngine(t, testdb.OpenPostgres(t, k.url))
			single(t, loser)
			held := heldStore{k.Store, make(chan struct{}), make(chan struct{})}
			first := createInBackground(t, newEngine(t, held), newSingle("order 1"))
			<-held.entered
			request := newSingle("order 1")
			request.OnDuplicate = onDuplicate
			second := createInBackground(t, loser, request)
			k.foreign().waitForLock(1)
			held.gate <- struct{}{}
			winner, lost := <-first, <-second
			require.NoError(t, winner.err)
			require.False(t, winner.reply.Duplicate)
			if onDuplicate == "error" {
				require.Equal(t, winner.reply.TaskID, told(t, lost.err, fault.Duplicate).Details["task_id"])
				return
			}
			require.NoError(t, lost.err)
			require.Equal(t, engine.CreatedTask{TaskID: winner.reply.TaskID, Duplicate: true}, lost.reply.CreatedTask)
		})
	}
}
