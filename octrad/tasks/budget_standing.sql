-- name: lock_budgets
-- One admission at a time: two that are judged at once would both find room for the last call.
SELECT pg_advisory_xact_lock(hashtextextended('octra budgets', 0));

-- name: standings
-- One statement, so one view: a call that is recorded meanwhile is either reserved or spent.
SELECT coalesce(raised.limit_usd, budget.limit_usd) AS limit_usd, spent.usd AS spent_usd, reserved.usd AS reserved_usd,
    reserved.in_flight_usd
FROM ROWS FROM (jsonb_to_recordset(%(budgets)s) AS
        (scope text, name text, period text, since timestamptz, limit_usd double precision))
    WITH ORDINALITY AS budget (scope, name, period, since, limit_usd, number)
LEFT JOIN LATERAL (
    SELECT newest.limit_usd FROM budget_raises AS newest
    WHERE newest.scope = budget.scope AND newest.name = budget.name AND newest.period = budget.period
    ORDER BY newest.id DESC LIMIT 1
) AS raised ON true
CROSS JOIN LATERAL (
    SELECT coalesce(CASE budget.scope
        WHEN 'task' THEN (SELECT cost_usd FROM tasks WHERE id = budget.name)
        WHEN 'project' THEN (SELECT sum(cost_usd) FROM tasks WHERE project = budget.name)
        WHEN 'user' THEN (SELECT sum(model_calls.cost_usd) FROM model_calls JOIN tasks ON tasks.id = model_calls.task_id
            WHERE tasks.uid::text = budget.name AND model_calls.at >= budget.since)
        ELSE (SELECT sum(cost_usd) FROM model_calls WHERE at >= budget.since)
    END, 0) AS usd
) AS spent
CROSS JOIN LATERAL (
    SELECT coalesce(sum(reservation.usd), 0) AS usd,
        coalesce(sum(reservation.usd) FILTER (WHERE task.generation = reservation.generation
            AND task.state IN ('running', 'review')), 0) AS in_flight_usd
    FROM budget_reservations AS reservation JOIN tasks AS task ON task.id = reservation.task_id
    WHERE CASE budget.scope
        WHEN 'task' THEN task.id = budget.name
        WHEN 'project' THEN task.project = budget.name
        WHEN 'user' THEN task.uid::text = budget.name
        ELSE true
    END
) AS reserved
ORDER BY budget.number;
