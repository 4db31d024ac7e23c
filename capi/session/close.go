package session

import (
	"context"
	"time"

	"github.com/tasker-systems/tasker-core-go/capi/wire"
	"github.com/tasker-systems/tasker-core-go/core/barrier"
	"github.com/tasker-systems/tasker-core-go/core/fault"
)

// How long closing waits.
const (
	closeDefaultMS = 5_000   // for calls in flight; they take milliseconds unless the database hangs
	closeMaxMS     = 600_000 // the bound of every call
	releaseWait    = 5 * time.Second
)

// CloseRequest is the request of tasker_close.
type CloseRequest struct {
	// How long calls in flight may take to end by themselves, in milliseconds, 0 to 600000. Default 5000.
	TimeoutMS *int64 `json:"timeout_ms,omitempty"`
}

// CloseReply is the answer to tasker_close.
type CloseReply struct {
	// Calls that had not ended in time and were cut off; the outcome of their writes is unknown.
	CallsCut int `json:"calls_cut"`
	// What could not be ended properly, one sentence each. The engine is closed all the same.
	Problems []string `json:"problems"`
}

// Close ends the engine gracefully: waiting calls end with Closed and no new
// ones begin; calls in flight may finish until timeout_ms of the request; then
// the loops stop, this engine's workers give their leases back, and the store
// is closed. It returns the encoded CloseReply.
//
// The engine is closed whatever happens. Errors: Closed when it was closed
// before; InvalidRequest for a request that cannot be read, after closing with
// the default timeout.
func (e *Engine) Close(ctx context.Context, request []byte) ([]byte, error) {
	patience, invalid := closeTimeout(request)
	if !e.calls.close() {
		return nil, errClosed
	}
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cut := e.calls.drain(waiting)
	problems := e.end(context.WithoutCancel(ctx))
	if invalid != nil {
		return nil, invalid
	}
	return wire.Encode(CloseReply{CallsCut: cut, Problems: problems})
}

// closeTimeout reads the request; a wrong one gives the default with the error.
func closeTimeout(raw []byte) (time.Duration, error) {
	var request CloseRequest
	err := wire.Decode(raw, &request)
	wait := int64(closeDefaultMS)
	if err == nil && request.TimeoutMS != nil {
		if wait = *request.TimeoutMS; wait < 0 || wait > closeMaxMS {
			err = fault.New(fault.InvalidRequest, "timeout_ms is %d; it must be from 0 to %d", wait, closeMaxMS).At("timeout_ms")
			wait = closeDefaultMS
		}
	}
	return time.Duration(wait) * time.Millisecond, err
}

// end takes the engine apart in the reverse order of its making, each part
// whatever became of the others, and tells what did not work.
func (e *Engine) end(ctx context.Context) (problems []string) {
	attempt := func(problem string, step func() error) {
		if barrier.Run(e.survive("close"), step) != nil {
			problems = append(problems, problem)
		}
	}
	attempt("leases of this engine's workers were not released; others recover them after the lease period", func() error {
		return e.endWork(ctx)
	})
	attempt("the library's own tasks were not ended", func() error {
		if e.cases != nil {
			e.cases.Close()
		}
		e.hub.Close()
		return nil
	})
	attempt("the database was not closed properly; it will be recovered when it is opened again", e.store.Close)
	return problems
}

// endWork stops the loops and gives back what this engine's workers hold.
func (e *Engine) endWork(ctx context.Context) error {
	if e.duties == nil {
		return nil
	}
	e.duties.stop()
	barrier.Point("session.close")
	releasing, cancel := context.WithTimeout(ctx, releaseWait)
	defer cancel()
	return e.cases.StopAll(releasing)
}
