-- What an imported entry says of others: the link stands with the entry that names it, the other may arrive later.

CREATE TABLE relation (
    eid    BLOB NOT NULL CHECK (length(eid) = 16),
    core   BLOB NOT NULL CHECK (length(core) = 32),
    type   TEXT NOT NULL CHECK (type IN ('supersedes', 'continues', 'relates')),
    target BLOB NOT NULL CHECK (length(target) = 16),
    kind   TEXT NOT NULL,                  -- of the entry that says so: testimony, correction, …
    PRIMARY KEY (eid, core, type, target)
) STRICT, WITHOUT ROWID;
CREATE INDEX relation_by_target ON relation (target);
