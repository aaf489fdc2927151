"""What the attacks on a receiver share: one receiver with tight bounds, raw requests."""

from __future__ import annotations

import contextlib
import itertools
import ssl

from sync.receiver.bounds import Bounds
from sync.volume import lead_length
from tests.receiver.serving import Running, token
from tests.receiver.volumes import make_volume

LEAD = lead_length(16)
VOLUME = make_volume(1)
LENGTH = len(VOLUME)
BOUNDS = Bounds(linger_seconds=1.0, head_seconds=2.0, idle=2.0, rate=200, rate_window=3.0, keep_alive=3, handshake=2.0)
QUOTA = 3 * LENGTH
TOKENS = 64
_numbers = itertools.count()
_kept: dict[int, tuple[bytes, bytes, str]] = {}


def begun(receiver: Running) -> tuple[bytes, bytes, str]:
    """A token, a volume of its own, and where it is to be sent; its lead is there."""
    number = next(_numbers)
    volume = make_volume(2000 + number)
    answer = receiver.create(token(number), LENGTH, volume[:LEAD])
    assert answer.status == 201
    return token(number), volume, answer.headers["location"]


def begun_once(receiver: Running) -> tuple[bytes, bytes, str]:
    """One upload for tests that leave it as it is."""
    if receiver.port not in _kept:
        _kept[receiver.port] = begun(receiver)
    return _kept[receiver.port]


def exchange(receiver: Running, data: bytes, *, seconds: float = 10.0) -> bytes:
    """What comes back for raw bytes until the connection ends."""
    got = b""
    with receiver.dial(seconds) as connection, contextlib.suppress(ssl.SSLError, ConnectionError):
        connection.sendall(data)
        while piece := connection.recv(65_536):
            got += piece
    return got


def head(*lines: str, first: str = "GET /healthz HTTP/1.1", host: bool = True) -> bytes:
    """The bytes of a request's head."""
    return "\r\n".join([first, *(["Host: receiver"] if host else []), *lines, "", ""]).encode("latin-1")
