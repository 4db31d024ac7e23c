package migrations

import "embed"

// Postgres is the tree for PostgreSQL; its files lie in PostgresDir. The store
// renders SchemaMark in them before they run.
//
//go:embed postgres/*.sql
var Postgres embed.FS

// PostgresRailsIndexes creates the secondary indexes of the Rails engine that
// the numbered files leave out; statements with SchemaMark, each ended by a
// semicolon.
//
//go:embed postgres/indexes/rails.sql
var PostgresRailsIndexes string

// PostgresMinimalIndexes drops again what PostgresRailsIndexes created and the
// store recorded; one statement with SchemaMark.
//
//go:embed postgres/indexes/minimal.sql
var PostgresMinimalIndexes string

// PostgresDir is the directory of the PostgreSQL files within Postgres.
const PostgresDir = "postgres"

// SchemaMark stands for the quoted name of the schema in the statements for
// PostgreSQL, so that every name is qualified and no search_path decides.
const SchemaMark = "{schema}"
