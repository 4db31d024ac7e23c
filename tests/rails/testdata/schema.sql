-- The schema of the Rails engine as the schema sheet describes it: thirteen tables
-- with all their indexes, the view, and the nine functions in our own words, the
-- readiness functions in version v02. Names are not qualified, as there. Beside
-- them stand what a Rails application has in its database, too.

CREATE TABLE schema_migrations (version character varying NOT NULL PRIMARY KEY);
CREATE TABLE ar_internal_metadata (
    key character varying NOT NULL PRIMARY KEY,
    value character varying,
    created_at timestamp(6) without time zone NOT NULL,
    updated_at timestamp(6) without time zone NOT NULL
);
INSERT INTO schema_migrations (version) VALUES ('20250701165431'), ('20250710110830');

CREATE TABLE tasker_task_namespaces (
    task_namespace_id serial PRIMARY KEY,
    name character varying(64) NOT NULL,
    description character varying(255),
    created_at timestamp(6) without time zone NOT NULL,
    updated_at timestamp(6) without time zone NOT NULL
);
CREATE UNIQUE INDEX task_namespaces_name_unique ON tasker_task_namespaces (name);

CREATE TABLE tasker_named_tasks (
    named_task_id serial PRIMARY KEY,
    name character varying(64) NOT NULL,
    description character varying(255),
    task_namespace_id bigint NOT NULL DEFAULT 1
        CONSTRAINT fk_rails_16a0297759 REFERENCES tasker_task_namespaces (task_namespace_id),
    version character varying(16) NOT NULL DEFAULT '0.1.0',
    configuration jsonb DEFAULT '"{}"',
    created_at timestamp(6) without time zone NOT NULL,
    updated_at timestamp(6) without time zone NOT NULL
);
CREATE UNIQUE INDEX named_tasks_namespace_name_version_unique ON tasker_named_tasks (task_namespace_id, name, version);

CREATE TABLE tasker_dependent_systems (
    dependent_system_id serial PRIMARY KEY,
    name character varying(64) NOT NULL,
    description character varying(255),
    created_at timestamp(6) without time zone NOT NULL,
    updated_at timestamp(6) without time zone NOT NULL
);
CREATE UNIQUE INDEX dependent_systems_name_unique ON tasker_dependent_systems (name);

CREATE TABLE tasker_dependent_system_object_maps (
    dependent_system_object_map_id bigserial PRIMARY KEY,
    dependent_system_one_id integer NOT NULL
        CONSTRAINT dependent_system_object_maps_dependent_system_one_id_foreign REFERENCES tasker_dependent_systems (dependent_system_id),
    dependent_system_two_id integer NOT NULL
        CONSTRAINT dependent_system_object_maps_dependent_system_two_id_foreign REFERENCES tasker_dependent_systems (dependent_system_id),
    remote_id_one character varying(128) NOT NULL,
    remote_id_two character varying(128) NOT NULL,
    created_at timestamp(6) without time zone NOT NULL,
    updated_at timestamp(6) without time zone NOT NULL
);
CREATE UNIQUE INDEX dependent_system_object_maps_dependent_system_one_id_dependent_ ON tasker_dependent_system_object_maps (dependent_system_one_id, dependent_system_two_id, remote_id_one, remote_id_two);

CREATE TABLE tasker_named_steps (
    named_step_id serial PRIMARY KEY,
    dependent_system_id integer NOT NULL
        CONSTRAINT named_steps_dependent_system_id_foreign REFERENCES tasker_dependent_systems (dependent_system_id),
    name character varying(128) NOT NULL,
    description character varying(255),
    created_at timestamp(6) without time zone NOT NULL,
    updated_at timestamp(6) without time zone NOT NULL
);
CREATE UNIQUE INDEX named_step_by_system_uniq ON tasker_named_steps (dependent_system_id, name);

CREATE TABLE tasker_named_tasks_named_steps (
    id serial PRIMARY KEY,
    named_task_id integer NOT NULL
        CONSTRAINT named_tasks_named_steps_named_task_id_foreign REFERENCES tasker_named_tasks (named_task_id),
    named_step_id integer NOT NULL
        CONSTRAINT named_tasks_named_steps_named_step_id_foreign REFERENCES tasker_named_steps (named_step_id),
    skippable boolean NOT NULL DEFAULT false,
    default_retryable boolean NOT NULL DEFAULT true,
    default_retry_limit integer NOT NULL DEFAULT 3,
    created_at timestamp(6) without time zone NOT NULL,
    updated_at timestamp(6) without time zone NOT NULL
);
CREATE UNIQUE INDEX named_tasks_steps_ids_unique ON tasker_named_tasks_named_steps (named_task_id, named_step_id);

CREATE TABLE tasker_tasks (
    task_id bigserial PRIMARY KEY,
    named_task_id integer NOT NULL
        CONSTRAINT tasks_named_task_id_foreign REFERENCES tasker_named_tasks (named_task_id),
    complete boolean NOT NULL DEFAULT false,
    requested_at timestamp without time zone NOT NULL,
    initiator character varying(128),
    source_system character varying(128),
    reason character varying(128),
    bypass_steps json,
    tags jsonb,
    context jsonb,
    identity_hash character varying(128) NOT NULL,
    created_at timestamp(6) without time zone NOT NULL,
    updated_at timestamp(6) without time zone NOT NULL
);
CREATE UNIQUE INDEX index_tasks_on_identity_hash ON tasker_tasks (identity_hash);

