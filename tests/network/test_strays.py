"""A receiver whose word of where it stands does not hold, and one that asks for patience: neither keeps a sending going
for ever, and neither is pressed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from collector.field import Field
from schemas.records.mission import ReceiverCard
from sync import course, upload
from sync.course import Gate
from sync.send_report import Meter
from sync.upload import LEAST_PIECE, Line
from tests.helpers.interviews import sealed_entry
from tests.network.devices import bundles, device, send, states
from tests.network.scripted import Say, Scripted
from tests.network.tls import answer

_PLACE = (bytes(16), 0, 0)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Waits between tries, which take no time here; they stand in this list."""
    asked: list[float] = []

    def rest(gate: Gate, seconds: float) -> bool:
        asked.append(seconds)
        return not gate.stopped

    monkeypatch.setattr(Gate, "rest", rest)
    return asked


def field_for(tmp_path: Path, *cards: ReceiverCard) -> Field:
    field = device(tmp_path / "home", cards, [bytes([n]) * 32 for n in range(1, 5)])
    sealed_entry(field)
    return field


def fallen(request: str, headers: dict[str, str]) -> bytes | None:
    """Takes a piece, and then has less than it was sent."""
    return answer(204, Upload_Offset=headers["upload-offset"]) if request.startswith("PATCH") else None


def drifting() -> Callable[[str, dict[str, str]], bytes | None]:
    """Up and down without an end."""
    places = iter(range(10**9))

    def says(request: str, headers: dict[str, str]) -> bytes | None:
        if request.startswith("POST"):
            return None
        place = (70_000, 3, 140_000, 9)[next(places) % 4]
        return answer(200 if request.startswith("HEAD") else 204, Upload_Offset=str(place))

    return says


def forgetful() -> Callable[[str, dict[str, str]], bytes | None]:
    """Takes one piece, and knows nothing of the upload a moment later."""
    places = iter(range(10**9))

    def says(request: str, headers: dict[str, str]) -> bytes | None:
        if request.startswith("POST") or next(places) % 2 == 0:
            return None
        return answer(404, Svidok_Code="E_UPLOAD_UNKNOWN")

    return says


def creeping() -> Callable[[str, dict[str, str]], bytes | None]:
    """Says each time that it has a byte more, and that this is not where one goes on."""
    places = iter(range(100_000, 10**9))

    def says(request: str, headers: dict[str, str]) -> bytes | None:
        if request.startswith("POST"):
            return None
        if request.startswith("HEAD"):
            return answer(200, Upload_Offset=str(next(places)))
        return answer(409, Svidok_Code="E_UPLOAD_OFFSET")

    return says


def cells() -> Callable[[str, dict[str, str]], bytes | None]:
    """Finds another cell damaged each time."""
    places = iter(range(10**9))

    def says(request: str, headers: dict[str, str]) -> bytes | None:
        if not request.startswith("PATCH"):
            return None
        return answer(460, Svidok_Code="E_UPLOAD_CELL", Upload_Offset=str((next(places) * 65_536) % 900_000))

    return says


STRAYS: dict[str, tuple[Callable[[], Callable[[str, dict[str, str]], bytes | None]], str]] = {
    "fallen": (lambda: fallen, "E_UPLOAD_OFFSET"),
    "drifting": (drifting, "E_UPLOAD_OFFSET"),
    "forgetful": (forgetful, "E_UPLOAD_OFFSET"),
    "creeping": (creeping, "E_UPLOAD_OFFSET"),
    "cells": (cells, "E_UPLOAD_CELL"),
}


def said(says: Callable[[str, dict[str, str]], bytes | None]) -> Say:
    return lambda request, headers, body: says(request, headers)


