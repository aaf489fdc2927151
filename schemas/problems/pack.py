"""Coded problems of mission packs, return files and the keys that they carry (docs/spec/protocol.md §8)."""

from __future__ import annotations

from schemas.problems.catalogue import Entry

_OLD_STANDS = "The mission pack in force was not changed. Interviews and sealing go on with it."
_TELL = "Keep the file, do not use it, and tell the office this code."


def _refused(code: str, what: str, remedy: str = _TELL) -> Entry:
    return Entry(code, what, _OLD_STANDS, remedy)


ENTRIES: tuple[Entry, ...] = (
    _refused("E_PACK_SIG", "Not enough of the people who may sign this have signed it."),
    _refused("E_PACK_ROLLBACK", "This mission pack is older than the one in force ({version})."),
    _refused("E_PACK_FORK", "This mission pack does not follow the one in force."),
    _refused("E_PACK_EQUIVOCATION", "Two different mission packs carry the same version ({version})."),
    Entry(
        "E_PACK_EXPIRED",
        "The mission pack has expired ({date}).",
        "Interviews and sealing go on.",
        "Ask the office for a new mission pack when you can reach it.",
    ),
    Entry(
        "E_PACK_UNKNOWN",
        "An entry was sealed under a mission pack that this desk did not issue.",
        "The entry stands in quarantine, whole.",
        "Find out which pack the device had, then decide about the entry.",
    ),
    _refused("E_RECIPIENT_KEY", "A public key to which something should be sealed is not a usable key."),
)
