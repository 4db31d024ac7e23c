package main

import (
	"context"
	"sync"

	"github.com/tasker-systems/tasker-core-go/capi/dispatch"
	"github.com/tasker-systems/tasker-core-go/capi/session"
	"github.com/tasker-systems/tasker-core-go/capi/wire"
)

// handle is an open engine as the boundary sees it: the engine, its calls in
// flight, the answers to its submitted requests, and its wake descriptor. It may
// be used concurrently.
type handle struct {
	number  uint64
	core    *session.Engine
	wake    wake
	answers answers
	calls   sync.WaitGroup // calls in flight; none is added after the table forgot the handle
}

// enter counts a call in flight. The registry calls it under its lock, and
// close waits only after the registry's lock was taken to remove the handle; so
// no call is counted while close waits.
func (h *handle) enter() { h.calls.Add(1) }

// leave ends a call in flight.
func (h *handle) leave() { h.calls.Done() }

// perform runs one operation by its number. It blocks as long as the operation
// does, at most its deadline; errors are the operation's.
func (h *handle) perform(ctx context.Context, operation int, request []byte) ([]byte, error) {
	if operation == claimNumber() {
		h.rearmForWork()
	}
	return dispatch.Call(ctx, h.core, operation, request)
}

// rearmForWork takes the wake-up before a claim looks for work, but leaves one
// that an answer to a submitted request still needs: another thread waits for it.
func (h *handle) rearmForWork() {
	h.wake.rearm()
	if h.answers.any() {
		h.wake.signal()
	}
}

// close ends the engine, which ends or awaits its calls in flight, and then the
// wake descriptor. The registry has forgotten the handle before, so it runs once.
func (h *handle) close(request []byte) ([]byte, error) {
	reply, err := h.core.Close(context.Background(), request)
	h.calls.Wait()
	h.wake.close()
	return reply, err
}

// claimNumber is the number of step_claim, which has its own rule for the wake
// descriptor.
var claimNumber = sync.OnceValue(func() int { return numberOf("step_claim") })

func numberOf(name string) int {
	for i, operation := range wire.Operations {
		if operation.Name == name {
			return i + 1
		}
	}
	return 0
}
