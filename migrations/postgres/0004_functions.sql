-- The nine functions of the Rails engine (readiness sheet) in our own words, with
-- its signatures, result columns and results to the letter: they are the policy
-- that the library calls rails. Repaired in four places only:
--
--   overflow      the wait is capped before the power is taken, so that a step
--                 of 44 or more attempts does not end every call about its task
--   termination   steps on a cycle, or behind one, have no level
--   paths         levels take time linear in steps and edges
--   slowest       the two functions return what they declare, and count steps
--                 instead of history rows
--
-- Times are compared with now() in the session's time zone, like there (Q14), but
-- for the slowest, whose answer is in UTC whatever the session.
-- Each function is created only where none of its name is there: the Rails
-- engine's stay, in either version. What is created is recorded, so that down
-- drops that and no more. The names of arguments are those of the Rails engine.

-- +goose Up
-- +goose StatementBegin
DO $migration$
DECLARE
    wanted record;
BEGIN
    -- A function is created before those that call it; they call what is there.
    FOR wanted IN SELECT * FROM (VALUES
        ('get_step_readiness_status', 'bigint, bigint[]', $create$
CREATE FUNCTION {schema}.get_step_readiness_status(input_task_id bigint, step_ids bigint[] DEFAULT NULL)
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
    FROM {schema}.tasker_workflow_steps s
    JOIN {schema}.tasker_named_steps ns ON ns.named_step_id = s.named_step_id
    LEFT JOIN {schema}.tasker_workflow_step_transitions t
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
    -- Grouped once for all steps: counted for each of them, the planner may walk
    -- all transitions for each.
    LEFT JOIN (
        SELECT
            e.to_step_id AS id,
            count(*)::integer AS total,
            (count(*) FILTER (WHERE pt.to_state IN ('complete', 'resolved_manually')))::integer AS done
        FROM {schema}.tasker_workflow_steps c
        JOIN {schema}.tasker_workflow_step_edges e ON e.to_step_id = c.workflow_step_id
        LEFT JOIN {schema}.tasker_workflow_step_transitions pt
            ON pt.workflow_step_id = e.from_step_id AND pt.most_recent = true
        WHERE c.task_id = input_task_id AND (step_ids IS NULL OR c.workflow_step_id = ANY (step_ids))
        GROUP BY e.to_step_id
    ) g ON g.id = s.workflow_step_id
    CROSS JOIN LATERAL (SELECT coalesce(g.total, 0) AS total, coalesce(g.done, 0) AS done) p
    WHERE s.task_id = input_task_id AND (step_ids IS NULL OR s.workflow_step_id = ANY (step_ids))
    ORDER BY s.workflow_step_id;
END
$function$ $create$),

        ('get_step_readiness_status_batch', 'bigint[]', $create$
CREATE FUNCTION {schema}.get_step_readiness_status_batch(input_task_ids bigint[])
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
    CROSS JOIN LATERAL {schema}.get_step_readiness_status(wanted.id, NULL) r;
END
$function$ $create$),

        ('get_task_execution_context', 'bigint', $create$
CREATE FUNCTION {schema}.get_task_execution_context(input_task_id bigint)
RETURNS TABLE (
    task_id bigint, named_task_id integer, status text, total_steps bigint, pending_steps bigint,
    in_progress_steps bigint, completed_steps bigint, failed_steps bigint, ready_steps bigint,
    execution_status text, recommended_action text, completion_percentage numeric, health_status text
) LANGUAGE plpgsql STABLE AS $function$
BEGIN
    RETURN QUERY
    SELECT
        k.task_id, k.named_task_id,
        coalesce((SELECT t.to_state FROM {schema}.tasker_task_transitions t
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
    FROM {schema}.tasker_tasks k
    CROSS JOIN LATERAL (
        SELECT
            count(*) AS total,
            count(*) FILTER (WHERE r.current_state = 'pending') AS pending,
            count(*) FILTER (WHERE r.current_state = 'in_progress') AS in_progress,
            count(*) FILTER (WHERE r.current_state IN ('complete', 'resolved_manually')) AS completed,
            count(*) FILTER (WHERE r.current_state = 'error') AS failed,
            count(*) FILTER (WHERE r.ready_for_execution) AS ready,
            count(*) FILTER (WHERE r.current_state = 'error' AND r.attempts >= r.retry_limit) AS blocked
        FROM {schema}.get_step_readiness_status(k.task_id, NULL) r
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
$function$ $create$),

        ('get_task_execution_contexts_batch', 'bigint[]', $create$
CREATE FUNCTION {schema}.get_task_execution_contexts_batch(input_task_ids bigint[])
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
    CROSS JOIN LATERAL {schema}.get_task_execution_context(wanted.id) c
    ORDER BY c.task_id;
END
$function$ $create$),

        ('calculate_dependency_levels', 'bigint', $create$
CREATE FUNCTION {schema}.calculate_dependency_levels(input_task_id bigint)
RETURNS TABLE (workflow_step_id bigint, dependency_level integer) LANGUAGE plpgsql STABLE AS $function$
DECLARE
    ids bigint[];       -- the steps by id; below, a step is its place here
    parents integer[];  -- the edges within the task by their parent,
    children integer[]; -- and the children in the same places
    first integer[];    -- the edges of step n begin at first[n] and end before first[n + 1]
    queue integer[];    -- steps in the order in which they are reached, then placed
    level integer[];
    waiting integer[];  -- edges into a step from reached steps that are not placed yet
    placed integer;
    step integer;
    child integer;
    at integer := 1;
BEGIN
    SELECT
        array_agg(s.workflow_step_id ORDER BY s.workflow_step_id), array_agg(NULL::integer), array_agg(0),
        array_agg(0) || 0
    INTO ids, level, waiting, first
    FROM {schema}.tasker_workflow_steps s
    WHERE s.task_id = input_task_id;
    IF ids IS NULL THEN
        RETURN;
    END IF;
    WITH numbered AS MATERIALIZED (
        SELECT s.workflow_step_id AS id, (row_number() OVER (ORDER BY s.workflow_step_id))::integer AS n
        FROM {schema}.tasker_workflow_steps s
        WHERE s.task_id = input_task_id
    )
    SELECT
        (SELECT coalesce(array_agg(r.n ORDER BY r.n), '{}') FROM numbered r
            WHERE NOT EXISTS (SELECT 1 FROM {schema}.tasker_workflow_step_edges i WHERE i.to_step_id = r.id)),
        coalesce(array_agg(e.parent ORDER BY e.parent, e.child), '{}'),
        coalesce(array_agg(e.child ORDER BY e.parent, e.child), '{}')
    INTO queue, parents, children
    FROM (
        SELECT f.n AS parent, k.n AS child
        FROM numbered f
        JOIN {schema}.tasker_workflow_step_edges o ON o.from_step_id = f.id
        JOIN numbered k ON k.id = o.to_step_id
    ) e;
    step := 1;
    FOR i IN 1 .. cardinality(ids) + 1 LOOP
        WHILE parents[step] < i LOOP -- beyond the last it is NULL, which ends the loop
            step := step + 1;
        END LOOP;
        first[i] := step;
    END LOOP;

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
$function$ $create$),

        ('get_analytics_metrics_v01', 'timestamptz', $create$
CREATE FUNCTION {schema}.get_analytics_metrics_v01(since_timestamp timestamptz DEFAULT NULL)
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
        FROM {schema}.tasker_tasks k
        CROSS JOIN LATERAL (
            SELECT
                count(*) AS steps,
                count(*) FILTER (WHERE t.to_state = 'complete') AS completed,
                count(*) FILTER (WHERE t.to_state = 'error') AS failed,
                sum(extract(epoch FROM t.created_at - k.created_at)) FILTER (WHERE t.to_state = 'complete') AS task_seconds,
                sum(extract(epoch FROM t.created_at - w.created_at)) FILTER (WHERE t.to_state = 'complete') AS step_seconds
            FROM {schema}.tasker_workflow_steps w
            LEFT JOIN {schema}.tasker_workflow_step_transitions t
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
            FROM {schema}.tasker_workflow_steps w
            JOIN {schema}.tasker_workflow_step_transitions t
                ON t.workflow_step_id = w.workflow_step_id AND t.most_recent = true
            WHERE t.to_state NOT IN ('complete', 'error', 'skipped', 'resolved_manually')),
        (SELECT count(DISTINCT n.name)
            FROM {schema}.tasker_task_namespaces n
            JOIN {schema}.tasker_named_tasks nt ON nt.task_namespace_id = n.task_namespace_id
            WHERE EXISTS (SELECT 1 FROM {schema}.tasker_tasks k WHERE k.named_task_id = nt.named_task_id)),
        (SELECT count(DISTINCT nt.name)
            FROM {schema}.tasker_named_tasks nt
            WHERE EXISTS (SELECT 1 FROM {schema}.tasker_tasks k WHERE k.named_task_id = nt.named_task_id)),
        CASE WHEN h.good + h.bad = 0 THEN 1.0 ELSE round(h.good::numeric / (h.good + h.bad), 3) END,
        p.tasks, p.good, p.bad,
        CASE WHEN p.tasks = 0 THEN 0.0 ELSE round(100.0 * p.good / p.tasks, 2) END,
        CASE WHEN p.tasks = 0 THEN 0.0 ELSE round(100.0 * p.bad / p.tasks, 2) END,
        round(coalesce(p.task_seconds, 0), 3), round(coalesce(p.step_seconds, 0), 3),
        p.steps, since, now()
    FROM period p CROSS JOIN score h;
END
$function$ $create$),

        ('get_slowest_steps_v01', 'timestamptz, integer, text, text, text', $create$
CREATE FUNCTION {schema}.get_slowest_steps_v01(
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
    FROM {schema}.tasker_workflow_steps w
    JOIN {schema}.tasker_workflow_step_transitions t
        ON t.workflow_step_id = w.workflow_step_id AND t.most_recent = true AND t.to_state = 'complete'
    JOIN {schema}.tasker_named_steps s ON s.named_step_id = w.named_step_id
    JOIN {schema}.tasker_tasks k ON k.task_id = w.task_id
    JOIN {schema}.tasker_named_tasks nt ON nt.named_task_id = k.named_task_id
    JOIN {schema}.tasker_task_namespaces n ON n.task_namespace_id = nt.task_namespace_id
    WHERE w.created_at > coalesce(since_timestamp, now() - interval '24 hours') AT TIME ZONE 'UTC'
        AND t.created_at > w.created_at
        AND (namespace_filter IS NULL OR n.name = namespace_filter)
        AND (task_name_filter IS NULL OR nt.name = task_name_filter)
        AND (version_filter IS NULL OR nt.version = version_filter)
    ORDER BY t.created_at - w.created_at DESC, w.workflow_step_id
    LIMIT limit_count;
END
$function$ $create$),

        ('get_slowest_tasks_v01', 'timestamptz, integer, text, text, text', $create$
CREATE FUNCTION {schema}.get_slowest_tasks_v01(
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
    FROM {schema}.tasker_tasks k
    JOIN {schema}.tasker_named_tasks nt ON nt.named_task_id = k.named_task_id
    JOIN {schema}.tasker_task_namespaces n ON n.task_namespace_id = nt.task_namespace_id
    CROSS JOIN LATERAL (
        SELECT
            count(*) AS steps,
            count(*) FILTER (WHERE t.to_state = 'complete') AS completed,
            count(*) FILTER (WHERE t.to_state = 'error') AS failed,
            max(t.created_at) FILTER (WHERE t.to_state IN ('complete', 'error')) AS ended_at
        FROM {schema}.tasker_workflow_steps w
        LEFT JOIN {schema}.tasker_workflow_step_transitions t
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
$function$ $create$),

        ('get_system_health_counts_v01', '', $create$
CREATE FUNCTION {schema}.get_system_health_counts_v01()
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
        FROM {schema}.tasker_tasks k
        LEFT JOIN {schema}.tasker_task_transitions t ON t.task_id = k.task_id AND t.most_recent = true
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
        FROM {schema}.tasker_workflow_steps w
        LEFT JOIN {schema}.tasker_workflow_step_transitions t
            ON t.workflow_step_id = w.workflow_step_id AND t.most_recent = true
    ) s;
END
$function$ $create$)
    ) w (name, arguments, definition)
    LOOP
        CONTINUE WHEN EXISTS (
            SELECT 1 FROM pg_catalog.pg_proc p
            WHERE p.proname = wanted.name AND p.pronamespace = to_regnamespace($schema${schema}$schema$)
        );
        EXECUTE wanted.definition;
        INSERT INTO {schema}.tasker_core_objects (name, kind, version)
        VALUES (format('%I(%s)', wanted.name, wanted.arguments), 'function', 4);
    END LOOP;
END
$migration$;
-- +goose StatementEnd

-- +goose Down
-- One statement for all of them. RESTRICT is the default: something of somebody
-- else that depends on one of these stops it.
-- +goose StatementBegin
DO $migration$
DECLARE
    ours text;
BEGIN
    SELECT string_agg(format('%s.%s', $schema${schema}$schema$, o.name), ', ') INTO ours
    FROM {schema}.tasker_core_objects o WHERE o.kind = 'function' AND o.version = 4;
    IF ours IS NOT NULL THEN
        EXECUTE 'DROP FUNCTION ' || ours;
        DELETE FROM {schema}.tasker_core_objects o WHERE o.kind = 'function' AND o.version = 4;
    END IF;
END
$migration$;
-- +goose StatementEnd
