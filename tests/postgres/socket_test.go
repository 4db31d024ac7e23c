package postgres_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/store/postgres"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

// socketLedger is a list of sockets that checks what it is told against the
// descriptors of this process.
type socketLedger struct {
	t *testing.T

	mu      sync.Mutex     // guards the fields below
	holders int            // pairs under way
	open    map[int]string // socket by descriptor, as the kernel names it
	added   int
	held    int // pairs begun
}

func newSocketLedger(t *testing.T) *socketLedger { return &socketLedger{t: t, open: map[int]string{}} }

func (l *socketLedger) Hold() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.holders++
	l.held++
}

func (l *socketLedger) Release() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.holders--
	assert.GreaterOrEqual(l.t, l.holders, 0, "released more often than held")
}

func (l *socketLedger) Add(descriptor int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	assert.Positive(l.t, l.holders, "added without a hold")
	name := target(descriptor)
	assert.True(l.t, strings.HasPrefix(name, "socket:"), name)
	assert.NotContains(l.t, l.open, descriptor, "added twice")
	l.open[descriptor] = name
	l.added++
}

func (l *socketLedger) Remove(descriptor int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	assert.Positive(l.t, l.holders, "removed without a hold")
	assert.Contains(l.t, l.open, descriptor, "removed twice, or never added")
	delete(l.open, descriptor)
}

// listed returns how many sockets are open, having made sure that each is.
func (l *socketLedger) listed() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	for descriptor, name := range l.open {
		assert.Equal(l.t, name, target(descriptor), "closed and not removed")
	}
	return len(l.open)
}

// settled returns how many pairs and sockets there were, once all have ended.
func (l *socketLedger) settled() (pairs, sockets int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	assert.Zero(l.t, l.holders, "held for ever")
	assert.Empty(l.t, l.open, "never removed")
	return l.held, l.added
}

func target(descriptor int) string {
	name, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", descriptor))
	if err != nil {
		return err.Error()
	}
	return name
}

func watched(l *socketLedger) testdb.PostgresOption {
	return func(o *postgres.Options) { o.Sockets = l }
}

// TestEverySocketIsToldOfOnce goes by a socket of the file system and by TCP with
// TLS, and has each break connections, give up calls that run, and close.
func TestEverySocketIsToldOfOnce(t *testing.T) {
	t.Parallel()
	for name, way := range map[string]func(*testing.T, string) string{
		"socket": func(_ *testing.T, location string) string { return location },
		"TLS":    overTLS,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sockets := newSocketLedger(t)
			location := testdb.RecycledDatabase(t)
			opened, err := postgres.Open(t.Context(), postgres.Options{URL: way(t, location), Listen: true, Sockets: sockets})
			require.NoError(t, err)
			hears(t, opened)
			require.Equal(t, 2, sockets.listed(), "of the pool and of the listener")
			k := &kit{Store: opened, t: t, ctx: t.Context(), url: location}
			k.add("first", 1)
			var together sync.WaitGroup
			for range 6 {
				together.Go(func() { _ = k.register(k.ctx, "w") }) // whether it succeeds is not the point
			}
			together.Wait()
			giveUpInMidStatement(t, k, sockets)
			k.foreign().do("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
			hears(t, opened) // there is another connection
			require.NoError(t, opened.Close())
			require.Eventually(t, func() bool { return sockets.listed() == 0 }, patience, time.Millisecond, "a wish to cancel may still be on its way")
			pairs, all := sockets.settled()
			require.Equal(t, 2*all, pairs, "one pair to open and one to close")
		})
	}
}

// giveUpInMidStatement has a call end while its statement waits for a lock, so
// that the driver asks the server by another connection to cancel it.
func giveUpInMidStatement(t *testing.T, k *kit, sockets *socketLedger) {
	t.Helper()
	holder := k.foreign()
	holder.do("BEGIN")
	holder.do("LOCK TABLE tasker_core_workers")
	before := sockets.count()
	hasty, cancel := context.WithTimeout(k.ctx, 100*time.Millisecond)
	defer cancel()
	require.Error(t, k.register(hasty, "never"))
	holder.do("ROLLBACK")
	require.Eventually(t, func() bool { return sockets.count() > before }, patience, time.Millisecond, "the wish to cancel goes by a socket of its own")
}

// count returns how many sockets there were so far.
func (l *socketLedger) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.added
}

