package main

import (
	"sync"

	"github.com/tasker-systems/tasker-core-go/capi/session"
	"github.com/tasker-systems/tasker-core-go/core/barrier"
	"github.com/tasker-systems/tasker-core-go/core/fault"
)

// engines holds the open engines of this process. Numbers come from C without
// any other context, so the table has to be reachable from everywhere.
var engines registry

// registry is the table of open engines by their numbers, which engines.c gives
// out. It may be used concurrently.
type registry struct {
	mu   sync.RWMutex // guards open; held for a few instructions only
	open map[uint64]*handle
	// tickets is where the tickets of an engine begin: above those of a parent
	// process, which a host may still hold. Set before any engine is open.
	tickets uint64
}

// generationShift leaves each generation of forked processes 2^40 tickets, and
// 2^13 generations below 2^53, the range that a double holds exactly.
const generationShift = 40

// started notes how many runtimes this process and its ancestors have started.
func (r *registry) started(generation uint64) { r.tickets = (generation - 1) << generationShift }

// handle makes what belongs to an open engine beside the engine.
func (r *registry) handle(number uint64, core *session.Engine) *handle {
	return &handle{number: number, core: core, answers: answers{tickets: r.tickets}}
}

// add makes an open engine known under its number.
func (r *registry) add(h *handle) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.open == nil {
		r.open = map[uint64]*handle{}
	}
	barrier.Point("handles.add")
	r.open[h.number] = h
}

// enter returns the engine with the number and counts a call in flight, which
// the caller ends with leave. The error is closed.
func (r *registry) enter(number uint64) (*handle, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	h, open := r.open[number]
	if !open {
		return nil, errClosed(number)
	}
	barrier.Point("handles.enter")
	h.enter()
	return h, nil
}

// remove takes the engine out of the table, so that no further call can enter
// it. Of several that try, one gets it; the others get closed.
func (r *registry) remove(number uint64) (*handle, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	h, open := r.open[number]
	if !open {
		return nil, errClosed(number)
	}
	delete(r.open, number)
	return h, nil
}

func errClosed(number uint64) error {
	return fault.New(fault.Closed, "%d is not an open engine of this process", number).
		Advise("Use the number that tasker_open gave, before tasker_close.")
}
