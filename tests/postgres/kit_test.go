package postgres_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/store/postgres"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

// at is when everything in these tests happens.
var at = workflow.At(testdb.Start)

// patience bounds what must not hang. It is never waited for.
const patience = 30 * time.Second

// kit is a store on a database of its own, with a task in it.
type kit struct {
	*postgres.Store
	t      *testing.T
	ctx    context.Context
	url    string
	task   int64
	steps  []int64
	routes []int64
	named  workflow.NamedTask
}

// newKit opens a store and stores a task with n steps and the edges given as
// pairs of positions.
func newKit(t *testing.T, n int, edges ...[2]int) *kit {
	t.Helper()
	return newKitOn(t, testdb.RecycledDatabase(t), n, edges...)
}

func newKitOn(t *testing.T, url string, n int, edges ...[2]int) *kit {
	t.Helper()
	k := &kit{Store: testdb.OpenPostgres(t, url), t: t, ctx: t.Context(), url: url}
	k.add("first", n, edges...)
	return k
}

// add stores another task; the kit's fields are of the last.
func (k *kit) add(name string, n int, edges ...[2]int) {
	k.t.Helper()
	install := store.NamedTaskInstall{
		Key: store.NamedTaskKey{Namespace: "shop", Name: name, Version: "1.0.0"}, Configuration: workflow.JSON(`{}`), At: at,
	}
	for i := range n {
		install.Steps = append(install.Steps, store.RouteInstall{StepName: fmt.Sprintf("%s-%d", name, i), System: "default"})
	}
	k.routes = nil
	k.write(k.ctx, func(tx store.Tx) error {
		named, routes, err := tx.NamedTaskInstall(k.ctx, install)
		if err != nil {
			return err
		}
		ids, err := tx.TaskInsert(k.ctx, []store.NewTask{k.newTask(named, "identity of "+name)})
		if err != nil {
			return err
		}
		k.task, k.named = ids[0], named
		var steps []store.NewStep
		for _, route := range routes {
			k.routes = append(k.routes, route.ID)
			steps = append(steps, store.NewStep{TaskID: k.task, NamedStepID: route.NamedStepID, Retryable: true, RetryLimit: 3, At: at})
		}
		if k.steps, err = tx.StepInsert(k.ctx, steps); err != nil {
			return err
		}
		var rows []store.NewEdge
		for _, e := range edges {
			rows = append(rows, store.NewEdge{From: k.steps[e[0]], To: k.steps[e[1]], At: at})
		}
		return tx.EdgeInsert(k.ctx, rows)
	})
}

func (k *kit) newTask(named workflow.NamedTask, hash string) store.NewTask {
	return store.NewTask{
		NamedTaskID: named.ID, NamespaceID: named.NamespaceID, RequestedAt: at, Context: workflow.JSON(`{"order":1}`),
		IdentityHash: hash, Concurrent: true, Open: 1, At: at,
	}
}

// write runs fn in a transaction that must commit.
func (k *kit) write(ctx context.Context, fn func(store.Tx) error) {
	k.t.Helper()
	require.NoError(k.t, k.Write(ctx, fn))
}

// move is a move of a step from whatever row is expected.
func move(step, expected int64, to ...workflow.State) store.Move {
	m := store.Move{OwnerID: step, ExpectedID: expected, From: workflow.Pending, At: at}
	for _, state := range to {
		m.Path = append(m.Path, store.Hop{To: state})
	}
	return m
}

// start moves a step to in_progress and returns the row.
func (k *kit) start(step int64) (epoch int64) {
	k.t.Helper()
	k.write(k.ctx, func(tx store.Tx) error {
		moved, err := tx.StepMove(k.ctx, []store.Move{move(step, 0, workflow.InProgress)})
		if err == nil {
			epoch = moved[0].TransitionID
		}
		return err
	})
	return epoch
}

// history returns the states a step went through.
func (k *kit) history(step int64) (states []workflow.State) {
	k.t.Helper()
	require.NoError(k.t, k.Read(k.ctx, func(r store.Reader) error {
		rows, err := r.StepTransitions(k.ctx, []int64{step})
		for _, row := range rows {
			states = append(states, row.To)
		}
		return err
	}))
	return states
}

// queue puts steps of the task into the claim queue.
func (k *kit) queue(steps ...int64) {
	k.t.Helper()
	var rows []workflow.ReadyStep
	for _, step := range steps {
		rows = append(rows, workflow.ReadyStep{StepID: step, TaskID: k.task, RouteID: k.routes[0], NamespaceID: k.named.NamespaceID, DueAt: at})
	}
	k.write(k.ctx, func(tx store.Tx) error { return tx.ReadyInsert(k.ctx, rows) })
}

// foreign is a session of somebody else's.
func (k *kit) foreign() *session {
	k.t.Helper()
	return &session{Conn: testdb.Connect(k.t, k.url), t: k.t}
}

type session struct {
	*pgx.Conn
	t *testing.T
}

func (s *session) do(text string, args ...any) {
	s.t.Helper()
	_, err := s.Exec(context.Background(), text, args...)
	require.NoError(s.t, err)
}

func (s *session) number(text string, args ...any) (n int64) {
	s.t.Helper()
	require.NoError(s.t, s.QueryRow(context.Background(), text, args...).Scan(&n))
	return n
}

// text asks for one value.
func (k *kit) text(question string) (answer string) {
	k.t.Helper()
	require.NoError(k.t, k.foreign().QueryRow(context.Background(), question).Scan(&answer))
	return answer
}

// waitForLock returns once so many sessions of this database wait for a lock.
func (s *session) waitForLock(sessions int64) {
	s.t.Helper()
	require.Eventually(s.t, func() bool {
		return s.number(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) >= sessions
	}, patience, time.Millisecond, "nobody waits for a lock")
}

// inBackground runs fn and returns where its answer will be.
func inBackground(fn func() error) <-chan error {
	answer := make(chan error, 1)
	go func() { answer <- fn() }()
	return answer
}

// awaited returns the answer, which must come.
func awaited(t *testing.T, answer <-chan error) error {
	t.Helper()
	select {
	case err := <-answer:
		return err
	case <-time.After(patience):
		require.Fail(t, "the call hangs")
		return nil
	}
}
