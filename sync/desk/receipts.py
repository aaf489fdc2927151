"""Receipts on their way back: one sealed return file for each return box (docs/spec/protocol.md §11.2).

A return box is named by the bundle; only the devices that signed entries of that bundle can open its file. Should a
later bundle name the box of another device, the box stays with the first one, so that nobody is kept from their
receipts.
"""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from collector import envelope, files
from collector.slots import RecipientPublic
from collector.vault import Vault
from schemas.records.receipt import ReturnContent
from schemas.structure import encode

MAGIC = envelope.RETURN_MAGIC
MAX_RECEIPTS = 4096
MAX_DEVICES = 4
"""Slots of an envelope: a home that was restored has several signature trees, each with return keys of its own."""


@dataclass(frozen=True, slots=True)
class ReturnFile:
    """One return file: its name, and how many receipts it holds."""

    name: str
    receipts: int


def file_name(retn: bytes) -> str:
    """The name of a return file: base 32 of the return box's random name, lower case, without padding."""
    return base64.b32encode(retn).decode().rstrip("=").lower() + ".ret"


@dataclass(frozen=True, slots=True)
class Box:
    """The sealed receipts of one return box: its random name, the bytes of its file, how many receipts it holds."""

    retn: bytes
    data: bytes
    receipts: int


def boxes(vault: Vault, only: Collection[bytes] | None = None) -> Iterator[Box]:
    """Every return box that has receipts, or those of them that are named, sealed anew."""
    for retn, serials in _boxes(vault):
        if only is not None and retn not in only:
            continue
        receipts = _receipts(vault, retn, serials)
        content = encode(ReturnContent(r2=tuple(receipts)), envelope.LIMITS)
        sealed = envelope.seal(MAGIC, content, [_return_keys(vault, serial) for serial in serials])
        yield Box(retn, sealed, len(receipts))


def write_all(vault: Vault, folder: Path) -> list[ReturnFile]:
    """Write the return files of every bundle that has receipts.

    Writing them again is harmless. Raises E_DISK_FULL, E_NO_ACCESS.
    """
    with files.mapped_os_errors():
        folder.mkdir(parents=True, exist_ok=True)
    written: list[ReturnFile] = []
    for box in boxes(vault):
        files.write_durably(folder / file_name(box.retn), box.data)
        written.append(ReturnFile(file_name(box.retn), box.receipts))
    return written


def _boxes(vault: Vault) -> Iterator[tuple[bytes, list[bytes]]]:
    """Every return box and the devices that own it: those of the first bundle that named it, most receipts first."""
    rows = vault.db.query(
        "SELECT retn, bid, serial FROM receipt JOIN bundle USING (bid)"
        " GROUP BY retn, bid, serial ORDER BY min(bundle.rowid), count(*) DESC, serial"
    )
    owners: dict[bytes, tuple[bytes, list[bytes]]] = {}
    for retn, bid, serial in rows:
        first, serials = owners.setdefault(bytes(retn), (bytes(bid), []))
        if bytes(bid) == first and len(serials) < MAX_DEVICES:
            serials.append(bytes(serial))
    return ((retn, serials) for retn, (_, serials) in owners.items())


def _receipts(vault: Vault, retn: bytes, serials: Sequence[bytes]) -> list[bytes]:
    """The newest receipts for these devices in this box, each entry once."""
    marks = ", ".join("?" * len(serials))
    rows = vault.db.query(
        "SELECT signed FROM receipt JOIN bundle USING (bid)"
        f" WHERE retn = ? AND serial IN ({marks}) GROUP BY eid, core ORDER BY max(id) DESC LIMIT ?",
        (retn, *serials, MAX_RECEIPTS),
    )
    return [bytes(row[0]) for row in reversed(rows)]


def _return_keys(vault: Vault, serial: bytes) -> RecipientPublic:
    (row,) = vault.db.query("SELECT pk_n, pk_x FROM device WHERE serial = ?", (serial,))
    return RecipientPublic(bytes(row[0]), bytes(row[1]))
