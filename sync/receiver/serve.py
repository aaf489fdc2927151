"""A receiver's processes: uvicorn over a strict protocol, TLS 1.3 alone, workers that are watched, a stop that loses
nothing (docs/spec/protocol.md §10.1).

Rule: nothing of uvicorn's own logging is installed; what is written has a code, a process id or our own address.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import logging
import multiprocessing
import resource
import signal
import socket
import ssl
import sys
import threading
from collections.abc import Awaitable, Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from starlette.applications import Starlette
from uvicorn.config import Config
from uvicorn.server import Server

from schemas.problems import Problem
from sync.receiver import leaving
from sync.receiver.bounds import Bounds
from sync.receiver.core import Receiver
from sync.receiver.listening import Door
from sync.receiver.protocol import BUFFER, LARGE, Strict, bounded
from sync.receiver.tls import Places, Secured
from sync.receiver.workers import supervise

LOG: Final = logging.getLogger("svidok.receiver")
BACKLOG: Final = 256
THREADS: Final = 2
SHUTDOWN: Final = 2.0
"""Seconds for a peer to answer the end of TLS."""

AppFactory = Callable[[], Starlette | Awaitable[Starlette]]
"""Makes the application inside a worker, in its event loop; with several workers it must be picklable (a function of a
module, or a `functools.partial` of one).
"""


@dataclass(frozen=True, slots=True)
class Listen:
    """Where to listen. Port 0: any free one."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Listen:
        """From HOST:PORT, where HOST may be an IPv6 address in brackets. Raises E_RECEIVER_LISTEN."""
        host, colon, port = text.rpartition(":")
        if not colon or not port.isascii() or not port.isdigit() or int(port) > 65_535:
            raise Problem("E_RECEIVER_LISTEN", address=text, why="HOST:PORT")
        return cls(host.removeprefix("[").removesuffix("]"), int(port))


@dataclass(frozen=True, slots=True)
class Tls:
    """Paths of a certificate and its key, in PEM; they may be the same file."""

    certificate: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        """TLS 1.3 and nothing else. Raises E_RECEIVER_LISTEN when the files do not serve."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_3
        # A ticket would tell one visit of a device from another's.
        context.num_tickets = 0
        context.set_alpn_protocols(["http/1.1"])
        try:
            context.load_cert_chain(self.certificate, self.key)
        except (OSError, ValueError) as error:
            raise Problem("E_RECEIVER_LISTEN", address="TLS", why=type(error).__name__) from None
        return context


def listening(listen: Listen) -> socket.socket:
    """A bound socket. Raises E_RECEIVER_LISTEN."""
    address = f"{listen.host}:{listen.port}"
    try:
        found = socket.getaddrinfo(listen.host or None, listen.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, proto, _, where = found[0]
        opened = socket.socket(family, kind, proto)
    except OSError as error:
        raise Problem("E_RECEIVER_LISTEN", address=address, why=error.strerror or type(error).__name__) from None
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind(where)
        opened.listen(BACKLOG)
    except OSError as error:
        opened.close()
        raise Problem("E_RECEIVER_LISTEN", address=address, why=error.strerror or type(error).__name__) from None
    opened.set_inheritable(False)
    return opened


class Worker(Server):
    """uvicorn's server with our door, our time for TLS, and a stop that reaches the uploads in work."""

    def __init__(self, config: Config, bounds: Bounds, receiver: Receiver | None) -> None:
        super().__init__(config)
        self._bounds = bounds
        self._receiver = receiver
        self._threads = ThreadPoolExecutor(THREADS, "tls")

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Opens for connections on the given sockets."""
        loop = asyncio.get_running_loop()
        await self.lifespan.startup()
        if self.lifespan.should_exit:
            raise Problem("E_RECEIVER_BACKEND", where="start")
        protocol, config = bounded(self._bounds), self.config

        places = Places(LARGE)

        def share() -> int:
            # As much may stay set aside for each connection.
            return max(BUFFER // 2, LARGE // max(1, len(self.server_state.connections)))

        def connected() -> Strict | Secured:
            inside = protocol(config, self.server_state, self.lifespan.state, loop)
            if config.ssl is None:
                return inside
            times = {"handshake": self._bounds.handshake, "shutdown": SHUTDOWN}
            return Secured(config.ssl, inside, self._threads, places, share, **times)

        self.servers = []
        for given in sockets or []:
            door = Door.over(given, self._bounds.connections, self._make_room)
            self.servers.append(await loop.create_server(connected, sock=door, backlog=BACKLOG))
        loop.set_exception_handler(_noted)
        self.started = True

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """SIGTERM and SIGINT end it gracefully, and it returns: what to do then is the caller's."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _make_room(self) -> bool:
        """Ends the connection that waited longest for its next request, if one waits."""
        waiting = [held for held in self.server_state.connections if isinstance(held, Strict) and held.waiting]
        if not waiting:
            return False
        min(waiting, key=lambda held: held.idle_since).make_room()
        return True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Uploads in work make durable what they have and end; then the rest."""
        if self._receiver is not None:
            self._receiver.stop()
        await super().shutdown(None)
        self._threads.shutdown(wait=False)


def _noted(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What asyncio finds wrong: the kind of error, and nothing of the connection."""
    LOG.error("E_RECEIVER_FAULT %s", type(context.get("exception")).__name__)


