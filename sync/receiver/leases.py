"""Who may write an upload, inside one process: one at a time, and whoever comes later is let in soon.

Rule: a lease is never taken away. Its holder is asked, makes durable what is in hand, and lets go.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from schemas.problems import Problem
from sync.receiver.ports import Upload


class HeldLease:
    """The exclusive right to write one upload, for as long as `live` is true."""

    def __init__(self, upload: Upload) -> None:
        self.upload = upload
        self.live = True
        self._asked = asyncio.Event()

    def lost(self) -> bool:
        """Whether another request asked for the same upload."""
        return self._asked.is_set()

    async def wait_lost(self) -> None:
        """Returns when `lost()` has become true."""
        await self._asked.wait()

    def ask(self) -> None:
        """Asks the holder to let go."""
        self._asked.set()


@dataclass
class _Door:
    """One upload: its lock, who is inside, how many wait."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    holder: HeldLease | None = None
    waiting: int = 0


class Leases:
    """The leases of one process. `find` gives the upload as the index has it now."""

    def __init__(self, find: Callable[[str], Awaitable[Upload | None]]) -> None:
        self._find = find
        self._doors: dict[str, _Door] = {}

    def holder(self, upload_id: str) -> HeldLease | None:
        """The lease that is in force for an upload, or None."""
        door = self._doors.get(upload_id)
        return door.holder if door is not None else None

    @asynccontextmanager
    async def writing(self, upload_id: str, patience: float) -> AsyncIterator[HeldLease]:
        """See `ports.Index.writing`. Raises E_UPLOAD_BUSY, E_UPLOAD_UNKNOWN."""
        door = self._doors.setdefault(upload_id, _Door())
        await self._enter(upload_id, door, patience)
        lease: HeldLease | None = None
        try:
            upload = await self._find(upload_id)
            if upload is None:
                raise Problem("E_UPLOAD_UNKNOWN")
            lease = door.holder = HeldLease(upload)
            if door.waiting:
                lease.ask()
            yield lease
        finally:
            if lease is not None:
                lease.live = False
            door.holder = None
            door.lock.release()
            self._forget(upload_id, door)

    async def _enter(self, upload_id: str, door: _Door, patience: float) -> None:
        door.waiting += 1
        if door.holder is not None:
            door.holder.ask()
        try:
            async with asyncio.timeout(patience):
                await door.lock.acquire()
        except TimeoutError:
            raise Problem("E_UPLOAD_BUSY") from None
        finally:
            door.waiting -= 1
            self._forget(upload_id, door)

    def _forget(self, upload_id: str, door: _Door) -> None:
        """Keeps no trace of an upload that nobody writes."""
        if not door.waiting and not door.lock.locked() and self._doors.get(upload_id) is door:
            del self._doors[upload_id]
