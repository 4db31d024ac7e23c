-- The view of the Rails engine with the same columns (schema sheet, section 3).
-- The depth is the same number, found without the original's trap: it walks
-- upwards from the one step, over (step, depth) pairs instead of over paths, so
-- a filter on the task keeps other tasks out and a wide graph stays cheap. It
-- is still no query for a hot path.
--
-- A view of that name that is there already is the Rails engine's and stays.

-- +goose Up
-- +goose StatementBegin
DO $migration$
BEGIN
    IF to_regclass(format('%s.%I', $schema${schema}$schema$, 'tasker_step_dag_relationships')) IS NOT NULL THEN
        RETURN;
    END IF;

    CREATE VIEW {schema}.tasker_step_dag_relationships AS
    SELECT
        s.workflow_step_id,
        s.task_id,
        s.named_step_id,
        coalesce((SELECT jsonb_agg(p.from_step_id ORDER BY p.from_step_id)
            FROM {schema}.tasker_workflow_step_edges p WHERE p.to_step_id = s.workflow_step_id), '[]') AS parent_step_ids,
        coalesce((SELECT jsonb_agg(c.to_step_id ORDER BY c.to_step_id)
            FROM {schema}.tasker_workflow_step_edges c WHERE c.from_step_id = s.workflow_step_id), '[]') AS child_step_ids,
        (SELECT count(*) FROM {schema}.tasker_workflow_step_edges p WHERE p.to_step_id = s.workflow_step_id)
            AS parent_count,
        (SELECT count(*) FROM {schema}.tasker_workflow_step_edges c WHERE c.from_step_id = s.workflow_step_id)
            AS child_count,
        NOT EXISTS (SELECT 1 FROM {schema}.tasker_workflow_step_edges p WHERE p.to_step_id = s.workflow_step_id)
            AS is_root_step,
        NOT EXISTS (SELECT 1 FROM {schema}.tasker_workflow_step_edges c WHERE c.from_step_id = s.workflow_step_id)
            AS is_leaf_step,
        (WITH RECURSIVE up (step_id, depth) AS (
            SELECT s.workflow_step_id, 0
            UNION
            SELECT e.from_step_id, up.depth + 1
                FROM up JOIN {schema}.tasker_workflow_step_edges e ON e.to_step_id = up.step_id
                WHERE up.depth < 50
         )
         SELECT min(up.depth) FROM up
            WHERE NOT EXISTS (
                SELECT 1 FROM {schema}.tasker_workflow_step_edges e WHERE e.to_step_id = up.step_id
            )
        ) AS min_depth_from_root
    FROM {schema}.tasker_workflow_steps s;

    INSERT INTO {schema}.tasker_core_objects (name, kind, version)
    VALUES ('tasker_step_dag_relationships', 'view', 3);
END
$migration$;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
DO $migration$
BEGIN
    IF EXISTS (SELECT 1 FROM {schema}.tasker_core_objects o WHERE o.version = 3) THEN
        DROP VIEW {schema}.tasker_step_dag_relationships;
        DELETE FROM {schema}.tasker_core_objects o WHERE o.version = 3;
    END IF;
END
$migration$;
-- +goose StatementEnd
