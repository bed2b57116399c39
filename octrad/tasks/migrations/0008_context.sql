-- What agents and people want remembered: rules, decisions, facts.

-- Grows with every change of the project's context. Whoever changes it raises this first, and so holds the row's lock
-- until the change is there: a reader who sees N has all before it.
ALTER TABLE projects ADD COLUMN context_revision bigint NOT NULL DEFAULT 0;

-- The revision when this attempt of the step began: asked again after a crash, it is told the same.
ALTER TABLE steps ADD COLUMN context_revision bigint NOT NULL DEFAULT 0;

CREATE TABLE context_entries (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project text NOT NULL REFERENCES projects (name),
    -- Who may hear it: empty for all, else TASK/TEAM for a team and TASK/TEAM/ROLE/AGENT for one agent.
    place text COLLATE "C" NOT NULL,
    scope text NOT NULL,
    type text NOT NULL,
    content text NOT NULL,
    -- The clean-up passes over it.
    important boolean NOT NULL,
    -- Who said it, and where. No task: a person did.
    task_id text COLLATE "C" REFERENCES tasks (id) ON DELETE CASCADE,
    step text NOT NULL DEFAULT '',
    role text NOT NULL,
    team text NOT NULL DEFAULT '',
    agent text NOT NULL DEFAULT '',
    uid bigint,
    user_name text NOT NULL DEFAULT '',
    request_id text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    -- The revisions of the project from which on it counts, and from which on it does not any more.
    since bigint NOT NULL,
    until bigint,
    gone_at timestamptz,
    gone_as text NOT NULL DEFAULT '',
    gone_uid bigint,
    gone_request_id text NOT NULL DEFAULT '',
    -- Global rules stay until somebody says forget; those of people go before those of agents.
    standing smallint NOT NULL GENERATED ALWAYS AS
        (CASE WHEN scope <> 'global' OR type <> 'rule' THEN 0 WHEN role = 'user' THEN 2 ELSE 1 END) STORED,
    CHECK (scope IN ('global', 'team', 'individual')),
    CHECK (type IN ('rule', 'decision', 'interface', 'fact', 'warning')),
    CHECK (gone_as IN ('', 'forgotten', 'removed', 'ended')),
    CHECK ((until IS NULL) = (gone_as = ''))
);
-- What counts now, and what counted until lately: a question is told what counted when it was first asked.
CREATE INDEX context_entries_live ON context_entries (project, place, standing, since) WHERE until IS NULL;
CREATE INDEX context_entries_gone ON context_entries (project, place, standing, until) WHERE until IS NOT NULL;
-- Lists.
CREATE INDEX context_entries_project ON context_entries (project, id);
CREATE INDEX context_entries_listed ON context_entries (project, id) WHERE until IS NULL;
CREATE INDEX context_entries_task ON context_entries (task_id, id);
CREATE UNIQUE INDEX context_entries_request ON context_entries (uid, request_id) WHERE request_id <> '';
CREATE INDEX context_entries_gone_request ON context_entries (gone_uid, gone_request_id) WHERE gone_request_id <> '';
