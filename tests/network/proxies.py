"""Small proxies: SOCKS 5 as Tor speaks it, and HTTP with CONNECT."""

from __future__ import annotations

import contextlib
import select
import socket
import struct
from dataclasses import dataclass, field

from tests.network.tls import Server


def _relay(near: socket.socket, far: socket.socket) -> None:
    with far, contextlib.suppress(OSError):
        while True:
            for side in select.select([near, far], [], [], 20)[0]:
                piece = side.recv(65536)
                if not piece:
                    return
                (far if side is near else near).sendall(piece)


def _exactly(held: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        part = held.recv(count - len(data))
        if not part:
            raise OSError("gone")
        data += part
    return data


@dataclass
class Socks:
    """A SOCKS 5 proxy: `names` gives the port of loopback for `name:port`; `asked` has every request, with its type."""

    names: dict[str, int] = field(default_factory=dict)
    user: tuple[bytes, bytes] | None = None
    asked: list[tuple[int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._server = Server(self._serve)
        self.url = f"socks5h://127.0.0.1:{self._server.port}"

    def _serve(self, held: socket.socket) -> None:
        _, count = _exactly(held, 2)
        methods = _exactly(held, count)
        if self.user is not None:
            if 2 not in methods:
                held.sendall(b"\x05\xff")
                return
            held.sendall(b"\x05\x02")
            name = _exactly(held, _exactly(held, 2)[1])
            word = _exactly(held, _exactly(held, 1)[0])
            held.sendall(b"\x01" + (b"\x00" if (name, word) == self.user else b"\x01"))
            if (name, word) != self.user:
                return
        else:
            held.sendall(b"\x05\x00")
        _, _, _, kind = _exactly(held, 4)
        host = socket.inet_ntoa(_exactly(held, 4)) if kind == 1 else _exactly(held, _exactly(held, 1)[0]).decode()
        (port,) = struct.unpack(">H", _exactly(held, 2))
        self.asked.append((kind, f"{host}:{port}"))
        target = self.names.get(f"{host}:{port}")
        if target is None:
            held.sendall(b"\x05\x04\x00\x01" + bytes(6))
            return
        far = socket.create_connection(("127.0.0.1", target), 10)
        held.sendall(b"\x05\x00\x00\x01" + bytes(6))
        _relay(held, far)

    def close(self) -> None:
        """Ends it."""
        self._server.close()

    def __enter__(self) -> Socks:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass
class Connect:
    """An HTTP proxy; `refuses` is what it answers instead of letting anybody through."""

    refuses: bytes = b""
    asked: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._server = Server(self._serve)
        self.url = f"http://127.0.0.1:{self._server.port}"

    def _serve(self, held: socket.socket) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += _exactly(held, 1)
        self.asked.append(head)
        if self.refuses:
            held.sendall(self.refuses)
            return
        host, _, port = head.split()[1].decode().rpartition(":")
        far = socket.create_connection((host, int(port)), 10)
        held.sendall(b"HTTP/1.1 200 go\r\n\r\n")
        _relay(held, far)

    def close(self) -> None:
        """Ends it."""
        self._server.close()

    def __enter__(self) -> Connect:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
