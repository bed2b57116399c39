-- name: add_event
INSERT INTO audit_events (uid, user_name, method, target, request_id, outcome)
VALUES (%(uid)s, %(user_name)s, %(method)s, %(target)s, %(request_id)s, %(outcome)s);

-- name: lock_refusals
-- One at a time of a user and a method: two that look at once would both find nothing.
SELECT pg_advisory_xact_lock(hashtextextended('octra refusal ' || %(uid)s::text || ' ' || %(method)s, 0));

-- name: add_refusal
INSERT INTO audit_events (uid, user_name, method, target, request_id, outcome)
SELECT %(uid)s, %(user_name)s, %(method)s, %(target)s, %(request_id)s, 'refused'
WHERE NOT EXISTS (
    SELECT 1 FROM audit_events
    WHERE uid = %(uid)s AND method = %(method)s AND outcome = 'refused' AND at > now() - interval '1 hour'
        AND (NOT %(target_exists)s OR target = %(target)s)
);

-- name: remove_events
DELETE FROM audit_events WHERE at < now() - make_interval(days => %(days)s);

-- name: list_events
SELECT ordinal, at, uid, user_name, method, target, request_id, outcome FROM audit_events
WHERE (%(user)s = '' OR user_name = %(user)s OR uid::text = %(user)s)
    AND (%(target)s = '' OR starts_with(target, %(target)s) OR starts_with(target, 'task:' || %(target)s))
    AND (%(before)s::bigint IS NULL OR ordinal < %(before)s)
ORDER BY ordinal DESC LIMIT %(limit)s;
