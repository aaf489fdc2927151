"""What the desk reads, releases and fills, and what a device asks about its own bundle."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.types import Message, Receive, Send

from collector import crypto
from schemas import canonical
from schemas.records.network import BundleState, VolumePage
from schemas.structure import decode
from sync import network
from sync.receiver.bounds import Bounds
from sync.receiver.boxes import BoxRoom
from sync.receiver.core import Receiver
from sync.receiver.desk_routes import get_return
from sync.receiver.ports import KEEP, Office, Place
from sync.receiver.upkeep import sweep
from sync.volume import lead_length, read_header
from tests.helpers.faults import nearly_full
from tests.receiver.serving import DESK, Answer, Running, r1_of, running, token
from tests.receiver.volumes import make_volume

VOLUMES = [make_volume(number) for number in range(3)]
HEADERS = [read_header(volume) for volume in VOLUMES]
OTHER_DESK = crypto.sha256(b"another office")
LENGTH = len(VOLUMES[0])
LEAD = lead_length(16)
BOX = "ab" * 16
LETTER = b"SVIDRET1" + b"sealed" * 1000


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("home"), bounds=Bounds(page=2)) as started:
        for number, volume in enumerate(VOLUMES):
            assert "svidok-r1" in started.create(token(number), LENGTH, volume).headers
        other = Office(b"\x0e" * 32, network.token_hash(OTHER_DESK))
        started.call(started.index.accept(other, [network.token_hash(token(100))], LENGTH, 4_000_000_000, 1))
        yield started


def volume_path(number: int) -> str:
    return f"{network.BUNDLES}/{HEADERS[number].bid.hex()}/0-0"


def page(receiver: Running, after: int, by: bytes = DESK) -> VolumePage:
    answer = receiver.ask("GET", f"{network.BUNDLES}?after={after}", by=by)
    assert (answer.status, answer.headers["content-type"]) == (200, network.RECORD_BODY)
    return decode(VolumePage, answer.body, canonical.DOCUMENT)


def test_the_desk_lists_what_came_in_order_page_by_page(receiver: Running) -> None:
    first = page(receiver, 0)
    second = page(receiver, first.next)
    last = page(receiver, second.next)
    assert [len(part.volumes) for part in (first, second, last)] == [2, 1, 0]
    assert last.next == second.next
    seen = [*first.volumes, *second.volumes]
    assert [item.bid for item in seen] == [header.bid for header in HEADERS]
    assert {item.bytes_ for item in seen} == {LENGTH}
    assert sorted(item.at for item in seen) == [item.at for item in seen]


def test_another_office_sees_nothing_of_them(receiver: Running) -> None:
    assert page(receiver, 0, OTHER_DESK).volumes == ()
    for method in ("GET", "HEAD", "DELETE"):
        assert receiver.ask(method, volume_path(0), by=OTHER_DESK).status == 404
    assert receiver.ask("GET", f"{network.BUNDLES}/{HEADERS[0].bid.hex()}", by=OTHER_DESK).status == 404


def test_a_token_of_a_device_is_no_desk(receiver: Running) -> None:
    for method, path in (("GET", network.BUNDLES), ("GET", volume_path(0)), ("PUT", f"{network.RETURNS}/{BOX}")):
        answer = receiver.ask(method, path, None, LETTER if method == "PUT" else None, by=token(0))
        assert (answer.status, answer.code) == (401, "E_TOKEN_UNKNOWN")


def test_a_device_asks_about_its_own_bundle_and_no_other(receiver: Running) -> None:
    path = f"{network.BUNDLES}/{HEADERS[1].bid.hex()}"
    for by in (token(1), DESK):
        answer = receiver.ask("GET", path, by=by)
        state = decode(BundleState, answer.body, canonical.DOCUMENT)
        assert state.bid == HEADERS[1].bid
        (stored,) = state.volumes
        assert r1_of(base64.b64encode(stored.r1).decode()).shard == HEADERS[1].shard_root
    assert receiver.ask("GET", path, by=token(0)).status == 401


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=100-299", 100, 300),
        ("bytes=1000000-", 1_000_000, LENGTH),
        ("bytes=-5", LENGTH - 5, LENGTH),
        (f"bytes=0-{10**12}", 0, LENGTH),
        (f"bytes=-{10**12}", 0, LENGTH),
    ],
)
def test_a_volume_is_read_in_ranges(receiver: Running, asked: str, start: int, end: int) -> None:
    answer = receiver.ask("GET", volume_path(2), {"Range": asked}, by=DESK)
    assert answer.status == 206
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{LENGTH}"
    assert answer.body == VOLUMES[2][start:end]


@pytest.mark.parametrize(
    "asked", ["bytes=", "bytes=-", f"bytes={LENGTH}-", "bytes=5-4", "bytes=0-1,3-4", "x", "bytes=-0"]
)
def test_a_range_outside_is_416(receiver: Running, asked: str) -> None:
    answer = receiver.ask("GET", volume_path(2), {"Range": asked}, by=DESK)
    assert (answer.status, answer.headers["content-range"]) == (416, f"bytes */{LENGTH}")


def test_a_volume_is_read_whole(receiver: Running) -> None:
    answer = receiver.ask("GET", volume_path(0), by=DESK)
    assert (answer.status, answer.body) == (200, VOLUMES[0])
    head = receiver.ask("HEAD", volume_path(0), by=DESK)
    assert (head.status, head.headers["content-length"], head.body) == (200, str(LENGTH), b"")


@pytest.mark.parametrize("path", ["0-8", "256-0", "00-0", "0", "x-0", "0-0-0", "%2e%2e", "0-0/", "..%2f..%2fr1.key"])
def test_a_name_that_is_no_place_is_nowhere(receiver: Running, path: str) -> None:
    assert receiver.ask("GET", f"{network.BUNDLES}/{HEADERS[0].bid.hex()}/{path}", by=DESK).status == 404
    assert receiver.ask("GET", f"{network.BUNDLES}/{path}/0-0", by=DESK).status == 404


def put(receiver: Running, data: bytes, by: bytes = DESK, box: str = BOX) -> Answer:
    return receiver.ask("PUT", f"{network.RETURNS}/{box}", None, data, by=by)


def test_a_return_box_opens_to_whoever_knows_its_name(receiver: Running) -> None:
    box = f"{network.RETURNS}/{BOX}"
    assert receiver.ask("GET", box).status == 404
    assert put(receiver, LETTER).status == 204
    assert receiver.ask("GET", box).body == LETTER
    assert put(receiver, LETTER + b"more").status == 204
    assert receiver.ask("GET", box).body == LETTER + b"more"
    assert put(receiver, LETTER, OTHER_DESK).status == 401
    assert receiver.ask("GET", box).body == LETTER + b"more"
    assert receiver.ask("GET", network.RETURNS).status == 404


def test_a_return_box_takes_receipts_only_and_no_more_than_it_holds(receiver: Running) -> None:
    other = "cd" * 16
    assert put(receiver, b"anything else", box=other).status == 400
    assert put(receiver, LETTER, box="nonsense").status == 404
    assert put(receiver, b"SVIDRET1".ljust(network.MAX_RETURN + 1), box=other).status == 413
    assert receiver.ask("GET", f"{network.RETURNS}/{other}").status == 404
    assert put(receiver, b"SVIDRET1".ljust(network.MAX_RETURN), box=other).status == 204
    assert len(receiver.ask("GET", f"{network.RETURNS}/{other}").body) == network.MAX_RETURN


def test_what_the_desk_acknowledged_goes_in_two_weeks_and_the_rest_stays(tmp_path: Path) -> None:
    with running(tmp_path / "home") as own:
        for number in (0, 1):
            own.create(token(number), LENGTH, VOLUMES[number])
        abandoned = own.create(token(2), LENGTH, VOLUMES[2][: LEAD + 100]).headers["location"]
        for _ in range(2):
            assert own.ask("DELETE", volume_path(0), by=DESK).status == 204
        core = own.worker._receiver
        assert core is not None
        assert own.call(sweep(core)) == 0
        clock = core._clock
        core._clock = lambda: clock() + KEEP + 10
        assert own.call(sweep(core)) == 2
        core._clock = clock
        assert own.ask("GET", volume_path(0), by=DESK).status == 404
        assert not own.call(own.store.published(Place(HEADERS[0].bid, 0, 0)))
        assert own.ask("GET", volume_path(1), by=DESK).body == VOLUMES[1]
        assert own.head(token(2), abandoned).status == 404
        assert own.call(own.store.left_over())[0] == []


def test_health_says_when_the_index_does_not_answer(tmp_path: Path) -> None:
    with running(tmp_path / "home") as own:
        assert own.ask("GET", network.HEALTH).body == b"ok\n"
        own.call(own.index._run(own.index._facts.close))
        assert own.ask("GET", network.HEALTH).status == 500
        own.index._facts.close = lambda: None


def test_attack_25_boxes_beyond_the_bound_are_refused_before_a_byte_is_read(tmp_path: Path) -> None:
    with running(tmp_path / "home", bounds=Bounds(boxes=BoxRoom(boxes=1, size=20_000))) as own:
        assert put(own, LETTER).status == 204
        for box, length in (("cd" * 16, 100), (BOX, 30_000)):
            with own.dial() as line:
                head = f"PUT {network.RETURNS}/{box} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n"
                line.sendall(f"{head}Authorization: {network.bearer(DESK)}\r\n\r\n".encode())
                answer = line.recv(4096)  # nothing of the body was sent
            assert answer.startswith(b"HTTP/1.1 413")
            assert b"E_RETURN_QUOTA" in answer
        assert own.ask("GET", f"{network.RETURNS}/{BOX}").body == LETTER


def test_attack_25_a_box_for_which_the_disk_has_no_room_is_refused(tmp_path: Path) -> None:
    with running(tmp_path / "home") as own:
        with nearly_full(own.worker._bounds.box_reserve + len(LETTER) - 1):
            answer = put(own, LETTER)
        assert (answer.status, answer.code) == (507, "E_RECEIVER_FULL")
        assert put(own, LETTER).status == 204


def asked_for_the_box(core: Receiver, receive: Receive, send: Send) -> Coroutine[Any, Any, None]:
    """The whole answer to a reader of the box, with a line of the test's own."""
    scope = {"type": "http", "method": "GET", "asgi": {"spec_version": "2.3"}, "path_params": {"retn": BOX}}
    request = Request({**scope, "headers": [], "query_string": b"", "path": "/"})

    async def whole() -> None:
        await (await get_return(core, request))(scope, receive, send)

    return whole()


