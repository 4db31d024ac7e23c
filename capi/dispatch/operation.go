package dispatch

import (
	"bytes"

	"github.com/tasker-systems/tasker-core-go/capi/wire"
	"github.com/tasker-systems/tasker-core-go/core/fault"
)

// lookup returns the row of an operation and how long this request to it can
// take. Errors: InvalidRequest.
func lookup(operation int, request []byte) (*row, wire.Kind, error) {
	if operation >= 1 && operation <= len(table) {
		row := &table[operation-1]
		return row, asked(row, wire.Operations[operation-1].Kind, request), nil
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

// KindOf says how long this request to an operation can take. A number that names
// none is refused at once, and so Instant.
func KindOf(operation int, request []byte) wire.Kind {
	_, kind, _ := lookup(operation, request)
	return kind
}

// asked is the kind of an operation for one request: one that waits when it is
// asked to is brief when it is not. A name in escapes is not recognised here, so a
// request with escapes counts as one that waits.
func asked(row *row, kind wire.Kind, request []byte) wire.Kind {
	if kind == wire.Waits && row.waitsIfAsked && !bytes.Contains(request, []byte(`wait_ms`)) && !bytes.Contains(request, []byte(`\`)) {
		return wire.Brief
	}
	return kind
}
