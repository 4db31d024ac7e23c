package engine

import (
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
