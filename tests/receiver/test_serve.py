"""The processes of a receiver: TLS 1.3 alone, workers that are replaced, signals, and a log that knows nobody."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from collector import certificates
from sync import network
from sync.receiver.serve import Listen, Tls, listening
from sync.volume import lead_length
from tests.conftest import REPO
from tests.helpers.expect import refused
from tests.receiver.serving import LIFE, Running, running, token
from tests.receiver.volumes import make_volume

LEAD = lead_length(16)
VOLUME = make_volume(1)
LENGTH = len(VOLUME)


@contextlib.contextmanager
def process(folder: Path, workers: int = 1) -> Iterator[tuple[subprocess.Popen[str], Running]]:
    """A receiver in its own process, and a client for it."""
    folder.mkdir(exist_ok=True)
    pem = folder / "current.pem"
    if not pem.exists():
        pem.write_bytes(certificates.make("127.0.0.1", int(time.time()) - 60, LIFE))
    command = [sys.executable, "-m", "tests.receiver.serving_process", str(folder), str(workers)]
    with open(folder / "log", "a") as log:
        started = subprocess.Popen(command, cwd=REPO, stdout=subprocess.PIPE, stderr=log, text=True)
    nothing: Any = None
    try:
        assert started.stdout is not None
        port = int(started.stdout.readline())
        client = Running(port, folder, pem.read_bytes(), nothing, nothing, nothing, nothing)
        client.until(lambda: reached(client), 40)
        yield started, client
    finally:
        if started.poll() is None:
            started.terminate()
        started.wait(40)
        assert started.stdout is not None
        started.stdout.close()


def reached(client: Running) -> bool:
    try:
        return client.alive()
    except OSError:
        return False


def children(pid: int) -> list[int]:
    """Processes that this one started to serve."""
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in listed if "spawn_main" in command(child)]


def command(pid: str) -> str:
    """The words of a process; none when it has ended meanwhile."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def test_tls_1_3_alone_is_spoken(tmp_path: Path) -> None:
    with running(tmp_path / "home") as receiver:
        with receiver.dial() as connection:
            assert connection.version() == "TLSv1.3"
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname = False
        old.verify_mode = ssl.CERT_NONE
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_2
        with (
            socket.create_connection(("127.0.0.1", receiver.port), 10) as plain,
            pytest.raises((ssl.SSLError, ConnectionError)),
        ):
            old.wrap_socket(plain)
        with socket.create_connection(("127.0.0.1", receiver.port), 10) as plain:
            plain.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            with contextlib.suppress(ConnectionError):
                assert b"ok" not in plain.recv(4096)
        assert receiver.alive()


def test_plain_http_serves_behind_a_proxy(tmp_path: Path) -> None:
    with running(tmp_path / "home", tls=False) as receiver, socket.create_connection(("127.0.0.1", receiver.port)) as c:
        c.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        got = b""
        while piece := c.recv(4096):
            got += piece
        assert got.endswith(b"ok\n")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("127.0.0.1:8443", Listen("127.0.0.1", 8443)),
        ("[::1]:0", Listen("::1", 0)),
        (":443", Listen("", 443)),
    ],
)
def test_an_address_to_listen_on(text: str, expected: Listen) -> None:
    assert Listen.parse(text) == expected


@pytest.mark.parametrize("text", ["", "host", "host:", "host:x", "host:65536", "host:-1", "host:٣"])
def test_an_address_that_is_none(text: str) -> None:
    with refused("E_RECEIVER_LISTEN"):
        Listen.parse(text)


def test_a_port_in_use_and_a_certificate_that_is_none_are_told(tmp_path: Path) -> None:
    with listening(Listen("127.0.0.1", 0)) as taken, refused("E_RECEIVER_LISTEN"):
        listening(Listen("127.0.0.1", taken.getsockname()[1]))
    with refused("E_RECEIVER_LISTEN"):
        Tls(tmp_path / "none", tmp_path / "none").context()
    (tmp_path / "bad").write_text("nonsense")
    with refused("E_RECEIVER_LISTEN"):
        Tls(tmp_path / "bad", tmp_path / "bad").context()


