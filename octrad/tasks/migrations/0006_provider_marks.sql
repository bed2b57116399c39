-- Which providers are not to be asked at the moment, and why: what one machine's gateway found out spares the others
-- the same request, and itself after a restart.
CREATE TABLE provider_marks (
    provider text NOT NULL,
    -- Empty: all models of the provider.
    model text NOT NULL,
    outcome text NOT NULL,
    until timestamptz NOT NULL,
    -- Of the key file and the configuration that it holds for; empty: for any.
    fingerprint text NOT NULL,
    PRIMARY KEY (provider, model)
);
