"""A way to a server that breaks at random bytes, and counts what crosses it."""

from __future__ import annotations

import fcntl
import select
import socket
import struct
import termios
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

_READ = 2048
_BUFFER = 2304
"""What a line of 20 kbit/s with 800 ms delay holds."""
_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER that ends a connection with a reset: neither side hears that the other has finished."""


class Cutter:
    """One connection at a time from a port of its own to a server; after the given numbers of bytes from the client, in
    ascending order, the connection breaks for both sides.

    What the client has put on the line up to that byte arrives at the server; what came after it is in this program's
    buffer, one or two KiB, and is counted as sent, and lost.
    """

    def __init__(self, goal: tuple[str, int], cuts: Iterable[int]) -> None:
        self._goal = goal
        self._waiting = sorted(cuts, reverse=True)
        self.sent = self.answered = self.cuts = self.connections = 0
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(8)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def port(self) -> int:
        """Where it listens, on loopback."""
        return int(self._listener.getsockname()[1])

    def start(self) -> None:
        """Lets connections in."""
        self._listener.settimeout(0.2)
        self._thread.start()

    def stop(self) -> None:
        """Breaks what goes on, and lets nobody in any more."""
        self._ended.set()
        self._thread.join(10)
        self._listener.close()

    def _run(self) -> None:
        while not self._ended.is_set():
            with suppress(TimeoutError):
                client, _ = self._listener.accept()
                self.connections += 1
                with client, socket.create_connection(self._goal) as server, suppress(OSError):
                    for end in (client, server):
                        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                        end.settimeout(30)
                    self._carry(client, server)

    def _carry(self, client: socket.socket, server: socket.socket) -> None:
        """Passes on what comes, until a side ends or the next cut is due."""
        while not self._ended.is_set():
            ready, _, _ = select.select([client, server], [], [], 0.2)
            if server in ready:
                data = server.recv(_READ)
                if not data:
                    return
                client.sendall(data)
                self.answered += len(data)
            if client in ready:
                data = client.recv(min(_READ, self._waiting[-1] - self.sent) if self._waiting else _READ)
                if not data:
                    return
                server.sendall(data)
                self.sent += len(data)
                if self._waiting and self.sent >= self._waiting[-1]:
                    self._cut(client, server)
                    return

    def _cut(self, client: socket.socket, server: socket.socket) -> None:
        until = time.monotonic() + 1
        while _count(server, termios.TIOCOUTQ) and time.monotonic() < until:
            self._ended.wait(0.0005)
        self.sent += _count(client, termios.FIONREAD)
        while self._waiting and self._waiting[-1] <= self.sent:
            self._waiting.pop()
        self.cuts += 1
        for end in (client, server):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)


def _count(end: socket.socket, what: int) -> int:
    """Bytes that wait in a socket."""
    return int(struct.unpack("i", fcntl.ioctl(end, what, bytes(4)))[0])


@contextmanager
def cutting(goal: tuple[str, int], cuts: Iterable[int]) -> Iterator[Cutter]:
    """The breaking way, open for connections."""
    cutter = Cutter(goal, cuts)
    cutter.start()
    try:
        yield cutter
    finally:
        cutter.stop()
