-- What a receiver would not have says nothing of the others: a token stays with its bundle and is shown to each of them.
CREATE TABLE kept_token (
  id    INTEGER PRIMARY KEY,
  token BLOB NOT NULL UNIQUE CHECK (length(token) = 32),
  ver   INTEGER NOT NULL,                                 -- the pack that brought it
  bid   BLOB CHECK (bid IS NULL OR length(bid) = 16)      -- the bundle that it was drawn for
) STRICT;
INSERT INTO kept_token (id, token, ver, bid) SELECT id, token, ver, bid FROM token;
DROP TRIGGER token_once;
DROP TABLE token;
ALTER TABLE kept_token RENAME TO token;
CREATE INDEX token_bid ON token(bid);
CREATE TRIGGER token_once BEFORE UPDATE OF bid ON token WHEN OLD.bid IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'frozen: token'); END;

-- Which tokens a receiver (H of its receipt key and address) refused: too many, and no more are drawn on its word.
CREATE TABLE token_refusal (
  receiver BLOB NOT NULL CHECK (length(receiver) = 32),
  token    BLOB NOT NULL REFERENCES token(token),
  code     TEXT NOT NULL,
  PRIMARY KEY (receiver, token)
) STRICT;
