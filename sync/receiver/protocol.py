"""One connection: uvicorn's HTTP/1.1 with a strict reader of heads before it and a clock beside it.

Rules: no head reaches h11 that `heads` has not understood in one way; no byte of a body is lost because the connection
was; no peer can hold a connection by being slow; what follows an answer that came before the end of a body is dropped,
up to a bound. Nothing here knows an address.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import MutableMapping
from http import HTTPStatus
from typing import Any, Final

import h11
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from sync.network import CODE_HEADER
from sync.receiver.bodies import STEP, taken_from
from sync.receiver.bounds import Bounds
from sync.receiver.heads import END, BadHead, read_head, suspicious

_TICK: Final = 1.0
_GRACE: Final = 0.2
"""Seconds in which a peer that was refused may still send, unheard."""
_LAST: Final = b"0\r\n\r\n"
_LENGTH: Final = re.compile(rb"\r\ncontent-length:[^\r]*\r\n", re.IGNORECASE)
BUFFER: Final = 1 << 16
"""Bytes that are taken from the line at once."""
LARGE: Final = 1 << 22
"""Bytes of long bodies that all connections over TLS together may take at once: each step costs more than its bytes."""
AHEAD: Final = 8 << 20
"""Bytes of bodies that all connections together may have taken in before the application asks for them."""
Message = MutableMapping[str, Any]


class Strict(H11Protocol, asyncio.BufferedProtocol):
    """A connection of the receiver; `bounds` and `buffer` are set by `bounded`.

    Bodies of known length do not pass through h11, which would copy them four times: it is told of chunks, sees the
    last one when the length is reached, and keeps the state of the connection.
    """

    bounds = Bounds()
    buffer = memoryview(b"")

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._serve = self.app
        self.app = self._lossless
        self._head = bytearray()
        self._left: int | None = 0
        self._declared = 0
        self._pieces: list[bytes | memoryview] = []
        self._kept = 0
        self._clock: asyncio.TimerHandle | None = None
        self._since = self._seen = self.loop.time()
        self._window = (self._since, 0)
        self._got = 0
        self._dropped = 0
        self._refused = False
        self._unsent = 0
        self.served = 0

    # ---- begin and end ----

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """The connection is open, TLS included."""
        super().connection_made(transport)
        self._since = self.loop.time()
        self._clock = self.loop.call_later(_TICK, self._tick)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        if self._clock is not None:
            self._clock.cancel()
        super().connection_lost(exc)

    # ---- bytes in ----

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where the next bytes go. One place for all connections of a worker: they are used up at once."""
        return self.buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Bytes from the peer lie in the buffer."""
        self.arrived(self.buffer[:nbytes], own=False)

    def data_received(self, data: bytes) -> None:
        """Bytes from the peer."""
        self.arrived(memoryview(data), own=False)

    def in_bulk(self) -> bool:
        """Whether what comes now is a long body."""
        return (self._left or 0) > BUFFER and self.conn.their_state is h11.SEND_BODY and not self._refused

    def arrived(self, rest: memoryview, *, own: bool) -> None:
        """Parts of a head, of a body, or of neither. `own`: nobody else will use the place where they lie."""
        self._unset_keepalive_if_required()
        self._seen = self.loop.time()
        if self._refused:
            self._dropped += len(rest)
            if self._dropped > self.bounds.linger:
                self.transport.abort()
            return
        while rest and not self._refused and not self.transport.is_closing():
            if self.conn.their_state is h11.IDLE:
                rest = self._take_head(rest)
            elif self.conn.their_state is h11.SEND_BODY:
                rest = self._take_body(rest, own=own)
            else:
                # Requests that do not wait for their answer are not served: the connection ends with this one.
                self.cycle.keep_alive = False
                return

    def _take_head(self, data: memoryview) -> memoryview:
        """Gathers a head; gives a whole and good one to h11, and the bytes after it back."""
        if not self._head:
            self._since = self._seen
        before = max(0, len(self._head) - len(END) + 1)
        self._head += data[: self.bounds.head_bytes + len(END)]
        end = self._head.find(END, before)
        if end < 0:
            status = suspicious(self._head, self.bounds.head_bytes)
            if status is not None:
                self._refuse(status)
            return data[len(data) :]
        end += len(END)
        head = bytes(self._head[:end])
        try:
            framing = read_head(head, self.bounds.head_bytes, self.bounds.headers)
        except BadHead as bad:
            self._refuse(bad.status)
            return data[len(data) :]
        used = end - (len(self._head) - min(len(data), self.bounds.head_bytes + len(END)))
        self._head.clear()
        self._left, self._declared = framing.length, framing.length or 0
        self._pieces, self._kept = [], 0
        if self._left:
            head = _LENGTH.sub(b"\r\nTransfer-Encoding: chunked\r\n", head, count=1)
        self._window, self._got, self._dropped = (self._seen, 0), 0, 0
        self.conn.receive_data(head)
        self.handle_events()
        return data[used:]

    def _take_body(self, data: memoryview, *, own: bool) -> memoryview:
        """Keeps what belongs to the body; drops it when the answer is out already."""
        part = data if self._left is None else data[: self._left]
        self._got += len(part)
        answered = self.cycle.response_complete
        if answered:
            self._dropped += len(part)
            if self._dropped > self.bounds.linger:
                self.transport.close()
                return data[:0]
        if self._left is None:
            return self._take_chunks(part)
        self._left -= len(part)
        if not answered:
            self._pieces.append(part if own else bytes(part))
            self.cycle.message_event.set()
            self._kept += len(part)
            # What a slow disk keeps waiting, waits in the sender's memory; with many senders, piece by piece.
            if self._kept >= AHEAD // len(self.connections or (self,)) and not self.transport.is_closing():
                self.flow.pause_reading()
        if not self._left:
            self.conn.receive_data(_LAST)
            self.handle_events()
        return data[len(part) :]

    def _take_chunks(self, data: memoryview) -> memoryview:
        """A body in chunks is h11's to understand, and nothing may follow it before its answer."""
        # Once the answer is out, nobody can tell the end of this body from the beginning of another request.
        if not self.cycle.response_complete:
            self.conn.receive_data(bytes(data))
            self.handle_events()
            if self.conn.their_state is not h11.SEND_BODY and self.conn.trailing_data[0]:
                self.cycle.keep_alive = False
        return data[:0]

    def _refuse(self, status: int) -> None:
        """Says no below HTTP's state machine, and ends the connection."""
        reason = HTTPStatus(status).phrase
        said = f"{reason}\n".encode()
        self.transport.write(
            b"HTTP/1.1 %d %s\r\n%s: E_HTTP_REQUEST\r\ncontent-type: text/plain\r\ncontent-length: %d\r\n"
            b"connection: close\r\n\r\n%s" % (status, reason.encode(), CODE_HEADER.lower().encode(), len(said), said)
        )
        self._head.clear()
        self._refused = True
        # Closing with bytes unread would reset the connection, and the peer would never hear why.
        self.loop.call_later(_GRACE, self.transport.close)

    def send_400_response(self, msg: str) -> None:
        """A body that breaks its framing: the request ends as one that was cut."""
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            cycle.disconnected = True
            cycle.message_event.set()
            if cycle.response_started:
                self.transport.abort()
                return
        self._refuse(400)

    # ---- the application ----

    async def _lossless(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 -- types of uvicorn's own
        """The application, with a body that is given out whole before its loss is told."""
        cycle = self.cycle
        if self._declared:
            length = (b"content-length", str(self._declared).encode())
            scope["headers"] = [item if item[0] != b"transfer-encoding" else length for item in scope["headers"]]

        async def received() -> Message:
            if self._pieces and cycle is self.cycle:
                return self._given(STEP, more=True)
            message: Message = await receive()
            gone = message["type"] == "http.disconnect"
            if self._pieces and cycle is self.cycle and not cycle.response_started:
                return self._given(self._kept, more=gone or message["more_body"])
            if gone and cycle.body and not cycle.response_started:
                data, cycle.body = bytes(cycle.body), bytearray()
                return {"type": "http.request", "body": data, "more_body": True}
            return message

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start" and cycle.waiting_for_100_continue:
                # Whether the peer will send the body that it asked about is unknown now.
                message["headers"] = [*message.get("headers", ()), (b"connection", b"close")]
            await send(message)

        await self._serve(scope, received, sent)

    def _given(self, wanted: int, *, more: bool) -> Message:
        """At least so many bytes of those that were kept, for the application; the line may bring more now."""
        data = taken_from(self._pieces, wanted)
        self._kept -= len(data)
        if not self.transport.is_closing():
            self.flow.resume_reading()
        return {"type": "http.request", "body": data, "more_body": more}

    def on_response_complete(self) -> None:
        """The answer is out: the connection waits, or what is left of the body is dropped for a while."""
        self.served += 1
        self._pieces, self._kept = [], 0
        self._since = self._seen = self.loop.time()
        super().on_response_complete()

    # ---- time ----

    @property
    def waiting(self) -> bool:
        """Whether it waits for its next request and could go without harm."""
        return self.served > 0 and self.conn.their_state is h11.IDLE and not self._head

    @property
    def idle_since(self) -> float:
        """When it last heard or said something, on the loop's clock."""
        return self._seen

    def make_room(self) -> None:
        """Ends a connection that waits."""
        self.transport.close()

    def shutdown(self) -> None:
        """The worker stops: a connection without a request in work ends."""
        with contextlib.suppress(h11.LocalProtocolError):
            super().shutdown()
        if self.cycle is None or self.cycle.response_complete:
            self.transport.close()

    def timeout_keep_alive_handler(self) -> None:
        """Nothing more came."""
        self.transport.close()

    def _tick(self) -> None:
        """Once a second: a peer that is too slow is cut."""
        if self.transport.is_closing():
            return
        if not self._refused and self._overdue(self.loop.time()):
            self.transport.abort()
            return
        self._clock = self.loop.call_later(_TICK, self._tick)

    def _overdue(self, now: float) -> bool:
        bounds = self.bounds
        their, answering = self.conn.their_state, self.cycle is not None and not self.cycle.response_complete
        if self.flow.write_paused:
            return self._stalled(now)
        if their is h11.IDLE:
            if self._head or not self.served:
                return now - self._since > bounds.head_seconds
            return now - self._seen > bounds.keep_alive
        if their is h11.SEND_BODY and not answering:
            return now - self._since > bounds.linger_seconds
        if their is not h11.SEND_BODY or self.flow.read_paused:
            self._seen, self._window = now, (now, self._got)
            return False
        if now - self._seen > bounds.idle:
            return True
        begun, got = self._window
        if now - begun < bounds.rate_window:
            return False
        self._window = (now, self._got)
        return self._got - got < bounds.rate * (now - begun)

    def _stalled(self, now: float) -> bool:
        """Whether the peer has taken nothing of an answer for too long."""
        left = self.transport.get_write_buffer_size()
        if left != self._unsent:
            self._unsent, self._since = left, now
        return now - self._since > self.bounds.idle


def bounded(bounds: Bounds) -> type[Strict]:
    """The protocol with these bounds."""
    return type("Bounded", (Strict,), {"bounds": bounds, "buffer": memoryview(bytearray(4 * BUFFER))})
