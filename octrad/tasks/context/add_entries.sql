-- name: find_same
-- Said again by the same kind of speaker, it is no second entry.
SELECT * FROM context_entries
WHERE project = %(project)s AND place = %(place)s AND type = %(type)s AND content = %(content)s AND until IS NULL
    AND important = %(important)s AND (role = 'user') = (%(role)s = 'user')
LIMIT 1;

-- name: add_entry
INSERT INTO context_entries (project, place, scope, type, content, important, task_id, step, role, team, agent, uid,
    user_name, request_id, since)
VALUES (%(project)s, %(place)s, %(scope)s, %(type)s, %(content)s, %(important)s, %(task_id)s, %(step)s, %(role)s,
    %(team)s, %(agent)s, %(uid)s, %(user_name)s, %(request_id)s, %(revision)s)
RETURNING *;

-- name: messages
SELECT id, length(content) AS characters, important FROM context_entries
WHERE project = %(project)s AND place = %(place)s AND standing = 0 AND until IS NULL
ORDER BY since, id;

-- name: remove_entries
UPDATE context_entries SET until = %(revision)s, gone_at = now(), gone_as = 'removed' WHERE id = ANY(%(ids)s);

-- name: find_request
SELECT * FROM context_entries WHERE uid = %(uid)s AND request_id = %(request_id)s;
