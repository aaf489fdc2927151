"""The facts of a receiver on one host, in SQLite: tokens, uploads, arrivals, return boxes.

Rule: every change is one transaction that is on the medium when it returns, and everything that must hold together
(binding a token, its quota, one upload for each place) is decided inside one. The only import of sqlite3. Nothing here
is secret and nothing names a device, so the file is not encrypted (docs/spec/protocol.md §10).
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, Final, TypeAlias

from collector import files
from schemas.problems import Problem
from sync.receiver.ports import KEEP, UNCLAIMED, Claim, Office, Place, Upload

Row: TypeAlias = tuple[Any, ...]

_VERSION: Final = 2
_BUSY_S: Final = 10.0
_PRAGMAS: Final = ("synchronous=FULL", "foreign_keys=ON", "trusted_schema=OFF", "cell_size_check=ON")
_UPLOAD: Final = "SELECT id, length, durable, bid, stripe, idx, shard, shared, broot, token, expires, r1 FROM uploads"


@contextlib.contextmanager
def mapped_errors() -> Iterator[None]:
    """Turns errors of SQLite into problems. Raises E_RECEIVER_FULL, E_RECEIVER_BUSY, E_RECEIVER_FAULT."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_FULL:
            raise Problem("E_RECEIVER_FULL") from None
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise Problem("E_RECEIVER_BUSY") from None
        name = getattr(error, "sqlite_errorname", None) or type(error).__name__
        raise Problem("E_RECEIVER_FAULT", where=f"index, {name}") from None


