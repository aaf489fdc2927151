"""`svidok receiver copy`: from the home to an object store and PostgreSQL, or between two of those."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tui.commands import common
from tui.commands.receiver import backend_options, check_backend, home_options, opened
from tui.commands.receiver_reports import copy_lines

if TYPE_CHECKING:
    from sync.receiver.copy import CopyReport, Progress


@click.command()
@home_options
@backend_options
@click.option("--to-store", required=True, help="The object store to fill: s3://bucket/prefix.")
@click.option("--to-index", required=True, help="The PostgreSQL to fill: postgresql://…")
def copy(
    home: Path | None, as_json: bool, store_url: str | None, index_url: str | None, to_store: str, to_index: str
) -> int:
    """Copy everything to another store and index; the receiver must be stopped. Nothing is deleted."""
    from collector.home import Lock
    from sync.receiver.copy import as_dict

    check_backend(store_url, index_url)
    check_backend(to_store, to_index)
    found = opened(home)
    lock = Lock(found.path)
    try:
        with common.progress("Copying", as_json=as_json) as progress:
            report = asyncio.run(_copy(found.folder, (store_url, index_url), (to_store, to_index), progress))
    finally:
        lock.release()
    common.emit(as_dict(report), copy_lines(report), as_json=as_json)
    return 0 if report.whole else 1


async def _copy(
    folder: Path, source: tuple[str | None, str | None], target: tuple[str, str], progress: Progress | None
) -> CopyReport:
    from sync.receiver.backend import open_backend
    from sync.receiver.copy import Side
    from sync.receiver.copy import copy as copy_all

    here = Side(*await open_backend(folder, *source))
    try:
        there = Side(*await open_backend(folder, *target))
        try:
            return await copy_all(here, there, progress)
        finally:
            await there.index.close()
            await there.store.close()
    finally:
        await here.index.close()
        await here.store.close()
