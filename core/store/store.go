// Package store is the contract between the engine and a database. It holds
// every promise that a store makes; tests/conformance runs one suite over all
// stores.
//
// The engine decides, a store reads and writes sets: each method takes a whole
// batch and is one statement or one atomic unit, so that a batch costs a
// constant number of round trips. Parameters never come from the database's
// own clock or generator: instants, ids and limits are passed in.
//
// Inside a write transaction the order is always: lock the tasks, read under
// the lock in later statements, move states by compare-and-set, read what
// follows from the moves, write the rest. No statement both locks and reads
// what depends on the lock (design section 6).
//
// All methods return *fault.Error; anything unknown is translated once, in the
// store's fault.go. A Store may be used concurrently. A Reader or Tx belongs to
// the function it was given to, is not safe for concurrent use and is dead when
// that function returns.
package store

import (
	"context"

	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// Store is an open database.
type Store interface {
	GraphReader
	InsightReader

	// Read runs fn on one consistent snapshot, which fn must not keep.
	Read(ctx context.Context, fn func(Reader) error) error

	// Write runs fn in one write transaction and commits when fn returns nil;
	// on any error nothing of it remains. After a deadlock or serialization
	// loss fn is run again from its start, so it must have no effect outside
	// the transaction and must reset what it collects. When the context ends
	// during commit the error is Timeout and the outcome unknown.
	Write(ctx context.Context, fn func(Tx) error) error

	// Now is the database's clock. All processes on one database agree on it.
	Now(ctx context.Context) (workflow.Instant, error)

	// Changes receives a value when another process may have committed. It is a
	// hint: values can be spurious or merged, never the only means to progress.
	Changes() <-chan struct{}

	// Describe tells what this store is, for health reports.
	Describe(ctx context.Context) (Description, error)

	// Close ends all connections and goroutines of the store and waits for
	// them. Closing twice is legal.
	Close() error
}

// Description says what a store is and how it fares.
type Description struct {
	Kind          string // "sqlite" or "postgresql"
	ServerVersion string
	Location      string // file path or URL without secrets
	SizeBytes     int64
	SchemaVersion int
	Details       map[string]any // journal mode, synchronous setting, pool counters
	// ForeignOpens are descriptors of the database's files that somebody else has
	// in this process; none for a server.
	ForeignOpens []ForeignOpen
}

// ForeignOpen is a descriptor of an embedded database that is not the store's.
type ForeignOpen struct {
	Path       string // the database, or its companion that ends in -wal or -shm
	Descriptor int    // in this process
}

// What there is to say of a ForeignOpen.
const (
	ForeignOpenMessage = "something else in this process has the database open; as it opens and closes the file, the locks of this library are passed over and lost"
	ForeignOpenRemedy  = "Do not open the file in this process by the host's own SQLite or otherwise; use another process, and for a backup the sqlite3 program's .backup."
)

// Reader is what can be asked of a snapshot.
type Reader interface {
	NamedTaskReader
	TaskReader
	StepReader
	TransitionReader
	ReadyReader
	LeaseReader
	WorkerReader
	DirtyReader
	AnnotationReader
	InvariantReader
	ListReader
	CatalogueReader
	SurveyReader
}

// Tx is a write transaction. It reads its own writes.
type Tx interface {
	Reader
	NamedTaskWriter
	TaskWriter
	StepWriter
	ReadyWriter
	LeaseWriter
	WorkerWriter
	DirtyWriter
	CatalogueWriter
	AnnotationWriter
}

// Move asks for a change of state of one task or step by compare-and-set. It
// takes effect only if the owner's current transition row is still ExpectedID
// (0: the owner has no row).
type Move struct {
	OwnerID    int64
	ExpectedID int64
	From       workflow.State // state of the expected row, written to from_state
	Path       []Hop          // one hop, or the legal detour; the last is the new state
	At         workflow.Instant
}

// Hop is one row of a move. Only the last hop of a path is most recent.
type Hop struct {
	To       workflow.State
	Metadata workflow.JSON // an object; nil is written as {}
}

// Moved is the new current transition of an owner whose move took effect.
type Moved struct {
	OwnerID      int64
	TransitionID int64
}

// Page bounds a list: at most Limit rows (capped by MaxPage) with an id beyond
// After in the list's direction.
type Page struct {
	After      int64 // 0: from the start
	Limit      int   // 0: DefaultPage
	Descending bool
}

// Bounds of a page.
const (
	DefaultPage = 50
	MaxPage     = 1000
)

// Capped returns the limit to use, within the bounds.
func (p Page) Capped() int {
	switch {
	case p.Limit <= 0:
		return DefaultPage
	case p.Limit > MaxPage:
		return MaxPage
	}
	return p.Limit
}
