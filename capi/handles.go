package main

import (
	"math/rand/v2"
	"sync"

	"github.com/tasker-systems/tasker-core-go/capi/session"
	"github.com/tasker-systems/tasker-core-go/core/barrier"
	"github.com/tasker-systems/tasker-core-go/core/fault"
)

// An engine's number is a generation and, in its low bits, a place in the table.
// Together they stay below 2^53, the largest range that a double holds exactly.
const (
	placeBits = 16
	placeMax  = 1 << placeBits // open engines; each has its own database connections, so far fewer are sensible
	// generationStart bounds the random first generation. It makes numbers of
	// two processes differ, so that one that was passed on is refused, and
	// leaves 2^36 opens before the range ends.
	generationStart = 1 << 36
)

// engines holds the open engines of this process. Numbers come from C without
// any other context, so the table has to be reachable from everywhere.
var engines registry

// registry is the table of open engines. It may be used concurrently.
type registry struct {
	mu         sync.RWMutex // guards the fields below; held for a few instructions only
	places     []*handle    // nil where none is open
	free       []int        // places that are nil
	generation uint64       // of the engine opened last; a number is never given out twice
}

// add gives an open engine a number. When the table is full the engine is
// closed again and the error is limit_exceeded.
func (r *registry) add(core *session.Engine) (*handle, error) {
	h := &handle{core: core}
	if !r.seat(h) {
		_, _ = h.close([]byte("{}"))
		return nil, fault.New(fault.LimitExceeded, "%d engines are open in this process", placeMax).
			With("limit", placeMax).Advise("Close engines that are no longer used; one per database is enough.")
	}
	// After the number is known: a wake-up may come at once.
	core.OnWake(h.wake.signal)
	return h, nil
}

func (r *registry) seat(h *handle) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	place := len(r.places)
	switch last := len(r.free) - 1; {
	case last >= 0:
		place, r.free = r.free[last], r.free[:last]
	case place == placeMax:
		return false
	default:
		r.places = append(r.places, nil)
	}
	if r.generation == 0 {
		r.generation = rand.Uint64N(generationStart)
	}
	r.generation++
	h.number = r.generation<<placeBits | uint64(place) //nolint:gosec // a place is below 2^16
	r.places[place] = h
	return true
}

// find returns the open engine with the number; the caller holds mu.
func (r *registry) find(number uint64) (*handle, error) {
	place := int(number & (placeMax - 1)) //nolint:gosec // a place is below 2^16
	if place < len(r.places) && r.places[place] != nil && r.places[place].number == number {
		return r.places[place], nil
	}
	return nil, errClosed(number)
}

// enter returns the engine with the number and counts a call in flight, which
// the caller ends with leave. The error is closed.
func (r *registry) enter(number uint64) (*handle, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	h, err := r.find(number)
	if err != nil {
		return nil, err
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
	h, err := r.find(number)
	if err != nil {
		return nil, err
	}
	place := int(number & (placeMax - 1)) //nolint:gosec // a place is below 2^16
	r.places[place] = nil
	r.free = append(r.free, place)
	return h, nil
}

func errClosed(number uint64) error {
	return fault.New(fault.Closed, "%d is not an open engine of this process", number).
		Advise("Use the number that tasker_open gave in this process, before tasker_close.")
}
