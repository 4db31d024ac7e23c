package postgres_test

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/store/postgres"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

// worker is a worker to be stored.
func worker(name string) workflow.Worker {
	return workflow.Worker{Name: name, StartedAt: at, HeartbeatAt: at}
}

// register stores a worker, as the shortest write there is.
func (k *kit) register(ctx context.Context, name string) error {
	return k.Write(ctx, func(tx store.Tx) error {
		_, err := tx.WorkerInsert(ctx, worker(name))
		return err
	})
}

func (k *kit) workers() (names []string) {
	k.t.Helper()
	require.NoError(k.t, k.Read(k.ctx, func(r store.Reader) error {
		workers, err := r.WorkerList(k.ctx)
		for _, w := range workers {
			names = append(names, w.Name)
		}
		return err
	}))
	return names
}

// told checks what an error shows to the host: its kind, something to do, and
// no secrets.
func told(t *testing.T, err error, kind fault.Kind) *fault.Error {
	t.Helper()
	var shown *fault.Error
	require.ErrorAs(t, err, &shown)
	require.Equal(t, kind, shown.Kind, err)
	require.NotEmpty(t, shown.Remedy, err)
	for _, secret := range []string{"s3cret", "SELECT", "INSERT", "UPDATE", "tasker_core_workers"} {
		require.NotContains(t, shown.Message+shown.Remedy, secret)
	}
	return shown
}

func TestAServerThatCannotBeReachedIsUnavailable(t *testing.T) {
	t.Parallel()
	for _, location := range []string{
		"postgres://tasker:s3cret@127.0.0.1:1/tasker", "postgres:///tasker?host=" + t.TempDir(),
		"postgres://tasker:s3cret@127.0.0.1:1,127.0.0.1:2/tasker",
	} {
		_, err := postgres.Open(t.Context(), postgres.Options{URL: location})
		_ = told(t, err, fault.Unavailable)
		require.NotContains(t, err.Error(), "s3cret", "not even in the log")
	}
}

func TestAServerThatSaysNothingIsGivenUpAtTheDeadline(t *testing.T) {
	t.Parallel()
	socket := filepath.Join(t.TempDir(), ".s.PGSQL.5432")
	listener, err := net.Listen("unix", socket) // accepts by itself, answers never
	require.NoError(t, err)
	defer listener.Close()
	short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err = postgres.Open(short, postgres.Options{URL: "postgres://tasker@/tasker?host=" + filepath.Dir(socket)})
	_ = told(t, err, fault.Timeout)
}

func TestAURLThatCannotBeReadIsAnInvalidRequest(t *testing.T) {
	t.Parallel()
	for _, location := range []string{"postgres://u:s3cret@host:port/d", "mysql://x", "postgres://h/d?sslmode=perhaps"} {
		_, err := postgres.Open(t.Context(), postgres.Options{URL: location})
		_ = told(t, err, fault.InvalidRequest)
		require.NotContains(t, err.Error(), "s3cret")
	}
	_, err := postgres.Open(t.Context(), postgres.Options{})
	require.Equal(t, fault.InvalidRequest, fault.KindOf(err))
	_, err = postgres.Open(t.Context(), postgres.Options{URL: "postgres://h/d", Migrate: "perhaps"})
	require.Equal(t, fault.InvalidRequest, fault.KindOf(err))
}

func TestADatabaseThatDoesNotExistIsUnavailable(t *testing.T) {
	t.Parallel()
	location := strings.Replace(testdb.EmptyPostgresDatabase(t), "/tasker_test", "/no_such", 1)
	_, err := postgres.Open(t.Context(), postgres.Options{URL: location})
	_ = told(t, err, fault.Unavailable)
}

func TestARoleWithoutRightsIsToldSo(t *testing.T) {
	t.Parallel()
	location := testdb.PostgresDatabase(t)
	testdb.Execute(t, location, `DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'tasker_nobody') THEN
		CREATE ROLE tasker_nobody LOGIN; END IF; END $$`)
	_, err := postgres.Open(t.Context(), postgres.Options{URL: withParameter(t, location, "user", "tasker_nobody")})
	_ = told(t, err, fault.Permission)
}

