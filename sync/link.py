"""HTTPS to a receiver whose certificate is known, and to nobody else (docs/spec/protocol.md §10.1).

Rule: not a byte of a request leaves before the other side has proven over TLS 1.3 that it holds one of the certificates
of its card. No trust of the system, no name of this program, no proxy that nobody named, no redirection followed.
Whatever goes wrong below is a coded problem here; nothing else comes out.
"""

from __future__ import annotations

import contextlib
import re
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from schemas.problems import Problem
from schemas.records.mission import ReceiverCard
from sync import network
from sync.address import Address, Proxy
from sync.line import GOOD_RECORD, SILENT, Connection, Response, connection_to, mapped
from sync.pace import Limit, Times
from sync.refusal import OTHER, other_certificate

Body: TypeAlias = "bytes | bytearray | memoryview | Iterable[bytes | memoryview]"
BAD_RECORD: Final = 4096
"""After a cut: what is in a record that did not arrive whole is lost, so small ones lose less."""
MAX_ANSWER: Final = 1 << 20
_PATIENCE: Final = (429, 503)
_SECONDS: Final = re.compile(r"[0-9]{1,6}", re.ASCII)
_BLOCK: Final = 65_536
_SLOWEST: Final = 128
"""Bytes in a second below which an answer counts as one that never ends."""
_REUSE: Final = 3.0
"""Seconds for which an idle connection is used again; servers close theirs soon after."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. Names of `headers` are in lower case; `body` has at most as many bytes as were asked for."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def problem(self) -> Problem:
        """The problem that this answer is: the receiver's own code, or E_NET_ANSWER. Who asks for patience, as a server
        in front of a receiver may, is busy; `seconds`: for how long, if it was said.
        """
        code = self.headers.get(network.CODE_HEADER.lower(), "")
        if code not in network.STATUS:
            code = "E_RECEIVER_BUSY" if self.status in _PATIENCE else "E_NET_ANSWER"
        if code == "E_NET_ANSWER":
            return Problem(code, status=self.status)
        asked = self.headers.get("retry-after", "")
        return Problem(code, where="answered", **({"seconds": int(asked)} if _SECONDS.fullmatch(asked) else {}))

    def expect(self, *statuses: int) -> Answer:
        """Itself when its status is one of these. Raises the problem that it is."""
        if self.status not in statuses:
            raise self.problem
        return self


class Link:
    """A way to one receiver, for one thread at a time: one connection, made when needed and used again while it holds.

    `proxy`: `socks5h://host:port` or `http://host:port`; a SOCKS proxy leads to the card's onion name when it has one.
    `limit` slows request bodies down, and may be shared. Raises E_RECEIVER_CARD, E_RECEIVER_URL, E_PROXY_URL.
    """

    def __init__(
        self, card: ReceiverCard, *, proxy: str | None = None, limit: Limit | None = None, timeout: Times | None = None
    ) -> None:
        self._proxy = Proxy.parse(proxy) if proxy else None
        onion = card.onion if self._proxy is not None and self._proxy.socks else None
        self.address = Address.onion(onion) if onion else Address.parse(card.url)
        self._certs = card.certs
        self._context = _context(card.certs)
        self._limit = limit or Limit()
        self._times = timeout or Times()
        self._connection: Connection | None = None
        self._used = 0.0
        self._stopped = threading.Event()

    # ---- requests ----

    def request(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: Body | None = None,
        length: int | None = None,
        record: int = GOOD_RECORD,
        sent: Callable[[int], None] | None = None,
        most: int = MAX_ANSWER,
    ) -> Answer:
        """One request and its whole answer, of at most `most` bytes.

        A body that is not bytes needs its `length`. `record`: bytes in one TLS record, or given to TLS at once; `sent`
        is told how many bytes of the body went since its last call. Raises E_PIN, E_NET_PORTAL, E_NET_UNREACHABLE,
        E_NET_CUT, E_NET_SLOW, E_NET_PROXY, E_NET_REDIRECT, E_NET_ANSWER.
        """
        with self.stream(method, path, headers=headers, body=body, length=length, record=record, sent=sent) as stream:
            parts, have = [], 0
            for part in stream.chunks():
                have += len(part)
                if have > most:
                    self.close()
                    raise Problem("E_NET_ANSWER", status=stream.status)
                parts.append(part)
            return Answer(stream.status, stream.headers, b"".join(parts))

    @contextlib.contextmanager
    def stream(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: Body | None = None,
        length: int | None = None,
        record: int = GOOD_RECORD,
        sent: Callable[[int], None] | None = None,
    ) -> Iterator[Stream]:
        """As `request`, with the answer's body to be read piece by piece inside the `with`."""
        whole = isinstance(body, bytes | bytearray | memoryview)
        size = memoryview(body).nbytes if isinstance(body, bytes | bytearray | memoryview) else length
        lines = {**SILENT, **(headers or {})}
        if size is not None:
            lines["Content-Length"] = str(size)
        fresh = False
        while True:
            connection, fresh = self._connected()
            pieces = None if body is None else self._pieces(body, record, sent)
            connection.hold(GOOD_RECORD if self._limit.rate else record)
            try:
                response = self._exchange(connection, method, self.address.prefix + path, lines, pieces)
                break
            except Problem as problem:
                self.close()
                # An idle connection may have been closed by the other side just now; that is no cut.
                if fresh or problem.code != "E_NET_CUT" or not (body is None or whole) or self._stopped.is_set():
                    raise
        done = False
        try:
            stream = Stream(response, self._times, self._stopped)
            if 300 <= stream.status < 400:
                raise Problem("E_NET_REDIRECT")
            yield stream
            done = stream.finished
        finally:
            if not done:
                self.close()
            self._used = time.monotonic()

    def _exchange(
        self,
        connection: Connection,
        method: str,
        target: str,
        headers: Mapping[str, str],
        pieces: Iterator[memoryview] | None,
    ) -> Response:
        """Sends a request and waits until its answer begins."""
        sending: Any = pieces  # urllib3 gives each one to `sendall` as it is, and its types know only bytes
        with mapped("send"):
            connection.timeout = self._times.idle
            try:
                connection.request(
                    method, target, body=sending, headers=headers, preload_content=False, decode_content=False
                )
            except (BrokenPipeError, ConnectionResetError, ssl.SSLEOFError):
                # Who refuses a body often answers before it has come in, and hangs up.
                connection.timeout = min(self._times.idle, 5.0)
                return connection.getresponse()
        late = threading.Event()

        def give_up() -> None:
            late.set()
            connection.cut()

        watch = threading.Timer(self._times.answer, give_up)
        watch.daemon = True
        watch.start()
        try:
            with mapped("answer"):
                connection.timeout = self._times.answer
                response = connection.getresponse()
        except Problem:
            if late.is_set() and not self._stopped.is_set():
                raise Problem("E_NET_SLOW") from None
            raise
        finally:
            watch.cancel()
        return response

    def _pieces(self, body: Body, record: int, sent: Callable[[int], None] | None) -> Iterator[memoryview]:
        """The body in pieces of one TLS record each (on a quick line, of several), within the limit."""
        blocks: Iterable[bytes | bytearray | memoryview] = (
            (body,) if isinstance(body, bytes | bytearray | memoryview) else body
        )
        for block in blocks:
            view = memoryview(block).cast("B")
            size = min(record, GOOD_RECORD) if self._limit.rate else record
            for at in range(0, len(view), size):
                piece = view[at : at + size]
                if not self._limit.take(len(piece), self._stopped):
                    raise Problem("E_NET_CUT", why="stopped")
                yield piece
                if sent is not None:
                    sent(len(piece))

    # ---- the connection ----

    def _connected(self) -> tuple[Connection, bool]:
        """The connection, and whether it is a new one."""
        held = self._connection
        if held is not None and held.is_connected and time.monotonic() - self._used < _REUSE:
            return held, False
        self.close()
        if self._stopped.is_set():
            raise Problem("E_NET_CUT", why="stopped")
        # From here on `stop` reaches it, also while the other side says nothing.
        self._connection = connection = self._reach()
        try:
            connection.sock = self._secured(connection)
        except BaseException:
            self.close()
            raise
        if self._stopped.is_set():
            self.close()
            raise Problem("E_NET_CUT", why="stopped")
        return connection, True

    def _reach(self) -> Connection:
        """A connection over TCP, through the proxy if there is one."""
        proxy = self._proxy
        connection = connection_to(self.address, proxy, self._times.connect)
        try:
            # Without an answer of the proxy itself nothing is known of the receiver.
            over_http = proxy is not None and not proxy.socks
            with mapped("proxy" if over_http else "reach"):
                connection.reach(self._times.idle)
                if proxy is not None and over_http:
                    connection.tunnel(self.address, proxy)
        except BaseException:
            connection.close()
            raise
        return connection

    def _secured(self, connection: Connection) -> ssl.SSLSocket:
        """TLS over the connection, to one of the certificates of the card. Raises E_PIN, E_NET_PORTAL, E_NET_CUT."""
        try:
            with mapped("tls"):
                secured = connection.handshake(self._context, self.address.host)
        except Problem as problem:
            if problem.facts.get("why") == OTHER:
                raise Problem("E_PIN", **self._description()) from None
            raise
        shown = secured.getpeercert(binary_form=True)
        if shown not in self._certs or secured.version() != "TLSv1.3":
            secured.close()
            raise Problem("E_PIN", **other_certificate(shown))
        return secured

    def _description(self) -> dict[str, str]:
        """What a stranger's certificate says of itself. For that one more handshake is made, and nothing is sent."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        with contextlib.suppress(Problem):
            connection = self._reach()
            try:
                with mapped("tls"):
                    secured = connection.handshake(context, self.address.host)
                    shown = secured.getpeercert(binary_form=True)
                    secured.close()
                return other_certificate(shown)
            finally:
                connection.close()
        return other_certificate(None)

    def close(self) -> None:
        """Hangs up; the next request connects anew. Harmless when repeated."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(OSError):
                connection.close()

    def __enter__(self) -> Link:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def stop(self) -> None:
        """From another thread: whatever this link does ends at once with E_NET_CUT, until `resume`."""
        self._stopped.set()
        connection = self._connection
        if connection is not None:
            connection.cut()

    def resume(self) -> None:
        """Lets requests go again after `stop`."""
        self._stopped.clear()


class Stream:
    """An answer whose body is still to be read."""

    def __init__(self, response: Response, times: Times, stopped: threading.Event) -> None:
        self._response, self._times, self._stopped = response, times, stopped
        self.status: int = response.status
        self.headers: dict[str, str] = {name.lower(): value for name, value in response.headers.items()}
        self.finished = False

    def chunks(self, size: int = _BLOCK) -> Iterator[bytes]:
        """The body in pieces of at most `size` bytes. Raises E_NET_CUT, E_NET_SLOW, E_NET_ANSWER."""
        began, have = time.monotonic(), 0
        parts = self._response.stream(size)
        while True:
            with mapped("answer"):
                part = next(parts, None)
            if part is None:
                break
            have += len(part)
            if time.monotonic() - began > self._times.answer + have / _SLOWEST:
                raise Problem("E_NET_SLOW")
            yield part
        self.finished = not self._stopped.is_set()


def _context(certs: Iterable[bytes]) -> ssl.SSLContext:
    """TLS 1.3 and these certificates, which need no authority above them. Raises E_RECEIVER_CARD."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    try:
        for cert in certs:
            context.load_verify_locations(cadata=bytes(cert))
    except ssl.SSLError:
        raise Problem("E_RECEIVER_CARD") from None
    return context
