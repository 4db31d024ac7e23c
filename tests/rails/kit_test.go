package rails_test

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
	"github.com/tasker-systems/tasker-core-go/tests/factory"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

// patience bounds what must not hang. It is never waited for.
const patience = 30 * time.Second

// at is when everything is migrated.
var at = workflow.At(testdb.Start)

func ctx() context.Context { return context.Background() }

// scene is an engine of ours on a PostgreSQL database of its own, beside which
// the Rails engine works.
type scene struct {
	*factory.Lab
	t   *testing.T
	url string
}

func newScene(t *testing.T) *scene {
	t.Helper()
	return newSceneOn(t, testdb.PostgresDatabase(t))
}

func newSceneOn(t *testing.T, url string) *scene {
	t.Helper()
	grant(t, url)
	lab := factory.NewLab(t, func(t testing.TB, clock *testdb.Clock) store.Store {
		return testdb.OpenPostgres(t, url, testdb.WithPostgresClock(clock))
	})
	return &scene{Lab: lab, t: t, url: url}
}

// railsRole is whom the Rails engine works as: it has every right on the shared
// tables and none on ours. Roles belong to the whole server, so it stays.
const railsRole = "tasker_test_rails"

// grant makes the role and gives it the shared tables of a database.
func grant(t *testing.T, url string) {
	t.Helper()
	testdb.Execute(t, url, `DO $$ BEGIN
			CREATE ROLE `+railsRole+`;
		EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
		END $$`, `DO $$
		DECLARE found record;
		BEGIN
			FOR found IN SELECT c.oid::regclass AS name, c.relkind FROM pg_class c
				WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'v', 'S')
				AND c.relname LIKE 'tasker\_%' AND c.relname NOT LIKE 'tasker\_core\_%'
			LOOP
				EXECUTE format('GRANT ALL ON %s %s TO `+railsRole+`', CASE found.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, found.name);
			END LOOP;
		END $$`)
}

// connect opens a session of the Rails engine. It has PostgreSQL's own
// deadlock_timeout, a second, since the server of the tests has a much shorter
// one, by which the Rails engine could be the first to notice a deadlock.
func (s *scene) connect() *pgx.Conn {
	s.t.Helper()
	conn := testdb.Connect(s.t, s.url)
	for _, statement := range []string{"SET deadlock_timeout = '1s'", "SET TimeZone = 'UTC'", "SET ROLE " + railsRole} {
		_, err := conn.Exec(ctx(), statement)
		require.NoError(s.t, err)
	}
	return conn
}

// admin opens a session that may do everything.
func (s *scene) admin() *pgx.Conn {
	s.t.Helper()
	return testdb.Connect(s.t, s.url)
}

// number asks for one number.
func (s *scene) number(conn *pgx.Conn, text string, args ...any) (n int64) {
	s.t.Helper()
	require.NoError(s.t, conn.QueryRow(ctx(), text, args...).Scan(&n))
	return n
}

// querier is a session or a transaction.
type querier interface {
	Query(ctx context.Context, text string, args ...any) (pgx.Rows, error)
}

// dirty returns the tasks on the dirty list and empties it.
func (s *scene) dirty(q querier) []int64 {
	s.t.Helper()
	rows, err := q.Query(ctx(), `WITH gone AS (DELETE FROM tasker_core_dirty RETURNING task_id)
		SELECT DISTINCT task_id FROM gone ORDER BY 1`)
	require.NoError(s.t, err)
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	require.NoError(s.t, err)
	return ids
}

// mark puts a task on the dirty list.
func (s *scene) mark(task int64) {
	s.t.Helper()
	testdb.Execute(s.t, s.url, fmt.Sprintf("INSERT INTO tasker_core_dirty (task_id, created_at) VALUES (%d, now())", task))
}

// only opens a handle for the schema alone.
func only(o *postgres.Options) { o.Migrate = postgres.MigrateOnly }
