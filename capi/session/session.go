// Package session is the composition root: it turns a configuration into a
// running engine (store, clock, log, use cases, loops), and ends all of that
// again in order.
package session

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/tasker-systems/tasker-core-go/capi/wire"
	"github.com/tasker-systems/tasker-core-go/core/barrier"
	"github.com/tasker-systems/tasker-core-go/core/config"
	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/insight"
	"github.com/tasker-systems/tasker-core-go/core/notify"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/store/postgres"
	"github.com/tasker-systems/tasker-core-go/core/store/sqlite"
	"github.com/tasker-systems/tasker-core-go/core/telemetry"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// openPatience bounds opening, migrations included: long enough to wait for
// another process that migrates the same file.
const openPatience = 30 * time.Second

// Engine is an open engine with all it is made of. All methods may be called
// concurrently.
type Engine struct {
	cases  *engine.Engine
	store  database
	hub    *notify.Hub
	duties *duties // nil when only the schema is served
	log    *telemetry.Log
	now    func() time.Time
	frozen func() time.Time // nil while the clock runs
	panics *telemetry.Counter
	calls  *calls
	barred error // why a forked child cannot open the engine again, or nil
	file   bool  // the database is a file
}

// database is what a session needs of a store.
type database interface {
	store.Store
	store.Schema
	Attend() // begin to hear of other processes' commits, once
}

// OpenReply is the answer to tasker_open: what was opened.
type OpenReply struct {
	// Version of the library.
	Version string `json:"version"`
	// "sqlite" or "postgresql".
	Store string `json:"store"`
	// Version of the database software.
	ServerVersion string `json:"server_version"`
	// File of the database, or its URL without secrets.
	Location string `json:"location"`
	// Highest applied migration, 0 when none.
	SchemaVersion int `json:"schema_version"`
	// Highest migration that this library knows.
	SchemaNewest int `json:"schema_newest"`
	// "auto", "check" or "only".
	Migrate string `json:"migrate"`
	// Where the clock stands, null when it runs.
	FrozenAt workflow.Instant `json:"frozen_at"`
}

// Open is OpenAs for a build without a version.
func Open(config []byte, environment map[string]string) (*Engine, []byte, error) {
	return OpenAs(Origin{Version: "0.0.0-development", Config: config, Environment: environment})
}

// OpenAs opens an engine and returns it with the encoded OpenReply. Errors: those
// of the configuration and those of opening the store; Forked for an inherited
// engine that cannot be had in a child. Nothing stays open then.
func OpenAs(o Origin) (*Engine, []byte, error) {
	settings, err := o.settings()
	if err != nil {
		return nil, nil, err
	}
	log, err := telemetry.NewLog(settings.Log.Capacity, settings.Log.Level)
	if err != nil {
		return nil, nil, err
	}
	tune(settings.Runtime)
	ctx, cancel := context.WithTimeout(context.Background(), openPatience)
	defer cancel()
	e := &Engine{log: log, now: time.Now, panics: &telemetry.Counter{}, calls: newCalls(), barred: inheritable(settings),
		file: settings.Location.Store != config.PostgreSQL}
	e.hub = notify.NewHub(e.survive("wake"))
	var advance func(time.Duration) (workflow.Instant, error)
	if at, frozen := settings.Clock.Frozen(); frozen {
		clock := &frozenClock{at: at}
		e.now, e.frozen, advance = clock.now, clock.now, clock.advance
	}
	if e.store, err = openStore(ctx, o, settings, e); err != nil {
		e.hub.Close()
		return nil, nil, err
	}
	var reply []byte
	err = barrier.Run(e.survive("open"), func() (err error) {
		e.cases = engine.New(e.options(o, settings, advance))
		e.start(o, settings)
		barrier.Point("session.open")
		reply, err = e.describe(ctx, o.Version, settings, advance != nil)
		return err
	})
	if err != nil {
		e.calls.close()
		_ = e.end(ctx) // the error that counts is the one that stopped the opening
		return nil, nil, err
	}
	return e, reply, nil
}

// processorsMore is how many more processors Go's scheduler gets than it found. A
// thread that left Go for C keeps one until the scheduler's monitor takes it back,
// up to ten milliseconds later: a host that sleeps until answers come, and the
// writer of a file. With two for two, a batch of writes to a file took 1.2 times
// as long as from Go.
const processorsMore = 2

// Start makes the Go runtime of a process ready for hosts. It is called once, before
// the first engine is opened. What the environment says of processors counts.
func Start() {
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + processorsMore)
	}
}

// tune sets what the host asked for in the Go runtime, which all engines of the
// process share.
func tune(r config.Runtime) {
	if r.Processors > 0 {
		runtime.GOMAXPROCS(r.Processors)
	}
	if r.MemoryLimitMB > 0 {
		debug.SetMemoryLimit(int64(r.MemoryLimitMB) << 20)
	}
	if r.GCPercent > 0 {
		debug.SetGCPercent(r.GCPercent)
	}
}

