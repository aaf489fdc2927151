"""Bytes of one upload going into an object store, piece by piece.

Rule: one piece is on its way while the next is gathered, and behind a piece that failed nothing counts. Many small
pieces in one stretch are joined when an upload goes on, so that slow lines do not fill the store with crumbs.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Final

import obstore

from collector import files
from schemas.problems import Problem
from sync.receiver.cloud_calls import again
from sync.receiver.ports import Upload

if TYPE_CHECKING:
    from sync.receiver.cloud_store import CloudStore

STRETCH: Final = 8 << 20
CRUMBS: Final = 32
"""After that many small pieces by this worker a stretch is joined."""
_MOST_COUNTED: Final = 10_000


class CloudWriter:
    """`ports.Writer` over S3."""

    def __init__(self, store: CloudStore, upload: Upload, prefix: str) -> None:
        self._store, self._upload, self._prefix = store, upload, prefix
        self._start = self._end = upload.offset
        self._gathered = bytearray()
        self._underway: asyncio.Task[None] | None = None
        self._joined: list[str] = []
        self._stamp = 0
        self._fault: Problem | None = None

    async def __aenter__(self) -> CloudWriter:
        if self._upload.complete:
            raise Problem("E_UPLOAD_UNKNOWN")
        self._store.writers += 1
        try:
            await self._join_crumbs()
        except BaseException:
            self._store.writers -= 1
            raise
        return self

    async def __aexit__(self, *error: object) -> None:
        self._store.writers -= 1
        task, self._underway = self._underway, None
        if task is not None:
            await asyncio.wait([task])
            task.cancelled() or task.exception()

    async def _join_crumbs(self) -> None:
        """Takes up the bytes of a stretch that has become many pieces, to write them as one."""
        offset = self._upload.offset
        first = offset - offset % STRETCH
        if first == offset or self._store.crumbs.get(self._upload.id, 0) <= CRUMBS:
            return
        pieces = await self._store.pieces(self._upload.id, first)
        self._gathered += await self._store.read(self._upload, first, offset - first)
        self._start = first
        self._joined = [piece.name for piece in pieces if piece.turn < self._upload.turn]

    def _count_crumb(self, length: int) -> None:
        crumbs, name = self._store.crumbs, self._upload.id
        if self._joined or length >= STRETCH:
            crumbs.pop(name, None)
        elif name in crumbs or len(crumbs) < _MOST_COUNTED:
            crumbs[name] = crumbs.get(name, 0) + 1

    async def write(self, data: bytes | bytearray | memoryview) -> None:
        """See `ports.Writer`. Raises E_UPLOAD_LENGTH, E_RECEIVER_FULL, E_RECEIVER_BACKEND (also for bytes before)."""
        if self._end + len(data) > self._upload.length:
            raise Problem("E_UPLOAD_LENGTH")
        view = memoryview(data).cast("B")
        while view:
            room = STRETCH - self._end % STRETCH
            part = view[:room]
            self._gathered += part
            self._end += len(part)
            view = view[len(part) :]
            if self._end % STRETCH == 0 or len(self._gathered) >= self._store.piece_limit():
                await self._hand_over()

    async def _hand_over(self) -> None:
        """Sends what was gathered on its way, once what came before has arrived."""
        await self._settle()
        if self._gathered:
            data, self._gathered = self._gathered, bytearray()
            start, self._start = self._start, self._end
            self._underway = asyncio.get_running_loop().create_task(self._put(start, data))

    async def _put(self, start: int, data: bytearray) -> None:
        self._stamp = max(self._stamp + 1, time.time_ns())
        name = f"{self._prefix}{start:012d}-{self._upload.turn:08x}-{self._stamp:016x}"

        async def put() -> None:
            await obstore.put_async(self._store.bucket, name, data, use_multipart=False)

        await again("put", put)
        self._count_crumb(len(data))
        joined, self._joined = self._joined, []
        with contextlib.suppress(Problem):  # they count for nothing any more, and go with the upload at the latest
            await self._store.delete(joined)

    async def _settle(self) -> None:
        """Waits for what is on its way. A fault stays: behind bytes that were lost nothing else may count."""
        task, self._underway = self._underway, None
        if task is not None:
            try:
                await asyncio.wait([task])
                await task
            except Problem as problem:
                self._fault = problem
        if self._fault is not None:
            raise self._fault

    async def flush(self) -> int:
        """See `ports.Writer`. Raises E_RECEIVER_FULL, E_RECEIVER_BACKEND; then only what was flushed before counts."""
        await self._hand_over()
        await self._settle()
        files.checkpoint("upload: durable")
        return self._end

    async def cut(self, offset: int) -> None:
        """See `ports.Writer`: the next piece begins there, and a piece cuts off what lay beyond its start."""
        await self.flush()
        self._start = self._end = min(offset, self._end)