func TestAnUnmigratedDatabaseIsToldFromANewerOne(t *testing.T) {
	t.Parallel()
	location := testdb.EmptyPostgresDatabase(t)
	_, err := postgres.Open(t.Context(), postgres.Options{URL: location})
	_ = told(t, err, fault.Unmigrated)
	bare := testdb.OpenPostgres(t, location, only)
	err = bare.Read(t.Context(), func(store.Reader) error { return nil })
	_ = told(t, err, fault.Unmigrated)

	migrated := testdb.PostgresDatabase(t)
	testdb.Execute(t, migrated, "INSERT INTO tasker_core_migrations VALUES (99, 'future', '2026-01-01 00:00:00.000000', 'a later library')")
	for _, mode := range []string{postgres.MigrateAuto, postgres.MigrateCheck} {
		_, err = postgres.Open(t.Context(), postgres.Options{URL: migrated, Migrate: mode})
		_ = told(t, err, fault.IncompatibleSchema)
	}
}

func TestTablesThatVanishUnderAnOpenStoreAreToldAsUnmigrated(t *testing.T) {
	t.Parallel()
	k := newKitOn(t, testdb.PostgresDatabase(t), 1)
	k.foreign().do("DROP TABLE tasker_core_workers")
	_ = told(t, k.register(k.ctx, "w"), fault.Unmigrated)
}

func TestAReadOnlyDatabaseCanBeReadAndToldFromOthers(t *testing.T) {
	t.Parallel()
	location := testdb.PostgresDatabase(t)
	testdb.Execute(t, location, "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database()); END $$")
	k := &kit{Store: testdb.OpenPostgres(t, location), t: t, ctx: t.Context(), url: location}
	require.Empty(t, k.workers())
	shown := told(t, k.register(k.ctx, "w"), fault.Unavailable)
	require.Contains(t, shown.Message, "read-only")
}

func TestACallThatFindsAllConnectionsInUseIsToldSo(t *testing.T) {
	t.Parallel()
	k := newKit(t, 1)
	small := testdb.OpenPostgres(t, k.url, func(o *postgres.Options) { o.MaxConnections = 1 })
	require.NoError(t, small.Write(k.ctx, func(store.Tx) error {
		short, cancel := context.WithTimeout(k.ctx, 50*time.Millisecond)
		defer cancel()
		shown := told(t, small.Read(short, func(store.Reader) error { return nil }), fault.Timeout)
		require.Contains(t, shown.Message, "all connections were in use")
		return nil
	}))
}

func TestAStatementThatRunsTooLongIsEndedByTheServer(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(testing.TB, string, ...testdb.PostgresOption) *postgres.Store{
		"direct": testdb.OpenPostgres,
		"pooler": func(t testing.TB, location string, options ...testdb.PostgresOption) *postgres.Store {
			return testdb.OpenPostgres(t, testdb.ThroughPooler(t, location),
				append(options, func(o *postgres.Options) { o.Pooler = true })...)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newKit(t, 1)
			hasty := open(t, k.url, func(o *postgres.Options) {
				o.StatementTimeout, o.LockTimeout = 50*time.Millisecond, patience
			})
			holder := k.holdRow()
			err := hasty.Write(k.ctx, func(tx store.Tx) error {
				return tx.StepChange(k.ctx, []store.StepChange{{ID: k.steps[0], At: at}})
			})
			_ = told(t, err, fault.Timeout)
			holder.do("ROLLBACK")
		})
	}
}

// through opens the kit's database behind a proxy. It tells the store of a
// pooler so that each commit is a text in the stream.
func (k *kit) through(p *proxy) *kit {
	other := *k
	other.Store = testdb.OpenPostgres(k.t, p.url, func(o *postgres.Options) { o.Pooler = true })
	return &other
}

func TestAConnectionLostDuringTheCommitLeavesTheOutcomeOpenAndSaysSo(t *testing.T) {
	t.Parallel()
	for sentence, c := range map[string]struct {
		delivered bool
		stored    []string
	}{"before the server saw it": {false, nil}, "after the server did it": {true, []string{"w"}}} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			k := newKit(t, 1)
			p := newProxy(t, k.url)
			behind := k.through(p)
			p.loseCommit(c.delivered)
			runs := 0
			err := behind.Write(k.ctx, func(tx store.Tx) error {
				runs++
				_, err := tx.WorkerInsert(k.ctx, worker("w"))
				return err
			})
			shown := told(t, err, fault.Unavailable)
			require.Equal(t, true, shown.Details["outcome_unknown"])
			require.True(t, fault.Retryable(err))
			require.Equal(t, 1, runs, "never repeated behind the caller's back")
			require.Equal(t, c.stored, k.workers())
			require.NoError(t, behind.register(k.ctx, "next"), "the store goes on")
		})
	}
}

