package session

import (
	"sync"

	"github.com/tasker-systems/tasker-core-go/core/config"
	"github.com/tasker-systems/tasker-core-go/core/telemetry"
	"github.com/tasker-systems/tasker-core-go/core/worker"
)

// duties is what an engine does in the background: hearing of other processes'
// commits, heartbeats and sweeps. An inherited engine takes them up when it must.
type duties struct {
	begin func() *worker.Loops

	mu    sync.Mutex // guards the fields below; held while the loops start, never while they run
	ended bool
	loops *worker.Loops // nil before they have begun
}

// attend takes the duties up unless that has been done or it is too late.
func (d *duties) attend() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.loops == nil && !d.ended {
		d.loops = d.begin()
	}
}

// stop ends the duties and waits for them. They cannot be taken up again.
func (d *duties) stop() {
	if loops := d.end(); loops != nil {
		loops.Stop()
	}
}

// end lets nothing begin any more and returns what has.
func (d *duties) end() *worker.Loops {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ended = true
	return d.loops
}

// start prepares the duties and, in a process that opened the engine itself,
// takes them up. There are none when only the schema is served: the tables may
// not be there.
func (e *Engine) start(o Origin, c *config.Config) {
	for _, name := range c.Ignored {
		e.Log(telemetry.Info, "an environment variable names no setting and is ignored", map[string]any{"name": name})
	}
	if c.Migrate == "only" {
		return
	}
	e.duties = &duties{begin: func() *worker.Loops { return e.begin(c) }}
	if o.Inherited {
		e.Log(telemetry.Info, "the engine was opened anew in a forked process", nil)
		return
	}
	e.duties.attend()
}

// begin starts the loops.
func (e *Engine) begin(c *config.Config) *worker.Loops {
	e.store.Attend()
	return worker.Start(worker.Options{
		Tick: e.cases.Tick, Ring: e.hub.Ring, Changes: e.store.Changes(),
		Report: func(err error) {
			e.Log(telemetry.Warn, "a background task failed", map[string]any{"error": err.Error()})
		},
		Panicked:  e.survive("background"),
		BeatEvery: c.Worker.Heartbeat(), TickEvery: c.Worker.Sweep(), Draw: e.cases.Draw,
	})
}

// Attend takes up the background work of an inherited engine, which rests until a
// worker registers or a call waits. Who waits in some other way for what other
// processes do, on the wake descriptor, calls it. It does nothing on any
// other engine, may be called at any time and returns at once.
func (e *Engine) Attend() {
	if e.duties != nil {
		e.duties.attend()
	}
}
