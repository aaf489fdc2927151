"""One-time signatures of a device: what holds, what is refused, and what a seized device cannot do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from collector import crypto, merkle, signer
from collector.crypto import Secret
from collector.signer import SignerState, SignerTree, verify_leaf
from schemas.records.common import LeafSignature
from schemas.structure import decode, encode
from tests.helpers.expect import flipped, refused

SEED = b"\x07" * 32
N = 11


@pytest.fixture(scope="module")
def tree() -> SignerTree:
    return SignerTree.create(Secret(SEED), N)[0]


def signatures(tree: SignerTree) -> list[LeafSignature]:
    state, made = SignerState(0, Secret(SEED)), []
    for _ in range(tree.n):
        mark, state = tree.sign(state, "manifest", b"body")
        made.append(mark)
    return made


def test_every_leaf_signs_once_and_in_order(tree: SignerTree) -> None:
    made = signatures(tree)
    assert [mark.i for mark in made] == list(range(N))
    assert len({mark.pk for mark in made}) == N
    for mark in made:
        verify_leaf(tree.root, N, "manifest", b"body", mark, first=0)
        assert decode(LeafSignature, encode(mark)) == mark
    with refused("E_SEQ"):
        verify_leaf(tree.root, N, "manifest", b"body", made[0])


def test_tree_is_its_leaves(tree: SignerTree) -> None:
    assert len(tree.leaves) == 32 * N
    again = SignerTree(tree.leaves)
    assert (again.root, again.n) == (tree.root, N)
    for broken in (b"", tree.leaves[:-1]):
        with refused("E_SIG_LEAF"):
            SignerTree(broken)


def test_seed_stays_the_callers_and_states_are_its_own() -> None:
    seed = Secret(SEED)
    _, state = SignerTree.create(seed, 2)
    assert crypto.same(seed, SEED)
    seed.wipe()
    assert crypto.same(state.state, SEED)
    assert SEED.hex() not in repr(state)


def test_spent_tree(tree: SignerTree) -> None:
    state = SignerState(0, Secret(SEED))
    for _ in range(N):
        _, state = tree.sign(state, "manifest", b"")
    assert state.index == N
    with refused("E_SIGNER_SPENT"):
        tree.sign(state, "manifest", b"")


def test_state_of_another_tree_or_index_signs_nothing(tree: SignerTree) -> None:
    for state in (SignerState(0, Secret(b"\x08" * 32)), SignerState(3, Secret(SEED))):
        with refused("E_SIG_LEAF"):
            tree.sign(state, "manifest", b"body")


def test_attack_06_signature_moved_to_another_leaf(tree: SignerTree) -> None:
    made = signatures(tree)
    for i in range(1, N):
        for j in range(1, N):
            if i != j:
                with refused("E_SIG_LEAF"):
                    verify_leaf(tree.root, N, "manifest", b"body", replace(made[i], i=j))
                with refused("E_SIG_LEAF", "E_SIG"):
                    verify_leaf(tree.root, N, "manifest", b"body", replace(made[i], i=j, path=made[j].path))
    with refused("E_SIG"):
        verify_leaf(tree.root, N, "manifest", b"body", replace(made[1], s=made[2].s))
    with refused("E_SIG"):
        verify_leaf(tree.root, N, "manifest", b"body", replace(made[1], s=bytes(64)))


def test_attack_07_leaf_signature_of_another_type(tree: SignerTree) -> None:
    mark = signatures(tree)[1]
    for kind in crypto.SIGNATURE_TYPES - {"manifest"}:
        with refused("E_SIG"):
            verify_leaf(tree.root, N, kind, b"body", mark)


def test_attack_08_small_order_leaf() -> None:
    """A device that put the identity point into its own tree: the path holds, the signature never does."""
    identity = b"\x01" + bytes(31)
    leaves = [signer.leaf_hash(identity)] * 2
    mark = LeafSignature(i=1, pk=identity, path=(leaves[0],), s=b"\x01" + bytes(63))
    with refused("E_SIG"):
        verify_leaf(merkle.root(leaves), 2, "manifest", b"anything", mark)


def test_attack_35_a_seized_state_reaches_no_earlier_leaf(tree: SignerTree) -> None:
    """From state i an attacker makes states i, i+1, …; none of them is the key of an earlier leaf."""
    state = SignerState(0, Secret(SEED))
    for _ in range(5):
        _, state = tree.sign(state, "manifest", b"")
    reachable = set()
    for _ in range(2 * N):
        with crypto.expand(state.state, "fs/ed25519") as seed:
            reachable.add(signer.leaf_hash(crypto.sign_keypair(seed)[0]))
        state = SignerState(state.index + 1, crypto.expand(state.state, "fs/next"))
    earlier = {tree.leaves[32 * i : 32 * i + 32] for i in range(5)}
    later = {tree.leaves[32 * i : 32 * i + 32] for i in range(5, N)}
    assert not reachable & earlier
    assert later <= reachable


@pytest.mark.parametrize("index", [-(2**31), -1, 0, N, N + 1, 2**31])
def test_attack_56_index_outside_before_any_hash(tree: SignerTree, index: int, monkeypatch: pytest.MonkeyPatch) -> None:
    mark = replace(signatures(tree)[1], i=index)
    _no_hash(monkeypatch)
    with refused("E_SEQ"):
        verify_leaf(tree.root, N, "manifest", b"body", mark)


@pytest.mark.parametrize("change", ["long", "short", "empty", "narrow", "wide"])
def test_attack_56_path_of_another_length_before_any_hash(
    tree: SignerTree, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = signatures(tree)[5]
    paths = {
        "long": (*mark.path, bytes(32)),
        "short": mark.path[:-1],
        "empty": (),
        "narrow": (mark.path[0][:31], *mark.path[1:]),
        "wide": (mark.path[0] + b"\0", *mark.path[1:]),
    }
    _no_hash(monkeypatch)
    with refused("E_SIG_LEAF"):
        verify_leaf(tree.root, N, "manifest", b"body", replace(mark, path=paths[change]))


@pytest.mark.parametrize("field", ["pk", "s"])
def test_attack_57_lengths_of_key_and_signature(tree: SignerTree, field: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mark = signatures(tree)[5]
    value: bytes = getattr(mark, field)
    _no_hash(monkeypatch)
    for bad in (value[:-1], value + b"\0", b"", value + bytes(118 - len(value))):
        with refused("E_SIG"):
            verify_leaf(tree.root, N, "manifest", b"body", replace(mark, **{field: bad}))


def _no_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> bytes:
        raise AssertionError("a hash was computed")

    for module, name in ((signer, "leaf_hash"), (merkle, "leaf"), (merkle, "node"), (crypto, "verify")):
        monkeypatch.setattr(module, name, stop)


def test_any_change_is_refused(tree: SignerTree) -> None:
    mark = signatures(tree)[4]
    for at in range(len(mark.path)):
        path = (*mark.path[:at], flipped(mark.path[at], at), *mark.path[at + 1 :])
        with refused("E_SIG_LEAF"):
            verify_leaf(tree.root, N, "manifest", b"body", replace(mark, path=path))
    with refused("E_SIG_LEAF"):
        verify_leaf(tree.root, N, "manifest", b"body", replace(mark, pk=flipped(mark.pk, 0)))
    with refused("E_SIG_LEAF"):
        verify_leaf(flipped(tree.root, 0), N, "manifest", b"body", mark)
    with refused("E_SIG"):
        verify_leaf(tree.root, N, "manifest", b"bodY", mark)


def test_full_size_tree_and_its_last_leaf() -> None:
    tree, state = SignerTree.create(Secret(SEED))
    assert tree.n == signer.LEAVES == 4096
    assert len(tree.leaves) == 131_072
    for _ in range(4095):
        state = SignerState(state.index + 1, crypto.expand(state.state, "fs/next"))
    mark, _ = tree.sign(state, "manifest", b"last")
    assert (mark.i, len(mark.path)) == (4095, 12)
    verify_leaf(tree.root, tree.n, "manifest", b"last", mark)
