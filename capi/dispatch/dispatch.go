// Package dispatch carries a call from bytes to bytes: it decodes the request,
// runs the use case with its deadline, and encodes the reply. A
// panic in it ends the call with Internal.
package dispatch

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/tasker-systems/tasker-core-go/capi/session"
	"github.com/tasker-systems/tasker-core-go/capi/wire"
	"github.com/tasker-systems/tasker-core-go/core/barrier"
	"github.com/tasker-systems/tasker-core-go/core/fault"
)

// Call runs the operation with the given number, which is its position in
// wire.Operations counted from 1, and returns its encoded reply. It blocks as
// long as the operation does, at most its deadline; it ends early when ctx
// ends, when the engine is closed, and, if it waits, by Interrupt. The error is
// a *fault.Error or Internal; wire.ErrorReply writes it. It may be called
// concurrently.
func Call(ctx context.Context, e *session.Engine, operation int, request []byte) (reply []byte, err error) {
	row, kind, err := lookup(operation, request)
	if err != nil {
		return nil, err
	}
	if e.SchemaOnly() && kind != wire.Instant && !strings.HasPrefix(row.name, "schema_") {
		return nil, fault.New(fault.Unsupported, `%s needs an engine that was not opened with "migrate": "only"`, row.name).
			Advise(`Migrate, close this engine, and open one with "migrate": "check".`)
	}
	ctx, done, err := e.Begin(ctx, kind == wire.Waits)
	if err != nil {
		return nil, err
	}
	defer done()
	told := func(cause any, stack []byte) error { return e.Panicked(row.name, cause, stack) }
	err = barrier.Run(told, func() (err error) {
		reply, err = row.run(ctx, e, kind, request)
		return err
	})
	if fault.KindOf(err) == fault.Internal {
		e.Log("error", "a call failed for a reason of the library's own", map[string]any{"operation": row.name, "error": err.Error()})
	}
	return reply, err
}

// bounded returns a context that ends with the call's deadline. An operation
// that is answered from memory needs none.
func bounded(ctx context.Context, kind wire.Kind, limit time.Duration) (context.Context, context.CancelFunc) {
	if kind == wire.Instant {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, limit)
}

// settled makes an error that came from the end of the context tell why it
// ended: interrupt, close, deadline, or the caller.
func settled(ctx context.Context, limit time.Duration, err error) error {
	if err == nil || ctx.Err() == nil || !ended(err) {
		return err
	}
	cause := context.Cause(ctx)
	var known *fault.Error
	switch {
	case errors.As(cause, &known):
		return known
	case errors.Is(cause, context.DeadlineExceeded):
		return fault.Wrap(fault.Timeout, err, "the call did not end within %d ms; the outcome of a write is unknown", limit.Milliseconds()).
			With("timeout_ms", limit.Milliseconds()).Advise("Repeat the call, which is safe, or allow more time with timeout_ms.")
	}
	return fault.Wrap(fault.Cancelled, err, "the caller gave the call up; the outcome of a write is unknown").
		Advise("Repeat the call if it is still wanted.")
}

// ended reports whether an error can come from the end of a context.
func ended(err error) bool {
	kind := fault.KindOf(err)
	return kind == fault.Timeout || kind == fault.Cancelled ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}
