-- name: cost_sums
-- The total is the row that is no group.
WITH sums AS (
    SELECT grouping(key) = 1 AS is_total, coalesce(key, '') AS key, count(*) AS calls,
        count(*) FILTER (WHERE outcome <> 'ok') AS failed_calls,
        count(*) FILTER (WHERE outcome = 'ok' AND cost_usd IS NULL) AS unpriced_calls,
        coalesce(sum(input_tokens), 0)::bigint AS input_tokens,
        coalesce(sum(output_tokens), 0)::bigint AS output_tokens,
        coalesce(sum(cached_tokens), 0)::bigint AS cached_tokens,
        sum(cost_usd) AS cost_usd
    FROM (
        SELECT call.*, CASE %(by)s
            WHEN 'task' THEN call.task_id
            WHEN 'project' THEN task.project
            WHEN 'model' THEN call.model
            WHEN 'user' THEN coalesce(nullif(task.user_name, ''), 'uid ' || task.uid)
            WHEN 'day' THEN to_char(call.at AT TIME ZONE 'UTC', 'YYYY-MM-DD')
            WHEN 'role' THEN call.role
        END AS key
        FROM model_calls AS call JOIN tasks AS task ON task.id = call.task_id
        WHERE (%(since)s::timestamptz IS NULL OR call.at >= %(since)s)
            AND (%(project)s = '' OR task.project = %(project)s)
    ) AS keyed
    GROUP BY GROUPING SETS ((key), ())
)
SELECT * FROM sums
ORDER BY is_total DESC, CASE WHEN %(by)s = 'day' THEN key END, cost_usd DESC NULLS LAST, calls DESC, key
LIMIT %(limit)s + 1;
