-- Attachments of a field machine (docs/spec/protocol.md §5, §6.5, §13): the cells lie in vault/spool, the rest stands here.

CREATE TABLE attachment (
  sid     BLOB PRIMARY KEY CHECK (length(sid) = 16),
  draft   INTEGER REFERENCES draft(id) DEFERRABLE INITIALLY DEFERRED,  -- the interview it belongs to, until sealed
  entry   BLOB CHECK (entry IS NULL OR length(entry) = 16),  -- the sealed entry that took it over
  state   TEXT NOT NULL CHECK (state IN ('writing', 'closed', 'adopted')),
  spool   TEXT NOT NULL UNIQUE,                            -- file name in vault/spool
  key     INTEGER UNIQUE REFERENCES wrapped(id),           -- stream key and details key; erased when sealed
  details BLOB,                                            -- name, type, length, hash, question: under the details key
  cells   INTEGER CHECK (cells IS NULL OR cells >= 1),
  "commit" BLOB CHECK ("commit" IS NULL OR length("commit") = 32),
  root    BLOB CHECK (root IS NULL OR length(root) = 32),
  CHECK ((state = 'adopted') = (key IS NULL AND draft IS NULL AND entry IS NOT NULL)),
  CHECK (state = 'writing' OR (cells IS NOT NULL AND "commit" IS NOT NULL AND root IS NOT NULL)),
  CHECK ((key IS NULL) = (details IS NULL))
) STRICT;
CREATE INDEX attachment_draft ON attachment(draft);
CREATE INDEX attachment_entry ON attachment(entry);

CREATE TRIGGER attachment_adopted BEFORE UPDATE ON attachment WHEN OLD.state = 'adopted'
BEGIN SELECT RAISE(ABORT, 'frozen: attachment'); END;