def raise_file_limit(wanted: int) -> None:
    """Lets the process have as many open files as its bounds need, where the system allows it."""
    with contextlib.suppress(OSError, ValueError):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft != resource.RLIM_INFINITY and soft < wanted:
            most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
            resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))


def start_log() -> None:
    """Our lines go to standard error, which a supervisor keeps; uvicorn's own are left out below errors."""
    if not LOG.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
        LOG.addHandler(handler)
        LOG.setLevel(logging.INFO)
        LOG.propagate = False
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


async def run_worker(
    app_factory: AppFactory,
    opened: socket.socket,
    tls: Tls | None,
    bounds: Bounds,
    ready: Callable[[Worker], None] | None = None,
) -> None:
    """One worker in the running event loop, until SIGTERM, SIGINT or `should_exit`; `ready`: when it serves."""
    made = app_factory()
    app = await made if inspect.isawaitable(made) else made
    context = tls.context() if tls is not None else None
    config = Config(
        app,
        http=Strict,
        ws="none",
        lifespan="on",
        interface="asgi3",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=bounds.keep_alive,
        timeout_graceful_shutdown=int(bounds.stop),
        ssl_context_factory=(lambda *_: context) if context is not None else None,
    )
    worker = Worker(config, bounds, getattr(app.state, "receiver", None))
    raise_file_limit(3 * bounds.connections + 64)
    if ready is not None:
        asyncio.get_running_loop().create_task(_tell(worker, ready))
    await worker.serve([opened])


async def _tell(worker: Worker, ready: Callable[[Worker], None]) -> None:
    while not worker.started:
        await asyncio.sleep(0.01)
    ready(worker)


def work(app_factory: AppFactory, opened: socket.socket, tls: Tls | None, bounds: Bounds) -> None:
    """The whole life of one worker process."""
    start_log()
    asyncio.run(run_worker(app_factory, opened, tls, bounds))
    if leaving.spoke_to_store() and multiprocessing.parent_process() is not None:
        leaving.leave(0)


def serve(
    app_factory: AppFactory,
    listen: Listen,
    tls: Tls | None,
    workers: int = 1,
    *,
    bounds: Bounds | None = None,
    announce: Callable[[str, int], None] | None = None,
) -> None:
    """Serves until SIGTERM or SIGINT, then returns. `tls` None: plain HTTP, for behind a proxy or an onion service on
    the same machine. `announce` gets host and port once the socket listens. Raises E_RECEIVER_LISTEN.
    """
    if tls is not None:
        tls.context()
    opened = listening(listen)
    if announce is not None:
        announce(listen.host, opened.getsockname()[1])
    limits = bounds or Bounds()
    with opened:
        if workers > 1:
            supervise(work, (app_factory, opened, tls, limits), workers, limits.stop)
        else:
            with contextlib.suppress(KeyboardInterrupt):
                work(app_factory, opened, tls, limits)
