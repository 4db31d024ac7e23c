-- The secondary indexes of the Rails engine that 0001 leaves out: with them the
-- shared tables have its full set, 99 indexes (schema sheet, section 2). Most are
-- duplicates, and together they cost more than half of the write throughput, so
-- they are an option (schema_migrate, indexes) and not a numbered migration.
--
-- {schema} is the quoted name of the schema, rendered before the file runs. Each
-- statement begins with CREATE INDEX and the name, on one line.

CREATE INDEX task_namespaces_name_index ON {schema}.tasker_task_namespaces (name);

CREATE INDEX named_tasks_name_index ON {schema}.tasker_named_tasks (name);
CREATE INDEX named_tasks_version_index ON {schema}.tasker_named_tasks (version);
CREATE INDEX named_tasks_task_namespace_id_index ON {schema}.tasker_named_tasks (task_namespace_id);
CREATE INDEX named_tasks_configuration_gin_index ON {schema}.tasker_named_tasks USING gin (configuration);

CREATE INDEX dependent_systems_name_index ON {schema}.tasker_dependent_systems (name);

CREATE INDEX dependent_system_object_maps_dependent_system_one_id_index ON {schema}.tasker_dependent_system_object_maps (dependent_system_one_id);
CREATE INDEX dependent_system_object_maps_dependent_system_two_id_index ON {schema}.tasker_dependent_system_object_maps (dependent_system_two_id);
CREATE INDEX dependent_system_object_maps_remote_id_one_index ON {schema}.tasker_dependent_system_object_maps (remote_id_one);
CREATE INDEX dependent_system_object_maps_remote_id_two_index ON {schema}.tasker_dependent_system_object_maps (remote_id_two);

CREATE INDEX named_steps_name_index ON {schema}.tasker_named_steps (name);
CREATE INDEX named_steps_dependent_system_id_index ON {schema}.tasker_named_steps (dependent_system_id);

CREATE INDEX named_tasks_named_steps_named_task_id_index ON {schema}.tasker_named_tasks_named_steps (named_task_id);
CREATE INDEX named_tasks_named_steps_named_step_id_index ON {schema}.tasker_named_tasks_named_steps (named_step_id);

CREATE INDEX tasks_identity_hash_index ON {schema}.tasker_tasks (identity_hash);
CREATE INDEX tasks_requested_at_index ON {schema}.tasker_tasks (requested_at);
CREATE INDEX tasks_source_system_index ON {schema}.tasker_tasks (source_system);
CREATE INDEX tasks_context_idx ON {schema}.tasker_tasks USING gin (context);
CREATE INDEX tasks_context_idx1 ON {schema}.tasker_tasks USING gin (context jsonb_path_ops);
CREATE INDEX tasks_tags_idx ON {schema}.tasker_tasks USING gin (tags);
CREATE INDEX tasks_tags_idx1 ON {schema}.tasker_tasks USING gin (tags jsonb_path_ops);
CREATE INDEX idx_tasks_completion_status_created ON {schema}.tasker_tasks (complete, created_at, task_id);
CREATE INDEX idx_tasks_active_operations ON {schema}.tasker_tasks (task_id)
    WHERE complete = false OR complete IS NULL;
CREATE INDEX idx_tasks_active_workflow_summary ON {schema}.tasker_tasks (task_id, complete)
    WHERE complete = false OR complete IS NULL;

CREATE INDEX index_workflow_steps_by_task ON {schema}.tasker_workflow_steps (task_id);
CREATE INDEX workflow_steps_named_step_id_index ON {schema}.tasker_workflow_steps (named_step_id);
CREATE INDEX workflow_steps_last_attempted_at_index ON {schema}.tasker_workflow_steps (last_attempted_at);
CREATE INDEX workflow_steps_processed_at_index ON {schema}.tasker_workflow_steps (processed_at);
CREATE INDEX index_workflow_steps_task_and_id ON {schema}.tasker_workflow_steps (task_id, workflow_step_id);
CREATE INDEX index_workflow_steps_task_and_step_id ON {schema}.tasker_workflow_steps (task_id, workflow_step_id);
CREATE INDEX index_workflow_steps_task_and_step_optimized ON {schema}.tasker_workflow_steps (task_id, workflow_step_id);
CREATE INDEX index_workflow_steps_processing_status ON {schema}.tasker_workflow_steps (task_id, processed, in_process);
CREATE INDEX index_workflow_steps_retry_status ON {schema}.tasker_workflow_steps (attempts, retry_limit);
CREATE INDEX index_workflow_steps_retry_logic ON {schema}.tasker_workflow_steps (attempts, retry_limit, retryable);
CREATE INDEX index_workflow_steps_task_covering ON {schema}.tasker_workflow_steps (task_id) INCLUDE (workflow_step_id, processed, in_process, attempts, retry_limit);
CREATE INDEX idx_steps_active_operations ON {schema}.tasker_workflow_steps (workflow_step_id, task_id)
    WHERE processed = false OR processed IS NULL;
