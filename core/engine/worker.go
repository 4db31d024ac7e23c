package engine

import (
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

// ListWorkersReply is the answer to worker_list.
type ListWorkersReply struct {
	// The workers by id.
	Items []WorkerInfo `json:"items"`
	// Always null: workers are few.
	Next *int64 `json:"next"`
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
