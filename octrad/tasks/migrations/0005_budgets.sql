-- What model calls may cost: limits, what calls under way may cost at most, and who was warned.

-- Given with the request; null: only the configuration limits the task.
ALTER TABLE tasks ADD COLUMN budget_usd double precision CHECK (budget_usd > 0);
-- Of a paused task: the scope of the budget that it waits for.
ALTER TABLE tasks ADD COLUMN paused_by text NOT NULL DEFAULT '';
CREATE INDEX tasks_paused ON tasks (ordinal) WHERE state = 'paused';

-- Of prompts, guides, stacks and prices; empty: the call is older than this.
ALTER TABLE model_calls ADD COLUMN content_hash text NOT NULL DEFAULT '';

-- What a period has cost is read from the index alone.
DROP INDEX model_calls_at;
CREATE INDEX model_calls_at ON model_calls (at) INCLUDE (task_id, cost_usd);

-- What a call may cost at most, from before it is made until it is recorded.
CREATE TABLE budget_reservations (
    task_id text COLLATE "C" NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    step text NOT NULL,
    -- Of the owner who makes the call. A former owner's call may go on, but nobody waits for it.
    generation bigint NOT NULL,
    usd double precision NOT NULL CHECK (usd >= 0),
    PRIMARY KEY (task_id, step)
);

-- The limits that people set; the newest of a budget and period counts. Only ever added to.
CREATE TABLE budget_raises (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    uid bigint NOT NULL,
    request_id text NOT NULL,
    scope text NOT NULL,
    name text NOT NULL,
    period text NOT NULL,
    limit_usd double precision NOT NULL CHECK (limit_usd > 0),
    CHECK (scope IN ('task', 'project', 'user', 'day', 'month'))
);
CREATE INDEX budget_raises_budget ON budget_raises (scope, name, period, id);
CREATE UNIQUE INDEX budget_raises_request ON budget_raises (uid, request_id) WHERE request_id <> '';

-- Of which limits it was said that they are nearly reached: once each.
CREATE TABLE budget_warnings (
    scope text NOT NULL,
    name text NOT NULL,
    period text NOT NULL,
    limit_usd double precision NOT NULL,
    PRIMARY KEY (scope, name, period, limit_usd)
);
