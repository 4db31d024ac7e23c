-- The readiness of the Rails engine in version v01, over schema.sql: what differs
-- from v02 is listed in the readiness sheet, section 3. The batch runs it per task.

DELETE FROM schema_migrations WHERE version = '20250710110830';

CREATE OR REPLACE FUNCTION get_step_readiness_status(input_task_id bigint, step_ids bigint[] DEFAULT NULL)
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
        CASE
            WHEN s.attempts >= r.retry_limit THEN false
            WHEN s.attempts > 0 AND NOT s.retryable THEN false
            WHEN r.failed_at IS NULL THEN true
            WHEN r.asked_until IS NOT NULL THEN r.asked_until <= now()
            ELSE r.curve_until <= now()
        END,
        r.state IN ('pending', 'error') AND NOT s.processed AND NOT s.in_process AND s.retryable
            AND p.done = p.total AND coalesce(s.attempts < r.retry_limit, false)
            AND (r.asked_until IS NULL OR r.asked_until <= now())
            AND (r.curve_until IS NULL OR r.curve_until <= now()),
        r.failed_at,
        coalesce(r.asked_until, r.curve_until),
        p.total, p.done, s.attempts, r.retry_limit, s.backoff_request_seconds, s.last_attempted_at
    FROM tasker_workflow_steps s
    JOIN tasker_named_steps ns ON ns.named_step_id = s.named_step_id
    LEFT JOIN tasker_workflow_step_transitions t
        ON t.workflow_step_id = s.workflow_step_id AND t.most_recent = true
    CROSS JOIN LATERAL (
        SELECT
            coalesce(t.to_state, 'pending')::text AS state,
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
