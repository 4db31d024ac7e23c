-- The thirteen tables of the Rails engine: every column, type, default, foreign
-- key and unique index by name (schema sheet, section 2), and of the other
-- indexes only those that a query of ours or a hot path of the Rails engine
-- needs: its full set costs more than half of the write throughput.
--
-- Where the Rails engine has made them already, all thirteen are left exactly
-- alone. Some without the others is nobody's schema and an error.
--
-- {schema} is the quoted name of the schema, rendered before the file runs.

-- +goose Up
-- What was created here and not found, so that down drops that and no more.
CREATE TABLE {schema}.tasker_core_objects (
    name text PRIMARY KEY,
    kind text NOT NULL,
    version integer NOT NULL
);

-- +goose StatementBegin
DO $migration$
DECLARE
    wanted CONSTANT text[] := ARRAY[
        'tasker_task_namespaces', 'tasker_named_tasks', 'tasker_dependent_systems',
        'tasker_dependent_system_object_maps', 'tasker_named_steps', 'tasker_named_tasks_named_steps', 'tasker_tasks',
        'tasker_workflow_steps', 'tasker_workflow_step_edges', 'tasker_task_transitions',
        'tasker_workflow_step_transitions', 'tasker_annotation_types', 'tasker_task_annotations'
    ];
    missing text[];
