"""The only door to urllib3: one connection, reached, led through a proxy and secured step by step.

Rule: a connection never connects by itself, never connects again, and says nothing that it was not told to say.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
from collections.abc import Iterator
from typing import Any, Final, TypeAlias

from urllib3.connection import HTTPSConnection
from urllib3.contrib.socks import SOCKSHTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.response import HTTPResponse
from urllib3.util import SKIP_HEADER, make_headers

from sync.address import Address, Proxy
from sync.refusal import Phase, problem_of

Response: TypeAlias = HTTPResponse
GOOD_RECORD: Final = 16_384
"""Bytes in one TLS record on a good line: the most that there can be."""
QUICK_RECORDS: Final = 16 * GOOD_RECORD
"""Bytes given to TLS at once on a quick line, which makes records of them by itself."""
SILENT: Final = {"User-Agent": SKIP_HEADER, "Accept-Encoding": SKIP_HEADER}
"""Headers that leave out what the library would say of itself."""
_SOCKS5: Final = 2


@contextlib.contextmanager
def mapped(phase: Phase) -> Iterator[None]:
    """The seam: foreign errors become problems."""
    try:
        yield
    except (HTTPError, http.client.HTTPException, OSError, ValueError) as error:
        raise problem_of(error, phase) from None


class Connection(HTTPSConnection):
    """One connection: reached, led through a proxy and secured step by step, never by itself."""

    auto_open = 0

    def reach(self, patience: float) -> None:
        """TCP to the other end or to the proxy; a line that is dead for `patience` seconds ends it."""
        self.sock = self._new_conn()
        for name, value in (
            ("TCP_USER_TIMEOUT", int(patience * 1000)),
            ("TCP_KEEPIDLE", int(patience / 2)),
            ("TCP_KEEPINTVL", int(patience / 6)),
            ("TCP_KEEPCNT", 3),
        ):
            option = getattr(socket, name, None)
            if option is not None:
                with contextlib.suppress(OSError):
                    self.sock.setsockopt(socket.IPPROTO_TCP, option, max(1, value))
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

    def hold(self, record: int) -> None:
        """How much may wait unsent in the system, with so many bytes in a record or given to TLS at once.

        What waits there is neither on its way nor ours to call back: few bytes, and progress is true. On a quick line
        few bytes would let the other end wait.
        """
        option = getattr(socket, "TCP_NOTSENT_LOWAT", None)
        if option is not None and self.sock is not None:
            waiting = 2 * GOOD_RECORD if record <= GOOD_RECORD else 16 * record
            with contextlib.suppress(OSError):
                self.sock.setsockopt(socket.IPPROTO_TCP, option, waiting)

    def tunnel(self, address: Address, proxy: Proxy) -> None:
        """Asks an HTTP proxy for a way to the receiver."""
        headers = {}
        if proxy.user is not None:
            headers = make_headers(proxy_basic_auth=f"{proxy.user}:{proxy.password or ''}")
        # The library only lets a connection be led on that is not made yet.
        reached, self.sock = self.sock, None
        self.set_tunnel(address.host, address.port, headers, scheme="https")
        self.sock = reached
        self._tunnel()

    def handshake(self, context: ssl.SSLContext, name: str) -> ssl.SSLSocket:
        """TLS over what was reached."""
        secured = context.wrap_socket(
            self.sock, server_hostname=name, suppress_ragged_eofs=False, do_handshake_on_connect=False
        )
        self.sock = secured
        secured.do_handshake()
        return secured

    def cut(self) -> None:
        """From another thread: whatever waits on this connection ends."""
        held = self.sock
        if held is not None:
            with contextlib.suppress(OSError):
                # Not the method of the TLS socket: that would take its state away from under the thread that waits.
                socket.socket.shutdown(held, socket.SHUT_RDWR)


class _Direct(Connection):
    """To the receiver or to an HTTP proxy."""


class _OverSocks(SOCKSHTTPSConnection, Connection):
    """Through a SOCKS proxy, which also looks the name up."""


def connection_to(address: Address, proxy: Proxy | None, patience: float) -> Connection:
    """A connection that is not made yet, with as many seconds for each step."""
    if proxy is not None and proxy.socks:
        options: Any = {
            "socks_version": _SOCKS5,
            "proxy_host": proxy.host,
            "proxy_port": proxy.port,
            "username": proxy.user,
            "password": proxy.password,
            "rdns": True,
        }
        return _OverSocks(options, address.host, address.port, timeout=patience)
    end = proxy or address
    return _Direct(end.host, end.port, timeout=patience)
