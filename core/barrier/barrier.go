// Package barrier keeps a defect of ours from ending the host's process: a panic
// in work that it runs becomes an error. It knows nothing of what is to be done
// about a panic; whoever owns the work says so.
//
// Every goroutine of the library and every call that comes in runs behind a
// barrier, and every mutex is let go of by a deferred statement, so that a panic
// leaves nothing locked. What no barrier can catch ends the process: a stack that
// outgrows its limit, memory that is not to be had, a map written by two at once.
// The first is why every input that is read by recursion has a stated depth.
package barrier

import (
	"fmt"
	"runtime/debug"

	"github.com/tasker-systems/tasker-core-go/core/fault"
)

// Told says what is done about a panic (counting it, logging its stack, dropping
// caches) and returns the error to answer. It runs on the goroutine that panicked,
// after every deferred function of the work. nil stands for the error alone.
type Told func(cause any, stack []byte) error

// Run runs work, whose panic becomes the error that told returns. It may be used
// concurrently, and within itself.
func Run(told Told, work func() error) (err error) {
	if !upright {
		return work()
	}
	defer func() {
		if cause := recover(); cause != nil {
			err = settle(told, cause, debug.Stack())
		}
	}()
	return work()
}

// Do is Run for work that cannot fail; its panic ends it and is told, no more.
func Do(told Told, work func()) {
	_ = Run(told, func() error { work(); return nil }) // told has it, and nobody waits for an answer
}

// settle survives a second panic in told.
func settle(told Told, cause any, stack []byte) (err error) {
	defer func() {
		if again := recover(); again != nil || err == nil {
			err = fault.Wrap(fault.Internal, fmt.Errorf("panic: %v", cause), "a defect in the library ended this call").
				Advise("Please report it with the log of this moment (engine_logs_poll); other calls go on.")
		}
	}()
	if told == nil {
		return nil
	}
	return told(cause, stack)
}