CREATE TABLE tasker_workflow_steps (
    workflow_step_id bigserial PRIMARY KEY,
    task_id bigint NOT NULL
        CONSTRAINT workflow_steps_task_id_foreign REFERENCES tasker_tasks (task_id),
    named_step_id integer NOT NULL
        CONSTRAINT workflow_steps_named_step_id_foreign REFERENCES tasker_named_steps (named_step_id),
    retryable boolean NOT NULL DEFAULT true,
    retry_limit integer DEFAULT 3,
    in_process boolean NOT NULL DEFAULT false,
    processed boolean NOT NULL DEFAULT false,
    processed_at timestamp without time zone,
    attempts integer,
    last_attempted_at timestamp without time zone,
    backoff_request_seconds integer,
    inputs jsonb,
    results jsonb,
    created_at timestamp(6) without time zone NOT NULL,
    updated_at timestamp(6) without time zone NOT NULL,
    skippable boolean NOT NULL DEFAULT false
);

CREATE TABLE tasker_workflow_step_edges (
    id bigserial PRIMARY KEY,
    from_step_id bigint NOT NULL
        CONSTRAINT fk_rails_7b4652ccf2 REFERENCES tasker_workflow_steps (workflow_step_id),
    to_step_id bigint NOT NULL
        CONSTRAINT fk_rails_93ec0bf6eb REFERENCES tasker_workflow_steps (workflow_step_id),
    name character varying NOT NULL,
    created_at timestamp(6) without time zone NOT NULL,
    updated_at timestamp(6) without time zone NOT NULL
);

CREATE TABLE tasker_task_transitions (
    id bigserial PRIMARY KEY,
    to_state character varying NOT NULL,
    from_state character varying,
    metadata jsonb DEFAULT '{}',
    sort_key integer NOT NULL,
    most_recent boolean NOT NULL DEFAULT true,
    task_id bigint NOT NULL
        CONSTRAINT fk_rails_e8caec803c REFERENCES tasker_tasks (task_id),
    created_at timestamp(6) without time zone NOT NULL,
    updated_at timestamp(6) without time zone NOT NULL
);
CREATE UNIQUE INDEX index_tasker_task_transitions_on_task_id_and_most_recent ON tasker_task_transitions (task_id, most_recent) WHERE most_recent = true;
CREATE UNIQUE INDEX index_tasker_task_transitions_on_task_id_and_sort_key ON tasker_task_transitions (task_id, sort_key);

CREATE TABLE tasker_workflow_step_transitions (
    id bigserial PRIMARY KEY,
    to_state character varying NOT NULL,
    from_state character varying,
    metadata jsonb DEFAULT '{}',
    sort_key integer NOT NULL,
    most_recent boolean NOT NULL DEFAULT true,
    workflow_step_id bigint NOT NULL
        CONSTRAINT fk_rails_6e0f6eb833 REFERENCES tasker_workflow_steps (workflow_step_id),
    created_at timestamp(6) without time zone NOT NULL,
    updated_at timestamp(6) without time zone NOT NULL
);
CREATE UNIQUE INDEX idx_on_workflow_step_id_most_recent_97d5374ad6 ON tasker_workflow_step_transitions (workflow_step_id, most_recent) WHERE most_recent = true;
CREATE UNIQUE INDEX idx_on_workflow_step_id_sort_key_4d476d7adb ON tasker_workflow_step_transitions (workflow_step_id, sort_key);

CREATE TABLE tasker_annotation_types (
    annotation_type_id serial PRIMARY KEY,
    name character varying(64) NOT NULL,
    description character varying(255),
    created_at timestamp(6) without time zone NOT NULL,
    updated_at timestamp(6) without time zone NOT NULL
);
CREATE UNIQUE INDEX annotation_types_name_unique ON tasker_annotation_types (name);

CREATE TABLE tasker_task_annotations (
    task_annotation_id bigserial PRIMARY KEY,
    task_id bigint NOT NULL
        CONSTRAINT task_annotations_task_id_foreign REFERENCES tasker_tasks (task_id),
    annotation_type_id integer NOT NULL
        CONSTRAINT task_annotations_annotation_type_id_foreign REFERENCES tasker_annotation_types (annotation_type_id),
    annotation jsonb,
    created_at timestamp(6) without time zone NOT NULL,
    updated_at timestamp(6) without time zone NOT NULL
);

CREATE INDEX tasks_named_task_id_index ON tasker_tasks (named_task_id);
CREATE INDEX workflow_steps_task_id_index ON tasker_workflow_steps (task_id);
CREATE INDEX idx_step_edges_from_to ON tasker_workflow_step_edges (from_step_id, to_step_id);
CREATE INDEX idx_step_edges_to_from ON tasker_workflow_step_edges (to_step_id, from_step_id);
CREATE INDEX task_annotations_task_id_index ON tasker_task_annotations (task_id);

CREATE INDEX task_namespaces_name_index ON tasker_task_namespaces (name);

CREATE INDEX named_tasks_name_index ON tasker_named_tasks (name);
CREATE INDEX named_tasks_version_index ON tasker_named_tasks (version);
CREATE INDEX named_tasks_task_namespace_id_index ON tasker_named_tasks (task_namespace_id);
CREATE INDEX named_tasks_configuration_gin_index ON tasker_named_tasks USING gin (configuration);

