-- What a person decided about an item in quarantine. The custody log has the hash of the reason; the words stand here.

CREATE TABLE decision (
    eid    BLOB NOT NULL CHECK (length(eid) = 16),
    core   BLOB NOT NULL CHECK (length(core) = 32), -- as in item: H(core), or H(file) of what no device vouches for
    what   TEXT NOT NULL CHECK (what IN ('accepted', 'rejected')),
    code   TEXT NOT NULL,                  -- of the problem that was decided about
    reason TEXT NOT NULL,
    at     INTEGER NOT NULL,
    PRIMARY KEY (eid, core)
) STRICT, WITHOUT ROWID;
