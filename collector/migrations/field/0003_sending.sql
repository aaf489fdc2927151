-- Sending by network (docs/spec/protocol.md §10.2, §10.3).

-- A token that was shown together with a bundle never serves another one, or the receiver could tell that both came from
-- one device. Several may be drawn for one bundle when the receiver would not have the first.
CREATE TABLE drawn_token (
  id      INTEGER PRIMARY KEY,
  token   BLOB NOT NULL UNIQUE CHECK (length(token) = 32),
  ver     INTEGER NOT NULL,                               -- the pack that brought it
  bid     BLOB CHECK (bid IS NULL OR length(bid) = 16),   -- the bundle that it was drawn for
  spent   TEXT,                                           -- the receiver's code when it will never serve
  CHECK (spent IS NULL OR bid IS NOT NULL)
) STRICT;
INSERT INTO drawn_token (id, token, ver, bid) SELECT id, token, ver, bid FROM token;
DROP TRIGGER token_once;
DROP TABLE token;
ALTER TABLE drawn_token RENAME TO token;
CREATE INDEX token_bid ON token(bid);
CREATE TRIGGER token_once BEFORE UPDATE OF bid ON token WHEN OLD.bid IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'frozen: token'); END;

-- Which receiver (H of its receipt key and address) knows the location, and gave the receipt.
ALTER TABLE bundle_volume ADD COLUMN receiver BLOB CHECK (receiver IS NULL OR length(receiver) = 32);
