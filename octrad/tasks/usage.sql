-- name: lock_user
-- One at a time for each user: two that are counted at once would both find room for the last one.
SELECT pg_advisory_xact_lock(hashtextextended('octra quota ' || %(uid)s::text, 0));

-- name: usage
SELECT
    (SELECT count(*) FROM tasks WHERE uid = %(uid)s AND state NOT IN ('done', 'failed', 'cancelled')) AS tasks_at_once,
    (SELECT count(*) FROM task_transitions WHERE uid = %(uid)s AND role = 'user' AND to_state = 'queued'
        AND at > now() - interval '24 hours') AS tasks_a_day,
    (SELECT coalesce(sum(model_calls.cost_usd), 0) FROM model_calls JOIN tasks ON tasks.id = model_calls.task_id
        WHERE tasks.uid = %(uid)s AND model_calls.at > now() - interval '24 hours') AS cost_usd_a_day;
