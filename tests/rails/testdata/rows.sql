-- What a Rails engine may have left in its tables, odd things included.

INSERT INTO tasker_task_namespaces (name, created_at, updated_at) VALUES
    ('payments', '2026-01-01 00:00:00', '2026-01-01 00:00:00'), ('default', '2026-01-01 00:00:00', '2026-01-01 00:00:00');
-- A configuration that is a JSON string, as the default makes it.
INSERT INTO tasker_named_tasks (task_namespace_id, name, created_at, updated_at) VALUES
    (1, 'refund', '2026-01-01 00:00:00', '2026-01-01 00:00:00');
INSERT INTO tasker_dependent_systems (name, created_at, updated_at) VALUES
    ('bank', '2026-01-01 00:00:00', '2026-01-01 00:00:00'), ('ledger', '2026-01-01 00:00:00', '2026-01-01 00:00:00');
INSERT INTO tasker_dependent_system_object_maps
    (dependent_system_one_id, dependent_system_two_id, remote_id_one, remote_id_two, created_at, updated_at) VALUES
    (1, 2, 'a', 'b', '2026-01-01 00:00:00', '2026-01-01 00:00:00');
INSERT INTO tasker_named_steps (dependent_system_id, name, created_at, updated_at) VALUES
    (1, 'check', '2026-01-01 00:00:00', '2026-01-01 00:00:00'), (1, 'pay', '2026-01-01 00:00:00', '2026-01-01 00:00:00'),
    (2, 'book', '2026-01-01 00:00:00', '2026-01-01 00:00:00');
-- The association of the step book is missing.
INSERT INTO tasker_named_tasks_named_steps (named_task_id, named_step_id, created_at, updated_at) VALUES
    (1, 1, '2026-01-01 00:00:00', '2026-01-01 00:00:00'), (1, 2, '2026-01-01 00:00:00', '2026-01-01 00:00:00');

-- 1 has not begun, 2 is on its way, 3 failed, 4 is complete, 5 has a cycle and a
-- state that no machine knows, 6 has no steps and neither context nor lists.
INSERT INTO tasker_tasks (named_task_id, requested_at, initiator, bypass_steps, tags, context, identity_hash, complete, created_at, updated_at)
SELECT 1, '2026-01-01 00:00:00', 'rails', '[]', '["a"]', '{"b": 1, "a": 2}', 'hash ' || n, n = 4, '2026-01-01 00:00:00', '2026-01-01 00:00:00'
FROM generate_series(1, 5) n;
INSERT INTO tasker_tasks (named_task_id, requested_at, identity_hash, created_at, updated_at) VALUES
    (1, '2026-01-01 00:00:00', 'hash 6', '2026-01-01 00:00:00', '2026-01-01 00:00:00');

-- Attempts are NULL where a foreign writer left them out; ids run 1 to 15.
INSERT INTO tasker_workflow_steps (task_id, named_step_id, attempts, inputs, results, created_at, updated_at)
SELECT t, s, CASE WHEN t > 1 THEN 0 END, '{"b": 1, "a": 2}', '{}', '2026-01-01 00:00:00', '2026-01-01 00:00:00'
FROM generate_series(1, 5) t, generate_series(1, 3) s ORDER BY t, s;
INSERT INTO tasker_workflow_step_edges (from_step_id, to_step_id, name, created_at, updated_at)
SELECT 3 * t + s - 3, 3 * t + s - 2, 'provides', '2026-01-01 00:00:00', '2026-01-01 00:00:00'
FROM generate_series(1, 5) t, generate_series(1, 2) s ORDER BY t, s;
INSERT INTO tasker_workflow_step_edges (from_step_id, to_step_id, name, created_at, updated_at) VALUES
    (15, 13, 'provides', '2026-01-01 00:00:00', '2026-01-01 00:00:00'),
    (1, 2, 'provides', '2026-01-01 00:00:00', '2026-01-01 00:00:00');

-- from_state is NULL in every row; the first rows of task 2 and of its first step
-- are those of the explicit initialiser, with sort_key 0.
INSERT INTO tasker_task_transitions (task_id, to_state, sort_key, most_recent, metadata, created_at, updated_at) VALUES
    (2, 'pending', 0, false, '{"initialized_by": "state_machine"}', '2026-01-01 00:00:00', '2026-01-01 00:00:00'),
    (2, 'in_progress', 10, true, '{}', '2026-01-01 00:00:01', '2026-01-01 00:00:01'),
    (3, 'in_progress', 10, false, '{}', '2026-01-01 00:00:01', '2026-01-01 00:00:01'),
    (3, 'error', 20, true, NULL, '2026-01-01 00:00:02', '2026-01-01 00:00:02'),
    (4, 'in_progress', 10, false, '{}', '2026-01-01 00:00:01', '2026-01-01 00:00:01'),
    (4, 'complete', 20, true, '{}', '2026-01-01 00:00:02', '2026-01-01 00:00:02'),
    (5, 'in_progress', 10, true, '{}', '2026-01-01 00:00:01', '2026-01-01 00:00:01');
INSERT INTO tasker_workflow_step_transitions (workflow_step_id, to_state, sort_key, most_recent, metadata, created_at, updated_at) VALUES
    (4, 'pending', 0, false, '{"initialized_by": "state_machine"}', '2026-01-01 00:00:00', '2026-01-01 00:00:00'),
    (4, 'in_progress', 10, false, '{}', '2026-01-01 00:00:01', '2026-01-01 00:00:01'),
    (4, 'complete', 20, true, '{}', '2026-01-01 00:00:02', '2026-01-01 00:00:02'),
    (7, 'in_progress', 10, false, '{}', '2026-01-01 00:00:01', '2026-01-01 00:00:01'),
    (7, 'error', 20, true, NULL, '2026-01-01 00:00:02', '2026-01-01 00:00:02'),
    (14, 'skipped', 10, true, '{}', '2026-01-01 00:00:01', '2026-01-01 00:00:01');
INSERT INTO tasker_workflow_step_transitions (workflow_step_id, to_state, sort_key, most_recent, created_at, updated_at)
SELECT s, CASE k WHEN 10 THEN 'in_progress' ELSE 'complete' END, k, k = 20, '2026-01-01 00:00:01', '2026-01-01 00:00:01'
FROM generate_series(10, 12) s, unnest(ARRAY[10, 20]) k ORDER BY s, k;
UPDATE tasker_workflow_steps SET processed = true, processed_at = '2026-01-01 00:00:02', attempts = 1,
    last_attempted_at = '2026-01-01 00:00:02', results = '{"done": true}' WHERE workflow_step_id IN (4, 10, 11, 12);
UPDATE tasker_workflow_steps SET attempts = 3, last_attempted_at = '2026-01-01 00:00:02', backoff_request_seconds = 5,
    results = '{"error": "no luck", "error_class": "Flaky", "backtrace": "a\nb"}' WHERE workflow_step_id = 7;

INSERT INTO tasker_annotation_types (name, created_at, updated_at) VALUES ('note', '2026-01-01 00:00:00', '2026-01-01 00:00:00');
INSERT INTO tasker_task_annotations (task_id, annotation_type_id, annotation, created_at, updated_at) VALUES
    (2, 1, '{"text": "seen"}', '2026-01-01 00:00:00', '2026-01-01 00:00:00');
