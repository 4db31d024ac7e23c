package migrations

import "embed"

// Postgres is the tree for PostgreSQL; its files lie in PostgresDir. The store
// renders SchemaMark in them before they run.
//
//go:embed postgres/*.sql
var Postgres embed.FS

// PostgresDir is the directory of the PostgreSQL files within Postgres.
const PostgresDir = "postgres"

// SchemaMark stands for the quoted name of the schema in the statements for
// PostgreSQL, so that every name is qualified and no search_path decides.
const SchemaMark = "{schema}"
