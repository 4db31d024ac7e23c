// Package worker runs what no caller drives: the heartbeat of this process's
// workers, the sweep for what died, and the ear for other processes' commits.
// They run on goroutines of the library, so a handler that holds its
// interpreter's lock for minutes keeps its lease.
package worker

import (
	"context"
	"sync"
	"time"

	"github.com/tasker-systems/tasker-core-go/core/fault"
)

// Options are the work and its pace. Beat, Sweep, Ring and Report are required.
type Options struct {
	Beat       func(context.Context) error // renew heartbeats
	Sweep      func(context.Context) error // recover what died
	Ring       func()                      // wake those who wait in this process
	Report     func(error)                 // log a failure; the loop goes on
	BeatEvery  time.Duration
	SweepEvery time.Duration
	Draw       func() float64  // in [0,1), spreads the sweeps of many processes
	Changes    <-chan struct{} // commits of other processes; nil when there are none
}

// callDeadline bounds one beat or sweep, so that a hanging database cannot hold
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
	l.joined.Go(func() { l.every(ctx, options.BeatEvery, options.Beat) })
	l.joined.Go(func() { l.every(ctx, options.SweepEvery, options.Sweep) })
	l.joined.Go(func() { l.listen(ctx) })
	return l
}

// Stop ends the loops and waits for them. Stopping twice is legal.
func (l *Loops) Stop() {
	l.cancel()
	l.joined.Wait()
}

// every does the work at a jittered pace: between three quarters and the whole
// of the interval, so that a beat is never later than promised.
func (l *Loops) every(ctx context.Context, interval time.Duration, work func(context.Context) error) {
	for {
		pause := interval*3/4 + time.Duration(l.options.Draw()*float64(interval/4))
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		if err := l.guarded(ctx, work); err != nil && ctx.Err() == nil {
			l.options.Report(err)
		}
	}
}

// guarded runs the work with a deadline and survives a panic in it.
func (l *Loops) guarded(ctx context.Context, work func(context.Context) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fault.New(fault.Internal, "a defect ended a background task: %v", p)
		}
	}()
	bounded, cancel := context.WithTimeout(ctx, callDeadline)
	defer cancel()
	return work(bounded)
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
			l.options.Ring()
		}
	}
}
