"""What the desk reads and fills, and what a device asks about its own bundle (docs/spec/protocol.md §10.3, §11.2).

Rule: an office sees the volumes that came with its own tokens and no others; a device sees the bundle that its token is
bound to; a return box opens to whoever knows its name.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Final

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from schemas import canonical
from schemas.problems import Problem
from schemas.records.network import BundleState, ListedVolume, VolumePage
from schemas.structure import encode
from sync import network
from sync.receiver.answers import Refused, answer, bad_request, note
from sync.receiver.bodies import Body
from sync.receiver.core import Receiver
from sync.receiver.ports import Place
from sync.receiver.tus import declared, token_of

_ID: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)
_PLACE: Final = re.compile(r"(0|[1-9][0-9]{0,2})-([0-7])", re.ASCII)
_RANGE: Final = re.compile(r"bytes=([0-9]{0,15})-([0-9]{0,15})", re.ASCII)
_CURSOR: Final = re.compile(r"0|[1-9][0-9]{0,17}", re.ASCII)
_RETURN_MAGIC: Final = b"SVIDRET1"
_PART: Final = 1 << 16


def _name(request: Request, key: str) -> bytes:
    """16 bytes in hex from the path. Raises E_UPLOAD_UNKNOWN."""
    text = request.path_params[key]
    if not _ID.fullmatch(text):
        raise Problem("E_UPLOAD_UNKNOWN")
    return bytes.fromhex(text)


def _place(request: Request) -> Place:
    found = _PLACE.fullmatch(request.path_params["place"])
    if found is None or int(found[1]) > 255:
        raise Problem("E_UPLOAD_UNKNOWN")
    return Place(_name(request, "bid"), int(found[1]), int(found[2]))


async def _office(receiver: Receiver, request: Request) -> bytes:
    """The root hash of the office whose bearer this is. Raises E_TOKEN_UNKNOWN."""
    office = await receiver.index.desk(token_of(request))
    if office is None:
        raise Problem("E_TOKEN_UNKNOWN")
    return office


async def list_volumes(receiver: Receiver, request: Request) -> Response:
    """The volumes of an office after a cursor, in order of arrival."""
    office = await _office(receiver, request)
    text = request.query_params.get("after", "0")
    if not _CURSOR.fullmatch(text):
        raise bad_request("after")
    after = int(text)
    found = await receiver.index.volumes(office, after, receiver.bounds.page)
    page = VolumePage(volumes=tuple(found), next=found[-1].at if found else after)
    return answer(200, body=encode(page, canonical.DOCUMENT), kind=network.RECORD_BODY)


async def bundle_state(receiver: Receiver, request: Request) -> Response:
    """What is stored of one bundle, with the receipts."""
    bid, token = _name(request, "bid"), token_of(request)
    stored = await receiver.index.bundle(bid)
    if not await receiver.index.bound(token, bid):
        office = await _office(receiver, request)
        if not stored or await receiver.index.volume(Place(bid, stored[0].s, stored[0].i), office) is None:
            raise Problem("E_UPLOAD_UNKNOWN")
    state = BundleState(bid=bid, volumes=tuple(stored))
    return answer(200, body=encode(state, canonical.DOCUMENT), kind=network.RECORD_BODY)


async def read_volume(receiver: Receiver, request: Request) -> Response:
    """The bytes of a volume, or a range of them (RFC 9110 §14)."""
    place, listed = await _listed(receiver, request)
    length = listed.bytes_
    start, end = _range(request.headers.get("Range"), length)
    headers = {"Accept-Ranges": "bytes", "Content-Length": str(end - start), "Cache-Control": "no-store"}
    status = 200
    if "Range" in request.headers:
        status = 206
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{length}"
    if request.method == "HEAD":
        return Response(None, status, headers, network.VOLUME_BODY)
    receiver.begin_reading()
    return Reading(receiver, _pieces(receiver, place, start, end), status, headers)


class Reading(StreamingResponse):
    """A download; the count that `begin_reading` began ends with it, also when it never came to its first byte."""

    def __init__(self, receiver: Receiver, pieces: AsyncIterator[bytes], status: int, headers: dict[str, str]) -> None:
        super().__init__(pieces, status, headers, network.VOLUME_BODY)
        self._receiver = receiver

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._receiver.end_reading()


async def _pieces(receiver: Receiver, place: Place, start: int, end: int) -> AsyncIterator[bytes]:
    """The bytes; a fault in the middle cuts the answer, which tells the reader."""
    try:
        async for piece in receiver.store.volume(place, start, end - start):
            yield piece
    except Problem as problem:
        note(problem, f"{place.bid.hex()}-{place.stripe}-{place.index}")
        raise


async def _listed(receiver: Receiver, request: Request) -> tuple[Place, ListedVolume]:
    office = await _office(receiver, request)
    place = _place(request)
    listed = await receiver.index.volume(place, office)
    if listed is None:
        raise Problem("E_UPLOAD_UNKNOWN")
    return place, listed


def _range(text: str | None, length: int) -> tuple[int, int]:
    """Start and end of what is asked for. Raises Refused (416) for what does not lie in the volume."""
    if text is None:
        return 0, length
    beyond = Refused(Problem("E_HTTP_REQUEST", where="Range"), 416, {"Content-Range": f"bytes */{length}"})
    found = _RANGE.fullmatch(text)
    if found is None or not (found[1] or found[2]):
        raise beyond
    if not found[1]:
        start, end = length - min(int(found[2]), length), length
    else:
        start = int(found[1])
        end = min(int(found[2]) + 1, length) if found[2] else length
    if start >= end:
        raise beyond
    return start, end


async def acknowledge(receiver: Receiver, request: Request) -> Response:
    """The desk has imported a volume: it may go in two weeks."""
    office = await _office(receiver, request)
    if not await receiver.index.acknowledge(_place(request), office, receiver.now()):
        raise Problem("E_UPLOAD_UNKNOWN")
    return answer(204)


async def put_return(receiver: Receiver, request: Request) -> Response:
    """Fills a return box; whether there is room for it is known before its first byte is taken in."""
    office = await _office(receiver, request)
    retn = _name(request, "retn")
    length = declared(request) if "Content-Length" in request.headers else network.MAX_RETURN
    if length > network.MAX_RETURN:
        raise bad_request("Content-Length", 413)
    await receiver.index.require_return(retn, length, office, receiver.bounds.boxes)
    free = await receiver.store.free()
    if free is not None and free < receiver.bounds.box_reserve + length:
        raise Problem("E_RECEIVER_FULL")
    receiver.begin_reading()
    try:
        async with Body(request.receive, receiver.share) as body:
            data = await body.exactly(network.MAX_RETURN + 1)
            # A body that was cut is not what the desk meant to put there.
            if await body.next() is not None or body.end != "whole" or len(data) > network.MAX_RETURN:
                raise bad_request("Content-Length", 413)
    finally:
        receiver.end_reading()
    if not data.startswith(_RETURN_MAGIC):
        raise bad_request("body")
    await receiver.index.put_return(retn, data, office, receiver.now(), receiver.bounds.boxes)
    return answer(204)


async def get_return(receiver: Receiver, request: Request) -> Response:
    """What lies in a box, for whoever knows its name."""
    retn = _name(request, "retn")
    receiver.begin_reading()
    try:
        data = await receiver.index.get_return(retn)
        if data is None:
            raise Problem("E_UPLOAD_UNKNOWN")
    except BaseException:
        receiver.end_reading()
        raise
    return Reading(receiver, _parts(data), 200, {"Content-Length": str(len(data)), "Cache-Control": "no-store"})


async def _parts(data: bytes) -> AsyncIterator[bytes]:
    """Piece by piece, so that a box counts as being read until its reader has taken it."""
    for first in range(0, len(data), _PART):
        yield data[first : first + _PART]
