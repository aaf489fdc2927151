"""Trees and proofs of RFC 6962 and 9162."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector import merkle
from schemas.problems import Problem
from tests.helpers.expect import flipped, refused

# The tree over these leaves is the one that certificate-transparency implementations test with.
INPUTS = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def tree(n: int) -> list[bytes]:
    return [merkle.leaf(i.to_bytes(4, "big")) for i in range(n)]


def by_definition(leaves: list[bytes]) -> bytes:
    """RFC 6962 §2.1 as it is written: split at the largest power of two below n."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return hashlib.sha256(b"\1" + by_definition(leaves[:half]) + by_definition(leaves[half:])).digest()


def test_published_roots() -> None:
    leaves = [merkle.leaf(data) for data in INPUTS]
    assert [merkle.root(leaves[: n + 1]).hex() for n in range(8)] == ROOTS
    assert merkle.root([]) == merkle.EMPTY == merkle.Accumulator().root()


@given(st.integers(0, 200))
def test_level_by_level_is_the_definition(n: int) -> None:
    leaves = tree(n)
    accumulator = merkle.Accumulator()
    for leaf in leaves:
        accumulator.add(leaf)
    assert merkle.root(leaves) == by_definition(leaves) == accumulator.root()
    assert accumulator.size == n


def test_accumulator_copies_are_independent() -> None:
    leaves = tree(7)
    first = merkle.Accumulator()
    for leaf in leaves[:5]:
        first.add(leaf)
    twin = first.copy()
    for leaf in leaves[5:]:
        twin.add(leaf)
    assert first.root() == merkle.root(leaves[:5])
    assert twin.root() == merkle.root(leaves)


@given(st.integers(1, 130), st.data())
def test_every_leaf_has_a_path_and_no_other_place(n: int, data: st.DataObject) -> None:
    leaves, root = tree(n), by_definition(tree(n))
    i = data.draw(st.integers(0, n - 1))
    path = merkle.inclusion_path(i, leaves)
    assert len(path) == merkle.path_length(i, n)
    merkle.check_inclusion(i, n, leaves[i], path, root)
    other = data.draw(st.integers(-1, n + 1).filter(lambda j: j != i))
    with refused("E_PROOF"):
        merkle.check_inclusion(other, n, leaves[i], path, root)
    for bad in ([*path, bytes(32)], path[:-1] if path else [bytes(32)], [part[:31] for part in path] or [b""]):
        with refused("E_PROOF"):
            merkle.check_inclusion(i, n, leaves[i], bad, root)
    if path:
        at = data.draw(st.integers(0, len(path) - 1))
        with refused("E_PROOF"):
            merkle.check_inclusion(i, n, leaves[i], [*path[:at], flipped(path[at], 3), *path[at + 1 :]], root)
    with refused("E_PROOF"):
        merkle.check_inclusion(i, n, flipped(leaves[i], 0), path, root)


def test_no_path_outside_the_tree() -> None:
    for i in (-1, 3):
        with pytest.raises(IndexError):
            merkle.inclusion_path(i, tree(3))
        with pytest.raises(IndexError):
            merkle.consistency_proof(i if i < 0 else 4, tree(3))


@given(st.integers(0, 70), st.data())
def test_growth_is_proved_and_nothing_else(n: int, data: st.DataObject) -> None:
    leaves = tree(n)
    m = data.draw(st.integers(0, n))
    old, new = merkle.root(leaves[:m]), merkle.root(leaves)
    proof = merkle.consistency_proof(m, leaves)
    merkle.check_consistency(m, n, old, new, proof)
    forged = [*leaves[:-1], bytes(32)] if n else [bytes(32)]
    candidates = [
        (m, n, flipped(old, 0), new, proof),
        (m, n, old, new, [*proof, bytes(32)]),
        (m, n, old, new, [part[:31] for part in proof] or [bytes(31)]),
        (n + 1, n, old, new, proof),
        (-1, n, old, new, proof),
    ]
    if m > 0:
        candidates.append((m, n, old, flipped(new, 0), proof))
        candidates.append((m, n, merkle.root(forged[:m]) if m == n else flipped(old, 9), new, proof))
    if proof:
        candidates.append((m, n, old, new, proof[:-1]))
        candidates.append((m, n, old, new, [flipped(proof[0], 1), *proof[1:]]))
    for bad in candidates:
        with refused("E_PROOF"):
            merkle.check_consistency(*bad)


def test_a_log_that_was_rewritten_has_no_proof() -> None:
    honest = tree(20)
    rewritten = [merkle.leaf(b"other"), *honest[1:]]
    for n in range(9, 21):
        with refused("E_PROOF"):
            merkle.check_consistency(
                8, n, merkle.root(honest[:8]), merkle.root(rewritten[:n]), merkle.consistency_proof(8, rewritten[:n])
            )


def test_a_refusal_is_an_exception_and_never_a_value() -> None:
    assert merkle.check_inclusion(0, 1, merkle.leaf(b""), [], merkle.leaf(b"")) is None
    with pytest.raises(Problem):
        merkle.check_inclusion(0, 1, merkle.leaf(b""), [], merkle.leaf(b"x"))
