-- name: lock_request
SELECT pg_advisory_xact_lock(hashtextextended(%(uid)s::text || ' ' || %(method)s || ' ' || %(request_id)s, 0));

-- name: find_request
SELECT digest, task_id FROM requests
WHERE uid = %(uid)s AND method = %(method)s AND request_id = %(request_id)s;

-- name: add_request
INSERT INTO requests (method, request_id, digest, task_id, uid)
VALUES (%(method)s, %(request_id)s, %(digest)s, %(task_id)s, %(uid)s);