CREATE INDEX dependent_systems_name_index ON tasker_dependent_systems (name);

CREATE INDEX dependent_system_object_maps_dependent_system_one_id_index ON tasker_dependent_system_object_maps (dependent_system_one_id);
CREATE INDEX dependent_system_object_maps_dependent_system_two_id_index ON tasker_dependent_system_object_maps (dependent_system_two_id);
CREATE INDEX dependent_system_object_maps_remote_id_one_index ON tasker_dependent_system_object_maps (remote_id_one);
CREATE INDEX dependent_system_object_maps_remote_id_two_index ON tasker_dependent_system_object_maps (remote_id_two);

CREATE INDEX named_steps_name_index ON tasker_named_steps (name);
CREATE INDEX named_steps_dependent_system_id_index ON tasker_named_steps (dependent_system_id);

CREATE INDEX named_tasks_named_steps_named_task_id_index ON tasker_named_tasks_named_steps (named_task_id);
CREATE INDEX named_tasks_named_steps_named_step_id_index ON tasker_named_tasks_named_steps (named_step_id);

CREATE INDEX tasks_identity_hash_index ON tasker_tasks (identity_hash);
CREATE INDEX tasks_requested_at_index ON tasker_tasks (requested_at);
CREATE INDEX tasks_source_system_index ON tasker_tasks (source_system);
CREATE INDEX tasks_context_idx ON tasker_tasks USING gin (context);
CREATE INDEX tasks_context_idx1 ON tasker_tasks USING gin (context jsonb_path_ops);
CREATE INDEX tasks_tags_idx ON tasker_tasks USING gin (tags);
CREATE INDEX tasks_tags_idx1 ON tasker_tasks USING gin (tags jsonb_path_ops);
CREATE INDEX idx_tasks_completion_status_created ON tasker_tasks (complete, created_at, task_id);
CREATE INDEX idx_tasks_active_operations ON tasker_tasks (task_id)
    WHERE complete = false OR complete IS NULL;
CREATE INDEX idx_tasks_active_workflow_summary ON tasker_tasks (task_id, complete)
    WHERE complete = false OR complete IS NULL;

CREATE INDEX index_workflow_steps_by_task ON tasker_workflow_steps (task_id);
CREATE INDEX workflow_steps_named_step_id_index ON tasker_workflow_steps (named_step_id);
CREATE INDEX workflow_steps_last_attempted_at_index ON tasker_workflow_steps (last_attempted_at);
CREATE INDEX workflow_steps_processed_at_index ON tasker_workflow_steps (processed_at);
CREATE INDEX index_workflow_steps_task_and_id ON tasker_workflow_steps (task_id, workflow_step_id);
CREATE INDEX index_workflow_steps_task_and_step_id ON tasker_workflow_steps (task_id, workflow_step_id);
CREATE INDEX index_workflow_steps_task_and_step_optimized ON tasker_workflow_steps (task_id, workflow_step_id);
CREATE INDEX index_workflow_steps_processing_status ON tasker_workflow_steps (task_id, processed, in_process);
CREATE INDEX index_workflow_steps_retry_status ON tasker_workflow_steps (attempts, retry_limit);
CREATE INDEX index_workflow_steps_retry_logic ON tasker_workflow_steps (attempts, retry_limit, retryable);
CREATE INDEX index_workflow_steps_task_covering ON tasker_workflow_steps (task_id) INCLUDE (workflow_step_id, processed, in_process, attempts, retry_limit);
CREATE INDEX idx_steps_active_operations ON tasker_workflow_steps (workflow_step_id, task_id)
    WHERE processed = false OR processed IS NULL;
CREATE INDEX idx_workflow_steps_task_grouping_active ON tasker_workflow_steps (task_id, workflow_step_id)
    WHERE processed = false OR processed IS NULL;
CREATE INDEX idx_workflow_steps_task_readiness ON tasker_workflow_steps (task_id, processed, workflow_step_id)
    WHERE processed = false;
CREATE INDEX index_workflow_steps_backoff_timing ON tasker_workflow_steps (last_attempted_at, backoff_request_seconds)
    WHERE backoff_request_seconds IS NOT NULL;

CREATE INDEX index_step_edges_from_step_for_children ON tasker_workflow_step_edges (from_step_id);
CREATE INDEX index_step_edges_parent_lookup ON tasker_workflow_step_edges (from_step_id);
CREATE INDEX index_tasker_workflow_step_edges_on_from_step_id ON tasker_workflow_step_edges (from_step_id);
CREATE INDEX index_step_edges_to_step_for_parents ON tasker_workflow_step_edges (to_step_id);
CREATE INDEX index_step_edges_child_lookup ON tasker_workflow_step_edges (to_step_id);
CREATE INDEX index_tasker_workflow_step_edges_on_to_step_id ON tasker_workflow_step_edges (to_step_id);
CREATE INDEX index_step_edges_from_to_composite ON tasker_workflow_step_edges (from_step_id, to_step_id);
CREATE INDEX index_step_edges_to_from_composite ON tasker_workflow_step_edges (to_step_id, from_step_id);
CREATE INDEX index_step_edges_dependency_pair ON tasker_workflow_step_edges (to_step_id, from_step_id);
CREATE INDEX index_workflow_step_edges_dependency_lookup ON tasker_workflow_step_edges (to_step_id, from_step_id);
CREATE INDEX idx_workflow_step_edges_dependency_lookup ON tasker_workflow_step_edges (to_step_id, from_step_id);

