"""Attacks on the receiver by their number in docs/spec/protocol.md §18: tokens and offsets (40), lengths, floods and
slowness (41).
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from collector import crypto
from sync import network
from sync.receiver.bounds import Bounds
from tests.receiver.attack_kit import BOUNDS, LEAD, LENGTH, QUOTA, TOKENS, VOLUME, begun, begun_once, exchange, head
from tests.receiver.serving import DESK, Running, running, token
from tests.receiver.volumes import make_volume


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("home"), tokens=TOKENS, quota=QUOTA, bounds=BOUNDS) as started:
        yield started


# ---- 40: tokens and offsets ----


def test_attack_40_a_stolen_token_serves_one_bundle_only(receiver: Running) -> None:
    by, volume, where = begun(receiver)
    other = make_volume(3001)
    answer = receiver.create(by, LENGTH, other[:LEAD])
    assert (answer.status, answer.code) == (403, "E_TOKEN_USED")
    blind = receiver.create(by, LENGTH)
    assert blind.status == 201
    answer = receiver.patch(by, blind.headers["location"], 0, other[: LEAD + 1])
    assert (answer.status, answer.code) == (403, "E_TOKEN_USED")
    assert receiver.patch(by, where, LEAD, volume[LEAD:]).status == 204


@pytest.mark.parametrize("method", ["HEAD", "PATCH", "DELETE"])
def test_attack_40_another_token_opens_no_upload(receiver: Running, method: str) -> None:
    by, _, where = begun(receiver)
    stranger, _, _ = begun(receiver)
    headers = {"Upload-Offset": str(LEAD), "Content-Type": network.OFFSET_BODY}
    for bearer in (stranger, DESK, crypto.sha256(b"nobody's")):
        answer = receiver.ask(method, where, headers, b"x" if method == "PATCH" else None, by=bearer)
        assert (answer.status, answer.code) == (401, "E_TOKEN_UNKNOWN")
    assert receiver.head(by, where).offset == LEAD


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Basic " + "A" * 43,
        "Bearer " + "A" * 42,
        "Bearer " + "A" * 43 + "=",
        "Bearer " + "/" * 43,
        "Bearer " + "A" * 44,
        network.bearer(b"\1" * 32) + " x",
    ],
)
def test_attack_40_what_is_no_token_is_refused_before_anything_is_read(receiver: Running, value: str | None) -> None:
    headers = {"Upload-Length": str(LENGTH), **({} if value is None else {"Authorization": value})}
    before = receiver.call(receiver.index.counts()).unfinished
    for method, where in (("POST", network.UPLOADS), ("HEAD", network.UPLOADS + "/x"), ("GET", network.BUNDLES)):
        answer = receiver.ask(method, where, headers)
        assert (answer.status, answer.code) == (401, "E_TOKEN_UNKNOWN")
    assert receiver.call(receiver.index.counts()).unfinished == before


def test_attack_40_an_expired_token_is_refused(receiver: Running) -> None:
    by, _, where = begun(receiver)
    core = receiver.worker._receiver
    assert core is not None
    clock = core._clock
    core._clock = lambda: time.time() + 400 * 86_400
    try:
        answer = receiver.head(by, where)
        assert (answer.status, answer.code) == (401, "E_TOKEN_EXPIRED")
        assert receiver.create(by, LENGTH).code == "E_TOKEN_EXPIRED"
    finally:
        core._clock = clock


@pytest.mark.parametrize("offset", [0, 1, LEAD - 1, LEAD + 1, LENGTH - 1, LENGTH])
def test_attack_40_bytes_replayed_at_another_offset_change_nothing(receiver: Running, offset: int) -> None:
    by, volume, where = begun(receiver)
    answer = receiver.patch(by, where, offset, volume[offset : offset + 1000])
    assert (answer.status, answer.code, answer.offset) == (409, "E_UPLOAD_OFFSET", LEAD)
    assert receiver.head(by, where).offset == LEAD


# ---- 41: lengths, offsets, floods, slowness ----


def test_attack_41_more_than_the_volume_is_refused_whole_and_what_was_there_stays(receiver: Running) -> None:
    by, volume, where = begun(receiver)
    answer = receiver.patch(by, where, LEAD, volume[LEAD:] + b"\0")
    assert (answer.status, answer.code) == (413, "E_UPLOAD_LENGTH")
    assert receiver.head(by, where).offset == LEAD
    headers = {"Upload-Offset": str(LEAD), "Content-Type": network.OFFSET_BODY}
    answer = receiver.ask("PATCH", where, headers, iter([volume[LEAD:], b"\0" * 9]), by=by)
    assert (answer.status, answer.code) in ((413, "E_UPLOAD_LENGTH"), (204, None))
    assert receiver.head(by, where).offset <= LENGTH


@pytest.mark.parametrize("offset", ["-1", "+1", "", "1.0", "0x10", "1e3", " 1 2", "٣", "9" * 40, "00"])
def test_attack_41_an_offset_that_is_no_number_is_refused(receiver: Running, offset: str) -> None:
    by, _, where = begun_once(receiver)
    raw = head(
        f"Authorization: {network.bearer(by)}",
        "Tus-Resumable: 1.0.0",
        f"Content-Type: {network.OFFSET_BODY}",
        "Content-Length: 1",
        "Connection: close",
        first=f"PATCH {where} HTTP/1.1",
    ).replace(b"Host:", f"Upload-Offset: {offset}\r\nHost:".encode())
    assert exchange(receiver, raw + b"x")[9:12] == b"400"
    assert receiver.head(by, where).offset == LEAD


@pytest.mark.parametrize("length", ["0", "1", str(LENGTH - 1), "-5", str(1 << 60), "", "1073152.0", "9" * 30])
def test_attack_41_only_three_lengths_make_an_upload(receiver: Running, length: str) -> None:
    by, _, _ = begun_once(receiver)
    before = receiver.call(receiver.index.counts()).unfinished
    answer = receiver.ask("POST", network.UPLOADS, {"Upload-Length": length}, by=by)
    assert answer.status in (400, 413)
    assert answer.code in ("E_VOL_SIZE", "E_HTTP_REQUEST")
    assert receiver.call(receiver.index.counts()).unfinished == before


def test_attack_41_a_flood_of_creations_stops_at_the_quota_before_anything_is_set_aside(receiver: Running) -> None:
    by = token(61)
    statuses = []
    with contextlib.closing(receiver.connect()) as connection:
        for _ in range(10_000):
            answer = receiver.ask("POST", network.UPLOADS, {"Upload-Length": str(LENGTH)}, by=by, on=connection)
            statuses.append((answer.status, answer.code))
    assert statuses.count((201, None)) == 3
    assert set(statuses) == {(201, None), (413, "E_TOKEN_QUOTA")}
    assert not any((receiver.folder / "uploads" / path.name).stat().st_size for path in uploads_of(receiver, by))


def uploads_of(receiver: Running, by: bytes) -> list[Path]:
    ids = {item.id for item in receiver.call(receiver.index.unfinished()) if item.token == network.token_hash(by)}
    return [path for path in (receiver.folder / "uploads").iterdir() if path.name in ids]


def test_attack_41_a_head_that_never_ends_is_cut_and_others_are_served(receiver: Running) -> None:
    with receiver.dial() as slow:
        slow.sendall(b"GET /healthz HT")
        assert receiver.alive()
        assert slow.recv(100) == b""


def test_attack_41_a_connection_that_says_nothing_is_cut(receiver: Running) -> None:
    with receiver.dial() as silent:
        assert silent.recv(100) == b""
    with socket.create_connection(("127.0.0.1", receiver.port), 20) as no_tls, contextlib.suppress(ConnectionError):
        assert no_tls.recv(100) == b""
    assert receiver.alive()


def test_attack_41_a_body_that_drips_is_cut_and_its_bytes_stay(receiver: Running) -> None:
    by, volume, where = begun(receiver)
    sent = LEAD
    with receiver.dial() as slow, contextlib.suppress(ConnectionError, ssl.SSLError):
        slow.sendall(
            head(
                f"Authorization: {network.bearer(by)}",
                "Tus-Resumable: 1.0.0",
                f"Content-Type: {network.OFFSET_BODY}",
                f"Upload-Offset: {LEAD}",
                f"Content-Length: {LENGTH - LEAD}",
                first=f"PATCH {where} HTTP/1.1",
            )
        )
        slow.settimeout(0.1)
        for _ in range(200):
            slow.sendall(volume[sent : sent + 1])
            sent += 1
            with contextlib.suppress(TimeoutError):
                if not slow.recv(100):
                    break
    assert sent < LEAD + 190, "it was never cut"
    assert LEAD < receiver.head(by, where).offset <= sent


def test_attack_41_one_connection_too_many_is_closed_and_room_is_made_by_those_that_wait(tmp_path: Path) -> None:
    with running(tmp_path / "home", bounds=Bounds(connections=4)) as small, contextlib.ExitStack() as opened:
        door = small.worker.servers[0].sockets[0]._sock
        waiting = opened.enter_context(small.dial())
        waiting.sendall(head())
        heard = b""
        while not heard.endswith(b"ok\n"):
            heard += waiting.recv(4096)
        silent = [opened.enter_context(small.dial()) for _ in range(3)]
        assert small.alive(), "the one that waits for its next request makes room"
        assert waiting.recv(4096) == b""
        waiting.close()
        small.until(lambda: door.inside == 3)
        silent.append(opened.enter_context(small.dial()))
        with pytest.raises(OSError), small.dial():
            pass
        assert door.turned_away == 1
        silent.pop().close()
        small.until(lambda: door.inside == 3)
        assert small.alive()


def test_attack_41_uploads_beyond_the_bound_are_told_to_come_later(tmp_path: Path) -> None:
    with running(tmp_path / "home", bounds=Bounds(uploads=1)) as small:
        where = small.create(token(0), LENGTH, VOLUME[:LEAD]).headers["location"]
        with small.dial() as first:
            first.sendall(
                head(
                    f"Authorization: {network.bearer(token(0))}",
                    "Tus-Resumable: 1.0.0",
                    f"Content-Type: {network.OFFSET_BODY}",
                    f"Upload-Offset: {LEAD}",
                    f"Content-Length: {LENGTH - LEAD}",
                    first=f"PATCH {where} HTTP/1.1",
                )
            )
            small.until(lambda: small.worker._receiver._bodies)  # type: ignore[union-attr]
            second = make_volume(2)
            answer = small.create(token(1), LENGTH, second[:LEAD])
            assert (answer.status, answer.code) == (503, "E_RECEIVER_BUSY")
            assert "retry-after" in answer.headers
        small.until(lambda: not small.worker._receiver._bodies)  # type: ignore[union-attr]
        assert small.create(token(1), LENGTH, second[:LEAD]).status == 201
