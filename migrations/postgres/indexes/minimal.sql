-- Drops the indexes that rails.sql created; those that somebody else made under
-- the same names were not recorded and stay.
--
-- {schema} is the quoted name of the schema, rendered before the file runs.

DO $minimal$
DECLARE
    created text;
BEGIN
    FOR created IN DELETE FROM {schema}.tasker_core_objects o WHERE o.kind = 'index' RETURNING o.name LOOP
        EXECUTE format('DROP INDEX IF EXISTS %s.%I', $schema${schema}$schema$, created);
    END LOOP;
END
$minimal$;