// overTLS stands in front of the database with a certificate of its own.
func overTLS(t *testing.T, location string) string {
	t.Helper()
	parsed, err := url.Parse(location)
	require.NoError(t, err)
	target := filepath.Join(parsed.Query().Get("host"), ".s.PGSQL."+parsed.Query().Get("port"))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	settings := &tls.Config{Certificates: []tls.Certificate{certificate(t)}}
	var pipes sync.WaitGroup
	pipes.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			pipes.Go(func() { terminateTLS(client, settings, target) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		pipes.Wait()
	})
	host, port, err := net.SplitHostPort(listener.Addr().String())
	require.NoError(t, err)
	encrypted := withParameter(t, withParameter(t, location, "host", host), "port", port)
	return withParameter(t, encrypted, "sslmode", "require")
}

// terminateTLS answers the wish for TLS and passes on what comes through it, until
// either end goes.
func terminateTLS(client net.Conn, settings *tls.Config, target string) {
	defer client.Close()
	if _, err := io.ReadFull(client, make([]byte, 8)); err != nil {
		return
	}
	if _, err := client.Write([]byte{'S'}); err != nil {
		return
	}
	server, err := net.Dial("unix", target)
	if err != nil {
		return
	}
	defer server.Close()
	inside := tls.Server(client, settings)
	go func() {
		_, _ = io.Copy(server, inside) // ends with either connection, which the other direction closes
		_ = server.Close()
	}()
	_, _ = io.Copy(inside, server)
}

func certificate(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}
}

// TestSocketsThatReachNobodyAreForgotten tries places where nobody is, one where
// nobody speaks TLS, and names that lead nowhere; each leaves nothing.
func TestSocketsThatReachNobodyAreForgotten(t *testing.T) {
	t.Parallel()
	deaf, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer deaf.Close()
	port := strconv.Itoa(deaf.Addr().(*net.TCPAddr).Port)
	go func() {
		for {
			conn, err := deaf.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Write([]byte{'N'}) // whatever comes, no TLS
			_ = conn.Close()
		}
	}()
	for location, fewest := range map[string]int{
		"postgres://127.0.0.1:1/d":                                 1,
		"postgres://127.0.0.1:1,127.0.0.1:2,127.0.0.1:3/d":         3,
		"postgres://localhost:1/d":                                 1,
		"postgres:///d?host=" + t.TempDir():                        1,
		"postgres://127.0.0.1:" + port + "/d?sslmode=require":      1,
		"postgres://no-such-host.invalid:5432/d?connect_timeout=2": 0,
	} {
		sockets := newSocketLedger(t)
		_, err := postgres.Open(t.Context(), postgres.Options{URL: location, Sockets: sockets})
		require.Error(t, err, location)
		_, all := sockets.settled()
		require.GreaterOrEqual(t, all, fewest, location)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	sockets := newSocketLedger(t)
	_, err = postgres.Open(ended, postgres.Options{URL: "postgres://127.0.0.1:1/d", Sockets: sockets})
	require.Error(t, err)
	sockets.settled()
}

func TestSeveralHostsLeaveTheSocketThatAnswers(t *testing.T) {
	t.Parallel()
	sockets := newSocketLedger(t)
	location := testdb.RecycledDatabase(t)
	parsed, err := url.Parse(location)
	require.NoError(t, err)
	query := parsed.Query()
	several := withParameter(t, withParameter(t, location, "host", t.TempDir()+","+query.Get("host")),
		"port", query.Get("port")+","+query.Get("port"))
	opened := testdb.OpenPostgres(t, several, watched(sockets))
	require.Equal(t, 1, sockets.listed())
	require.NoError(t, opened.Close())
	_, all := sockets.settled()
	require.GreaterOrEqual(t, all, 2, "one of them reached nobody")
}

// TestAPassiveStoreListensWhenItIsToldTo and tells of its own commits before.
func TestAPassiveStoreListensWhenItIsToldTo(t *testing.T) {
	t.Parallel()
	location := testdb.RecycledDatabase(t)
	other := testdb.OpenPostgres(t, location, listening)
	hears(t, other)
	passive := &kit{Store: testdb.OpenPostgres(t, location, listening, func(o *postgres.Options) { o.Passive = true }),
		t: t, ctx: t.Context(), url: location}
	listeners := func() int64 {
		return passive.foreign().number("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'tasker_core_%'")
	}
	passive.add("first", 1)
	hears(t, other)
	require.EqualValues(t, 1, listeners(), "the other's")
	var together sync.WaitGroup
	for range 8 {
		together.Go(passive.Attend)
	}
	together.Wait()
	hears(t, passive.Store) // what may have happened before
	require.EqualValues(t, 2, listeners())
	k := &kit{Store: other, t: t, ctx: t.Context(), url: location}
	k.add("second", 1)
	hears(t, passive.Store)
	require.NoError(t, passive.Close())
	passive.Attend()
	require.Eventually(t, func() bool { return listeners() == 1 }, patience, 10*time.Millisecond)
}
