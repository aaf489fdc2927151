-- Interviews and entries of a field machine (docs/spec/protocol.md §4.5, §6.5, §7, §8, §13).
-- What a person said stands only in draft_row, encrypted under the draft's own key.

-- One row for each signature tree: the identity that was or will be certified.
CREATE TABLE signer (
  id          INTEGER PRIMARY KEY,
  fs_root     BLOB NOT NULL UNIQUE CHECK (length(fs_root) = 32),
  fs_n        INTEGER NOT NULL CHECK (fs_n >= 2),
  leaves      BLOB NOT NULL,                              -- 32 bytes for each leaf
  next_leaf   INTEGER NOT NULL CHECK (next_leaf >= 0),    -- the next signature's index
  state       INTEGER REFERENCES wrapped(id),             -- chain state of next_leaf; NULL when all leaves are used up
  return_seed INTEGER NOT NULL REFERENCES wrapped(id),    -- seed of the keys that packs and receipts are sealed to
  request     BLOB NOT NULL,                              -- the enrolment request file
  cert        BLOB,                                       -- the certificate (signed object), once enrolled
  serial      BLOB CHECK (serial IS NULL OR length(serial) = 16),
  made_at     INTEGER NOT NULL
) STRICT;

-- The pinned root (one row at most).
CREATE TABLE root (
  id        INTEGER PRIMARY KEY CHECK (id = 1),
  hash      BLOB NOT NULL CHECK (length(hash) = 32),
  signed    BLOB NOT NULL,
  pinned_at INTEGER NOT NULL
) STRICT;

-- Mission packs that were taken over; versions count for each certified tree. One is active after enrolment.
CREATE TABLE pack (
  signer      INTEGER NOT NULL REFERENCES signer(id),
  ver         INTEGER NOT NULL CHECK (ver >= 1),
  hash        BLOB NOT NULL CHECK (length(hash) = 32),    -- H(body)
  signed      BLOB NOT NULL,                              -- the signed object
  state       TEXT NOT NULL CHECK (state IN ('active', 'superseded')),
  gap         INTEGER NOT NULL DEFAULT 0,                 -- versions that were skipped before this one
  accepted_at INTEGER NOT NULL,
  PRIMARY KEY (signer, ver)
) STRICT;
CREATE UNIQUE INDEX pack_active ON pack(state) WHERE state = 'active';

-- Signed packs that were refused: evidence of a rollback, a fork or two packs of one version.
CREATE TABLE pack_refused (
  id     INTEGER PRIMARY KEY,
  at     INTEGER NOT NULL,
  code   TEXT NOT NULL,
  ver    INTEGER NOT NULL,
  hash   BLOB NOT NULL,
  signed BLOB NOT NULL,
  UNIQUE (code, hash)
) STRICT;

-- Recipients that a person has seen with their fingerprints. One who gets another part, or may open it alone from now
-- on, counts as not seen.
CREATE TABLE recipient_shown (
  rid      BLOB NOT NULL CHECK (length(rid) = 16),
  comp     INTEGER NOT NULL,
  tot      INTEGER NOT NULL,
  shown_at INTEGER NOT NULL,
  PRIMARY KEY (rid, comp, tot)
) STRICT, WITHOUT ROWID;

-- Bearer tokens for uploads, one for each bundle, used in order and never twice (§10.2).
CREATE TABLE token (
  id    INTEGER PRIMARY KEY,
  token BLOB NOT NULL UNIQUE CHECK (length(token) = 32),
  ver   INTEGER NOT NULL,                                 -- the pack that brought it
  bid   BLOB UNIQUE CHECK (bid IS NULL OR length(bid) = 16)
) STRICT;

CREATE TABLE form (
  hash    BLOB PRIMARY KEY CHECK (length(hash) = 32),     -- H(XForm bytes)
  form_id TEXT NOT NULL,
  version TEXT NOT NULL,
  xml     BLOB NOT NULL
) STRICT;
CREATE TABLE form_file (
  form BLOB NOT NULL REFERENCES form(hash),
  name TEXT NOT NULL,
  hash BLOB NOT NULL CHECK (length(hash) = 32),
  data BLOB NOT NULL,
  PRIMARY KEY (form, name)
) STRICT;

-- An interview that is not sealed yet.
CREATE TABLE draft (
  id        INTEGER PRIMARY KEY AUTOINCREMENT,            -- never used again: it is part of what binds a row
  code      TEXT NOT NULL UNIQUE CHECK (length(code) = 12),
  state     TEXT NOT NULL CHECK (state IN ('open', 'frozen')),
  form      BLOB NOT NULL REFERENCES form(hash),
  key       INTEGER NOT NULL REFERENCES wrapped(id),
  opened_at INTEGER NOT NULL,
  touched_at INTEGER NOT NULL
) STRICT;

-- Answers, entries of repeats, counters and the cursor: kind and path stand inside the ciphertext.
CREATE TABLE draft_row (
  draft INTEGER NOT NULL REFERENCES draft(id),
  place BLOB NOT NULL CHECK (length(place) = 16),         -- keyed hash of kind and path: the row's id
  blob  BLOB NOT NULL,                                    -- nonce 24, XChaCha20-Poly1305, AAD = draft id and place
  PRIMARY KEY (draft, place)
) STRICT, WITHOUT ROWID;

