-- How changes of foreign writers (the Rails engine, a person with psql) are seen:
-- triggers that append the ids of the tasks concerned to tasker_core_dirty, and
-- do nothing else (design, section 4). They lock no row of ours and need no grant
-- of the writer, they run once per statement, and sessions of this library are
-- passed over by the mark that their writes set. Not one bumps a version: an
-- update here would make the Rails engine wait for us, and lose a deadlock.
--
-- A task is concerned also when a parent in another task moves, since readiness
-- looks across.
--
-- With the setting tasker_core.triggers = 'off' in the session, which the option
-- database.triggers makes, nothing is created; migrating down to 4 and up again
-- without it makes good for it.

-- +goose Up
-- +goose StatementBegin
DO $migration$
DECLARE
    -- SHARE ROW EXCLUSIVE is what CREATE TRIGGER takes. The steps come first, since
    -- the Rails engine writes a step before its transition.
    lock_all CONSTANT text := 'LOCK TABLE {schema}.tasker_workflow_steps, {schema}.tasker_workflow_step_edges, '
        '{schema}.tasker_task_transitions, {schema}.tasker_workflow_step_transitions IN SHARE ROW EXCLUSIVE MODE';
    attempts_max CONSTANT integer := 60;
    watched record;
BEGIN
    IF current_setting('tasker_core.triggers', true) = 'off' THEN
        RETURN;
    END IF;

    -- Writers that come after this one wait behind it, so it does not wait long for
    -- a transaction that stays open: it lets them pass and tries again.
    FOR attempt IN 1..attempts_max LOOP
        BEGIN
            EXECUTE lock_all;
            EXIT;
        EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
            IF attempt = attempts_max THEN
                RAISE;
            END IF;
            PERFORM pg_sleep(0.1 + random() / 10);
        END;
    END LOOP;

    CREATE FUNCTION {schema}.tasker_core_note_task_transitions() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $function$
    BEGIN
        INSERT INTO {schema}.tasker_core_dirty (task_id, created_at)
        SELECT DISTINCT t.task_id, statement_timestamp() AT TIME ZONE 'UTC' FROM touched t;
        RETURN NULL;
    END
    $function$;

    CREATE FUNCTION {schema}.tasker_core_note_step_transitions() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $function$
    BEGIN
        INSERT INTO {schema}.tasker_core_dirty (task_id, created_at)
        SELECT found.task_id, statement_timestamp() AT TIME ZONE 'UTC'
        FROM (
            SELECT s.task_id FROM touched t
            JOIN {schema}.tasker_workflow_steps s ON s.workflow_step_id = t.workflow_step_id
            UNION
            SELECT s.task_id FROM touched t
            JOIN {schema}.tasker_workflow_step_edges e ON e.from_step_id = t.workflow_step_id
            JOIN {schema}.tasker_workflow_steps s ON s.workflow_step_id = e.to_step_id
        ) found;
        RETURN NULL;
    END
    $function$;

    CREATE FUNCTION {schema}.tasker_core_note_edges() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $function$
    BEGIN
        INSERT INTO {schema}.tasker_core_dirty (task_id, created_at)
        SELECT DISTINCT s.task_id, statement_timestamp() AT TIME ZONE 'UTC'
        FROM touched t
        JOIN {schema}.tasker_workflow_steps s ON s.workflow_step_id IN (t.from_step_id, t.to_step_id);
        RETURN NULL;
    END
    $function$;

    CREATE FUNCTION {schema}.tasker_core_note_steps() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $function$
    BEGIN
        INSERT INTO {schema}.tasker_core_dirty (task_id, created_at)
        SELECT DISTINCT t.task_id, statement_timestamp() AT TIME ZONE 'UTC' FROM touched t;
        RETURN NULL;
    END
    $function$;

    -- Of the columns only those that readiness looks at; a trigger with a list of
    -- columns cannot have transition tables.
    CREATE FUNCTION {schema}.tasker_core_note_step_changes() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $function$
    BEGIN
        INSERT INTO {schema}.tasker_core_dirty (task_id, created_at)
        SELECT DISTINCT unnest(ARRAY[b.task_id, a.task_id]), statement_timestamp() AT TIME ZONE 'UTC'
        FROM before b
        JOIN touched a ON a.workflow_step_id = b.workflow_step_id
        WHERE (a.task_id, a.retryable, a.retry_limit, a.attempts, a.in_process, a.processed, a.last_attempted_at,
                a.backoff_request_seconds)
            IS DISTINCT FROM (b.task_id, b.retryable, b.retry_limit, b.attempts, b.in_process, b.processed,
                b.last_attempted_at, b.backoff_request_seconds);
        RETURN NULL;
    END
    $function$;

    -- An edge that is moved concerns the tasks of both its ends, before and after.
    FOR watched IN SELECT * FROM (VALUES
        ('tasker_task_transitions', 'insert', 'NEW TABLE AS touched', 'tasker_core_note_task_transitions'),
        ('tasker_task_transitions', 'update', 'NEW TABLE AS touched', 'tasker_core_note_task_transitions'),
        ('tasker_task_transitions', 'delete', 'OLD TABLE AS touched', 'tasker_core_note_task_transitions'),
        ('tasker_workflow_step_transitions', 'insert', 'NEW TABLE AS touched', 'tasker_core_note_step_transitions'),
        ('tasker_workflow_step_transitions', 'update', 'NEW TABLE AS touched', 'tasker_core_note_step_transitions'),
        ('tasker_workflow_step_transitions', 'delete', 'OLD TABLE AS touched', 'tasker_core_note_step_transitions'),
        ('tasker_workflow_step_edges', 'insert', 'NEW TABLE AS touched', 'tasker_core_note_edges'),
        ('tasker_workflow_step_edges', 'update', 'NEW TABLE AS touched', 'tasker_core_note_edges'),
        ('tasker_workflow_step_edges', 'update_from', 'OLD TABLE AS touched', 'tasker_core_note_edges'),
        ('tasker_workflow_step_edges', 'delete', 'OLD TABLE AS touched', 'tasker_core_note_edges'),
        ('tasker_workflow_steps', 'insert', 'NEW TABLE AS touched', 'tasker_core_note_steps'),
        ('tasker_workflow_steps', 'update', 'OLD TABLE AS before NEW TABLE AS touched', 'tasker_core_note_step_changes'),
        ('tasker_workflow_steps', 'delete', 'OLD TABLE AS touched', 'tasker_core_note_steps')
    ) w (owner, event, tables, function)
    LOOP
        EXECUTE format($create$
            CREATE TRIGGER %1$I AFTER %2$s ON %6$s.%3$I REFERENCING %4$s FOR EACH STATEMENT
            WHEN (pg_catalog.current_setting('tasker_core.writer', true) IS DISTINCT FROM '1')
            EXECUTE FUNCTION %6$s.%5$I()
            $create$, 'tasker_core_' || watched.event, split_part(watched.event, '_', 1), watched.owner,
            watched.tables, watched.function, $schema${schema}$schema$);
        INSERT INTO {schema}.tasker_core_objects (name, kind, version)
        VALUES (format('tasker_core_%s ON %s', watched.event, watched.owner), 'trigger', 5);
    END LOOP;

    -- Only the triggers are to run them, whoever it is that writes.
    REVOKE ALL ON FUNCTION {schema}.tasker_core_note_task_transitions(), {schema}.tasker_core_note_step_transitions(),
        {schema}.tasker_core_note_edges(), {schema}.tasker_core_note_steps(), {schema}.tasker_core_note_step_changes()
        FROM PUBLIC;
