"""Upload tokens of an office (docs/spec/protocol.md §10.2): made ahead, handed out at random, listed by their hashes.

Rules: the desk shows every receiver a bearer of its own, so that one that was taken over can read nothing at another;
all of them grow from one secret of the vault. There is one pool for all missions and devices, and it grows in steps of
a fixed size that no single enrolment causes. A list names pool and handed-out tokens alike, in order of their bytes, so
that whoever compares two lists learns neither how many devices there are nor which one came when.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from collector import crypto
from collector.crypto import Secret
from collector.vault import Vault
from schemas.problems import Problem
from schemas.records.network import TokenList
from sync import network, tokenfile
from sync.desk import keys

PACK: Final = 64
"""Tokens in one pack, unless its mission says another number: so many bundles a device can send before it needs another
pack.
"""
LOW: Final = 256
"""So many at least lie in the pool before any pack is made; so no pack has more of them."""
STEP: Final = 1024
MOST: Final = 65_536
QUOTA: Final = 4 << 30
"""Bytes that one token may store: sixteen volumes of the largest kind, more than ordinary bundles have."""
_BEARER: Final = "desk-bearer"


@dataclass(frozen=True, slots=True)
class Written:
    """A list of tokens: the file's bytes, how many hashes it has, how many of them no earlier list had, and how many
    receivers it is for.
    """

    data: bytes
    tokens: int
    new: int
    expires: int
    receivers: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How tokens stand: in the pool, handed out in packs; how many of packs no list names yet, and how many receivers
    the newest list does not name.
    """

    free: int
    issued: int
    lists: int
    unlisted: int
    unnamed: int

    @property
    def list_needed(self) -> bool:
        """Whether receivers would refuse this desk or tokens that devices hold, until they have a newer list."""
        return self.unlisted > 0 or self.unnamed > 0

    def as_dict(self) -> dict[str, object]:
        """For `--json`."""
        return {
            "free": self.free,
            "issued": self.issued,
            "lists": self.lists,
            "unlisted": self.unlisted,
            "unnamed": self.unnamed,
            "list_needed": self.list_needed,
        }


def draw(vault: Vault, count: int = PACK) -> list[tuple[int, bytes]]:
    """Ids and bytes of so many tokens of the pool, at random, inside the caller's transaction.

    Tokens that a list names already come first: then the device can send at once.
    """
    refill(vault)
    rows = vault.db.query("SELECT id, token, listed FROM token WHERE pack IS NULL")
    known = [row for row in rows if row[2] is not None]
    drawn = secrets.SystemRandom().sample(known if len(known) >= count else rows, count)
    return [(int(ident), bytes(token)) for ident, token, _ in drawn]


def hand_out(vault: Vault, drawn: list[tuple[int, bytes]], pack: bytes) -> None:
    """The drawn tokens belong to a pack from now on, inside the caller's transaction."""
    vault.db.execute_many("UPDATE token SET pack = ? WHERE id = ?", [(pack, ident) for ident, _ in drawn])


def refill(vault: Vault) -> None:
    """Make the pool larger by one step when it is low, inside the caller's transaction."""
    row = vault.db.one("SELECT count(*) FROM token WHERE pack IS NULL")
    if row is None or int(row[0]) < LOW:
        vault.db.execute_many("INSERT INTO token (token) VALUES (?)", [(secrets.token_bytes(32),) for _ in range(STEP)])


def bearer(vault: Vault, r1_key: bytes) -> Secret:
    """What this desk shows to the receiver of this key and to no other (§10.4). The caller wipes it."""
    with _bearers(vault) as secret:
        return crypto.expand(secret, _BEARER.encode() + r1_key)


def _bearers(vault: Vault) -> Secret:
    """What all bearers grow from; made when it is first needed."""
    with vault.db.transaction():
        if vault.db.one("SELECT 1 FROM office_key WHERE name = ?", (_BEARER,)) is None:
            with Secret.random() as made:
                keys.keep(vault, _BEARER, made)
        return keys.secret(vault, _BEARER)


