-- name: forget
UPDATE context_entries SET until = %(revision)s, gone_at = now(), gone_as = 'forgotten', gone_uid = %(uid)s,
    gone_request_id = %(request_id)s
WHERE project = %(project)s AND until IS NULL
    AND (%(id)s::bigint IS NULL OR id = %(id)s)
    AND (%(text)s = '' OR position(lower(%(text)s) IN lower(content)) > 0);

-- name: find_request
SELECT * FROM context_entries WHERE gone_uid = %(uid)s AND gone_request_id = %(request_id)s
ORDER BY id DESC;

-- name: forgotten_at
SELECT * FROM context_entries WHERE project = %(project)s AND until = %(revision)s ORDER BY id DESC;