def test_attack_41_reading_a_box_takes_a_place_among_the_downloads_until_it_is_read(tmp_path: Path) -> None:
    with running(tmp_path / "home", bounds=Bounds(reads=2)) as own:
        assert put(own, LETTER).status == 204
        core = own.worker._receiver
        assert core is not None
        taken = asyncio.Event()

        async def receive() -> Message:
            await asyncio.Event().wait()
            return {}

        async def slowly(_message: Message) -> None:
            await taken.wait()

        async def readers() -> None:
            reading = [asyncio.create_task(asked_for_the_box(core, receive, slowly)) for _ in range(2)]
            await asyncio.to_thread(own.until, lambda: core._reads == 2)
            answer = await asyncio.to_thread(own.ask, "GET", f"{network.RETURNS}/{BOX}")
            assert (answer.status, answer.code) == (503, "E_RECEIVER_BUSY")
            taken.set()
            await asyncio.gather(*reading)

        own.call(readers())
        assert core._reads == 0
        assert own.ask("GET", f"{network.RETURNS}/{BOX}").body == LETTER
        assert own.ask("GET", f"{network.RETURNS}/{'cd' * 16}").status == 404
        own.until(lambda: core._reads == 0)


def test_attack_41_who_hangs_up_at_once_keeps_no_place_among_the_downloads(tmp_path: Path) -> None:
    with running(tmp_path / "home", bounds=Bounds(reads=2)) as own:
        assert put(own, LETTER).status == 204
        core = own.worker._receiver
        assert core is not None

        async def receive() -> Message:
            return {"type": "http.disconnect"}

        async def send(_message: Message) -> None:
            await asyncio.sleep(0)

        for _ in range(5):
            own.call(asked_for_the_box(core, receive, send))
        assert core._reads == 0
        assert own.ask("GET", f"{network.RETURNS}/{BOX}").body == LETTER
