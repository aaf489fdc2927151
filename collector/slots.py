"""Slots: 32-byte keys sealed to recipients, alike for every reader from outside (docs/spec/protocol.md §6.2, §6.3).

Rules kept here: a real slot and a dummy have the same length and both begin with a point of the curve; nothing of a
slot tells recipient, compartment or number; what opens is bound to kind, object, compartment and the key's commitment;
and no key leaves `combine` before its commitment was compared.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from collector import crypto
from collector.cells import SLOT
from collector.crypto import P, Secret
from schemas.problems import Problem

KIND_ENTRY: Final = 0
KIND_BUNDLE: Final = 1
KIND_PACK: Final = 2
KEY: Final = 32
MAX_SHARES: Final = 8
COMPARTMENTS_IN_USE: Final = 3

_HEADER: Final = 6
_BODY: Final = crypto.HPKE_OVERHEAD + KEY
_INNER: Final = SLOT - crypto.SEAL_OVERHEAD


@dataclass(frozen=True, slots=True)
class RecipientPublic:
    """What a mission pack names of a recipient: NaCl key 32 bytes, X-Wing key 1216 bytes.

    Raises E_RECIPIENT_KEY for other lengths; whether the keys are sound shows in `check_recipient`.
    """

    pk_n: bytes
    pk_x: bytes

    def __post_init__(self) -> None:
        if len(self.pk_n) != crypto.X25519_PUBLIC or len(self.pk_x) != crypto.HYBRID_PUBLIC:
            raise Problem("E_RECIPIENT_KEY")

    @property
    def rid(self) -> bytes:
        """The 16-byte name of the recipient: H(P‖"rid"‖00‖pkN‖pkX) cut short."""
        return crypto.tagged("rid", self.pk_n, self.pk_x)[:16]


class RecipientKeys:
    """The secret half: grown from one 32-byte seed, so that one set of recovery words holds it."""

    __slots__ = ("_hybrid", "_sk_n", "public", "rid")

    def __init__(self, seed: crypto.BytesLike) -> None:
        self._sk_n = crypto.expand(seed, "recip/nacl")
        with crypto.expand(seed, "recip/xwing") as grown:
            self._hybrid: crypto.HybridKey | None = crypto.HybridKey(grown)
        self.public = RecipientPublic(crypto.box_keypair(self._sk_n), self._hybrid.public)
        self.rid = self.public.rid

    @classmethod
    def from_seed(cls, seed: Secret) -> RecipientKeys:
        """The keys of a seed; the seed stays the caller's to wipe."""
        return cls(seed)

    def wipe(self) -> None:
        """Forget the secret keys; nothing opens with them afterwards."""
        self._sk_n.wipe()
        self._hybrid = None

    def open_outer(self, slot: bytes) -> bytes | None:
        """What the NaCl box of a slot holds, or None when it is not ours."""
        return crypto.box_open(slot, self.public.pk_n, self._sk_n) if self._sk_n else None

    def open_inner(self, body: bytes, info: bytes) -> Secret | None:
        """What the HPKE box holds, or None when it was not sealed to us for `info`."""
        return crypto.hpke_open(body, self._hybrid, info) if self._hybrid else None

    def __repr__(self) -> str:
        return f"<RecipientKeys {self.rid.hex()}>"


@dataclass(frozen=True, slots=True)
class OpenedShare:
    """A share that one of our keys opened: compartment, group, place in the group, size of the group, who we were."""

    comp: int
    grp: int
    idx: int
    tot: int
    share: Secret = field(repr=False, compare=False)
    rid: bytes = b""


def commitment(ck: crypto.BytesLike, oid: bytes, comp: int) -> bytes:
    """kc: what binds a content key to its object (16-byte id) and compartment (docs/spec/protocol.md §6.2)."""
    return bytes(crypto.expand(ck, b"kc\0" + oid + bytes([comp])))


def slot_info(header: bytes, oid: bytes, kc: bytes) -> bytes:
    """The HPKE info of a slot: everything that must not change when a slot is moved."""
    return P + b"slot\0" + header + oid + kc


def seal_slot(
    recipient: RecipientPublic,
    *,
    oid: bytes,
    comp: int,
    kc: bytes,
    share: crypto.BytesLike,
    kind: int,
    grp: int = 0,
    idx: int = 0,
    tot: int = 1,
) -> bytes:
    """A slot of 1280 bytes that gives `share` (32 bytes) to the recipient.

    Raises E_RECIPIENT_KEY for keys of low order or out of range, E_SLOT_FORMAT for places that version 1 does not have.
    """
    if len(oid) != 16 or len(kc) != 32 or len(share) != KEY or not _in_range(comp, grp, idx, tot, kind):
        raise Problem("E_SLOT_FORMAT")
    header = bytes([comp, grp, idx, tot, kind, 0])
    body = crypto.hpke_seal(share, recipient.pk_x, slot_info(header, oid, kc))
    return crypto.box_seal((header + body).ljust(_INNER, b"\0"), recipient.pk_n)


