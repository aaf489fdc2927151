"""The office's own keys: who signs, who can open. They live in the desk's vault and nowhere else.

An office of one person holds one root key, one mission key and one receipt key, each with threshold 1, and one
recipient seed for each compartment and for the intake. The formats allow more holders (docs/spec/protocol.md §8.1,
§6.3); commands for several officers come later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from collector import crypto, packs, signed
from collector.crypto import Secret
from collector.slots import RecipientKeys
from collector.vault import Vault
from schemas.problems import Problem
from schemas.records.mission import Role, Roles, Root
from schemas.structure import decode

ROOT, MISSION, RECEIPT = "root", "mission", "receipt"
_META_ROOT = "root"


@dataclass(frozen=True, slots=True)
class Office:
    """The fixed root document of this desk: its signed bytes and what it says."""

    signed_root: bytes
    root_body: bytes
    root: Root

    @property
    def root_hash(self) -> bytes:
        """H(body) of the root, as packs name it."""
        return crypto.sha256(self.root_body)

    @property
    def fingerprint(self) -> str:
        """What is compared by voice at enrolment (§3.5)."""
        return crypto.fingerprint(self.root_body)

    def holders(self, role: str) -> tuple[Mapping[bytes, bytes], int]:
        """Key id → public key of those who may act in `role`, and how many must sign."""
        wanted: Role = getattr(self.root.roles, role)
        return packs.trusted(self.root, wanted), wanted.threshold


def found(vault: Vault, organisation: str) -> Office:
    """Make the signing keys and the root document of a new desk, inside the vault's own first transaction."""
    publics = {}
    for name in (ROOT, MISSION, RECEIPT):
        with Secret.random() as seed:
            publics[name], signing = crypto.sign_keypair(seed)
            signing.wipe()
            keep(vault, f"sign-{name}", seed, publics[name])
    roles = Roles(**{name: Role(kids=(crypto.kid(public),), threshold=1) for name, public in publics.items()})
    pairs = tuple(sorted((crypto.kid(public), public) for public in publics.values()))
    root = Root(org=organisation, keys=pairs, roles=roles)
    with signing_key(vault, ROOT) as key:
        vault.db.set_meta(_META_ROOT, packs.sign_root(root, [key]))
    return office(vault)


def office(vault: Vault) -> Office:
    """The root document of this desk. Raises E_DB_CORRUPT when it is not there or does not verify."""
    data = vault.db.meta(_META_ROOT)
    row = vault.db.one("SELECT public FROM office_key WHERE name = ?", (f"sign-{ROOT}",))
    if data is None or row is None:
        raise Problem("E_DB_CORRUPT")
    body = signed.open_object("root", data, {crypto.kid(row[0]): row[0]}, 1)
    return Office(data, body, decode(Root, body))


def keep(vault: Vault, name: str, key: Secret, public: bytes | None = None) -> None:
    """Put a secret of the office into the vault, wrapped under the ring."""
    wrapped = vault.ring.wrap_new("office", key)
    vault.db.execute("INSERT INTO office_key (name, public, wrapped) VALUES (?, ?, ?)", (name, public, wrapped))


def secret(vault: Vault, name: str) -> Secret:
    """A secret of the office. Raises E_KEY_NOT_HELD when this vault does not hold it."""
    row = vault.db.one("SELECT wrapped FROM office_key WHERE name = ?", (name,))
    if row is None:
        raise Problem("E_KEY_NOT_HELD", name=name)
    return vault.ring.open(row[0])


def signing_key(vault: Vault, name: str) -> Secret:
    """The Ed25519 signing key of a role. The caller wipes it."""
    with secret(vault, f"sign-{name}") as seed:
        return crypto.sign_keypair(seed)[1]


def recipient_keys(vault: Vault, mission: bytes, purpose: str) -> list[RecipientKeys]:
    """Every recipient key of a mission that this vault holds, for `entry` or `intake`. The caller wipes them."""
    found: list[RecipientKeys] = []
    for seed in recipient_seeds(vault, mission, purpose):
        with seed:
            found.append(RecipientKeys.from_seed(seed))
    return found


def recipient_seeds(vault: Vault, mission: bytes, purpose: str) -> list[Secret]:
    """The seeds behind `recipient_keys`. The caller wipes them."""
    rows = vault.db.query(
        "SELECT wrapped FROM recipient WHERE mission = ? AND purpose = ? AND wrapped IS NOT NULL ORDER BY comp, epoch",
        (mission, purpose),
    )
    return [vault.ring.open(row[0]) for row in rows]