BEGIN
    missing := ARRAY(
        SELECT w.name FROM unnest(wanted) w (name)
        WHERE to_regclass(format('%s.%I', $schema${schema}$schema$, w.name)) IS NULL
    );
    IF cardinality(missing) = 0 THEN
        RETURN;
    ELSIF cardinality(missing) < cardinality(wanted) THEN
        RAISE EXCEPTION 'the schema has some tables of the Rails engine and lacks %', array_to_string(missing, ', ')
            USING ERRCODE = 'TC001';
    END IF;

    CREATE TABLE {schema}.tasker_task_namespaces (
        task_namespace_id serial PRIMARY KEY,
        name varchar(64) NOT NULL,
        description varchar(255),
        created_at timestamp(6) NOT NULL,
        updated_at timestamp(6) NOT NULL
    );
    CREATE UNIQUE INDEX task_namespaces_name_unique ON {schema}.tasker_task_namespaces (name);

    -- The default 1 refers to a namespace that nobody seeds, and the default
    -- configuration is a JSON string, as in the original: writers give both.
    CREATE TABLE {schema}.tasker_named_tasks (
        named_task_id serial PRIMARY KEY,
        name varchar(64) NOT NULL,
        description varchar(255),
        task_namespace_id bigint NOT NULL DEFAULT 1
            CONSTRAINT fk_rails_16a0297759 REFERENCES {schema}.tasker_task_namespaces (task_namespace_id),
        version varchar(16) NOT NULL DEFAULT '0.1.0',
        configuration jsonb DEFAULT '"{}"',
        created_at timestamp(6) NOT NULL,
        updated_at timestamp(6) NOT NULL
    );
    CREATE UNIQUE INDEX named_tasks_namespace_name_version_unique
        ON {schema}.tasker_named_tasks (task_namespace_id, name, version);

    CREATE TABLE {schema}.tasker_dependent_systems (
        dependent_system_id serial PRIMARY KEY,
        name varchar(64) NOT NULL,
        description varchar(255),
        created_at timestamp(6) NOT NULL,
        updated_at timestamp(6) NOT NULL
    );
    CREATE UNIQUE INDEX dependent_systems_name_unique ON {schema}.tasker_dependent_systems (name);

    CREATE TABLE {schema}.tasker_dependent_system_object_maps (
        dependent_system_object_map_id bigserial PRIMARY KEY,
        dependent_system_one_id integer NOT NULL
            CONSTRAINT dependent_system_object_maps_dependent_system_one_id_foreign
            REFERENCES {schema}.tasker_dependent_systems (dependent_system_id),
        dependent_system_two_id integer NOT NULL
            CONSTRAINT dependent_system_object_maps_dependent_system_two_id_foreign
            REFERENCES {schema}.tasker_dependent_systems (dependent_system_id),
        remote_id_one varchar(128) NOT NULL,
        remote_id_two varchar(128) NOT NULL,
        created_at timestamp(6) NOT NULL,
        updated_at timestamp(6) NOT NULL
    );
    CREATE UNIQUE INDEX dependent_system_object_maps_dependent_system_one_id_dependent_
        ON {schema}.tasker_dependent_system_object_maps
        (dependent_system_one_id, dependent_system_two_id, remote_id_one, remote_id_two);

    CREATE TABLE {schema}.tasker_named_steps (
        named_step_id serial PRIMARY KEY,
        dependent_system_id integer NOT NULL
            CONSTRAINT named_steps_dependent_system_id_foreign
            REFERENCES {schema}.tasker_dependent_systems (dependent_system_id),
        name varchar(128) NOT NULL,
        description varchar(255),
        created_at timestamp(6) NOT NULL,
        updated_at timestamp(6) NOT NULL
    );
    CREATE UNIQUE INDEX named_step_by_system_uniq ON {schema}.tasker_named_steps (dependent_system_id, name);

    CREATE TABLE {schema}.tasker_named_tasks_named_steps (
        id serial PRIMARY KEY,
        named_task_id integer NOT NULL
            CONSTRAINT named_tasks_named_steps_named_task_id_foreign
            REFERENCES {schema}.tasker_named_tasks (named_task_id),
        named_step_id integer NOT NULL
            CONSTRAINT named_tasks_named_steps_named_step_id_foreign
            REFERENCES {schema}.tasker_named_steps (named_step_id),
        skippable boolean NOT NULL DEFAULT false,
        default_retryable boolean NOT NULL DEFAULT true,
        default_retry_limit integer NOT NULL DEFAULT 3,
        created_at timestamp(6) NOT NULL,
        updated_at timestamp(6) NOT NULL
    );
    CREATE UNIQUE INDEX named_tasks_steps_ids_unique
        ON {schema}.tasker_named_tasks_named_steps (named_task_id, named_step_id);

    CREATE TABLE {schema}.tasker_tasks (
        task_id bigserial PRIMARY KEY,
        named_task_id integer NOT NULL
            CONSTRAINT tasks_named_task_id_foreign REFERENCES {schema}.tasker_named_tasks (named_task_id),
        complete boolean NOT NULL DEFAULT false,
        requested_at timestamp NOT NULL,
        initiator varchar(128),
        source_system varchar(128),
        reason varchar(128),
        bypass_steps json,
        tags jsonb,
        context jsonb,
        identity_hash varchar(128) NOT NULL,
        created_at timestamp(6) NOT NULL,
        updated_at timestamp(6) NOT NULL
    );
    CREATE UNIQUE INDEX index_tasks_on_identity_hash ON {schema}.tasker_tasks (identity_hash);
    -- Lists by task type walk it in id order.
    CREATE INDEX tasks_named_task_id_index ON {schema}.tasker_tasks (named_task_id);

    CREATE TABLE {schema}.tasker_workflow_steps (
        workflow_step_id bigserial PRIMARY KEY,
        task_id bigint NOT NULL
            CONSTRAINT workflow_steps_task_id_foreign REFERENCES {schema}.tasker_tasks (task_id),
        named_step_id integer NOT NULL
            CONSTRAINT workflow_steps_named_step_id_foreign REFERENCES {schema}.tasker_named_steps (named_step_id),
        retryable boolean NOT NULL DEFAULT true,
        retry_limit integer DEFAULT 3,
        in_process boolean NOT NULL DEFAULT false,
        processed boolean NOT NULL DEFAULT false,
        processed_at timestamp,
        attempts integer,
        last_attempted_at timestamp,
        backoff_request_seconds integer,
        inputs jsonb,
        results jsonb,
        created_at timestamp(6) NOT NULL,
        updated_at timestamp(6) NOT NULL,
        skippable boolean NOT NULL DEFAULT false
    );
    CREATE INDEX workflow_steps_task_id_index ON {schema}.tasker_workflow_steps (task_id);

    -- The second column serves the check whether every parent of a step is
    -- satisfied, which looks at the parent with the greatest id first.
    CREATE TABLE {schema}.tasker_workflow_step_edges (
        id bigserial PRIMARY KEY,
        from_step_id bigint NOT NULL
            CONSTRAINT fk_rails_7b4652ccf2 REFERENCES {schema}.tasker_workflow_steps (workflow_step_id),
        to_step_id bigint NOT NULL
            CONSTRAINT fk_rails_93ec0bf6eb REFERENCES {schema}.tasker_workflow_steps (workflow_step_id),
        name varchar NOT NULL,
        created_at timestamp(6) NOT NULL,
        updated_at timestamp(6) NOT NULL
    );
    CREATE INDEX idx_step_edges_from_to ON {schema}.tasker_workflow_step_edges (from_step_id, to_step_id);
    CREATE INDEX idx_step_edges_to_from ON {schema}.tasker_workflow_step_edges (to_step_id, from_step_id);

    CREATE TABLE {schema}.tasker_task_transitions (
        id bigserial PRIMARY KEY,
        to_state varchar NOT NULL,
        from_state varchar,
        metadata jsonb DEFAULT '{}',
        sort_key integer NOT NULL,
        most_recent boolean NOT NULL DEFAULT true,
        task_id bigint NOT NULL
            CONSTRAINT fk_rails_e8caec803c REFERENCES {schema}.tasker_tasks (task_id),
        created_at timestamp(6) NOT NULL,
        updated_at timestamp(6) NOT NULL
    );
    CREATE UNIQUE INDEX index_tasker_task_transitions_on_task_id_and_most_recent
        ON {schema}.tasker_task_transitions (task_id, most_recent) WHERE most_recent = true;
    CREATE UNIQUE INDEX index_tasker_task_transitions_on_task_id_and_sort_key
        ON {schema}.tasker_task_transitions (task_id, sort_key);

    CREATE TABLE {schema}.tasker_workflow_step_transitions (
        id bigserial PRIMARY KEY,
        to_state varchar NOT NULL,
        from_state varchar,
        metadata jsonb DEFAULT '{}',
        sort_key integer NOT NULL,
        most_recent boolean NOT NULL DEFAULT true,
        workflow_step_id bigint NOT NULL
            CONSTRAINT fk_rails_6e0f6eb833 REFERENCES {schema}.tasker_workflow_steps (workflow_step_id),
        created_at timestamp(6) NOT NULL,
        updated_at timestamp(6) NOT NULL
    );
    CREATE UNIQUE INDEX idx_on_workflow_step_id_most_recent_97d5374ad6
        ON {schema}.tasker_workflow_step_transitions (workflow_step_id, most_recent) WHERE most_recent = true;
    CREATE UNIQUE INDEX idx_on_workflow_step_id_sort_key_4d476d7adb
        ON {schema}.tasker_workflow_step_transitions (workflow_step_id, sort_key);

    CREATE TABLE {schema}.tasker_annotation_types (
        annotation_type_id serial PRIMARY KEY,
        name varchar(64) NOT NULL,
        description varchar(255),
        created_at timestamp(6) NOT NULL,
        updated_at timestamp(6) NOT NULL
    );
    CREATE UNIQUE INDEX annotation_types_name_unique ON {schema}.tasker_annotation_types (name);

    CREATE TABLE {schema}.tasker_task_annotations (
        task_annotation_id bigserial PRIMARY KEY,
        task_id bigint NOT NULL
            CONSTRAINT task_annotations_task_id_foreign REFERENCES {schema}.tasker_tasks (task_id),
        annotation_type_id integer NOT NULL
            CONSTRAINT task_annotations_annotation_type_id_foreign
            REFERENCES {schema}.tasker_annotation_types (annotation_type_id),
        annotation jsonb,
        created_at timestamp(6) NOT NULL,
        updated_at timestamp(6) NOT NULL
    );
    CREATE INDEX task_annotations_task_id_index ON {schema}.tasker_task_annotations (task_id);

    INSERT INTO {schema}.tasker_core_objects (name, kind, version)
    SELECT w.name, 'table', 1 FROM unnest(wanted) w (name);
END
$migration$;
-- +goose StatementEnd

-- +goose Down
-- One statement for all of them, since they refer to each other. RESTRICT is the
-- default: a table of somebody else that refers to one of these stops it.
-- +goose StatementBegin
DO $migration$
DECLARE
    ours text;
BEGIN
    SELECT string_agg(format('%s.%I', $schema${schema}$schema$, o.name), ', ') INTO ours
    FROM {schema}.tasker_core_objects o WHERE o.kind = 'table' AND o.version = 1;
    IF ours IS NOT NULL THEN
        EXECUTE 'DROP TABLE ' || ours;
    END IF;
END
$migration$;
-- +goose StatementEnd
DROP TABLE {schema}.tasker_core_objects;
