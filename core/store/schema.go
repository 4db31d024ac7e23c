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
