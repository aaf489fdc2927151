"""R1, a receiver's word that it stored one volume (docs/spec/protocol.md §11.1). It permits no deletion."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from collector import crypto
from collector.crypto import Secret
from collector.signed import StaticKey, sign_object
from schemas import structure
from schemas.records.network import StoredReceipt
from sync.receiver.ports import Claim


def sign_r1(claim: Claim, key: StaticKey, now: int) -> bytes:
    """The signed statement. Only after the volume is published in the store."""
    place = claim.place
    said = StoredReceipt(bid=place.bid, broot=claim.broot, s=place.stripe, i=place.index, shard=claim.shard, rx=now)
    return sign_object("r1", structure.encode(said), [key])


@contextlib.contextmanager
def signer_of(seed: Secret, now: int) -> Iterator[Callable[[Claim], bytes]]:
    """Signs R1 of this moment with the key that grows from a seed; both are wiped afterwards."""
    with seed:
        _, key = crypto.sign_keypair(seed)
    with key:
        yield lambda claim: sign_r1(claim, key, now)
