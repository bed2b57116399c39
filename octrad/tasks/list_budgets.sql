-- name: unended
-- The newest: so many fit into one message, and on one page.
SELECT id AS task_id, project, uid, user_name, budget_usd FROM tasks
WHERE state NOT IN ('done', 'failed', 'cancelled') ORDER BY ordinal DESC LIMIT 200;

-- name: has_project
SELECT 1 FROM projects WHERE name = %(project)s;