def check_recipient(recipient: RecipientPublic) -> None:
    """Raises E_RECIPIENT_KEY unless something can be sealed to these keys: a throw-away slot is (§6.3)."""
    seal_slot(recipient, oid=bytes(16), comp=0, kc=bytes(32), share=bytes(KEY), kind=KIND_ENTRY)


def dummy_slot() -> bytes:
    """A slot that nobody opens: a point of the curve, then random bytes."""
    with Secret.random() as throwaway:
        return crypto.box_keypair(throwaway) + crypto.random_bytes(SLOT - crypto.X25519_PUBLIC)


def arranged(slots: Sequence[bytes], total: int) -> list[bytes]:
    """The slots filled up to `total` with dummies, in random order. Raises E_TOO_MANY_SLOTS."""
    if len(slots) > total:
        raise Problem("E_TOO_MANY_SLOTS", slots=len(slots), limit=total)
    full = [*slots, *(dummy_slot() for _ in range(total - len(slots)))]
    secrets.SystemRandom().shuffle(full)
    return full


def split(ck: crypto.BytesLike, tot: int) -> list[Secret]:
    """Shares for a group of `tot` officers who must all be present: random, and together (XOR) the key."""
    shares = [Secret.random(len(ck)) for _ in range(tot - 1)]
    return [*shares, _xor([Secret(ck), *shares])]


def open_slots(
    slots: Iterable[bytes], keys: Sequence[RecipientKeys], *, oid: bytes, kcs: Sequence[bytes], kind: int
) -> list[OpenedShare]:
    """Every share that one of `keys` opens; a slot that opens for none of them is passed over.

    Every key is tried on every slot. Raises, for a slot that is ours: E_SLOT_FORMAT (ranges, kind), E_PAD (padding),
    E_SLOT_CONTEXT (carried over from another entry, compartment or kind).
    """
    found: list[OpenedShare] = []
    for slot in slots:
        for key in keys:
            inner = key.open_outer(bytes(slot))
            if inner is not None:
                found.append(_open_inner(inner, key, oid, kcs, kind))
    return found


def combine(opened: Iterable[OpenedShare], kcs: Sequence[bytes], oid: bytes) -> dict[int, Secret]:
    """The content keys, by compartment, of every group whose shares are all there.

    A group with a missing share opens nothing. Raises E_KEY_COMMIT when a key is not the one that was committed to; so
    also when one place of a group holds two different shares, since no more than one of them can lead to it.
    """
    groups: dict[tuple[int, int, int], dict[int, Secret]] = {}
    for item in opened:
        held = groups.setdefault((item.comp, item.grp, item.tot), {}).setdefault(item.idx, item.share)
        if not crypto.same(held, item.share):
            raise Problem("E_KEY_COMMIT")
    keys: dict[int, Secret] = {}
    for (comp, _grp, tot), shares in groups.items():
        if len(shares) < tot:
            continue
        ck = _xor(list(shares.values()))
        if not crypto.same(commitment(ck, oid, comp), kcs[comp]):
            raise Problem("E_KEY_COMMIT")
        keys.setdefault(comp, ck)
    return keys


def _in_range(comp: int, grp: int, idx: int, tot: int, kind: int) -> bool:
    compartments = COMPARTMENTS_IN_USE if kind == KIND_ENTRY else 1
    return (
        kind in (KIND_ENTRY, KIND_BUNDLE, KIND_PACK)
        and 0 <= comp < compartments
        and 0 <= grp <= 255
        and 1 <= tot <= MAX_SHARES
        and 0 <= idx < tot
    )


def _open_inner(inner: bytes, key: RecipientKeys, oid: bytes, kcs: Sequence[bytes], kind: int) -> OpenedShare:
    """Steps of §6.3 after the outer box: ranges, padding, HPKE."""
    if len(inner) != _INNER:
        raise Problem("E_SLOT_FORMAT")
    header, body, padding = inner[:_HEADER], inner[_HEADER : _HEADER + _BODY], inner[_HEADER + _BODY :]
    comp, grp, idx, tot, found_kind, zero = header
    if found_kind != kind or zero or not _in_range(comp, grp, idx, tot, kind):
        raise Problem("E_SLOT_FORMAT")
    if any(padding):
        raise Problem("E_PAD")
    share = key.open_inner(body, slot_info(header, oid, kcs[comp]))
    if share is None:
        raise Problem("E_SLOT_CONTEXT")
    return OpenedShare(comp, grp, idx, tot, share, key.rid)


def _xor(parts: Sequence[crypto.BytesLike]) -> Secret:
    total = Secret(len(parts[0]))
    for part in parts:
        for i, byte in enumerate(part):
            total[i] ^= byte
    return total
