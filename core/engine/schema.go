package engine

import (
	"cmp"
	"context"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store"
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
	// Which library applied it, empty when it is pending.
	AppliedBy string `json:"applied_by,omitempty"`
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

// Migrate moves the schema up or down, or with dry_run tells what would be done.
func (e *Engine) Migrate(ctx context.Context, r MigrateRequest) (MigrateReply, error) {
	plan := store.MigrationPlan{Direction: cmp.Or(r.Direction, "up"), To: r.To, DryRun: r.DryRun}
	if plan.Direction != "up" && plan.Direction != "down" {
		return MigrateReply{}, fault.New(fault.InvalidRequest, "direction is %q", r.Direction).At("direction").
			Advise(`Use "up" or "down".`)
	}
	var err error
	if plan.At, err = e.Store.Now(ctx); err != nil {
		return MigrateReply{}, err
	}
	steps, err := e.Schema.Migrate(ctx, plan)
	if err != nil {
		return MigrateReply{}, err
	}
	status, err := e.Schema.Status(ctx)
	return MigrateReply{Steps: migrationInfos(steps), DryRun: r.DryRun, Current: status.Current}, err
}

// SchemaStatus tells which migrations are installed.
func (e *Engine) SchemaStatus(ctx context.Context, _ Empty) (SchemaStatusReply, error) {
	status, err := e.Schema.Status(ctx)
	if err != nil {
		return SchemaStatusReply{}, err
	}
	state := "current"
	switch {
	case status.Current < status.Newest:
		state = "unmigrated"
	case status.Current > status.Newest:
		state = "newer"
	}
	return SchemaStatusReply{Current: status.Current, Newest: status.Newest, State: state,
		Migrations: migrationInfos(status.Migrations)}, nil
}

func migrationInfos(migrations []store.Migration) []MigrationInfo {
	infos := make([]MigrationInfo, len(migrations))
	for i, m := range migrations {
		infos[i] = MigrationInfo{Version: m.Version, Name: m.Name, Direction: m.Direction, AppliedAt: m.AppliedAt, AppliedBy: m.AppliedBy}
	}
	return infos
}
