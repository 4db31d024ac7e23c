package postgres_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/tasker-systems/tasker-core-go/core/store/postgres"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

func listening(o *postgres.Options) { o.Listen = true }

// hears waits for a hint.
func hears(t *testing.T, s *postgres.Store) {
	t.Helper()
	select {
	case <-s.Changes():
	case <-time.After(patience):
		require.Fail(t, "nothing was heard")
	}
}

func TestACommitIsHeardByOtherStoresAndNotByItsOwn(t *testing.T) {
	t.Parallel()
	url := testdb.RecycledDatabase(t)
	k := &kit{Store: testdb.OpenPostgres(t, url, listening), t: t, ctx: t.Context(), url: url}
	hears(t, k.Store)                               // the first hint: it listens now
	other := testdb.OpenPostgres(t, url, listening) // later, or it may hear the greeting of the first and answer
	hears(t, other)
	k.add("first", 1)
	hears(t, other)
	select {
	case <-k.Changes():
		require.Fail(t, "it heard itself")
	default:
	}
}

func TestAListenerWhoseConnectionBreaksListensAgain(t *testing.T) {
	t.Parallel()
	k := newKit(t, 1)
	other := testdb.OpenPostgres(t, k.url, listening)
	hears(t, other)
	k.foreign().do("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'tasker_core_%'")
	hears(t, other) // what may have happened meanwhile
	teller := &kit{Store: testdb.OpenPostgres(t, k.url, listening), t: t, ctx: t.Context(), url: k.url}
	hears(t, teller.Store)
	teller.add("second", 1)
	hears(t, other)
}

// TestNobodyIsNotifiedWhileNobodyElseListens has an eavesdropper, whom no engine
// takes for one.
func TestNobodyIsNotifiedWhileNobodyElseListens(t *testing.T) {
	t.Parallel()
	url := testdb.RecycledDatabase(t)
	k := &kit{Store: testdb.OpenPostgres(t, url, listening), t: t, ctx: t.Context(), url: url}
	hears(t, k.Store)
	eavesdropper := k.foreign()
	channel := k.text("SELECT split_part(application_name, ' ', 1) FROM pg_stat_activity " +
		"WHERE datname = current_database() AND application_name LIKE 'tasker_core_%'")
	eavesdropper.do("LISTEN " + channel)
	told := func(s *postgres.Store, name string) int64 { return describe(t, s)["notifications_"+name].(int64) }
	for n, name := range []string{"asked", "known", "known again"} {
		k.add(name, 1)
		require.Eventually(t, func() bool { return told(k.Store, "spared") > int64(n) }, patience, time.Millisecond)
	}
	require.Zero(t, told(k.Store, "sent"))

	second := testdb.OpenPostgres(t, url, listening)
	hears(t, second) // it listens
	k.add("heard", 1)
	hears(t, second)
	require.Eventually(t, func() bool { return told(k.Store, "sent") > 0 }, patience, time.Millisecond)
	for range 2 { // the greeting of the second, then the first's commit: nothing was said before
		waiting, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		_, err := eavesdropper.WaitForNotification(waiting)
		require.NoError(t, err)
	}
	require.NoError(t, second.Close())
	sent, spared := told(k.Store, "sent"), told(k.Store, "spared")
	require.Eventually(t, func() bool {
		k.add(fmt.Sprintf("alone again %d", time.Now().UnixNano()), 1)
		return told(k.Store, "spared") > spared
	}, patience, 10*time.Millisecond, "the server forgets the other's session a moment later")
	require.GreaterOrEqual(t, told(k.Store, "sent"), sent)
}

func TestSchemasAndPoolersDoNotHear(t *testing.T) {
	t.Parallel()
	k := newKit(t, 1)
	pooled := testdb.OpenPostgres(t, testdb.ThroughPooler(t, k.url), listening, func(o *postgres.Options) { o.Pooler = true })
	require.Equal(t, false, describe(t, pooled)["listening"])
	require.Zero(t, k.foreign().number("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'tasker_core_%'"))
	k.add("second", 1)
}

func describe(t *testing.T, s *postgres.Store) map[string]any {
	t.Helper()
	d, err := s.Describe(t.Context())
	require.NoError(t, err)
	require.Equal(t, "postgresql", d.Kind)
	require.NotContains(t, d.Location, "password")
	return d.Details
}

// TestClosingEndsEveryGoroutine is not parallel, so that it sees its own only.
func TestClosingEndsEveryGoroutine(t *testing.T) {
	url := testdb.RecycledDatabase(t)
	before := goleak.IgnoreCurrent()
	opened, err := postgres.Open(t.Context(), postgres.Options{URL: url, Listen: true})
	require.NoError(t, err)
	hears(t, opened)
	_, err = opened.Now(t.Context())
	require.NoError(t, err)
	require.NoError(t, opened.Close())
	require.NoError(t, opened.Close())
	goleak.VerifyNone(t, before)
}

func TestTheClockIsTheServers(t *testing.T) {
	t.Parallel()
	k := newKit(t, 1)
	asked := k.foreign()
	before := asked.number("SELECT extract(epoch FROM clock_timestamp()) * 1000000")
	now, err := k.Now(k.ctx)
	require.NoError(t, err)
	again, err := k.Now(k.ctx)
	require.NoError(t, err)
	after := asked.number("SELECT extract(epoch FROM clock_timestamp()) * 1000000")
	slack := int64(20_000) // microseconds: half of the round trip that measured it, on a busy machine
	require.GreaterOrEqual(t, now.UnixMicro(), before-slack)
	require.LessOrEqual(t, again.UnixMicro(), after+slack)
	require.False(t, again.Before(now.Time))
}
