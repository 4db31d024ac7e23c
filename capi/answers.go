package main

import (
	"sync"

	"github.com/tasker-systems/tasker-core-go/core/barrier"
	"github.com/tasker-systems/tasker-core-go/core/fault"
)

// submittedMax is TASKER_SUBMITTED_MAX of the header: submitted requests that
// run or wait to be collected. It bounds the memory of a host that forgets to
// collect.
const submittedMax = 65536

// completion is the answer to one submitted request.
type completion struct {
	ticket uint64
	status int32
	reply  []byte
}

// answers are the completions of one engine, in the order in which the
// operations ended. It may be used concurrently.
type answers struct {
	mu      sync.Mutex // guards the fields below
	tickets uint64     // the last one given out
	open    int        // given out and not yet taken, at most submittedMax
	ready   []completion
}

// reserve gives out n tickets, which follow each other, and returns the first. For
// each put must be called once. The error is limit_exceeded.
func (a *answers) reserve(n int) (first uint64, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if room := submittedMax - a.open; n > room {
		return 0, fault.New(fault.LimitExceeded, "%d submitted requests run or wait to be collected, and %d more are too many",
			a.open, n).
			With("limit", submittedMax).With("submitted", a.open).With("index", room).
			Advise("Collect answers before submitting more.")
	}
	barrier.Point("answers.reserve")
	first = a.tickets + 1
	a.open += n
	a.tickets += uint64(n)
	return first, nil
}

// put adds answers.
func (a *answers) put(c ...completion) {
	a.mu.Lock()
	defer a.mu.Unlock()
	barrier.Point("answers.put")
	a.ready = append(a.ready, c...)
}

// take removes up to most answers, the oldest first, and says whether more are
// left.
func (a *answers) take(most int) (taken []completion, more bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	barrier.Point("answers.take")
	n := min(most, len(a.ready))
	taken, a.ready = a.ready[:n:n], a.ready[n:]
	a.open -= n
	if len(a.ready) == 0 {
		a.ready = nil // so that the array, now the taker's, is not written again
	}
	return taken, len(a.ready) > 0
}

// any says whether an answer can be taken.
func (a *answers) any() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.ready) > 0
}
