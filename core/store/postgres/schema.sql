-- The version table is written by core/store/migrate, instants as text in UTC.

-- name: StatusApplied
-- only: read here qualified and behind a pooler, too; for SQLite core/store/migrate reads it
SELECT m.version, m.name, m.applied_at::timestamp, m.applied_by
FROM {schema}.tasker_core_migrations m
ORDER BY m.version
