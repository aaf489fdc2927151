"""The rows of what arrived: one for each core that a device signed, or for each file that nobody vouches for.

Pure look-ups and writes on the desk's vault, inside the caller's transaction; what is decided stands in
`sync.desk.filing`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from collector import merkle
from collector.vault import Vault
from schemas import canonical
from schemas.problems import Problem
from sync.desk.opening import OpenedEntry, SignedEntry

CLOCK_TOLERANCE = 86_400
Column = bytes | str | int | None
_HASH = 32


class Placed(Protocol):
    """Where a sealed entry lies in its payload, and what it is called there."""

    @property
    def name(self) -> bytes: ...
    @property
    def hash(self) -> bytes: ...
    @property
    def offset(self) -> int: ...
    @property
    def size(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Kept:
    """An imported item: number, opened compartments, the file of its cells and where in that file they end."""

    number: int
    opened: bytes
    area: str
    file: str
    end: int


def imported(vault: Vault, eid: bytes, core: bytes) -> Kept | None:
    """The imported item of this entry."""
    row = vault.db.one(
        "SELECT number, opened, area, name, start + item.bytes FROM item JOIN store ON store.id = item.store"
        " WHERE eid = ? AND core = ? AND state = 'imported'",
        (eid, core),
    )
    return None if row is None else Kept(*row)


# ---- contradictions: two cores under one entry id, or under one number of one device ----

_OTHERS = "serial IS NOT NULL AND core <> ? AND (eid = ? OR (serial = ? AND seq = ?))"


def _claims(entry: SignedEntry) -> tuple[bytes, bytes, bytes, int]:
    return entry.core_hash, entry.core.eid, entry.certificate.serial, entry.seq


def contradicted(vault: Vault, entry: SignedEntry) -> bool:
    """Whether another core claims the same entry id, or the same number of the same device; or once did."""
    if vault.db.one(f"SELECT 1 FROM item WHERE {_OTHERS}", _claims(entry)) is not None:
        return True
    known = standing(vault, entry.core.eid, entry.core_hash)
    return known is not None and known[1] == "E_EQUIVOCATION"


def to_quarantine(vault: Vault, entry: SignedEntry, problem: Problem) -> list[tuple[bytes, bytes]]:
    """Put every item that the entry contradicts into quarantine; returns those that were not there for this reason."""
    rows = vault.db.query(
        f"SELECT eid, core FROM item WHERE {_OTHERS} AND problem <> ?", (*_claims(entry), problem.code)
    )
    found = [(bytes(eid), bytes(core)) for eid, core in rows]
    for eid, core in found:
        change_problem(vault, eid, core, problem)
    return found


def standing(vault: Vault, eid: bytes, core: bytes) -> tuple[str, str] | None:
    """State and problem of an item, None when there is none."""
    row = vault.db.one("SELECT state, problem FROM item WHERE eid = ? AND core = ?", (eid, core))
    return None if row is None else (str(row[0]), str(row[1]))


def change_problem(vault: Vault, eid: bytes, core: bytes, problem: Problem) -> None:
    """Let an item stand in quarantine for this reason."""
    columns = problem_columns(problem)
    vault.db.execute(
        "UPDATE item SET state = 'quarantined', problem = ?, facts = ? WHERE eid = ? AND core = ?",
        (columns["problem"], columns["facts"], eid, core),
    )


# ---- writing ----


def insert(vault: Vault, row: Mapping[str, Column]) -> None:
    """Add an item. The names of columns come from this package alone."""
    names, places = ", ".join(row), ", ".join("?" for _ in row)
    vault.db.execute(f"INSERT INTO item ({names}) VALUES ({places})", tuple(row.values()))


def drop(vault: Vault, eid: bytes, core: bytes) -> None:
    """Forget an item whose cause is gone: it is about to be imported, or now a device vouches for it."""
    vault.db.execute("DELETE FROM item WHERE eid = ? AND core = ?", (eid, core))


def rejected(vault: Vault) -> frozenset[tuple[bytes, bytes]]:
    """Entry id and core of what a person rejected: no import takes it in."""
    rows = vault.db.query("SELECT eid, core FROM decision WHERE what = 'rejected'")
    return frozenset((bytes(eid), bytes(core)) for eid, core in rows)


def rename_decision(vault: Vault, old: tuple[bytes, bytes], new: tuple[bytes, bytes]) -> None:
    """A device vouches now for what was decided about: the decision goes with it."""
    vault.db.execute("UPDATE OR REPLACE decision SET eid = ?, core = ? WHERE eid = ? AND core = ?", (*new, *old))


def problem_columns(problem: Problem) -> dict[str, Column]:
    """Why an item stands in quarantine."""
    return {"problem": problem.code, "facts": canonical.dump(dict(problem.facts))}


def signed_columns(entry: SignedEntry) -> dict[str, Column]:
    """What the device signed, as far as the desk asks for it later."""
    core = entry.core
    return {
        "eid": core.eid,
        "core": entry.core_hash,
        "serial": entry.certificate.serial,
        "seq": entry.seq,
        "record": core.code,
        "prev": core.prev,
        "log_size": core.log[0],
        "log_root": core.log[1],
        "log_proof": b"".join(core.log[2]),
        "claimed": core.t.dev,
        "floor": core.t.floor,
        "incomplete": core.incomplete or "",
        "form": core.form[2],
    }


# ---- cells of what stands in quarantine ----


def without_cells(vault: Vault, bid: bytes) -> bool:
    """Whether an item of this bundle has no cells kept for it yet."""
    return vault.db.one("SELECT 1 FROM item WHERE bid = ? AND store IS NULL", (bid,)) is not None


def give_cells(vault: Vault, bid: bytes, store: int | None) -> None:
    """The cells of this bundle were kept."""
    vault.db.execute("UPDATE item SET store = ? WHERE bid = ? AND store IS NULL", (store, bid))


def move(vault: Vault, eid: bytes, core: bytes, bid: bytes, file: Placed, store: int | None) -> None:
    """An item without cells came again: it is looked for in the bundle at hand."""
    vault.db.execute(
        "UPDATE item SET bid = ?, start = ?, bytes = ?, store = ? WHERE eid = ? AND core = ? AND store IS NULL",
        (bid, file.offset, file.size, store, eid, core),
    )


def strangers(vault: Vault) -> int:
    """Bytes of the bundles that are kept although nobody vouches for them."""
    row = vault.db.one("SELECT coalesce(sum(bytes), 0) FROM store WHERE area = 'strangers'")
    return 0 if row is None else int(row[0])


def expire_strangers(vault: Vault, before: int) -> list[str]:
    """Forget the strangers' bundles that were kept before a time; returns the names of their files."""
    with vault.db.transaction():
        rows = vault.db.query("SELECT id, name FROM store WHERE area = 'strangers' AND at < ?", (before,))
        for ident, _ in rows:
            vault.db.execute("DELETE FROM item WHERE store = ?", (ident,))
            vault.db.execute("DELETE FROM store WHERE id = ?", (ident,))
        if rows:
            vault.log.append("expire", b"", {"strangers": len(rows)})
    return [str(name) for _, name in rows]


