-- Keys under the ring, and the custody log (docs/spec/protocol.md §4.5, §11.3).

-- Every key that must be forgettable stands here, wrapped under the ring's present key, and nowhere else.
CREATE TABLE wrapped (
  id   INTEGER PRIMARY KEY,          -- random, part of what binds the blob to its row
  kind TEXT NOT NULL,
  blob BLOB NOT NULL                 -- nonce 24, XChaCha20-Poly1305, AAD = id and kind
) STRICT;

-- The custody log: one row for each event, numbered from 0 without a gap.
CREATE TABLE custody (
  n     INTEGER PRIMARY KEY CHECK (n >= 0),
  event BLOB NOT NULL
) STRICT;

-- Its Merkle tree: the hash of each complete subtree; level 0 holds the leaves.
CREATE TABLE custody_node (
  level INTEGER NOT NULL CHECK (level >= 0),
  place INTEGER NOT NULL CHECK (place >= 0),
  hash  BLOB NOT NULL CHECK (length(hash) = 32),
  PRIMARY KEY (level, place)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER custody_in_order BEFORE INSERT ON custody
WHEN NEW.n <> (SELECT coalesce(max(n) + 1, 0) FROM custody)
BEGIN SELECT RAISE(ABORT, 'frozen: custody'); END;
CREATE TRIGGER custody_frozen BEFORE UPDATE ON custody
BEGIN SELECT RAISE(ABORT, 'frozen: custody'); END;
CREATE TRIGGER custody_kept BEFORE DELETE ON custody
BEGIN SELECT RAISE(ABORT, 'frozen: custody'); END;
CREATE TRIGGER custody_node_new BEFORE INSERT ON custody_node
WHEN EXISTS (SELECT 1 FROM custody_node WHERE level = NEW.level AND place = NEW.place)
BEGIN SELECT RAISE(ABORT, 'frozen: custody_node'); END;
CREATE TRIGGER custody_node_frozen BEFORE UPDATE ON custody_node
BEGIN SELECT RAISE(ABORT, 'frozen: custody_node'); END;
CREATE TRIGGER custody_node_kept BEFORE DELETE ON custody_node
BEGIN SELECT RAISE(ABORT, 'frozen: custody_node'); END;
