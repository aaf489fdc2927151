"""The forms of a mission as they change (docs/spec/protocol.md §8.3): packs name the newest, the desk keeps them all.

Rule: a form that packs name no more is retired and never removed, since interviews that were taken with it still come.
A device has the change by its next pack.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from collector import crypto
from collector.packs import MAX_FORMS_BYTES, FormSource
from collector.vault import Vault
from schemas.problems import Problem
from sync.desk import form_tables

if TYPE_CHECKING:
    from sync.desk.mission import Mission

MOST: Final = 64
"""Forms in one pack."""


@dataclass(frozen=True, slots=True)
class MissionForm:
    """A form of a mission: its id and version, and whether packs name it."""

    id: str
    version: str
    named: bool

    def as_dict(self) -> dict[str, object]:
        """For `--json`."""
        return {"id": self.id, "version": self.version, "named": self.named}


def of(vault: Vault, mission: Mission) -> list[MissionForm]:
    """Every form that the mission has or had: in the order of its packs, then those that they name no more."""
    rows = vault.db.query(
        "SELECT id, version, retired IS NULL FROM mission_form WHERE mission = ?"
        " ORDER BY retired IS NOT NULL, place, retired",
        (mission.id,),
    )
    return [MissionForm(str(ident), str(version), bool(named)) for ident, version, named in rows]


def add(vault: Vault, mission: Mission, form: FormSource, *, clock: Callable[[], float]) -> list[MissionForm]:
    """Let the mission's packs name this form; it takes the place of other versions of the same form, which it returns.

    One that was taken out may come back. Raises E_FORM_TWICE (this version is there already, or has other content),
    E_FORMS_MANY.
    """
    digest = crypto.sha256(form.xml)
    with vault.db.transaction():
        same = vault.db.one(
            "SELECT hash, retired FROM mission_form WHERE mission = ? AND id = ? AND version = ?",
            (mission.id, form.id, form.version),
        )
        other = same is not None and (
            bytes(same[0]) != digest or form_tables.of(vault, mission.id, digest) != form.files
        )
        if same is not None and (other or same[1] is None):
            raise Problem("E_FORM_TWICE")
        older = vault.db.query(
            "SELECT version, place FROM mission_form WHERE mission = ? AND id = ? AND retired IS NULL ORDER BY place",
            (mission.id, form.id),
        )
        place = int(older[0][1]) if older else _last(vault, mission) + 1
        _retire(vault, mission, form.id, int(clock()))
        vault.db.execute(
            "INSERT INTO mission_form (mission, place, id, version, hash, xform) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (mission, hash) DO UPDATE SET place = excluded.place, retired = NULL",
            (mission.id, place, form.id, form.version, digest, form.xml),
        )
        form_tables.keep(vault, mission.id, digest, form)
        check(vault, mission)
        vault.log.append("form", digest, {"added": 1})
    return [MissionForm(form.id, str(version), False) for version, _ in older]


def remove(
    vault: Vault, mission: Mission, form_id: str, version: str | None = None, *, clock: Callable[[], float]
) -> list[MissionForm]:
    """Let the mission's packs name this form no more, in one version or in all; returns what was taken out.

    Raises E_MISSION_FORM, E_FORM_LAST.
    """
    with vault.db.transaction():
        rows = vault.db.query(
            "SELECT version, hash FROM mission_form WHERE mission = ? AND id = ? AND retired IS NULL ORDER BY place",
            (mission.id, form_id),
        )
        out = [row for row in rows if version in (None, row[0])]
        if not out:
            raise Problem("E_MISSION_FORM", form=form_id if version is None else f"{form_id} {version}")
        for name, digest in out:
            _retire(vault, mission, form_id, int(clock()), str(name))
            vault.log.append("form", bytes(digest), {"removed": 1})
        check(vault, mission)
    return [MissionForm(form_id, str(name), False) for name, _ in out]


def check(vault: Vault, mission: Mission) -> None:
    """A pack can name these forms. Raises E_FORM_LAST, E_FORMS_MANY."""
    row = vault.db.one(
        "SELECT count(*), coalesce(sum(length(xform)), 0) FROM mission_form WHERE mission = ? AND retired IS NULL",
        (mission.id,),
    )
    number, size = (int(row[0]), int(row[1])) if row else (0, 0)
    size += form_tables.size(vault, mission.id)
    if not number:
        raise Problem("E_FORM_LAST")
    if number > MOST or size > MAX_FORMS_BYTES:
        raise Problem("E_FORMS_MANY", limit=MOST, mib=MAX_FORMS_BYTES >> 20)


def _retire(vault: Vault, mission: Mission, form_id: str, now: int, version: str | None = None) -> None:
    vault.db.execute(
        "UPDATE mission_form SET retired = ?3 WHERE mission = ?1 AND id = ?2 AND retired IS NULL"
        " AND (?4 IS NULL OR version = ?4)",
        (mission.id, form_id, now, version),
    )


def _last(vault: Vault, mission: Mission) -> int:
    row = vault.db.one("SELECT coalesce(max(place), -1) FROM mission_form WHERE mission = ?", (mission.id,))
    return int(row[0]) if row else -1
