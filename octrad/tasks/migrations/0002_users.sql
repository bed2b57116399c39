-- Users: whose a task is, what each asked for, and who did what.

-- As it was when the task was submitted; empty where the uid had no name.
ALTER TABLE tasks ADD COLUMN user_name text NOT NULL DEFAULT '';
CREATE INDEX tasks_uid ON tasks (uid, ordinal);

-- For quotas: what was asked for, and what was spent, in the last day.
CREATE INDEX task_transitions_user ON task_transitions (uid, at) WHERE uid IS NOT NULL;
CREATE INDEX model_calls_at ON model_calls (at);

-- A request id is its user's own: nobody is answered with what another asked for.
ALTER TABLE requests DROP CONSTRAINT requests_pkey;
ALTER TABLE requests ADD PRIMARY KEY (uid, method, request_id);

CREATE TABLE audit_events (
    ordinal bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    uid bigint NOT NULL,
    user_name text NOT NULL,
    method text NOT NULL,
    target text NOT NULL,
    request_id text NOT NULL,
    outcome text NOT NULL,
    CHECK (outcome IN ('allowed', 'refused'))
);
CREATE INDEX audit_events_uid ON audit_events (uid, ordinal);
CREATE INDEX audit_events_target ON audit_events (target text_pattern_ops, ordinal);
