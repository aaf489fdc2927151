"""Receipts on their way back:

one sealed return file for each bundle, readable by the device that sent it (docs/spec/protocol.md §11.2).
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from collector import envelope, files
from collector.slots import RecipientPublic
from collector.vault import Vault
from schemas.problems import Problem
from schemas.records.receipt import ReturnContent
from schemas.structure import encode

MAGIC = b"SVIDRET1"


@dataclass(frozen=True, slots=True)
class ReturnFile:
    """One return file: its name, and how many receipts it holds."""

    name: str
    receipts: int


def file_name(retn: bytes) -> str:
    """The name of a return file: base 32 of the return box's random name, lower case, without padding."""
    return base64.b32encode(retn).decode().rstrip("=").lower() + ".ret"


def write_all(vault: Vault, folder: Path) -> list[ReturnFile]:
    """Write the return files of every bundle that has receipts.

    Writing them again is harmless. Raises E_DISK_FULL, E_NO_ACCESS.
    """
    with files.mapped_os_errors():
        folder.mkdir(parents=True, exist_ok=True)
    written: list[ReturnFile] = []
    bundles = vault.db.query("SELECT DISTINCT bid, retn, serial FROM receipt JOIN bundle USING (bid) ORDER BY bid")
    done: set[bytes] = set()
    for bid, retn, serial in bundles:
        if bytes(retn) in done:
            raise Problem("E_INDEX")
        done.add(bytes(retn))
        rows = vault.db.query("SELECT signed FROM receipt WHERE bid = ? AND serial = ? ORDER BY id", (bid, serial))
        files.write_durably(folder / file_name(bytes(retn)), _sealed(vault, serial, [bytes(row[0]) for row in rows]))
        written.append(ReturnFile(file_name(bytes(retn)), len(rows)))
    return written


def _sealed(vault: Vault, serial: bytes, receipts: Sequence[bytes]) -> bytes:
    row = vault.db.one("SELECT pk_n, pk_x FROM device WHERE serial = ?", (serial,))
    if row is None:
        raise Problem("E_CERT")
    content = encode(ReturnContent(r2=tuple(receipts)), envelope.LIMITS)
    return envelope.seal(MAGIC, content, [RecipientPublic(bytes(row[0]), bytes(row[1]))])
