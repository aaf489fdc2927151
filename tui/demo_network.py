"""The network of the demonstration: a real receiver in a process of its own, and a line to it that breaks once.

The line is a small HTTP proxy on loopback: after a given number of bytes it drops the connection that it carries, as a
bad line would, and carries the later ones whole.
"""

from __future__ import annotations

import asyncio
import contextlib
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from schemas.problems import Problem

_PATIENCE: Final = 60.0
_BLOCK: Final = 16_384
_SVIDOK: Final = (sys.executable, "-c", "from tui.cli import main; main()")


class DemoReceiver:
    """A receiver on loopback: its home is made by `found`, and it runs inside `serving`."""

    def __init__(self, home: Path) -> None:
        self.home = home
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{probe.getsockname()[1]}"

    def found(self) -> bytes:
        """Makes the home; returns the card for the office. Raises what `sync.receiver.home.init` raises."""
        from sync.receiver import home

        return home.init(self.home, f"https://{self.address}", None, int(time.time())).card_file()

    def accept(self, tokens: bytes, fingerprint: str) -> None:
        """Takes in the office's list of tokens, with the fingerprint compared. Raises E_TOKEN_LIST, E_FINGERPRINT."""
        from sync.receiver import home, offices
        from sync.receiver.backend import open_backend

        opened = home.open_home(self.home)

        async def take_in() -> None:
            index, store = await open_backend(opened.folder, None, None)
            try:
                await offices.accept(index, tokens, fingerprint, opened.card.r1_key)
            finally:
                await index.close()
                await store.close()

        asyncio.run(take_in())

    @contextlib.contextmanager
    def serving(self) -> Iterator[None]:
        """Runs it until the end of the block. Raises E_RECEIVER_LISTEN."""
        command = [*_SVIDOK, "receiver", "serve", "--home", str(self.home), "--listen", self.address]
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        with process:
            try:
                if self.address not in _first_line(process):
                    raise Problem("E_RECEIVER_LISTEN", address=self.address, why="it did not start")
                yield
            finally:
                process.send_signal(signal.SIGTERM)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(_PATIENCE)
                if process.poll() is None:
                    process.kill()


def _first_line(process: subprocess.Popen[str]) -> str:
    if process.stdout is None:
        return ""
    ready, _, _ = select.select([process.stdout], [], [], _PATIENCE)
    return process.stdout.readline() if ready else ""


class BreakingLine:
    """An HTTP proxy (CONNECT) on loopback whose line breaks once, after `after` bytes from the sender."""

    def __init__(self, after: int) -> None:
        self.cuts = 0
        self._left = after
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> BreakingLine:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                threading.Thread(target=self._carry, args=(near,), daemon=True).start()

    def _carry(self, near: socket.socket) -> None:
        """One connection: to where the sender asks to be led, and only on this machine."""
        with near, contextlib.suppress(OSError, ValueError, IndexError):
            asked = b""
            while b"\r\n\r\n" not in asked and len(asked) < _BLOCK:
                asked += near.recv(_BLOCK) or b"\r\n\r\n"
            host, _, port = asked.split(b" ")[1].decode().rpartition(":")
            if host != "127.0.0.1":
                return
            with socket.create_connection((host, int(port))) as far:
                near.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                threading.Thread(target=_pour, args=(far, near), daemon=True).start()
                while block := near.recv(_BLOCK):
                    if self._breaks(len(block)):
                        return
                    far.sendall(block)

    def _breaks(self, count: int) -> bool:
        with self._lock:
            self._left -= count
            broken = self._left < 0 and not self.cuts
            self.cuts += broken
            return broken


def _pour(source: socket.socket, target: socket.socket) -> None:
    """From the receiver to the sender, until one of them hangs up."""
    with contextlib.suppress(OSError):
        while block := source.recv(_BLOCK):
            target.sendall(block)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)
