"""TLS between a connection and its protocol: in the loop, in a thread, at the beginning and at the end."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import struct
import threading
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from collector import certificates
from sync.receiver.tls import Places, Secured

SIZE = 1 << 18
PIECE = 100_000
BODY = os.urandom(3 << 20)


class Inside:
    """Keeps what comes; `said`: what to do when so much has come."""

    def __init__(self, *, bulk: bool, enough: int = 0, then: Callable[[asyncio.Transport], None] | None = None) -> None:
        self.bulk, self.enough, self.then = bulk, enough, then
        self.got = bytearray()
        self.pieces: list[memoryview] = []
        self.own = 0
        self.ended = asyncio.Event()
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:
        self.transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended.set()

    def pause_writing(self) -> None: ...

    def resume_writing(self) -> None: ...

    def in_bulk(self) -> bool:
        return self.bulk

    def arrived(self, data: memoryview, *, own: bool) -> None:
        assert not self.ended.is_set()
        assert data.readonly
        if self.transport is None or self.transport.is_closing():
            return  # as a protocol does that has closed
        self.own += len(data) if own else 0
        self.pieces.append(data if own else memoryview(bytes(data)))
        self.got += data
        if self.then is not None and self.transport is not None and len(self.got) >= self.enough:
            then, self.then = self.then, None
            then(self.transport)


@asynccontextmanager
async def secured(folder: Path, inside: Inside, handshake: float = 20.0) -> AsyncIterator[int]:
    """A port where each connection is given to `inside`."""
    (folder / "site.pem").write_bytes(certificates.make("127.0.0.1", int(time.time()), 86_400))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "site.pem")
    with ThreadPoolExecutor(2) as threads:
        places = Places(SIZE)
        server = await asyncio.get_running_loop().create_server(
            lambda: Secured(context, inside, threads, places, lambda: SIZE, handshake=handshake, shutdown=0.3),
            "127.0.0.1",
            0,
        )
        async with server:
            yield server.sockets[0].getsockname()[1]


def dial(port: int) -> ssl.SSLSocket:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(socket.create_connection(("127.0.0.1", port), 20), suppress_ragged_eofs=False)


@pytest.mark.parametrize("bulk", [False, True])
def test_a_body_arrives_whole_and_its_answer_after_it(tmp_path: Path, bulk: bool) -> None:
    def answer(transport: asyncio.Transport) -> None:
        transport.write(b"thanks")
        transport.close()

    def ask(port: int) -> bytes:
        with dial(port) as connection:
            connection.sendall(BODY)
            heard = connection.recv(100)
            # The end is said, so nobody can have cut the answer short.
            assert connection.recv(100) == b""
            return heard

    async def run() -> Inside:
        inside = Inside(bulk=bulk, enough=len(BODY), then=answer)
        async with secured(tmp_path, inside) as port:
            assert await asyncio.to_thread(ask, port) == b"thanks"
            await inside.ended.wait()
        return inside

    inside = asyncio.run(run())
    assert inside.got == BODY
    assert bool(inside.own) is bulk
    # What was given away is not written over by what came later.
    assert b"".join(inside.pieces) == BODY


def test_what_arrived_before_a_reset_is_given_before_the_end_is_told(tmp_path: Path) -> None:
    held = threading.Event()

    def break_off(port: int) -> None:
        connection = dial(port)
        connection.sendall(BODY[: 1 << 17])
        held.wait(20)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    def pause(transport: asyncio.Transport) -> None:
        transport.pause_reading()
        held.set()
        asyncio.get_running_loop().call_later(0.2, transport.resume_reading)

    async def run() -> Inside:
        inside = Inside(bulk=True, enough=1 << 17, then=pause)
        async with secured(tmp_path, inside) as port:
            await asyncio.to_thread(break_off, port)
            await inside.ended.wait()
        return inside

    assert asyncio.run(run()).got == BODY[: 1 << 17]


def test_what_is_said_while_a_thread_decrypts_comes_after(tmp_path: Path) -> None:
    def ask(port: int) -> bytes:
        with dial(port) as connection:
            connection.sendall(BODY)
            return connection.recv(100) + connection.recv(100)

    async def run() -> None:
        inside = Inside(bulk=True)
        async with secured(tmp_path, inside) as port:
            asking = asyncio.create_task(asyncio.to_thread(ask, port))
            while not inside.own:
                await asyncio.sleep(0)
            assert inside.transport is not None
            inside.transport.write(b"later")
            while len(inside.got) < len(BODY):
                await asyncio.sleep(0)
            inside.transport.close()
            assert inside.transport.is_closing()
            assert await asking == b"later"
            await inside.ended.wait()
        assert inside.got == BODY

    asyncio.run(run())


class Line(asyncio.Transport):
    """A line that the loop does not serve: whether it is read, what was said on it, and its socket."""

    def __init__(self) -> None:
        super().__init__()
        self.read, self.closed = asyncio.Event(), False
        self.read.set()
        self.said = bytearray()
        self.ours, self.theirs = socket.socketpair()
        self.ours.setblocking(False)

    def get_extra_info(self, name: str, default: object = None) -> object:
        return self.ours if name == "socket" else default

    def pause_reading(self) -> None:
        self.read.clear()

    def resume_reading(self) -> None:
        self.read.set()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.said += data

    def is_closing(self) -> bool:
        return self.closed

    def abort(self) -> None:
        self.close()

    def close(self) -> None:
        self.closed = True
        self.ours.close()

    def get_write_buffer_size(self) -> int:
        return 0


class Held(ThreadPoolExecutor):
    """A thread that begins when it may."""

    def __init__(self) -> None:
        super().__init__(1)
        self.may = threading.Event()
        self.submit(self.may.wait, 20)

    async def rest(self) -> None:
        """All that was asked of the thread is done, and the loop has heard of it."""
        await asyncio.wrap_future(self.submit(int))
        for _ in range(5):
            await asyncio.sleep(0)


def feed(secured: Secured, data: bytes) -> None:
    """As the loop gives what a line brought, up to the end of the place for it."""
    place = secured.get_buffer(-1)
    assert len(data) <= len(place)
    place[: len(data)] = data
    secured.buffer_updated(len(data))


@asynccontextmanager
async def by_hand(
    folder: Path, inside: Inside, threads: Held, size: int = SIZE
) -> AsyncIterator[tuple[Secured, Line, list[bytes]]]:
    """A connection after its handshake, with places of this size; what the peer says next, piece by piece."""
    (folder / "site.pem").write_bytes(certificates.make("127.0.0.1", int(time.time()), 86_400))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "site.pem")
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    theirs.check_hostname, theirs.verify_mode = False, ssl.CERT_NONE
    line, heard, says = Line(), ssl.MemoryBIO(), ssl.MemoryBIO()
    peer = theirs.wrap_bio(heard, says)
    secured = Secured(context, inside, threads, Places(size), lambda: size, handshake=20, shutdown=0.3)
    secured.connection_made(line)
    while inside.transport is None:
        with suppress(ssl.SSLWantReadError):
            peer.do_handshake()
        feed(secured, says.read())
        heard.write(bytes(line.said))
        line.said.clear()
    pieces = []
    for at in range(0, len(BODY), PIECE):
        peer.write(BODY[at : at + PIECE])
        pieces.append(says.read())
    with line.ours, line.theirs:
        yield secured, line, pieces


@pytest.mark.parametrize("size", [4 * SIZE, SIZE // 2], ids=["one place", "two places"])
def test_a_thread_goes_on_with_the_line_itself(tmp_path: Path, size: int) -> None:
    async def run() -> None:
        inside = Inside(bulk=True)
        with Held() as threads:
            async with by_hand(tmp_path, inside, threads, size) as (secured, line, pieces):
                feed(secured, pieces[0])
                line.theirs.sendall(pieces[1])
                assert not line.read.is_set(), "the line has one reader"
                threads.may.set()
                threads.submit(int).result(20)
                assert not inside.got, "the loop gives it"
                await threads.rest()
                assert inside.got == BODY[: 2 * PIECE]
                assert await asyncio.wait_for(line.read.wait(), 20)

    asyncio.run(run())


def test_what_a_thread_has_in_hand_comes_before_the_end(tmp_path: Path) -> None:
    async def run() -> None:
        inside = Inside(bulk=True)
        with Held() as threads:
            async with by_hand(tmp_path, inside, threads) as (secured, line, pieces):
                feed(secured, pieces[0])
                line.close()
                secured.connection_lost(ConnectionResetError())
                assert not inside.ended.is_set()
                # Another connection gets the number of the one that is gone.
                one, other = socket.socketpair()
                with one, other:
                    other.sendall(b"of somebody else")
                    threads.may.set()
                    await threads.rest()
                    assert one.recv(100) == b"of somebody else"
                assert inside.ended.is_set()
                assert inside.got == BODY[:PIECE]

    asyncio.run(run())


def test_of_a_body_that_nobody_takes_little_is_read(tmp_path: Path) -> None:
    async def run() -> None:
        inside = Inside(bulk=True, enough=1, then=lambda transport: transport.pause_reading())
        with Held() as threads, ThreadPoolExecutor(1) as sender:
            async with by_hand(tmp_path, inside, threads) as (secured, line, pieces):
                feed(secured, pieces[0])
                sending = sender.submit(line.theirs.sendall, b"".join(pieces[1:]))
                threads.may.set()
                await threads.rest()
                held = len(inside.got)
                assert held <= 3 * SIZE
                assert not line.read.is_set()
                line.ours.close()
                with suppress(OSError):
                    line.theirs.shutdown(socket.SHUT_RDWR)
                with suppress(OSError):
                    sending.result(20)
                assert inside.got == BODY[:held]

    asyncio.run(run())


def test_what_was_asked_for_while_a_thread_reads_ends_its_reading(tmp_path: Path) -> None:
    async def run() -> None:
        inside = Inside(bulk=True)
        with Held() as threads:
            async with by_hand(tmp_path, inside, threads, 4 * SIZE) as (secured, line, pieces):
                feed(secured, pieces[0])
                line.theirs.sendall(pieces[1])
                secured.write(b"no")
                assert not line.said
                threads.may.set()
                await threads.rest()
                assert inside.got == BODY[:PIECE]
                assert line.said
                assert await asyncio.wait_for(line.read.wait(), 20), "what it left is the loop's to read"

    asyncio.run(run())


def test_what_was_given_away_is_not_written_over() -> None:
    places = Places(SIZE)
    first = places.room(SIZE)
    second = places.room(SIZE)
    first[:], second[:] = b"1" * len(first), b"2" * len(second)
    kept = first[: SIZE // 8].toreadonly()
    del first
    third = places.room(SIZE)
    third[:] = b"3" * len(third)
    assert set(kept) == {ord("1")}
    assert set(second) == {ord("2")}
    where = kept.obj
    del kept
    assert places.room(SIZE // 2).obj is where, "a place is used again when nobody looks at it any more"


def test_a_handshake_that_does_not_come_is_cut(tmp_path: Path) -> None:
    def wait(port: int) -> bytes:
        with socket.create_connection(("127.0.0.1", port), 20) as plain:
            try:
                return plain.recv(100)
            except ConnectionError:
                return b""

    async def run() -> Inside:
        inside = Inside(bulk=False)
        async with secured(tmp_path, inside, handshake=0.1) as port:
            assert await asyncio.to_thread(wait, port) == b""
        return inside

    assert asyncio.run(run()).transport is None


def test_a_peer_that_does_not_answer_the_end_is_cut(tmp_path: Path) -> None:
    async def run() -> Inside:
        inside = Inside(bulk=False, enough=1, then=asyncio.Transport.close)
        async with secured(tmp_path, inside) as port:
            connection = await asyncio.to_thread(dial, port)
            with connection:
                await asyncio.to_thread(connection.sendall, b"x")
                await inside.ended.wait()
        return inside

    assert asyncio.run(run()).got == b"x"
