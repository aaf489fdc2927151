-- The desk's part of the network way (docs/spec/protocol.md §8.3, §10): receivers, tokens, what was fetched and sent back.

CREATE TABLE mission_receiver (
    mission BLOB NOT NULL REFERENCES mission (id),
    r1_key  BLOB NOT NULL CHECK (length(r1_key) = 32), -- what a receiver is known by: certificates and addresses change
    place   INTEGER NOT NULL,
    card    BLOB NOT NULL,                 -- the file as it was given
    added   INTEGER NOT NULL,
    PRIMARY KEY (mission, r1_key)
) STRICT;

-- Tokens of this office: one pool for all missions and devices, so that two lists do not tell which device came when.
CREATE TABLE token (
    id     INTEGER PRIMARY KEY,
    token  BLOB NOT NULL UNIQUE CHECK (length(token) = 32),
    pack   BLOB REFERENCES pack (hash),    -- the pack that carries it; NULL while it lies in the pool
    listed INTEGER REFERENCES token_list (n) -- the first list that names it; NULL when none does yet
) STRICT;
CREATE INDEX token_by_pack ON token (pack);

CREATE TABLE token_list (
    n      INTEGER PRIMARY KEY AUTOINCREMENT,
    issued INTEGER NOT NULL,
    tokens INTEGER NOT NULL
) STRICT;

CREATE TABLE receiver_listed (            -- receivers that the newest list names
    r1_key BLOB PRIMARY KEY CHECK (length(r1_key) = 32)
) STRICT;

CREATE TABLE fetch_place (
    receiver BLOB PRIMARY KEY CHECK (length(receiver) = 32),
    after    INTEGER NOT NULL              -- everything up to here, in the receiver's order of arrival, was listed
) STRICT;

CREATE TABLE fetched (
    receiver BLOB NOT NULL CHECK (length(receiver) = 32),
    bid      BLOB NOT NULL CHECK (length(bid) = 16),
    s        INTEGER NOT NULL, i INTEGER NOT NULL,
    at       INTEGER NOT NULL,             -- its place in the receiver's order of arrival
    bytes    INTEGER NOT NULL,
    shard    BLOB NOT NULL CHECK (length(shard) = 32),
    state    TEXT NOT NULL CHECK (state IN ('listed', 'here', 'done', 'foreign')),
    tries    INTEGER NOT NULL DEFAULT 0,   -- runs in which it did not come whole
    PRIMARY KEY (receiver, bid, s, i)
) STRICT;
CREATE INDEX fetched_by_volume ON fetched (bid, s, i);
CREATE INDEX fetched_by_state ON fetched (state, receiver);

-- Bundles of which every entry was filed, and how many those were.
CREATE TABLE bundle_filed (
    bid     BLOB PRIMARY KEY CHECK (length(bid) = 16),
    entries INTEGER NOT NULL,
    at      INTEGER NOT NULL
) STRICT;

CREATE TABLE return_put (
    receiver BLOB NOT NULL CHECK (length(receiver) = 32),
    retn     BLOB NOT NULL CHECK (length(retn) = 16),
    digest   BLOB NOT NULL CHECK (length(digest) = 32), -- of the receipts that the box was last given
    at       INTEGER NOT NULL,
    PRIMARY KEY (receiver, retn)
) STRICT;

CREATE INDEX bundle_by_retn ON bundle (retn);
