"""Attacks on the receiver by their number in docs/spec/protocol.md §18: HTTP (43); no bytes bring the parser down."""

from __future__ import annotations

import contextlib
import logging
import random
import ssl
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync import network
from sync.receiver.answers import LOG
from sync.receiver.heads import BadHead, read_head, suspicious
from tests.receiver.attack_kit import BOUNDS, LEAD, QUOTA, TOKENS, begun, begun_once, exchange, head
from tests.receiver.serving import Running, running


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("home"), tokens=TOKENS, quota=QUOTA, bounds=BOUNDS) as started:
        yield started


# ---- 43: HTTP ----

SMUGGLED = "GET /v1/bundles HTTP/1.1\r\nHost: receiver\r\n\r\n"
BAD_HEADS: dict[str, tuple[bytes, str]] = {
    "length and chunks": (head("Content-Length: 5", "Transfer-Encoding: chunked", first="POST /v1/up HTTP/1.1"), "400"),
    "two lengths": (head("Content-Length: 5", "Content-Length: 6", first="POST /v1/up HTTP/1.1"), "400"),
    "one length twice": (head("Content-Length: 5", "Content-Length: 5", first="POST /v1/up HTTP/1.1"), "400"),
    "lengths in a list": (head("Content-Length: 5, 5", first="POST /v1/up HTTP/1.1"), "400"),
    "signed length": (head("Content-Length: +5", first="POST /v1/up HTTP/1.1"), "400"),
    "negative length": (head("Content-Length: -5", first="POST /v1/up HTTP/1.1"), "400"),
    "hexadecimal length": (head("Content-Length: 0x5", first="POST /v1/up HTTP/1.1"), "400"),
    "huge length": (head("Content-Length: " + "9" * 30, first="POST /v1/up HTTP/1.1"), "400"),
    "unknown coding": (head("Transfer-Encoding: gzip, chunked", first="POST /v1/up HTTP/1.1"), "501"),
    "coding with a tab": (head("Transfer-Encoding: \x0bchunked", first="POST /v1/up HTTP/1.1"), "400"),
    "space before the colon": (head("Transfer-Encoding : chunked", first="POST /v1/up HTTP/1.1"), "400"),
    "two codings": (
        head("Transfer-Encoding: chunked", "Transfer-Encoding: chunked", first="POST /v1/up HTTP/1.1"),
        "400",
    ),
    "folded line": (head("X-A: 1", " folded"), "400"),
    "folded first line": (head(" folded: 1", host=False), "400"),
    "two hosts": (head("Host: other"), "400"),
    "no host": (head(host=False), "400"),
    "two tokens": (head("Authorization: Bearer a", "Authorization: Bearer b"), "400"),
    "two offsets": (head("Upload-Offset: 1", "Upload-Offset: 1", first="PATCH /v1/up/x HTTP/1.1"), "400"),
    "two tus versions": (head("Tus-Resumable: 1.0.0", "Tus-Resumable: 1.0.0"), "400"),
    "bare line feeds": (b"GET /healthz HTTP/1.1\nHost: receiver\n\n", "400"),
    "bare carriage return": (head("X-A: 1\rX-B: 2"), "400"),
    "null byte": (head("X-A: 1\x002"), "400"),
    "eighth bit": (head("X-A: \xff"), "400"),
    "no colon": (head("X-A"), "400"),
    "empty name": (head(": x"), "400"),
    "HTTP/1.0": (head(first="GET /healthz HTTP/1.0"), "505"),
    "HTTP/0.9": (b"GET /healthz\r\n\r\n", "400"),
    "HTTP/2.0": (head(first="GET /healthz HTTP/2.0"), "505"),
    "HTTP/1.2": (head(first="GET /healthz HTTP/1.2"), "505"),
    "two spaces": (head(first="GET  /healthz HTTP/1.1"), "400"),
    "small method": (head(first="get /healthz HTTP/1.1"), "400"),
    "absolute target": (head(first="GET http://receiver/healthz HTTP/1.1"), "400"),
    "CONNECT": (head(first="CONNECT /x HTTP/1.1"), "405"),
    "TRACE": (head(first="TRACE / HTTP/1.1"), "405"),
    "long target": (head(first=f"GET /{'a' * 600} HTTP/1.1"), "414"),
    "body of a GET": (head("Content-Length: 3") + b"abc", "400"),
    "chunks of a DELETE": (head("Transfer-Encoding: chunked", first="DELETE /v1/up/x HTTP/1.1"), "400"),
    "huge header": (head("X-A: " + "a" * 70_000), "431"),
    "many headers": (head(*(f"X-{n}: 1" for n in range(200))), "431"),
    "upgrade": (head("Upgrade: websocket", "Connection: upgrade"), "400"),
    "another expectation": (head("Expect: 200-ok", "Content-Length: 1", first="POST /v1/up HTTP/1.1"), "417"),
    "TLS in TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "400"),
    "HTTP/2 preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505"),
    "empty lines first": (b"\r\n\r\n" + head(), "400"),
}


