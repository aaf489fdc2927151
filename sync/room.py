"""Before anything is written: what each stick would get, what is free there, and what it is.

Rule: it is said before, for all sticks together, with the same measure by which the writing itself decides. Nothing is
written and nothing is read but sizes.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from collector.cells import CELL
from collector.field import LEAVING, Field
from schemas.records.bundle import ENTRY_FILE, STREAM_FILE
from sync import mounts
from sync.medium import SLACK, SLACK_FILE
from sync.mounts import Lies
from sync.payload import Group, Item, group_layout, next_bundle

FAT_LIMIT: Final = (4 << 30) - 1
"""Bytes of the largest file on a FAT stick. No volume comes near it (docs/spec/protocol.md §9.2)."""


@dataclass(frozen=True, slots=True)
class Room:
    """One folder: bytes that it would get and that are free (None: it could not be asked), and what it lies on."""

    folder: Path
    needed: int
    free: int | None
    kind: str = ""
    lies: Lies = "unknown"
    read_only: bool = False

    @property
    def enough(self) -> bool:
        """Whether all of its share fits."""
        return self.free is not None and self.needed <= self.free


def shares(home: Field, folders: int, k: int, n: int) -> list[int]:
    """Bytes that each of so many folders gets when everything that has no receipt leaves; k of n volumes suffice."""
    groups, total = _groups(home), [0] * folders
    while groups and folders:
        chosen, groups = next_bundle(groups, k, n, lambda _layout: True)
        layout = group_layout(chosen, k, n) if chosen else None
        if layout is None:
            break
        slack = -(-layout.n // folders) * layout.stripes * SLACK_FILE + SLACK
        total = [known + more + slack for known, more in zip(total, layout.bytes_for(folders), strict=True)]
    return total


def forecast(home: Field, folders: Sequence[Path], k: int, n: int) -> list[Room]:
    """What each folder would get and has. Folders on one medium share its room, so each is measured with all of it."""
    table = mounts.parse(mounts.table())
    vault = mounts.of(home.vault.folder.resolve(), table)
    found, asked = [], dict[int, int]()
    for folder, needed in zip(folders, shares(home, len(folders), k, n), strict=True):
        device, free = _asked(folder)
        asked[device] = asked.get(device, 0) + needed
        place = mounts.of(folder.resolve(), table)
        what = mounts.lies(place, -1 if vault is None else vault.device)
        kind, read_only = ("", False) if place is None else (place.kind, place.read_only)
        found.append((device, Room(folder, needed, free, kind, what, read_only)))
    return [
        Room(
            room.folder, asked[device] if device >= 0 else room.needed, room.free, room.kind, room.lies, room.read_only
        )
        for device, room in found
    ]


def _asked(folder: Path) -> tuple[int, int | None]:
    """Device number and free bytes of a folder."""
    try:
        return os.stat(folder).st_dev, shutil.disk_usage(folder).free
    except OSError:
        return -1, None


def _groups(home: Field) -> list[Group]:
    """What is to leave, by size alone, in the order in which it leaves."""
    marks = ", ".join("?" * len(LEAVING))
    rows = home.vault.db.query(
        f"SELECT eid, file_bytes FROM entry WHERE state IN ({marks}) ORDER BY sealed_at, signer, seq", LEAVING
    )
    groups: list[Group] = []
    for eid, size in rows:
        streams = home.vault.db.query(
            "SELECT sid, cells FROM entry_stream WHERE eid = ? AND kind = 'att' ORDER BY place", (bytes(eid),)
        )
        head = Item(ENTRY_FILE, bytes(eid), int(size), b"", Path())
        groups.append(
            (head, *(Item(STREAM_FILE, bytes(sid), int(cells) * CELL, b"", Path()) for sid, cells in streams))
        )
    return groups
