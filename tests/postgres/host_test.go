package postgres_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store/postgres"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

// TestAURLOfSeveralHostsFindsTheOneThatAnswers has a dead host in front; the
// listening connection goes by the same list.
func TestAURLOfSeveralHostsFindsTheOneThatAnswers(t *testing.T) {
	t.Parallel()
	location := testdb.RecycledDatabase(t)
	parsed, err := url.Parse(location)
	require.NoError(t, err)
	query := parsed.Query()
	several := withParameter(t, withParameter(t, location, "host", t.TempDir()+","+query.Get("host")),
		"port", query.Get("port")+","+query.Get("port"))
	several = withParameter(t, several, "target_session_attrs", "read-write")
	opened := testdb.OpenPostgres(t, several, listening)
	hears(t, opened)
	k := &kit{Store: opened, t: t, ctx: t.Context(), url: location}
	require.NoError(t, k.register(k.ctx, "w"))
	require.Equal(t, []string{"w"}, k.workers())
}

// TestOptionsOfTLSReachTheDriver sees each by what the driver says of it.
func TestOptionsOfTLSReachTheDriver(t *testing.T) {
	t.Parallel()
	for option, says := range map[string]string{
		"sslmode=verify-full&sslrootcert=/no/such/root.crt":     "root.crt",
		"sslmode=require&sslcert=/no/such/client.crt":           "sslcert",
		"sslmode=require&sslcert=/no/a.crt&sslkey=/no/a.key":    "a.crt",
		"sslmode=verify-ca&sslrootcert=/no/such/other-root.crt": "other-root.crt",
	} {
		_, err := postgres.Open(t.Context(), postgres.Options{URL: "postgres://h/d?" + option})
		require.Equal(t, fault.InvalidRequest, fault.KindOf(err), option)
		require.ErrorContains(t, err, says, option)
	}
}
