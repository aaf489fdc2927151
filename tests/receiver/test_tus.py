"""Uploads over real TLS: what a tus client may rely on, cut or not, and what a volume becomes in the end."""

from __future__ import annotations

import asyncio
import fcntl
import http.client
import random
import socket
import ssl
import struct
import termios
import threading
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest

from collector.cells import CELL
from sync import network
from sync.receiver.bounds import Bounds
from sync.receiver.local_store import LocalWriter
from sync.receiver.ports import Place
from sync.volume import LENGTHS, lead_length, read_header
from tests.helpers.expect import flipped
from tests.receiver.serving import DESK, Running, r1_of, running, token
from tests.receiver.volumes import make_volume

LEAD = lead_length(16)
VOLUME = make_volume(1)
LENGTH = len(VOLUME)


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("home"), tokens=64) as started:
        yield started


numbers = iter(range(64))


def fresh() -> tuple[bytes, bytes]:
    """A token and a volume of their own."""
    number = next(numbers)
    return token(number), make_volume(1000 + number)


def stored(receiver: Running, volume: bytes) -> bytes:
    """The bytes as the desk gets them."""
    header = read_header(volume)
    where = f"{network.BUNDLES}/{header.bid.hex()}/{header.stripe}-{header.index}"
    return receiver.ask("GET", where, by=DESK).body


def begun(receiver: Running, upto: int = LEAD) -> tuple[bytes, bytes, str]:
    """An upload with that many bytes stored."""
    by, volume = fresh()
    answer = receiver.create(by, LENGTH, volume[:LEAD])
    assert (answer.status, answer.offset) == (201, LEAD)
    where = answer.headers["location"]
    if upto > LEAD:
        assert receiver.patch(by, where, LEAD, volume[LEAD:upto]).offset == upto
    return by, volume, where


def test_options_tell_what_the_server_can_do(receiver: Running) -> None:
    answer = receiver.ask("OPTIONS", network.UPLOADS)
    assert answer.status == 204
    assert answer.headers["tus-version"] == "1.0.0"
    assert set(answer.headers["tus-extension"].split(",")) == {
        "creation",
        "creation-with-upload",
        "expiration",
        "termination",
    }
    assert int(answer.headers["tus-max-size"]) == max(LENGTHS)


def test_a_volume_goes_up_in_one_piece_and_comes_back_the_same(receiver: Running) -> None:
    by, volume, where = begun(receiver)
    answer = receiver.patch(by, where, LEAD, volume[LEAD:])
    assert (answer.status, answer.offset) == (204, LENGTH)
    header = read_header(volume)
    said = r1_of(answer.headers["svidok-r1"])
    assert (said.bid, said.broot, said.s, said.i, said.shard) == (
        header.bid,
        header.bundle_root,
        0,
        0,
        header.shard_root,
    )
    assert stored(receiver, volume) == volume
    head = receiver.head(by, where)
    assert (head.status, head.offset) == (200, LENGTH)
    assert head.headers["svidok-r1"] == answer.headers["svidok-r1"]


def test_any_cutting_into_patches_serves(receiver: Running) -> None:
    by, volume, where = begun(receiver)
    cuts = sorted({LEAD, LENGTH, *random.Random(5).sample(range(LEAD, LENGTH), 12), LEAD + CELL, LENGTH - LEAD})
    with closing(receiver.connect()) as connection:
        for start, end in pairwise(cuts):
            answer = receiver.patch(by, where, start, volume[start:end], on=connection)
            assert (answer.status, answer.offset) == (204, end)
    assert "svidok-r1" in answer.headers
    assert stored(receiver, volume) == volume


def test_an_upload_without_a_body_at_first_is_checked_when_the_lead_is_in(receiver: Running) -> None:
    by, volume = fresh()
    where = receiver.create(by, LENGTH).headers["location"]
    assert receiver.patch(by, where, 0, volume[:5000]).offset == 5000
    assert receiver.patch(by, where, 5000, volume[5000 : LEAD + 5]).offset == LEAD + 5
    assert receiver.patch(by, where, LEAD + 5, volume[LEAD + 5 :]).status == 204
    assert stored(receiver, volume) == volume