CREATE INDEX idx_task_transitions_most_recent ON tasker_task_transitions (task_id, most_recent)
    WHERE most_recent = true;
CREATE INDEX index_task_transitions_current_state_optimized ON tasker_task_transitions (task_id, most_recent)
    WHERE most_recent = true;
CREATE INDEX index_task_transitions_current_state ON tasker_task_transitions (task_id, created_at);
CREATE INDEX index_tasker_task_transitions_on_sort_key ON tasker_task_transitions (sort_key);
CREATE INDEX index_tasker_task_transitions_on_task_id ON tasker_task_transitions (task_id);

CREATE INDEX idx_step_transitions_most_recent ON tasker_workflow_step_transitions (workflow_step_id, most_recent)
    WHERE most_recent = true;
CREATE INDEX index_step_transitions_current_state_optimized ON tasker_workflow_step_transitions (workflow_step_id, most_recent)
    WHERE most_recent = true;
CREATE INDEX idx_step_transitions_current_state ON tasker_workflow_step_transitions (workflow_step_id, most_recent, to_state)
    WHERE most_recent = true;
CREATE INDEX index_step_transitions_completed ON tasker_workflow_step_transitions (workflow_step_id, to_state)
    WHERE to_state = 'complete';
CREATE INDEX index_step_transitions_completed_parents ON tasker_workflow_step_transitions (workflow_step_id, most_recent)
    WHERE to_state IN ('complete', 'resolved_manually') AND most_recent = true;
CREATE INDEX index_step_transitions_current_errors ON tasker_workflow_step_transitions (workflow_step_id, most_recent, created_at)
    WHERE to_state = 'error' AND most_recent = true;
CREATE INDEX index_step_transitions_failures_with_timing ON tasker_workflow_step_transitions (workflow_step_id, to_state, created_at)
    WHERE to_state = 'failed';
CREATE INDEX index_step_transitions_for_current_state ON tasker_workflow_step_transitions (workflow_step_id, created_at);
CREATE INDEX index_tasker_workflow_step_transitions_on_sort_key ON tasker_workflow_step_transitions (sort_key);
CREATE INDEX index_tasker_workflow_step_transitions_on_workflow_step_id ON tasker_workflow_step_transitions (workflow_step_id);

CREATE INDEX annotation_types_name_index ON tasker_annotation_types (name);

CREATE INDEX task_annotations_annotation_type_id_index ON tasker_task_annotations (annotation_type_id);
CREATE INDEX task_annotations_annotation_idx ON tasker_task_annotations USING gin (annotation);
CREATE INDEX task_annotations_annotation_idx1 ON tasker_task_annotations USING gin (annotation jsonb_path_ops);

CREATE VIEW tasker_step_dag_relationships AS
SELECT
    s.workflow_step_id,
    s.task_id,
    s.named_step_id,
    coalesce((SELECT jsonb_agg(p.from_step_id ORDER BY p.from_step_id)
        FROM tasker_workflow_step_edges p WHERE p.to_step_id = s.workflow_step_id), '[]') AS parent_step_ids,
    coalesce((SELECT jsonb_agg(c.to_step_id ORDER BY c.to_step_id)
        FROM tasker_workflow_step_edges c WHERE c.from_step_id = s.workflow_step_id), '[]') AS child_step_ids,
    (SELECT count(*) FROM tasker_workflow_step_edges p WHERE p.to_step_id = s.workflow_step_id)
        AS parent_count,
    (SELECT count(*) FROM tasker_workflow_step_edges c WHERE c.from_step_id = s.workflow_step_id)
        AS child_count,
    NOT EXISTS (SELECT 1 FROM tasker_workflow_step_edges p WHERE p.to_step_id = s.workflow_step_id)
        AS is_root_step,
    NOT EXISTS (SELECT 1 FROM tasker_workflow_step_edges c WHERE c.from_step_id = s.workflow_step_id)
        AS is_leaf_step,
    (WITH RECURSIVE up (step_id, depth) AS (
        SELECT s.workflow_step_id, 0
        UNION
        SELECT e.from_step_id, up.depth + 1
            FROM up JOIN tasker_workflow_step_edges e ON e.to_step_id = up.step_id
            WHERE up.depth < 50
     )
     SELECT min(up.depth) FROM up
        WHERE NOT EXISTS (
            SELECT 1 FROM tasker_workflow_step_edges e WHERE e.to_step_id = up.step_id
        )
    ) AS min_depth_from_root
FROM tasker_workflow_steps s;