def write(vault: Vault, *, clock: Callable[[], float]) -> Written:
    """The newest list, signed; receivers replace the one that they have by it.

    Tokens of revoked devices and of missions that are over are left out, and thereby cancelled. Raises E_NO_MISSION.
    """
    now = int(clock())
    row = vault.db.one("SELECT max(expires) FROM mission")
    if row is None or row[0] is None:
        raise Problem("E_NO_MISSION", name="")
    expires = int(row[0])
    with vault.db.transaction():
        refill(vault)
        rows = _valid(vault, now)
        # A receiver ignores what was issued before the list that it has, also when a clock was set back in between.
        last = vault.db.one("SELECT coalesce(max(issued), 0) FROM token_list")
        issued = max(now, int(last[0]) + 1) if last else now
        number = vault.db.execute("INSERT INTO token_list (issued, tokens) VALUES (?, ?)", (issued, len(rows)))
        fresh = [(number, ident) for ident, _, listed in rows if listed is None]
        vault.db.execute_many("UPDATE token SET listed = ? WHERE id = ?", fresh)
        desks = _desks(vault)
        listing = TokenList(
            issued=issued,
            desks=desks,
            tokens=tuple(sorted(network.token_hash(bytes(token)) for _, token, _ in rows)),
            quota=QUOTA,
            expires=expires,
        )
        with keys.signing_key(vault, keys.MISSION) as key:
            data = tokenfile.write(keys.office(vault).signed_root, listing, [key])
        vault.log.append("tokens", crypto.sha256(data), {"tokens": len(rows), "new": len(fresh)})
    return Written(data, len(rows), len(fresh), expires, len(desks))


def _desks(vault: Vault) -> tuple[tuple[bytes, bytes], ...]:
    """Key id of every receiver and hash of what this desk shows to it, in order.

    They are noted as named by the newest list, inside the caller's transaction.
    """
    vault.db.execute("DELETE FROM receiver_listed")
    vault.db.execute("INSERT INTO receiver_listed SELECT DISTINCT r1_key FROM mission_receiver")
    found = []
    for row in vault.db.query("SELECT r1_key FROM receiver_listed"):
        with bearer(vault, bytes(row[0])) as own:
            found.append((crypto.kid(bytes(row[0])), network.token_hash(bytes(own))))
    return tuple(sorted(found))


def _valid(vault: Vault, now: int) -> list[tuple[int, bytes, int | None]]:
    """Tokens that a list names, newest first as long as there is room: id, bytes, first list."""
    rows = vault.db.query(
        "SELECT token.id, token, listed FROM token LEFT JOIN pack ON pack.hash = token.pack"
        " LEFT JOIN device USING (serial) LEFT JOIN mission ON mission.id = device.mission"
        " WHERE pack IS NULL OR (device.last_ok IS NULL AND mission.expires >= ?) ORDER BY token.id DESC LIMIT ?",
        (now, MOST),
    )
    return [(int(ident), bytes(token), listed) for ident, token, listed in rows]


def standing(vault: Vault) -> Standing:
    """How the pool stands, and whether receivers need the newest list."""
    row = vault.db.one(
        "SELECT coalesce(sum(pack IS NULL), 0), coalesce(sum(pack IS NOT NULL), 0),"
        " coalesce(sum(pack IS NOT NULL AND listed IS NULL), 0) FROM token"
    )
    lists = vault.db.one("SELECT count(*) FROM token_list")
    unnamed = vault.db.one(
        "SELECT count(DISTINCT r1_key) FROM mission_receiver WHERE r1_key NOT IN (SELECT r1_key FROM receiver_listed)"
    )
    free, issued, unlisted = (int(item) for item in row) if row else (0, 0, 0)
    return Standing(free, issued, int(lists[0]) if lists else 0, unlisted, int(unnamed[0]) if unnamed else 0)
