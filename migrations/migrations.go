// Package migrations holds the schema as numbered SQL files, one tree per
// dialect. A number means the same change under the same name in each tree.
// Files are append-only: once released, a file never changes, a new one is
// added. Each has an Up and a Down section.
package migrations

import "embed"

// SQLite is the tree for the embedded store; its files lie in SQLiteDir.
//
//go:embed sqlite/*.sql
var SQLite embed.FS

// SQLiteDir is the directory of the SQLite files within SQLite.
const SQLiteDir = "sqlite"

// Table is the name of the table that records what has been applied. It is
// created by the runner, not by a migration, and dropped with the last of them.
const Table = "tasker_core_migrations"
