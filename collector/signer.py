"""Forward-secure one-time signatures of a device (docs/spec/protocol.md §7).

Rule: leaf i signs once, and the state that could sign it again is gone as soon as the caller has stored the next one.
So a seized device signs only numbers it has not used: it cannot back-date. The index of the leaf is the entry's `seq`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from collector import crypto, merkle
from collector.crypto import P, Secret
from schemas.problems import Problem
from schemas.records.common import LeafSignature

LEAVES: Final = 4096
RENEW_AT: Final = 3900
ENROL_LEAF: Final = 0
"""The leaf that signs the enrolment request and nothing else."""


@dataclass(frozen=True, slots=True)
class SignerState:
    """What signs leaf `index` and all later ones, and no earlier one."""

    index: int
    state: Secret = field(repr=False, compare=False)


def leaf_hash(public: bytes) -> bytes:
    """The leaf that stands for a one-time public key."""
    return merkle.leaf(P + b"fs/leaf\0" + public)


def _pair(state: crypto.BytesLike) -> tuple[bytes, Secret]:
    with crypto.expand(state, "fs/ed25519") as seed:
        return crypto.sign_keypair(seed)


def _next(state: crypto.BytesLike) -> Secret:
    return crypto.expand(state, "fs/next")


class SignerTree:
    """The public side of a device's keys: all leaf hashes (32 bytes each, one after another) and their root."""

    __slots__ = ("_levels", "leaves", "n", "root")

    def __init__(self, leaves: bytes) -> None:
        if not leaves or len(leaves) % merkle.HASH:
            raise Problem("E_SIG_LEAF")
        self.leaves = bytes(leaves)
        self._levels = merkle.levels([self.leaves[i : i + merkle.HASH] for i in range(0, len(leaves), merkle.HASH)])
        self.n = len(self._levels[0])
        self.root = self._levels[-1][0]

    @classmethod
    def create(cls, seed: Secret, n: int = LEAVES) -> tuple[SignerTree, SignerState]:
        """A new tree of `n` leaves and the state that signs leaf 0. The seed stays the caller's to wipe."""
        hashes: list[bytes] = []
        state = Secret(seed)
        for _ in range(n):
            public, secret = _pair(state)
            secret.wipe()
            hashes.append(leaf_hash(public))
            following = _next(state)
            state.wipe()
            state = following
        state.wipe()
        return cls(b"".join(hashes)), SignerState(0, Secret(seed))

    def sign(self, state: SignerState, kind: str, body: bytes) -> tuple[LeafSignature, SignerState]:
        """The signature by the state's leaf, and the next state.

        Store the next state durably, in the place of this one, before the signature leaves the machine; then wipe this
        one. Raises E_SIGNER_SPENT when no leaf is left, E_SIG_LEAF when the state is not of this tree.
        """
        if state.index >= self.n:
            raise Problem("E_SIGNER_SPENT")
        public, secret = _pair(state.state)
        with secret:
            if leaf_hash(public) != self._levels[0][state.index]:
                raise Problem("E_SIG_LEAF")
            signature = LeafSignature(
                i=state.index,
                pk=public,
                path=tuple(merkle.path_within(state.index, self._levels)),
                s=crypto.sign(secret, kind, body),
            )
        return signature, SignerState(state.index + 1, _next(state.state))


def verify_leaf(root: bytes, n: int, kind: str, body: bytes, signature: LeafSignature, first: int = 1) -> None:
    """Raises unless the leaf signature holds under the certificate's root and number of leaves.

    In this order, and no hash is computed before 1 to 3 hold:
    1. lengths of key and signature (E_SIG)      2. first ≤ i < n (E_SEQ)      3. length of the path (E_SIG_LEAF)
    4. the path (E_SIG_LEAF)                     5. the signature (E_SIG)
    """
    if len(signature.pk) != 32 or len(signature.s) != 64:
        raise Problem("E_SIG")
    if not max(first, 0) <= signature.i < n:
        raise Problem("E_SEQ")
    if len(signature.path) != merkle.path_length(signature.i, n) or any(len(part) != 32 for part in signature.path):
        raise Problem("E_SIG_LEAF")
    try:
        merkle.check_inclusion(signature.i, n, leaf_hash(signature.pk), signature.path, root)
    except Problem:
        raise Problem("E_SIG_LEAF") from None
    crypto.verify(signature.pk, kind, body, signature.s)
