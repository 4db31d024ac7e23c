package session

import (
	"context"
	"sync"

	"github.com/tasker-systems/tasker-core-go/core/barrier"
	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store"
)

// Why calls end before their time. Whoever runs a call reads it with
// context.Cause.
var (
	errInterrupted = fault.New(fault.Cancelled, "the call was interrupted").Advise("Repeat the call if it is still wanted.")
	errClosed      = fault.New(fault.Closed, "the engine was closed").Advise("Open an engine again.")
	errCut         = fault.New(fault.Closed, "the engine was closed before the call had ended; the outcome of a write is unknown").
			Advise("Open an engine again and repeat the call.")
)

// calls counts the calls in flight of one engine and ends them. It may be used
// concurrently.
type calls struct {
	mu        sync.Mutex // guards the fields below; never held while a call runs
	closed    bool       // no further call may begin
	count     int        // calls in flight
	drained   chan struct{}
	running   context.Context // ends with the last patience of close
	cut       context.CancelCauseFunc
	waiting   context.Context // ends with running, and with the next interrupt
	interrupt context.CancelCauseFunc
}

func newCalls() *calls {
	c := &calls{drained: make(chan struct{})}
	c.running, c.cut = context.WithCancelCause(context.Background())
	c.waiting, c.interrupt = context.WithCancelCause(c.running)
	return c
}

// begin counts a call in and returns its context, which ends early by close
// and, if the call waits for something to happen, by Interrupt; context.Cause
// then tells a *fault.Error. The call must end with done. Errors: Closed.
func (c *calls) begin(ctx context.Context, waits bool) (context.Context, func(), error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, nil, errClosed
	}
	barrier.Point("calls.begin")
	c.count++
	ours := c.running
	if waits {
		ours = c.waiting
	}
	if ctx.Done() == nil { // as the boundary calls: nobody else can end it
		return store.HostedAs(ours, ctx), c.done, nil
	}
	joined, cancel := context.WithCancelCause(ours)
	stop := context.AfterFunc(ctx, func() { cancel(context.Cause(ctx)) })
	return joined, func() {
		stop()
		cancel(nil)
		c.done()
	}, nil
}

func (c *calls) done() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.count--; c.count == 0 && c.closed {
		close(c.drained)
	}
}

// interruptWaiting ends the calls that wait now, not those that begin later.
func (c *calls) interruptWaiting() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	c.interrupt(errInterrupted)
	c.waiting, c.interrupt = context.WithCancelCause(c.running)
}

// close lets no further call begin and ends those that wait. The result is
// false if it was closed before.
func (c *calls) close() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false
	}
	c.closed = true
	c.interrupt(errClosed)
	if c.count == 0 {
		close(c.drained)
	}
	return true
}

// drain waits until the calls in flight have ended, or cuts them off when ctx
// ends, and returns how many were cut.
func (c *calls) drain(ctx context.Context) int {
	select {
	case <-c.drained:
		return 0
	case <-ctx.Done():
	}
	left := c.inFlight()
	c.cut(errCut)
	<-c.drained
	return left
}

func (c *calls) inFlight() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.count
}
