// Package worker runs what no caller drives: the tick that renews heartbeats and
// looks for what died, and the ear for other processes' commits.
// They run on goroutines of the library, so a handler that holds its
// interpreter's lock for minutes keeps its lease.
package worker

import (
	"context"
	"sync"
	"time"

	"github.com/tasker-systems/tasker-core-go/core/barrier"
)

// Options are the work and its pace. Tick, Ring, Report, Panicked and Draw are
// required.
type Options struct {
	// Tick looks after the database; beat says that heartbeats are due.
	Tick   func(ctx context.Context, beat bool) error
	Ring   func()      // wake those who wait in this process
	Report func(error) // log a failure; the loop goes on
	// Panicked makes an error of a panic in a tick, which the loop survives.
	Panicked  func(cause any, stack []byte) error
	TickEvery time.Duration   // between two ticks; shorter when heartbeats need it
	BeatEvery time.Duration   // between two heartbeats
	Draw      func() float64  // in [0,1), spreads the ticks of many processes
	Changes   <-chan struct{} // commits of other processes; nil when there are none
}

// callDeadline bounds one tick, so that a hanging database cannot hold
// a loop for ever.
const callDeadline = 10 * time.Second

// Loops are the running loops.
type Loops struct {
	options Options
	cancel  context.CancelFunc
	joined  sync.WaitGroup
}

// Start begins the loops; Stop ends them.
func Start(options Options) *Loops {
	ctx, cancel := context.WithCancel(context.Background())
	l := &Loops{options: options, cancel: cancel}
	l.joined.Go(func() { l.keep(ctx, l.tick) })
	l.joined.Go(func() { l.keep(ctx, l.listen) })
	return l
}

// keep runs a loop, again if a panic has ended it.
func (l *Loops) keep(ctx context.Context, loop func(context.Context)) {
	for ctx.Err() == nil {
		err := barrier.Run(l.options.Panicked, func() error { loop(ctx); return nil })
		if err == nil {
			return
		}
	}
}

// Stop ends the loops and waits for them. Stopping twice is legal.
func (l *Loops) Stop() {
	l.cancel()
	l.joined.Wait()
}

// tick ticks at a jittered pace, a tenth around the interval. A heartbeat is due
// with the last tick before its time.
func (l *Loops) tick(ctx context.Context) {
	interval := min(l.options.TickEvery, l.options.BeatEvery)
	beaten := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(interval*9/10 + time.Duration(l.options.Draw()*float64(interval/5))):
		}
		beat := time.Since(beaten)+interval >= l.options.BeatEvery
		if err := l.guarded(ctx, beat); err == nil && beat {
			beaten = time.Now()
		} else if err != nil && ctx.Err() == nil {
			l.options.Report(err)
		}
	}
}

// guarded ticks with a deadline and survives a panic.
func (l *Loops) guarded(ctx context.Context, beat bool) error {
	bounded, cancel := context.WithTimeout(ctx, callDeadline)
	defer cancel()
	return barrier.Run(l.options.Panicked, func() error {
		barrier.Point("worker.tick")
		return l.options.Tick(bounded, beat)
	})
}

// listen passes the commits of other processes on.
func (l *Loops) listen(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case _, open := <-l.options.Changes:
			if !open {
				return
			}
			barrier.Point("worker.listen")
			l.options.Ring()
		}
	}
}
