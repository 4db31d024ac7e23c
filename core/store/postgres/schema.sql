-- The version table is written by core/store/migrate, instants as text in UTC.

-- name: StatusApplied
-- only: read here qualified and behind a pooler, too; for SQLite core/store/migrate reads it
SELECT m.version, m.name, m.applied_at::timestamp, m.applied_by
FROM {schema}.tasker_core_migrations m
ORDER BY m.version

-- Those of the tables $2 that the schema $1 has, as the catalogue describes them.
-- A default has the duty that shared.txt may ask for: a sequence or an identity
-- numbers, a generated value needs nobody. Columns of an index come in its order;
-- an index over expressions has NULL for a column and equals none that is wanted.

-- name: MigrateShared
-- only: nobody but this library makes the tables of an embedded file
SELECT c.relname::text,
    array_agg(a.attname::text ORDER BY a.attnum),
    array_agg(replace(pg_catalog.format_type(a.atttypid, a.atttypmod), 'timestamp(6)', 'timestamp') ORDER BY a.attnum),
    array_agg(a.attnotnull ORDER BY a.attnum),
    array_agg(CASE
        WHEN a.attidentity <> '' OR pg_catalog.pg_get_expr(d.adbin, d.adrelid) LIKE 'nextval(%' THEN 'numbered'
        ELSE coalesce('default ' || pg_catalog.pg_get_expr(d.adbin, d.adrelid), '')
    END ORDER BY a.attnum),
    ARRAY(
        SELECT concat_ws(' WHERE ', (
            SELECT pg_catalog.string_agg(coalesce(k.attname, '?'), ',' ORDER BY n.number)
            FROM pg_catalog.unnest(i.indkey::smallint[]) WITH ORDINALITY n (attnum, number)
            LEFT JOIN pg_catalog.pg_attribute k ON k.attrelid = i.indrelid AND k.attnum = n.attnum AND n.attnum > 0
            WHERE n.number <= i.indnkeyatts
        ), pg_catalog.pg_get_expr(i.indpred, i.indrelid))
        FROM pg_catalog.pg_index i
        WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid
    )
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace s ON s.oid = c.relnamespace
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE s.nspname = $1::text AND c.relname = ANY($2::text[]) AND c.relkind IN ('r', 'p')
GROUP BY c.oid, c.relname
ORDER BY c.relname
