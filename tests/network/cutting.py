"""A line that breaks: a TCP proxy that counts, cuts after a given number of bytes, resets, falls silent, delays."""

from __future__ import annotations

import contextlib
import fcntl
import selectors
import socket
import struct
import termios
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

How = Literal["reset", "close", "silence"]
_BLOCK = 16_384


@dataclass
class Passed:
    """What went over one connection: bytes up (from the device) and down, and whether it was cut."""

    up: int = 0
    down: int = 0
    cut: bool = False


@dataclass
class Cutter:
    """Stands before `target` (a port of loopback). `plan` gives for each connection after how many bytes from the
    device it is cut, or None; when it is at its end, nothing is cut any more. `watch` sees each connection after every
    piece, before the piece goes on, and may return True to cut it there.
    """

    target: int
    plan: Iterator[int | None] = field(default_factory=lambda: iter(()))
    how: How = "reset"
    watch: Callable[[Passed, bytes, bool], bool] = lambda passed, piece, up: False
    passed: list[Passed] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._end = threading.Event()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    @property
    def up(self) -> int:
        """Bytes from the device that were let through."""
        return sum(each.up for each in self.passed)

    @property
    def cuts(self) -> int:
        """How many connections were cut."""
        return sum(each.cut for each in self.passed)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while not self._end.is_set():
                held, _ = self._listening.accept()
                passed = Passed()
                self.passed.append(passed)
                thread = threading.Thread(target=self._carry, args=(held, next(self.plan, None), passed), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _carry(self, near: socket.socket, limit: int | None, passed: Passed) -> None:
        with near:
            try:
                far = socket.create_connection(("127.0.0.1", self.target), 10)
            except OSError:
                return
            with far, contextlib.suppress(OSError):
                self._pump(near, far, limit, passed)

    def _pump(self, near: socket.socket, far: socket.socket, limit: int | None, passed: Passed) -> None:
        with selectors.DefaultSelector() as both:
            both.register(near, selectors.EVENT_READ, True)
            both.register(far, selectors.EVENT_READ, False)
            while not self._end.is_set():
                for key, _ in both.select(0.2):
                    up: bool = key.data
                    source, target = (near, far) if up else (far, near)
                    piece = source.recv(_BLOCK)
                    if not piece:
                        return
                    left = len(piece) if limit is None or not up else min(len(piece), limit - passed.up)
                    stop = self.watch(passed, piece, up)
                    if not stop:
                        target.sendall(piece[:left])
                        passed.up, passed.down = passed.up + up * left, passed.down + (not up) * left
                    if stop or (limit is not None and passed.up >= limit):
                        passed.cut = True
                        self._cut(near, far)
                        return

    def _cut(self, near: socket.socket, far: socket.socket) -> None:
        if self.how == "silence":
            self._end.wait(30)
        elif self.how == "reset":
            _delivered(far)
            for side in (near, far):
                side.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def close(self) -> None:
        """Ends every connection."""
        self._end.set()
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for thread in list(self._threads):
            thread.join(10)

    def __enter__(self) -> Cutter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _delivered(held: socket.socket, patience: float = 5.0) -> None:
    """Waits until the other end has taken what was sent: a reset would call back what still lies here, and it was
    counted as passed.
    """
    until = time.monotonic() + patience
    while time.monotonic() < until:
        (waiting,) = struct.unpack("i", fcntl.ioctl(held, termios.TIOCOUTQ, bytes(4)))
        if not waiting:
            return
        threading.Event().wait(0.001)
