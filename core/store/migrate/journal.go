package migrate

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/pressly/goose/v3/database"

	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// statements are those on the version table. Parameters are numbered in the order
// of their first use, which both dialects read alike.
type statements struct {
	createTable, dropTable               string
	insertVersion, deleteVersion         string
	getVersion, maxVersion, listVersions string
}

// statementsOn writes them for a table, whose name is as it stands in a statement.
func statementsOn(table string) statements {
	return statements{
		createTable: "CREATE TABLE IF NOT EXISTS " + table +
			" (version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at TEXT NOT NULL, applied_by TEXT NOT NULL)",
		dropTable:     "DROP TABLE " + table,
		insertVersion: "INSERT INTO " + table + " (version, name, applied_at, applied_by) VALUES ($1, $2, $3, $4)",
		deleteVersion: "DELETE FROM " + table + " WHERE version = $1",
		getVersion:    "SELECT applied_at FROM " + table + " WHERE version = $1",
		maxVersion:    "SELECT coalesce(max(version), 0) FROM " + table,
		listVersions:  "SELECT version, name, applied_at, applied_by FROM " + table + " ORDER BY version DESC LIMIT 10000",
	}
}

// journal is the version table and the lock around one step, as goose wants
// them. Goose calls SessionLock before and SessionUnlock after everything else,
// all on one connection; the transaction between the two is the step.
type journal struct {
	dialect Dialect
	texts   statements
	name    string
	by      string
	at      workflow.Instant
	written bool // the step's row was inserted or deleted: it is complete
}

// SessionLock begins the step's transaction.
func (j *journal) SessionLock(ctx context.Context, conn *sql.Conn) error {
	j.written = false
	return j.dialect.Begin(ctx, conn)
}

// SessionUnlock ends it: committed when the step is complete, otherwise undone.
func (j *journal) SessionUnlock(ctx context.Context, conn *sql.Conn) error {
	if j.written {
		_, err := conn.ExecContext(ctx, "COMMIT")
		if err == nil {
			return nil
		}
		rollback(ctx, conn)
		return err
	}
	rollback(ctx, conn)
	return nil
}

// rollback undoes the step. SQLite has done so itself after some errors, such
// as a full disk; then there is no transaction any more, which is as good.
func rollback(ctx context.Context, conn *sql.Conn) {
	if _, err := conn.ExecContext(ctx, "ROLLBACK"); err != nil {
		return
	}
}

// Tablename is the name of the version table, for goose's own messages.
func (j *journal) Tablename() string { return j.dialect.Table }

// TableExists reports whether the version table is there.
func (j *journal) TableExists(ctx context.Context, db database.DBTxConn) (bool, error) {
	return tableExists(ctx, db, j.dialect)
}

// CreateVersionTable creates the version table.
func (j *journal) CreateVersionTable(ctx context.Context, db database.DBTxConn) error {
	_, err := db.ExecContext(ctx, j.texts.createTable)
	return err
}

// Insert records the step. Goose marks a new table with a version 0, which
// says nothing and is left out.
func (j *journal) Insert(ctx context.Context, db database.DBTxConn, req database.InsertRequest) error {
	if req.Version == 0 {
		return nil
	}
	_, err := db.ExecContext(ctx, j.texts.insertVersion, req.Version, j.name, stamp(j.at), j.by)
	j.written = err == nil
	return err
}

// Delete forgets the step, and with the last of them the table.
func (j *journal) Delete(ctx context.Context, db database.DBTxConn, version int64) error {
	if _, err := db.ExecContext(ctx, j.texts.deleteVersion, version); err != nil {
		return err
	}
	latest, err := j.GetLatestVersion(ctx, db)
	if err == nil && latest == 0 {
		_, err = db.ExecContext(ctx, j.texts.dropTable)
	}
	j.written = err == nil
	return err
}

// GetMigration returns the time at which a version was applied.
func (j *journal) GetMigration(ctx context.Context, db database.DBTxConn, version int64) (*database.GetMigrationResult, error) {
	var text string
	err := db.QueryRowContext(ctx, j.texts.getVersion, version).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, database.ErrVersionNotFound
	}
	if err != nil {
		return nil, err
	}
	at, err := time.Parse(stampLayout, text)
	return &database.GetMigrationResult{Timestamp: at, IsApplied: true}, err
}

// GetLatestVersion returns the highest applied version, 0 when there is none.
func (j *journal) GetLatestVersion(ctx context.Context, db database.DBTxConn) (version int64, err error) {
	err = db.QueryRowContext(ctx, j.texts.maxVersion).Scan(&version)
	return version, err
}

// ListMigrations lists the applied versions, newest first.
func (j *journal) ListMigrations(ctx context.Context, db database.DBTxConn) ([]*database.ListMigrationsResult, error) {
	rows, err := readVersions(ctx, db, j.texts)
	if err != nil {
		return nil, err
	}
	list := make([]*database.ListMigrationsResult, 0, len(rows))
	for _, m := range rows {
		list = append(list, &database.ListMigrationsResult{Version: int64(m.Version), IsApplied: true})
	}
	return list, nil
}

// applied reads the version table; a database without it has nothing applied.
func (r *Runner) applied(ctx context.Context) (map[int]store.Migration, error) {
	var rows []store.Migration
	err := r.dialect.Patiently(ctx, func() error {
		exists, err := tableExists(ctx, r.db, r.dialect)
		if err == nil && exists {
			rows, err = readVersions(ctx, r.db, statementsOn(r.dialect.Table))
		}
		return err
	})
	if err != nil {
		return nil, r.dialect.Translate(err)
	}
	applied := make(map[int]store.Migration, len(rows))
	for _, m := range rows {
		applied[m.Version] = m
	}
	return applied, nil
}

func tableExists(ctx context.Context, db database.DBTxConn, dialect Dialect) (exists bool, err error) {
	err = db.QueryRowContext(ctx, dialect.TableExists, dialect.Table).Scan(&exists)
	return exists, err
}

// readVersions lists the rows of the version table, newest first.
func readVersions(ctx context.Context, db database.DBTxConn, texts statements) (list []store.Migration, err error) {
	rows, err := db.QueryContext(ctx, texts.listVersions)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var m store.Migration
		var text string
		if err := rows.Scan(&m.Version, &m.Name, &text, &m.AppliedBy); err != nil {
			return nil, err
		}
		at, err := time.Parse(stampLayout, text)
		if err != nil {
			return nil, fmt.Errorf("version %d: %w", m.Version, err)
		}
		m.AppliedAt = workflow.At(at)
		list = append(list, m)
	}
	return list, rows.Err()
}

// stampLayout is how the version table writes an instant, in UTC.
const stampLayout = "2006-01-02 15:04:05.000000"

func stamp(at workflow.Instant) string { return at.UTC().Format(stampLayout) }
