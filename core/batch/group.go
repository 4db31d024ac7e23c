// Package batch is the group commit: concurrent calls of one process share a
// transaction. Whatever arrived while the last group was in flight goes
// together, up to a cap; a lone call never waits for company.
package batch

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/tasker-systems/tasker-core-go/core/barrier"
	"github.com/tasker-systems/tasker-core-go/core/fault"
)

// Result is the answer to one call of a group.
type Result[R any] struct {
	Value R
	Err   error
}

// Patience is how long Run may wait for a lock that somebody else holds.
type Patience int

// The patiences. Groups are Brief at first, so that one foreign lock does not
// stall them; their halves are Hasty, or finding the call that waits for it
// would take the time that it saves; a call aside is Patient.
const (
	Brief Patience = iota
	Hasty
	Patient
)

// asideMax bounds the calls that wait for foreign locks at once, since each
// holds a connection.
const asideMax = 2

// Options configure a group.
type Options[Q, R any] struct {
	// Run serves one group in one transaction and returns one result per
	// request, in order. An error means that nothing of the group took effect;
	// the group is then halved and repeated, so that one bad request does not
	// fail the rest. A Conflict of a single request is a lock that somebody else
	// holds: the request is repeated aside, and the next group goes on. Run may be
	// called concurrently.
	Run func(ctx context.Context, requests []Q, patience Patience) ([]Result[R], error)
	// Weight is how much a request counts towards the cap, at least 1.
	Weight func(Q) int
	// Cap bounds the weight of a group; a single heavier request goes alone.
	Cap int
	// Alone reports whether a call is served beside the groups, on its own goroutine
	// and with its own context, until whose end it may have to be waited for; nil:
	// none is.
	Alone func(ctx context.Context) bool
	// Panicked makes an error of a panic in Run, which ends the group's calls and
	// not the process.
	Panicked func(cause any, stack []byte) error
	// Abandoned is told what a request achieved whose caller had left before the
	// group ended, so that it can be undone; nil when nothing needs undoing. It
	// may be called concurrently.
	Abandoned func(request Q, value R)
}

// Group joins concurrent calls. All methods may be called concurrently.
type Group[Q, R any] struct {
	options Options[Q, R]

	mu      sync.Mutex      // guards the fields below; never held across Run
	queue   []*member[Q, R] // calls that wait for the next group
	aside   []*member[Q, R] // calls that met a foreign lock and are to wait for it
	waiters int             // goroutines that serve them
	running bool            // whether the runner goroutine lives
	closed  bool            // no further calls are taken
	runner  sync.WaitGroup  // joins the runner and the waiters
}

// member is one call. done is closed once result is set.
type member[Q, R any] struct {
	ctx     context.Context
	request Q
	weight  int
	result  Result[R]
	done    chan struct{}
	left    bool // the caller is gone; guarded by the group's mutex
}

// New returns a group.
func New[Q, R any](options Options[Q, R]) *Group[Q, R] { return &Group[Q, R]{options: options} }

// Do serves one request in some group. When ctx ends while the request still
// waits in the queue, nothing has happened; when it ends later, the outcome is
// unknown. Both are Timeout or Cancelled errors and the same call may be
// repeated.
func (g *Group[Q, R]) Do(ctx context.Context, request Q) (R, error) {
	if g.options.Alone != nil && g.options.Alone(ctx) {
		return g.alone(ctx, request)
	}
	m := &member[Q, R]{ctx: ctx, request: request, weight: max(1, g.options.Weight(request)), done: make(chan struct{})}
	if err := g.enqueue(m); err != nil {
		var zero R
		return zero, err
	}
	select {
	case <-m.done:
		return m.result.Value, m.result.Err
	case <-ctx.Done():
		if !g.withdraw(m) { // the result came at the same moment
			return m.result.Value, m.result.Err
		}
		var zero R
		return zero, Ended(ctx)
	}
}

func errClosed() error { return fault.New(fault.Closed, "the engine is closed") }

// Ended translates the end of a context into a fault.
func Ended(ctx context.Context) error {
	if errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
		return fault.New(fault.Timeout, "the deadline passed; the outcome of a write is unknown").
			Advise("Repeat the call, or give it a greater timeout_ms.")
	}
	if cause := context.Cause(ctx); fault.KindOf(cause) == fault.Closed {
		return cause
	}
	return fault.New(fault.Cancelled, "the call was interrupted").Advise("Repeat the call if it is still wanted.")
}

func (g *Group[Q, R]) enqueue(m *member[Q, R]) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return errClosed()
	}
	barrier.Point("batch.enqueue")
	g.queue = append(g.queue, m)
	if !g.running {
		g.running = true
		g.runner.Go(g.loop)
	}
	return nil
}

// alone serves one call beside the groups.
func (g *Group[Q, R]) alone(ctx context.Context, request Q) (R, error) {
	var zero R
	if err := g.join(); err != nil {
		return zero, err
	}
	defer g.runner.Done()
	results, err := g.run(ctx, []Q{request}, Patient)
	if err != nil {
		return zero, err
	}
	return results[0].Value, results[0].Err
}

// join has Close wait for a call that is served beside the groups.
func (g *Group[Q, R]) join() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return errClosed()
	}
	g.runner.Add(1)
	return nil
}

// Waiting returns how many calls wait for the next group.
func (g *Group[Q, R]) Waiting() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.queue)
}

// withdraw takes a call back whose caller leaves; false when it has its result.
func (g *Group[Q, R]) withdraw(m *member[Q, R]) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-m.done:
		return false
	default:
	}
	m.left = true
	isIt := func(other *member[Q, R]) bool { return other == m }
	g.queue = slices.DeleteFunc(g.queue, isIt)
	g.aside = slices.DeleteFunc(g.aside, isIt)
	return true
}

