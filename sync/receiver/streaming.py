"""One body on its way into the store: checked, written, made durable (docs/spec/protocol.md §10.3).

Rule: an offset is told only after the store has made it durable and the index knows; however a body ends, what was good
of it counts; and no byte beyond the lead is stored before the lead was proven and the index has given it its place.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Final

from schemas.problems import Problem
from sync.receiver.answers import Refused, at_offset, note
from sync.receiver.bodies import Body
from sync.receiver.checking import VolumeChecker
from sync.receiver.core import Receiver
from sync.receiver.ports import Lease, Upload, Writer

HOPELESS: Final = frozenset(
    ("E_TOKEN_USED", "E_TOKEN_QUOTA", "E_VOL_MIX", "E_VOL_MAGIC", "E_VOL_FORMAT", "E_VOL_SIG", "E_VOL_LEAVES", "E_PAD")
)
"""What no later request could mend: such an upload is forgotten."""


class Stored(Exception):
    """The volume turned out to be here already, whole: this is it."""

    def __init__(self, upload: Upload) -> None:
        self.upload = upload
        super().__init__(upload.id)


async def checker_for(receiver: Receiver, upload: Upload) -> VolumeChecker:
    """The check of an upload where it stands: as the last request left it, or from what is stored."""
    kept = receiver.remembered(upload.id, upload.offset)
    if kept is not None:
        return kept
    fresh = VolumeChecker(upload.length)
    if not upload.offset:
        return fresh
    needed = fresh.layout.needed(upload.offset)
    lead = await receiver.store.read(upload, 0, needed.lead)
    part = await receiver.store.read(upload, needed.start, needed.length) if needed.length else b""
    return await receiver.in_thread(VolumeChecker.resumed, upload.length, upload.offset, lead, part)


@contextlib.asynccontextmanager
async def yielding(lease: Lease, body: Body) -> AsyncIterator[None]:
    """While in here, whoever asks for the upload ends the body."""

    async def watch() -> None:
        await lease.wait_lost()
        body.stop("taken")

    watcher = asyncio.create_task(watch())
    try:
        yield
    finally:
        watcher.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watcher


async def drop(receiver: Receiver, upload: Upload) -> None:
    """Forgets an unfinished upload: first its place, then its bytes."""
    receiver.forget(upload.id)
    await receiver.index.remove(upload.id)
    await receiver.store.discard(upload.id)


class Stream:
    """Takes a body into one upload, whose lease is held."""

    def __init__(self, receiver: Receiver, lease: Lease, checker: VolumeChecker, writer: Writer) -> None:
        self._receiver = receiver
        self._lease = lease
        self._checker = checker
        self._writer = writer
        self._unsure = 0
        self._due = 0.0
        self.upload = lease.upload

    async def take(self, body: Body) -> None:
        """Takes it all, or what comes of it. Raises Refused for a bad cell or what is too long, Problem for a lead that
        does not hold (nothing of such an upload is kept), Stored.
        """
        bounds, loop = self._receiver.bounds, asyncio.get_running_loop()
        self._due = loop.time() + bounds.flush_seconds
        while True:
            try:
                piece = await body.next(max(0.0, self._due - loop.time()) if self._unsure else None)
            except TimeoutError:
                await self._settle()
                continue
            if piece is None:
                break
            await self._step(piece)
            if self._unsure >= bounds.flush_bytes or (self._unsure and loop.time() >= self._due):
                await self._settle()
        await self._settle()

    async def _step(self, piece: bytes | memoryview) -> None:
        """Checks and writes what has arrived."""
        before = self._checker.offset
        if not self._unsure:
            self._due = asyncio.get_running_loop().time() + self._receiver.bounds.flush_seconds
        try:
            await self._receiver.check(self._checker, piece)
        except Problem as problem:
            if problem.code == "E_UPLOAD_CELL":
                await self._keep_good(piece, before)
            elif problem.code in HOPELESS:
                await self._drop()
                raise
            await self._settle()
            raise at_offset(problem, self.upload.offset) from None
        if self.upload.claim is None and self._checker.proven:
            await self._identify()
        await self._write(piece)

    async def _write(self, piece: bytes | memoryview) -> None:
        await self._writer.write(piece)
        self._unsure += len(piece)

    async def _keep_good(self, piece: bytes | memoryview, before: int) -> None:
        """Of a piece with a bad cell, what comes before that cell; of the cell's beginning, nothing."""
        good = self._checker.offset
        if good >= before:
            if self.upload.claim is None:
                await self._identify()
            await self._write(memoryview(piece)[: good - before])
            return
        # The index never says more than the store has, whenever this is interrupted: so it goes back first.
        await self._writer.flush()
        self._unsure = 0
        self.upload = await self._receiver.index.advance(self._lease, good, self._receiver.now())
        await self._writer.cut(good)

    async def _identify(self) -> None:
        """The lead is proven: the index gives the upload its place, or tells that the volume is here already."""
        claim = self._checker.claim
        try:
            found = await self._receiver.index.identify(self.upload.id, claim, self._receiver.now())
        except Problem as problem:
            if problem.code in HOPELESS:
                await self._drop()
            raise
        if found.id != self.upload.id:
            await self._receiver.store.discard(self.upload.id)
            raise Stored(found)
        self.upload = replace(found, claim=claim)

    async def _drop(self) -> None:
        await drop(self._receiver, self.upload)

    async def _settle(self) -> None:
        """What was written becomes durable, then known."""
        if not self._unsure:
            return
        offset = await self._writer.flush()
        self._unsure = 0
        self.upload = await self._receiver.index.advance(self._lease, offset, self._receiver.now())


async def finish(receiver: Receiver, lease: Lease, upload: Upload) -> Upload:
    """A volume that is whole becomes one that is stored. May be repeated after a crash at any point."""
    if upload.claim is None:
        raise Refused(Problem("E_RECEIVER_FAULT", where="finish"))
    await receiver.store.publish(upload)
    done = await receiver.index.complete(lease, receiver.receipt(upload.claim), receiver.now())
    receiver.forget(upload.id)
    with contextlib.suppress(Problem):  # a later sweep removes what stays
        await receiver.store.discard(upload.id)
    return done


async def take_body(receiver: Receiver, lease: Lease, body: Body) -> Upload:
    """Takes a body into the upload of this lease, and finishes the volume when it is whole. Raises as `Stream.take`;
    E_UPLOAD_BUSY and E_RECEIVER_BUSY when the body had to stop.
    """
    try:
        checker = await checker_for(receiver, lease.upload)
    except Problem as problem:
        if problem.code in HOPELESS:
            await drop(receiver, lease.upload)
        raise
    async with receiver.store.writer(lease.upload) as writer:
        stream = Stream(receiver, lease, checker, writer)
        try:
            async with yielding(lease, body):
                await stream.take(body)
        finally:
            if checker.offset == stream.upload.offset:
                receiver.remember(stream.upload.id, checker)
    if checker.whole:
        return await finish(receiver, lease, stream.upload)
    if body.end == "cut":
        note(Problem("E_NET_CUT"), stream.upload.id)
    if body.end in ("taken", "stopping"):
        stopped = Problem("E_UPLOAD_BUSY" if body.end == "taken" else "E_RECEIVER_BUSY")
        raise at_offset(stopped, stream.upload.offset)
    return stream.upload