// openStore opens the store that the location names.
func openStore(ctx context.Context, o Origin, c *config.Config, e *Engine) (database, error) {
	log := slog.New(e.log.Handler(e.now))
	migrate := o.migrate(c)
	if c.Location.Store == config.PostgreSQL {
		return opened(postgres.Open(ctx, postgres.Options{
			URL: c.Location.URL, Schema: c.Database.Schema, Migrate: migrate, MaxConnections: c.Database.MaxConnections,
			Passive: o.Inherited, Sockets: o.Sockets, Pooler: c.Database.Pooler, Listen: c.Database.Notify, TriggersOff: c.Database.Triggers == "off", Clock: e.frozen, Log: log,
			Panicked: e.survive("database"),
		}))
	}
	return opened(sqlite.Open(ctx, sqlite.Options{
		Path: c.Location.Path, Migrate: migrate, Passive: o.Inherited, Synchronous: c.Database.Synchronous, PageCountMax: c.Database.PagesMax,
		Readers: c.Database.ReadConnections, Clock: e.now, Log: log, Panicked: e.survive("database"),
	}))
}

// opened keeps a failed opening from looking like a database that is there.
func opened[D database](db D, err error) (database, error) {
	if err != nil {
		return nil, err
	}
	return db, nil
}

func (e *Engine) options(o Origin, c *config.Config, advance func(time.Duration) (workflow.Instant, error)) engine.Options {
	listed := c.Settings()
	settings := make([]engine.Setting, len(listed))
	for i, s := range listed {
		settings[i] = engine.Setting{Name: s.Name, Value: s.Value, Source: s.Source}
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	weights := insight.Weights(c.DependencyGraph)
	return engine.Options{
		Weights: &weights, AdoptNamespaces: c.Adopt.List(),
		Store: e.store, Schema: e.store, Hub: e.hub, Log: e.log, Settings: settings, Version: o.Version,
		CacheBytes: c.Cache.Bytes(), Lease: c.Worker.Lease(), SurveyEvery: c.Worker.Survey(),
		Identity: c.Engine.IdentityStrategy, Environment: c.Engine.Environment,
		IdentityZone: c.Engine.IdentityZone(), IdentityVersioned: c.Engine.IdentityIncludeVersion,
		Host: host, PID: os.Getpid(), Panicked: e.Panicked, Panics: e.panics.Value, Advance: advance,
		Attend: e.Attend, Inherited: o.Inherited,
	}
}

func (e *Engine) describe(ctx context.Context, version string, c *config.Config, frozen bool) ([]byte, error) {
	status, err := e.store.Status(ctx)
	if err != nil {
		return nil, err
	}
	about, err := e.store.Describe(ctx)
	if err != nil {
		return nil, err
	}
	reply := OpenReply{Version: version, Store: about.Kind, ServerVersion: about.ServerVersion, Location: about.Location,
		SchemaVersion: status.Current, SchemaNewest: status.Newest, Migrate: c.Migrate}
	if frozen {
		reply.FrozenAt = workflow.At(e.now())
	}
	return wire.Encode(reply)
}

// Cases returns the use cases, which live as long as the engine is open.
func (e *Engine) Cases() *engine.Engine { return e.cases }

// Hosted marks the context of a call that runs on a thread of the host, whose
// signals wait meanwhile: while the call waits long, pause lets them in.
func Hosted(ctx context.Context, pause func(time.Duration)) context.Context {
	return store.Hosted(ctx, pause)
}

// Alone reports whether a call that begins now has the engine to itself and a
// file for its database: then it gains nothing from a goroutine of its own, and
// nobody in this process keeps it waiting.
func (e *Engine) Alone() bool { return e.file && e.calls.inFlight() == 0 }

// SchemaOnly reports whether the engine was opened with migrate "only", so that
// nothing but the schema can be worked on.
func (e *Engine) SchemaOnly() bool { return e.duties == nil }

// Begin counts a call in and returns its context, which ends early by Close
// and, if the call waits for something to happen, by Interrupt; context.Cause
// then tells the *fault.Error to answer. The caller ends the call with done.
// Errors: Closed.
func (e *Engine) Begin(ctx context.Context, waits bool) (joined context.Context, done func(), err error) {
	return e.calls.begin(ctx, waits)
}

// Interrupt ends the calls that wait now with Cancelled. Those that begin later
// are not touched, nor are calls that are at work in the database.
func (e *Engine) Interrupt() { e.calls.interruptWaiting() }

// Inheritable returns nil when a process that is forked from this one can open the
// engine again, and what it is to be told when it cannot. Errors: Forked.
func (e *Engine) Inheritable() error { return e.barred }

// OnWake adds a callback that runs whenever there may be something new: steps
// to claim, tasks that ended. It must not block, may run on any goroutine, and
// must be added before it is needed: what happened earlier is not told again.
func (e *Engine) OnWake(call func()) { e.hub.OnRing(call) }

// Log keeps one record in the log that the host pulls.
func (e *Engine) Log(level, message string, fields map[string]any) {
	e.log.Add(workflow.At(e.now()), level, message, fields)
}

// Panicked counts a panic that ended a call and logs it with its stack, which
// goes nowhere else; the caches of the use cases are dropped (design section 8).
// It returns the error to answer.
func (e *Engine) Panicked(operation string, cause any, stack []byte) error {
	e.panics.Add()
	if e.cases != nil { // else it happened while the engine was being made
		e.cases.DropCaches()
	}
	e.Log(telemetry.Error, "a defect ended a call", map[string]any{
		"operation": operation, "panic": fmt.Sprint(cause), "stack": string(stack),
	})
	return fault.New(fault.Internal, "a defect in the library ended this call").With("operation", operation).
		Advise("Please report it with the log of this moment (engine_logs_poll); other calls go on.")
}

// survive is Panicked for a barrier.
func (e *Engine) survive(operation string) barrier.Told {
	return func(cause any, stack []byte) error { return e.Panicked(operation, cause, stack) }
}
