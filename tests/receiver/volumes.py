"""Volumes of any class made in a moment, honest ones: for tests and figures that only carry and check them."""

from __future__ import annotations

import random

from collector import crypto, merkle
from collector.cells import CELL, SLOT
from collector.crypto import Secret
from sync.volume import SLOTS, Header, write_header, write_lead


def make_volume(seed: int, cells: int = 16, *, index: int = 0, n: int = 1, fill: int | None = None) -> bytes:
    """One volume of a bundle that `seed` names; `index` and `fill` make others of the same bundle."""
    public, secret = crypto.sign_keypair(Secret(crypto.sha256(b"bundle", seed.to_bytes(8, "big"))))
    source = random.Random(f"{seed}/{index}/{fill}")
    body = [source.randbytes(CELL) for _ in range(cells)]
    leaves = [merkle.leaf(cell) for cell in body]
    common = random.Random(seed)
    slots = tuple(common.randbytes(SLOT) for _ in range(SLOTS))
    kc, root = common.randbytes(32), common.randbytes(32)
    header = Header(public, 1, n, index, 0, 1, cells, merkle.root(leaves), root, kc, slots)
    lead = write_lead(write_header(header, secret), leaves)
    return lead + b"".join(body) + lead
