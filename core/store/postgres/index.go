package postgres

import (
	"context"
	"database/sql"
	"regexp"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/migrations"
)

// railsIndex is one statement of the Rails engine's set.
type railsIndex struct{ name, text string }

// createIndex finds the statements of the set; a statement ends at the first
// semicolon, which none of them holds inside.
var createIndex = regexp.MustCompile(`(?m)^CREATE INDEX (\w+)[^;]*`)

// railsIndexes are the indexes beyond the minimal set.
func railsIndexes(schema string) (all []railsIndex, names []string) {
	for _, found := range createIndex.FindAllStringSubmatch(render(migrations.PostgresRailsIndexes, schema), -1) {
		all = append(all, railsIndex{name: found[1], text: found[0]})
		names = append(names, found[1])
	}
	return all, names
}

// indexes is what the database says about them.
type indexes struct {
	recorded []string // created here beyond the minimal set
	found    []string // of the Rails engine's set
	ours     bool     // the tables were created here
}

// lookAtIndexes asks the database.
func (s *Store) lookAtIndexes(ctx context.Context, q querier) (now indexes, err error) {
	_, names := railsIndexes(s.options.Schema)
	err = q.QueryRow(ctx, s.statements["IndexesFound"], s.options.Schema, names).Scan(&now.recorded, &now.found, &now.ours)
	return now, err
}

// Indexes tells which secondary indexes the shared tables have; see store.Schema.
func (s *Store) Indexes(ctx context.Context) (store.IndexSet, error) {
	var now indexes
	err := s.brief(ctx, func(ctx context.Context, q querier) (err error) {
		now, err = s.lookAtIndexes(ctx, q)
		return err
	})
	_, names := railsIndexes(s.options.Schema)
	switch {
	case hasCode(err, "42P01", "3F000"):
		return "", nil
	case err != nil:
		return "", err
	case !now.ours:
		return store.IndexesForeign, nil
	case len(now.found) == len(names):
		return store.IndexesRails, nil
	}
	return store.IndexesMinimal, nil
}

// SetIndexes creates the Rails engine's indexes that are missing, or drops those
// that it has created; see store.Schema. What it created is recorded, so that
// indexes of others under the same names stay.
func (s *Store) SetIndexes(ctx context.Context, plan store.IndexPlan) (change store.IndexChange, err error) {
	set, err := s.Indexes(ctx)
	switch {
	case err != nil:
		return change, err
	case set == "":
		return s.withoutTables(plan)
	case set == store.IndexesForeign:
		return change, fault.New(fault.Unsupported, "the Rails engine made the tables; their indexes are left alone").At("indexes").
			Advise("leave indexes out, and change them with the migrations of that engine")
	}
	err = s.migrating(ctx, func(ctx context.Context, _ *sql.DB) (err error) {
		change, err = s.changeIndexes(ctx, plan)
		return err
	})
	return change, err
}

// withoutTables is the answer where nothing is migrated: with DryRun the tables
// may be about to come.
func (s *Store) withoutTables(plan store.IndexPlan) (change store.IndexChange, err error) {
	if !plan.DryRun {
		return change, fault.New(fault.Unmigrated, "there are no tables whose indexes could be set").Advise("migrate up first")
	}
	if plan.Set == store.IndexesRails {
		_, change.Created = railsIndexes(s.options.Schema)
	}
	return change, nil
}

// patientBuild lifts the limits of the session: building takes as long as the
// table is big, and the call's deadline counts.
const patientBuild = "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0"

// changeIndexes does what the plan says, in a transaction of its own.
func (s *Store) changeIndexes(ctx context.Context, plan store.IndexPlan) (change store.IndexChange, err error) {
	conn, err := s.acquire(ctx)
	if err != nil {
		return change, err
	}
	defer conn.Release()
	return change, translate(ctx, pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		now, err := s.lookAtIndexes(ctx, tx)
		if err != nil {
			return err
		}
		if plan.Set == store.IndexesMinimal {
			change.Dropped = now.recorded
			return s.apply(ctx, tx, plan, len(change.Dropped), render(migrations.PostgresMinimalIndexes, s.options.Schema))
		}
		var texts []string
		change.Created, texts = s.missing(now)
		if err := s.apply(ctx, tx, plan, len(texts), texts...); err != nil || plan.DryRun {
			return err
		}
		_, err = tx.Exec(ctx, s.statements["IndexesRecord"], change.Created)
		return err
	}))
}

// missing are the indexes of the Rails engine that are not there, and how they
// are created.
func (s *Store) missing(now indexes) (names, texts []string) {
	all, _ := railsIndexes(s.options.Schema)
	for _, index := range all {
		if !slices.Contains(now.found, index.name) {
			names, texts = append(names, index.name), append(texts, index.text)
		}
	}
	return names, texts
}

// apply sends the statements in one round trip, unless there is nothing to do or
// nothing may be done.
func (s *Store) apply(ctx context.Context, tx pgx.Tx, plan store.IndexPlan, changes int, texts ...string) error {
	if plan.DryRun || changes == 0 {
		return nil
	}
	if _, err := tx.Exec(ctx, patientBuild); err != nil {
		return err
	}
	batch := &pgx.Batch{}
	for _, text := range texts {
		batch.Queue(text)
	}
	return tx.SendBatch(ctx, batch).Close()
}
