"""Putting vault, archives and store in agreement: at the opening of a desk, and around every import.

The vault commits last, so that what it does not know is the remainder of an import that was broken off, and is removed.
Unless the vault is the older of the two: then somebody put back an old copy of it, and what it does not know was
imported and answered for. In that case nothing is removed, ever.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from collector import files
from collector.vault import Vault
from schemas.problems import Problem
from sync.desk.archive import AREAS, FOLDER, Archive

_UNSURE = "import-settled"


def tidy(vault: Vault, archives: Mapping[int, Archive]) -> list[Problem]:
    """Remove what broken-off imports left; returns warnings: E_ARCHIVE_AHEAD, E_ARCHIVE_BEHIND."""
    last = last_number(vault)
    for archive in archives.values():
        archive.index.reload()
    if any(archive.settled > last for archive in archives.values()):
        return [_adopt(vault, archives, last)]
    for archive in archives.values():
        for number in archive.numbers(above=last):
            with archive.db.transaction():
                archive.forget(number)
    for area, name in _unknown(vault):
        files.remove(vault.home / FOLDER / area / name)
    missing = settle(vault, archives)
    return [Problem("E_ARCHIVE_BEHIND", count=missing)] if missing else []


def empty_work(vault: Vault) -> None:
    """Remove what an intake that was killed left in its work folder; for an opening desk, when no intake runs."""
    work = vault.home / FOLDER / "work"
    files.make_private_dir(work)
    with files.mapped_os_errors():
        left = list(work.iterdir())
    for path in left:
        if path.is_dir() and not path.is_symlink():
            files.remove_tree(path)
        else:
            files.remove(path)


def tidy_after_failure(vault: Vault, archives: Mapping[int, Archive]) -> None:
    """As `tidy`, in a process whose last commit to the vault failed.

    The pages of that commit may still lie in the vault's log and count after a crash; a commit that succeeds cuts them
    off. Until then nothing may be removed that they refer to. Raises what the database raises.
    """
    vault.db.set_meta(_UNSURE, os.urandom(16))
    tidy(vault, archives)


def settle(vault: Vault, archives: Mapping[int, Archive]) -> int:
    """Let every archive know what the vault has committed; returns how many documents are missing from them.

    An archive that lacks something is not told, so that the same is found the next time.
    """
    last, missing = last_number(vault), 0
    for comp, archive in archives.items():
        if archive.settled == last:
            continue
        rows = vault.db.query(
            "SELECT number FROM item WHERE number > ? AND state = 'imported' AND instr(opened, ?)",
            (archive.settled, bytes([comp])),
        )
        lacking = {int(row[0]) for row in rows}.difference(archive.numbers(above=archive.settled))
        missing += len(lacking)
        if not lacking:
            archive.settle(last)
    return missing


def last_number(vault: Vault) -> int:
    """The highest number that the vault ever gave to an item; it never goes down, also when items are removed."""
    row = vault.db.one("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'item'")
    return 0 if row is None else int(row[0])


def _adopt(vault: Vault, archives: Mapping[int, Archive], last: int) -> Problem:
    """The vault is older than the archive: everything in the store becomes known, so that nothing takes it away."""
    unknown = _unknown(vault)
    if unknown:
        with files.mapped_os_errors(), vault.db.transaction():
            for area, name in unknown:
                size = (vault.home / FOLDER / area / name).stat().st_size
                vault.db.execute("INSERT INTO store (name, area, bytes, at) VALUES (?, ?, ?, ?)", (name, area, size, 0))
            vault.log.append("restore", b"", {"what": "vault behind archive", "files": len(unknown)})
    return Problem("E_ARCHIVE_AHEAD", count=max(len(archive.numbers(above=last)) for archive in archives.values()))


def _unknown(vault: Vault) -> list[tuple[str, str]]:
    """Files below the archive's areas that the vault has no row for: area and name."""
    known = {(str(area), str(name)) for area, name in vault.db.query("SELECT area, name FROM store")}
    found: list[tuple[str, str]] = []
    for area in AREAS:
        folder = vault.home / FOLDER / area
        if not folder.is_dir():
            files.make_private_dir(folder)
        with files.mapped_os_errors():
            found += [
                (area, path.name)
                for path in sorted(folder.iterdir())
                if (area, path.name) not in known and path.is_file() and not path.is_symlink()
            ]
    return found