class Facts:
    """One connection to the index; used by one thread."""

    def __init__(self, path: Path) -> None:
        try:
            with mapped_errors():
                self._open(path)
        except Problem as problem:
            if problem.code != "E_RECEIVER_FAULT":
                raise
            raise Problem("E_RECEIVER_INDEX", why=problem.facts["where"]) from None
        with files.mapped_os_errors():
            path.chmod(0o600)

    def _open(self, path: Path) -> None:
        self._db = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None)
        try:
            self._prepare()
        except BaseException:
            self._db.close()
            raise

    def _prepare(self) -> None:
        mode = self._db.execute("PRAGMA journal_mode=WAL").fetchone()[0]
        if mode != "wal":
            raise Problem("E_RECEIVER_INDEX", why=f"journal {mode}")
        for pragma in _PRAGMAS:
            self._db.execute(f"PRAGMA {pragma}")
        found = self._db.execute("PRAGMA user_version").fetchone()[0]
        if found > _VERSION:
            raise Problem("E_RECEIVER_INDEX", why=f"version {found}")
        if found < _VERSION:
            script = resources.files("sync.receiver").joinpath("local_schema.sql").read_text("utf-8")
            self._db.executescript(f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version={_VERSION};\nCOMMIT;")

    def close(self) -> None:
        """Closes the connection; the last one folds the write-ahead log in."""
        with mapped_errors():
            self._db.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside, durably, or nothing of it."""
        with mapped_errors():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                files.checkpoint("index: before commit")
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
        files.checkpoint("index: committed")

    def rows(self, statement: str, *args: object) -> list[Row]:
        """All rows of a question."""
        with mapped_errors():
            return self._db.execute(statement, args).fetchall()

    def row(self, statement: str, *args: object) -> Row | None:
        """The first row of a question, or None."""
        found = self.rows(statement, *args)
        return found[0] if found else None

    def run(self, statement: str, *args: object) -> int:
        """One statement; gives how many rows it changed."""
        with mapped_errors():
            return self._db.execute(statement, args).rowcount

    def run_many(self, statement: str, rows: Sequence[Row]) -> None:
        """One statement for each of many rows."""
        with mapped_errors():
            self._db.executemany(statement, rows)

    # ---- offices and tokens ----

    def accept(self, office: Office, tokens: Sequence[bytes], quota: int, expires: int, issued: int) -> tuple[int, int]:
        """See `ports.Index.accept`. Raises E_TOKEN_LIST when the bearer is another office's."""
        with self.transaction():
            standing = self.row("SELECT issued FROM offices WHERE root = ?", office.root)
            if standing is not None and standing[0] > issued:
                return 0, 0
            if self.row("SELECT 1 FROM offices WHERE desk = ? AND root <> ?", office.desk, office.root):
                raise Problem("E_TOKEN_LIST", why="its bearer belongs to another office")
            self.run(
                "INSERT INTO offices (root, desk, issued) VALUES (?, ?, ?)"
                " ON CONFLICT (root) DO UPDATE SET desk = excluded.desk, issued = excluded.issued",
                office.root, office.desk, issued,
            )  # fmt: skip
            before = self._valid(office.root)
            self.run("UPDATE tokens SET cancelled = 1 WHERE office = ?", office.root)
            # A hash that stands in another office's list stays with that office.
            self.run_many(
                "INSERT INTO tokens (hash, office, quota, expires) VALUES (?, ?, ?, ?) ON CONFLICT (hash) DO UPDATE"
                " SET cancelled = 0, quota = excluded.quota, expires = excluded.expires WHERE office = excluded.office",
                [(token, office.root, quota, expires) for token in tokens],
            )
            self.run(
                "DELETE FROM tokens WHERE office = ? AND cancelled AND bid IS NULL"
                " AND hash NOT IN (SELECT token FROM uploads)",
                office.root,
            )
            after = self._valid(office.root)
        return len(after - before), len(before - after)

    def _valid(self, office: bytes) -> set[bytes]:
        return {row[0] for row in self.rows("SELECT hash FROM tokens WHERE office = ? AND NOT cancelled", office)}

    def _token(self, token: bytes, now: int) -> tuple[bytes, bytes | None]:
        """Office and bundle of a token that is in force. Raises E_TOKEN_UNKNOWN, E_TOKEN_EXPIRED."""
        found = self.row("SELECT office, bid, expires FROM tokens WHERE hash = ? AND NOT cancelled", token)
        if found is None:
            raise Problem("E_TOKEN_UNKNOWN")
        if found[2] <= now:
            raise Problem("E_TOKEN_EXPIRED")
        return found[0], found[1]

    def _bind(self, token: bytes, bid: bytes, now: int) -> bytes:
        """Binds a token to a bundle, or finds it bound; gives its office. Raises also E_TOKEN_USED."""
        office, bound = self._token(token, now)
        if bound is None:
            self.run("UPDATE tokens SET bid = ? WHERE hash = ?", bid, token)
        elif bound != bid:
            raise Problem("E_TOKEN_USED")
        return office

    def _take(self, token: bytes, length: int) -> None:
        """Counts bytes against a token. Raises E_TOKEN_QUOTA."""
        within = "UPDATE tokens SET used = used + ?1 WHERE hash = ?2 AND used + ?1 <= quota"
        if not self.run(within, length, token):
            raise Problem("E_TOKEN_QUOTA")

    def authorised(self, token: bytes, upload: Upload, now: int) -> None:
        """See `ports.Index.authorised`."""
        _, bound = self._token(token, now)
        if token != upload.token and (upload.claim is None or bound != upload.claim.place.bid):
            raise Problem("E_TOKEN_UNKNOWN")

    # ---- uploads ----

    def find(self, upload_id: str) -> Upload | None:
        """The upload with this id, or None."""
        found = self.row(f"{_UPLOAD} WHERE id = ?", upload_id)
        return None if found is None else _upload(found)

    def uploads(self, condition: str, *args: object) -> list[Upload]:
        """Uploads for which a condition holds."""
        return [_upload(row) for row in self.rows(f"{_UPLOAD} WHERE {condition}", *args)]

    def create(self, upload_id: str, token: bytes, length: int, claim: Claim | None, now: int) -> Upload:
        """See `ports.Index.create`."""
        with self.transaction():
            if claim is None:
                self._token(token, now)
                unclaimed = self.rows("SELECT 1 FROM uploads WHERE token = ? AND bid IS NULL", token)
                if len(unclaimed) >= UNCLAIMED:
                    raise Problem("E_TOKEN_QUOTA")
            else:
                office = self._bind(token, claim.place.bid, now)
                known = self.same_volume(claim)
                if known is not None:
                    self._arrived(known, office, now)
                    return known
            self._take(token, length)
            self.run(
                "INSERT INTO uploads (id, token, length, expires) VALUES (?, ?, ?, ?)",
                upload_id, token, length, now + KEEP,
            )  # fmt: skip
            if claim is not None:
                self.set_claim(upload_id, claim)
            return self._existing(upload_id)

    def identify(self, upload_id: str, claim: Claim, now: int) -> Upload:
        """See `ports.Index.identify`."""
        with self.transaction():
            upload = self._existing(upload_id)
            office = self._bind(upload.token, claim.place.bid, now)
            known = self.same_volume(claim)
            if upload.claim is not None:
                if upload.claim != claim:
                    raise Problem("E_VOL_MIX")
                return upload
            if known is not None and known.complete:
                self._arrived(known, office, now)
                self.forget(upload)
                return known
            if known is not None:
                self.forget(known)
            self.set_claim(upload_id, claim)
            return self._existing(upload_id)

    def _existing(self, upload_id: str) -> Upload:
        found = self.find(upload_id)
        if found is None:
            raise Problem("E_UPLOAD_UNKNOWN")
        return found

    def same_volume(self, claim: Claim) -> Upload | None:
        """The upload of this very volume, or None. Raises E_VOL_MIX for another volume in its place or bundle."""
        others = self.rows("SELECT DISTINCT shared, broot FROM uploads WHERE bid = ?", claim.place.bid)
        if any(other != (claim.shared, claim.broot) for other in others):
            raise Problem("E_VOL_MIX")
        place = claim.place
        found = self.uploads("bid = ? AND stripe = ? AND idx = ?", place.bid, place.stripe, place.index)
        if found and found[0].claim != claim:
            raise Problem("E_VOL_MIX")
        return found[0] if found else None

    def set_claim(self, upload_id: str, claim: Claim) -> None:
        """An upload without a claim gets one; inside a transaction."""
        place = claim.place
        self.run(
            "UPDATE uploads SET bid = ?, stripe = ?, idx = ?, shard = ?, shared = ?, broot = ? WHERE id = ?",
            place.bid, place.stripe, place.index, claim.shard, claim.shared, claim.broot, upload_id,
        )  # fmt: skip

    def forget(self, upload: Upload) -> None:
        """Removes an upload and gives its bytes back; inside a transaction."""
        self.run("DELETE FROM uploads WHERE id = ?", upload.id)
        self.run("UPDATE tokens SET used = max(0, used - ?) WHERE hash = ?", upload.length, upload.token)

    def _arrived(self, upload: Upload, office: bytes, now: int) -> None:
        """A complete volume stands in an office's list once, at its end when it came."""
        if upload.complete:
            self.run("INSERT OR IGNORE INTO arrivals (upload, office, came) VALUES (?, ?, ?)", upload.id, office, now)

    def advance(self, upload_id: str, offset: int, now: int) -> Upload:
        """See `ports.Index.advance`. Raises E_UPLOAD_UNKNOWN (also for one that is complete), E_UPLOAD_LENGTH."""
        with self.transaction():
            upload = self._existing(upload_id)
            if upload.complete:
                raise Problem("E_UPLOAD_UNKNOWN")
            if not 0 <= offset <= upload.length:
                raise Problem("E_UPLOAD_LENGTH")
            self.run("UPDATE uploads SET durable = ?, expires = ? WHERE id = ?", offset, now + KEEP, upload_id)
            return self._existing(upload_id)

    def complete(self, upload_id: str, r1: bytes, now: int) -> Upload:
        """See `ports.Index.complete`; repeating it changes nothing."""
        with self.transaction():
            upload = self._existing(upload_id)
            if upload.complete:
                return upload
            if upload.claim is None:
                raise Problem("E_UPLOAD_UNKNOWN")
            self.run("UPDATE uploads SET durable = length, r1 = ? WHERE id = ?", r1, upload_id)
            done = self._existing(upload_id)
            offices = self.rows(
                "SELECT office FROM tokens WHERE bid = ? UNION SELECT office FROM tokens WHERE hash = ?",
                upload.claim.place.bid, upload.token,
            )  # fmt: skip
            for (office,) in sorted(offices):
                self._arrived(done, office, now)
        return done

    def remove(self, upload_id: str) -> None:
        """See `ports.Index.remove`."""
        with self.transaction():
            upload = self.find(upload_id)
            if upload is not None and not upload.complete:
                self.forget(upload)

    def release(self, place: Place, before: int, now: int) -> bool:
        """See `ports.Index.release`."""
        with self.transaction():
            held = "bid = ? AND stripe = ? AND idx = ? AND r1 IS NOT NULL"
            found = self.uploads(held, place.bid, place.stripe, place.index)
            if not found:
                return False
            name = found[0].id
            wanted = "SELECT sum(acknowledged IS NULL), max(acknowledged) FROM arrivals WHERE upload = ?"
            waiting, last = self.row(wanted, name) or (None, None)
            if waiting != 0 or last is None or last >= before:
                return False
            self.run("DELETE FROM arrivals WHERE upload = ?", name)
            self.run("UPDATE uploads SET r1 = NULL, durable = 0, expires = ? WHERE id = ?", now, name)
        return True

    def drop(self, place: Place) -> None:
        """See `ports.Index.drop`."""
        with self.transaction():
            held = "bid = ? AND stripe = ? AND idx = ? AND r1 IS NOT NULL"
            for upload in self.uploads(held, place.bid, place.stripe, place.index):
                self.forget(upload)


def _upload(row: Row) -> Upload:
    upload_id, length, durable, bid, stripe, index, shard, shared, broot, token, expires, r1 = row
    claim = None if bid is None else Claim(Place(bid, stripe, index), shard, shared, broot)
    return Upload(upload_id, length, durable, claim, token, expires, r1)
