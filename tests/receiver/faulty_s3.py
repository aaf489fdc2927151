"""A small HTTP proxy in front of a real object store, which answers 500, slowly, or not at all when it is told to.

The store's signature covers path, headers and host, so everything is passed on as it came.
"""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"}
_ERROR = b'<?xml version="1.0"?><Error><Code>InternalError</Code></Error>'


class Faulty:
    """`decide` gets method and path of each request, and says what becomes of it: `pass`, `refuse` (500 in place of the
    answer, nothing passed on), `forget` (passed on, and the answer thrown away), or `slow` (passed on after a while).
    """

    def __init__(self, upstream: str) -> None:
        self.upstream = urlsplit(upstream)
        self.decide: Callable[[str, str], str] = lambda method, path: "pass"
        self.seen: list[tuple[str, str, str]] = []
        self.slowness = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *args: object) -> None:
                pass

            def _serve(self) -> None:
                outer.serve(self)

            do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _serve

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: object, client_address: object) -> None:
                pass

        self.server = Server(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        """One request."""
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        path = urlsplit(handler.path).path
        fate = self.decide(handler.command, path)
        self.seen.append((handler.command, path, fate))
        if fate == "refuse":
            self._answer(handler, 500, {}, _ERROR)
            return
        if fate == "slow":
            self.slowness.wait(1.0)
        connection = http.client.HTTPConnection(str(self.upstream.hostname), self.upstream.port, timeout=60)
        try:
            connection.putrequest(handler.command, handler.path, skip_host=True, skip_accept_encoding=True)
            for name, value in handler.headers.items():
                connection.putheader(name, value)
            connection.endheaders(body)
            response = connection.getresponse()
            data = response.read()
        finally:
            connection.close()
        if fate == "forget":
            handler.close_connection = True
            handler.connection.close()
            return
        kept = {name: value for name, value in response.getheaders() if name.lower() not in _HOP}
        length = int(response.headers.get("Content-Length") or 0) if handler.command == "HEAD" else len(data)
        self._answer(handler, response.status, {**kept, "Content-Length": str(length)}, data)

    def _answer(self, handler: BaseHTTPRequestHandler, status: int, headers: dict[str, str], data: bytes) -> None:
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(data)), **headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(data)


@contextmanager
def faulty(upstream: str) -> Iterator[Faulty]:
    """A proxy that runs."""
    proxy = Faulty(upstream)
    thread = threading.Thread(target=proxy.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.server.shutdown()
        proxy.server.server_close()
        thread.join(10)
