"""Which back end a receiver has: what lies in its home, or a store and an index elsewhere."""

from __future__ import annotations

from pathlib import Path

from sync.receiver.local import open_local
from sync.receiver.ports import Index, Store


async def open_backend(folder: Path, store_url: str | None, index_url: str | None) -> tuple[Index, Store]:
    """Index and store; the caller closes both. Raises E_RECEIVER_BACKEND, E_STORE_URL, E_RECEIVER_FAULT."""
    if store_url is None or index_url is None:
        return await open_local(folder)
    from sync.receiver import cloud

    return await cloud.open(store_url, index_url)
