-- The desk's own vault: keys of the office, missions, devices, packs, and what became of every entry that arrived.

CREATE TABLE office_key (
    name    TEXT PRIMARY KEY,              -- root-1, mission-1, receipt-1, archive-process, …
    public  BLOB,                          -- Ed25519 public key; NULL for secrets that have none
    wrapped INTEGER NOT NULL REFERENCES wrapped (id)
) STRICT;

CREATE TABLE mission (
    id      BLOB PRIMARY KEY CHECK (length(id) = 16),
    name    TEXT NOT NULL UNIQUE,
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    policy  BLOB NOT NULL
) STRICT;

CREATE TABLE recipient (
    rid     BLOB PRIMARY KEY CHECK (length(rid) = 16),
    mission BLOB NOT NULL REFERENCES mission (id),
    purpose TEXT NOT NULL CHECK (purpose IN ('entry', 'intake')),
    comp    INTEGER NOT NULL, grp INTEGER NOT NULL, idx INTEGER NOT NULL, tot INTEGER NOT NULL,
    epoch   INTEGER NOT NULL, start INTEGER NOT NULL,
    pk_n    BLOB NOT NULL, pk_x BLOB NOT NULL,
    wrapped INTEGER REFERENCES wrapped (id) -- NULL: held by another office
) STRICT;

CREATE TABLE mission_form (
    mission BLOB NOT NULL REFERENCES mission (id),
    place   INTEGER NOT NULL,
    id      TEXT NOT NULL, version TEXT NOT NULL,
    hash    BLOB NOT NULL, xform BLOB NOT NULL,
    PRIMARY KEY (mission, hash)
) STRICT;

CREATE TABLE device (
    serial      BLOB PRIMARY KEY CHECK (length(serial) = 16),
    mission     BLOB NOT NULL REFERENCES mission (id),
    fs_root     BLOB NOT NULL UNIQUE, fs_n INTEGER NOT NULL,
    pk_n        BLOB NOT NULL, pk_x BLOB NOT NULL,
    certificate BLOB NOT NULL,
    enrolled    INTEGER NOT NULL,
    compared    INTEGER NOT NULL,          -- 1 when somebody compared the request's fingerprint
    last_ok     INTEGER                    -- NULL while not revoked
) STRICT;

CREATE TABLE pack (
    hash   BLOB PRIMARY KEY,
    serial BLOB NOT NULL REFERENCES device (serial),
    ver    INTEGER NOT NULL,
    issued INTEGER NOT NULL,
    body   BLOB NOT NULL,
    UNIQUE (serial, ver)
) STRICT;

CREATE TABLE bundle (
    bid     BLOB PRIMARY KEY CHECK (length(bid) = 16),
    retn    BLOB NOT NULL,
    label   TEXT NOT NULL,
    seen    INTEGER NOT NULL,
    lost    INTEGER NOT NULL,
    damaged INTEGER NOT NULL
) STRICT;

CREATE TABLE store (
    id    INTEGER PRIMARY KEY,
    name  TEXT NOT NULL UNIQUE,            -- random; names the file below archive/<area>
    area  TEXT NOT NULL CHECK (area IN ('store', 'quarantine', 'strangers')),
    bytes INTEGER NOT NULL,
    at    INTEGER NOT NULL
) STRICT;

CREATE TABLE item (
    number   INTEGER PRIMARY KEY AUTOINCREMENT,
    eid      BLOB NOT NULL CHECK (length(eid) = 16),
    core     BLOB NOT NULL CHECK (length(core) = 32), -- H(core); H(file) while no device vouches for it (serial NULL)
    state    TEXT NOT NULL CHECK (state IN ('imported', 'quarantined')),
    problem  TEXT NOT NULL DEFAULT '',
    facts    BLOB,
    serial   BLOB, seq INTEGER,
    record   TEXT NOT NULL DEFAULT '',
    prev     BLOB, log_size INTEGER, log_root BLOB, log_proof BLOB, -- of the device's custody log; hashes joined
    claimed  INTEGER, floor INTEGER,
    opened   BLOB NOT NULL DEFAULT x'',    -- one byte for each compartment opened
    sealed   BLOB NOT NULL DEFAULT x'',    -- one byte for each compartment not opened
    flags    TEXT NOT NULL DEFAULT '',
    incomplete TEXT NOT NULL DEFAULT '',   -- why the interview was interrupted
    form     BLOB,                         -- hash of the form that was used
    bid      BLOB NOT NULL REFERENCES bundle (bid),
    store    INTEGER REFERENCES store (id),
    start    INTEGER NOT NULL, bytes INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    UNIQUE (eid, core)
) STRICT;
CREATE INDEX item_by_seq ON item (serial, seq);
CREATE INDEX item_by_core ON item (core);
CREATE INDEX item_by_prev ON item (prev);
CREATE INDEX item_by_store ON item (store);
CREATE INDEX item_by_record ON item (record);
CREATE INDEX item_by_state ON item (state);

CREATE TABLE receipt (
    id     INTEGER PRIMARY KEY,
    bid    BLOB NOT NULL REFERENCES bundle (bid),
    serial BLOB NOT NULL REFERENCES device (serial),
    eid    BLOB NOT NULL,
    core   BLOB NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('imported', 'quarantined')),
    code   TEXT NOT NULL,
    opened BLOB NOT NULL,
    signed BLOB NOT NULL,                  -- says the same
    at     INTEGER NOT NULL,
    UNIQUE (bid, eid, core)
) STRICT;
CREATE INDEX receipt_by_entry ON receipt (eid, core);

-- Which custody events concern which entry, so that a record shows its own without reading the whole log.
CREATE TABLE item_event (
    eid BLOB NOT NULL,
    n   INTEGER NOT NULL REFERENCES custody (n),
    PRIMARY KEY (eid, n)
) STRICT, WITHOUT ROWID;
