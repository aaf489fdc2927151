"""What a panic did, kept in the vault until the person who unlocks it has been told (docs/adr/0031-panic-seal.md).

Rule: record codes, and the codes of what was in the way; nothing of what anybody said. It counts with what it tells of:
it is written in the same transaction, and forgotten when it was read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final, Literal

from collector.database import Database
from schemas.problems import Problem

Why = Literal["refused", "untold"]
"""Why a draft was erased: the person had said no; or nothing had been told, and consent not asked yet."""
_NAME: Final = "panic"


@dataclass(frozen=True, slots=True)
class PanicNote:
    """Record codes of the drafts that were sealed; that were erased, and why; that are still drafts, and why.

    `at`: seconds since 1970, of the last panic that is told of.
    """

    at: int
    sealed: tuple[str, ...]
    erased: tuple[tuple[str, Why], ...]
    left: tuple[tuple[str, Problem], ...]


def keep(db: Database, note: PanicNote) -> None:
    """Adds to what was not told yet. Raises what the database raises."""
    before = load(db)
    if before is not None:
        # A draft that was left by one panic and sealed by the next is sealed.
        done = {*note.sealed, *(code for code, _ in note.erased), *(code for code, _ in note.left)}
        left = tuple(item for item in before.left if item[0] not in done)
        note = PanicNote(note.at, before.sealed + note.sealed, before.erased + note.erased, left + note.left)
    if not (note.sealed or note.erased or note.left):
        return
    plain = asdict(note) | {"left": [(code, problem.code, problem.facts) for code, problem in note.left]}
    db.set_meta(_NAME, json.dumps(plain).encode())


def load(db: Database) -> PanicNote | None:
    """What nobody has been told yet."""
    data = db.meta(_NAME)
    if data is None:
        return None
    plain = json.loads(data)
    return PanicNote(
        int(plain["at"]),
        tuple(plain["sealed"]),
        tuple((code, why) for code, why in plain["erased"]),
        tuple((code, _problem(name, facts)) for code, name, facts in plain["left"]),
    )


def _problem(name: str, facts: Mapping[str, str | int]) -> Problem:
    return Problem(name, **facts)


def forget(db: Database) -> None:
    """It was told."""
    db.set_meta(_NAME, None)