# ---- what a reviewer should look at; none of it a reason to refuse ----


def flags(vault: Vault, entry: OpenedEntry, now: int) -> list[str]:
    """E_CLOCK: the claimed time lies outside what can be proved (§11.4). E_LOG_FORK: the device's custody log does not
    continue the one of the entry before. E_CODE_TWICE: another device used the record code before.
    """
    core, found = entry.core, []
    if not core.t.floor - CLOCK_TOLERANCE <= core.t.dev <= now + CLOCK_TOLERANCE:
        found.append("E_CLOCK")
    row = vault.db.one("SELECT log_size, log_root FROM item WHERE core = ? AND serial IS NOT NULL", (core.prev,))
    if row is not None and not _continues(row[0], bytes(row[1]), core.log[0], core.log[1], core.log[2]):
        found.append("E_LOG_FORK")
    other = vault.db.one(
        "SELECT 1 FROM item WHERE record = ? AND state = 'imported' AND serial <> ?",
        (core.code, entry.certificate.serial),
    )
    return [*found, *(["E_CODE_TWICE"] if other is not None else [])]


def flag_followers(vault: Vault, entry: OpenedEntry) -> None:
    """Entries that name this one as the one before and arrived earlier: do their custody logs continue this one's?"""
    size, root = entry.core.log[0], entry.core.log[1]
    rows = vault.db.query(
        "SELECT number, flags, log_size, log_root, log_proof FROM item WHERE prev = ? AND state = 'imported'",
        (entry.core_hash,),
    )
    for number, known, later, later_root, proof in rows:
        parts = [bytes(proof[at : at + _HASH]) for at in range(0, len(proof), _HASH)]
        if "E_LOG_FORK" not in known.split() and not _continues(size, root, later, bytes(later_root), parts):
            vault.db.execute(
                "UPDATE item SET flags = ? WHERE number = ?", (" ".join([*known.split(), "E_LOG_FORK"]), number)
            )


def _continues(size: int, root: bytes, later: int, later_root: bytes, proof: tuple[bytes, ...] | list[bytes]) -> bool:
    try:
        merkle.check_consistency(size, later, root, later_root, proof)
    except Problem:
        return False
    return True
