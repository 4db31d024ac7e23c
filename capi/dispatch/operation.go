package dispatch

import (
	"github.com/tasker-systems/tasker-core-go/capi/wire"
	"github.com/tasker-systems/tasker-core-go/core/fault"
)

// lookup returns the row of an operation and how long this request to it can
// take. Errors: InvalidRequest.
func lookup(operation int, request []byte) (*row, wire.Kind, error) {
	if operation >= 1 && operation <= len(table) {
		return &table[operation-1], wire.Operations[operation-1].Kind, nil
	}
	if row, kind := extra(operation, request); row != nil {
		return row, kind, nil
	}
	return nil, wire.Instant, fault.New(fault.InvalidRequest, "there is no operation number %d", operation).
		With("least", 1).With("most", len(table)).
		Advise("Use a TASKER_OP_ number of the header that belongs to this library.")
}

// Known returns nil when the number names an operation. Errors: InvalidRequest.
func Known(operation int) error {
	_, _, err := lookup(operation, nil)
	return err
}

// IsInstant reports whether the operation is answered from memory. A number that
// names none is refused at once, too.
func IsInstant(operation int, request []byte) bool {
	_, kind, _ := lookup(operation, request)
	return kind == wire.Instant
}
