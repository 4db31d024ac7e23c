package engine

import (
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// MigrateRequest moves the schema.
type MigrateRequest struct {
	Call
	// "up" or "down". Default "up".
	Direction string `json:"direction,omitempty"`
	// Version to stop at; absent: the newest for up, 0 for down.
	To *int `json:"to,omitempty"`
	// Only tell what would be done.
	DryRun bool `json:"dry_run,omitempty"`
}

// MigrationInfo is one migration.
type MigrationInfo struct {
	// Its number.
	Version int `json:"version"`
	// Its name.
	Name string `json:"name"`
	// "up" or "down" for a step that was taken, empty in a status.
	Direction string `json:"direction,omitempty"`
	// When it was applied, null when it is pending.
	AppliedAt workflow.Instant `json:"applied_at"`
}

// MigrateReply is the answer to schema_migrate.
type MigrateReply struct {
	// The steps taken, or with dry_run those that would be.
	Steps []MigrationInfo `json:"steps"`
	// Whether nothing was written.
	DryRun bool `json:"dry_run"`
	// Version after the call.
	Current int `json:"current"`
}

// SchemaStatusReply is the answer to schema_status.
type SchemaStatusReply struct {
	// Highest applied version, 0 when none.
	Current int `json:"current"`
	// Highest version that this library knows.
	Newest int `json:"newest"`
	// "current", "unmigrated" or "newer".
	State string `json:"state"`
	// Every migration.
	Migrations []MigrationInfo `json:"migrations"`
}
