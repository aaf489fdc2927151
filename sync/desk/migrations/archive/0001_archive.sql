-- The archive of one compartment. `number` is the number of the record at the desk, the same in every compartment.

CREATE TABLE document (
    number  INTEGER PRIMARY KEY,
    eid     BLOB NOT NULL UNIQUE CHECK (length(eid) = 16),
    record  TEXT NOT NULL,
    texts   TEXT NOT NULL,                 -- its texts alone, for the excerpt that a search shows
    ck      BLOB NOT NULL,                 -- the compartment's content key, wrapped under this archive's own key
    content BLOB NOT NULL                  -- canonical msgpack as it was sealed; last: a search never reads as far
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

-- The words lie in shards of 4,096 record numbers (tables words_0, words_1, …, made when they are needed), so that a search for the
-- newest records reads the newest shard first and a common word never costs more than its shard.
