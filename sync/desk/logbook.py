"""What people and the program did to a record at the desk: an event in the custody log, found again by entry id."""

from __future__ import annotations

from collections.abc import Mapping

from collector.vault import Vault
from schemas.records.custody import Event
from schemas.structure import decode


def note(vault: Vault, act: str, eid: bytes, det: Mapping[str, str | int | bytes] | None = None) -> Event:
    """Append an event about one entry, inside the caller's transaction."""
    with vault.db.transaction():
        event = vault.log.append(act, eid, det)
        vault.db.execute("INSERT INTO item_event (eid, n) VALUES (?, ?)", (eid, event.n))
    return event


def of(vault: Vault, eid: bytes) -> list[Event]:
    """The events about one entry, oldest first."""
    rows = vault.db.query(
        "SELECT event FROM item_event JOIN custody USING (n) WHERE item_event.eid = ? ORDER BY n", (eid,)
    )
    return [decode(Event, bytes(row[0])) for row in rows]
