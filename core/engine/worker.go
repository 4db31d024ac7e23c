package engine

import (
	"cmp"
	"context"
	"fmt"

	"github.com/tasker-systems/tasker-core-go/core/query"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// RegisterWorkerRequest announces a process that will claim steps.
type RegisterWorkerRequest struct {
	Call
	// A name for people. Default: the host's name and the process id.
	Name string `json:"name,omitempty"`
	// Language of the handlers, such as "python".
	Language string `json:"language,omitempty"`
	// The steps it has handlers for, 1 to 1000 patterns. Steps of unknown handlers are left alone.
	Handlers []HandlerMatch `json:"handlers"`
}

// WorkerInfo describes a worker.
type WorkerInfo struct {
	// The worker.
	WorkerID int64 `json:"worker_id"`
	// Its name.
	Name string `json:"name"`
	// The machine it runs on.
	Host string `json:"host"`
	// Its process id.
	PID int `json:"pid"`
	// Language of its handlers.
	Language string `json:"language"`
	// Ids of the routes that it claims.
	Routes []int64 `json:"routes"`
	// When it registered.
	StartedAt workflow.Instant `json:"started_at"`
	// Its last heartbeat; it beats by itself while the engine is open.
	HeartbeatAt workflow.Instant `json:"heartbeat_at"`
	// Steps leased to it now.
	Leases int `json:"leases"`
}

// ListWorkersRequest selects workers.
type ListWorkersRequest struct {
	Call
	PageRequest
	Selection
}

// ListWorkersReply is the answer to worker_list.
type ListWorkersReply struct {
	// The workers by id, unless asked otherwise.
	Items []WorkerInfo `json:"items"`
	// Cursor of the next page, null at the end.
	Next *string `json:"next"`
}

// StopWorkerRequest ends a worker.
type StopWorkerRequest struct {
	Call
	// The worker, from worker_register.
	WorkerID int64 `json:"worker_id"`
}

// StopWorkerReply is the answer to worker_stop.
type StopWorkerReply struct {
	// Steps that were still leased to it and are ready again.
	Released int `json:"released"`
}

// handlersMax bounds the patterns of one worker; a host with more uses
// patterns without a step name.
const handlersMax = 1_000

// RegisterWorker announces a worker. It beats by itself while the engine is
// open; without heartbeat for one lease period it is removed and its steps are
// given to others.
func (e *Engine) RegisterWorker(ctx context.Context, r RegisterWorkerRequest) (WorkerInfo, error) {
	if err := checkRange("handlers", int64(len(r.Handlers)), 1, handlersMax); err != nil {
		return WorkerInfo{}, err
	}
	for _, text := range []struct{ path, value string }{{"name", r.Name}, {"language", r.Language}} {
		if err := checkText(text.path, text.value); err != nil {
			return WorkerInfo{}, err
		}
	}
	e.Attend()
	worker := workflow.Worker{Name: cmp.Or(r.Name, fmt.Sprintf("%s:%d", e.Host, e.PID)), Host: e.Host, PID: e.PID,
		Language: r.Language}
	err := e.write(ctx, r.CorrelationID, func(u *unit) error {
		names, err := u.tx.RouteNames(u.ctx)
		if err != nil {
			return err
		}
		worker.Routes, worker.StartedAt, worker.HeartbeatAt = matchRoutes(r.Handlers, names), u.now, u.now
		worker.ID, err = u.tx.WorkerInsert(u.ctx, worker)
		return err
	})
	if err != nil {
		return WorkerInfo{}, err
	}
	e.workers.add(worker, r.Handlers)
	return workerInfo(worker, 0), nil
}

func workerInfo(w workflow.Worker, leases int) WorkerInfo {
	return WorkerInfo{WorkerID: w.ID, Name: w.Name, Host: w.Host, PID: w.PID, Language: w.Language, Routes: w.Routes,
		StartedAt: w.StartedAt, HeartbeatAt: w.HeartbeatAt, Leases: leases}
}

// refreshRoutes matches a worker's patterns again when templates may have been
// added; it fails when this engine does not know the worker.
func (e *Engine) refreshRoutes(ctx context.Context, id int64) error {
	stale, known := e.workers.stale(id)
	if !known {
		return e.workerNotFound(id)
	}
	if !stale {
		return nil
	}
	return e.Store.Read(ctx, func(r store.Reader) error {
		stamp, err := r.RouteStamp(ctx)
		if err != nil || e.workers.confirm(id, stamp) {
			return err
		}
		names, err := r.RouteNames(ctx)
		if err == nil {
			e.workers.resolve(id, names, stamp)
		}
		return err
	})
}

// ListWorkers lists the workers of all processes on this database.
func (e *Engine) ListWorkers(ctx context.Context, r ListWorkersRequest) (ListWorkersReply, error) {
	reply := ListWorkersReply{Items: []WorkerInfo{}}
	q, err := (&listing{}).parse(&query.Workers, r.Selection, r.PageRequest, "", "asc")
	if err != nil {
		return reply, err
	}
	err = e.Store.Read(ctx, func(reader store.Reader) error {
		loads, next, err := page(ctx, reader, q, nil, reader.WorkerFind, func(w *store.WorkerLoad) int64 { return w.ID })
		for _, w := range loads {
			reply.Items = append(reply.Items, workerInfo(w.Worker, w.Leases))
		}
		reply.Next = next
		return err
	})
	return reply, err
}

// StopWorker removes a worker. What is still leased to it is ready again at
// once, without counting the attempt.
func (e *Engine) StopWorker(ctx context.Context, r StopWorkerRequest) (StopWorkerReply, error) {
	if _, known := e.workers.stale(r.WorkerID); !known {
		return StopWorkerReply{}, e.workerNotFound(r.WorkerID)
	}
	released := 0
	err := e.write(ctx, r.CorrelationID, func(u *unit) (err error) {
		released, err = u.dismiss(r.WorkerID)
		return err
	})
	if err != nil {
		return StopWorkerReply{}, err
	}
	e.workers.remove(r.WorkerID)
	return StopWorkerReply{Released: released}, nil
}

// dismiss deletes a worker and releases its leases.
func (u *unit) dismiss(id int64) (released int, err error) {
	if err := u.tx.WorkerDelete(u.ctx, []int64{id}); err != nil {
		return 0, err
	}
	for {
		leases, err := u.tx.LeaseList(u.ctx, store.LeaseFilter{WorkerIDs: []int64{id}})
		if err != nil || len(leases) == 0 {
			return released, err
		}
		closings := make([]closing, len(leases))
		for i, lease := range leases {
			closings[i] = releaseClosing(LeaseName{StepID: lease.StepID, Epoch: lease.Epoch}, u.correlation)
		}
		if _, err := u.close(closings); err != nil {
			return released, err
		}
		if err := u.flush(); err != nil {
			return released, err
		}
		released += len(leases)
	}
}

// StopAll removes every worker that this engine registered, for a graceful end.
func (e *Engine) StopAll(ctx context.Context) error {
	for _, w := range e.workers.all() {
		if _, err := e.StopWorker(ctx, StopWorkerRequest{WorkerID: w.ID}); err != nil {
			return err
		}
	}
	return nil
}
