"""Merkle trees of RFC 6962 with the proofs of RFC 9162 (docs/spec/protocol.md §3.2).

Rule: a proof either holds or raises E_PROOF; nothing here returns a truth value that a caller could forget to look at.
A tree is built level by level: pairing neighbours and carrying an odd last node upwards gives the same tree as
splitting at the largest power of two.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from schemas.problems import Problem

EMPTY = sha256(b"").digest()
HASH = 32


def leaf(data: bytes | bytearray | memoryview) -> bytes:
    """H(00‖data)."""
    digest = sha256(b"\0")
    digest.update(data)
    return digest.digest()


def node(left: bytes, right: bytes) -> bytes:
    """H(01‖left‖right)."""
    return sha256(b"\1" + left + right).digest()


def _above(level: Sequence[bytes]) -> list[bytes]:
    """The next level up: neighbours paired, an odd last node carried over."""
    upper = [node(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
    if len(level) % 2:
        upper.append(level[-1])
    return upper


def root(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes; H("") for none."""
    if not leaves:
        return EMPTY
    level = leaves
    while len(level) > 1:
        level = _above(level)
    return level[0]


def levels(leaves: Sequence[bytes]) -> list[Sequence[bytes]]:
    """Every level of the tree, from the leaves to the root alone; for who needs several paths of one tree."""
    found = [leaves]
    while len(found[-1]) > 1:
        found.append(_above(found[-1]))
    return found


def inclusion_path(i: int, leaves: Sequence[bytes]) -> list[bytes]:
    """The audit path of leaf `i`, nearest the leaf first. IndexError outside the tree."""
    return path_within(i, levels(leaves))


def path_within(i: int, tree: Sequence[Sequence[bytes]]) -> list[bytes]:
    """`inclusion_path` in a tree of which all `levels` are there."""
    if not 0 <= i < len(tree[0]):
        raise IndexError(i)
    path: list[bytes] = []
    for level in tree[:-1]:
        sibling = i ^ 1
        if sibling < len(level):
            path.append(level[sibling])
        i //= 2
    return path


def path_length(i: int, n: int) -> int:
    """How many hashes the audit path of leaf `i` in a tree of `n` has."""
    length, width = 0, n
    while width > 1:
        if i ^ 1 < width:
            length += 1
        i //= 2
        width = (width + 1) // 2
    return length


def check_inclusion(i: int, n: int, leaf_hash: bytes, path: Sequence[bytes], root_hash: bytes) -> None:
    """Raises E_PROOF unless the leaf stands at `i` of `n` under the root (RFC 9162 §2.1.3.2)."""
    if not 0 <= i < n or len(path) != path_length(i, n) or any(len(part) != HASH for part in path):
        raise Problem("E_PROOF")
    first, second, value = i, n - 1, leaf_hash
    for part in path:
        if first & 1 or first == second:
            value = node(part, value)
            while first and not first & 1:
                first >>= 1
                second >>= 1
        else:
            value = node(value, part)
        first >>= 1
        second >>= 1
    if second or value != root_hash:
        raise Problem("E_PROOF")


def consistency_proof(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    """The proof that the first `m` leaves start all `leaves` (RFC 9162 §2.1.4.1); empty for m = 0 and m = n."""
    n = len(leaves)
    if not 0 <= m <= n:
        raise IndexError(m)
    if m in (0, n):
        return []
    proof: list[bytes] = []
    low, high, whole = 0, n, True
    # Descend to the subtree that ends exactly at m; what is passed by on the way is the proof, from the top down.
    while low + m != high:
        half = 1 << (high - low - 1).bit_length() - 1
        if m <= half:
            proof.append(root(leaves[low + half : high]))
            high = low + half
        else:
            proof.append(root(leaves[low : low + half]))
            low, m, whole = low + half, m - half, False
    if not whole:
        proof.append(root(leaves[low:high]))
    return proof[::-1]


def check_consistency(m: int, n: int, root_m: bytes, root_n: bytes, proof: Sequence[bytes]) -> None:
    """Raises E_PROOF unless the tree of `m` leaves is the start of the tree of `n` (RFC 9162 §2.1.4.2)."""
    if not 0 <= m <= n or any(len(part) != HASH for part in proof):
        raise Problem("E_PROOF")
    if m in (0, n):
        if proof or (m == 0 and root_m != EMPTY) or (m == n and root_m != root_n):
            raise Problem("E_PROOF")
        return
    # A whole power of two is a node of the larger tree: its root starts the proof and is not sent.
    parts = list(proof) if m & (m - 1) else [root_m, *proof]
    if not parts or _grown(m, n, parts) != (root_m, root_n):
        raise Problem("E_PROOF")


def _grown(m: int, n: int, parts: Sequence[bytes]) -> tuple[bytes, bytes]:
    """The two roots that a consistency proof leads to. Raises E_PROOF when it has the wrong length."""
    first, second = m - 1, n - 1
    while first & 1:
        first >>= 1
        second >>= 1
    old = new = parts[0]
    for part in parts[1:]:
        if second == 0:
            raise Problem("E_PROOF")
        if first & 1 or first == second:
            old, new = node(part, old), node(part, new)
            while first and not first & 1:
                first >>= 1
                second >>= 1
        else:
            new = node(new, part)
        first >>= 1
        second >>= 1
    if second:
        raise Problem("E_PROOF")
    return old, new


class Accumulator:
    """A tree that grows leaf by leaf and keeps only its O(log n) peaks."""

    __slots__ = ("_peaks", "size")

    def __init__(self) -> None:
        self._peaks: list[bytes] = []
        self.size = 0

    def add(self, leaf_hash: bytes) -> None:
        """Append one leaf hash."""
        carry, count = leaf_hash, self.size
        while count & 1:
            carry = node(self._peaks.pop(), carry)
            count >>= 1
        self._peaks.append(carry)
        self.size += 1

    def root(self) -> bytes:
        """The root over what was added so far."""
        if not self._peaks:
            return EMPTY
        value = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            value = node(peak, value)
        return value

    def copy(self) -> Accumulator:
        """An independent accumulator at the same state."""
        twin = Accumulator()
        twin._peaks, twin.size = list(self._peaks), self.size
        return twin