CREATE FUNCTION get_step_readiness_status(input_task_id bigint, step_ids bigint[] DEFAULT NULL)
RETURNS TABLE (
    workflow_step_id bigint, task_id bigint, named_step_id integer, name text, current_state text,
    dependencies_satisfied boolean, retry_eligible boolean, ready_for_execution boolean,
    last_failure_at timestamp, next_retry_at timestamp, total_parents integer, completed_parents integer,
    attempts integer, retry_limit integer, backoff_request_seconds integer, last_attempted_at timestamp
) LANGUAGE plpgsql STABLE AS $function$
BEGIN
    RETURN QUERY
    SELECT
        s.workflow_step_id, s.task_id, s.named_step_id, ns.name::text, r.state,
        p.done = p.total,
        r.attempts < r.retry_limit,
        r.state IN ('pending', 'error') AND NOT s.processed AND NOT s.in_process AND s.retryable
            AND p.done = p.total AND r.attempts < r.retry_limit
            AND (r.asked_until IS NULL OR r.asked_until <= now())
            AND (r.curve_until IS NULL OR r.curve_until <= now()),
        r.failed_at,
        coalesce(r.asked_until, r.curve_until),
        p.total, p.done, r.attempts, r.retry_limit, s.backoff_request_seconds, s.last_attempted_at
    FROM tasker_workflow_steps s
    JOIN tasker_named_steps ns ON ns.named_step_id = s.named_step_id
    LEFT JOIN tasker_workflow_step_transitions t
        ON t.workflow_step_id = s.workflow_step_id AND t.most_recent = true
    CROSS JOIN LATERAL (
        SELECT
            coalesce(t.to_state, 'pending')::text AS state,
            coalesce(s.attempts, 0) AS attempts,
            coalesce(s.retry_limit, 3) AS retry_limit,
            CASE WHEN t.to_state = 'error' THEN t.created_at::timestamp END AS failed_at,
            (s.last_attempted_at + s.backoff_request_seconds * interval '1 second')::timestamp AS asked_until,
            -- 2^5 is beyond the cap of 30 seconds, 2^-30 below a microsecond.
            CASE WHEN t.to_state = 'error' THEN (t.created_at + least(
                power(2, greatest(least(coalesce(s.attempts, 1), 5), -30)), 30) * interval '1 second')::timestamp
            END AS curve_until
    ) r
    CROSS JOIN LATERAL (
        SELECT
            count(*)::integer AS total,
            (count(*) FILTER (WHERE pt.to_state IN ('complete', 'resolved_manually')))::integer AS done
        FROM tasker_workflow_step_edges e
        LEFT JOIN tasker_workflow_step_transitions pt
            ON pt.workflow_step_id = e.from_step_id AND pt.most_recent = true
        WHERE e.to_step_id = s.workflow_step_id
    ) p
    WHERE s.task_id = input_task_id AND (step_ids IS NULL OR s.workflow_step_id = ANY (step_ids))
    ORDER BY s.workflow_step_id;
END
$function$;

CREATE FUNCTION get_step_readiness_status_batch(input_task_ids bigint[])
RETURNS TABLE (
    workflow_step_id bigint, task_id bigint, named_step_id integer, name text, current_state text,
    dependencies_satisfied boolean, retry_eligible boolean, ready_for_execution boolean,
    last_failure_at timestamp, next_retry_at timestamp, total_parents integer, completed_parents integer,
    attempts integer, retry_limit integer, backoff_request_seconds integer, last_attempted_at timestamp
) LANGUAGE plpgsql STABLE AS $function$
BEGIN
    RETURN QUERY
    SELECT r.*
    FROM (SELECT DISTINCT u.id FROM unnest(input_task_ids) u (id) ORDER BY u.id) wanted
    CROSS JOIN LATERAL get_step_readiness_status(wanted.id, NULL) r;
END
$function$;

CREATE FUNCTION get_task_execution_context(input_task_id bigint)
RETURNS TABLE (
    task_id bigint, named_task_id integer, status text, total_steps bigint, pending_steps bigint,
    in_progress_steps bigint, completed_steps bigint, failed_steps bigint, ready_steps bigint,
    execution_status text, recommended_action text, completion_percentage numeric, health_status text
) LANGUAGE plpgsql STABLE AS $function$
BEGIN
    RETURN QUERY
    SELECT
        k.task_id, k.named_task_id,
        coalesce((SELECT t.to_state FROM tasker_task_transitions t
            WHERE t.task_id = k.task_id AND t.most_recent = true), 'pending')::text,
        c.total, c.pending, c.in_progress, c.completed, c.failed, c.ready,
        d.execution_status,
        CASE d.execution_status
            WHEN 'has_ready_steps' THEN 'execute_ready_steps'
            WHEN 'processing' THEN 'wait_for_completion'
            WHEN 'blocked_by_failures' THEN 'handle_failures'
            WHEN 'all_complete' THEN 'finalize_task'
            ELSE 'wait_for_dependencies'
        END,
        CASE WHEN c.total = 0 THEN 0.0 ELSE round(100.0 * c.completed / c.total, 2) END,
        CASE
            WHEN c.failed = 0 THEN 'healthy'
            WHEN c.ready > 0 THEN 'recovering'
            WHEN c.blocked > 0 THEN 'blocked'
            ELSE 'recovering'
        END
    FROM tasker_tasks k
    CROSS JOIN LATERAL (
        SELECT
            count(*) AS total,
            count(*) FILTER (WHERE r.current_state = 'pending') AS pending,
            count(*) FILTER (WHERE r.current_state = 'in_progress') AS in_progress,
            count(*) FILTER (WHERE r.current_state IN ('complete', 'resolved_manually')) AS completed,
            count(*) FILTER (WHERE r.current_state = 'error') AS failed,
            count(*) FILTER (WHERE r.ready_for_execution) AS ready,
            count(*) FILTER (WHERE r.current_state = 'error' AND r.attempts >= r.retry_limit) AS blocked
        FROM get_step_readiness_status(k.task_id, NULL) r
    ) c
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN c.ready > 0 THEN 'has_ready_steps'
            WHEN c.in_progress > 0 THEN 'processing'
            WHEN c.blocked > 0 THEN 'blocked_by_failures'
            WHEN c.total > 0 AND c.completed = c.total THEN 'all_complete'
            ELSE 'waiting_for_dependencies'
        END AS execution_status
    ) d
    WHERE k.task_id = input_task_id;
