"""Pausing and stopping the writing of sticks, and when a stick may be taken out."""

from __future__ import annotations

import errno
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from collector.field import Field
from sync import medium, outbox, readback
from sync.halting import Halt, Halted
from tests.helpers.interviews import sealed_entry, some_file
from tests.helpers.mission import Office, enrolled_field
from tests.sync.sticks import decode, folders, volume_files


@pytest.fixture
def field(tmp_path: Path) -> Iterator[Field]:
    opened = enrolled_field(tmp_path / "home", Office())
    yield opened
    opened.close()


@pytest.mark.parametrize("phase", ["write", "check"])
def test_a_stop_leaves_nothing_on_the_sticks_and_the_interview_sealed(field: Field, tmp_path: Path, phase: str) -> None:
    sealed_entry(field, photo=some_file(tmp_path, size=3_000_000))
    to, halt, steps = folders(tmp_path, 3), Halt(), []

    def step(name: str, done: int, total: int) -> None:
        steps.append(name)
        if name == phase:
            halt.stop()

    report = outbox.export(field, to, progress=step, halt=halt)
    assert report.stopped
    assert not report.ok
    assert (report.exported, report.left) == ([], [])
    assert steps.count(phase) == 1
    assert [list(folder.iterdir()) for folder in to] == [[], [], []]
    assert [row.state for row in field.interviews()] == ["sealed"]
    assert [state for (state,) in field.vault.db.query("SELECT state FROM bundle")] == ["abandoned"]
    assert outbox.export(field, to).ok


def test_what_was_whole_before_the_stop_counts(field: Field, tmp_path: Path) -> None:
    sealed_entry(field)
    to = folders(tmp_path, 2)
    assert outbox.export(field, to, k=1, n=2).ok
    before = volume_files(to)
    sealed_entry(field)
    halt = Halt()
    halt.stop()
    assert outbox.export(field, to, k=1, n=2, halt=halt, only_new=True).stopped
    assert volume_files(to) == before
    assert decode(to[:1], tmp_path / "out").damaged == 0
    assert sorted(row.state for row in field.interviews()) == ["exported", "sealed"]


def test_a_pause_holds_the_work_until_it_goes_on(field: Field, tmp_path: Path) -> None:
    sealed_entry(field)
    halt, reached = Halt(), threading.Event()
    halt.pause()
    reports = []

    def step(_name: str, _done: int, _total: int) -> None:
        reached.set()

    work = threading.Thread(
        target=lambda: reports.append(outbox.export(field, folders(tmp_path, 1), k=1, n=1, progress=step, halt=halt))
    )
    work.start()
    assert not reached.wait(0.3)
    assert halt.paused
    halt.resume()
    work.join(30)
    assert reached.is_set()
    assert reports[0].ok


def test_a_stop_ends_a_pause() -> None:
    halt = Halt()
    halt.wait()
    halt.pause()
    halt.stop()
    assert not halt.paused
    with pytest.raises(Halted):
        halt.wait()


def test_a_stick_may_be_taken_out_only_after_the_file_system_was_synced(
    field: Field, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed_entry(field)
    to = folders(tmp_path, 2)
    real = readback.sync_file_system

    def sync(folder: Path) -> None:
        if folder == to[1]:
            raise OSError(errno.EIO, "made by the test")
        assert (folder / "SHA256SUMS").is_file()
        real(folder)

    monkeypatch.setattr(medium, "sync_file_system", sync)
    report = outbox.export(field, to, k=1, n=2)
    assert [stick.settled for stick in report.sticks] == [True, False]
    assert report.sticks[1].problem is not None
    assert report.sticks[1].as_dict()["settled"] is False


def test_what_the_system_still_had_in_memory_is_said(
    field: Field, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed_entry(field)
    to = folders(tmp_path, 2)
    monkeypatch.setattr(readback, "_nothing_kept", lambda _fd, _length: False)
    report = outbox.export(field, to, k=1, n=2)
    assert report.ok
    assert [stick.from_medium for stick in report.sticks] == [False, False]
    monkeypatch.setattr(readback, "_nothing_kept", lambda _fd, _length: True)
    assert all(stick.from_medium for stick in outbox.export(field, to, k=1, n=2).sticks)


def test_pages_in_memory_are_seen(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(1 << 20))
    with path.open("rb") as file:
        file.read()
        assert not readback._nothing_kept(file.fileno(), 1 << 20)
        assert readback._nothing_kept(file.fileno(), 0)


def test_a_list_of_sums_that_comes_back_changed_is_no_success(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stick = medium.Stick(folders(tmp_path, 1)[0])
    monkeypatch.setattr(medium, "digest_of", lambda _source: "0" * 64)
    stick.write_text("READ-ME.txt", "words")
    assert stick.bad["READ-ME.txt"].code == "E_STICK_VERIFY"
    assert list(stick.folder.iterdir()) == []
