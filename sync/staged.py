"""Bundles that wait for a receiver: what the vault knows of them, and what each step of sending changes there.

Rule: what was stored by a receiver counts once its receipt lies in the vault, and not before. The receipt lets the
volume's file go, which can be made again from the outbox at any time; the sealed entries themselves stay until the
office has confirmed them (docs/spec/protocol.md §11.1, §13).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from collector import crypto, files
from collector.vault import Vault
from schemas.problems import Problem
from sync.upload import Volume
from sync.volume import check


@dataclass(frozen=True, slots=True)
class StagedVolume:
    """A volume of a bundle, and where a receiver (H of its receipt key and address) continues it."""

    volume: Volume
    stored: bool
    receiver: bytes | None
    location: str | None


@dataclass(frozen=True, slots=True)
class StagedBundle:
    """A bundle that is made and not yet stored whole; `codes`: record codes of its entries."""

    bid: bytes
    codes: tuple[str, ...]
    volumes: tuple[StagedVolume, ...]


def load(vault: Vault) -> list[StagedBundle]:
    """Everything that waits for a receiver, the oldest first."""
    rows = vault.db.query(
        "SELECT bid, broot FROM bundle WHERE route = 'upload' AND state = 'ready' ORDER BY made_at, rowid"
    )
    return [_bundle(vault, bytes(bid), bytes(broot)) for bid, broot in rows]


def _bundle(vault: Vault, bid: bytes, broot: bytes) -> StagedBundle:
    volumes = tuple(
        StagedVolume(
            Volume(bid, stripe, index, broot, bytes(shard), _file(vault, name), size),
            state == "stored",
            None if receiver is None else bytes(receiver),
            location,
        )
        for stripe, index, shard, name, size, state, receiver, location in vault.db.query(
            "SELECT s, i, shard, file_name, bytes, state, receiver, location FROM bundle_volume WHERE bid = ?"
            " ORDER BY s, i",
            (bid,),
        )
    )
    return StagedBundle(bid, tuple(codes_of(vault, bid)), volumes)


def _file(vault: Vault, name: str | None) -> Path:
    """Where a volume lies; one whose file has gone points to what is no file."""
    return vault.folder / "bundles" if name is None else vault.path("bundles", name)


def codes_of(vault: Vault, bid: bytes) -> list[str]:
    """Record codes of the entries in a bundle."""
    rows = vault.db.query("SELECT code FROM bundle_entry JOIN entry USING (eid) WHERE bid = ? ORDER BY code", (bid,))
    return [str(row[0]) for row in rows]


def outcome(vault: Vault, bid: bytes) -> tuple[str, int]:
    """State of a bundle, and how many of its volumes a receiver has."""
    row = vault.db.one(
        "SELECT state, (SELECT count(*) FROM bundle_volume WHERE bundle_volume.bid = bundle.bid"
        " AND bundle_volume.state = 'stored') FROM bundle WHERE bid = ?",
        (bid,),
    )
    return ("abandoned", 0) if row is None else (str(row[0]), int(row[1]))


def wanted(vault: Vault, bid: bytes) -> bool:
    """Whether the office has not imported all of a bundle by another way meanwhile."""
    row = vault.db.one(
        "SELECT 1 FROM bundle_entry JOIN entry USING (eid) WHERE bid = ? AND entry.state NOT IN ('imported', 'purged')",
        (bid,),
    )
    return row is not None


def tidy(vault: Vault) -> int:
    """Gives up bundles that nobody needs any more, and removes files that have done their work; returns how many
    bundles. Called before sending, it also finishes what an interruption left.
    """
    unwanted = [bundle.bid for bundle in load(vault) if not wanted(vault, bundle.bid)]
    for bid in unwanted:
        give_up(vault, bid)
    rows = vault.db.query(
        "SELECT bid, s, i FROM bundle_volume JOIN bundle USING (bid) WHERE file_name IS NOT NULL"
        " AND route = 'upload' AND (bundle_volume.state = 'stored' OR bundle.state IN ('abandoned', 'done'))"
    )
    for bid, stripe, index in rows:
        _remove_file(vault, bytes(bid), stripe, index)
    return len(unwanted)


def damaged(vault: Vault, bid: bytes) -> bool:
    """Whether a volume that waits here is no longer what was made: a receiver's word alone says nothing of that."""
    return any(
        not item.stored and not _as_made(item.volume)
        for bundle in load(vault)
        if bundle.bid == bid
        for item in bundle.volumes
    )


