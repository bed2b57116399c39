-- name: list_steps
SELECT name, state, attempt, started_at, duration_ms, commit, has_log, role, agent, title, error FROM steps
WHERE task_id = %(task_id)s AND state <> 'forgotten' ORDER BY started_at, name;
