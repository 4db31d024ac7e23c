package main

// #include "front.h"
//
// static int tk_go_pipe_open(int32_t ends[2]) { return tk_services->pipe_open(ends); }
// static void tk_go_pipe_close(const int32_t ends[2]) { tk_services->pipe_close(ends); }
import "C"

import (
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/tasker-systems/tasker-core-go/core/barrier"
	"github.com/tasker-systems/tasker-core-go/core/fault"
)

// wake is the pipe that a host waits on instead of blocking in a call. It holds
// one byte from the first signal until the next rearm, however many signals
// come, so a busy engine costs the host one wake-up per look and not one per
// event.
//
// No signal is lost: whoever looks for answers or work rearms first, so what
// came before the rearm is seen by the look, and what comes after writes a new
// byte. It may be used concurrently.
type wake struct {
	pending atomic.Bool // a byte is in the pipe, or goes there once it is made; written under mu
	mu      sync.Mutex  // guards the fields below; held across writes and reads that cannot block
	made    bool
	closed  bool
	ends    [2]C.int32_t
}

// signal makes the descriptor readable. It never blocks and may be called
// after close.
func (w *wake) signal() {
	if w.pending.Load() {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	barrier.Point("wake.signal")
	if !w.pending.Load() {
		// First: who reads the byte and rearms at once must not find it unset, or it
		// would stay set without a byte, and no signal would come through any more.
		w.pending.Store(true)
		w.write()
	}
}

// rearm takes the byte out, so that the next signal writes one again.
func (w *wake) rearm() {
	if !w.pending.Load() {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.made && !w.closed {
		C.tk_pipe_drain(w.ends[0])
	}
	w.pending.Store(false)
}

// inherit takes over a pipe that the host of a parent process waits on; fork.c
// has renewed it. It is called before anything else.
func (w *wake) inherit(ends [2]C.int32_t) {
	w.ends, w.made = ends, ends[0] >= 0
}

// descriptor returns the reading end and the other one; the pipe is made at the
// first call because most engines need none. The error is limit_exceeded when
// the process has no descriptor left.
func (w *wake) descriptor() ([2]C.int32_t, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.made {
		if cause := C.tk_go_pipe_open(&w.ends[0]); cause != 0 {
			return [2]C.int32_t{-1, -1}, fault.Wrap(fault.LimitExceeded, syscall.Errno(cause), "the operating system refuses a pipe").
				Advise("Raise the limit of open files.")
		}
		w.made = true
		if w.pending.Load() {
			w.write()
		}
	}
	return w.ends, nil
}

// write puts the byte in; the caller holds mu.
func (w *wake) write() {
	if w.made && !w.closed {
		C.tk_pipe_write(w.ends[1])
	}
}

// close closes the pipe. Later signals do nothing, so that a late wake-up never
// writes to whatever file the number names by then.
func (w *wake) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.made && !w.closed {
		C.tk_go_pipe_close(&w.ends[0])
	}
	w.closed = true
}
