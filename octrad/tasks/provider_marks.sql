-- name: list_marks
SELECT provider, model, outcome, until, fingerprint FROM provider_marks WHERE until > now() ORDER BY provider, model;

-- name: replace_mark
INSERT INTO provider_marks (provider, model, outcome, until, fingerprint)
VALUES (%(provider)s, %(model)s, %(outcome)s, %(until)s, %(fingerprint)s)
ON CONFLICT (provider, model) DO UPDATE
SET outcome = excluded.outcome, until = excluded.until, fingerprint = excluded.fingerprint;

-- name: forget_ended_marks
DELETE FROM provider_marks WHERE until <= now();
