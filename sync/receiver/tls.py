"""TLS between a connection and its protocol, where a body that comes quickly is read and decrypted in a thread.

Rule: what has arrived is given to the protocol in its order and before the end is told, whoever decrypts it; only one
thread at a time has the line and the state of TLS, and what the loop would do to them meanwhile waits for it. A thread
goes on as long as the line brings something and what it gave is taken; it waits for nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import ssl
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, Final, Protocol

_HOLD: Final = 1 << 16
"""Bytes that come at once from which a thread is worth asking."""
_SMALL: Final = 1 << 15
"""Bytes that are taken at once of whatever is no long body."""
_ROOMS: Final = 12
"""Places for decrypted bytes that are kept for the next: making one anew costs as much as filling it."""
_GATHER: Final = 0.002
"""Seconds in which the system gathers what comes in bits of a long body: each look at it costs more than its bytes."""
_BITE: Final = 1 << 18
"""Bytes of a long body that are read at once: they stay near the processor until they are decrypted."""
_UNTAKEN: Final = 2
"""Pieces that a thread has given and the loop has not passed on yet, from which the thread stops."""
_PIECES: Final = 16
"""Pieces after which others may have the thread."""
_SLACK: Final = 1 << 15
"""Bytes that TLS may give beyond those that came: what it held of a record that was not whole."""


class Receiving(Protocol):
    """What is inside: a protocol of asyncio that also takes what a thread has decrypted."""

    def connection_made(self, transport: asyncio.Transport) -> None: ...

    def connection_lost(self, exc: Exception | None) -> None: ...

    def pause_writing(self) -> None: ...

    def resume_writing(self) -> None: ...

    def in_bulk(self) -> bool:
        """Whether the bytes that come now are a body of which many are left."""

    def arrived(self, data: memoryview, *, own: bool) -> None:
        """Bytes from the peer. `own`: nobody else will use the place where they lie."""


class Places:
    """Where the bytes of all connections of a loop lie for a moment: as they came, and decrypted.

    `size`: bytes of a piece of a long body.
    """

    def __init__(self, size: int) -> None:
        self._rooms: list[bytearray] = []
        self._size = size + _SLACK
        self._lock = threading.Lock()
        self.plain = memoryview(bytearray(_BITE + _SLACK))
        self.came = memoryview(bytearray(_BITE))

    def room(self, size: int) -> memoryview:
        """A place of its own for so many bytes of a piece, until nobody holds a view of it any more."""
        size += _SLACK
        with self._lock:
            for room in self._rooms:
                with contextlib.suppress(BufferError):
                    # What anybody still sees cannot be resized.
                    room.append(0)
                    room.pop()
                    return memoryview(room)[:size]
            if len(self._rooms) >= _ROOMS:
                return memoryview(bytearray(size))
            self._rooms.append(bytearray(self._size))
            return memoryview(self._rooms[-1])[:size]


class Secured(asyncio.Transport, asyncio.BufferedProtocol):
    """The server's side of one connection. Outwards a protocol over a transport of asyncio, inwards a transport.

    `share`: how many bytes of a long body it may take from the line at once, as far as `places` goes. `handshake`,
    `shutdown`: seconds for the beginning and for the end.
    """

    def __init__(
        self,
        context: ssl.SSLContext,
        inside: Receiving,
        threads: Executor,
        places: Places,
        share: Callable[[], int],
        *,
        handshake: float,
        shutdown: float,
    ) -> None:
        super().__init__()
        self._context, self._inside, self._threads = context, inside, threads
        self._places, self._share = places, share
        self._seconds, self._shutdown = handshake, shutdown
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out, server_side=True)
        self._loop = asyncio.get_running_loop()
        self._line: asyncio.Transport
        self._timer: asyncio.TimerHandle | None = None
        self._open = self._closing = self._said = self._paused = self._giving = False
        self._work: asyncio.Future[bool] | None = None
        self._ready: deque[memoryview] = deque()
        self._wanted = False
        self._later: list[bytes] = []
        self._lost: tuple[Exception | None] | None = None
        self._unsent = 0

    # ---- outwards: a protocol ----

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """TCP is there; TLS begins."""
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("a stream")
        self._line = transport
        self._timer = self._loop.call_later(self._seconds, transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        """TCP is gone. What a thread has in hand comes before the protocol hears of it."""
        if self._timer is not None:
            self._timer.cancel()
        if self._work is not None:
            self._lost, self._wanted = (exc,), True
            return
        self._closing = True
        if self._open:
            self._open = False
            self._inside.connection_lost(exc)

    def pause_writing(self) -> None:
        """The line takes no more for now."""
        if self._open:
            self._inside.pause_writing()

    def resume_writing(self) -> None:
        """It takes more."""
        if self._open:
            self._inside.resume_writing()

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where the next bytes go."""
        return self._places.came[: min(_BITE, self._share()) if self._open and self._inside.in_bulk() else _SMALL]

    def buffer_updated(self, nbytes: int) -> None:
        """Bytes from the line."""
        came = self._places.came[:nbytes]
        if self._open and nbytes >= _HOLD and self._in_bulk():
            self._hand_over(bytes(came))
        else:
            self._take(came)

    def _in_bulk(self) -> bool:
        return not self._closing and self._inside.in_bulk()

    def _hand_over(self, came: bytes) -> None:
        """A thread has line and TLS now, until there is nothing more to read, or the loop wants them back."""
        try:
            # Its own number: whatever becomes of the line meanwhile, this one is no other connection's.
            fd = os.dup(self._line.get_extra_info("socket").fileno())
        except OSError:
            self._take(memoryview(came))
            return
        self._line.pause_reading()
        self._wanted = False
        self._work = self._loop.run_in_executor(self._threads, self._read_in_thread, fd, came, self._share())
        self._work.add_done_callback(self._worked)

    def _take(self, came: memoryview) -> None:
        """Decrypts at once what came."""
        if not self._open:
            self._in.write(came)
            if not self._shake():
                return
            came = came[:0]
        bulk = self._in_bulk()
        if bulk:
            self._line.pause_reading()
        at, ended = self._decrypted(self._places.plain, came)
        self._give(self._places.plain[:at], own=False, ended=ended)
        if bulk:
            self._loop.call_later(_GATHER, self._read_on)

    def _read_on(self) -> None:
        """The line is read again, unless somebody does not want that."""
        if self._work is None and not self._paused and not self._line.is_closing():
            self._line.resume_reading()

    def _shake(self) -> bool:
        """Goes on with the handshake; whether it is done."""
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            self._send()
            return False
        except ssl.SSLError:
            self._line.abort()
            return False
        if self._timer is not None:
            self._timer.cancel()
        self._send()
        self._open = True
        self._inside.connection_made(self)
        return True

    def _decrypted(self, room: memoryview, came: bytes | memoryview) -> tuple[int, bool]:
        """How much TLS gave into this place after what came, and whether that was the end or worse."""
        at = 0
        tls: Any = self._tls  # its types do not know that it can read into a place
        self._in.write(came)
        try:
            while got := tls.read(len(room) - at, room[at:]):
                at += got
        except ssl.SSLWantReadError:
            return at, False
        except ssl.SSLError:
            pass
        return at, True

    # ---- in a thread ----

    def _read_in_thread(self, fd: int, came: bytes | memoryview, size: int) -> bool:
        """Reads and decrypts pieces of so many bytes, from what came; whether TLS ended. Closes its line's number."""
        try:
            bite = memoryview(bytearray(min(_BITE, size)))
            for _ in range(_PIECES):
                room = self._places.room(size)
                filled, quiet, ended = self._fill(room, fd, came, bite)
                came = b""
                self._ready.append(room[:filled])
                self._loop.call_soon_threadsafe(self._pass_on)
                if quiet or ended or self._wanted or self._paused or len(self._ready) >= _UNTAKEN:
                    return ended
            return False
        finally:
            os.close(fd)

    def _fill(self, room: memoryview, fd: int, came: bytes | memoryview, bite: memoryview) -> tuple[int, bool, bool]:
        """Fills a place from what came and from the line: how far; whether nothing more comes; whether TLS ended."""
        at = 0
        while True:
            got, ended = self._decrypted(room[at:], came)
            at += got
            if ended or self._wanted or len(room) - at < len(bite) + _SLACK:
                return at, False, ended
            came = bite[: _read(fd, bite)]
            if not came:
                return at, True, False

    def _pass_on(self) -> None:
        """What a thread has given so far."""
        while self._ready:
            self._give(self._ready.popleft(), own=True, ended=False)

    def _worked(self, work: asyncio.Future[bool]) -> None:
        """A thread is done: the rest of its bytes is given, then comes what had to wait."""
        self._pass_on()
        self._work = None
        closing, self._closing = self._closing, False
        if self._lost is not None:
            self.connection_lost(self._lost[0])
            return
        self._send()
        later, self._later = self._later, []
        for answer in later:
            self.write(answer)
        if closing or work.exception() is not None or work.result():
            self.close()
        else:
            self._read_on()

    def _give(self, data: memoryview, *, own: bool, ended: bool) -> None:
        """Gives what was decrypted; after a close nobody wants it."""
        if data and not self._closing:
            self._giving = True
            try:
                self._inside.arrived(data.toreadonly(), own=own)
            finally:
                self._giving = False
        if self._work is not None:
            return
        self._send()
        if ended and self._said:
            self._line.close()
        elif ended:
            self.close()

    def _send(self) -> None:
        """What TLS has to say goes to the line."""
        if self._out.pending:
            self._line.write(self._out.read())

    # ---- inwards: a transport ----

    def get_extra_info(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 -- as asyncio has it
        """As asyncio's own."""
        known = {"ssl_object": self._tls, "sslcontext": self._context}
        return known[name] if name in known else self._line.get_extra_info(name, default)

    def is_closing(self) -> bool:
        """Whether it was closed, or the line is. What arrived before the line ended may still be taken."""
        return self._closing or (not self._giving and self._line.is_closing())

    def pause_reading(self) -> None:
        """Nothing more is taken from the line; what was taken is still given."""
        self._paused = True
        if self._work is None:
            self._line.pause_reading()

    def resume_reading(self) -> None:
        """The line is read again."""
        self._paused = False
        self._read_on()

    def get_write_buffer_size(self) -> int:
        """Bytes that have not left yet."""
        return self._line.get_write_buffer_size() + sum(map(len, self._later))

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Sends, in order."""
        if self._work is not None:
            self._later.append(bytes(data))
            self._wanted = True
            return
        if self.is_closing() or not data:
            return
        view = memoryview(data)
        with contextlib.suppress(ssl.SSLError):
            while view:
                view = view[self._tls.write(view) :]
        self._send()

    def close(self) -> None:
        """Says goodbye once everything has left, and hangs up when the peer has answered or does not."""
        if self._closing:
            return
        self._closing = self._wanted = True
        if self._work is not None:
            return
        self._said = True
        answered = True
        try:
            self._tls.unwrap()
        except ssl.SSLWantReadError:
            answered = False
        except ssl.SSLError:
            pass
        self._send()
        self._wait_for_end()
        if answered:
            self._line.close()
        else:
            self.resume_reading()

    def eof_received(self) -> None:
        """The peer says no more; what it is still owed leaves, and the line closes itself."""
        self._closing = True
        self._wait_for_end()

    def _wait_for_end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._unsent = self._line.get_write_buffer_size()
        self._timer = self._loop.call_later(self._shutdown, self._hang_up)

    def _hang_up(self) -> None:
        """The peer did not answer; an answer of ours that is still leaving is waited for."""
        if 0 < self._line.get_write_buffer_size() < self._unsent:
            self._wait_for_end()
        else:
            self._line.abort()

    def abort(self) -> None:
        """Hangs up at once; what a thread has in hand has arrived nevertheless."""
        self._closing = self._work is None
        self._wanted = True
        self._line.abort()


def _read(fd: int, place: memoryview) -> int:
    """How many bytes a line brought into this place; none also when it is broken, which the loop will learn."""
    try:
        return os.readv(fd, [place])
    except OSError:
        return 0
