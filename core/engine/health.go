package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// HealthRequest asks how the engine fares.
type HealthRequest struct {
	Call
	// Check the invariants of every stored row as well. It reads the whole database: for diagnosis, not for a monitor. Default false.
	Deep bool `json:"deep,omitempty"`
	// Mend what the deep check finds: the tasks concerned are recomputed from their steps and histories, and what died is swept. Implies deep. Default false.
	Repair bool `json:"repair,omitempty"`
}

// InvariantViolation is one place where the stored rows break a rule.
type InvariantViolation struct {
	// Name of the rule, such as "counters" or "queue_row_missing".
	Rule string `json:"rule"`
	// True when the next sweep mends it by itself.
	Warning bool `json:"warning"`
	// The task, 0 when the row leads to none.
	TaskID int64 `json:"task_id"`
	// The step, 0 when it is about the task.
	StepID int64 `json:"step_id"`
	// What was found.
	Detail string `json:"detail"`
}

// CacheInfo tells how the task graphs fare that are kept in memory.
type CacheInfo struct {
	// Graphs that are kept.
	Graphs int `json:"graphs"`
	// What they take, in bytes, as estimated.
	Bytes int64 `json:"bytes"`
	// The bound, from cache.max_mb.
	BytesMax int64 `json:"bytes_max"`
	// Graphs that were found and proved current, since the engine was opened.
	Hits int64 `json:"hits"`
	// Graphs that had to be read.
	Misses int64 `json:"misses"`
}

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
	// Who else has the embedded database open in this process, but for what a parent process had open. Empty for PostgreSQL.
	ForeignOpens []ForeignOpen `json:"foreign_opens"`
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
	// Task graphs kept in memory.
	Cache CacheInfo `json:"cache"`
	// Panics that were caught since the engine was opened.
	Panics int64 `json:"panics"`
	// With deep: rules that the stored rows break, at most 1000. With repair: what is left of them.
	Violations []InvariantViolation `json:"violations"`
	// With repair: how many violations are gone.
	Repaired int `json:"repaired"`
}

// ForeignOpen is a descriptor through which something else in this process, such as the host's own SQLite, has the
// embedded database open. It passes over the locks of the library, and they are gone when it is closed: the file can be
// destroyed, and the process can end by SIGBUS.
type ForeignOpen struct {
	// The file: the database, or its companion that ends in -wal or -shm.
	Path string `json:"path"`
	// The descriptor, a number of this process.
	Descriptor int `json:"descriptor"`
	// What to do about it.
	Remedy string `json:"remedy"`
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

// Health tells how the engine, its database and its queues fare, and on request
// whether the stored rows keep their invariants.
func (e *Engine) Health(ctx context.Context, r HealthRequest) (HealthReply, error) {
	reply := HealthReply{Status: "ok", Problems: []string{}, Version: e.Version, OpenedAt: e.openedAt,
		Violations: []InvariantViolation{}, ForeignOpens: []ForeignOpen{}}
	var err error
	if reply.Now, err = e.Store.Now(ctx); err != nil {
		return reply, err
	}
	if err := e.describeStore(ctx, &reply); err != nil {
		return reply, err
	}
	kept := e.graphs.Stats()
	reply.Cache = CacheInfo{Graphs: kept.Entries, Bytes: kept.Bytes, BytesMax: kept.BytesMax, Hits: kept.Hits, Misses: kept.Misses}
	if e.Panics != nil {
		reply.Panics = e.Panics()
	}
	if r.Deep || r.Repair {
		if err := e.examine(ctx, r, &reply); err != nil {
			return reply, err
		}
	}
	err = e.Store.Read(ctx, func(r store.Reader) error {
		depths, err := r.Depths(ctx, reply.Now)
		reply.OpenTasks, reply.ReadySteps, reply.ScheduledSteps = depths.OpenTasks, depths.ReadySteps, depths.ScheduledSteps
		reply.LeasedSteps, reply.Workers, reply.DirtyTasks = depths.Leases, depths.Workers, depths.DirtyTasks
		return err
	})
	reply.judge()
	return reply, err
}

func (e *Engine) describeStore(ctx context.Context, reply *HealthReply) error {
	about, err := e.Store.Describe(ctx)
	reply.Store, reply.ServerVersion, reply.Location = about.Kind, about.ServerVersion, about.Location
	reply.SizeBytes, reply.SchemaVersion, reply.StoreDetails = about.SizeBytes, about.SchemaVersion, about.Details
	for _, f := range about.ForeignOpens {
		reply.ForeignOpens = append(reply.ForeignOpens, ForeignOpen{Path: f.Path, Descriptor: f.Descriptor, Remedy: store.ForeignOpenRemedy})
	}
	return err
}

// judge turns what was found into problems and a status.
func (r *HealthReply) judge() {
	if r.Panics > 0 {
		r.Problems = append(r.Problems, fmt.Sprintf("%d calls were ended by a defect; engine_logs_poll has the details", r.Panics))
	}
	for _, f := range r.ForeignOpens {
		r.Problems = append(r.Problems, fmt.Sprintf("descriptor %d, %s: %s", f.Descriptor, f.Path, store.ForeignOpenMessage))
	}
	if r.ReadySteps > 0 && r.Workers == 0 {
		r.Problems = append(r.Problems, fmt.Sprintf("%d steps are ready and no worker is registered", r.ReadySteps))
	}
	broken := 0
	for _, v := range r.Violations {
		if !v.Warning {
			broken++
		}
	}
	if broken > 0 {
		r.Problems = append(r.Problems, fmt.Sprintf("%d places break an invariant; repair mends what follows from the histories", broken))
	}
	if len(r.Problems) > 0 {
		r.Status = "degraded"
	}
}

// violationsMax bounds one deep check; after a repair the next call finds the
// rest.
const violationsMax = store.MaxPage

// examine checks the invariants and, on request, mends what a sweep and a
// reconciliation of the tasks concerned can mend. Histories are never touched.
func (e *Engine) examine(ctx context.Context, r HealthRequest, reply *HealthReply) error {
	found, err := e.violations(ctx)
	if err != nil {
		return err
	}
	left := found
	if r.Repair {
		if left, err = e.repair(ctx, r.CorrelationID, found); err != nil {
			return err
		}
		still := make(map[store.Violation]bool, len(left))
		for _, v := range left {
			v.Detail = ""
			still[v] = true
		}
		for _, v := range found {
			v.Detail = ""
			if !still[v] {
				reply.Repaired++
			}
		}
	}
	for _, v := range left {
		reply.Violations = append(reply.Violations, InvariantViolation{Rule: string(v.Rule), Warning: v.Warning(),
			TaskID: v.TaskID, StepID: v.StepID, Detail: v.Detail})
	}
	return nil
}

func (e *Engine) violations(ctx context.Context) (found []store.Violation, err error) {
	err = e.Store.Read(ctx, func(r store.Reader) error {
		found, err = r.Violations(ctx, violationsMax)
		return err
	})
	return found, err
}

// repair puts the tasks concerned on the dirty list, sweeps, which reconciles
// them, and returns what is left.
func (e *Engine) repair(ctx context.Context, correlation string, found []store.Violation) ([]store.Violation, error) {
	err := e.write(ctx, correlation, func(u *unit) error {
		seen := map[int64]bool{0: true}
		for _, v := range found {
			if !seen[v.TaskID] {
				seen[v.TaskID] = true
				u.dirty = append(u.dirty, v.TaskID)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := e.Sweep(ctx); err != nil {
		return nil, err
	}
	return e.violations(ctx)
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
