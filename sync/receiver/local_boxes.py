"""Return boxes in SQLite. Rule: see `boxes`; what an office holds is counted by triggers, in the same transaction."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from sync.receiver.boxes import BoxRoom, Held, require_room
from sync.receiver.local_facts import Facts


class LocalBoxes:
    """The part of `ports.Index` that has return boxes; `run` does work in the index's own thread."""

    def __init__(self, facts: Facts, run: Callable[..., Awaitable[Any]]) -> None:
        self._facts, self._run = facts, run

    async def put(self, retn: bytes, data: bytes, office: bytes, now: int, room: BoxRoom) -> None:
        """See `ports.Index.put_return`."""
        await self._run(self._put, retn, data, office, now, room)

    def _put(self, retn: bytes, data: bytes, office: bytes, now: int, room: BoxRoom) -> None:
        with self._facts.transaction():
            require_room(self._held(retn, office), office, len(data), room)
            self._facts.run(
                "INSERT INTO returns (retn, office, put, data) VALUES (?, ?, ?, ?) ON CONFLICT (retn) DO UPDATE"
                " SET put = excluded.put, data = excluded.data",
                retn, office, now, data,
            )  # fmt: skip

    async def require(self, retn: bytes, length: int, office: bytes, room: BoxRoom) -> None:
        """See `ports.Index.require_return`."""
        require_room(await self._run(self._held, retn, office), office, length, room)

    def _held(self, retn: bytes, office: bytes) -> Held:
        boxes, size = self._facts.row("SELECT boxes, bytes FROM box_totals WHERE office = ?", office) or (0, 0)
        there = self._facts.row("SELECT office, length(data) FROM returns WHERE retn = ?", retn) or (None, 0)
        return Held(boxes, size, *there)

    async def get(self, retn: bytes) -> bytes | None:
        """See `ports.Index.get_return`."""
        found = await self._run(self._facts.row, "SELECT data FROM returns WHERE retn = ?", retn)
        return None if found is None else bytes(found[0])

    async def expire(self, before: int) -> int:
        """See `ports.Index.expire_returns`."""
        return int(await self._run(self._facts.run, "DELETE FROM returns WHERE put < ?", before))
