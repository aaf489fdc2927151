"""The back ends that the contract is tested with. A further one is added here, and nothing else changes.

A back end is a function that gives a `Place` nobody has used; what it needs it takes from fixtures by their names.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from sync.receiver.backend import open_backend
from sync.receiver.ports import Index, Store


@dataclass(frozen=True)
class Place:
    """Where one receiver keeps things, as `serve` is told; it may be opened again and again, also twice at once.

    `workers`: several processes may serve from it. `forks`: a child of this process may open it too (libraries with
    threads of their own do not like that). `urls`: gives addresses of a store and an index that nobody has used.
    """

    folder: Path
    store_url: str | None = None
    index_url: str | None = None
    workers: bool = True
    forks: bool = True
    urls: Callable[[], tuple[str, str]] | None = None

    def another(self, folder: Path) -> Place:
        """One more of this kind, which nobody has used."""
        folder.mkdir()
        store_url, index_url = self.urls() if self.urls is not None else (None, None)
        return replace(self, folder=folder, store_url=store_url, index_url=index_url)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[tuple[Index, Store]]:
        """Index and store, closed again at the end."""
        index, store = await open_backend(self.folder, self.store_url, self.index_url)
        try:
            yield index, store
        finally:
            await index.close()
            await store.close()

    @asynccontextmanager
    async def opened_twice(self) -> AsyncIterator[tuple[Index, Index, Store]]:
        """Two workers over one store; the second is the first again where only one may serve."""
        async with self.opened() as (index, store):
            if not self.workers:
                yield index, index, store
                return
            async with self.opened() as (other, _):
                yield index, other, store


def local(request: pytest.FixtureRequest, folder: Path) -> Place:
    """SQLite and a folder."""
    place = folder / "receiver"
    place.mkdir()
    return Place(place, workers=False)


def cloud(request: pytest.FixtureRequest, folder: Path) -> Place:
    """PostgreSQL and Ceph."""
    urls = request.getfixturevalue("cloud").urls
    return Place(folder, *urls(), forks=False, urls=urls)


BACKENDS = [
    pytest.param(local, id="local"),
    pytest.param(cloud, id="cloud", marks=pytest.mark.xdist_group("cloud")),
]
