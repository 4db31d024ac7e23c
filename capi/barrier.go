package main

import (
	"fmt"

	"github.com/tasker-systems/tasker-core-go/core/fault"
)

// barrier runs work and turns a panic into an internal error, so that a defect
// of ours ends one call and never the host. dispatch has a barrier of its own
// that drops the engine's caches and counts; this one is behind it, for whatever
// is left.
func barrier(work func() ([]byte, error)) (reply []byte, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			reply, err = nil, fault.Wrap(fault.Internal, fmt.Errorf("panic: %v", cause),
				"a defect in the library ended this call").
				Advise("Please report it with the log of this moment; other calls go on.")
		}
	}()
	return work()
}