@pytest.mark.parametrize("upto", [1, 7, 8, 5000, LEAD - 1, LEAD + 1, 500_000, LENGTH])
def test_a_creation_takes_as_much_of_the_volume_as_it_brings(receiver: Running, upto: int) -> None:
    by, volume = fresh()
    answer = receiver.create(by, LENGTH, volume[:upto])
    assert (answer.status, answer.offset) == (201, upto)
    assert ("svidok-r1" in answer.headers) == (upto == LENGTH)
    if upto < LENGTH:
        assert receiver.patch(by, answer.headers["location"], upto, volume[upto:]).status == 204
    assert stored(receiver, volume) == volume


def test_a_creation_that_is_cut_inside_the_lead_leaves_nothing_behind(receiver: Running) -> None:
    by, volume = fresh()
    lines = [
        f"POST {network.UPLOADS} HTTP/1.1",
        "Host: receiver",
        f"Authorization: {network.bearer(by)}",
        "Tus-Resumable: 1.0.0",
        f"Content-Type: {network.OFFSET_BODY}",
        f"Upload-Length: {LENGTH}",
        f"Content-Length: {LEAD}",
    ]
    with receiver.dial() as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + volume[: LEAD // 2])
    assert receiver.create(by, LENGTH, volume[:LEAD]).status == 201
    unfinished = receiver.call(receiver.index.unfinished())
    assert sum(upload.token == network.token_hash(by) for upload in unfinished) == 1


def test_the_same_volume_again_is_the_same_upload_whole_or_not(receiver: Running) -> None:
    by, volume, where = begun(receiver, 300_000)
    again = receiver.create(by, LENGTH, volume[:LEAD])
    assert (again.status, again.headers["location"], again.offset) == (201, where, 300_000)
    done = receiver.patch(by, where, 300_000, volume[300_000:])
    again = receiver.create(by, LENGTH, volume[:LEAD])
    assert (again.status, again.offset) == (201, LENGTH)
    assert again.headers["svidok-r1"] == done.headers["svidok-r1"]


def test_a_volume_that_is_here_already_needs_no_second_sending(receiver: Running) -> None:
    by, volume, where = begun(receiver)
    done = receiver.patch(by, where, LEAD, volume[LEAD:])
    blind = receiver.create(by, LENGTH).headers["location"]
    answer = receiver.patch(by, blind, 0, volume[: LEAD + 100])
    assert (answer.status, answer.offset) == (204, LENGTH)
    assert answer.headers["svidok-r1"] == done.headers["svidok-r1"]
    assert receiver.head(by, blind).status == 404


def test_a_bad_cell_is_told_with_the_offset_of_its_start_and_mended(receiver: Running) -> None:
    by, volume, where = begun(receiver, LEAD + CELL + 10)
    spoilt = flipped(volume, LEAD + CELL + 5000)
    answer = receiver.patch(by, where, LEAD + CELL + 10, spoilt[LEAD + CELL + 10 :])
    assert (answer.status, answer.code, answer.offset) == (network.BAD_CELL, "E_UPLOAD_CELL", LEAD + CELL)
    assert receiver.head(by, where).offset == LEAD + CELL
    far = flipped(volume, LEAD + 9 * CELL + 1)
    answer = receiver.patch(by, where, LEAD + CELL, far[LEAD + CELL :])
    assert (answer.status, answer.offset) == (network.BAD_CELL, LEAD + 9 * CELL)
    assert receiver.patch(by, where, answer.offset, volume[answer.offset :]).status == 204
    assert stored(receiver, volume) == volume


def test_a_bad_tail_is_told_with_the_offset_of_the_tail(receiver: Running) -> None:
    by, volume, where = begun(receiver)
    answer = receiver.patch(by, where, LEAD, flipped(volume, LENGTH - 1)[LEAD:])
    assert (answer.status, answer.offset) == (network.BAD_CELL, LENGTH - LEAD)
    assert receiver.patch(by, where, answer.offset, volume[answer.offset :]).status == 204


@pytest.mark.parametrize(("at", "code"), [(0, "E_VOL_MAGIC"), (100, "E_VOL_SIG"), (LEAD - 1, "E_PAD")])
def test_a_lead_that_does_not_hold_makes_no_upload_and_ends_one(receiver: Running, at: int, code: str) -> None:
    by, volume = fresh()
    before = receiver.call(receiver.index.counts()).unfinished
    answer = receiver.create(by, LENGTH, flipped(volume, at)[:LEAD])
    assert (answer.status, answer.code) == (422, code)
    assert receiver.call(receiver.index.counts()).unfinished == before
    where = receiver.create(by, LENGTH).headers["location"]
    answer = receiver.patch(by, where, 0, flipped(volume, at)[: LEAD + 9])
    assert (answer.status, answer.code) == (422, code)
    assert receiver.head(by, where).status == 404
    assert receiver.call(receiver.index.counts()).unfinished == before


def test_termination_ends_an_unfinished_upload_and_never_a_volume(receiver: Running) -> None:
    by, volume, where = begun(receiver, 200_000)
    assert receiver.ask("DELETE", where, by=by).status == 204
    assert receiver.head(by, where).status == 404
    where = receiver.create(by, LENGTH, volume).headers["location"]
    assert receiver.head(by, where).offset == LENGTH
    assert receiver.ask("DELETE", where, by=by).status == 403
    assert stored(receiver, volume) == volume


def test_chunks_serve_as_a_body_too(receiver: Running) -> None:
    by, volume, where = begun(receiver)
    parts = (volume[at : at + 70_001] for at in range(LEAD, LENGTH, 70_001))
    headers = {"Upload-Offset": str(LEAD), "Content-Type": network.OFFSET_BODY}
    assert receiver.ask("PATCH", where, headers, parts, by=by).status == 204
    assert stored(receiver, volume) == volume


def test_a_method_in_a_header_means_that_method(receiver: Running) -> None:
    by, volume, where = begun(receiver)
    headers = {
        "Upload-Offset": str(LEAD),
        "Content-Type": network.OFFSET_BODY,
        "X-HTTP-Method-Override": "PATCH",
    }
    assert receiver.ask("POST", where, headers, volume[LEAD:], by=by).status == 204


def test_a_zero_patch_at_the_end_of_a_complete_upload_repeats_the_receipt(receiver: Running) -> None:
    by, volume, where = begun(receiver)
    done = receiver.patch(by, where, LEAD, volume[LEAD:])
    again = receiver.patch(by, where, LENGTH, b"")
    assert (again.status, again.headers["svidok-r1"]) == (204, done.headers["svidok-r1"])


def test_a_crash_between_the_last_byte_and_the_receipt_is_mended_by_the_next_question(receiver: Running) -> None:
    by, volume, where = begun(receiver, LENGTH - 1)
    upload_id = where.rpartition("/")[2]

    async def all_but_the_end() -> None:
        async with receiver.index.writing(upload_id) as lease:
            async with receiver.store.writer(lease.upload) as writer:
                await writer.write(volume[-1:])
                await receiver.index.advance(lease, await writer.flush(), 1_800_000_000)
            await receiver.store.publish(lease.upload)

    receiver.call(all_but_the_end())
    head = receiver.head(by, where)
    assert (head.offset, r1_of(head.headers["svidok-r1"]).bid) == (LENGTH, read_header(volume).bid)


# ---- cuts ----


def patch_head(where: str, by: bytes, offset: int, length: int) -> bytes:
    return (
        f"PATCH {where} HTTP/1.1\r\nHost: receiver\r\nTus-Resumable: 1.0.0\r\nAuthorization: {network.bearer(by)}\r\n"
        f"Content-Type: {network.OFFSET_BODY}\r\nUpload-Offset: {offset}\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


def cut(connection: ssl.SSLSocket, *, by_reset: bool) -> None:
    """Ends a connection as a line does: without TLS's farewell."""
    raw = socket.socket(fileno=connection.detach())
    if by_reset:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    raw.close()


def test_what_arrived_before_a_cut_counts_to_the_byte(receiver: Running) -> None:
    by, volume, where = begun(receiver)
    source, offset, again = random.Random(7), LEAD, 0
    for _ in range(20):
        connection = receiver.dial()
        connection.sendall(patch_head(where, by, offset, LENGTH - offset))
        end = min(LENGTH - 1, offset + source.randrange(1, 90_000))
        for at in range(offset, end, 4096):
            connection.sendall(volume[at : min(at + 4096, end)])
        cut(connection, by_reset=False)
        got = receiver.head(by, where).offset
        again += end - got
        offset = got
    assert again == 0
    assert receiver.patch(by, where, offset, volume[offset:]).status == 204
    assert stored(receiver, volume) == volume


def test_a_reset_in_full_flight_costs_no_more_than_what_was_on_the_line(receiver: Running) -> None:
    by, volume, where = begun(receiver)
    offset = LEAD
    for _ in range(5):
        connection = receiver.dial()
        connection.sendall(patch_head(where, by, offset, LENGTH - offset) + volume[offset : offset + 100_000])
        cut(connection, by_reset=True)
        got = receiver.head(by, where).offset
        assert offset <= got <= offset + 100_000
        offset = got
    assert receiver.patch(by, where, offset, volume[offset:]).status == 204
    assert stored(receiver, volume) == volume


@pytest.mark.parametrize("by_reset", [False, True])
def test_what_the_line_brought_while_the_disk_was_slow_counts_after_a_cut(tmp_path: Path, by_reset: bool) -> None:
    brought = 240_000
    with running(tmp_path / "home", bounds=Bounds(buffered=1)) as slow:
        where = slow.create(token(0), LENGTH, VOLUME[:LEAD]).headers["location"]
        gate = threading.Event()
        write = LocalWriter.write

        async def held_up(writer: LocalWriter, data: bytes) -> None:
            await asyncio.get_running_loop().run_in_executor(None, gate.wait, 30)
            await write(writer, data)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(LocalWriter, "write", held_up)
            connection = slow.dial()
            connection.sendall(patch_head(where, token(0), LEAD, LENGTH - LEAD))
            for at in range(LEAD, LEAD + brought, 4000):
                connection.sendall(VOLUME[at : at + 4000])
            slow.until(lambda: unsent(connection) == 0)
            cut(connection, by_reset=by_reset)
            gate.set()
            assert slow.head(token(0), where).offset == LEAD + brought


def unsent(connection: ssl.SSLSocket) -> int:
    """Bytes that the other end's system has not taken yet."""
    return int(struct.unpack("I", fcntl.ioctl(connection, termios.TIOCOUTQ, b"\0" * 4))[0])


def test_a_hanging_patch_lets_go_for_the_next_request_and_keeps_its_bytes(receiver: Running) -> None:
    by, volume, where = begun(receiver)
    hanging = receiver.dial()
    hanging.sendall(patch_head(where, by, LEAD, LENGTH - LEAD) + volume[LEAD : LEAD + 50_000])
    receiver.until(lambda: receiver.worker._receiver._bodies)  # type: ignore[union-attr]
    offset = receiver.head(by, where).offset
    assert LEAD <= offset <= LEAD + 50_000
    answer = hanging.recv(4096)
    assert answer.startswith(b"HTTP/1.1 423 ")
    hanging.close()
    assert receiver.patch(by, where, offset, volume[offset:]).status == 204


def test_attack_41_two_senders_of_one_volume_do_not_spoil_it(receiver: Running) -> None:
    by, volume, where = begun(receiver)

    def send() -> None:
        for _ in range(200):
            head = receiver.head(by, where)
            if "svidok-r1" in head.headers:
                return
            try:
                receiver.patch(by, where, head.offset, volume[head.offset : head.offset + 150_000])
            except (OSError, http.client.HTTPException):
                continue  # the other one took over

    threads = [threading.Thread(target=send) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert "svidok-r1" in receiver.head(by, where).headers
    assert stored(receiver, volume) == volume


def test_a_volume_of_the_middle_class_goes_up_with_a_bounded_buffer(receiver: Running) -> None:
    by, volume = token(next(numbers)), make_volume(77, 256)
    where = receiver.create(by, len(volume)).headers["location"]
    assert receiver.patch(by, where, 0, volume).offset == len(volume)
    header = read_header(volume)
    assert receiver.call(receiver.store.published(Place(header.bid, 0, 0)))


def test_stopping_makes_durable_what_a_running_patch_has_brought(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with running(home) as first:
        where = first.create(token(0), LENGTH, VOLUME[:LEAD]).headers["location"]
        hanging = first.dial()
        hanging.sendall(patch_head(where, token(0), LEAD, LENGTH - LEAD) + VOLUME[LEAD : LEAD + 60_000])
        first.until(lambda: first.worker._receiver._bodies)  # type: ignore[union-attr]
        first.until(lambda: next(iter(first.worker.server_state.connections))._got >= 60_000)  # type: ignore[union-attr]
    assert hanging.recv(4096).startswith(b"HTTP/1.1 503 ")
    hanging.close()
    with running(home) as second:
        assert second.head(token(0), where).offset == LEAD + 60_000
        assert second.patch(token(0), where, LEAD + 60_000, VOLUME[LEAD + 60_000 :]).status == 204