@pytest.mark.parametrize("name", BAD_HEADS)
def test_attack_43_a_head_with_two_meanings_is_refused_and_ends_the_connection(receiver: Running, name: str) -> None:
    sent, status = BAD_HEADS[name]
    got = exchange(receiver, sent + SMUGGLED.encode())
    assert got.startswith(f"HTTP/1.1 {status} ".encode()), got[:80]
    assert b"connection: close" in got.lower()
    assert got.count(b"HTTP/1.1 ") == 1, "something behind it was answered too"
    assert receiver.alive()


def test_attack_43_a_head_is_refused_the_same_when_it_comes_byte_by_byte(receiver: Running) -> None:
    sent, status = BAD_HEADS["length and chunks"]
    with receiver.dial() as connection:
        for at in range(len(sent)):
            connection.sendall(sent[at : at + 1])
        assert connection.recv(4096).startswith(f"HTTP/1.1 {status} ".encode())


def test_attack_43_a_request_behind_another_is_not_served_before_its_turn(receiver: Running) -> None:
    got = exchange(receiver, head() + SMUGGLED.encode())
    assert got.startswith(b"HTTP/1.1 200 ")
    assert got.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize(
    "body",
    [
        b"zz\r\nabc\r\n0\r\n\r\n",
        b"3\r\nabcd\r\n0\r\n\r\n",
        b"-1\r\n",
        b"3\nabc\n0\n\n",
        b"fffffffffffffffff\r\n",
        b"\r\n\r\n",
    ],
)
def test_attack_43_chunks_that_are_none_end_the_connection(receiver: Running, body: bytes) -> None:
    by, _, where = begun_once(receiver)
    raw = head(
        f"Authorization: {network.bearer(by)}",
        "Tus-Resumable: 1.0.0",
        f"Content-Type: {network.OFFSET_BODY}",
        f"Upload-Offset: {LEAD}",
        "Transfer-Encoding: chunked",
        first=f"PATCH {where} HTTP/1.1",
    )
    got = exchange(receiver, raw + body + SMUGGLED.encode())
    assert got[9:10] in (b"4", b"")
    assert got.count(b"HTTP/1.1 ") <= 1
    assert receiver.alive()


@pytest.mark.parametrize("version", [None, "", "0.2.2", "1.0.1", "1.0", "2.0.0", "1.0.0, 1.0.0"])
@pytest.mark.parametrize("method", ["POST", "HEAD", "PATCH", "DELETE"])
def test_attack_43_another_version_of_tus_is_412(receiver: Running, version: str | None, method: str) -> None:
    by, _, where = begun_once(receiver)
    lines = [f"Authorization: {network.bearer(by)}", "Connection: close"]
    if version is not None:
        lines.append(f"Tus-Resumable: {version}")
    target = network.UPLOADS if method == "POST" else where
    got = exchange(receiver, head(*lines, first=f"{method} {target} HTTP/1.1")).lower()
    assert got.startswith(b"http/1.1 412 ")
    assert b"svidok-code: e_http_tus" in got
    assert b"tus-version: 1.0.0" in got


def test_attack_43_an_answer_before_the_end_of_a_large_body_is_heard(receiver: Running) -> None:
    by, volume, where = begun_once(receiver)
    answer = receiver.patch(by, where, LEAD + 1, volume[LEAD + 1 : LEAD + 400_000])
    assert (answer.status, answer.code) == (409, "E_UPLOAD_OFFSET")


