-- name: keep_reservation
-- The step was interrupted after it was admitted: its call may have been made, and is asked for again, not paid again.
UPDATE budget_reservations SET generation = %(generation)s
WHERE task_id = %(task_id)s AND step = %(step)s AND generation <= %(generation)s
RETURNING 1;

-- name: makes_other_calls
SELECT 1 FROM budget_reservations WHERE task_id = %(task_id)s AND generation = %(generation)s LIMIT 1;

-- name: add_reservation
INSERT INTO budget_reservations (task_id, step, generation, usd)
SELECT id, %(step)s, generation, %(usd)s FROM tasks
WHERE id = %(task_id)s AND generation = %(generation)s AND state IN ('running', 'review');

-- name: note_warning
INSERT INTO budget_warnings (scope, name, period, limit_usd) VALUES (%(scope)s, %(name)s, %(period)s, %(limit_usd)s)
ON CONFLICT DO NOTHING;
