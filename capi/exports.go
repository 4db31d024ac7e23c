package main

/*
#cgo CFLAGS: -std=gnu11 -fvisibility=hidden -Wall -Wextra -Werror
#cgo LDFLAGS: -pthread
#cgo linux LDFLAGS: -Wl,--wrap=pthread_getattr_np -Wl,--wrap=x_cgo_mmap -Wl,--wrap=x_cgo_munmap
#cgo tasker_sabotage_no_fork_guard CFLAGS: -DTASKER_SABOTAGE_NO_FORK_GUARD
#cgo tasker_sabotage_no_wipe CFLAGS: -DTASKER_SABOTAGE_NO_WIPE
#cgo tasker_sabotage_no_mask CFLAGS: -DTASKER_SABOTAGE_NO_MASK
#cgo tasker_sabotage_no_atfork CFLAGS: -DTASKER_SABOTAGE_NO_ATFORK

#include "front.h"
*/
import "C"

import (
	"bytes"
	"context"
	"time"
	"unsafe"

	"github.com/tasker-systems/tasker-core-go/capi/dispatch"
	"github.com/tasker-systems/tasker-core-go/capi/session"
	"github.com/tasker-systems/tasker-core-go/capi/wire"
	"github.com/tasker-systems/tasker-core-go/core/barrier"
	"github.com/tasker-systems/tasker-core-go/core/fault"
)

// tk_go_enter is the one door from C into Go. It returns at once; the call is
// complete when tk_complete was called for it, which happens exactly once and
// ends the record's life: nothing touches it afterwards.
//
//export tk_go_enter
func tk_go_enter(call *C.struct_tk_call) { //nolint:revive // the name is C's
	err := barrier.Run(survive(uint64(call.engine)), func() error {
		enter(call)
		return nil
	})
	if err != nil { // then the call was neither completed nor handed to a goroutine
		complete(call, nil, err)
	}
}

// enter starts what a call asks for. Whatever can panic in it comes before the
// call is complete.
func enter(call *C.struct_tk_call) {
	switch call.verb {
	case C.TK_OPERATION:
		startOperation(call)
	case C.TK_SUBMIT:
		answer(call, func() ([]byte, error) { return nil, submit(call) })
	case C.TK_COLLECT:
		answer(call, func() ([]byte, error) { return nil, collect(call) })
	case C.TK_INTERRUPT:
		answer(call, func() ([]byte, error) { return nil, interrupt(call) })
	case C.TK_WAKE_FD:
		answer(call, func() ([]byte, error) { return nil, wakeDescriptor(call) })
	case C.TK_START:
		session.Start()
		engines.started(uint64(call.value))
		answer(call, func() ([]byte, error) { return nil, nil })
	case C.TK_BUILD_INFO:
		call.text = buildInfo()
		answer(call, func() ([]byte, error) { return nil, nil })
	case C.TK_OPEN:
		// Owned by the caller, which sleeps until the call is complete.
		go answer(call, func() ([]byte, error) { return open(call) })
	case C.TK_CLOSE:
		// Owned by the caller, which sleeps until the call is complete.
		go answer(call, func() ([]byte, error) { return closeEngine(call) })
	}
}

// answer runs the work of a call behind the panic barrier and completes it.
func answer(call *C.struct_tk_call, work func() ([]byte, error)) {
	reply, err := guarded(uint64(call.engine), work)
	complete(call, reply, err)
}

// complete gives a call its answer, once.
func complete(call *C.struct_tk_call, reply []byte, err error) {
	status, reply := outcome(reply, err)
	C.tk_complete(call, C.int32_t(status), unsafe.Pointer(unsafe.SliceData(reply)), C.size_t(len(reply)))
}

// outcome turns what the work returned into what crosses the boundary.
func outcome(reply []byte, err error) (int32, []byte) {
	if err != nil {
		return wire.StatusOf(fault.KindOf(err)), wire.ErrorReply(err)
	}
	return wire.StatusOK, reply
}

