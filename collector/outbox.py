"""The outbox: one file for each sealed entry, under a random name, pending until its entry counts.

Rule: a file without `.pending` belongs to an entry of the database; a pending one is nothing yet. What was cut off in
between is put right when the home is opened (docs/spec/protocol.md §6.5).
"""

from __future__ import annotations

from collector import files
from collector.vault import Vault
from schemas.problems import Problem

PENDING = ".pending"


def write_pending(vault: Vault, name: str, data: bytes) -> None:
    """Writes an entry's file durably under its pending name. Raises E_DISK_FULL, E_MEDIA_IO, E_NO_ACCESS."""
    files.write_durably(vault.path("outbox", name + PENDING), data)
    files.checkpoint("seal: outbox file pending")


def publish(vault: Vault, name: str) -> None:
    """Gives the file of an entry that counts its name, durably."""
    files.checkpoint("seal: committed")
    files.rename(vault.path("outbox", name + PENDING), vault.path("outbox", name))
    files.checkpoint("seal: published")


def discard(vault: Vault, name: str) -> None:
    """Removes the pending file of an entry that does not count."""
    files.remove(vault.path("outbox", name + PENDING))


def recover(vault: Vault) -> list[Problem]:
    """Puts right what an interrupted sealing left, at the start of the program; gives what a person must know.

    A pending file whose entry counts gets its name; one without an entry goes, and its draft is still a draft. An entry
    whose file is gone gives E_OUTBOX_LOST, every time, and one custody event.
    """
    folder = vault.folder / "outbox"
    files.sweep_temporaries(folder)
    rows = vault.db.query("SELECT file_name, eid, code, state FROM entry WHERE state <> 'purged'")
    known = {str(row[0]) for row in rows}
    with files.mapped_os_errors():
        present = {item.name for item in folder.iterdir()}
    for pending in [name for name in present if name.endswith(PENDING)]:
        name = pending.removesuffix(PENDING)
        if name in known and name not in present:
            files.rename(folder / pending, folder / name)
            present.add(name)
        else:
            files.remove(folder / pending)
    return [_lost(vault, eid, str(code), str(state)) for name, eid, code, state in rows if name not in present]


def _lost(vault: Vault, eid: bytes, code: str, state: str) -> Problem:
    """An entry without its file. One that no bundle carried needs a human decision; copies may exist of the others."""
    note = "outbox-lost:" + eid.hex()
    if vault.db.meta(note) is None:
        with vault.db.transaction():
            vault.db.set_meta(note, state.encode())
            vault.log.append("outbox-lost", eid, {"state": state})
    return Problem("E_OUTBOX_LOST", entry=code)
