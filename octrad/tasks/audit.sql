-- name: add_event
INSERT INTO audit_events (uid, user_name, method, target, request_id, outcome)
VALUES (%(uid)s, %(user_name)s, %(method)s, %(target)s, %(request_id)s, %(outcome)s);

-- name: list_events
SELECT ordinal, at, uid, user_name, method, target, request_id, outcome FROM audit_events
WHERE (%(user)s = '' OR user_name = %(user)s OR uid::text = %(user)s)
    AND (%(target)s = '' OR starts_with(target, %(target)s))
    AND (%(before)s::bigint IS NULL OR ordinal < %(before)s)
ORDER BY ordinal DESC LIMIT %(limit)s;
