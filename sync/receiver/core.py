"""What all requests of one worker share: index, store, receipt key, bounds, threads, and what is in work.

Rule: counts of what is in work go down again on every way out, and a stop reaches every body that is being read.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections import OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Final, TypeVar

from collector import crypto
from collector.cells import CELL
from collector.crypto import BytesLike, Secret
from schemas.problems import Problem
from sync.receiver import lanes
from sync.receiver.bodies import Body
from sync.receiver.bounds import Bounds
from sync.receiver.checking import Leaf, VolumeChecker, leaf_hashes
from sync.receiver.ports import Claim, Clock, Index, Store
from sync.receiver.receipt import sign_r1

T = TypeVar("T")
THREADS = 4
LEAST = 32 * 1024
SHARE: Final = 2
"""Cells of one piece for which another thread is worth asking."""


def _at(hashes: Future[list[bytes]], place: int) -> bytes:
    return hashes.result()[place]


def _feed_in_lanes(found: lanes.Lanes, checker: VolumeChecker, piece: BytesLike, row: int, cells: memoryview) -> None:
    """`VolumeChecker.feed`, after the hashes of all cells that are whole."""
    hashes = found.leaf_hashes(cells) if len(cells) >= lanes.LEAST * CELL else []
    checker.feed(piece, {row + at: partial(hashes.__getitem__, at) for at in range(len(hashes))})


class Receiver:
    """One worker's receiver. `seed`: the 32 bytes that its receipt key grows from."""

    def __init__(self, index: Index, store: Store, seed: Secret, bounds: Bounds, clock: Clock) -> None:
        self.index = index
        self.store = store
        self.bounds = bounds
        self._clock = clock
        _, self._key = crypto.sign_keypair(seed)
        self._pool = ThreadPoolExecutor(THREADS, "check")
        self._helpers = min(THREADS, os.cpu_count() or 1)
        self._lanes = lanes.found()
        self._bodies: set[Body] = set()
        self._uploads = 0
        self._reads = 0
        self._checks: OrderedDict[str, VolumeChecker] = OrderedDict()
        self.stopping = False

    def now(self) -> int:
        """Seconds since 1970."""
        return int(self._clock())

    async def in_thread(self, work: Callable[..., T], *args: object) -> T:
        """Runs what would hold up everybody else."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work, *args)

    async def check(self, checker: VolumeChecker, piece: BytesLike) -> None:
        """`VolumeChecker.feed` in a thread, the cells of a large piece in lanes or in several. Raises as that."""
        row, cells = checker.whole_cells(piece)
        if self._lanes is not None:
            await self.in_thread(_feed_in_lanes, self._lanes, checker, piece, row, cells)
            return
        count = len(cells) // CELL
        first = max(1, -(-count // max(1, min(self._helpers, count // SHARE))))
        beside: dict[int, Leaf] = {}
        for begin in range(first, count, first):
            # Asked before the one that will wait for them, they are never behind it in the queue.
            hashes = self._pool.submit(leaf_hashes, cells[begin * CELL : (begin + first) * CELL])
            for at in range(begin, min(begin + first, count)):
                beside[row + at] = partial(_at, hashes, at - begin)
        await self.in_thread(checker.feed, piece, beside)

    def receipt(self, claim: Claim) -> bytes:
        """R1, signed: this volume is stored here (docs/spec/protocol.md §11.1)."""
        return sign_r1(claim, self._key, self.now())

    # ---- what is in work ----

    @contextlib.contextmanager
    def uploading(self, body: Body) -> Iterator[None]:
        """Counts an upload in work, and lets a stop reach it. Raises E_RECEIVER_BUSY."""
        if self.stopping or self._uploads >= self.bounds.uploads:
            raise Problem("E_RECEIVER_BUSY")
        self._uploads += 1
        self._bodies.add(body)
        try:
            yield
        finally:
            self._uploads -= 1
            self._bodies.discard(body)

    def share(self) -> int:
        """How many bytes one body may hold back now: the fewer are in work, the more."""
        return max(LEAST, self.bounds.buffered // max(1, self._uploads))

    def begin_reading(self) -> None:
        """Counts a large answer or a large small body. Raises E_RECEIVER_BUSY."""
        if self.stopping or self._reads >= self.bounds.reads:
            raise Problem("E_RECEIVER_BUSY")
        self._reads += 1

    def end_reading(self) -> None:
        """The counterpart of `begin_reading`."""
        self._reads -= 1

    def stop(self) -> None:
        """No new uploads; those in work make durable what they have, and end."""
        self.stopping = True
        for body in list(self._bodies):
            body.stop("stopping")

    async def close(self) -> None:
        """Lets go of threads, index, store and key."""
        self._pool.shutdown(wait=False)
        await self.index.close()
        await self.store.close()
        self._key.wipe()

    # ---- checks that go on with the next request ----

    def remembered(self, upload_id: str, offset: int) -> VolumeChecker | None:
        """The check of an upload as the last request left it, when it stands at this offset."""
        checker = self._checks.pop(upload_id, None)
        return checker if checker is not None and checker.offset == offset else None

    def remember(self, upload_id: str, checker: VolumeChecker) -> None:
        """Keeps a check for the next request."""
        self._checks[upload_id] = checker
        while len(self._checks) > self.bounds.remembered:
            self._checks.popitem(last=False)

    def forget(self, upload_id: str) -> None:
        """Drops a kept check."""
        self._checks.pop(upload_id, None)
