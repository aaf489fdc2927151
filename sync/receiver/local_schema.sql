-- The index of a receiver on one host (sync/receiver/local_index.py). Rule: nothing here names a device or an address.
CREATE TABLE IF NOT EXISTS offices (
    root BLOB PRIMARY KEY,
    desk BLOB NOT NULL UNIQUE,
    issued INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS tokens (
    hash BLOB PRIMARY KEY,
    office BLOB NOT NULL REFERENCES offices (root),
    quota INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    cancelled INTEGER NOT NULL DEFAULT 0,
    bid BLOB,
    used INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS tokens_by_bundle ON tokens (bid) WHERE bid IS NOT NULL;
CREATE INDEX IF NOT EXISTS tokens_by_office ON tokens (office);

CREATE TABLE IF NOT EXISTS uploads (
    id TEXT PRIMARY KEY,
    token BLOB NOT NULL REFERENCES tokens (hash),
    length INTEGER NOT NULL,
    durable INTEGER NOT NULL DEFAULT 0,
    expires INTEGER NOT NULL,
    bid BLOB,
    stripe INTEGER,
    idx INTEGER,
    shard BLOB,
    shared BLOB,
    broot BLOB,
    r1 BLOB,
    UNIQUE (bid, stripe, idx)
) STRICT, WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS uploads_by_token ON uploads (token);
CREATE INDEX IF NOT EXISTS uploads_unfinished ON uploads (expires) WHERE r1 IS NULL;

-- A volume arrives once for each office whose tokens belong to its bundle.
CREATE TABLE IF NOT EXISTS arrivals (
    at INTEGER PRIMARY KEY AUTOINCREMENT,
    upload TEXT NOT NULL REFERENCES uploads (id) ON DELETE CASCADE,
    office BLOB NOT NULL REFERENCES offices (root),
    came INTEGER NOT NULL,
    acknowledged INTEGER,
    UNIQUE (upload, office)
) STRICT;

-- An index that had to be made anew goes on where no desk has been yet: at most 100 volumes a second arrived before.
INSERT INTO sqlite_sequence (name, seq) SELECT 'arrivals', CAST(strftime('%s', 'now') AS INTEGER) * 100
WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'arrivals');

CREATE INDEX IF NOT EXISTS arrivals_by_office ON arrivals (office, at);

CREATE TABLE IF NOT EXISTS returns (
    retn BLOB PRIMARY KEY,
    office BLOB NOT NULL REFERENCES offices (root),
    put INTEGER NOT NULL,
    data BLOB NOT NULL
) STRICT;

CREATE INDEX IF NOT EXISTS returns_by_time ON returns (put);

-- What the return boxes of each office hold together: to ask every box would cost the more, the more there are.
CREATE TABLE IF NOT EXISTS box_totals (
    office BLOB PRIMARY KEY REFERENCES offices (root),
    boxes INTEGER NOT NULL,
    bytes INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT OR IGNORE INTO box_totals (office, boxes, bytes) SELECT office, count(*), sum(length(data)) FROM returns
GROUP BY office;

CREATE TRIGGER IF NOT EXISTS box_made AFTER INSERT ON returns BEGIN
    INSERT OR IGNORE INTO box_totals (office, boxes, bytes) VALUES (new.office, 0, 0);
    UPDATE box_totals SET boxes = boxes + 1, bytes = bytes + length(new.data) WHERE office = new.office;
END;

CREATE TRIGGER IF NOT EXISTS box_filled AFTER UPDATE ON returns BEGIN
    UPDATE box_totals SET bytes = bytes + length(new.data) - length(old.data) WHERE office = new.office;
END;

CREATE TRIGGER IF NOT EXISTS box_gone AFTER DELETE ON returns BEGIN
    UPDATE box_totals SET boxes = boxes - 1, bytes = bytes - length(old.data) WHERE office = old.office;
END;