END
$function$;

CREATE FUNCTION get_task_execution_contexts_batch(input_task_ids bigint[])
RETURNS TABLE (
    task_id bigint, named_task_id integer, status text, total_steps bigint, pending_steps bigint,
    in_progress_steps bigint, completed_steps bigint, failed_steps bigint, ready_steps bigint,
    execution_status text, recommended_action text, completion_percentage numeric, health_status text
) LANGUAGE plpgsql STABLE AS $function$
BEGIN
    -- A repeated id answers as often as it occurs, unlike in the batch above.
    RETURN QUERY
    SELECT c.*
    FROM (SELECT u.id FROM unnest(input_task_ids) u (id) ORDER BY u.id) wanted
    CROSS JOIN LATERAL get_task_execution_context(wanted.id) c
    ORDER BY c.task_id;
END
$function$;

CREATE FUNCTION calculate_dependency_levels(input_task_id bigint)
RETURNS TABLE (workflow_step_id bigint, dependency_level integer) LANGUAGE plpgsql STABLE AS $function$
DECLARE
    ids bigint[];       -- the steps by id; below, a step is its place here
    first integer[];    -- children[first[n]] to children[first[n + 1] - 1] are those of step n
    children integer[];
    queue integer[];    -- steps in the order in which they are reached, then placed
    level integer[];
    waiting integer[];  -- edges into a step from reached steps that are not placed yet
    placed integer;
    step integer;
    child integer;
    at integer := 1;
BEGIN
    SELECT
        array_agg(s.id ORDER BY s.n), array_agg(s.first ORDER BY s.n) || (1 + sum(s.degree))::integer,
        array_agg(NULL::integer), array_agg(0),
        coalesce(array_agg(s.n ORDER BY s.n) FILTER (WHERE s.root), '{}')
    INTO ids, first, level, waiting, queue
    FROM (
        SELECT c.id, c.degree, (row_number() OVER w)::integer AS n,
            (1 + sum(c.degree) OVER w - c.degree)::integer AS first,
            NOT EXISTS (SELECT 1 FROM tasker_workflow_step_edges i WHERE i.to_step_id = c.id) AS root
        FROM (
            SELECT s.workflow_step_id AS id, (
                SELECT count(*)
                FROM tasker_workflow_step_edges o
                JOIN tasker_workflow_steps k ON k.workflow_step_id = o.to_step_id
                WHERE o.from_step_id = s.workflow_step_id AND k.task_id = input_task_id
            ) AS degree
            FROM tasker_workflow_steps s
            WHERE s.task_id = input_task_id
        ) c
        WINDOW w AS (ORDER BY c.id)
    ) s;
    SELECT coalesce(array_agg(e.n ORDER BY e.from_id), '{}') INTO children
    FROM (
        SELECT o.from_step_id AS from_id, k.n
        FROM unnest(ids) WITH ORDINALITY f (id, n)
        JOIN tasker_workflow_step_edges o ON o.from_step_id = f.id
        JOIN (SELECT u.id, u.n::integer FROM unnest(ids) WITH ORDINALITY u (id, n)) k ON k.id = o.to_step_id
    ) e;

    -- What the roots reach. Edges from elsewhere hold nothing back.
    placed := cardinality(queue);
    FOR i IN 1 .. placed LOOP
        level[queue[i]] := 0;
    END LOOP;
    WHILE at <= cardinality(queue) LOOP
        step := queue[at];
        FOR i IN first[step] .. first[step + 1] - 1 LOOP
            child := children[i];
            waiting[child] := waiting[child] + 1;
            IF level[child] IS NULL THEN
                level[child] := 0;
                queue := queue || child;
            END IF;
        END LOOP;
        at := at + 1;
    END LOOP;

    -- A step is placed when its last parent is; one that waits for itself never.
    queue := queue[1:placed];
    at := 1;
    WHILE at <= cardinality(queue) LOOP
        step := queue[at];
        FOR i IN first[step] .. first[step + 1] - 1 LOOP
            child := children[i];
            level[child] := greatest(level[child], level[step] + 1);
            waiting[child] := waiting[child] - 1;
            IF waiting[child] = 0 THEN
                queue := queue || child;
            END IF;
        END LOOP;
        at := at + 1;
    END LOOP;

    RETURN QUERY
    SELECT ids[q.n], level[q.n] FROM unnest(queue) q (n) ORDER BY level[q.n], ids[q.n];
END
$function$;