def test_sigterm_ends_it_gracefully_and_what_a_patch_brought_is_there_afterwards(tmp_path: Path) -> None:
    with process(tmp_path / "home") as (started, client):
        where = client.create(token(0), LENGTH, VOLUME[:LEAD]).headers["location"]
        with client.dial() as hanging:
            hanging.sendall(
                f"PATCH {where} HTTP/1.1\r\nHost: a\r\nTus-Resumable: 1.0.0\r\nContent-Type: {network.OFFSET_BODY}\r\n"
                f"Authorization: {network.bearer(token(0))}\r\nUpload-Offset: {LEAD}\r\n"
                f"Content-Length: {LENGTH - LEAD}\r\n\r\n".encode()
                + VOLUME[LEAD : LEAD + 3 * 65_536]
            )
            store = tmp_path / "home" / "uploads" / where.rpartition("/")[2]
            client.until(lambda: store.stat().st_size > LEAD)
            started.send_signal(signal.SIGTERM)
            assert hanging.recv(4096).startswith(b"HTTP/1.1 503 ")
        assert started.wait(40) == 0
    with process(tmp_path / "home") as (_, client):
        offset = client.head(token(0), where).offset
        assert LEAD < offset <= LEAD + 3 * 65_536
        assert client.patch(token(0), where, offset, VOLUME[offset:]).status == 204


def test_killed_in_the_middle_it_goes_on_from_what_was_told(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with process(home) as (started, client):
        where = client.create(token(0), LENGTH, VOLUME[:LEAD]).headers["location"]
        told = client.patch(token(0), where, LEAD, VOLUME[LEAD:700_000]).offset
        with client.dial() as hanging:
            hanging.sendall(
                f"PATCH {where} HTTP/1.1\r\nHost: a\r\nTus-Resumable: 1.0.0\r\nContent-Type: {network.OFFSET_BODY}\r\n"
                f"Authorization: {network.bearer(token(0))}\r\nUpload-Offset: {told}\r\n"
                f"Content-Length: {LENGTH - told}\r\n\r\n".encode()
                + VOLUME[told : told + 100_000]
            )
            started.kill()
            started.wait(20)
    with process(home) as (_, client):
        offset = client.head(token(0), where).offset
        assert offset >= told
        assert client.patch(token(0), where, offset, VOLUME[offset:]).status == 204


def test_a_worker_that_dies_is_replaced_and_a_stop_ends_all(tmp_path: Path) -> None:
    with process(tmp_path / "home", workers=2) as (started, client):
        client.until(lambda: len(children(started.pid)) == 2)
        first = children(started.pid)
        for pid in first:
            os.kill(pid, signal.SIGKILL)
        client.until(lambda: len(children(started.pid)) == 2 and not set(children(started.pid)) & set(first), 40)
        client.until(lambda: reached(client), 40)
        last = children(started.pid)
        started.send_signal(signal.SIGTERM)
        assert started.wait(40) == 0
        assert not [pid for pid in last if Path(f"/proc/{pid}").exists()]


def test_the_log_has_codes_and_uploads_and_knows_nobody(tmp_path: Path) -> None:
    with process(tmp_path / "home") as (_, client):
        ports = []
        where = client.create(token(0), LENGTH, VOLUME[:LEAD]).headers["location"]
        for sent in (b"GET / HTTP/1.0\r\n\r\n", b"nonsense\r\n\r\n", b"GET /secret-path HTTP/1.1\r\nHost: a\r\n\r\n"):
            with client.dial() as connection, contextlib.suppress(OSError):
                ports.append(str(connection.getsockname()[1]))
                connection.sendall(sent)
                connection.recv(4096)
        with socket.create_connection(("127.0.0.1", client.port)) as plain:
            ports.append(str(plain.getsockname()[1]))
            plain.sendall(b"\x16\x03\x01nonsense")
        client.patch(token(0), where, 5, b"x")
        client.ask("HEAD", where, {"User-Agent": "marker-agent"}, by=b"\7" * 32)
        client.ask("GET", "/v1/returns/marker-path")
    log = (tmp_path / "home" / "log").read_text()
    assert f"E_UPLOAD_OFFSET {where.rpartition('/')[2]}" in log
    for word in ("127.0.0.1", "marker", "secret-path", network.bearer(token(0))[7:], "Traceback", *ports):
        assert word not in log
    for line in log.splitlines():
        assert re.fullmatch(r"(INFO|ERROR|WARNING) E_[A-Z0-9_]+ [A-Za-z0-9_-]+ [A-Za-z0-9_, -]+", line), line
