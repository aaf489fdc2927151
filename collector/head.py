"""The head of a sealed entry and the documents behind it (docs/spec/protocol.md §6.2, §6.4).

Rule: everything public of a head is covered by `pub_hash`, and `pub_hash` is what the manifest's seal, every
document's stream and the device's signature are bound to. A head tells nothing from outside: no magic, no counts.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from collector import crypto
from collector.cells import CHUNK, SLOT, StreamInfo, all_zero
from collector.cellstream import open_bytes, seal_bytes
from collector.crypto import BytesLike, Secret
from collector.padme import padme
from collector.slots import commitment
from schemas.problems import Problem

EID: Final = 16
KCS: Final = 8
SLOTS: Final = 16
PUB_SIZE: Final = EID + 32 * KCS + SLOT * SLOTS
HEAD_SIZE: Final = 65_536
MANIFEST_REGION: Final = HEAD_SIZE - PUB_SIZE
MANIFEST_LIMIT: Final = MANIFEST_REGION - crypto.TAG - 4
"""Bytes of canonical msgpack that a manifest may have: 44,764."""

_LENGTH: Final = struct.Struct(">I")
_ZERO_NONCE: Final = bytes(12)
"""Each manifest key comes from a content key that seals one manifest, so this nonce is used once with it."""


@dataclass(frozen=True, slots=True)
class Head:
    """The parts of a head: entry id 16, eight commitments, sixteen slots, hash of all that, sealed manifest."""

    eid: bytes
    kcs: tuple[bytes, ...]
    slots: tuple[bytes, ...]
    pub_hash: bytes
    region: bytes

    @classmethod
    def parse(cls, data: BytesLike) -> Head:
        """The head in exactly 65,536 bytes. Raises E_FORMAT."""
        raw = bytes(data)
        if len(raw) != HEAD_SIZE:
            raise Problem("E_FORMAT", where="head")
        slots_at = EID + 32 * KCS
        return cls(
            eid=raw[:EID],
            kcs=tuple(raw[at : at + 32] for at in range(EID, slots_at, 32)),
            slots=tuple(raw[at : at + SLOT] for at in range(slots_at, PUB_SIZE, SLOT)),
            pub_hash=crypto.sha256(raw[:PUB_SIZE]),
            region=raw[PUB_SIZE:],
        )


def public_part(eid: bytes, cks: Mapping[int, BytesLike], slots: Sequence[bytes]) -> bytes:
    """The first 20,752 bytes of a head: id, commitments (random where a compartment is not used), sixteen slots.

    `slots` come from `slots.arranged(…, 16)`. SHA-256 of the result is the `hdr` that the manifest names.
    """
    if len(eid) != EID or len(slots) != SLOTS or any(len(slot) != SLOT for slot in slots):
        raise Problem("E_FORMAT", where="head")
    kcs = (commitment(cks[comp], eid, comp) if comp in cks else crypto.random_bytes(32) for comp in range(KCS))
    return b"".join((eid, *kcs, *slots))


def build_head(pub: bytes, ck0: BytesLike, manifest: bytes) -> bytes:
    """The whole head: the public part and the manifest sealed under compartment 0's key. Raises E_MANIFEST_SIZE.

    Once for each `ck0`: its manifest key has a fixed nonce.
    """
    if len(pub) != PUB_SIZE:
        raise Problem("E_FORMAT", where="head")
    if len(manifest) > MANIFEST_LIMIT:
        raise Problem("E_MANIFEST_SIZE", bytes=len(manifest), limit=MANIFEST_LIMIT)
    padded = (_LENGTH.pack(len(manifest)) + manifest).ljust(MANIFEST_REGION - crypto.TAG, b"\0")
    with crypto.expand(ck0, "manifest") as key:
        return pub + crypto.aead_seal(key, _ZERO_NONCE, padded, crypto.sha256(pub))


def open_manifest(head: Head, ck0: BytesLike) -> bytes:
    """The manifest's bytes. Raises E_MANIFEST_AUTH, E_PAD."""
    with crypto.expand(ck0, "manifest") as key:
        padded = crypto.aead_open(key, _ZERO_NONCE, head.region, head.pub_hash)
    if padded is None:
        raise Problem("E_MANIFEST_AUTH")
    return _unframed(padded)


def document_cells(
    ck: BytesLike, document: bytes, head_hash: bytes, sid: bytes | None = None
) -> tuple[bytes, StreamInfo]:
    """The cells of one compartment's document (canonical msgpack), padded by Padmé to whole cells.

    `head_hash` is H(public part). A compartment's key seals one document and no second one.
    """
    framed = _LENGTH.pack(len(document)) + document
    count = padme(-(-len(framed) // CHUNK))
    with crypto.expand(ck, "doc") as sk:
        return seal_bytes(sk, sid or crypto.random_bytes(16), framed.ljust(count * CHUNK, b"\0"), head_hash)


def open_document(ck: BytesLike, cells: BytesLike, info: StreamInfo, head_hash: bytes) -> bytes:
    """A document's bytes. Raises what `open_bytes` raises, and E_PAD for a padding other than the one permitted."""
    with crypto.expand(ck, "doc") as sk:
        document = _unframed(open_bytes(sk, cells, info, head_hash))
    if padme(-(-(len(document) + 4) // CHUNK)) != info.cells:
        raise Problem("E_PAD")
    return document


def content_keys(compartments: Sequence[int]) -> dict[int, Secret]:
    """A fresh content key for compartment 0 and for each one named."""
    return {comp: Secret.random() for comp in sorted({0, *compartments})}


def _unframed(padded: bytes) -> bytes:
    (length,) = _LENGTH.unpack_from(padded)
    if length > len(padded) - 4 or not all_zero(memoryview(padded)[4 + length :]):
        raise Problem("E_PAD")
    return padded[4 : 4 + length]