CREATE FUNCTION get_analytics_metrics_v01(since_timestamp timestamptz DEFAULT NULL)
RETURNS TABLE (
    active_tasks_count bigint, total_namespaces_count bigint, unique_task_types_count bigint,
    system_health_score numeric, task_throughput bigint, completion_count bigint, error_count bigint,
    completion_rate numeric, error_rate numeric, avg_task_duration numeric, avg_step_duration numeric,
    step_throughput bigint, analysis_period_start timestamptz, calculated_at timestamptz
) LANGUAGE plpgsql STABLE AS $function$
DECLARE
    since CONSTANT timestamptz := coalesce(since_timestamp, now() - interval '1 hour');
BEGIN
    RETURN QUERY
    WITH recent AS (
        SELECT
            k.created_at > since AS counted, k.created_at > now() - interval '1 hour' AS scored, s.*
        FROM tasker_tasks k
        CROSS JOIN LATERAL (
            SELECT
                count(*) AS steps,
                count(*) FILTER (WHERE t.to_state = 'complete') AS completed,
                count(*) FILTER (WHERE t.to_state = 'error') AS failed,
                sum(extract(epoch FROM t.created_at - k.created_at)) FILTER (WHERE t.to_state = 'complete') AS task_seconds,
                sum(extract(epoch FROM t.created_at - w.created_at)) FILTER (WHERE t.to_state = 'complete') AS step_seconds
            FROM tasker_workflow_steps w
            LEFT JOIN tasker_workflow_step_transitions t
                ON t.workflow_step_id = w.workflow_step_id AND t.most_recent = true
            WHERE w.task_id = k.task_id
        ) s
        WHERE k.created_at > since OR k.created_at > now() - interval '1 hour'
    ), score AS (
        SELECT count(*) FILTER (WHERE r.completed > 0) AS good, count(*) FILTER (WHERE r.failed > 0) AS bad
        FROM recent r WHERE r.scored
    ), period AS (
        SELECT
            count(*) AS tasks, count(*) FILTER (WHERE r.completed > 0) AS good, count(*) FILTER (WHERE r.failed > 0) AS bad,
            coalesce(sum(r.steps), 0)::bigint AS steps,
            sum(r.task_seconds) / nullif(sum(r.completed), 0) AS task_seconds,
            sum(r.step_seconds) / nullif(sum(r.completed), 0) AS step_seconds
        FROM recent r WHERE r.counted
    )
    SELECT
        (SELECT count(DISTINCT w.task_id)
            FROM tasker_workflow_steps w
            JOIN tasker_workflow_step_transitions t
                ON t.workflow_step_id = w.workflow_step_id AND t.most_recent = true
            WHERE t.to_state NOT IN ('complete', 'error', 'skipped', 'resolved_manually')),
        (SELECT count(DISTINCT n.name)
            FROM tasker_task_namespaces n
            JOIN tasker_named_tasks nt ON nt.task_namespace_id = n.task_namespace_id
            WHERE EXISTS (SELECT 1 FROM tasker_tasks k WHERE k.named_task_id = nt.named_task_id)),
        (SELECT count(DISTINCT nt.name)
            FROM tasker_named_tasks nt
            WHERE EXISTS (SELECT 1 FROM tasker_tasks k WHERE k.named_task_id = nt.named_task_id)),
        CASE WHEN h.good + h.bad = 0 THEN 1.0 ELSE round(h.good::numeric / (h.good + h.bad), 3) END,
        p.tasks, p.good, p.bad,
        CASE WHEN p.tasks = 0 THEN 0.0 ELSE round(100.0 * p.good / p.tasks, 2) END,
        CASE WHEN p.tasks = 0 THEN 0.0 ELSE round(100.0 * p.bad / p.tasks, 2) END,
        round(coalesce(p.task_seconds, 0), 3), round(coalesce(p.step_seconds, 0), 3),
        p.steps, since, now()
    FROM period p CROSS JOIN score h;
END
$function$;

CREATE FUNCTION get_slowest_steps_v01(
    since_timestamp timestamptz DEFAULT NULL, limit_count integer DEFAULT 10, namespace_filter text DEFAULT NULL,
    task_name_filter text DEFAULT NULL, version_filter text DEFAULT NULL
)
RETURNS TABLE (
    workflow_step_id bigint, task_id bigint, step_name varchar, task_name varchar, namespace_name varchar,
    version varchar, duration_seconds numeric, attempts integer, created_at timestamptz, completed_at timestamptz,
    retryable boolean, step_status varchar
) LANGUAGE plpgsql STABLE AS $function$
BEGIN
    RETURN QUERY
    SELECT
        w.workflow_step_id, w.task_id, s.name, nt.name, n.name, nt.version,
        round(extract(epoch FROM t.created_at - w.created_at), 3), w.attempts,
        w.created_at AT TIME ZONE 'UTC', t.created_at AT TIME ZONE 'UTC', w.retryable, t.to_state
    FROM tasker_workflow_steps w
    JOIN tasker_workflow_step_transitions t
        ON t.workflow_step_id = w.workflow_step_id AND t.most_recent = true AND t.to_state = 'complete'
    JOIN tasker_named_steps s ON s.named_step_id = w.named_step_id
    JOIN tasker_tasks k ON k.task_id = w.task_id
    JOIN tasker_named_tasks nt ON nt.named_task_id = k.named_task_id
    JOIN tasker_task_namespaces n ON n.task_namespace_id = nt.task_namespace_id
    WHERE w.created_at > coalesce(since_timestamp, now() - interval '24 hours') AT TIME ZONE 'UTC'
        AND t.created_at > w.created_at
        AND (namespace_filter IS NULL OR n.name = namespace_filter)
        AND (task_name_filter IS NULL OR nt.name = task_name_filter)
        AND (version_filter IS NULL OR nt.version = version_filter)
    ORDER BY t.created_at - w.created_at DESC, w.workflow_step_id
    LIMIT limit_count;
