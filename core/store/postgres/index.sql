-- Which secondary indexes the shared tables have, and which of them were created
-- here. They change as part of the schema, so that happens in index.go, on
-- connections that migrate.

-- name: IndexesFound
-- only: the embedded database has one set of indexes
SELECT
    ARRAY(SELECT o.name FROM {schema}.tasker_core_objects o WHERE o.kind = 'index' ORDER BY o.name) AS recorded,
    ARRAY(SELECT i.indexname::text FROM pg_catalog.pg_indexes i WHERE i.schemaname = $1 AND i.indexname = any($2)) AS found,
    EXISTS (SELECT 1 FROM {schema}.tasker_core_objects o WHERE o.kind = 'table' AND o.version = 1) AS ours

-- name: IndexesRecord
-- only: the embedded database has one set of indexes
INSERT INTO {schema}.tasker_core_objects (name, kind, version)
SELECT c.name, 'index', 1 FROM unnest($1::text[]) c (name)
ON CONFLICT (name) DO NOTHING