def test_attack_43_no_answer_names_the_server(receiver: Running) -> None:
    for got in (exchange(receiver, head("Connection: close")), exchange(receiver, b"nonsense\r\n\r\n")):
        assert b"server:" not in got.lower()
        assert b"uvicorn" not in got.lower()


def test_the_worker_knows_no_address(receiver: Running) -> None:
    with receiver.dial() as connection:
        own = connection.getsockname()
        receiver.until(lambda: receiver.worker.server_state.connections)
        for held in list(receiver.worker.server_state.connections):
            assert getattr(held, "client", None) in (None, ("", 0))
            transport = held.transport  # type: ignore[union-attr]
            assert str(own[1]) not in repr(transport.get_extra_info("peername"))


# ---- fuzz ----

WORDS = [
    b"GET", b"POST", b"PATCH", b"HEAD", b"DELETE", b"OPTIONS", b" ", b"  ", b"/v1/up", b"/v1/up/x", b"/healthz",
    b" HTTP/1.1", b" HTTP/1.0", b"\r\n", b"\r\n", b"\r\n\r\n", b"\n", b"\r", b"\0", b"\xff", b":", b": ", b"Host: a",
    b"Content-Length: 3", b"Content-Length: 99999999", b"Transfer-Encoding: chunked", b"Tus-Resumable: 1.0.0",
    b"Upload-Offset: 0", b"Upload-Length: 1073152", b"Expect: 100-continue", b"Connection: close", b"3\r\nabc\r\n",
    b"0\r\n\r\n", b"Authorization: Bearer x", b"\t", b"a" * 200,
]  # fmt: skip
noise = st.one_of(st.binary(max_size=300), st.lists(st.sampled_from(WORDS), max_size=40).map(b"".join))
GOOD = head("Tus-Resumable: 1.0.0", "Upload-Length: 1073152", "Content-Length: 0", first="POST /v1/up HTTP/1.1")


@settings(max_examples=1500, deadline=None)
@given(noise, st.binary(max_size=3), st.integers(0, len(GOOD)))
def test_any_head_has_one_framing_or_is_refused(data: bytes, patch: bytes, at: int) -> None:
    for candidate in (data + b"\r\n\r\n", GOOD[:at] + patch + GOOD[at + len(patch) :]):
        whole = candidate.find(b"\r\n\r\n") + 4
        if whole < 4:
            suspicious(candidate or b"x", 8192)
            continue
        try:
            framing = read_head(candidate[:whole], 8192, 48)
        except BadHead as bad:
            assert bad.status in (400, 405, 414, 417, 431, 501, 505)  # noqa: PT017 -- others are good heads
        else:
            assert framing.length is None or 0 <= framing.length < 10**15


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(noise, st.integers(0, len(GOOD)), st.booleans())
def test_attack_43_no_bytes_bring_the_worker_down(receiver: Running, data: bytes, at: int, mutate: bool) -> None:
    sent = GOOD[:at] + data + GOOD[at:] if mutate else data
    with receiver.dial(8.0) as connection, contextlib.suppress(ssl.SSLError, ConnectionError):
        connection.sendall(sent)
        connection.setblocking(False)
    source = random.Random(len(sent))
    if source.random() < 0.2:
        assert receiver.alive()


def test_attack_43_a_made_up_name_writes_no_line_of_the_log(
    receiver: Running, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(LOG, "propagate", True)
    with caplog.at_level(logging.INFO, LOG.name):
        answer = receiver.ask("HEAD", "/v1/up/a%0aERROR%20E_FORGED%1b[31m", {"Tus-Resumable": "9"})
    assert (answer.status, answer.code) == (412, "E_HTTP_TUS")
    assert [record.getMessage() for record in caplog.records] == ["E_HTTP_TUS - -"]


def test_the_worker_is_alive_after_all_of_this(receiver: Running) -> None:
    by, volume, where = begun(receiver)
    assert receiver.patch(by, where, LEAD, volume[LEAD:]).status == 204
    assert not [item for item in receiver.worker.server_state.tasks if item.done() and item.exception()]
