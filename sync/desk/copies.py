"""Copies of attachments: a file appears under its name only when every cell and its SHA-256 have been verified."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from collector import files
from collector.cellfiles import read_cell
from collector.cellstream import open_file
from collector.preview import BUDGET, Preview, describe, reader
from collector.vault import Vault
from schemas.problems import Problem
from sync.desk.archive import FOLDER, Archive, KeptAttachment


def check(vault: Vault, archive: Archive, found: KeptAttachment) -> Preview:
    """Decrypt every cell of an attachment, keep nothing, and say what it is without opening it.

    Raises E_ATTACHMENT_HASH, E_STREAM_*, E_CELL_AUTH, E_MEDIA_IO.
    """
    _decrypt(vault, archive, found, None)
    kept: dict[int, bytes] = {}
    with (
        files.mapped_os_errors(),
        archive.attachment_key(found.number, found.info.sid) as key,
        (vault.home / FOLDER / "store" / found.store).open("rb") as source,
    ):

        def cell(index: int) -> bytes:
            if index not in kept:
                if len(kept) >= BUDGET:
                    return b""
                kept[index] = read_cell(key, found.info, source.fileno(), index, offset=found.start)
            return kept[index]

        return describe(reader(cell, found.info.length), found.info.length)


def write(vault: Vault, archive: Archive, found: KeptAttachment, out: Path, note: Callable[[], None]) -> None:
    """To a file beside `out`, verified there, noted in the custody log by `note`, and only then under its name.

    Raises E_ATTACHMENT_EXISTS, E_ATTACHMENT_HASH, E_STREAM_*, E_DISK_FULL, E_NO_ACCESS.
    """
    if out.exists():
        raise Problem("E_ATTACHMENT_EXISTS", name=files.shown_name(out.name))
    temporary = out.with_name(f".{files.random_name()}.part")
    with files.mapped_os_errors():
        target = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), 0o600)
        try:
            try:
                _decrypt(vault, archive, found, target)
                files.sync(target)
            finally:
                os.close(target)
            note()
            _appear(temporary, out)
        except BaseException:
            files.remove(temporary)
            raise


def _decrypt(vault: Vault, archive: Archive, found: KeptAttachment, target: int | None) -> None:
    # The root was checked over these cells at import; here the signed SHA-256 of the content decides.
    info = replace(found.info, root=None)
    cells = vault.home / FOLDER / "store" / found.store
    with (
        files.mapped_os_errors(),
        archive.attachment_key(found.number, found.info.sid) as key,
        cells.open("rb") as source,
    ):
        digest = open_file(key, info, source.fileno(), target, offset=found.start)
    if digest != found.sha256:
        raise Problem("E_ATTACHMENT_HASH", sid=found.info.sid.hex())


def _appear(temporary: Path, out: Path) -> None:
    """Give a whole file its name; one that has come to be there meanwhile is not replaced. Raises E_ATTACHMENT_EXISTS.

    The name is taken first: not every medium can link a file, and renaming alone would replace what is there.
    """
    try:
        os.close(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        raise Problem("E_ATTACHMENT_EXISTS", name=files.shown_name(out.name)) from None
    try:
        os.replace(temporary, out)
    except OSError:
        out.unlink()
        raise
    files.fsync_dir(out.parent)