END
$function$;

CREATE FUNCTION get_slowest_tasks_v01(
    since_timestamp timestamptz DEFAULT NULL, limit_count integer DEFAULT 10, namespace_filter text DEFAULT NULL,
    task_name_filter text DEFAULT NULL, version_filter text DEFAULT NULL
)
RETURNS TABLE (
    task_id bigint, task_name varchar, namespace_name varchar, version varchar, duration_seconds numeric,
    step_count bigint, completed_steps bigint, error_steps bigint, created_at timestamptz, completed_at timestamptz,
    initiator varchar, source_system varchar
) LANGUAGE plpgsql STABLE AS $function$
BEGIN
    RETURN QUERY
    SELECT
        k.task_id, nt.name, n.name, nt.version, round(extract(epoch FROM s.ended_at - k.created_at), 3),
        s.steps, s.completed, s.failed, k.created_at AT TIME ZONE 'UTC', s.ended_at AT TIME ZONE 'UTC',
        k.initiator, k.source_system
    FROM tasker_tasks k
    JOIN tasker_named_tasks nt ON nt.named_task_id = k.named_task_id
    JOIN tasker_task_namespaces n ON n.task_namespace_id = nt.task_namespace_id
    CROSS JOIN LATERAL (
        SELECT
            count(*) AS steps,
            count(*) FILTER (WHERE t.to_state = 'complete') AS completed,
            count(*) FILTER (WHERE t.to_state = 'error') AS failed,
            max(t.created_at) FILTER (WHERE t.to_state IN ('complete', 'error')) AS ended_at
        FROM tasker_workflow_steps w
        LEFT JOIN tasker_workflow_step_transitions t
            ON t.workflow_step_id = w.workflow_step_id AND t.most_recent = true
        WHERE w.task_id = k.task_id
    ) s
    WHERE k.created_at > coalesce(since_timestamp, now() - interval '24 hours') AT TIME ZONE 'UTC'
        AND s.ended_at IS NOT NULL
        AND (namespace_filter IS NULL OR n.name = namespace_filter)
        AND (task_name_filter IS NULL OR nt.name = task_name_filter)
        AND (version_filter IS NULL OR nt.version = version_filter)
    ORDER BY s.ended_at - k.created_at DESC, k.task_id
    LIMIT limit_count;
END
$function$;

CREATE FUNCTION get_system_health_counts_v01()
RETURNS TABLE (
    total_tasks bigint, pending_tasks bigint, in_progress_tasks bigint, complete_tasks bigint, error_tasks bigint,
    cancelled_tasks bigint, total_steps bigint, pending_steps bigint, in_progress_steps bigint, complete_steps bigint,
    error_steps bigint, retryable_error_steps bigint, exhausted_retry_steps bigint, in_backoff_steps bigint,
    active_connections bigint, max_connections bigint
) LANGUAGE plpgsql STABLE AS $function$
BEGIN
    RETURN QUERY
    SELECT
        k.total, k.pending, k.in_progress, k.complete, k.error, k.cancelled,
        s.total, s.pending, s.in_progress, s.complete, s.error, s.retryable, s.exhausted, s.in_backoff,
        (SELECT count(*) FROM pg_catalog.pg_stat_activity a
            WHERE a.datname = pg_catalog.current_database() AND a.state = 'active'),
        pg_catalog.current_setting('max_connections')::bigint
    FROM (
        SELECT
            count(*) AS total,
            count(*) FILTER (WHERE t.to_state = 'pending') AS pending,
            count(*) FILTER (WHERE t.to_state = 'in_progress') AS in_progress,
            count(*) FILTER (WHERE t.to_state = 'complete') AS complete,
            count(*) FILTER (WHERE t.to_state = 'error') AS error,
            count(*) FILTER (WHERE t.to_state = 'cancelled') AS cancelled
        FROM tasker_tasks k
        LEFT JOIN tasker_task_transitions t ON t.task_id = k.task_id AND t.most_recent = true
    ) k
    CROSS JOIN (
        SELECT
            count(*) AS total,
            count(*) FILTER (WHERE t.to_state = 'pending') AS pending,
            count(*) FILTER (WHERE t.to_state = 'in_progress') AS in_progress,
            count(*) FILTER (WHERE t.to_state = 'complete') AS complete,
            count(*) FILTER (WHERE t.to_state = 'error') AS error,
            count(*) FILTER (WHERE t.to_state = 'error' AND w.attempts < w.retry_limit AND w.retryable) AS retryable,
            count(*) FILTER (WHERE t.to_state = 'error' AND w.attempts >= w.retry_limit) AS exhausted,
            count(*) FILTER (WHERE t.to_state = 'error' AND w.attempts < w.retry_limit AND w.retryable
                AND w.last_attempted_at IS NOT NULL) AS in_backoff
        FROM tasker_workflow_steps w
        LEFT JOIN tasker_workflow_step_transitions t
            ON t.workflow_step_id = w.workflow_step_id AND t.most_recent = true
    ) s;
END
$function$;
