"""A real receiver on loopback, over TLS, in a thread of the test: its own loop, its own folder, tokens by number."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import queue
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from collector import certificates, crypto
from collector.crypto import Secret
from collector.signed import open_object
from schemas.records.network import StoredReceipt
from schemas.structure import decode
from sync import network
from sync.receiver.app import make_app
from sync.receiver.bounds import Bounds
from sync.receiver.local import open_local
from sync.receiver.ports import Office
from sync.receiver.serve import Listen, Tls, Worker, listening, run_worker

SEED = b"\x51" * 32
R1_PUBLIC = crypto.sign_keypair(Secret(SEED))[0]
OFFICE = b"\x0f" * 32
DESK = crypto.sha256(b"desk")
QUOTA = 1 << 30
LIFE = 365 * 86_400
BOUNDS = Bounds(flush_seconds=1.0)


def token(number: int) -> bytes:
    """The secret of one token."""
    return crypto.sha256(b"token", number.to_bytes(4, "big"))


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str | None:
        return self.headers.get("svidok-code")

    @property
    def offset(self) -> int:
        return int(self.headers["upload-offset"])


@dataclass
class Running:
    """A receiver that runs."""

    port: int
    folder: Path
    certificate: bytes
    worker: Worker
    loop: asyncio.AbstractEventLoop
    index: Any
    store: Any
    faults: list[BaseException] = field(default_factory=list)

    def call(self, coroutine: Any) -> Any:
        """Runs something in the receiver's loop."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(30)

    def context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        context.load_verify_locations(cadata=certificates.der(self.certificate))
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        return context

    def dial(self, timeout: float = 20.0) -> ssl.SSLSocket:
        """A TLS connection for raw bytes."""
        plain = socket.create_connection(("127.0.0.1", self.port), timeout)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self.context().wrap_socket(plain)

    def connect(self) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=20, context=self.context())

    def ask(
        self,
        method: str,
        path: str,
        headers: dict[str, str] | None = None,
        body: Any = None,
        *,
        by: bytes | None = None,
        on: http.client.HTTPSConnection | None = None,
    ) -> Answer:
        """One request of a tus client with a token, on a connection of its own unless one is given."""
        sent = {"Tus-Resumable": network.TUS, **(headers or {})}
        if by is not None:
            sent["Authorization"] = network.bearer(by)
        connection = on or self.connect()
        try:
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            got = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, got, response.read())
        finally:
            if on is None:
                connection.close()

    def create(self, by: bytes, length: int, lead: bytes = b"") -> Answer:
        headers = {"Upload-Length": str(length)}
        if lead:
            headers["Content-Type"] = network.OFFSET_BODY
        return self.ask("POST", network.UPLOADS, headers, lead or None, by=by)

    def patch(self, by: bytes, where: str, offset: int, body: bytes, **more: Any) -> Answer:
        headers = {"Upload-Offset": str(offset), "Content-Type": network.OFFSET_BODY}
        return self.ask("PATCH", where, headers, body, by=by, **more)

    def head(self, by: bytes, where: str) -> Answer:
        return self.ask("HEAD", where, by=by)

    def alive(self) -> bool:
        """Whether the worker still answers."""
        return self.ask("GET", network.HEALTH).status == 200

    def until(self, condition: Any, seconds: float = 20.0) -> None:
        """Waits for something that the receiver does by itself; fails when it never does."""
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "it never happened"
            threading.Event().wait(0.01)


def r1_of(header: str) -> StoredReceipt:
    """The receipt in a header, when the receiver's key signed it."""
    import base64

    trusted = {crypto.kid(R1_PUBLIC): R1_PUBLIC}
    return decode(StoredReceipt, open_object("r1", base64.b64decode(header, validate=True), trusted, 1))


@contextlib.contextmanager
def running(
    folder: Path, *, bounds: Bounds = BOUNDS, tokens: int = 8, quota: int = QUOTA, tls: bool = True
) -> Iterator[Running]:
    """A receiver with tokens 0…`tokens`−1 over the folder's local back end."""
    folder.mkdir(exist_ok=True)
    pem = folder / "current.pem"
    if not pem.exists():
        pem.write_bytes(certificates.make("127.0.0.1", int(time.time()) - 60, LIFE))
    opened = listening(Listen("127.0.0.1", 0))
    port = opened.getsockname()[1]
    told: queue.Queue[Any] = queue.Queue()

    async def factory() -> Any:
        index, store = await open_local(folder)
        hashes = sorted(network.token_hash(token(number)) for number in range(tokens))
        now = int(time.time())
        await index.accept(Office(OFFICE, network.token_hash(DESK)), hashes, quota, now + LIFE, now)
        told.put((index, store, asyncio.get_running_loop()))
        return make_app(index, store, Secret(SEED), bounds=bounds)

    def live() -> None:
        try:
            asyncio.run(run_worker(factory, opened, Tls(pem, pem) if tls else None, bounds, told.put))
        except BaseException as error:
            told.put(error)
            raise

    thread = threading.Thread(target=live, daemon=True)
    thread.start()
    index, store, loop = told.get(timeout=20)
    worker = told.get(timeout=20)
    assert isinstance(worker, Worker), worker
    try:
        yield Running(port, folder, pem.read_bytes(), worker, loop, index, store)
    finally:
        worker.should_exit = True
        thread.join(30)
        assert not thread.is_alive()
