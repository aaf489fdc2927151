"""What a receiver does by itself: uploads, acknowledged volumes and return boxes go when their time is over.

Rule: whatever a crash interrupts here is finished in a later round, and what goes was decided in the index first: a
volume becomes an upload again whose time is over, an upload loses its durable bytes, and only then bytes go. So whoever
comes in between finds it as it is, and begins anew. Nothing goes that a desk has not acknowledged, except what never
became whole.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final

from schemas.problems import Problem
from sync.receiver.answers import note
from sync.receiver.boxes import BOX_KEEP
from sync.receiver.core import Receiver
from sync.receiver.ports import KEEP, Place, Upload
from sync.receiver.streaming import drop

SURE_S: Final = 4.0
"""Seconds after which the right to write, which nobody confirmed since, counts no more for what cannot be undone."""


async def sweep(receiver: Receiver) -> int:
    """Removes what has expired; returns how many uploads, volumes and return boxes went."""
    now = receiver.now()
    for volume in await receiver.index.droppable(now - KEEP):
        await receiver.index.release(Place(volume.bid, volume.s, volume.i), now - KEEP, now)
    gone = 0
    for upload in await receiver.index.expired(now):
        try:
            gone += await _expire(receiver, upload)
        except Problem as problem:
            note(problem, upload.id)
    gone += await receiver.index.expire_returns(now - BOX_KEEP)
    return gone + await _sweep_strays(receiver)


async def _expire(receiver: Receiver, upload: Upload) -> bool:
    """Removes one upload, unless somebody goes on with it meanwhile. Raises E_UPLOAD_BUSY, E_UPLOAD_UNKNOWN."""
    async with receiver.index.writing(upload.id, receiver.bounds.patience) as lease:
        expires = lease.upload.expires
        if lease.upload.complete or expires > receiver.now():
            return False
        published = await _published(receiver, lease.upload)
        # Whoever has the turn after us, should we be stopped here for long, has to send it all again before it is
        # complete; and when somebody has it already, this is refused.
        asked = _clock()
        await receiver.index.advance(lease, 0, expires - KEEP)
        if _clock() - asked > SURE_S:
            raise Problem("E_UPLOAD_BUSY")  # the right to write may be somebody else's by now
        if published is not None:
            await receiver.store.remove(published)
        await drop(receiver, lease.upload)
    return True


def _clock() -> float:
    """Seconds that also pass while this process, or the machine, is stopped."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


async def _published(receiver: Receiver, upload: Upload) -> Place | None:
    """Where it was published before a crash and never completed, or let go: nobody is told that it is stored."""
    if upload.claim is None or not await receiver.store.published(upload.claim.place):
        return None
    return upload.claim.place


async def _sweep_strays(receiver: Receiver) -> int:
    """Bytes of uploads that the index has forgotten, or has as complete. It knows an upload before its first byte."""
    gone = 0
    here = await receiver.store.uploads()
    known = {upload.id for upload in await receiver.index.unfinished()} if here else set()
    for upload_id in here:
        upload = None if upload_id in known else await receiver.index.find(upload_id)
        if upload_id not in known and (upload is None or upload.complete):
            await receiver.store.discard(upload_id)
            gone += 1
    return gone


async def keep_up(receiver: Receiver) -> None:
    """Sweeps for ever; a fault is noted and tried again at the next turn."""
    while True:
        try:
            await sweep(receiver)
        except Problem as problem:
            note(problem)
        await asyncio.sleep(receiver.bounds.sweep)