END
$migration$;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
DO $migration$
DECLARE
    lock_all CONSTANT text := 'LOCK TABLE {schema}.tasker_workflow_steps, {schema}.tasker_workflow_step_edges, '
        '{schema}.tasker_task_transitions, {schema}.tasker_workflow_step_transitions IN ACCESS EXCLUSIVE MODE';
    attempts_max CONSTANT integer := 60;
    watched record;
BEGIN
    IF NOT EXISTS (SELECT 1 FROM {schema}.tasker_core_objects o WHERE o.kind = 'trigger' AND o.version = 5) THEN
        RETURN;
    END IF;
    FOR attempt IN 1..attempts_max LOOP
        BEGIN
            EXECUTE lock_all;
            EXIT;
        EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
            IF attempt = attempts_max THEN
                RAISE;
            END IF;
            PERFORM pg_sleep(0.1 + random() / 10);
        END;
    END LOOP;

    -- One that somebody has dropped by hand is no reason to stop.
    FOR watched IN
        DELETE FROM {schema}.tasker_core_objects o WHERE o.kind = 'trigger' AND o.version = 5
        RETURNING split_part(o.name, ' ON ', 1) AS name, split_part(o.name, ' ON ', 2) AS owner
    LOOP
        EXECUTE format('DROP TRIGGER IF EXISTS %I ON %s.%I', watched.name, $schema${schema}$schema$, watched.owner);
    END LOOP;
    DROP FUNCTION {schema}.tasker_core_note_task_transitions(), {schema}.tasker_core_note_step_transitions(),
        {schema}.tasker_core_note_edges(), {schema}.tasker_core_note_steps(), {schema}.tasker_core_note_step_changes();
END
$migration$;
-- +goose StatementEnd
