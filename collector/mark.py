"""The mark beside the database: how far its custody log had come, so that an old database does not pass for it.

A page or a whole database that was put back is authentic for the cipher (it was written by us, once). The mark, a small
sealed file outside it, says which log head and which ring generation were reached at least; the log must still extend
that head. Whoever puts back all files of a vault together is found by the office (docs/spec/protocol.md §11.3).
"""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import Final

from collector import crypto, files
from collector.crypto import Secret
from collector.custody import Log
from collector.ring import Ring
from schemas.problems import Problem

NAME: Final = "mark"
_PLAIN: Final = struct.Struct(">Q32sQ")
_NONCE: Final = 24
_LENGTH: Final = _NONCE + _PLAIN.size + crypto.TAG


class Mark:
    """The sealed file `mark` in `folder`: size and root of the log, generation of the ring."""

    def __init__(self, folder: Path, key: Secret, log: Log, ring: Ring) -> None:
        self._path = folder / NAME
        self._key = key
        self._log = log
        self._ring = ring

    def write(self) -> None:
        """Notes where log and ring stand now. Raises what writing a file does."""
        size, root = self._log.head()
        nonce = os.urandom(_NONCE)
        sealed = crypto.xaead_seal(self._key, nonce, _PLAIN.pack(size, root, self._ring.generation), NAME.encode())
        files.write_durably(self._path, nonce + sealed)
        files.checkpoint("mark: written")

    def check(self) -> list[Problem]:
        """The warning E_LOG_FORK when log or ring do not continue what the mark says, or the mark is not there."""
        try:
            data = files.read_limited(self._path, _LENGTH)
            plain = crypto.xaead_open(self._key, data[:_NONCE], data[_NONCE:], NAME.encode())
            if plain is None:
                raise Problem("E_LOG_FORK", where="mark")
            size, root, generation = _PLAIN.unpack(plain)
            self._log.verify_extends(size, root)
        except Problem as problem:
            return [problem if problem.code == "E_LOG_FORK" else Problem("E_LOG_FORK", where="mark")]
        return [Problem("E_LOG_FORK", where="ring")] if self._ring.generation < generation else []

    def close(self) -> None:
        """Wipes the key."""
        self._key.wipe()
