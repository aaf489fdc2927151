-- The archive of one compartment. `number` is the number of the record at the desk, the same in every compartment.

CREATE TABLE document (
    number  INTEGER PRIMARY KEY,
    eid     BLOB NOT NULL UNIQUE CHECK (length(eid) = 16),
    record  TEXT NOT NULL,
    content BLOB NOT NULL,                 -- canonical msgpack as it was sealed
    ck      BLOB NOT NULL                  -- the compartment's content key, wrapped under this archive's own key
) STRICT;
CREATE INDEX document_by_record ON document (record);

CREATE TABLE attachment (
    number INTEGER NOT NULL REFERENCES document (number),
    sid    BLOB NOT NULL CHECK (length(sid) = 16),
    sk     BLOB NOT NULL, root BLOB NOT NULL, commit_ BLOB NOT NULL, cells INTEGER NOT NULL,
    length INTEGER NOT NULL, name TEXT NOT NULL, mime TEXT NOT NULL, sniffed TEXT NOT NULL,
    sha256 BLOB NOT NULL, captured INTEGER NOT NULL,
    store  TEXT NOT NULL, start INTEGER NOT NULL, -- where its cells lie
    PRIMARY KEY (number, sid)
) STRICT;

CREATE VIRTUAL TABLE words USING fts5 (
    text, content = '', contentless_delete = 1, prefix = '1 2 3', tokenize = 'unicode61 remove_diacritics 0'
);
