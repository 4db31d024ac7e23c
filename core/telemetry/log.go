// Package telemetry keeps what the library has to tell: structured log records
// in a bounded ring that the host pulls, and counters. The library itself
// writes nothing to stdout or stderr (design section 8). Time is a parameter.
package telemetry

import (
	"slices"
	"sync"

	"github.com/tasker-systems/tasker-core-go/core/barrier"
	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// The levels, from the most talkative.
const (
	Debug = "debug"
	Info  = "info"
	Warn  = "warn"
	Error = "error"
)

// Levels lists the levels from the most talkative.
var Levels = []string{Debug, Info, Warn, Error}

// CapacityDefault is how many records a log keeps unless told otherwise:
// minutes of trouble, in well under a megabyte.
const CapacityDefault = 1000

// Record is one log record.
type Record struct {
	ID      int64 // grows by one, from 1
	At      workflow.Instant
	Level   string
	Message string
	Fields  map[string]any // further facts; not to be changed once added
}

// Log is a bounded ring of records: when it is full, the oldest record makes
// room. All methods may be called concurrently.
type Log struct {
	level int // index in Levels; what is below it is not kept

	mu     sync.Mutex // guards the fields below; never held across a callback
	ring   []Record   // record n stands at (n-1) mod capacity
	last   int64      // id of the newest record
	polled int64      // greatest id that a poll has given out
	lost   int64      // records that were overwritten before any poll gave them out
}

// NewLog returns an empty log that keeps the given number of records of at
// least the given level. Errors: InvalidRequest for an unknown level or a
// capacity below 1.
func NewLog(capacity int, level string) (*Log, error) {
	at := slices.Index(Levels, level)
	if at < 0 {
		return nil, fault.New(fault.InvalidRequest, "%q is not a log level", level).At("log.level").
			Advise("Use debug, info, warn or error.")
	}
	if capacity < 1 {
		return nil, fault.New(fault.InvalidRequest, "a log of %d records keeps nothing", capacity).At("log.capacity").
			Advise("Use at least 1.")
	}
	return &Log{level: at, ring: make([]Record, capacity)}, nil
}

// Add keeps a record, unless its level is below the log's. An unknown level is
// kept: it is better told than lost. The fields belong to the log from then on.
func (l *Log) Add(at workflow.Instant, level, message string, fields map[string]any) {
	if rank := slices.Index(Levels, level); rank >= 0 && rank < l.level {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	barrier.Point("log.add")
	l.last++
	if overwritten := l.last - int64(len(l.ring)); overwritten > l.polled {
		l.lost++
	}
	l.ring[l.slot(l.last)] = Record{ID: l.last, At: at, Level: level, Message: message, Fields: fields}
}

// Poll returns at most limit records after the given id, oldest first, and the
// cursor for the next poll. Records that made room meanwhile are passed over.
// A cursor beyond the newest record, such as one from an earlier engine, starts
// from the oldest.
func (l *Log) Poll(after int64, limit int) ([]Record, int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	oldest := max(1, l.last-int64(len(l.ring))+1)
	from := max(oldest, after+1)
	if after < 0 || after > l.last {
		from = oldest
	}
	count := min(l.last-from+1, int64(max(limit, 0)))
	records := make([]Record, 0, count)
	for id := from; id < from+count; id++ {
		records = append(records, l.ring[l.slot(id)])
	}
	next := from + count - 1
	l.polled = max(l.polled, next)
	return records, next
}

// Dropped returns how many records made room before any poll gave them out.
func (l *Log) Dropped() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lost
}

func (l *Log) slot(id int64) int64 { return (id - 1) % int64(len(l.ring)) }
