-- Tasks and all that is known of them. Procrastinate's tables are its own and are not here.

CREATE EXTENSION IF NOT EXISTS vector;

CREATE TABLE projects (
    name text PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE tasks (
    -- In byte order, so that the index serves the search by prefix.
    id text COLLATE "C" PRIMARY KEY,
    -- The order of arrival, which the pages of a list follow.
    ordinal bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    project text NOT NULL REFERENCES projects (name),
    title text NOT NULL,
    request text NOT NULL,
    state text NOT NULL,
    priority text NOT NULL,
    stack text NOT NULL DEFAULT '',
    model text NOT NULL DEFAULT '',
    checks text[] NOT NULL DEFAULT '{}',
    grade smallint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    queued_at timestamptz,
    started_at timestamptz,
    finished_at timestamptz,
    snapshot_id text NOT NULL DEFAULT '',
    store_path text NOT NULL DEFAULT '',
    note text NOT NULL DEFAULT '',
    next_command text NOT NULL DEFAULT '',
    rehearsal boolean NOT NULL DEFAULT false,
    input_tokens bigint NOT NULL DEFAULT 0,
    output_tokens bigint NOT NULL DEFAULT 0,
    cost_usd double precision NOT NULL DEFAULT 0,
    unpriced_calls integer NOT NULL DEFAULT 0,
    -- The number of its newest event. Whoever appends an event raises it first, and so holds the row's lock.
    last_seq bigint NOT NULL DEFAULT 0,
    bundle_id text NOT NULL DEFAULT '',
    -- Grows with every change of owner; an owner's writes carry the one that it was given.
    generation bigint NOT NULL DEFAULT 0,
    run integer NOT NULL DEFAULT 1,
    cancel_requested boolean NOT NULL DEFAULT false,
    cancel_reason text NOT NULL DEFAULT '',
    machine text NOT NULL DEFAULT '',
    uid bigint NOT NULL,
    failures integer NOT NULL DEFAULT 0,
    CHECK (state IN ('draft', 'queued', 'running', 'review', 'paused', 'done', 'failed', 'cancelled')),
    CHECK (priority IN ('p0', 'p1', 'p2', 'p3'))
);
CREATE INDEX tasks_project ON tasks (project, ordinal);
CREATE INDEX tasks_waiting ON tasks (priority, queued_at) WHERE state = 'queued';
CREATE INDEX tasks_owned ON tasks (machine) WHERE state IN ('running', 'review');

CREATE TABLE task_transitions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    task_id text NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    at timestamptz NOT NULL DEFAULT now(),
    -- Null for the first.
    from_state text,
    to_state text NOT NULL,
    generation bigint NOT NULL,
    role text NOT NULL,
    -- Who asked, where a person did.
    uid bigint,
    reason text NOT NULL
);
CREATE INDEX task_transitions_task ON task_transitions (task_id, id);

CREATE TABLE events (
    task_id text COLLATE "C" NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    seq bigint NOT NULL,
    at timestamptz NOT NULL,
    role text NOT NULL,
    agent text NOT NULL,
    step text NOT NULL,
    kind text NOT NULL,
    detail jsonb NOT NULL,
    PRIMARY KEY (task_id, seq)
);

-- The journal.
CREATE TABLE steps (
    task_id text COLLATE "C" NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    name text NOT NULL,
    state text NOT NULL,
    attempt integer NOT NULL DEFAULT 1,
    role text NOT NULL,
    agent text NOT NULL,
    title text NOT NULL,
    started_at timestamptz NOT NULL,
    duration_ms bigint NOT NULL DEFAULT 0,
    commit text NOT NULL DEFAULT '',
    has_log boolean NOT NULL DEFAULT false,
    -- json, not jsonb: a result comes back byte for byte, and may hold a NUL character, which jsonb refuses.
    result json,
    error text NOT NULL DEFAULT '',
    PRIMARY KEY (task_id, name),
    -- forgotten: a retry from the start. The row stays, because attempt numbers never come again.
    CHECK (state IN ('running', 'finished', 'failed', 'forgotten'))
);

-- The ledger.
CREATE TABLE model_calls (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    task_id text NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    step text NOT NULL,
    role text NOT NULL,
    model text NOT NULL,
    outcome text NOT NULL,
    input_tokens bigint NOT NULL,
    output_tokens bigint NOT NULL,
    cached_tokens bigint NOT NULL,
    -- Null: the model has no price.
    cost_usd double precision,
    duration_ms bigint NOT NULL,
    error text NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX model_calls_task ON model_calls (task_id, id);

CREATE TABLE evidence (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tree_hash text NOT NULL,
    environment_hash text NOT NULL,
    command text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (tree_hash, environment_hash, command)
);

-- Which tasks rest on it: the one that proved it and those that found it proved.
CREATE TABLE task_evidence (
    task_id text NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    evidence_id bigint NOT NULL REFERENCES evidence (id) ON DELETE CASCADE,
    PRIMARY KEY (task_id, evidence_id)
);

CREATE TABLE snapshots (
    id text COLLATE "C" PRIMARY KEY,
    ordinal bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    task_id text COLLATE "C" NOT NULL REFERENCES tasks (id),
    project text NOT NULL REFERENCES projects (name),
    store_path text NOT NULL,
    nar_hash text NOT NULL,
    size_bytes bigint NOT NULL,
    commit text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    partial boolean NOT NULL,
    rehearsal boolean NOT NULL,
    UNIQUE (task_id, store_path)
);
CREATE INDEX snapshots_project ON snapshots (project, ordinal);

-- What callers asked under a request id, so that asking again changes nothing.
CREATE TABLE requests (
    method text NOT NULL,
    request_id text NOT NULL,
    -- Of the arguments: the same id with others is a mistake of the caller.
    digest text NOT NULL,
    task_id text NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    uid bigint NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (method, request_id)
);

-- Never compared across models: each has a space of its own.
CREATE TABLE request_embeddings (
    task_id text COLLATE "C" PRIMARY KEY REFERENCES tasks (id) ON DELETE CASCADE,
    model text NOT NULL,
    embedding vector NOT NULL
);
CREATE INDEX request_embeddings_hashing_384 ON request_embeddings
    USING hnsw ((embedding::vector(384)) vector_cosine_ops) WHERE model = 'octra/hashing-384';

-- Which of Procrastinate's workers were which machine's, so that a machine knows its own dead at once when it starts.
CREATE TABLE queue_workers (
    worker_id bigint PRIMARY KEY,
    machine text NOT NULL
);
CREATE INDEX queue_workers_machine ON queue_workers (machine);
