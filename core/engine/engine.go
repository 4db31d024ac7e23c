package engine

import (
	"context"
	crand "crypto/rand"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/tasker-systems/tasker-core-go/core/barrier"
	"github.com/tasker-systems/tasker-core-go/core/batch"
	"github.com/tasker-systems/tasker-core-go/core/cache"
	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/insight"
	"github.com/tasker-systems/tasker-core-go/core/notify"
	"github.com/tasker-systems/tasker-core-go/core/readiness"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/telemetry"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// Options is what an engine is made of. Store, Schema, Hub and Log are
// required; the engine does not own them: who made them closes them after it.
type Options struct {
	Store    store.Store
	Schema   store.Schema
	Hub      *notify.Hub
	Log      *telemetry.Log
	Settings []Setting // answered by engine_config_get
	Version  string    // of the library, for engine_health

	AdoptNamespaces   []string          // whose tasks are taken over from other engines
	CacheBytes        int64             // of task graphs kept in memory; 0: none
	Lease             time.Duration     // after how long without heartbeat a worker counts as dead; default 15 s
	SurveyEvery       time.Duration     // between looks for what others wrote, without triggers; default 5 s
	Policy            *readiness.Policy // default readiness.Core
	Weights           *insight.Weights  // of the scores of task_graph; default insight.Defaults
	Identity          string            // default identity strategy; default "default"
	IdentityZone      *time.Location    // of the Rails application, for the strategy "hash"; nil is UTC
	IdentityVersioned bool              // the strategy "hash" includes namespace and version
	Environment       string            // default environment of templates
	Host              string            // name of this machine, for worker rows
	PID               int               // of this process, for worker rows
	Draw              func() float64    // in [0,1), for jitter and fairness; default a seeded generator
	// Panicked makes an error of a panic in a group of calls; default: Internal.
	Panicked func(operation string, cause any, stack []byte) error
	Panics   func() int64                                  // panics caught at the boundary
	Advance  func(time.Duration) (workflow.Instant, error) // nil: the clock is not frozen
	// Attend begins to hear and to look after the database, unless that has begun.
	// It is called before a worker registers and before a call waits; nil: it is
	// always done.
	Attend    func()
	Inherited bool // this process was forked from one that had the engine open
}

// Engine serves all operations on one database. All methods may be called
// concurrently.
type Engine struct {
	Options
	openedAt workflow.Instant
	catalog  *catalog
	workers  *workers
	watch    *watch
	survey   *survey
	unheard  *unheard
	facts    *cache.Cache[insight.Task] // for figures about all tasks
	graphs   *cache.Cache[*keptGraph]

	reports *batch.Group[ReportStepsRequest, ReportStepsReply]
	creates *batch.Group[createJob, CreateTasksReply]
	claims  *batch.Group[claimJob, []ClaimedStep]
}

// Caps of the groups, in entries: enough to spread a commit's cost, few enough
// that no caller waits long for strangers.
const (
	reportGroupCap = 1_000
	createGroupCap = 1_000
	claimGroupCap  = 1_000
)

// New returns an engine on an open store. It does nothing in the database.
func New(options Options) *Engine {
	if options.Lease == 0 {
		options.Lease = 15 * time.Second
	}
	if options.SurveyEvery == 0 {
		options.SurveyEvery = 5 * time.Second
	}
	if options.Policy == nil {
		options.Policy = &readiness.Core
	}
	if options.Weights == nil {
		options.Weights = &insight.Defaults
	}
	if options.Draw == nil {
		options.Draw = seededDraw()
	}
	if options.Panicked == nil {
		options.Panicked = func(operation string, cause any, _ []byte) error {
			return fault.New(fault.Internal, "a defect in %s ended the call: %v", operation, cause)
		}
	}
	if options.Attend == nil {
		options.Attend = func() {}
	}
	e := &Engine{Options: options, catalog: newCatalog(), workers: newWorkers(), watch: newWatch(), unheard: newUnheard(),
		facts: newFacts(options.CacheBytes), graphs: newGraphs(options.CacheBytes)}
	e.reports = batch.New(batch.Options[ReportStepsRequest, ReportStepsReply]{
		Run: e.runReports, Cap: reportGroupCap, Panicked: e.survive("step_report"), Alone: store.IsHosted,
		Weight:    func(r ReportStepsRequest) int { return len(r.Outcomes) },
		Abandoned: func(r ReportStepsRequest, reply ReportStepsReply) { e.giveBack(r.Claim, reply.Claimed) },
	})
	e.creates = batch.New(batch.Options[createJob, CreateTasksReply]{
		Run: e.runCreates, Cap: createGroupCap, Panicked: e.survive("task_create"), Alone: store.IsHosted,
		Weight:    func(j createJob) int { return len(j.tasks) },
		Abandoned: func(j createJob, reply CreateTasksReply) { e.giveBack(j.claim, reply.Claimed) },
	})
	e.claims = batch.New(batch.Options[claimJob, []ClaimedStep]{
		Run: e.runClaims, Cap: claimGroupCap, Panicked: e.survive("step_claim"), Alone: store.IsHosted,
		Weight:    func(j claimJob) int { return j.Limit },
		Abandoned: func(j claimJob, steps []ClaimedStep) { e.giveBack(&j.ClaimRequest, steps) },
	})
	if now, err := e.Store.Now(context.Background()); err == nil {
		e.openedAt = now
	}
	e.survey = newSurvey(options.SurveyEvery, len(options.AdoptNamespaces) > 0, e.openedAt)
	return e
}

// survive returns what a group does with a panic.
func (e *Engine) survive(operation string) barrier.Told {
	return func(cause any, stack []byte) error {
		e.DropCaches()
		return e.Options.Panicked(operation, cause, stack)
	}
}

// DropCaches forgets what the engine has read and keeps, so that it is read
// again. Whoever catches a panic calls it: a cache may be half-made.
func (e *Engine) DropCaches() {
	e.catalog.forget()
	e.facts.Forget()
	e.graphs.Forget()
	e.workers.bump() // their routes are matched again
}

// seededDraw returns a generator of its own, so that tests can replace it. The
// seed is the kernel's: that of the runtime may be shared by forked children.
func seededDraw() func() float64 {
	var mu sync.Mutex // guards source
	var seed [32]byte
	_, _ = crand.Read(seed[:]) // never fails
	source := rand.New(rand.NewChaCha8(seed))
	return func() float64 {
		mu.Lock()
		defer mu.Unlock()
		return source.Float64()
	}
}

// Close ends the groups and waits for the calls in them. Closing twice is
// legal.
func (e *Engine) Close() {
	e.reports.Close()
	e.creates.Close()
	e.claims.Close()
}

// write runs fn as one unit in one write transaction, and rings the bell after
// the commit when something may have become claimable or ended.
func (e *Engine) write(ctx context.Context, correlation string, fn func(*unit) error) error {
	ring, due := false, workflow.Instant{}
	var granted []workflow.Lease
	now, err := e.Store.Now(ctx)
	if err != nil {
		return err
	}
	committed := false
	defer func() {
		if !committed {
			e.unheard.add(granted) // it was the commit that failed, and what became of it may be unknown
		}
	}()
	err = e.Store.Write(ctx, func(tx store.Tx) error {
		barrier.Point("engine.write")
		u := newUnit(ctx, e, tx, now, correlation)
		granted = nil
		if err := fn(u); err != nil {
			return err
		}
		if err := u.finish(); err != nil {
			return err
		}
		ring, due, granted = u.ring, u.due, u.granted
		return nil
	})
	if err != nil {
		return err
	}
	committed = true
	barrier.Do(e.survive("wake"), func() { // what was committed is answered as such, whatever becomes of this
		if !due.IsZero() {
			e.Hub.RingIn(due.Sub(now.Time))
		}
		if ring {
			e.Hub.Ring()
		}
	})
	return nil
}

// hastyWait is how long the half of a group waits for a lock: some transactions
// of ours.
const hastyWait = 10 * time.Millisecond

// patiently makes a group give up on a lock that somebody else holds for long, so
// that one foreign lock does not stall it.
func patiently(ctx context.Context, patience batch.Patience) context.Context {
	switch patience {
	case batch.Brief:
		return store.Impatient(ctx, 0)
	case batch.Hasty:
		return store.Impatient(ctx, hastyWait)
	}
	return ctx
}

// log writes one record.
func (e *Engine) log(level, message string, fields map[string]any) {
	now, err := e.Store.Now(context.Background())
	if err != nil {
		now = workflow.At(time.Now())
	}
	e.Log.Add(now, level, message, fields)
}

// taskNotFound is the answer for an id that does not exist.
func taskNotFound(id int64) error {
	return fault.New(fault.NotFound, "there is no task %d", id).At("task_id").With("task_id", id).
		Advise("Check the id; task_list shows the tasks of this database.")
}
