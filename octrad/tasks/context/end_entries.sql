-- name: has_any
SELECT 1 FROM context_entries
WHERE task_id = %(task_id)s AND scope <> 'global' AND until IS NULL AND (%(team)s::text IS NULL OR team = %(team)s)
LIMIT 1;

-- name: end_entries
UPDATE context_entries SET until = %(revision)s, gone_at = now(), gone_as = 'ended'
WHERE task_id = %(task_id)s AND scope <> 'global' AND until IS NULL AND (%(team)s::text IS NULL OR team = %(team)s);
