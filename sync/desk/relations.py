"""What one entry says of another: corrections, continuations, and the way back (docs/spec/protocol.md §6.4).

Rule: the signed word of the later entry alone makes a link; the earlier one is never changed. Entries arrive in any
order, so the other end may be unknown for long: a link is kept with the entry that names it, and seen from both ends as
soon as both are here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from collector.vault import Vault
from schemas.problems import Problem
from schemas.records.manifest import Core

CORRECTING = ("supersedes", "continues")
_ASKED_AT_ONCE = 500


def check(core: Core) -> None:
    """Raises E_SCHEMA for a core that names itself, one entry in the same way twice, or corrects nothing at all."""
    wrong = (
        any(target == core.eid for _, target in core.rel)
        or len(set(core.rel)) != len(core.rel)
        or (core.kind == "correction" and not any(way in CORRECTING for way, _ in core.rel))
    )
    if wrong:
        raise Problem("E_SCHEMA", where="Core.rel")


def note(vault: Vault, core: Core, core_hash: bytes) -> None:
    """Keeps the links of an entry that is imported, inside the caller's transaction."""
    vault.db.execute_many(
        "INSERT OR REPLACE INTO relation VALUES (?, ?, ?, ?, ?)",
        [(core.eid, core_hash, way, target, core.kind) for way, target in core.rel],
    )


def of(vault: Vault, number: int) -> dict[str, object]:
    """What a record says of others and others of it, as `desk show --json` prints it.

    `corrects` and `corrected_by` list {"type", "eid", "code", "number", "same_device"}, the oldest first; code, number
    and same_device are None while the other entry has not arrived.
    """
    ends = "link.type, other.eid, other.record, other.number, other.serial = own.serial"
    outward = vault.db.query(
        f"SELECT {ends}, link.target, link.kind FROM item AS own JOIN relation AS link USING (eid, core)"
        " LEFT JOIN item AS other ON other.eid = link.target AND other.state = 'imported'"
        " WHERE own.number = ? ORDER BY other.number, link.target",
        (number,),
    )
    inward = vault.db.query(
        f"SELECT {ends}, other.eid FROM item AS own JOIN relation AS link ON link.target = own.eid"
        " JOIN item AS other ON other.eid = link.eid AND other.core = link.core AND other.state = 'imported'"
        " WHERE own.number = ? ORDER BY other.number",
        (number,),
    )
    return {
        "kind": next((str(row[6]) for row in outward), "testimony"),
        "corrects": [_link(row) for row in outward if row[0] in CORRECTING],
        "corrected_by": [_link(row) for row in inward if row[0] in CORRECTING],
    }


def corrected(vault: Vault, numbers: Sequence[int]) -> frozenset[int]:
    """Those of these records that an imported entry corrects."""
    found: set[int] = set()
    for start in range(0, len(numbers), _ASKED_AT_ONCE):
        part = numbers[start : start + _ASKED_AT_ONCE]
        marks = ", ".join("?" * len(part))
        rows = vault.db.query(
            "SELECT own.number FROM item AS own JOIN relation AS link ON link.target = own.eid"
            " JOIN item AS other ON other.eid = link.eid AND other.core = link.core AND other.state = 'imported'"
            f" WHERE own.number IN ({marks}) AND link.type IN ('supersedes', 'continues')",
            list(part),
        )
        found.update(int(row[0]) for row in rows)
    return frozenset(found)


def _link(row: Sequence[Any]) -> dict[str, object]:
    way, _eid, code, number, same, target = row[:6]
    return {
        "type": str(way),
        "eid": bytes(target).hex(),
        "code": code,
        "number": number,
        "same_device": None if number is None else bool(same),
    }
