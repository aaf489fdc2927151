-- The index of a receiver over PostgreSQL (sync/receiver/cloud_index.py). Rule: nothing here names a device or an
-- address, and what must hold together holds by constraints, whichever worker on whichever host writes.

CREATE TABLE svidok.offices (
    root bytea PRIMARY KEY CHECK (octet_length(root) = 32),
    desk bytea NOT NULL UNIQUE CHECK (octet_length(desk) = 32),
    issued bigint NOT NULL
);

CREATE TABLE svidok.tokens (
    hash bytea PRIMARY KEY CHECK (octet_length(hash) = 32),
    office bytea NOT NULL REFERENCES svidok.offices (root),
    quota bigint NOT NULL,
    expires bigint NOT NULL,
    cancelled boolean NOT NULL DEFAULT false,
    bid bytea CHECK (octet_length(bid) = 16),
    used bigint NOT NULL DEFAULT 0 CHECK (used >= 0)
);
CREATE INDEX tokens_by_bundle ON svidok.tokens (bid) WHERE bid IS NOT NULL;
CREATE INDEX tokens_by_office ON svidok.tokens (office);

-- What all volumes of one bundle share; a volume that says otherwise has no row to refer to.
CREATE TABLE svidok.bundles (
    bid bytea PRIMARY KEY CHECK (octet_length(bid) = 16),
    shared bytea NOT NULL,
    broot bytea NOT NULL,
    UNIQUE (bid, shared, broot)
);

-- `turn` counts how often the right to write was given; only the newest turn changes a row.
CREATE TABLE svidok.uploads (
    id text PRIMARY KEY,
    token bytea NOT NULL REFERENCES svidok.tokens (hash),
    length bigint NOT NULL,
    durable bigint NOT NULL DEFAULT 0 CHECK (durable BETWEEN 0 AND length),
    expires bigint NOT NULL,
    turn bigint NOT NULL DEFAULT 0,
    bid bytea,
    stripe smallint,
    idx smallint,
    shard bytea,
    shared bytea,
    broot bytea,
    r1 bytea,
    UNIQUE (bid, stripe, idx),
    FOREIGN KEY (bid, shared, broot) REFERENCES svidok.bundles (bid, shared, broot),
    CHECK (num_nulls(bid, stripe, idx, shard, shared, broot) IN (0, 6)),
    CHECK (r1 IS NULL OR (bid IS NOT NULL AND durable = length))
);
CREATE INDEX uploads_by_token ON svidok.uploads (token);
CREATE INDEX uploads_unfinished ON svidok.uploads (expires) WHERE r1 IS NULL;

-- Who writes an upload at present. `ends` is by this server's clock; `wanted`: somebody else waits for it.
CREATE TABLE svidok.leases (
    upload text PRIMARY KEY REFERENCES svidok.uploads (id) ON DELETE CASCADE,
    holder uuid NOT NULL,
    worker uuid NOT NULL,
    ends timestamptz NOT NULL,
    wanted boolean NOT NULL DEFAULT false
);
CREATE INDEX leases_by_worker ON svidok.leases (worker);

-- The order of arrival. One row, locked until its transaction ends, so that no lower number appears after a higher one
-- was seen; a sequence would not give that.
CREATE TABLE svidok.arrival (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    at bigint NOT NULL
);
-- An index that had to be made anew goes on where no desk has been yet: at most 100 volumes a second arrived before.
INSERT INTO svidok.arrival (at) VALUES (extract(epoch FROM now())::bigint * 100);

-- A volume arrives once for each office whose tokens belong to its bundle.
CREATE TABLE svidok.arrivals (
    at bigint PRIMARY KEY,
    upload text NOT NULL REFERENCES svidok.uploads (id) ON DELETE CASCADE,
    office bytea NOT NULL REFERENCES svidok.offices (root),
    came bigint NOT NULL,
    acknowledged bigint,
    UNIQUE (upload, office)
);
CREATE INDEX arrivals_by_office ON svidok.arrivals (office, at);

CREATE TABLE svidok.returns (
    retn bytea PRIMARY KEY,
    office bytea NOT NULL REFERENCES svidok.offices (root),
    put bigint NOT NULL,
    data bytea NOT NULL
);
