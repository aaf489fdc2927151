"""Offices, tokens and claims by number, and what every test does with them."""

from __future__ import annotations

from collections.abc import Iterable

from collector import crypto
from collector.crypto import Secret
from sync.receiver.bounds import Bounds
from sync.receiver.core import Receiver
from sync.receiver.ports import Claim, Index, Lease, Office, Place, Store, Upload

NOW = 1_800_000_000
LATER = NOW + 365 * 86_400
LENGTH = 3000
OFFICE = Office(crypto.sha256(b"root"), crypto.sha256(b"desk"))
OTHER = Office(crypto.sha256(b"other root"), crypto.sha256(b"other desk"))
R1 = b"signed"


def token(number: int) -> bytes:
    """The hash of one token."""
    return crypto.sha256(b"token", bytes([number]))


def claim(bundle: int = 1, stripe: int = 0, index: int = 0, *, shard: bytes = b"", shared: bytes = b"") -> Claim:
    """A volume of a bundle; `shard` and `shared` make hostile variants."""
    bid = crypto.sha256(b"bid", bytes([bundle]))[:16]
    return Claim(
        Place(bid, stripe, index),
        crypto.sha256(b"shard", bid, bytes([stripe, index]), shard),
        crypto.sha256(b"shared", bid, shared),
        crypto.sha256(b"broot", bid),
    )


def content(length: int = LENGTH, seed: bytes = b"") -> bytes:
    """Bytes of which no two pieces are alike."""
    blocks = (crypto.sha256(seed, number.to_bytes(4, "big")) for number in range(-(-length // 32)))
    return b"".join(blocks)[:length]


async def accepted(
    index: Index, numbers: Iterable[int] = range(1, 9), *, office: Office = OFFICE, quota: int = 1 << 20,
    expires: int = LATER, issued: int = NOW,
) -> tuple[int, int]:  # fmt: skip
    """The office's list with these tokens is in force."""
    return await index.accept(office, sorted(token(number) for number in numbers), quota, expires, issued)


async def append(index: Index, store: Store, lease: Lease, data: bytes) -> Upload:
    """Bytes that are durable, and known to be, when this returns."""
    async with store.writer(lease.upload) as writer:
        await writer.write(data)
        offset = await writer.flush()
        return await index.advance(lease, offset, NOW)


async def finished(
    index: Index, store: Store, upload_id: str, wanted: Claim, *, token_number: int = 1, now: int = NOW,
    length: int = LENGTH,
) -> Upload:  # fmt: skip
    """A volume that has arrived whole."""
    upload = await published(index, store, upload_id, wanted, token_number=token_number, now=now, length=length)
    async with index.writing(upload.id) as lease:
        done = await index.complete(lease, R1 + upload_id.encode(), now)
    await store.discard(upload.id)
    return done


async def published(
    index: Index, store: Store, upload_id: str, wanted: Claim, *, token_number: int = 1, now: int = NOW,
    length: int = LENGTH,
) -> Upload:  # fmt: skip
    """A volume whose bytes are all there and in their place, of which the index has not heard."""
    upload = await index.create(upload_id, token(token_number), length, wanted, now)
    async with index.writing(upload.id) as lease:
        await append(index, store, lease, content(length))
        await store.publish(lease.upload)
    return upload


async def volume_bytes(store: Store, place: Place, offset: int = 0, length: int = 1 << 40) -> bytes:
    """What the store gives of a volume."""
    pieces = [piece async for piece in store.volume(place, offset, length)]
    assert all(0 < len(piece) <= 1 << 20 for piece in pieces)
    return b"".join(pieces)


def at(index: Index, store: Store, moment: int) -> Receiver:
    """The receiver at a moment. It is never closed: index and store are the test's."""
    return Receiver(index, store, Secret(crypto.random_bytes(32)), Bounds(patience=0.05), lambda: moment)
