// Package notify wakes those who wait inside this process. It carries no
// content: whoever wakes re-reads the truth, so a lost or spurious wake-up can
// only cost time, never correctness.
package notify

import (
	"sync"
	"time"

	"github.com/tasker-systems/tasker-core-go/core/barrier"
)

// Hub is a broadcast with a timer. All methods may be called concurrently.
type Hub struct {
	mu     sync.Mutex    // guards every field below; never held across a callback
	bell   chan struct{} // closed and replaced by every ring
	timer  *time.Timer   // rings for the earliest known due time, nil when none
	dueAt  time.Time     // when the timer rings
	onRing []func()
	closed bool
	told   barrier.Told // of a panic in a callback or on the timer's goroutine
}

// NewHub returns a hub that nobody waits on yet. told hears of panics; nil is
// allowed.
func NewHub(told barrier.Told) *Hub { return &Hub{bell: make(chan struct{}), told: told} }

// Bell returns a channel that is closed by the next ring. Take it before
// reading what you wait for, or a ring in between is lost.
func (h *Hub) Bell() <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.bell
}

// Ring wakes everybody who holds a bell and calls the subscribers, each of them
// whatever became of the others.
func (h *Hub) Ring() {
	for _, call := range h.strike() {
		barrier.Do(h.told, call)
	}
}

// strike wakes who holds a bell and returns the subscribers.
func (h *Hub) strike() []func() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil
	}
	bell := h.bell
	h.bell = make(chan struct{})
	close(bell)
	barrier.Point("hub.strike")
	return h.onRing
}

// OnRing adds a callback for every ring; it must not block.
func (h *Hub) OnRing(call func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.onRing = append(h.onRing[:len(h.onRing):len(h.onRing)], call)
}

// RingIn rings after d unless an earlier ring is planned already. It serves
// steps that become due at a known time.
func (h *Hub) RingIn(d time.Duration) {
	at := time.Now().Add(d)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed || (h.timer != nil && !h.dueAt.After(at)) {
		return
	}
	if h.timer != nil {
		h.timer.Stop()
	}
	h.dueAt = at
	h.timer = time.AfterFunc(d, func() { barrier.Do(h.told, func() { h.expire(at) }) })
}

func (h *Hub) expire(at time.Time) {
	h.disarm(at)
	h.Ring()
}

// disarm forgets the timer that rings at a time, unless another was planned.
func (h *Hub) disarm(at time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.timer != nil && h.dueAt.Equal(at) {
		h.timer = nil
	}
	barrier.Point("hub.timer")
}

// Close stops the timer and wakes everybody a last time. Closing twice is
// legal.
func (h *Hub) Close() {
	h.Ring()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	if h.timer != nil {
		h.timer.Stop()
		h.timer = nil
	}
}
