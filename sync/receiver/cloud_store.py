"""The store of a receiver over an object store (S3): unfinished uploads as pieces, complete volumes as objects.

Rule: a piece is durable when its `put` returned, and pieces are a journal: in order of turn and time each one cuts off
what lay beyond its start and adds itself. So a late piece of a worker that has lost its turn counts for nothing, going
back to an offset needs no deletion, and nothing has to be tidied before an upload goes on.

uploads/<id>/<start, 12 digits>-<turn, 8 hex>-<time, 16 hex>            volumes/<bid hex>/<stripe>-<index>.vol
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Sequence
from typing import Final, NamedTuple

import obstore
from obstore.store import S3Store

from collector import files
from schemas.problems import Problem
from sync.receiver.cloud_calls import Missing, again
from sync.receiver.cloud_writer import CloudWriter
from sync.receiver.ports import Place, Upload

PIECE: Final = 8 << 20
"""No piece is longer, and none crosses a multiple of it."""
_READ: Final = 4 << 20
_BLOCK: Final = 1 << 20
_BUDGET: Final = 64 << 20
_LEAST: Final = 256 << 10
_PUBLISHING: Final = 2
_STILL_S: Final = 5.0
_ANSWER_S: Final = 10.0
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_PIECE: Final = re.compile(r"(\d{12})-([0-9a-f]{8})-([0-9a-f]{16})", re.ASCII)
_VOLUME: Final = re.compile(r"volumes/([0-9a-f]{32})/(0|[1-9][0-9]{0,2})-([0-7])\.vol", re.ASCII)


class Piece(NamedTuple):
    """One object of an upload: the bytes from `start` to `end`; pieces sort in the order in which they were written."""

    turn: int
    stamp: int
    start: int
    end: int
    name: str


class Span(NamedTuple):
    """The part of a piece that counts."""

    start: int
    end: int
    piece: Piece


def replayed(pieces: Sequence[Piece]) -> list[Span]:
    """What counts of the pieces of an upload, from its start on; a gap ends it."""
    spans: list[Span] = []
    for piece in sorted(pieces):
        while spans and spans[-1].end > piece.start:
            last = spans.pop()
            if last.start < piece.start:
                spans.append(last._replace(end=piece.start))
        spans.append(Span(piece.start, piece.end, piece))
    end = 0
    for count, span in enumerate(spans):
        if span.start != end:
            return spans[:count]
        end = span.end
    return spans


class CloudStore:
    """`ports.Store` over S3."""

    def __init__(self, bucket: S3Store) -> None:
        self.bucket = bucket
        self.writers = 0
        self.crumbs: dict[str, int] = {}
        self._publishing = asyncio.Semaphore(_PUBLISHING)
        self._asking = asyncio.Lock()
        self._answered = -_STILL_S

    # ---- unfinished uploads ----

    def piece_limit(self) -> int:
        """How many bytes one writer gathers, so that all writers of this worker together stay within a budget."""
        return min(PIECE, max(_LEAST, _BUDGET // max(1, self.writers)))

    def writer(self, upload: Upload) -> CloudWriter:
        """See `ports.Store`."""
        return CloudWriter(self, upload, prefix_of(upload.id))

    async def pieces(self, upload_id: str, start: int = 0) -> list[Piece]:
        """All pieces of an upload that begin at `start` or later. Raises E_RECEIVER_BACKEND."""
        prefix = prefix_of(upload_id)
        found: list[Piece] = []
        async for name, size in self._listed(prefix, f"{prefix}{start:012d}" if start else None):
            match = _PIECE.fullmatch(name.removeprefix(prefix))
            if match is not None:
                begin, turn, stamp = int(match[1]), int(match[2], 16), int(match[3], 16)
                found.append(Piece(turn, stamp, begin, begin + size, name))
        return found

    async def _listed(self, prefix: str, after: str | None = None) -> AsyncIterator[tuple[str, int]]:
        """Names and sizes under a prefix, a thousand at a time."""
        while True:

            async def page(after: str | None = after) -> Sequence[obstore.ObjectMeta]:
                async for chunk in obstore.list(self.bucket, prefix, offset=after, chunk_size=1000):
                    return chunk
                return []

            metas = await again("list", page)
            for meta in metas:
                yield meta["path"], meta["size"]
            if not metas:
                return
            after = metas[-1]["path"]

    async def read(self, upload: Upload, offset: int, length: int) -> bytes:
        """See `ports.Store`. Raises E_RECEIVER_FAULT when durable bytes are missing, E_RECEIVER_BACKEND."""
        end = min(offset + length, upload.offset)
        for _ in range(3):
            spans = replayed(await self.pieces(upload.id))
            if end > offset and (not spans or spans[-1].end < end):
                break
            try:
                wanted = [span for span in spans if span.start < end and span.end > offset]
                return b"".join(
                    [await self._span(span, max(offset, span.start), min(end, span.end)) for span in wanted]
                )
            except Missing:
                continue  # another worker has joined small pieces meanwhile
        raise Problem("E_RECEIVER_FAULT", where="store, bytes missing")

    async def _span(self, span: Span, start: int, end: int) -> bytes:
        first = start - span.piece.start

        async def get() -> bytes:
            got = await obstore.get_range_async(self.bucket, span.piece.name, start=first, length=end - start)
            return bytes(got)

        data = await again("get", get)
        if len(data) != end - start:
            raise Problem("E_RECEIVER_FAULT", where="store, piece too short")
        return data

    async def publish(self, upload: Upload) -> None:
        """See `ports.Store`. Raises E_UPLOAD_UNKNOWN (no claim), E_RECEIVER_FAULT when the bytes are not all there,
        E_RECEIVER_BACKEND.
        """
        if upload.claim is None:
            raise Problem("E_UPLOAD_UNKNOWN")
        name, shard = _name(upload.claim.place), upload.claim.shard.hex()
        async with self._publishing:
            if await self._stands(name) == (upload.length, shard):
                return
            files.checkpoint("volume: before publish")
            spans = [span for span in replayed(await self.pieces(upload.id)) if span.start < upload.length]
            if not spans or spans[-1].end < upload.length:
                raise Problem("E_RECEIVER_FAULT", where="store, length")

            async def whole() -> AsyncIterator[bytes]:
                for span in spans:
                    yield await self._span(span, span.start, min(span.end, upload.length))

            async def put() -> None:
                await obstore.put_async(
                    self.bucket, name, whole(), attributes={"shard": shard}, chunk_size=PIECE, max_concurrency=1
                )

            try:
                await again("publish", put)
            except Missing:
                raise Problem("E_RECEIVER_FAULT", where="store, bytes missing") from None
            if await self._stands(name) != (upload.length, shard):
                raise Problem("E_RECEIVER_FAULT", where="store, published length")
        files.checkpoint("volume: published")

    async def _stands(self, name: str) -> tuple[int, str] | None:
        """Length and shard root of a published volume, or None."""

        async def head() -> tuple[int, str]:
            found = await obstore.get_async(self.bucket, name, options={"head": True})
            return found.meta["size"], str(found.attributes.get("shard", ""))

        try:
            return await again("head", head)
        except Missing:
            return None

    async def discard(self, upload_id: str) -> None:
        """See `ports.Store`."""
        self.crumbs.pop(upload_id, None)
        await self.delete([piece.name for piece in await self.pieces(upload_id)])

    async def delete(self, names: Sequence[str]) -> None:
        """Removes objects; harmless for those that are not there."""
        for first in range(0, len(names), 1000):
            some = list(names[first : first + 1000])

            async def delete(some: list[str] = some) -> None:
                await obstore.delete_async(self.bucket, some)

            await again("delete", delete)

    # ---- complete volumes ----

    async def published(self, place: Place) -> bool:
        """See `ports.Store`."""
        return await self._stands(_name(place)) is not None

    async def volume(self, place: Place, offset: int, length: int) -> AsyncIterator[bytes]:
        """See `ports.Store`."""
        name = _name(place)
        standing = await self._stands(name)
        if standing is None:
            raise Problem("E_UPLOAD_UNKNOWN")
        end = min(offset + length, standing[0])
        while offset < end:
            part = min(_READ, end - offset)

            async def get(offset: int = offset, part: int = part) -> bytes:
                return bytes(await obstore.get_range_async(self.bucket, name, start=offset, length=part))

            try:
                data = await again("get", get)
            except Missing:
                raise Problem("E_UPLOAD_UNKNOWN") from None
            if len(data) != part:
                raise Problem("E_RECEIVER_FAULT", where="store, volume too short")
            for first in range(0, part, _BLOCK):
                yield data[first : first + _BLOCK]
            offset += part

    async def remove(self, place: Place) -> None:
        """See `ports.Store`."""
        await self.delete([_name(place)])

    # ---- both ----

    async def uploads(self) -> list[str]:
        """See `ports.Store`; objects with other names are not its own and are left alone."""

        async def folders() -> Sequence[str]:
            return (await obstore.list_with_delimiter_async(self.bucket, "uploads"))["common_prefixes"]

        names = [folder.rstrip("/").removeprefix("uploads/") for folder in await again("list", folders)]
        return sorted(name for name in names if _ID.fullmatch(name))

    async def left_over(self) -> tuple[list[str], list[Place]]:
        """See `ports.Store`: this lists the whole bucket."""
        ids = await self.uploads()
        found = [_VOLUME.fullmatch(name) async for name, _ in self._listed("volumes/")]
        places = [Place(bytes.fromhex(match[1]), int(match[2]), int(match[3])) for match in found if match]
        order = sorted(places, key=lambda place: (place.bid, place.stripe, place.index))
        return ids, order

    async def free(self) -> int | None:
        """See `ports.Store`: an object store does not say."""
        return None

    async def answers(self) -> None:
        """See `ports.Store`. Strangers may ask: the bucket is asked every five seconds at most, for all of them."""
        async with self._asking:
            if time.monotonic() < self._answered + _STILL_S:
                return
            try:
                async with asyncio.timeout(_ANSWER_S):
                    await self.reachable()
            except TimeoutError:
                raise Problem("E_RECEIVER_BACKEND", where="object store, list, late") from None
            self._answered = time.monotonic()

    async def close(self) -> None:
        """See `ports.Store`: connections close with the process."""

    async def reachable(self) -> None:
        """Asks the bucket for one name. Raises E_RECEIVER_BACKEND."""

        async def look() -> None:
            async for _ in obstore.list(self.bucket, "uploads/", chunk_size=1):
                return

        await again("list", look)


def prefix_of(upload_id: str) -> str:
    """Where the pieces of an upload lie. Raises E_UPLOAD_UNKNOWN for a name that nobody here gave."""
    if _ID.fullmatch(upload_id) is None:
        raise Problem("E_UPLOAD_UNKNOWN")
    return f"uploads/{upload_id}/"


def _name(place: Place) -> str:
    return f"volumes/{place.bid.hex()}/{place.stripe}-{place.index}.vol"
