package oracle_test

import (
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/store/postgres"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

// warmStores are PostgreSQL stores that stay open from one sequence to the next:
// new sessions would parse and plan nearly every statement of a sequence for the
// first time. A store keeps nothing of the rows, so a sequence sees none of
// another's.
type warmStores struct {
	t    testing.TB // whose end closes them
	mu   sync.Mutex // guards idle
	idle []*warmStore
}

// warmStore is one of them with the clock of its present sequence.
type warmStore struct {
	store.Store
	clock atomic.Pointer[testdb.Clock]
	clean *pgx.Conn // empties the tables
}

// open lends an empty store to a sequence.
func (w *warmStores) open(t testing.TB, clock *testdb.Clock) store.Store {
	lent := w.take()
	if lent == nil {
		lent = w.add()
	}
	lent.clock.Store(clock)
	t.Cleanup(func() {
		require.NoError(t, testdb.EmptyTablesOver(lent.clean))
		w.give(lent)
	})
	return lent
}

func (w *warmStores) add() *warmStore {
	location := testdb.PostgresDatabase(w.t)
	added := &warmStore{clean: testdb.Connect(w.t, location)}
	added.Store = testdb.OpenPostgres(w.t, planOnce(w.t, location), func(o *postgres.Options) {
		o.Clock = func() time.Time { return added.clock.Load().Now() }
	})
	return added
}

// planOnce has the sessions of a URL plan each statement once: with so few rows
// any plan will do, and making one takes longer than to run it.
func planOnce(t testing.TB, location string) string {
	parsed, err := url.Parse(location)
	require.NoError(t, err)
	query := parsed.Query()
	query.Set("plan_cache_mode", "force_generic_plan")
	parsed.RawQuery = query.Encode()
	return parsed.String()
}

func (w *warmStores) take() *warmStore {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.idle) == 0 {
		return nil
	}
	last := w.idle[len(w.idle)-1]
	w.idle = w.idle[:len(w.idle)-1]
	return last
}

func (w *warmStores) give(back *warmStore) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.idle = append(w.idle, back)
}
