package store

import (
	"context"

	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// Schema installs and inspects the database schema. It works on an unmigrated
// database, unlike the rest of a Store.
type Schema interface {
	// Migrate moves the schema to the target and returns the steps taken, or
	// with DryRun the steps that would be taken. Two processes may migrate at
	// once; one waits for the other. Errors: IncompatibleSchema when the
	// database is newer than this library or not ours.
	Migrate(ctx context.Context, plan MigrationPlan) ([]Migration, error)

	// Status lists every known migration with the time it was applied.
	Status(ctx context.Context) (SchemaStatus, error)

	// Indexes tells which secondary indexes the shared tables have, "" when
	// there are no tables.
	Indexes(ctx context.Context) (IndexSet, error)

	// SetIndexes creates or drops what the wanted set needs, in one
	// transaction, and returns the names; with DryRun those that would be.
	// Writers wait while indexes are built. Errors: Unsupported where the
	// store has one set only or the Rails engine made the tables, Unmigrated
	// without tables.
	SetIndexes(ctx context.Context, plan IndexPlan) (IndexChange, error)
}

// IndexSet names a set of secondary indexes of the shared tables; primary keys
// and unique indexes are always there.
type IndexSet string

// Sets of secondary indexes (design, section 4).
const (
	// IndexesMinimal are those that a query of ours or a hot path of the Rails
	// engine needs.
	IndexesMinimal IndexSet = "minimal"
	// IndexesRails are all that the Rails engine creates.
	IndexesRails IndexSet = "rails"
	// IndexesForeign are whatever the tables of another engine have; they are
	// left alone.
	IndexesForeign IndexSet = "foreign"
)

// IndexPlan says which set is wanted, IndexesMinimal or IndexesRails.
type IndexPlan struct {
	Set    IndexSet
	DryRun bool
}

// IndexChange names the indexes that were created and dropped, in order.
type IndexChange struct {
	Created []string
	Dropped []string
}

// MigrationPlan says where to go.
type MigrationPlan struct {
	Direction string // "up" or "down"
	To        *int   // version to stop at; nil is the newest for up, zero for down
	DryRun    bool
	At        workflow.Instant
}

// Migration is one numbered change of the schema.
type Migration struct {
	Version   int
	Name      string
	Direction string           // of this step, in the result of Migrate
	AppliedAt workflow.Instant // zero when pending
	AppliedBy string           // the library that applied it, empty when pending
}

// SchemaStatus is what is installed.
type SchemaStatus struct {
	Current    int // highest applied version, 0 when none
	Newest     int // highest version this library knows
	Migrations []Migration
}