-- A sealed entry. What was signed never changes; its way to the office does.
CREATE TABLE entry (
  eid        BLOB PRIMARY KEY CHECK (length(eid) = 16),
  code       TEXT NOT NULL,
  kind       TEXT NOT NULL CHECK (kind IN ('testimony', 'correction', 'consent', 'withdrawal')),
  form       BLOB NOT NULL REFERENCES form(hash),
  signer     INTEGER NOT NULL REFERENCES signer(id),
  seq        INTEGER NOT NULL CHECK (seq >= 1),
  core_hash  BLOB NOT NULL CHECK (length(core_hash) = 32),  -- H(core)
  file_hash  BLOB NOT NULL CHECK (length(file_hash) = 32),  -- H(head and document cells)
  file_bytes INTEGER NOT NULL,
  file_name  TEXT NOT NULL UNIQUE,                        -- in vault/outbox
  comps      INTEGER NOT NULL,                            -- bit c: compartment c is in use
  log_size   INTEGER NOT NULL,                            -- custody log size that the manifest carries
  incomplete TEXT,                                        -- why the interview was not finished
  stale      INTEGER NOT NULL DEFAULT 0,                  -- 1: sealed with a pack that had expired
  opened_at  INTEGER NOT NULL,
  sealed_at  INTEGER NOT NULL,
  state      TEXT NOT NULL DEFAULT 'sealed'
             CHECK (state IN ('sealed', 'exported', 'stored', 'imported', 'needs-human', 'purged')),
  changed_at INTEGER NOT NULL,
  UNIQUE (signer, seq)
) STRICT;

-- Streams of an entry, in the order of its manifest.
CREATE TABLE entry_stream (
  eid    BLOB NOT NULL REFERENCES entry(eid),
  place  INTEGER NOT NULL,
  sid    BLOB NOT NULL UNIQUE CHECK (length(sid) = 16),
  comp   INTEGER NOT NULL,
  kind   TEXT NOT NULL CHECK (kind IN ('doc', 'att')),
  cells  INTEGER NOT NULL,
  root   BLOB NOT NULL CHECK (length(root) = 32),
  PRIMARY KEY (eid, place)
) STRICT;

-- Bundles that were made on this machine (§9, §13). Their keys die with the export.
CREATE TABLE bundle (
  bid      BLOB PRIMARY KEY CHECK (length(bid) = 16),
  state    TEXT NOT NULL CHECK (state IN ('building', 'ready', 'done', 'abandoned')),
  route    TEXT NOT NULL CHECK (route IN ('stick', 'upload')),
  k        INTEGER NOT NULL,
  n        INTEGER NOT NULL,
  class    INTEGER NOT NULL,                              -- cells in a volume's column: 16, 256 or 4096
  stripes  INTEGER NOT NULL,
  broot    BLOB CHECK (broot IS NULL OR length(broot) = 32),
  retn     BLOB NOT NULL CHECK (length(retn) = 16),       -- name of the return box
  made_at  INTEGER NOT NULL
) STRICT;
CREATE TABLE bundle_entry (
  bid BLOB NOT NULL REFERENCES bundle(bid),
  eid BLOB NOT NULL REFERENCES entry(eid),
  PRIMARY KEY (bid, eid)
) STRICT, WITHOUT ROWID;
CREATE TABLE bundle_volume (
  bid       BLOB NOT NULL REFERENCES bundle(bid),
  s         INTEGER NOT NULL,
  i         INTEGER NOT NULL,
  bytes     INTEGER NOT NULL,
  shard     BLOB CHECK (shard IS NULL OR length(shard) = 32),
  file_name TEXT,                                         -- in vault/bundles, while it waits for upload
  state     TEXT NOT NULL CHECK (state IN ('waiting', 'written', 'uploading', 'stored')),
  location  TEXT,                                         -- where the receiver continues an upload
  r1        BLOB,                                         -- the receiver's signed receipt
  PRIMARY KEY (bid, s, i)
) STRICT;

-- What the desk answered (§11.2), one row for each distinct answer.
CREATE TABLE receipt (
  id     INTEGER PRIMARY KEY,
  eid    BLOB NOT NULL REFERENCES entry(eid),
  status TEXT NOT NULL CHECK (status IN ('imported', 'quarantined', 'refused')),
  opened INTEGER NOT NULL,                                -- bit c: compartment c was opened and checked
  code   TEXT NOT NULL,
  at     INTEGER NOT NULL,
  signed BLOB NOT NULL UNIQUE,
  taken_at INTEGER NOT NULL
) STRICT;

CREATE TRIGGER entry_frozen BEFORE UPDATE OF eid, code, kind, form, signer, seq, core_hash, file_hash, file_bytes,
    file_name, comps, log_size, incomplete, stale, opened_at, sealed_at ON entry
BEGIN SELECT RAISE(ABORT, 'frozen: entry'); END;
CREATE TRIGGER entry_kept BEFORE DELETE ON entry
BEGIN SELECT RAISE(ABORT, 'frozen: entry'); END;
CREATE TRIGGER entry_stream_frozen BEFORE UPDATE ON entry_stream
BEGIN SELECT RAISE(ABORT, 'frozen: entry_stream'); END;
CREATE TRIGGER entry_stream_kept BEFORE DELETE ON entry_stream
BEGIN SELECT RAISE(ABORT, 'frozen: entry_stream'); END;
CREATE TRIGGER receipt_frozen BEFORE UPDATE ON receipt
BEGIN SELECT RAISE(ABORT, 'frozen: receipt'); END;
CREATE TRIGGER receipt_kept BEFORE DELETE ON receipt
BEGIN SELECT RAISE(ABORT, 'frozen: receipt'); END;
CREATE TRIGGER signer_never_back BEFORE UPDATE OF next_leaf ON signer WHEN NEW.next_leaf <= OLD.next_leaf
BEGIN SELECT RAISE(ABORT, 'frozen: signer'); END;
CREATE TRIGGER token_once BEFORE UPDATE OF bid ON token WHEN OLD.bid IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'frozen: token'); END;
