"""The key ring: what is dropped from it can never be opened again.

Keys that must be forgettable (drafts, open attachments, the signer's state) stand in one table, wrapped under the ring
key. A rotation draws a new ring key, wraps the survivors under it and overwrites the file of the old one: after that,
no old page of the database opens what was dropped. The generation in the database says which of the two files counts,
so that at every moment exactly one of them opens what the database holds (docs/spec/protocol.md §4.5). A copy of the
whole vault, taken earlier, is another matter: it opens with the passphrase as it did then.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Final

from collector import crypto, files
from collector.crypto import Secret
from collector.database import Database
from schemas.problems import Problem

LENGTH: Final = 8 + 24 + 32 + 16
_NONCE: Final = 24
_GENERATION: Final = "ring_generation"
_SETTLED: Final = "ring_settled"


class Rewrap:
    """The wrapped keys as they will stand after a rotation; lives only inside its transaction."""

    def __init__(self, db: Database, old: Secret, new: Secret) -> None:
        self._db = db
        self._old = old
        self._new = new
        self._fresh: set[int] = set()

    def wrap_new(self, kind: str, key: bytes | bytearray) -> int:
        """Adds a key and returns its id."""
        ident = _insert(self._db, self._new, kind, key)
        self._fresh.add(ident)
        return ident

    def open(self, ident: int) -> Secret:
        """The key with this id. Raises E_KEY_LOST."""
        return _open(self._db, self._new if ident in self._fresh else self._old, ident)

    def replace(self, ident: int, key: bytes | bytearray) -> None:
        """Puts another key in the place of the one with this id; the old one is forgotten. Raises E_KEY_LOST."""
        kind = _row(self._db, ident)[0]
        self._db.execute("UPDATE wrapped SET blob = ? WHERE id = ?", (_wrap(self._new, ident, kind, key), ident))
        self._fresh.add(ident)

    def drop(self, ident: int) -> None:
        """Forgets the key with this id. Rows that refer to it must be gone before."""
        self._db.execute("DELETE FROM wrapped WHERE id = ?", (ident,))

    def finish(self) -> None:
        """Wraps every key that was not touched; one that does not open stays as it is and goes on being lost."""
        for ident, kind, blob in self._db.query("SELECT id, kind, blob FROM wrapped"):
            if ident in self._fresh:
                continue
            plain = crypto.xaead_open(self._old, blob[:_NONCE], blob[_NONCE:], _bound(ident, kind))
            if plain is not None:
                self._db.execute(
                    "UPDATE wrapped SET blob = ? WHERE id = ?", (_wrap(self._new, ident, kind, plain), ident)
                )


class Ring:
    """The ring of one vault: `folder` holds ring-0 and ring-1, `db` the table `wrapped` and the generation."""

    def __init__(self, folder: Path, file_key: Secret, db: Database) -> None:
        self._folder = folder
        self._file_key = file_key
        self._db = db
        self._key: Secret | None = None
        self._settled = True
        self.generation = 0
        self.warnings: list[Problem] = []
        self.after_rotation: Callable[[], None] | None = None

    @classmethod
    def made(cls, folder: Path, file_key: Secret, db: Database) -> Ring:
        """A first ring key in ring-1, and nothing in ring-0."""
        ring = cls(folder, file_key, db)
        ring._key, ring.generation = Secret.random(32), 1
        files.write_durably(ring._path(0), bytes(8) + os.urandom(LENGTH - 8))
        files.checkpoint("ring: file of none")
        files.write_durably(ring._path(1), ring._sealed(1, ring._key))
        files.checkpoint("ring: first file")
        db.set_meta(_GENERATION, struct.pack(">Q", 1))
        return ring

    @classmethod
    def loaded(cls, folder: Path, file_key: Secret, db: Database) -> Ring:
        """The ring that fits the database; the other file is overwritten if it still opens (a rotation was cut off).

        A ring that cannot be opened gives the warning E_RING_LOST, and every later use of it raises that.
        """
        ring = cls(folder, file_key, db)
        ring._load()
        if ring._key is None:
            ring.warnings.append(Problem("E_RING_LOST"))
        elif not db.read_only:
            ring._forget(ring.generation + 1)
        return ring

    def wrap_new(self, kind: str, key: bytes | bytearray) -> int:
        """Adds a key to the table and returns its id. Raises E_RING_LOST."""
        with self._db.held():
            return _insert(self._db, self._usable(), kind, key)

    def open(self, ident: int) -> Secret:
        """The key with this id. Raises E_KEY_LOST (not there, or not opening), E_RING_LOST."""
        with self._db.held():
            try:
                return _open(self._db, self._usable(), ident)
            except Problem:
                if not self._db.read_only:
                    raise
            # The process that writes rotated between the two look-ups.
            return _open(self._db, self._usable(), ident)

    def drop(self, ident: int) -> None:
        """Takes a key out of the table. It is forgotten for good only by the next rotation."""
        self._db.execute("DELETE FROM wrapped WHERE id = ?", (ident,))

    def rotate(self, db: Database, extra: Callable[[Rewrap], None] | None = None) -> None:
        """Draws a new ring key; `extra` runs in the transaction that makes it count, and commits or fails with it.

        1. write the new key into the file that does not count, 2. one transaction: `extra`, wrap all survivors, the
        new generation, 3. overwrite the other file. A crash before the commit of 2 leaves everything as it was, a crash
        after it is completed at the next opening. Raises E_RING_LOST, and what `extra` and the database raise; then
        nothing happened. An old file that cannot be overwritten gives the warning E_RING_REMAINS.
        """
        with db.held():
            if db is not self._db or db.in_transaction:
                raise ValueError("a ring rotates in its own database and in its own transaction")
            old, fresh = self._usable(), Secret.random(32)
            self._settle()
            generation = self.generation + 1
            self._write(generation, self._sealed(generation, fresh))
            files.checkpoint("ring: new file")
            self._settled = False
            with db.transaction():
                rewrap = Rewrap(db, old, fresh)
                if extra is not None:
                    extra(rewrap)
                files.checkpoint("ring: extra done")
                rewrap.finish()
                db.set_meta(_GENERATION, struct.pack(">Q", generation))
            self._settled = True
            self._key, self.generation = fresh, generation
            old.wipe()
            files.checkpoint("ring: committed")
            self._forget(generation + 1)
            files.checkpoint("ring: old file overwritten")
            # What the log still holds is wrapped under a key that is gone; emptying it is tidiness, not safety.
            with contextlib.suppress(Problem):
                db.checkpoint()
                if self.after_rotation is not None:
                    self.after_rotation()

    def close(self) -> None:
        """Wipes the keys from memory."""
        if self._key is not None:
            self._key.wipe()
        self._key = None
        self._file_key.wipe()

    # ---- inside ----

    def _settle(self) -> None:
        """After a commit that failed, its pages may still lie in the log and count after a crash, with the new key.

        That key's file is about to be written over; a commit that succeeds cuts those pages off first.
        """
        if not self._settled:
            with self._db.transaction():
                self._db.set_meta(_SETTLED, os.urandom(16))
            self._settled = True

    def _usable(self) -> Secret:
        if self._db.read_only:
            self._load()  # the process that writes may have rotated meanwhile
        if self._key is None:
            raise Problem("E_RING_LOST")
        return self._key

    def _load(self) -> None:
        generation = int.from_bytes(self._db.meta(_GENERATION) or b"", "big")
        if self._key is None or generation != self.generation:
            self.generation = generation
            self._key = self._opened(generation)

    def _path(self, generation: int) -> Path:
        return self._folder / f"ring-{generation % 2}"

    def _sealed(self, generation: int, key: Secret) -> bytes:
        head, nonce = struct.pack(">Q", generation), os.urandom(_NONCE)
        return head + nonce + crypto.xaead_seal(self._file_key, nonce, key, head)

    def _opened(self, generation: int) -> Secret | None:
        """The ring key of this generation if its file holds it."""
        try:
            data = files.read_limited(self._path(generation), LENGTH)
        except Problem:
            return None
        head, nonce, rest = data[:8], data[8 : 8 + _NONCE], data[8 + _NONCE :]
        if len(data) != LENGTH or head != struct.pack(">Q", generation):
            return None
        plain = crypto.xaead_open(self._file_key, nonce, rest, head)
        return None if plain is None else Secret(plain)

    def _write(self, generation: int, data: bytes) -> None:
        path = self._path(generation)
        if path.is_file():
            files.overwrite_in_place(path, data)
        else:
            files.write_durably(path, data)

    def _forget(self, generation: int) -> None:
        """Overwrites the file of a generation that does not count, unless it is overwritten already."""
        path = self._path(generation)
        try:
            left = files.read_limited(path, 1 << 16) if path.is_file() else b""
            if len(left) != LENGTH or left[:8] != bytes(8):
                self._write(generation, bytes(8) + os.urandom(LENGTH - 8))
        except Problem as problem:
            self.warnings.append(Problem("E_RING_REMAINS", error=str(problem.facts.get("error", problem.code))))


def _bound(ident: int, kind: str) -> bytes:
    return struct.pack(">Q", ident) + kind.encode()


def _wrap(ring_key: Secret, ident: int, kind: str, key: bytes | bytearray) -> bytes:
    nonce = os.urandom(_NONCE)
    return nonce + crypto.xaead_seal(ring_key, nonce, key, _bound(ident, kind))


def _insert(db: Database, ring_key: Secret, kind: str, key: bytes | bytearray) -> int:
    ident = secrets.randbits(62)
    db.execute("INSERT INTO wrapped VALUES (?, ?, ?)", (ident, kind, _wrap(ring_key, ident, kind, key)))
    return ident


def _row(db: Database, ident: int) -> tuple[str, bytes]:
    row = db.one("SELECT kind, blob FROM wrapped WHERE id = ?", (ident,))
    if row is None:
        raise Problem("E_KEY_LOST")
    return str(row[0]), bytes(row[1])


def _open(db: Database, ring_key: Secret, ident: int) -> Secret:
    kind, blob = _row(db, ident)
    plain = crypto.xaead_open(ring_key, blob[:_NONCE], blob[_NONCE:], _bound(ident, kind))
    if plain is None:
        raise Problem("E_KEY_LOST")
    return Secret(plain)
