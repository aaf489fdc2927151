"""Small bundles made in memory, step by step and apart from `sync.bundle`, for tests that damage them."""

from __future__ import annotations

from dataclasses import dataclass

from collector import cellstream, crypto, merkle, slots
from collector.cells import CELL, CHUNK
from collector.crypto import Secret
from sync.erasure import Code
from sync.volume import Header, write_header, write_lead

CELLS = 16
INTAKE_SEED = b"I" * 32


def intake_public() -> slots.RecipientPublic:
    return slots.RecipientKeys.from_seed(Secret(INTAKE_SEED)).public


@dataclass
class Made:
    """A bundle in memory: its files by place, and the secret that signs it (to make hostile variants)."""

    files: dict[tuple[int, int], bytes]
    bid: bytes
    bundle_root: bytes
    secret: Secret
    headers: dict[tuple[int, int], Header]


def make_bundle(
    payload: bytes, k: int, n: int, *, intake: slots.RecipientPublic | None = None, stripes: int = 1
) -> Made:
    """A class 0 bundle of `stripes` stripes that holds `payload`, cut and sealed as the protocol says."""
    public, secret = crypto.sign_keypair(Secret.random())
    bid = crypto.tagged("bundle", public)[:16]
    tk = Secret.random()
    kc = slots.commitment(tk, bid, 0)
    slot = slots.seal_slot(intake or intake_public(), oid=bid, comp=0, kc=kc, share=tk, kind=slots.KIND_BUNDLE)
    table = tuple(slots.arranged([slot], 4))
    total = stripes * k * CELLS
    stream, _ = cellstream.seal_bytes(crypto.expand(tk, "transport"), bid, payload.ljust(total * CHUNK, b"\0"))
    shards: dict[tuple[int, int], list[bytes]] = {}
    for stripe in range(stripes):
        start = stripe * k * CELLS * CELL
        data = [stream[start + i * CELLS * CELL : start + (i + 1) * CELLS * CELL] for i in range(k)]
        for i, shard in enumerate([*data, *Code(k, n).parity(data)]):
            shards[stripe, i] = [shard[at : at + CELL] for at in range(0, len(shard), CELL)]
    leaves = {place: [merkle.leaf(cell) for cell in cells] for place, cells in shards.items()}
    bundle_root = merkle.root([merkle.root(leaves[s, i]) for s in range(stripes) for i in range(n)])
    headers = {
        (s, i): Header(public, k, n, i, s, stripes, CELLS, merkle.root(leaves[s, i]), bundle_root, kc, table)
        for s, i in shards
    }
    files = {place: assemble(headers[place], secret, leaves[place], shards[place]) for place in shards}
    return Made(files, bid, bundle_root, secret, headers)


def assemble(header: Header, secret: Secret, leaves: list[bytes], cells: list[bytes]) -> bytes:
    """The bytes of one volume file."""
    lead = write_lead(write_header(header, secret), leaves)
    return lead + b"".join(cells) + lead


def flipped(data: bytes, *offsets: int) -> bytes:
    """`data` with one bit changed at each offset."""
    out = bytearray(data)
    for offset in offsets:
        out[offset] ^= 1
    return bytes(out)
