-- name: raise_of_project
UPDATE projects SET context_revision = context_revision + 1 WHERE name = %(project)s
RETURNING name, context_revision;

-- name: raise_of_task
UPDATE projects SET context_revision = context_revision + 1 FROM tasks
WHERE tasks.id = %(task_id)s AND projects.name = tasks.project
RETURNING projects.name, projects.context_revision;