@pytest.mark.parametrize("name", STRAYS)
def test_attack_37_offsets_that_change_for_ever_end_in_a_problem(
    tmp_path: Path, waits: list[float], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Small pieces: none brings a volume to its end before the receiver has said something false.
    monkeypatch.setattr(course, "Line", partial(Line, piece=LEAST_PIECE))
    monkeypatch.setattr(upload, "MOST_PIECE", LEAST_PIECE)
    make, code = STRAYS[name]
    with Scripted(tmp_path, instead=said(make())) as liar, field_for(tmp_path, liar.card) as field:
        # A person who never gives up: without a bound of its own this would not end.
        report = send(field, patience=None)
        assert [problem.code for _, problem in report.left] == [code]
        assert len(liar.asked) < 80
        assert (states(field), bundles(field)) == (["sealed"], ["ready"])
        liar.instead = lambda request, headers, body: None
        assert send(field).ok


def test_attack_37_the_next_receiver_is_asked_when_the_first_goes_astray(tmp_path: Path, waits: list[float]) -> None:
    (tmp_path / "second").mkdir()
    with (
        Scripted(tmp_path, instead=said(fallen)) as liar,
        Scripted(tmp_path / "second") as second,
        field_for(tmp_path, liar.card, second.card) as field,
    ):
        assert send(field, patience=None).ok
        assert len(second.uploads) == 1


def test_only_what_no_receiver_has_said_before_is_progress() -> None:
    now = iter(range(100))
    meter = Meter(clock=lambda: float(next(now)))
    meter.add(_PLACE, "a", 1000, stored=False, new=True)
    one, two = bytes(32), bytes([1]) * 32
    assert meter.moved(_PLACE, 500, one)
    since = meter.moved_at
    assert not meter.moved(_PLACE, 0, one)
    assert not meter.moved(_PLACE, 500, one)
    assert (meter.moved_at, meter.gained) == (since, 500)
    assert meter.moved(_PLACE, 100, two)
    assert meter.moved(_PLACE, 600, one)
    assert meter.moved_at > since


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(("asked", "waited"), [("7", 7.0), ("86400", course.LONGEST_ASKED), ("soon", None)])
def test_who_asks_for_patience_is_not_pressed(
    tmp_path: Path, waits: list[float], status: int, asked: str, waited: float | None
) -> None:
    busy = iter(range(3))

    def instead(request: str, headers: dict[str, str], body: bytes) -> bytes | None:
        if request.startswith("POST") and next(busy, None) is not None:
            return answer(status, Retry_After=asked)
        return None

    with Scripted(tmp_path, instead=instead) as receiver, field_for(tmp_path, receiver.card) as field:
        assert send(field).ok
        assert receiver.asked.count("POST") == 4
        if waited is None:
            assert [each < course.LONGEST_WAIT for each in waits] == [True] * 3
            assert min(waits) > 0
        else:
            assert waits == [waited] * 3


def test_a_receiver_that_stays_busy_ends_the_run_with_its_reason(tmp_path: Path, waits: list[float]) -> None:
    busy = answer(503, Retry_After="1")
    with (
        Scripted(tmp_path, instead=lambda request, headers, body: busy) as receiver,
        field_for(tmp_path, receiver.card) as field,
    ):
        report = send(field, patience=0.1)
        assert report.problem is not None
        assert report.problem.code == "E_RECEIVER_BUSY"
        assert states(field) == ["sealed"]
        assert set(receiver.asked) == {"POST"}


@pytest.mark.parametrize(("status", "code"), [(503, "E_RECEIVER_BUSY"), (507, "E_RECEIVER_FULL")])
def test_while_one_receiver_asks_for_patience_the_next_is_asked(
    tmp_path: Path, waits: list[float], status: int, code: str
) -> None:
    (tmp_path / "second").mkdir()
    busy = answer(status, Svidok_Code=code, Retry_After="30")
    with (
        Scripted(tmp_path, instead=lambda request, headers, body: busy) as first,
        Scripted(tmp_path / "second", instead=lambda request, headers, body: busy) as second,
        field_for(tmp_path, first.card, second.card) as field,
    ):
        report = send(field, patience=0.5)
        assert report.problem is not None
        assert report.problem.code == code
        assert (first.asked, second.asked) == (["POST"], ["POST"])
        second.instead = lambda request, headers, body: None
        waits.clear()
        assert send(field, patience=None).ok
        assert first.asked == ["POST"] * 2
        assert waits == []
