package postgres

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tasker-systems/tasker-core-go/core/fault"
)

// How connections live.
const (
	dialMax   = 10 * time.Second // to one host; the call's deadline may end it earlier
	pingMax   = 2 * time.Second  // for a connection that has been idle; a dead one is replaced
	pingAfter = 5 * time.Second  // of idleness; a ping is a transaction, and the tick uses a connection each second
	idleMax   = 10 * time.Second // so that a quiet process keeps one connection and the one that listens
	idleInTxn = 60 * time.Second // after which the server ends a transaction whose process hangs: its locks stop others
)

// newPool returns a pool that has connected to nothing yet.
func newPool(o Options) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(o.URL)
	if err != nil {
		return nil, urlFault(err)
	}
	config.MaxConns = int32(min(o.MaxConnections, 1<<16))
	config.MinConns, config.MinIdleConns = 0, 0
	config.MaxConnIdleTime = idleMax
	// Each check makes the pool use every idle connection once more, so one more
	// often than idleMax would keep them all.
	config.HealthCheckPeriod = idleMax * 3 / 2
	config.PingTimeout = pingMax
	config.ShouldPing = func(_ context.Context, p pgxpool.ShouldPingParams) bool { return p.IdleDuration > pingAfter }
	o.session(config.ConnConfig)
	tellSockets(config.ConnConfig, o.Sockets)
	pool, err := pgxpool.NewWithConfig(context.Background(), config)
	if err != nil {
		return nil, urlFault(err)
	}
	return pool, nil
}

// connection returns the configuration of a connection beside the pool.
func (s *Store) connection() *pgx.ConnConfig { return s.pool.Config().ConnConfig }

// session sets what every session of ours needs, against whatever server, role
// and database have as defaults. A pooler shares its sessions among clients, so
// there only what it follows by itself may be set; the rest goes into each
// transaction.
func (o Options) session(config *pgx.ConnConfig) {
	if config.ConnectTimeout == 0 || config.ConnectTimeout > dialMax {
		config.ConnectTimeout = dialMax
	}
	config.RuntimeParams["application_name"] = o.ApplicationName
	config.RuntimeParams["timezone"] = "UTC"
	if o.Pooler {
		config.DefaultQueryExecMode = pgx.QueryExecModeExec
		config.StatementCacheCapacity, config.DescriptionCacheCapacity = 0, 0
		return
	}
	config.RuntimeParams["statement_timeout"] = milliseconds(o.StatementTimeout)
	config.RuntimeParams["lock_timeout"] = milliseconds(o.LockTimeout)
	config.RuntimeParams["idle_in_transaction_session_timeout"] = milliseconds(idleInTxn)
}

// transactionSettings are set in every transaction behind a pooler, where the
// session is not ours.
func (o Options) transactionSettings() []string {
	if !o.Pooler {
		return nil
	}
	return []string{
		"SET LOCAL statement_timeout = " + milliseconds(o.StatementTimeout),
		"SET LOCAL lock_timeout = " + milliseconds(o.LockTimeout),
		"SET LOCAL idle_in_transaction_session_timeout = " + milliseconds(idleInTxn),
	}
}

// milliseconds writes a duration as the server's settings want it; less than
// one would mean no limit.
func milliseconds(d time.Duration) string { return strconv.FormatInt(max(1, d.Milliseconds()), 10) }

// location is the URL without secrets: what was connected to, or would be.
func location(config *pgx.ConnConfig, schema string) string {
	shown := url.URL{Scheme: "postgres", Path: "/" + config.Database}
	if config.User != "" {
		shown.User = url.User(config.User)
	}
	query := url.Values{}
	if strings.HasPrefix(config.Host, "/") {
		query.Set("host", config.Host)
	} else {
		shown.Host = net.JoinHostPort(config.Host, fmt.Sprint(config.Port))
	}
	if schema != SchemaDefault {
		query.Set("schema", schema)
	}
	shown.RawQuery = query.Encode()
	return shown.String()
}

func urlFault(err error) *fault.Error {
	return fault.Wrap(fault.InvalidRequest, err, "the URL of the database cannot be read").At("database.url").
		Advise("write it as postgres://role:password@host:5432/database?sslmode=require, with special characters percent-encoded")
}
