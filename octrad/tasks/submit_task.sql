-- name: add_project
INSERT INTO projects (name) VALUES (%(project)s) ON CONFLICT DO NOTHING;

-- name: add_task
INSERT INTO tasks (id, project, title, request, state, priority, stack, model, checks, bundle_id, rehearsal, uid,
    user_name, allow_secrets, budget_usd, skill_areas)
VALUES (
    %(id)s, %(project)s, %(title)s, %(request)s, 'draft', %(priority)s, %(stack)s, %(model)s, %(checks)s,
    %(bundle_id)s, %(rehearsal)s, %(uid)s, %(user_name)s,
    %(allow_secrets)s, %(budget_usd)s, %(skill_areas)s
)
RETURNING *;
