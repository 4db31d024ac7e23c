package main

import (
	"context"
	"sync"
	"time"

	"github.com/tasker-systems/tasker-core-go/capi/dispatch"
	"github.com/tasker-systems/tasker-core-go/capi/session"
	"github.com/tasker-systems/tasker-core-go/capi/wire"
)

// closePatience is how long close lets calls in flight finish by themselves.
// A call takes milliseconds; one that takes seconds waits for a lock or a dead
// server, and whoever closes wants to end.
const closePatience = 5 * time.Second

// handle is an open engine as the boundary sees it: the engine, its calls in
// flight, the answers to its submitted requests, and its wake descriptor. It may
// be used concurrently.
type handle struct {
	number  uint64
	core    *session.Engine
	wake    wake
	answers answers

	ctx    context.Context // of every call; ends when close runs out of patience
	cancel context.CancelFunc
	calls  sync.WaitGroup // calls in flight; none is added after the table forgot the handle
}

func newHandle(core *session.Engine) *handle {
	ctx, cancel := context.WithCancel(context.Background())
	return &handle{core: core, ctx: ctx, cancel: cancel}
}

// enter counts a call in flight. The registry calls it under its lock, and
// close waits only after the registry's lock was taken to remove the handle; so
// no call is counted while close waits.
func (h *handle) enter() { h.calls.Add(1) }

// leave ends a call in flight.
func (h *handle) leave() { h.calls.Done() }

// perform runs one operation by its number. It blocks as long as the operation
// does; errors are the operation's.
func (h *handle) perform(operation int, request []byte) ([]byte, error) {
	if operation == claimNumber {
		h.rearmForWork()
	}
	return dispatch.Call(h.ctx, h.core, operation, request)
}

// rearmForWork takes the wake-up before a claim looks for work, but leaves one
// that an answer to a submitted request still needs: another thread waits for it.
func (h *handle) rearmForWork() {
	h.wake.rearm()
	if h.answers.any() {
		h.wake.signal()
	}
}

// close ends the calls in flight, then the engine, then the wake descriptor. The
// registry has forgotten the handle before, so it runs once.
func (h *handle) close(request []byte) ([]byte, error) {
	defer h.wake.close()
	defer h.cancel()
	h.core.Interrupt()
	patience := time.AfterFunc(closePatience, h.cancel)
	h.calls.Wait()
	patience.Stop()
	return h.core.Close(context.Background(), request)
}

// claimNumber is the number of step_claim, which has its own rule for the wake
// descriptor.
var claimNumber = numberOf("step_claim")

func numberOf(name string) int {
	for i, operation := range wire.Operations {
		if operation.Name == name {
			return i + 1
		}
	}
	return 0
}

// isInstant says whether the operation is answered from memory. A number that
// is not in the table is refused at once, too.
func isInstant(operation int) bool {
	return operation < 1 || operation > len(wire.Operations) || wire.Operations[operation-1].Kind == wire.Instant
}