def _as_made(volume: Volume) -> bool:
    try:
        with files.mapped_os_errors(), volume.path.open("rb") as source:
            found = check(_Held(source, volume.length))
    except Problem:
        return False
    header = found.header
    same = (header.bid, header.place, header.bundle_root, header.shard_root) == (
        volume.bid,
        (volume.stripe, volume.index),
        volume.broot,
        volume.shard,
    )
    return same and found.whole


@dataclass(frozen=True, slots=True)
class _Held:
    """A volume's file as what checks volumes reads it."""

    source: BinaryIO
    length: int

    def read(self, offset: int, length: int) -> bytes:
        self.source.seek(offset)
        return self.source.read(length)


def give_up(vault: Vault, bid: bytes) -> None:
    """Abandons a bundle: its entries are staged again when they are still to leave. Its files go."""
    vault.db.execute("UPDATE bundle SET state = 'abandoned' WHERE bid = ? AND state = 'ready'", (bid,))
    for stripe, index in vault.db.query("SELECT s, i FROM bundle_volume WHERE bid = ?", (bid,)):
        _remove_file(vault, bid, stripe, index)


def _remove_file(vault: Vault, bid: bytes, stripe: int, index: int) -> None:
    place = (bid, stripe, index)
    row = vault.db.one("SELECT file_name FROM bundle_volume WHERE bid = ? AND s = ? AND i = ?", place)
    if row is not None and row[0] is not None:
        files.remove(vault.path("bundles", str(row[0])))
        vault.db.execute("UPDATE bundle_volume SET file_name = NULL WHERE bid = ? AND s = ? AND i = ?", place)


def keep_location(vault: Vault, volume: Volume, receiver: bytes, location: str | None) -> None:
    """Notes where a receiver continues a volume, and in the custody log that a bundle went on its way."""
    db = vault.db
    with db.transaction():
        known = db.one("SELECT 1 FROM bundle_volume WHERE bid = ? AND receiver IS NOT NULL", (volume.bid,))
        db.execute(
            "UPDATE bundle_volume SET location = ?, receiver = ?, state = 'uploading'"
            " WHERE bid = ? AND s = ? AND i = ? AND state <> 'stored'",
            (location, receiver, volume.bid, volume.stripe, volume.index),
        )
        if known is None:
            vault.log.append("upload", volume.bid, {"entries": len(codes_of(vault, volume.bid))})


def keep_receipt(vault: Vault, volume: Volume, receiver: bytes, r1: bytes, now: int) -> bool:
    """Keeps a verified R1; whether it was the last that its bundle lacked. Then all its entries are `stored`."""
    db = vault.db
    with db.transaction():
        db.execute(
            "UPDATE bundle_volume SET state = 'stored', r1 = ?, receiver = ? WHERE bid = ? AND s = ? AND i = ?",
            (r1, receiver, volume.bid, volume.stripe, volume.index),
        )
        rows = db.query("SELECT state, r1 FROM bundle_volume WHERE bid = ? ORDER BY s, i", (volume.bid,))
        whole = all(state == "stored" for state, _ in rows)
        if whole:
            db.execute("UPDATE bundle SET state = 'done' WHERE bid = ?", (volume.bid,))
            db.execute(
                "UPDATE entry SET state = 'stored', changed_at = ? WHERE state IN ('sealed', 'exported')"
                " AND eid IN (SELECT eid FROM bundle_entry WHERE bid = ?)",
                (now, volume.bid),
            )
            proof = crypto.sha256(*(bytes(said) for _, said in rows))
            vault.log.append("r1", volume.bid, {"volumes": len(rows), "receipts": proof})
    files.checkpoint("send: receipt kept")
    _remove_file(vault, volume.bid, volume.stripe, volume.index)
    return whole
