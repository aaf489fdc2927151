"""From a receiver's home to its application, inside whichever process serves it.

Rule: a worker gets names, never open things: each opens index, store and key for itself, and closes them again.
"""

from __future__ import annotations

import time
from pathlib import Path

from starlette.applications import Starlette

from sync.receiver.app import make_app
from sync.receiver.backend import open_backend
from sync.receiver.home import open_home


async def application(home: Path, store_url: str | None = None, index_url: str | None = None) -> Starlette:
    """The application of a home. Raises E_HOME_MISSING, E_HOME_PROFILE, E_FORMAT, and what `open_backend` raises."""
    found = open_home(home)
    index, store = await open_backend(found.folder, store_url, index_url)
    with found.seed() as seed:
        return make_app(index, store, seed, clock=time.time)