func TestADeadlineDuringTheCommitLeavesTheOutcomeOpenAndSaysSo(t *testing.T) {
	t.Parallel()
	k := newKit(t, 1)
	p := newProxy(t, k.url)
	behind := k.through(p)
	ending, cancel := context.WithCancel(k.ctx)
	lose := func(piece []byte) (bool, bool) {
		if isCommit(piece) {
			cancel()
			time.Sleep(20 * time.Millisecond) // the piece stays with us meanwhile
		}
		return false, false
	}
	p.lose.Store(&lose)
	shown := told(t, behind.register(ending, "w"), fault.Timeout)
	require.Equal(t, true, shown.Details["outcome_unknown"])
}

func TestATransactionWhoseConnectionBreaksBeforeTheCommitRunsAgain(t *testing.T) {
	t.Parallel()
	k := newKit(t, 1)
	killer := k.foreign()
	runs := 0
	k.write(k.ctx, func(tx store.Tx) error {
		runs++
		if _, err := tx.WorkerInsert(k.ctx, worker("w")); err != nil {
			return err
		}
		if runs == 1 {
			killer.do("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
		}
		_, err := tx.WorkerList(k.ctx)
		return err
	})
	require.Equal(t, 2, runs)
	require.Equal(t, []string{"w"}, k.workers())
}

func TestAStoreWhoseServerWasAwayWorksAgain(t *testing.T) {
	t.Parallel()
	k := newKit(t, 1)
	p := newProxy(t, k.url)
	behind := k.through(p)
	require.NoError(t, behind.register(k.ctx, "before"))
	away := func([]byte) (bool, bool) { return true, false }
	p.lose.Store(&away)
	p.cutAll()
	_ = told(t, behind.register(k.ctx, "meanwhile"), fault.Unavailable)
	p.lose.Store(nil)
	require.NoError(t, behind.register(k.ctx, "after"))
	require.Equal(t, []string{"before", "after"}, k.workers())
}

func TestAFailureThatTheFunctionHidesFailsTheWriteAllTheSame(t *testing.T) {
	t.Parallel()
	k := newKit(t, 1)
	err := k.Write(k.ctx, func(tx store.Tx) error {
		_, _ = tx.WorkerInsert(k.ctx, worker("w"))
		_, _ = tx.TaskInsert(k.ctx, []store.NewTask{k.newTask(k.named, "identity of first")})
		return nil
	})
	require.Equal(t, fault.Duplicate, fault.KindOf(err))
	require.Empty(t, k.workers())
}

func TestAWriteThatOnlyPlannedFailsWithTheCommit(t *testing.T) {
	t.Parallel()
	k := newKit(t, 1)
	lease := workflow.Lease{StepID: k.steps[0], TaskID: k.task, ClaimedAt: at, DeadlineAt: at}
	err := k.Write(k.ctx, func(tx store.Tx) error { return tx.LeaseInsert(k.ctx, []workflow.Lease{lease, lease}) })
	require.Equal(t, fault.Conflict, fault.KindOf(err))
}

func TestWhatJSONBRefusesIsAnInvalidRequest(t *testing.T) {
	t.Parallel()
	k := newKit(t, 1)
	for _, value := range []string{`{"a":"\u0000"}`, `{"a":"\ud800"}`, `{"a":`, `{"a":1e999999}`} {
		err := k.Write(k.ctx, func(tx store.Tx) error {
			return tx.StepChange(k.ctx, []store.StepChange{{ID: k.steps[0], Results: workflow.JSON(value), At: at}})
		})
		require.Equal(t, fault.InvalidRequest, fault.KindOf(err), value)
	}
}

func TestAnErrorOfTheFunctionIsReturnedAsItIs(t *testing.T) {
	t.Parallel()
	k := newKit(t, 1)
	refused := errors.New("refused")
	var runs atomic.Int32
	err := k.Write(k.ctx, func(store.Tx) error { runs.Add(1); return refused })
	require.Equal(t, refused, err)
	require.EqualValues(t, 1, runs.Load())
}
