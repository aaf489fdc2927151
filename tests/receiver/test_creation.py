"""An upload that was made has a name that its sender learns, whatever happens to the bytes that came with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from schemas.problems import Problem
from sync import network
from sync.receiver.local_index import LocalIndex
from sync.receiver.local_store import LocalStore, LocalWriter
from sync.volume import lead_length
from tests.receiver.serving import Running, running, token
from tests.receiver.volumes import make_volume

LEAD = lead_length(16)
VOLUMES = [make_volume(600 + number) for number in range(8)]
LENGTH = len(VOLUMES[0])
PROBLEMS = [
    Problem("E_RECEIVER_BACKEND", where="index, OperationalError"),
    Problem("E_RECEIVER_FULL"),
    Problem("E_RECEIVER_FAULT", where="store, EIO"),
    Problem("E_UPLOAD_BUSY"),
]
STEPS: list[tuple[type, str, int]] = [
    (LocalIndex, "advance", 0),
    (LocalWriter, "flush", 0),
    (LocalStore, "publish", LENGTH),
    (LocalIndex, "complete", LENGTH),
]
numbers = iter(range(64))


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("home"), tokens=64) as started:
        yield started


def unfinished(receiver: Running) -> list[str]:
    """Names of the uploads that are not complete."""
    return [upload.id for upload in receiver.call(receiver.index.unfinished())]


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.code)
@pytest.mark.parametrize(("where", "step", "durable"), STEPS, ids=lambda item: str(item))
def test_a_fault_after_the_creation_leaves_one_upload_that_goes_on(
    receiver: Running, monkeypatch: pytest.MonkeyPatch, where: type, step: str, durable: int, problem: Problem
) -> None:
    number = next(numbers)
    by, volume = token(number), make_volume(700 + number)

    async def fails(*_: Any) -> None:
        raise Problem(problem.code, **problem.facts)

    with monkeypatch.context() as patch:
        patch.setattr(where, step, fails)
        made = receiver.create(by, LENGTH, volume)
    assert (made.status, made.offset) == (201, durable)
    assert unfinished(receiver) == [made.headers["location"].rpartition("/")[2]]
    assert receiver.head(by, made.headers["location"]).offset == durable
    if not durable:
        done = receiver.patch(by, made.headers["location"], 0, volume)
        assert "svidok-r1" in done.headers
    assert unfinished(receiver) == []


def test_a_lead_that_is_refused_still_leaves_no_upload(receiver: Running) -> None:
    by = token(next(numbers))
    made = receiver.create(by, LENGTH, b"X" + VOLUMES[0][1:])
    assert (made.status, made.code) == (422, "E_VOL_MAGIC")
    assert "location" not in made.headers
    assert unfinished(receiver) == []


def test_a_receiver_that_stops_in_a_creation_gives_the_upload_its_name(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with running(home) as first:
        hanging = first.dial()
        head = f"POST {network.UPLOADS} HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\nUpload-Length: {LENGTH}\r\n"
        head += f"Content-Type: {network.OFFSET_BODY}\r\nAuthorization: {network.bearer(token(0))}\r\n"
        head += f"Content-Length: {LENGTH}\r\n\r\n"
        hanging.sendall(head.encode() + VOLUMES[0][: LEAD + 60_000])
        first.until(lambda: first.worker._receiver._bodies)  # type: ignore[union-attr]
        first.until(lambda: next(iter(first.worker.server_state.connections))._got >= LEAD + 60_000)  # type: ignore[union-attr]
    answer = hanging.recv(4096).decode()
    hanging.close()
    assert answer.startswith("HTTP/1.1 201 ")
    headers = {line.partition(": ")[0].lower(): line.partition(": ")[2] for line in answer.splitlines()}
    assert headers["upload-offset"] == str(LEAD + 60_000)
    with running(home) as second:
        assert second.head(token(0), headers["location"]).offset == LEAD + 60_000
