-- name: find_raise
SELECT scope, name, limit_usd FROM budget_raises WHERE uid = %(uid)s AND request_id = %(request_id)s;

-- name: add_raise
INSERT INTO budget_raises (uid, request_id, scope, name, period, limit_usd)
VALUES (%(uid)s, %(request_id)s, %(scope)s, %(name)s, %(period)s, %(limit_usd)s);
