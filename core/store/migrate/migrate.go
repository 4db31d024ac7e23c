// Package migrate moves a database between versions of the schema. It drives
// goose with a version table and a lock of our own: the caller's dialect begins
// a transaction that excludes other migrators, one migration runs in it, its
// row is written, and the transaction ends. So a step is applied whole or not
// at all, and two processes that migrate at once take turns.
package migrate

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/pressly/goose/v3"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// Dialect is what differs between databases.
type Dialect struct {
	// Files holds the migrations, NNNN_name.sql in its root.
	Files fs.FS
	// Begin begins a transaction on the connection that no other migrator can
	// be in, waiting for its turn until the context ends.
	Begin func(ctx context.Context, conn *sql.Conn) error
	// Patiently tries a read until no lock of another process is in its way.
	Patiently func(ctx context.Context, try func() error) error
	// Table is the version table as it stands in a statement, qualified and
	// quoted where the dialect has schemas: no setting of a session decides
	// where it is.
	Table string
	// TableExists is a query that answers one row with 0 or 1: whether the
	// table named by its only parameter exists.
	TableExists string
	// Translate turns an error of the database into one of ours.
	Translate func(error) error
}

// Runner migrates one database. It is not safe for concurrent use; runners in
// other goroutines and processes exclude each other through the dialect.
type Runner struct {
	db      *sql.DB
	dialect Dialect
	by      string
	known   []store.Migration
}

// New returns a runner on db. By is recorded beside each applied migration:
// who applied it. Errors: Internal when a file has no valid name.
func New(db *sql.DB, dialect Dialect, by string) (*Runner, error) {
	known, err := list(dialect.Files)
	if err != nil {
		return nil, err
	}
	return &Runner{db: db, dialect: dialect, by: by, known: known}, nil
}

// Newest returns the highest version in files, 0 when there is none.
func Newest(files fs.FS) int {
	known, err := list(files)
	if err != nil || len(known) == 0 {
		return 0
	}
	return known[len(known)-1].Version
}

// Status lists every known migration, and applied ones that this library does
// not know, by version. It writes nothing.
func (r *Runner) Status(ctx context.Context) (store.SchemaStatus, error) {
	applied, err := r.applied(ctx)
	if err != nil {
		return store.SchemaStatus{}, err
	}
	status := store.SchemaStatus{Migrations: slices.Clone(r.known)}
	if len(r.known) > 0 {
		status.Newest = r.known[len(r.known)-1].Version
	}
	for i := range status.Migrations {
		m := &status.Migrations[i]
		m.AppliedAt, m.AppliedBy = applied[m.Version].AppliedAt, applied[m.Version].AppliedBy
		delete(applied, m.Version)
	}
	for _, unknown := range applied {
		status.Migrations = append(status.Migrations, unknown)
	}
	slices.SortFunc(status.Migrations, func(a, b store.Migration) int { return cmp.Compare(a.Version, b.Version) })
	for _, m := range status.Migrations {
		if !m.AppliedAt.IsZero() {
			status.Current = m.Version
		}
	}
	return status, nil
}

// Migrate carries out the plan and returns the steps taken, or with DryRun
// those that would be. Steps that another process took meanwhile are left out.
func (r *Runner) Migrate(ctx context.Context, plan store.MigrationPlan) ([]store.Migration, error) {
	status, err := r.Status(ctx)
	if err != nil {
		return nil, err
	}
	steps, err := Steps(status, plan)
	if err != nil || plan.DryRun {
		return steps, err
	}
	var taken []store.Migration
	for _, step := range steps {
		done, err := r.apply(ctx, step, plan.At)
		if err != nil {
			return taken, err
		}
		if done {
			step.AppliedAt = plan.At
			taken = append(taken, step)
		}
	}
	return taken, nil
}

// Steps returns the steps that lead from the status to the plan's target.
// Errors: IncompatibleSchema when the database has a version that the library
// does not know, InvalidRequest for a direction or target that does not exist.
func Steps(status store.SchemaStatus, plan store.MigrationPlan) ([]store.Migration, error) {
	if status.Current > status.Newest {
		return nil, Newer(status)
	}
	to := 0
	switch {
	case plan.Direction != "up" && plan.Direction != "down":
		return nil, fault.New(fault.InvalidRequest, "a migration goes up or down, not %q", plan.Direction).At("direction")
	case plan.To != nil:
		to = *plan.To
	case plan.Direction == "up":
		to = status.Newest
	}
	if to < 0 || to > status.Newest {
		return nil, fault.New(fault.InvalidRequest, "there is no schema version %d", to).At("to").
			Advise("give a version between 0 and %d", status.Newest)
	}
	var steps []store.Migration
	for _, m := range status.Migrations {
		pending := m.AppliedAt.IsZero()
		if plan.Direction == "up" && pending && m.Version <= to || plan.Direction == "down" && !pending && m.Version > to {
			steps = append(steps, store.Migration{Version: m.Version, Name: m.Name, Direction: plan.Direction})
		}
	}
	if plan.Direction == "down" {
		slices.Reverse(steps)
	}
	return steps, nil
}

// Newer is the error for a database with a schema from a later library.
func Newer(status store.SchemaStatus) *fault.Error {
	return fault.New(fault.IncompatibleSchema,
		"the database has schema version %d; this library knows versions up to %d", status.Current, status.Newest).
		Advise("use a newer version of the library with this database").
		With("schema_version", status.Current).With("newest_known", status.Newest)
}

// Older is the error for a database that lacks migrations.
func Older(status store.SchemaStatus) *fault.Error {
	return fault.New(fault.Unmigrated,
		"the database has schema version %d; this library needs version %d", status.Current, status.Newest).
		Advise("run the operation schema_migrate, or open with migrate: auto").
		With("schema_version", status.Current).With("newest_known", status.Newest)
}

// apply takes one step in a transaction of its own and reports whether it was
// this runner that took it.
func (r *Runner) apply(ctx context.Context, step store.Migration, at workflow.Instant) (bool, error) {
	journal := &journal{dialect: r.dialect, texts: statementsOn(r.dialect.Table), name: step.Name, by: r.by, at: at}
	provider, err := goose.NewProvider(goose.DialectCustom, r.db, r.dialect.Files,
		goose.WithStore(journal), goose.WithSessionLocker(journal), goose.WithIsolateDDL(true),
		goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return false, fault.Wrap(fault.Internal, err, "the migrations cannot be read")
	}
	_, err = provider.ApplyVersion(ctx, int64(step.Version), step.Direction == "up")
	if errors.Is(err, goose.ErrAlreadyApplied) || errors.Is(err, goose.ErrNotApplied) {
		return false, nil
	}
	if err != nil {
		return false, r.dialect.Translate(err)
	}
	return true, nil
}

// list reads the numbers and names of the migrations.
func list(files fs.FS) ([]store.Migration, error) {
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return nil, fault.Wrap(fault.Internal, err, "the migrations cannot be listed")
	}
	known := make([]store.Migration, 0, len(names))
	for _, file := range names {
		number, name, ok := strings.Cut(strings.TrimSuffix(path.Base(file), ".sql"), "_")
		version, err := strconv.Atoi(number)
		if !ok || err != nil {
			return nil, fault.New(fault.Internal, "a migration is named NNNN_name.sql").At(file)
		}
		known = append(known, store.Migration{Version: version, Name: name})
	}
	slices.SortFunc(known, func(a, b store.Migration) int { return cmp.Compare(a.Version, b.Version) })
	return known, nil
}