// deliver gives a call its result unless it has one, and reports whether the
// caller had left.
func (g *Group[Q, R]) deliver(m *member[Q, R], result Result[R]) (left bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-m.done:
		return false
	default:
	}
	barrier.Point("batch.deliver")
	m.result = result
	close(m.done)
	return m.left
}

// loop serves groups until the queue is empty.
func (g *Group[Q, R]) loop() {
	for {
		members := g.take()
		if members == nil {
			return
		}
		g.survive(members, Brief)
	}
}

// survive serves a group; a panic outside of Run, which has a barrier of its own,
// ends those calls that have no result yet, and neither the goroutine nor the rest.
func (g *Group[Q, R]) survive(members []*member[Q, R], patience Patience) {
	err := barrier.Run(g.options.Panicked, func() error {
		g.serve(members, patience)
		return nil
	})
	if err == nil {
		return
	}
	for _, m := range members {
		g.deliver(m, Result[R]{Err: err})
	}
}

// take removes the next group from the queue; nil ends the runner.
func (g *Group[Q, R]) take() []*member[Q, R] {
	g.mu.Lock()
	defer g.mu.Unlock()
	weight, n := 0, 0
	for n < len(g.queue) {
		w := g.queue[n].weight
		if n > 0 && weight+w > g.options.Cap {
			break
		}
		weight += w
		n++
	}
	if n == 0 {
		g.running = false
		return nil
	}
	members := slices.Clone(g.queue[:n])
	g.queue = slices.Delete(g.queue, 0, n)
	return members
}

// serve runs one group, halving it after a failure that a single member may
// have caused.
func (g *Group[Q, R]) serve(members []*member[Q, R], patience Patience) {
	ctx, cancel := groupContext(members)
	defer cancel()
	results, err := g.run(ctx, requestsOf(members), patience)
	if err == nil {
		for i, m := range members {
			g.handOver(m, results[i])
		}
		return
	}
	if len(members) > 1 && !hopeless(err) {
		half := len(members) / 2
		g.serve(members[:half], Hasty)
		g.serve(members[half:], Hasty)
		return
	}
	if len(members) == 1 && patience != Patient && fault.KindOf(err) == fault.Conflict && g.setAside(members[0]) {
		return
	}
	for _, m := range members {
		g.deliver(m, Result[R]{Err: err})
	}
}

// handOver gives a call what it achieved. When a panic keeps it from that, the
// call gets an error like one whose caller had left, and the others their results.
func (g *Group[Q, R]) handOver(m *member[Q, R], result Result[R]) {
	var left bool
	err := barrier.Run(g.options.Panicked, func() error {
		left = g.deliver(m, result)
		return nil
	})
	if err != nil {
		left = true
		g.deliver(m, Result[R]{Err: err})
	}
	if left && result.Err == nil && g.options.Abandoned != nil {
		g.options.Abandoned(m.request, result.Value)
	}
}

// setAside has a call wait for a foreign lock while groups go on; false when the
// group is closed.
func (g *Group[Q, R]) setAside(m *member[Q, R]) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return false
	}
	if m.left {
		return true
	}
	g.aside = append(g.aside, m)
	if g.waiters < asideMax {
		g.waiters++
		g.runner.Go(g.wait)
	}
	return true
}

// wait serves the calls that were set aside, each alone.
func (g *Group[Q, R]) wait() {
	for m := g.nextAside(); m != nil; m = g.nextAside() {
		g.survive([]*member[Q, R]{m}, Patient)
	}
}

// nextAside takes a call that was set aside; nil ends the waiter.
func (g *Group[Q, R]) nextAside() *member[Q, R] {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.aside) == 0 {
		g.waiters--
		return nil
	}
	m := g.aside[0]
	g.aside = g.aside[1:]
	return m
}

// hopeless reports whether repeating parts of the group would fail alike.
func hopeless(err error) bool {
	switch fault.KindOf(err) {
	case fault.Closed, fault.Unmigrated, fault.IncompatibleSchema, fault.Timeout, fault.Cancelled, fault.Unavailable:
		return true
	}
	return false
}

// run calls the group's function and turns a panic into an error.
func (g *Group[Q, R]) run(ctx context.Context, requests []Q, patience Patience) (results []Result[R], err error) {
	err = barrier.Run(g.options.Panicked, func() (err error) {
		results, err = g.options.Run(ctx, requests, patience)
		return err
	})
	return results, err
}

func requestsOf[Q, R any](members []*member[Q, R]) []Q {
	requests := make([]Q, len(members))
	for i, m := range members {
		requests[i] = m.request
	}
	return requests
}

// groupContext lives as long as the most patient member.
func groupContext[Q, R any](members []*member[Q, R]) (context.Context, context.CancelFunc) {
	var latest time.Time
	for _, m := range members {
		deadline, ok := m.ctx.Deadline()
		if !ok {
			return context.WithCancel(context.Background())
		}
		if deadline.After(latest) {
			latest = deadline
		}
	}
	return context.WithDeadline(context.Background(), latest)
}

// Close refuses further calls, fails those that still wait and joins the
// runner. Closing twice is legal.
func (g *Group[Q, R]) Close() {
	for _, m := range g.shut() {
		g.deliver(m, Result[R]{Err: errClosed()})
	}
	g.runner.Wait()
}

// shut refuses further calls and takes those out that wait.
func (g *Group[Q, R]) shut() []*member[Q, R] {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	waiting := slices.Concat(g.queue, g.aside)
	g.queue, g.aside = nil, nil
	return waiting
}
