"""Many senders at once, without the client: plain HTTP/1.1 over TLS 1.3 in one event loop, some of them very slow."""

from __future__ import annotations

import asyncio
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass

from benchmarks.site import Site, unpinned
from benchmarks.volumes import Content, lead_of
from sync import network

_BLOCK = 65_536


@dataclass(frozen=True, slots=True)
class Counted:
    """What arrived whole, in how many seconds, and how many uploads were refused or cut."""

    arrived: int
    seconds: float
    failed: int


@dataclass(frozen=True, slots=True)
class Answered:
    """Status and headers (names in lower case) of an answer."""

    status: int
    headers: dict[str, str]


class Sender:
    """One connection and one upload after another on it."""

    def __init__(self, site: Site, content: Content, context: ssl.SSLContext) -> None:
        self._site, self._content, self._context = site, content, context
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def connect(self) -> None:
        """TLS to the receiver."""
        host, _, port = self._site.listen.rpartition(":")
        self._reader, self._writer = await asyncio.open_connection(host, int(port), ssl=self._context)

    def close(self) -> None:
        """Hangs up."""
        if self._writer is not None:
            self._writer.close()

    async def _head(self, method: str, path: str, token: bytes, **fields: str | int) -> None:
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self._site.listen}", f"Tus-Resumable: {network.TUS}"]
        lines += [f"Authorization: {network.bearer(token)}", f"Content-Type: {network.OFFSET_BODY}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
        await self._put("\r\n".join((*lines, "", "")).encode())

    async def _put(self, data: bytes | memoryview) -> None:
        if self._writer is None:
            raise ConnectionError
        self._writer.write(data)
        await self._writer.drain()

    async def _answer(self) -> Answered:
        if self._reader is None:
            raise ConnectionError
        lines = (await self._reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        fields = (line.partition(":") for line in lines[1:] if line)
        headers = {name.lower(): value.strip() for name, _, value in fields}
        await self._reader.readexactly(int(headers.get("content-length", 0)))
        return Answered(int(lines[0].split()[1]), headers)

    async def begin(self, token: bytes) -> tuple[str, bytes]:
        """An upload whose lead is in: its location and the lead. Raises ConnectionError when it is refused."""
        _, lead = lead_of(self._content)
        length = len(self._content.cells) + 2 * len(lead)
        await self._head("POST", network.UPLOADS, token, Upload_Length=length, Content_Length=len(lead))
        await self._put(lead)
        answer = await self._answer()
        if answer.status != 201 or answer.headers.get("upload-offset") != str(len(lead)):
            raise ConnectionError(answer.status)
        return answer.headers["location"], lead

    async def finish(self, token: bytes, location: str, lead: bytes) -> int:
        """The rest in one body; how many bytes the volume has. Raises ConnectionError when there is no receipt."""
        cells = memoryview(self._content.cells)
        rest = len(cells) + len(lead)
        await self._head("PATCH", location, token, Upload_Offset=len(lead), Content_Length=rest)
        for at in range(0, len(cells), _BLOCK):
            await self._put(cells[at : at + _BLOCK])
        await self._put(lead)
        answer = await self._answer()
        if answer.status != 204 or network.R1_HEADER.lower() not in answer.headers:
            raise ConnectionError(answer.status)
        return rest + len(lead)

    async def drip(self, token: bytes, location: str, lead: bytes) -> None:
        """The rest, a byte a second, for ever."""
        rest = len(self._content.cells) + len(lead)
        await self._head("PATCH", location, token, Upload_Offset=len(lead), Content_Length=rest)
        for at in range(rest):
            await self._put(self._content.cells[at : at + 1])
            await asyncio.sleep(1)


async def run(site: Site, content: Content, tokens: list[bytes], quick: int, each: int, slow: int) -> Counted:
    """`quick` senders with `each` uploads one after another, beside `slow` ones that never finish.

    All have begun an upload before any goes on, so that all of them stand open at once.
    """
    context = unpinned()
    supply = iter(tokens)
    senders = [Sender(site, content, context) for _ in range(quick + slow)]
    places = {}
    for sender in senders:
        await sender.connect()
        token = next(supply)
        places[sender] = (token, *await sender.begin(token))
    failed = 0
    arrived = 0

    async def honest(sender: Sender) -> None:
        nonlocal failed, arrived
        for turn in range(each):
            try:
                if turn:
                    token = next(supply)
                    places[sender] = (token, *await sender.begin(token))
                whole = await sender.finish(*places[sender])
                arrived += whole
            except (OSError, asyncio.IncompleteReadError):
                failed += 1
                return

    async def slowly(sender: Sender) -> None:
        with suppress(OSError):
            await sender.drip(*places[sender])

    dripping = [asyncio.create_task(slowly(sender)) for sender in senders[quick:]]
    await asyncio.sleep(0.5 if slow else 0)
    begun = time.perf_counter()
    await asyncio.gather(*(honest(sender) for sender in senders[:quick]))
    took = time.perf_counter() - begun
    still = sum(not task.done() for task in dripping)
    for task in dripping:
        task.cancel()
    await asyncio.gather(*dripping, return_exceptions=True)
    for sender in senders:
        sender.close()
    return Counted(arrived, took, failed + slow - still)
