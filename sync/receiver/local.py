"""Where a receiver on one host keeps things: SQLite and two folders, all inside one folder of its home."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sync.receiver.local_index import LocalIndex
from sync.receiver.local_store import LocalStore

INDEX: Final = "index.db"


async def open_local(folder: Path) -> tuple[LocalIndex, LocalStore]:
    """Opens index and store in a folder (`home/receiver`), or makes them. Both are closed by the caller.

    Raises E_RECEIVER_INDEX, E_RECEIVER_FULL.
    """
    index = await LocalIndex.open(folder / INDEX)
    try:
        return index, LocalStore(folder)
    except BaseException:
        await index.close()
        raise
