"""Volumes for measuring how they travel: honest ones of any length, made in a moment.

Random cells are made once and shared; each volume has a bundle key, and so a header and a place, of its own. A receiver
cannot tell them from volumes that hold something.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from collector import crypto, merkle
from collector.cells import CELL, SLOT
from collector.crypto import Secret
from sync.upload import Volume
from sync.volume import SLOTS, Header, lead_length, write_header, write_lead


@dataclass(frozen=True, slots=True)
class Content:
    """Cells, and their leaf hashes."""

    cells: bytes
    leaves: tuple[bytes, ...]

    @classmethod
    def random(cls, count: int) -> Content:
        """So many cells: 16, 256 or 4096."""
        cells = os.urandom(count * CELL)
        view = memoryview(cells)
        return cls(cells, tuple(merkle.leaf(view[at : at + CELL]) for at in range(0, len(cells), CELL)))


def lead_of(content: Content) -> tuple[Header, bytes]:
    """Header and front lead of a bundle of its own, of which this content is the only volume."""
    with Secret.random() as seed:
        public, secret = crypto.sign_keypair(seed)
    slots = tuple(crypto.random_bytes(SLOT) for _ in range(SLOTS))
    roots, kc = merkle.root(content.leaves), crypto.random_bytes(32)
    header = Header(public, 1, 1, 0, 0, 1, len(content.leaves), roots, merkle.root([roots]), kc, slots)
    with secret:
        return header, write_lead(write_header(header, secret), content.leaves)


def write(path: Path, content: Content) -> Volume:
    """A new volume in a file, as the client wants it described.

    Where the file has the content already, as another volume, only its two leads are written.
    """
    header, lead = lead_of(content)
    length = len(content.cells) + 2 * lead_length(len(content.leaves))
    if path.exists() and path.stat().st_size == length:
        with path.open("r+b") as file:
            file.write(lead)
            file.seek(-len(lead), os.SEEK_END)
            file.write(lead)
    else:
        with path.open("wb") as file:
            file.writelines((lead, content.cells, lead))
    return Volume(header.bid, 0, 0, header.bundle_root, header.shard_root, path, length)
