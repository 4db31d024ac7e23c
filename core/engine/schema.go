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
	// Secondary indexes of the shared tables, on PostgreSQL and where this library made the tables: "minimal", those that
	// the engines need, or "rails", the full set of the Rails engine, which costs more than half of the write throughput.
	// Building them holds up writers. Absent: they stay as they are, "minimal" for new tables. Only with direction "up".
	Indexes string `json:"indexes,omitempty"`
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
	// Names of the secondary indexes that were created for "indexes", or with dry_run would be.
	IndexesCreated []string `json:"indexes_created"`
	// Names of those that were dropped for it.
	IndexesDropped []string `json:"indexes_dropped"`
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
	// Secondary indexes of the shared tables: "minimal", "rails" for the full set of the Rails engine, "foreign" where that
	// engine made the tables and its indexes are left alone, empty without tables.
	Indexes string `json:"indexes"`
	// Every migration.
	Migrations []MigrationInfo `json:"migrations"`
}

// Migrate moves the schema up or down, or with dry_run tells what would be done.
func (e *Engine) Migrate(ctx context.Context, r MigrateRequest) (reply MigrateReply, err error) {
	plan := store.MigrationPlan{Direction: cmp.Or(r.Direction, "up"), To: r.To, DryRun: r.DryRun}
	if err := r.check(plan.Direction); err != nil {
		return reply, err
	}
	if plan.At, err = e.Store.Now(ctx); err != nil {
		return reply, err
	}
	steps, err := e.Schema.Migrate(ctx, plan)
	if err != nil {
		return reply, err
	}
	var change store.IndexChange
	if r.Indexes != "" {
		change, err = e.Schema.SetIndexes(ctx, store.IndexPlan{Set: store.IndexSet(r.Indexes), DryRun: r.DryRun})
		if err != nil {
			return reply, err
		}
	}
	status, err := e.Schema.Status(ctx)
	return MigrateReply{Steps: migrationInfos(steps), IndexesCreated: listed(change.Created), IndexesDropped: listed(change.Dropped),
		DryRun: r.DryRun, Current: status.Current}, err
}

// check refuses what no store can do.
func (r MigrateRequest) check(direction string) error {
	if direction != "up" && direction != "down" {
		return fault.New(fault.InvalidRequest, "direction is %q", r.Direction).At("direction").Advise(`Use "up" or "down".`)
	}
	switch store.IndexSet(r.Indexes) {
	case "", store.IndexesMinimal, store.IndexesRails:
	default:
		return fault.New(fault.InvalidRequest, "indexes is %q", r.Indexes).At("indexes").Advise(`Use "minimal" or "rails".`)
	}
	if r.Indexes != "" && direction == "down" {
		return fault.New(fault.InvalidRequest, "indexes are set on the way up").At("indexes").
			Advise("Leave it out: the way down drops the indexes with the tables.")
	}
	return nil
}

// listed is the list that JSON writes as [] when there is nothing.
func listed(names []string) []string {
	if names == nil {
		return []string{}
	}
	return names
}

// SchemaStatus tells which migrations are installed.
func (e *Engine) SchemaStatus(ctx context.Context, _ Empty) (SchemaStatusReply, error) {
	status, err := e.Schema.Status(ctx)
	if err != nil {
		return SchemaStatusReply{}, err
	}
	indexes, err := e.Schema.Indexes(ctx)
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
	return SchemaStatusReply{Current: status.Current, Newest: status.Newest, State: state, Indexes: string(indexes),
		Migrations: migrationInfos(status.Migrations)}, nil
}

func migrationInfos(migrations []store.Migration) []MigrationInfo {
	infos := make([]MigrationInfo, len(migrations))
	for i, m := range migrations {
		infos[i] = MigrationInfo{Version: m.Version, Name: m.Name, Direction: m.Direction, AppliedAt: m.AppliedAt, AppliedBy: m.AppliedBy}
	}
	return infos
}