CREATE INDEX idx_workflow_steps_task_grouping_active ON {schema}.tasker_workflow_steps (task_id, workflow_step_id)
    WHERE processed = false OR processed IS NULL;
CREATE INDEX idx_workflow_steps_task_readiness ON {schema}.tasker_workflow_steps (task_id, processed, workflow_step_id)
    WHERE processed = false;
CREATE INDEX index_workflow_steps_backoff_timing ON {schema}.tasker_workflow_steps (last_attempted_at, backoff_request_seconds)
    WHERE backoff_request_seconds IS NOT NULL;

CREATE INDEX index_step_edges_from_step_for_children ON {schema}.tasker_workflow_step_edges (from_step_id);
CREATE INDEX index_step_edges_parent_lookup ON {schema}.tasker_workflow_step_edges (from_step_id);
CREATE INDEX index_tasker_workflow_step_edges_on_from_step_id ON {schema}.tasker_workflow_step_edges (from_step_id);
CREATE INDEX index_step_edges_to_step_for_parents ON {schema}.tasker_workflow_step_edges (to_step_id);
CREATE INDEX index_step_edges_child_lookup ON {schema}.tasker_workflow_step_edges (to_step_id);
CREATE INDEX index_tasker_workflow_step_edges_on_to_step_id ON {schema}.tasker_workflow_step_edges (to_step_id);
CREATE INDEX index_step_edges_from_to_composite ON {schema}.tasker_workflow_step_edges (from_step_id, to_step_id);
CREATE INDEX index_step_edges_to_from_composite ON {schema}.tasker_workflow_step_edges (to_step_id, from_step_id);
CREATE INDEX index_step_edges_dependency_pair ON {schema}.tasker_workflow_step_edges (to_step_id, from_step_id);
CREATE INDEX index_workflow_step_edges_dependency_lookup ON {schema}.tasker_workflow_step_edges (to_step_id, from_step_id);
CREATE INDEX idx_workflow_step_edges_dependency_lookup ON {schema}.tasker_workflow_step_edges (to_step_id, from_step_id);

CREATE INDEX idx_task_transitions_most_recent ON {schema}.tasker_task_transitions (task_id, most_recent)
    WHERE most_recent = true;
CREATE INDEX index_task_transitions_current_state_optimized ON {schema}.tasker_task_transitions (task_id, most_recent)
    WHERE most_recent = true;
CREATE INDEX index_task_transitions_current_state ON {schema}.tasker_task_transitions (task_id, created_at);
CREATE INDEX index_tasker_task_transitions_on_sort_key ON {schema}.tasker_task_transitions (sort_key);
CREATE INDEX index_tasker_task_transitions_on_task_id ON {schema}.tasker_task_transitions (task_id);

CREATE INDEX idx_step_transitions_most_recent ON {schema}.tasker_workflow_step_transitions (workflow_step_id, most_recent)
    WHERE most_recent = true;
CREATE INDEX index_step_transitions_current_state_optimized ON {schema}.tasker_workflow_step_transitions (workflow_step_id, most_recent)
    WHERE most_recent = true;
CREATE INDEX idx_step_transitions_current_state ON {schema}.tasker_workflow_step_transitions (workflow_step_id, most_recent, to_state)
    WHERE most_recent = true;
CREATE INDEX index_step_transitions_completed ON {schema}.tasker_workflow_step_transitions (workflow_step_id, to_state)
    WHERE to_state = 'complete';
CREATE INDEX index_step_transitions_completed_parents ON {schema}.tasker_workflow_step_transitions (workflow_step_id, most_recent)
    WHERE to_state IN ('complete', 'resolved_manually') AND most_recent = true;
CREATE INDEX index_step_transitions_current_errors ON {schema}.tasker_workflow_step_transitions (workflow_step_id, most_recent, created_at)
    WHERE to_state = 'error' AND most_recent = true;
CREATE INDEX index_step_transitions_failures_with_timing ON {schema}.tasker_workflow_step_transitions (workflow_step_id, to_state, created_at)
    WHERE to_state = 'failed';
CREATE INDEX index_step_transitions_for_current_state ON {schema}.tasker_workflow_step_transitions (workflow_step_id, created_at);
CREATE INDEX index_tasker_workflow_step_transitions_on_sort_key ON {schema}.tasker_workflow_step_transitions (sort_key);
CREATE INDEX index_tasker_workflow_step_transitions_on_workflow_step_id ON {schema}.tasker_workflow_step_transitions (workflow_step_id);

CREATE INDEX annotation_types_name_index ON {schema}.tasker_annotation_types (name);

CREATE INDEX task_annotations_annotation_type_id_index ON {schema}.tasker_task_annotations (annotation_type_id);
CREATE INDEX task_annotations_annotation_idx ON {schema}.tasker_task_annotations USING gin (annotation);
CREATE INDEX task_annotations_annotation_idx1 ON {schema}.tasker_task_annotations USING gin (annotation jsonb_path_ops);
