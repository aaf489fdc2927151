"""The tables of a mission's forms (docs/spec/protocol.md §8.3): kept with the form, and the same for ever.

Rule: a device opens a draft with the tables that it was begun with, so other tables need another version of the form.
"""

from __future__ import annotations

from collector.packs import FormSource
from collector.vault import Vault


def keep(vault: Vault, mission: bytes, digest: bytes, form: FormSource) -> None:
    """Keeps the tables of a form that is kept, inside the caller's transaction; those that are there stay."""
    for name, data in form.files:
        vault.db.execute(
            "INSERT OR IGNORE INTO mission_form_file (mission, form, name, data) VALUES (?, ?, ?, ?)",
            (mission, digest, name, data),
        )


def of(vault: Vault, mission: bytes, digest: bytes) -> tuple[tuple[str, bytes], ...]:
    """Name and bytes of a form's tables, by name."""
    rows = vault.db.query(
        "SELECT name, data FROM mission_form_file WHERE mission = ? AND form = ? ORDER BY name", (mission, digest)
    )
    return tuple((str(name), bytes(data)) for name, data in rows)


def anywhere(vault: Vault, digest: bytes) -> dict[str, bytes]:
    """The tables of a form by name, in whichever mission it has them."""
    row = vault.db.one("SELECT mission FROM mission_form_file WHERE form = ? LIMIT 1", (digest,))
    return {} if row is None else dict(of(vault, bytes(row[0]), digest))


def size(vault: Vault, mission: bytes) -> int:
    """Bytes of all tables that the mission's packs carry."""
    row = vault.db.one(
        "SELECT coalesce(sum(length(data)), 0) FROM mission_form_file JOIN mission_form"
        " ON mission_form.mission = mission_form_file.mission AND mission_form.hash = mission_form_file.form"
        " WHERE mission_form.mission = ? AND mission_form.retired IS NULL",
        (mission,),
    )
    return int(row[0]) if row else 0
