//go:build tasker_probe

package dispatch

import (
	"bytes"
	"context"
	"os"
	"time"

	"github.com/tasker-systems/tasker-core-go/capi/wire"
	"github.com/tasker-systems/tasker-core-go/core/barrier"
	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/fault"
)

// probeNumber is TASKER_OP_PROBE of the tests, far from the numbers of the table.
const probeNumber = 0x7000

// ProbeRequest is the request of tasker_probe, which exists in test builds only.
type ProbeRequest struct {
	engine.Call
	// "nothing" (default), "echo", "thread", "wait", "panic", "arm" or "armed".
	Do string `json:"do,omitempty"`
	// What echo gives back.
	Text string `json:"text,omitempty"`
	// How long wait waits, in milliseconds; an interrupt ends it.
	WaitMS int64 `json:"wait_ms,omitempty"`
	// The point that arm makes panic at its next passage; "" for none.
	At string `json:"at,omitempty"`
	// Run on the calling thread, as an operation that is answered from memory.
	Instant bool `json:"instant,omitempty"`
}

// ProbeReply is the answer to tasker_probe; {} for nothing.
type ProbeReply struct {
	// What echo was given, the thread that answers ("PID/task/TID"), or the point that
	// is still armed.
	Text string `json:"text,omitempty"`
}

// extra is the probe.
func extra(operation int, request []byte) (*row, wire.Kind) {
	if operation != probeNumber {
		return nil, wire.Instant
	}
	return &probes[0], probeKind(request)
}

// probes is a table of one row, made like the other.
var probes = []row{handle("probe", runProbe)}

// probeKind looks for the two fields that decide without reading the request,
// which is decoded later and only once.
func probeKind(request []byte) wire.Kind {
	switch {
	case hasField(request, `"instant"`, "true"):
		return wire.Instant
	case hasField(request, `"do"`, `"wait"`):
		return wire.Waits
	}
	return wire.Brief
}

func hasField(request []byte, name, value string) bool {
	_, rest, found := bytes.Cut(request, []byte(name))
	return found && bytes.HasPrefix(bytes.TrimLeft(rest, ": "), []byte(value))
}

func runProbe(_ *engine.Engine, ctx context.Context, r ProbeRequest) (ProbeReply, error) {
	switch r.Do {
	case "", "nothing":
		return ProbeReply{}, nil
	case "echo":
		return ProbeReply{Text: r.Text}, nil
	case "thread":
		thread, err := os.Readlink("/proc/thread-self")
		return ProbeReply{Text: thread}, err
	case "wait":
		return ProbeReply{}, pause(ctx, time.Duration(r.WaitMS)*time.Millisecond)
	case "panic":
		panic("the probe panics")
	case "arm":
		barrier.Arm(r.At)
		return ProbeReply{}, nil
	case "armed":
		return ProbeReply{Text: barrier.Armed()}, nil
	}
	return ProbeReply{}, fault.New(fault.InvalidRequest, "the probe cannot do %q", r.Do).At("do")
}

// pause sleeps unless the call ends before.
func pause(ctx context.Context, period time.Duration) error {
	timer := time.NewTimer(period)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fault.Wrap(fault.Cancelled, ctx.Err(), "the probe was ended")
	}
}