// request copies what the host passed in: its memory ends with the call, while
// the work may outlive the call's deadline or keep a part of a payload.
func request(call *C.struct_tk_call) []byte {
	return bytes.Clone(unsafe.Slice((*byte)(call.request), int(call.request_len)))
}

func open(call *C.struct_tk_call) ([]byte, error) {
	core, reply, err := session.OpenAs(session.Origin{
		Version: version, Config: request(call), Environment: environment(call),
		Inherited: call.inherited != 0, Sockets: sockets{},
	})
	if err != nil {
		return nil, err
	}
	known := false
	defer func() {
		if !known { // a panic came between, and nobody else can close it
			_, _ = core.Close(context.Background(), nil)
		}
	}()
	if err := core.Inheritable(); err != nil {
		// Without memory for it a child asks its own runtime, which says the same.
		fill(&call.refusal, wire.ErrorReply(err))
	}
	h := engines.handle(uint64(call.engine), core)
	h.wake.inherit(call.wake)
	// After the wake descriptor is known: a wake-up may come at once.
	core.OnWake(h.wake.signal)
	engines.add(h)
	known = true
	return reply, nil
}

// fill copies text into memory of C's. False when there is none.
func fill(buffer *C.tasker_buffer, text []byte) bool {
	return bool(C.tk_buffer_fill(buffer, unsafe.Pointer(unsafe.SliceData(text)), C.size_t(len(text))))
}

// environment splits the variables that C read, each ended by NUL.
func environment(call *C.struct_tk_call) map[string]string {
	variables := map[string]string{}
	text := unsafe.Slice((*byte)(call.environment), int(call.environment_len))
	for entry := range bytes.SplitSeq(text, []byte{0}) {
		if name, value, found := bytes.Cut(entry, []byte{'='}); found {
			variables[string(name)] = string(value)
		}
	}
	return variables
}

func closeEngine(call *C.struct_tk_call) ([]byte, error) {
	h, err := engines.remove(uint64(call.engine))
	if err != nil {
		return nil, err
	}
	return h.close(request(call))
}

func interrupt(call *C.struct_tk_call) error {
	h, err := engines.enter(uint64(call.engine))
	if err != nil {
		return err
	}
	defer h.leave()
	h.core.Interrupt()
	return nil
}

func wakeDescriptor(call *C.struct_tk_call) error {
	h, err := engines.enter(uint64(call.engine))
	if err != nil {
		return err
	}
	defer h.leave()
	if call.wake, err = h.wake.descriptor(); err == nil {
		h.core.Attend() // who asks for it in a forked child waits for what others do, too
	}
	return err
}

// startOperation runs an operation of the table: on this thread if it is
// answered from memory, or brief and alone; else on a goroutine of the handle,
// since one that waits here would keep the host's signals waiting. To hand a call
// over and to be woken cost a hundred microseconds on an idle machine, a tenth to a
// quarter of a short write.
func startOperation(call *C.struct_tk_call) {
	h, err := engines.enter(uint64(call.engine))
	if err != nil {
		answer(call, func() ([]byte, error) { return nil, err })
		return
	}
	handed := false
	defer func() {
		if !handed {
			h.leave()
		}
	}()
	operation := int(call.operation)
	text := request(call)
	ctx := context.Background()
	kind := dispatch.KindOf(operation, text)
	hosted := kind == wire.Brief && bool(call.roomy) && h.core.Alone()
	if hosted {
		ctx = session.Hosted(ctx, func(while time.Duration) { C.tk_pause(call, C.uint64_t(while)) })
	}
	if hosted || kind == wire.Instant {
		answer(call, func() ([]byte, error) { return h.perform(ctx, operation, text) })
		return
	}
	handed = true
	go func() { // owned by the handle, whose close waits for leave
		defer h.leave()
		answer(call, func() ([]byte, error) { return h.perform(ctx, operation, text) })
	}()
}
