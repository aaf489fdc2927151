"""The envelope of mission packs and return files (docs/spec/protocol.md §8.3, §11.2).

    magic 8 ‖ id 16 ‖ kc 32 ‖ u32 mlen ‖ 4 slots ‖ sealed content (mlen) ‖ streams of forms

Rule: what is inside counts only after slot, commitment and seal held, in this order; forms come out one by one
against lengths that stand in the signed content, and nothing may follow the last.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from collector import crypto, slots
from collector.cells import CELL, SLOT, StreamInfo, cells_for
from collector.cellstream import open_bytes, seal_bytes
from collector.crypto import Secret
from collector.slots import RecipientKeys, RecipientPublic
from schemas.canonical import Limits
from schemas.problems import Problem

SLOTS: Final = 4
MAX_SEALED: Final = 2 << 20
MAX_FORMS: Final = 256
LIMITS: Final = Limits(size=MAX_SEALED - crypto.TAG - 4, items=262_144)
"""Bounds of the content, which may be larger than what else travels: a pack holds tokens, a return file receipts."""
PACK_MAGIC: Final = b"SVIDPAK1"
RETURN_MAGIC: Final = b"SVIDRET1"

_FIXED: Final = struct.Struct(">8s16s32sI")
_START: Final = _FIXED.size + SLOTS * SLOT
_BLOCK: Final = 65_536
_ZERO_NONCE: Final = bytes(12)
"""The key is drawn for one envelope and seals once."""


@dataclass(frozen=True, slots=True)
class Opened:
    """An envelope that opened: its id, its content (canonical msgpack), and its forms, still sealed."""

    pack_id: bytes
    content: bytes
    _key: Secret = field(repr=False, compare=False)
    _streams: bytes = field(repr=False, compare=False)

    def forms(self, sizes: Sequence[int]) -> list[bytes]:
        """The forms and their files, in order, each of the size in bytes that the signed content names.

        Their hashes are the caller's to compare. Raises E_STREAM_LEN, E_CELL_AUTH, E_PAD, and E_TRAILING when
        something follows.
        """
        if len(sizes) > MAX_FORMS:
            raise Problem("E_STREAM_LEN", where="forms")
        out: list[bytes] = []
        at = 0
        for index, size in enumerate(sizes):
            info = StreamInfo(self.pack_id, size, cells_for(size), None, None)
            end = at + info.cells * CELL
            with crypto.expand(self._key, b"form" + bytes([index])) as sk:
                out.append(open_bytes(sk, self._streams[at:end], info))
            at = end
        if at != len(self._streams):
            raise Problem("E_TRAILING")
        return out

    def wipe(self) -> None:
        """Forget the key of the envelope."""
        self._key.wipe()


def seal(magic: bytes, content: bytes, recipients: Sequence[RecipientPublic], forms: Sequence[bytes] = ()) -> bytes:
    """The bytes of an envelope. Raises E_TOO_MANY_SLOTS beyond 4 recipients, E_CMP_SIZE beyond 2 MiB of content."""
    mlen = -(-(len(content) + 4 + crypto.TAG) // _BLOCK) * _BLOCK
    if len(content) > LIMITS.size or len(forms) > MAX_FORMS:
        raise Problem("E_CMP_SIZE")
    pack_id = crypto.random_bytes(16)
    with Secret.random() as key:
        kc = slots.commitment(key, pack_id, 0)
        sealed_slots = [
            slots.seal_slot(recipient, oid=pack_id, comp=0, kc=kc, share=key, kind=slots.KIND_PACK)
            for recipient in recipients
        ]
        start = _FIXED.pack(magic, pack_id, kc, mlen) + b"".join(slots.arranged(sealed_slots, SLOTS))
        padded = (struct.pack(">I", len(content)) + content).ljust(mlen - crypto.TAG, b"\0")
        with crypto.expand(key, "pack") as content_key:
            sealed = crypto.aead_seal(content_key, _ZERO_NONCE, padded, crypto.sha256(start))
        streams = []
        for index, form in enumerate(forms):
            with crypto.expand(key, b"form" + bytes([index])) as sk:
                streams.append(seal_bytes(sk, pack_id, form)[0])
    return b"".join((start, sealed, *streams))


def open(magic: bytes, data: bytes, keys: Sequence[RecipientKeys]) -> Opened:
    """The envelope in `data`, opened by one of `keys`.

    In this order: form (E_FORMAT), slots (E_NOT_FOR_US, E_SLOT_*), commitment (E_KEY_COMMIT), seal (E_PACK_AUTH),
    padding (E_PAD). Signatures inside are the caller's next step.
    """
    if len(data) < _START:
        raise Problem("E_FORMAT", where="envelope")
    found_magic, pack_id, kc, mlen = _FIXED.unpack_from(data)
    if found_magic != magic or not _BLOCK <= mlen <= MAX_SEALED or mlen % _BLOCK or len(data) < _START + mlen:
        raise Problem("E_FORMAT", where="envelope")
    table = [data[at : at + SLOT] for at in range(_FIXED.size, _START, SLOT)]
    shares = slots.open_slots(table, keys, oid=pack_id, kcs=[kc], kind=slots.KIND_PACK)
    key = slots.combine(shares, [kc], pack_id).get(0)
    if key is None:
        raise Problem("E_NOT_FOR_US")
    with crypto.expand(key, "pack") as content_key:
        padded = crypto.aead_open(
            content_key, _ZERO_NONCE, memoryview(data)[_START : _START + mlen], crypto.sha256(data[:_START])
        )
    if padded is None:
        raise Problem("E_PACK_AUTH")
    (length,) = struct.unpack_from(">I", padded)
    if length > len(padded) - 4 or any(padded[4 + length :]):
        raise Problem("E_PAD")
    return Opened(pack_id, padded[4 : 4 + length], key, bytes(data[_START + mlen :]))
