package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// HealthReply is the answer to engine_health.
type HealthReply struct {
	// "ok", or "degraded" with the reasons in problems.
	Status string `json:"status"`
	// What is wrong, one sentence each.
	Problems []string `json:"problems"`
	// Version of the library.
	Version string `json:"version"`
	// When the engine was opened.
	OpenedAt workflow.Instant `json:"opened_at"`
	// The database's clock.
	Now workflow.Instant `json:"now"`
	// "sqlite" or "postgresql".
	Store string `json:"store"`
	// Version of the database software.
	ServerVersion string `json:"server_version"`
	// File or URL, without secrets.
	Location string `json:"location"`
	// Size of the database in bytes, 0 when unknown.
	SizeBytes int64 `json:"size_bytes"`
	// Highest applied migration.
	SchemaVersion int `json:"schema_version"`
	// Settings and counters of the store.
	StoreDetails map[string]any `json:"store_details"`
	// Tasks that have not ended.
	OpenTasks int64 `json:"open_tasks"`
	// Steps that may run now.
	ReadySteps int64 `json:"ready_steps"`
	// Steps that wait for a time.
	ScheduledSteps int64 `json:"scheduled_steps"`
	// Steps that are leased.
	LeasedSteps int64 `json:"leased_steps"`
	// Workers that are registered.
	Workers int64 `json:"workers"`
	// Tasks whose derived rows wait to be checked.
	DirtyTasks int64 `json:"dirty_tasks"`
	// Panics that were caught since the engine was opened.
	Panics int64 `json:"panics"`
}

// AdvanceClockRequest moves a frozen clock.
type AdvanceClockRequest struct {
	Call
	// How far, in milliseconds, 1 to 10 years.
	ByMS int64 `json:"by_ms"`
}

// AdvanceClockReply is the answer to engine_clock_advance.
type AdvanceClockReply struct {
	// The clock now.
	Now workflow.Instant `json:"now"`
}

// PollLogsRequest reads log records.
type PollLogsRequest struct {
	Call
	// The value of next from the call before; absent: the oldest that is kept.
	After int64 `json:"after,omitempty"`
	// Most records to return, 1 to 1000. Default 100.
	Limit int `json:"limit,omitempty"`
}

// LogRecord is one structured log record.
type LogRecord struct {
	// Position of the record; grows by one.
	ID int64 `json:"id"`
	// When.
	At workflow.Instant `json:"at"`
	// debug, info, warn or error.
	Level string `json:"level"`
	// What happened.
	Message string `json:"message"`
	// Further facts.
	Fields map[string]any `json:"fields,omitempty"`
}

// PollLogsReply is the answer to engine_logs_poll.
type PollLogsReply struct {
	// The records, oldest first.
	Items []LogRecord `json:"items"`
	// Cursor for the next call.
	Next int64 `json:"next"`
	// Records that were dropped before they were read, since the engine was opened.
	Dropped int64 `json:"dropped"`
}

// Health tells how the engine, its database and its queues fare.
func (e *Engine) Health(ctx context.Context, _ Empty) (HealthReply, error) {
	reply := HealthReply{Status: "ok", Problems: []string{}, Version: e.Version, OpenedAt: e.openedAt}
	var err error
	if reply.Now, err = e.Store.Now(ctx); err != nil {
		return reply, err
	}
	about, err := e.Store.Describe(ctx)
	if err != nil {
		return reply, err
	}
	reply.Store, reply.ServerVersion, reply.Location = about.Kind, about.ServerVersion, about.Location
	reply.SizeBytes, reply.SchemaVersion, reply.StoreDetails = about.SizeBytes, about.SchemaVersion, about.Details
	if e.Panics != nil {
		reply.Panics = e.Panics()
	}
	if reply.Panics > 0 {
		reply.Problems = append(reply.Problems, fmt.Sprintf("%d calls were ended by a defect; engine_logs_poll has the details", reply.Panics))
	}
	err = e.Store.Read(ctx, func(r store.Reader) error {
		depths, err := r.Depths(ctx, reply.Now)
		reply.OpenTasks, reply.ReadySteps, reply.ScheduledSteps = depths.OpenTasks, depths.ReadySteps, depths.ScheduledSteps
		reply.LeasedSteps, reply.Workers, reply.DirtyTasks = depths.Leases, depths.Workers, depths.DirtyTasks
		return err
	})
	if reply.ReadySteps > 0 && reply.Workers == 0 {
		reply.Problems = append(reply.Problems, fmt.Sprintf("%d steps are ready and no worker is registered", reply.ReadySteps))
	}
	if len(reply.Problems) > 0 {
		reply.Status = "degraded"
	}
	return reply, err
}

// advanceMaxMS bounds one move of a frozen clock to ten years.
const advanceMaxMS = 10 * 366 * 24 * 3_600_000

// AdvanceClock moves a frozen clock. Engines on a running clock answer
// unsupported.
func (e *Engine) AdvanceClock(_ context.Context, r AdvanceClockRequest) (AdvanceClockReply, error) {
	if e.Advance == nil {
		return AdvanceClockReply{}, fault.New(fault.Unsupported, "this engine's clock is not frozen").
			Advise(`Open the engine with {"clock": {"frozen_at": "..."}} to move its clock by hand.`)
	}
	if err := checkRange("by_ms", r.ByMS, 1, advanceMaxMS); err != nil {
		return AdvanceClockReply{}, err
	}
	now, err := e.Advance(time.Duration(r.ByMS) * time.Millisecond)
	if err == nil {
		e.Hub.Ring()
	}
	return AdvanceClockReply{Now: now}, err
}

// PollLogs returns log records since a cursor.
func (e *Engine) PollLogs(_ context.Context, r PollLogsRequest) (PollLogsReply, error) {
	if r.Limit == 0 {
		r.Limit = 100
	}
	if err := checkRange("limit", int64(r.Limit), 1, store.MaxPage); err != nil {
		return PollLogsReply{}, err
	}
	records, next := e.Log.Poll(r.After, r.Limit)
	reply := PollLogsReply{Items: make([]LogRecord, len(records)), Next: next, Dropped: e.Log.Dropped()}
	for i, record := range records {
		reply.Items[i] = LogRecord{ID: record.ID, At: record.At, Level: record.Level, Message: record.Message, Fields: record.Fields}
	}
	return reply, nil
}
