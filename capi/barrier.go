package main

import (
	"github.com/tasker-systems/tasker-core-go/core/barrier"
)

// guarded runs work for the engine with a number behind the panic barrier, so that
// a defect of ours ends one call and never the host. dispatch has a barrier of its
// own for the work of operations; this one is before it, for the boundary itself.
func guarded(engine uint64, work func() ([]byte, error)) (reply []byte, err error) {
	err = barrier.Run(survive(engine), func() (err error) {
		reply, err = work()
		return err
	})
	return reply, err
}

// survive tells the engine of a panic at the boundary, if it is (still) there.
func survive(engine uint64) barrier.Told {
	return func(cause any, stack []byte) error {
		h, err := engines.enter(engine)
		if err != nil {
			return nil
		}
		defer h.leave()
		return h.core.Panicked("boundary", cause, stack)
	}
}

// keep makes answers to submitted requests collectable. A host waits for them, so
// a panic on the way does not lose them.
func (h *handle) keep(c ...completion) {
	persist(survive(h.number), func() { h.answers.put(c...) })
	persist(survive(h.number), h.wake.signal)
}

// persist runs work once more if it panicked.
func persist(told barrier.Told, work func()) {
	if barrier.Run(told, func() error { work(); return nil }) != nil {
		barrier.Do(told, work)
	}
}
