-- The thirteen tables of the Rails engine in SQLite's dialect: every column,
-- default, foreign key and unique index by name (schema sheet, section 2), and
-- of the other indexes only those that a query needs.
--
-- timestamp      TEXT 'YYYY-MM-DD HH:MM:SS.ffffff' in UTC, fixed width, so that text order is time order
-- boolean        INTEGER 0 or 1
-- json, jsonb    TEXT
-- varchar(n)     TEXT with a check, since SQLite itself ignores lengths
-- serial         AUTOINCREMENT: like a sequence, it never gives the same id twice
--
-- STRICT makes SQLite refuse a value of the wrong type instead of keeping it.

-- +goose Up
-- "TCOR": tells a file of ours from any other SQLite database.
PRAGMA application_id = 1413697362;

CREATE TABLE tasker_task_namespaces (
    task_namespace_id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL CHECK (length(name) <= 64),
    description TEXT CHECK (length(description) <= 255),
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX task_namespaces_name_unique ON tasker_task_namespaces (name);

-- The default 1 refers to a namespace that nobody seeds, and the default
-- configuration is a JSON string, as in the original: writers give both.
CREATE TABLE tasker_named_tasks (
    named_task_id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL CHECK (length(name) <= 64),
    description TEXT CHECK (length(description) <= 255),
    task_namespace_id INTEGER NOT NULL DEFAULT 1
        CONSTRAINT fk_rails_16a0297759 REFERENCES tasker_task_namespaces (task_namespace_id),
    version TEXT NOT NULL DEFAULT '0.1.0' CHECK (length(version) <= 16),
    configuration TEXT DEFAULT '"{}"',
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX named_tasks_namespace_name_version_unique
    ON tasker_named_tasks (task_namespace_id, name, version);

CREATE TABLE tasker_dependent_systems (
    dependent_system_id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL CHECK (length(name) <= 64),
    description TEXT CHECK (length(description) <= 255),
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX dependent_systems_name_unique ON tasker_dependent_systems (name);

CREATE TABLE tasker_dependent_system_object_maps (
    dependent_system_object_map_id INTEGER PRIMARY KEY AUTOINCREMENT,
    dependent_system_one_id INTEGER NOT NULL
        CONSTRAINT dependent_system_object_maps_dependent_system_one_id_foreign
        REFERENCES tasker_dependent_systems (dependent_system_id),
    dependent_system_two_id INTEGER NOT NULL
        CONSTRAINT dependent_system_object_maps_dependent_system_two_id_foreign
        REFERENCES tasker_dependent_systems (dependent_system_id),
    remote_id_one TEXT NOT NULL CHECK (length(remote_id_one) <= 128),
    remote_id_two TEXT NOT NULL CHECK (length(remote_id_two) <= 128),
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX dependent_system_object_maps_dependent_system_one_id_dependent_
    ON tasker_dependent_system_object_maps
    (dependent_system_one_id, dependent_system_two_id, remote_id_one, remote_id_two);

CREATE TABLE tasker_named_steps (
    named_step_id INTEGER PRIMARY KEY AUTOINCREMENT,
    dependent_system_id INTEGER NOT NULL
        CONSTRAINT named_steps_dependent_system_id_foreign
        REFERENCES tasker_dependent_systems (dependent_system_id),
    name TEXT NOT NULL CHECK (length(name) <= 128),
    description TEXT CHECK (length(description) <= 255),
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX named_step_by_system_uniq ON tasker_named_steps (dependent_system_id, name);

CREATE TABLE tasker_named_tasks_named_steps (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    named_task_id INTEGER NOT NULL
        CONSTRAINT named_tasks_named_steps_named_task_id_foreign
        REFERENCES tasker_named_tasks (named_task_id),
    named_step_id INTEGER NOT NULL
        CONSTRAINT named_tasks_named_steps_named_step_id_foreign
        REFERENCES tasker_named_steps (named_step_id),
    skippable INTEGER NOT NULL DEFAULT 0,
    default_retryable INTEGER NOT NULL DEFAULT 1,
    default_retry_limit INTEGER NOT NULL DEFAULT 3,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX named_tasks_steps_ids_unique
    ON tasker_named_tasks_named_steps (named_task_id, named_step_id);

CREATE TABLE tasker_tasks (
    task_id INTEGER PRIMARY KEY AUTOINCREMENT,
    named_task_id INTEGER NOT NULL
        CONSTRAINT tasks_named_task_id_foreign REFERENCES tasker_named_tasks (named_task_id),
    complete INTEGER NOT NULL DEFAULT 0,
    requested_at TEXT NOT NULL,
    initiator TEXT CHECK (length(initiator) <= 128),
    source_system TEXT CHECK (length(source_system) <= 128),
    reason TEXT CHECK (length(reason) <= 128),
    bypass_steps TEXT,
    tags TEXT,
    context TEXT,
    identity_hash TEXT NOT NULL CHECK (length(identity_hash) <= 128),
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX index_tasks_on_identity_hash ON tasker_tasks (identity_hash);
-- Lists by task type walk it in id order.
CREATE INDEX tasks_named_task_id_index ON tasker_tasks (named_task_id);

CREATE TABLE tasker_workflow_steps (
    workflow_step_id INTEGER PRIMARY KEY AUTOINCREMENT,
    task_id INTEGER NOT NULL
        CONSTRAINT workflow_steps_task_id_foreign REFERENCES tasker_tasks (task_id),
    named_step_id INTEGER NOT NULL
        CONSTRAINT workflow_steps_named_step_id_foreign REFERENCES tasker_named_steps (named_step_id),
    retryable INTEGER NOT NULL DEFAULT 1,
    retry_limit INTEGER DEFAULT 3,
    in_process INTEGER NOT NULL DEFAULT 0,
    processed INTEGER NOT NULL DEFAULT 0,
    processed_at TEXT,
    attempts INTEGER,
    last_attempted_at TEXT,
    backoff_request_seconds INTEGER,
    inputs TEXT,
    results TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    skippable INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX workflow_steps_task_id_index ON tasker_workflow_steps (task_id);

-- The second column serves the check whether every parent of a step is
-- satisfied, which looks at the parent with the greatest id first.
CREATE TABLE tasker_workflow_step_edges (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    from_step_id INTEGER NOT NULL
        CONSTRAINT fk_rails_7b4652ccf2 REFERENCES tasker_workflow_steps (workflow_step_id),
    to_step_id INTEGER NOT NULL
        CONSTRAINT fk_rails_93ec0bf6eb REFERENCES tasker_workflow_steps (workflow_step_id),
    name TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;
CREATE INDEX idx_step_edges_from_to ON tasker_workflow_step_edges (from_step_id, to_step_id);
CREATE INDEX idx_step_edges_to_from ON tasker_workflow_step_edges (to_step_id, from_step_id);

CREATE TABLE tasker_task_transitions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    to_state TEXT NOT NULL,
    from_state TEXT,
    metadata TEXT DEFAULT '{}',
    sort_key INTEGER NOT NULL,
    most_recent INTEGER NOT NULL DEFAULT 1,
    task_id INTEGER NOT NULL
        CONSTRAINT fk_rails_e8caec803c REFERENCES tasker_tasks (task_id),
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX index_tasker_task_transitions_on_task_id_and_most_recent
    ON tasker_task_transitions (task_id, most_recent) WHERE most_recent = 1;
CREATE UNIQUE INDEX index_tasker_task_transitions_on_task_id_and_sort_key
    ON tasker_task_transitions (task_id, sort_key);

CREATE TABLE tasker_workflow_step_transitions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    to_state TEXT NOT NULL,
    from_state TEXT,
    metadata TEXT DEFAULT '{}',
    sort_key INTEGER NOT NULL,
    most_recent INTEGER NOT NULL DEFAULT 1,
    workflow_step_id INTEGER NOT NULL
        CONSTRAINT fk_rails_6e0f6eb833 REFERENCES tasker_workflow_steps (workflow_step_id),
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX idx_on_workflow_step_id_most_recent_97d5374ad6
    ON tasker_workflow_step_transitions (workflow_step_id, most_recent) WHERE most_recent = 1;
CREATE UNIQUE INDEX idx_on_workflow_step_id_sort_key_4d476d7adb
    ON tasker_workflow_step_transitions (workflow_step_id, sort_key);

CREATE TABLE tasker_annotation_types (
    annotation_type_id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL CHECK (length(name) <= 64),
    description TEXT CHECK (length(description) <= 255),
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX annotation_types_name_unique ON tasker_annotation_types (name);

CREATE TABLE tasker_task_annotations (
    task_annotation_id INTEGER PRIMARY KEY AUTOINCREMENT,
    task_id INTEGER NOT NULL
        CONSTRAINT task_annotations_task_id_foreign REFERENCES tasker_tasks (task_id),
    annotation_type_id INTEGER NOT NULL
        CONSTRAINT task_annotations_annotation_type_id_foreign
        REFERENCES tasker_annotation_types (annotation_type_id),
    annotation TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;
CREATE INDEX task_annotations_task_id_index ON tasker_task_annotations (task_id);

-- +goose Down
DROP TABLE tasker_task_annotations;
DROP TABLE tasker_annotation_types;
DROP TABLE tasker_workflow_step_transitions;
DROP TABLE tasker_task_transitions;
DROP TABLE tasker_workflow_step_edges;
DROP TABLE tasker_workflow_steps;
DROP TABLE tasker_tasks;
DROP TABLE tasker_named_tasks_named_steps;
DROP TABLE tasker_named_steps;
DROP TABLE tasker_dependent_system_object_maps;
DROP TABLE tasker_dependent_systems;
DROP TABLE tasker_named_tasks;
DROP TABLE tasker_task_namespaces;
PRAGMA application_id = 0;
