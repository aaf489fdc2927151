"""What a receiver does by itself: uploads, acknowledged volumes and return boxes go when their time is over.

Rule: whatever a crash interrupts here is finished in a later round: an upload is forgotten before its bytes go, a
volume only after them. Nothing goes that a desk has not acknowledged, except what never became whole.
"""

from __future__ import annotations

import asyncio

from schemas.problems import Problem
from sync.receiver.answers import note
from sync.receiver.boxes import BOX_KEEP
from sync.receiver.core import Receiver
from sync.receiver.ports import KEEP, Place, Upload
from sync.receiver.streaming import drop


async def sweep(receiver: Receiver) -> int:
    """Removes what has expired; returns how many uploads and volumes went."""
    gone = 0
    for upload in await receiver.index.expired(receiver.now()):
        try:
            async with receiver.index.writing(upload.id, receiver.bounds.patience) as lease:
                # Somebody may have gone on with it meanwhile.
                if not lease.upload.complete and lease.upload.expires <= receiver.now():
                    # First, while nobody else can complete this place.
                    await _unpublish(receiver, lease.upload)
                    await drop(receiver, lease.upload)
                    gone += 1
        except Problem as problem:
            note(problem, upload.id)
    for volume in await receiver.index.droppable(receiver.now() - KEEP):
        place = Place(volume.bid, volume.s, volume.i)
        await receiver.store.remove(place)
        await receiver.index.drop(place)
        gone += 1
    gone += await receiver.index.expire_returns(receiver.now() - BOX_KEEP)
    return gone + await _sweep_strays(receiver)


async def _unpublish(receiver: Receiver, upload: Upload) -> None:
    """Published before a crash and never completed: nobody was told that it is stored."""
    if upload.claim is not None and await receiver.store.published(upload.claim.place):
        await receiver.store.remove(upload.claim.place)


async def _sweep_strays(receiver: Receiver) -> int:
    """Bytes of uploads that the index has forgotten, or has as complete. It knows an upload before its first byte."""
    gone = 0
    for upload_id in (await receiver.store.left_over())[0]:
        upload = await receiver.index.find(upload_id)
        if upload is None or upload.complete:
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
