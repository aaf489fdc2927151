"""Who this device is: its signature trees and the keys that answers are sealed to (docs/spec/protocol.md §7, §8.2).

Rule: a leaf's state is stored only until the leaf has signed. It stands under the key ring, in the database and nowhere
else, so a backup never holds it; a vault without a state begins a new tree and goes on sealing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from collector import about, packs
from collector.crypto import Secret
from collector.database import Database
from collector.signer import LEAVES, RENEW_AT, SignerState, SignerTree
from collector.slots import RecipientKeys
from collector.vault import Vault
from schemas.problems import Problem
from schemas.records.common import LeafSignature

Clock = Callable[[], float]
STATE, RETURN = "signer-state", "return-seed"


class Wrapping(Protocol):
    """What keeps keys: the ring, or the ring in the middle of a rotation."""

    def wrap_new(self, kind: str, key: bytes | bytearray) -> int:
        """Adds a key and returns its id."""

    def open(self, ident: int) -> Secret:
        """The key with this id."""


@dataclass(frozen=True, slots=True)
class Signer:
    """One signature tree as it stands. `state` and `return_seed` name wrapped keys; `cert` is None until enrolled."""

    number: int
    tree: SignerTree
    next_leaf: int
    state: int | None
    return_seed: int
    request: bytes
    cert: bytes | None
    serial: bytes | None

    @property
    def left(self) -> int:
        """How many leaves can still sign."""
        return self.tree.n - self.next_leaf if self.state is not None else 0

    @property
    def renewal_due(self) -> bool:
        """Whether it is time to ask for a new certificate: at 3,900 of 4,096 leaves, in smaller trees alike."""
        return self.left <= self.tree.n - self.tree.n * RENEW_AT // LEAVES

    def sign_manifest(self, keys: Wrapping, core: bytes) -> tuple[LeafSignature, Secret | None]:
        """The next leaf's signature, and the state to store in its place (None after the last leaf).

        Raises E_SIGNER_SPENT, E_KEY_LOST.
        """
        if self.state is None:
            raise Problem("E_SIGNER_SPENT")
        with keys.open(self.state) as secret:
            signature, following = self.tree.sign(SignerState(self.next_leaf, secret), "manifest", core)
        if following.index < self.tree.n:
            return signature, following.state
        following.state.wipe()
        return signature, None


def begin(db: Database, keys: Wrapping, *, leaves: int = LEAVES, clock: Clock = time.time) -> int:
    """Makes a tree with return keys and its enrolment request; leaf 0 is spent on that. Gives the tree's number."""
    with Secret.random() as seed, Secret.random() as return_seed:
        tree, state = SignerTree.create(seed, leaves)
        returns = RecipientKeys.from_seed(return_seed)
        try:
            request, following = packs.write_request(tree, state, returns.public, about.app())
        finally:
            returns.wipe()
            state.state.wipe()
        with following.state, db.transaction():
            return db.execute(
                "INSERT INTO signer (fs_root, fs_n, leaves, next_leaf, state, return_seed, request, made_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    tree.root,
                    tree.n,
                    tree.leaves,
                    following.index,
                    keys.wrap_new(STATE, following.state),
                    keys.wrap_new(RETURN, return_seed),
                    request,
                    int(max(0, clock())),
                ),
            )


def signers(db: Database) -> list[Signer]:
    """Every tree of this device, the oldest first."""
    rows = db.query("SELECT id, leaves, next_leaf, state, return_seed, request, cert, serial FROM signer ORDER BY id")
    return [Signer(row[0], SignerTree(row[1]), *row[2:]) for row in rows]


def sealing_signer(db: Database) -> Signer | None:
    """The tree that signs the next entry: the newest certified one that can, else the newest that can, else None."""
    usable = [signer for signer in signers(db) if signer.left]
    return max(usable, key=lambda signer: (signer.cert is not None, signer.number), default=None)


def request(vault: Vault, *, leaves: int = LEAVES, clock: Clock = time.time) -> bytes:
    """The enrolment request to bring to the office: the same bytes until it is answered and worn out.

    A new tree is begun when there is none, or when the newest one is certified and nearly used up.
    """
    known = signers(vault.db)
    if not known or not known[-1].left or (known[-1].cert is not None and known[-1].renewal_due):
        begin(vault.db, vault.ring, leaves=leaves, clock=clock)
        known = signers(vault.db)
    return known[-1].request


def settle(vault: Vault, *, restored: bool) -> None:
    """Gives up states that must not or cannot sign: after a backup was put back, or when the ring has lost them.

    A vault that was restored may have signed with these leaves before; it begins a new tree (docs/spec/protocol.md §7).
    """
    for signer in signers(vault.db):
        if signer.state is None or not (restored or _lost(vault, signer.state)):
            continue
        with vault.db.transaction():
            vault.db.execute("UPDATE signer SET state = NULL WHERE id = ?", (signer.number,))
            vault.ring.drop(signer.state)
            vault.log.append("restore", signer.tree.root, {"what": "signer", "next": signer.next_leaf})


def _lost(vault: Vault, ident: int) -> bool:
    try:
        vault.ring.open(ident).wipe()
    except Problem as problem:
        return problem.code == "E_KEY_LOST"
    return False


def numbered_keys(vault: Vault) -> dict[int, RecipientKeys]:
    """The keys that packs and return files are sealed to, by the number of their tree; wipe them after use.

    Those that the ring has lost are left out.
    """
    found: dict[int, RecipientKeys] = {}
    for number, ident in vault.db.query("SELECT id, return_seed FROM signer ORDER BY id"):
        try:
            with vault.ring.open(ident) as seed:
                found[int(number)] = RecipientKeys.from_seed(seed)
        except Problem as problem:
            if problem.code != "E_KEY_LOST":
                raise
    return found


def return_keys(vault: Vault) -> list[RecipientKeys]:
    """The same keys without the numbers; wipe them after use."""
    return list(numbered_keys(vault).values())


def trees(db: Database, keys: Mapping[int, RecipientKeys]) -> tuple[packs.Tree, ...]:
    """The trees whose return keys are there, as a certificate must name them."""
    return tuple(
        packs.Tree(signer.number, signer.tree.root, signer.tree.n, keys[signer.number].public)
        for signer in signers(db)
        if signer.number in keys
    )
