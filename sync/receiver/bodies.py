"""The body of a request as it arrives: taken off the line at once, up to a bound, until it ends, is cut, or must stop.

Rule: what has arrived is never lost with the connection: every byte that was taken off the line is given out before the
end is told.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, MutableMapping
from types import TracebackType
from typing import Any, Final, Literal

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
End = Literal["whole", "cut", "taken", "stopping"]
QUIET: Final = 0.05
"""Seconds without a byte after which a body that has to stop is taken to have brought all it had on the way."""
WIND_DOWN: Final = 1.0
STEP: Final = 1 << 18
"""Bytes that are worth a step of the application; what arrived in small pieces is joined up to that."""


def taken_from(pieces: list[bytes | memoryview], wanted: int) -> bytes | memoryview:
    """The first of these pieces, and as many more as make `wanted` bytes of them or somewhat more; not none."""
    count, size = 1, len(pieces[0])
    while count < len(pieces) and size < wanted:
        size += len(pieces[count])
        count += 1
    taken, pieces[:count] = pieces[:count], []
    return taken[0] if count == 1 else b"".join(taken)


class Body:
    """A body in an asynchronous context. `end` tells how it ended, once `next` has given None: whole; cut by the line;
    taken over by another request; the receiver is stopping.
    """

    def __init__(self, receive: Receive, bound: Callable[[], int]) -> None:
        self._receive = receive
        self._bound = bound
        self._held: list[bytes | memoryview] = []
        self._size = 0
        self._end: End | None = None
        self._wake = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._drain: asyncio.Task[None] | None = None
        self._stop: asyncio.Task[None] | None = None
        self._taken = 0

    async def __aenter__(self) -> Body:
        self._drain = asyncio.create_task(self._take_in())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in (self._drain, self._stop):
            if task is not None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    @property
    def end(self) -> End:
        """How it ended. Only after `next` gave None."""
        if self._end is None:
            raise ValueError("the body has not ended yet")
        return self._end

    def stop(self, why: End) -> None:
        """Asks it to end: what the line has brought already is still taken in, and given out."""
        if self._end is None and self._stop is None:
            self._stop = asyncio.create_task(self._wind_down(why))

    async def _wind_down(self, why: End) -> None:
        """Ends once the line was quiet for a moment, or after a second."""
        loop = asyncio.get_running_loop()
        until, seen = loop.time() + WIND_DOWN, -1
        while loop.time() < until and (seen < self._taken or not self._room.is_set()):
            seen = self._taken
            await asyncio.sleep(QUIET)
        self._finish(why)

    def _finish(self, end: End) -> None:
        if self._end is None:
            self._end = end
        self._wake.set()

    async def next(self, seconds: float | None = None) -> bytes | memoryview | None:
        """What has arrived since, at least one byte, and no more than a step is worth; None at the end. TimeoutError
        when nothing arrives for so long.
        """
        if not self._held and self._end is None:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        if not self._held:
            return None
        piece = taken_from(self._held, STEP)
        self._size -= len(piece)
        if self._end is None and not self._held:
            self._wake.clear()
        self._room.set()
        return piece

    async def exactly(self, count: int) -> bytes:
        """The next `count` bytes together, or fewer when the body ends before. What is beyond stays for `next`."""
        got = bytearray()
        while len(got) < count:
            piece = await self.next()
            if piece is None:
                break
            got += piece
        self.put_back(bytes(got[count:]))
        return bytes(got[:count])

    def put_back(self, data: bytes) -> None:
        """`next` gives these bytes first."""
        if data:
            self._held.insert(0, data)
            self._size += len(data)
            self._wake.set()

    async def _take_in(self) -> None:
        while self._end is None:
            message = await self._receive()
            if self._end is not None:
                return None
            if message["type"] != "http.request":
                return self._finish("cut")
            data = message.get("body", b"")
            if data:
                self._held.append(data)
                self._size += len(data)
                self._taken += len(data)
                self._wake.set()
            if not message.get("more_body", False):
                return self._finish("whole")
            if self._size >= self._bound():
                self._room.clear()
                await self._room.wait()
        return None
