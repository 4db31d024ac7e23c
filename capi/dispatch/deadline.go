package dispatch

import (
	"reflect"
	"time"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/fault"
)

// Deadlines of calls, as the documentation of engine.Call states them.
const (
	timeoutDefaultMS = 30_000
	timeoutMaxMS     = 600_000
	waitDefaultMS    = 30_000 // of task_wait
	waitSlackMS      = 5_000  // what a call that waits may take beside the waiting
)

// timing knows where a request type keeps what its deadline depends on.
type timing struct {
	call []int // index of the embedded engine.Call
	wait []int // index of WaitMS, nil for requests that do not wait

	waitsIfAsked bool // absent, WaitMS is 0
}

// timingOf looks a request type over.
func timingOf(request reflect.Type) timing {
	var t timing
	if field, ok := request.FieldByName("Call"); ok && field.Type == reflect.TypeFor[engine.Call]() {
		t.call = field.Index
	}
	if field, ok := request.FieldByName("WaitMS"); ok {
		t.wait, t.waitsIfAsked = field.Index, field.Type.Kind() != reflect.Pointer
	}
	return t
}

// limit returns how long the call may take. A call that waits gets at least the
// time that it was asked to wait. Errors: InvalidRequest.
func (t timing) limit(request reflect.Value) (time.Duration, error) {
	limit := int64(timeoutDefaultMS)
	if t.call != nil {
		if given := request.FieldByIndex(t.call).Interface().(engine.Call).TimeoutMS; given != 0 {
			limit = given
		}
	}
	if limit < 1 || limit > timeoutMaxMS {
		return 0, fault.New(fault.InvalidRequest, "timeout_ms is %d; it must be from 1 to %d", limit, timeoutMaxMS).
			At("timeout_ms").With("least", 1).With("most", timeoutMaxMS)
	}
	if t.wait != nil {
		limit = max(limit, min(waitOf(request.FieldByIndex(t.wait)), timeoutMaxMS)+waitSlackMS)
	}
	return time.Duration(limit) * time.Millisecond, nil
}

// waitOf reads WaitMS, which is a pointer where 0 and absent differ.
func waitOf(field reflect.Value) int64 {
	switch {
	case field.Kind() != reflect.Pointer:
		return field.Int()
	case field.IsNil():
		return waitDefaultMS
	}
	return field.Elem().Int()
}
