package main

// #include "front.h"
import "C"

import (
	"bytes"
	"context"
	"errors"
	"unsafe"

	"github.com/tasker-systems/tasker-core-go/capi/dispatch"
	"github.com/tasker-systems/tasker-core-go/capi/wire"
	"github.com/tasker-systems/tasker-core-go/core/fault"
)

// What one crossing performs itself of operations that are answered from memory:
// so many requests, with so many bytes together. The rest gets goroutines, so that a
// submit returns soon whatever is submitted.
const (
	instantMax      = 256
	instantBytesMax = 16384
)

// submission is one request that a host submitted.
type submission struct {
	operation int
	request   []byte
	instant   bool // performed before the submit returns
}

// submit starts all requests of the call or, with an error, none.
func submit(call *C.struct_tk_call) error {
	given, err := submissions(unsafe.Slice(call.submissions, int(call.count)))
	if err != nil {
		return err
	}
	h, err := engines.enter(uint64(call.engine))
	if err != nil {
		return err
	}
	defer h.leave()
	if len(given) == 0 {
		return nil
	}
	ticket, err := h.answers.reserve(len(given))
	if err != nil {
		return err
	}
	call.value = C.uint64_t(ticket)
	h.start(ticket, given)
	return nil
}

// submissions copies what the host passed in: its memory ends with the call.
// Errors: InvalidRequest.
func submissions(passed []C.tasker_submission) ([]submission, error) {
	given := make([]submission, len(passed))
	instant, instantBytes := 0, 0
	for i, p := range passed {
		s := submission{operation: int(p.operation), request: []byte("{}")}
		if err := dispatch.Known(s.operation); err != nil {
			return nil, at(i, err)
		}
		if p.request_len > 0 {
			s.request = bytes.Clone(unsafe.Slice((*byte)(p.request), int(p.request_len)))
		}
		fits := instant < instantMax && instantBytes+len(s.request) <= instantBytesMax
		if fits && dispatch.KindOf(s.operation, s.request) == wire.Instant {
			s.instant = true
			instant++
			instantBytes += len(s.request)
		}
		given[i] = s
	}
	return given, nil
}

// at notes in an error which of the submitted requests is at fault.
func at(index int, err error) error {
	var known *fault.Error
	if errors.As(err, &known) {
		return known.With("index", index)
	}
	return err
}

// start performs what got tickets, beginning with the given one. Nothing in it
// fails as a whole: each request has a barrier, so each ticket is answered.
func (h *handle) start(ticket uint64, given []submission) {
	done := make([]completion, 0, min(len(given), instantMax))
	for i, s := range given {
		if s.instant {
			done = append(done, h.finish(ticket+uint64(i), s))
			continue
		}
		h.enter()
		go func() { // owned by the handle, whose close waits for leave
			defer h.leave()
			h.keep(h.finish(ticket+uint64(i), s))
		}()
	}
	if len(done) > 0 {
		h.keep(done...)
	}
}

// finish performs one request, and blocks as long as its operation does.
func (h *handle) finish(ticket uint64, s submission) completion {
	status, reply := outcome(guarded(h.number, func() ([]byte, error) { return h.perform(context.Background(), s.operation, s.request) }))
	return completion{ticket: ticket, status: status, reply: reply}
}

// collect hands the answers that are there over to the host.
func collect(call *C.struct_tk_call) error {
	h, err := engines.enter(uint64(call.engine))
	if err != nil {
		return err
	}
	defer h.leave()
	h.wake.rearm()
	taken, more := h.answers.take(int(min(call.count, C.size_t(submittedMax))))
	if more {
		h.wake.signal()
	}
	slots := unsafe.Slice(call.completions, len(taken))
	for i, c := range taken {
		slots[i].ticket = C.uint64_t(c.ticket)
		slots[i].status = C.int32_t(c.status)
		if !fill(&slots[i].reply, c.reply) {
			slots[i].status = C.TASKER_E_INTERNAL
		}
	}
	call.value = C.uint64_t(len(taken))
	return nil
}
