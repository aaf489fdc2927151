"""Everything that a receiver holds, from one back end to another (`svidok receiver copy`).

Rule: nothing is deleted or changed at the source. A volume counts at the target when it has proven itself as a courier
would prove it, the target's store has given the same bytes back, and only then its index says so; a copy that was
interrupted goes on with what is missing. Unfinished uploads stay behind and are named: their devices begin them anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from typing import Any, Final

from schemas.problems import Problem
from sync.receiver.checking import VolumeChecker
from sync.receiver.moving import KeptVolume
from sync.receiver.ports import Index, Store, Upload

_PAGE: Final = 500
_BOXES: Final = 8
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Side:
    """A back end."""

    index: Index
    store: Store


@dataclass(frozen=True, slots=True)
class Fault:
    """A volume that was not copied: its name, and the code of what it does not prove."""

    what: str
    code: str


@dataclass(slots=True)
class CopyReport:
    """How many of each are at the target now; `already`: volumes that an earlier copy had brought; `left`: ids of
    unfinished uploads, which stay behind.
    """

    offices: int = 0
    tokens: int = 0
    volumes: int = 0
    already: int = 0
    bytes: int = 0
    boxes: int = 0
    left: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Whether every volume is at the target."""
        return not self.faults


def as_dict(report: CopyReport) -> dict[str, Any]:
    """For scripts."""
    return {**asdict(report), "whole": report.whole}


async def copy(source: Side, target: Side, progress: Progress | None = None) -> CopyReport:
    """Copies everything; the receiver must not be running meanwhile. `progress` gets volumes done and in all.

    Raises E_RECEIVER_BACKEND, E_RECEIVER_FULL, E_RECEIVER_FAULT, E_TOKEN_LIST (another office at the target has the
    same bearer).
    """
    report = CopyReport()
    await _offices_and_tokens(source, target, report)
    total = (await source.index.counts()).volumes
    # A desk that has seen what the target has of its own must still come upon everything else.
    keep_order = await _ids(target.index) <= await _ids(source.index)
    after = 0
    while page := await source.index.moving().volumes(after, _PAGE):
        for volume in page:
            await _volume(source, target, volume, keep_order, report)
            if progress is not None:
                progress(report.volumes + len(report.faults), total)
        after = page[-1].arrivals[0].at
    name = b""
    while boxes := await source.index.moving().boxes(name, _BOXES):
        await target.index.moving().take_boxes(boxes)
        report.boxes += len(boxes)
        name = boxes[-1].retn
    report.left = [upload.id for upload in await source.index.unfinished()]
    return report


async def _ids(index: Index) -> set[str]:
    """The uploads of all complete volumes."""
    found: set[str] = set()
    after = 0
    while page := await index.moving().volumes(after, _PAGE):
        found.update(volume.id for volume in page)
        after = page[-1].arrivals[0].at
    return found


async def _offices_and_tokens(source: Side, target: Side, report: CopyReport) -> None:
    offices = await source.index.moving().offices()
    await target.index.moving().take_offices(offices)
    report.offices = len(offices)
    after = b""
    while tokens := await source.index.moving().tokens(after, _PAGE):
        await target.index.moving().take_tokens(tokens)
        report.tokens += len(tokens)
        after = tokens[-1].hash


async def _volume(source: Side, target: Side, volume: KeptVolume, keep_order: bool, report: CopyReport) -> None:
    place = volume.claim.place
    stands = any((item.s, item.i) == (place.stripe, place.index) for item in await target.index.bundle(place.bid))
    try:
        already = stands and await target.store.published(place)
        if not already:
            await _bytes(source, target, volume)
        # Also for one that stands: the desk may have acknowledged it meanwhile.
        await target.index.moving().take_volume(volume, keep_order=keep_order)
        report.already += already
    except Problem as problem:
        if problem.code in ("E_RECEIVER_BACKEND", "E_RECEIVER_FULL"):
            raise
        await target.store.discard(volume.id)
        report.faults.append(Fault(f"{place.bid.hex()}-{place.stripe}-{place.index}", problem.code))
        return
    await target.store.discard(volume.id)
    report.volumes += 1
    report.bytes += volume.length


async def _bytes(source: Side, target: Side, volume: KeptVolume) -> None:
    """Brings one volume into the target's store. Raises what it does not prove, E_RECEIVER_FAULT, E_UPLOAD_UNKNOWN."""
    upload = Upload(volume.id, volume.length, 0, volume.claim, volume.token, volume.expires)
    await target.store.discard(volume.id)
    checker, proven = VolumeChecker(volume.length), sha256()
    async with target.store.writer(upload) as writer:
        async for piece in source.store.volume(volume.claim.place, 0, volume.length):
            checker.feed(piece)
            proven.update(piece)
            await writer.write(piece)
        if not checker.whole:
            raise Problem("E_VOL_SIZE")
        if checker.claim != volume.claim:
            raise Problem("E_VOL_MIX")
        await writer.flush()
    whole = replace(upload, offset=volume.length)
    await target.store.publish(whole)
    if await _digest(target.store, whole) != proven.digest():
        # What stood there, by its name and length, was not what it should be; its index says nothing of it yet.
        await target.store.remove(volume.claim.place)
        await target.store.publish(whole)
        if await _digest(target.store, whole) != proven.digest():
            raise Problem("E_RECEIVER_FAULT", where="store, read back")


async def _digest(store: Store, upload: Upload) -> bytes | None:
    """SHA-256 of what the store gives as this volume; None when it gives none."""
    given = sha256()
    if upload.claim is None or not await store.published(upload.claim.place):
        return None
    async for piece in store.volume(upload.claim.place, 0, upload.length + 1):
        given.update(piece)
    return given.digest()
