"""Bundles written by `sync.bundle` into real folders, and read again: what the tests of the stick's way share."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from collector import crypto
from collector.cells import CELL, CHUNK
from collector.crypto import Secret
from collector.slots import RecipientKeys
from schemas.records.bundle import ENTRY_FILE, STREAM_FILE
from sync.bundle import BundleKeys, Writer, Written
from sync.decode import Decoder, VolumeSet, transport_key
from sync.listing import OpenFile, list_folders
from sync.medium import Stick
from sync.payload import Group, Item, Payload, PlacedFile, group_layout, read_index
from sync.volume import read_lead
from tests.sync.volumes import INTAKE_SEED

RETN = b"R" * 16
NO_LIMIT = 1 << 50


def intake_keys() -> list[RecipientKeys]:
    return [RecipientKeys.from_seed(Secret(INTAKE_SEED))]


def entry(folder: Path, name: int, cells: int = 3, streams: Sequence[int] = ()) -> Group:
    """A group of random cells: an entry of `cells` cells and streams of the given numbers of cells."""
    items = [_item(folder, ENTRY_FILE, f"{name:02x}" * 16, cells)]
    items += [
        _item(folder, STREAM_FILE, f"{name:02x}" * 15 + f"{place + 128:02x}", n) for place, n in enumerate(streams, 1)
    ]
    return tuple(items)


def _item(folder: Path, kind: int, name: str, cells: int) -> Item:
    folder.mkdir(exist_ok=True)
    path = folder / name
    data = os.urandom(cells * CELL)
    path.write_bytes(data)
    return Item(kind, bytes.fromhex(name), len(data), crypto.sha256(data), path)


@dataclass
class Export:
    """A bundle on sticks, and the sticks as they were left."""

    written: Written
    sticks: list[Stick]
    groups: list[Group]


def folders(base: Path, count: int) -> list[Path]:
    """Empty folders that stand for sticks."""
    found = [base / f"stick{number}" for number in range(count)]
    for folder in found:
        folder.mkdir(parents=True, exist_ok=True)
    return found


def write_bundle(groups: Sequence[Group], to: Sequence[Path], k: int = 3, n: int = 5, retn: bytes = RETN) -> Export:
    """One bundle over the folders."""
    layout = group_layout(groups, k, n)
    assert layout is not None
    keys = BundleKeys([key.public for key in intake_keys()])
    sticks = [Stick(folder) for folder in to]
    written = Writer(Payload(groups, retn), layout, keys, sticks).write()
    keys.wipe()
    return Export(written, sticks, list(groups))


def volume_files(to: Sequence[Path]) -> list[Path]:
    """All volumes in the folders."""
    return sorted(path for folder in to for path in folder.glob("*.vol"))


@dataclass
class DecodedPayload:
    """What came out: the files of the index with their bytes, and what the decoder noticed."""

    files: dict[bytes, bytes]
    placed: list[PlacedFile]
    lost: int
    damaged: int


def decode(to: Sequence[Path], target: Path) -> DecodedPayload:
    """Decodes the one bundle in the folders. Raises as the decoder does."""
    opened = [OpenFile(found.path) for found in list_folders(to).volumes]
    fd = os.open(target, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        volumes: VolumeSet | None = None
        for file in opened:
            lead = read_lead(file)
            volumes = volumes or VolumeSet(lead.header)
            volumes.add(file, lead)
        assert volumes is not None
        volumes.check_budget(NO_LIMIT)
        with transport_key(volumes.header, intake_keys()) as key:
            Decoder(volumes, key, fd).run()
        _, placed = read_index(fd, volumes.header.total * CHUNK)
        content = {file.name: os.pread(fd, file.size, file.offset) for file in placed}
        return DecodedPayload(content, placed, volumes.lost, volumes.damaged)
    finally:
        os.close(fd)
        for file in opened:
            file.close()


def spoil(path: Path, *offsets: int) -> None:
    """Changes one bit at each offset of a file."""
    data = bytearray(path.read_bytes())
    for offset in offsets:
        data[offset] ^= 1
    path.write_bytes(data)
