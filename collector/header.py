"""The file with the key slots, and what the database knows of it: a header that was put back is noticed.

The database holds the hash of the header that counts. A new header is announced there first, then written durably, then
confirmed: a crash between the steps leaves a header that is either the confirmed or the announced one. Any other header
has been put back by somebody (docs/spec/protocol.md §4.2).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from collector import crypto, files, keyslots
from collector.custody import Log
from collector.database import Database
from schemas import structure
from schemas.problems import Problem
from schemas.records.common import Count, Hash32

NAME: Final = "vault.hdr"
_NOW, _NEXT, _SEEN = "header", "header_next", "header_seen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A slot in use: index, kind (§4.2), generation of the header that wrote it, whether it wants a key file."""

    index: int
    kind: int
    gen: int
    keyfile: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderState:
    """One header: its SHA-256, its generation, the slots in use."""

    hash: Hash32
    gen: Count
    slots: tuple[Slot, ...]


def read(folder: Path) -> bytes:
    """The header's bytes. Raises E_HDR_LOST (not there, or not a header any more), E_KDF_PARAMS and as reading does."""
    path = folder / NAME
    if not path.exists():
        raise Problem("E_HDR_LOST")
    try:
        data = files.read_limited(path, keyslots.HEADER)
        keyslots.params_of(data)
    except Problem as problem:
        raise Problem("E_HDR_LOST") if problem.code == "E_FORMAT" else problem from None
    return data


class HeaderFile:
    """`vault.hdr` in `folder`, watched by the database."""

    def __init__(self, folder: Path, db: Database, log: Log) -> None:
        self._folder = folder
        self._db = db
        self._log = log

    def first(self, header: bytes, slot: Slot) -> None:
        """Notes the header that a vault was created with."""
        self._keep(_NOW, HeaderState(hash=crypto.sha256(header), gen=slot.gen, slots=(slot,)))

    def state(self) -> HeaderState:
        """The header that counts. Raises E_DB_CORRUPT when the database does not know one."""
        state = self._kept(_NOW)
        if state is None:
            raise Problem("E_DB_CORRUPT")
        return state

    def settle(self) -> list[Problem]:
        """Compares file and database after unlocking and completes a change that was cut off.

        A header that is neither the confirmed nor the announced one gives the warning E_HDR_ROLLBACK, each time until
        the passphrase is changed, and one custody event.
        """
        found, announced = crypto.sha256(read(self._folder)), self._kept(_NEXT)
        if found == self.state().hash:
            return []
        if announced is not None and announced.hash == found:
            if not self._db.read_only:
                self._confirm(announced, "completed")
            return []
        if not self._db.read_only and self._db.meta(_SEEN) != found:
            with self._db.transaction():
                self._db.set_meta(_SEEN, found)
                self._log.append("hdr-rollback")
        return [Problem("E_HDR_ROLLBACK")]

    def rewrite(self, what: str, slots: tuple[Slot, ...], change: Callable[[bytes], bytes]) -> None:
        """Writes the header that `change` makes of the present one; slots not in `slots` are filled with random bytes.

        1. announce, 2. write durably and overwrite the old file, 3. confirm with a custody event. Raises what writing
        does; then either the old or the new header is in place, and the next opening settles which.
        """
        header = change(read(self._folder))
        for index in set(range(keyslots.SLOTS)) - {slot.index for slot in slots}:
            header = keyslots.remove_slot(header, index)
        state = HeaderState(hash=crypto.sha256(header), gen=max(slot.gen for slot in slots), slots=slots)
        with self._db.transaction():
            self._keep(_NEXT, state)
        files.checkpoint("header: announced")
        files.write_durably(self._folder / NAME, header, shred_old=True)
        files.checkpoint("header: written")
        self._confirm(state, what)

    def _confirm(self, state: HeaderState, what: str) -> None:
        with self._db.transaction():
            self._keep(_NOW, state)
            self._db.set_meta(_NEXT, None)
            self._log.append("rekey", b"", {"what": what, "gen": state.gen, "slots": len(state.slots)})

    def _keep(self, name: str, state: HeaderState) -> None:
        self._db.set_meta(name, structure.encode(state))

    def _kept(self, name: str) -> HeaderState | None:
        data = self._db.meta(name)
        return None if data is None else structure.decode(HeaderState, data)
