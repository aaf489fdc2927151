"""Sticks on the screen of the transfer: they come and go, their room is told before, writing pauses and stops."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from textual.content import Content
from textual.pilot import Pilot
from textual.widgets import Input, Label

from schemas.problems import Problem
from sync import outbox
from sync.export_report import BundleExport, ExportReport, StickVerdict
from sync.room import Room
from tests.helpers.faults import nearly_full
from tests.tui.conftest import seen, shell_of, unlock, until
from tests.tui.network import enrolled_with, office_with_form, sealed
from tui.screens.dialogs import AskFolder, Choose
from tui.screens.receipts import ReceiptsScreen
from tui.screens.transfer import TransferScreen
from tui.screens.transfer_stick import folder_parts, so_far, verdict

MIB = 1 << 20


@pytest.fixture
def plugged(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The sticks that are mounted; a test puts some in and takes them out."""
    found: list[Path] = []
    monkeypatch.setattr("tui.screens.transfer.mounted_sticks", lambda: list(found))
    monkeypatch.setattr("tui.screens.receipts.mounted_sticks", lambda: list(found))
    return found


@pytest.fixture
def full(tmp_path: Path) -> Path:
    """A home with one sealed interview."""
    home = tmp_path / "home"
    with enrolled_with(home, office_with_form()) as field:
        sealed(field, tmp_path, 1)
    return home


async def at_sticks(pilot: Pilot[Any]) -> TransferScreen:
    await unlock(pilot)
    await pilot.press("f6")
    screen = pilot.app.screen
    assert isinstance(screen, TransferScreen)
    return screen


def folder(tmp_path: Path, name: str) -> Path:
    place = tmp_path / name
    place.mkdir()
    return place


async def test_sticks_appear_and_go_while_the_screen_is_open(full: Path, tmp_path: Path, plugged: list[Path]) -> None:
    shell, blue, red = shell_of(full), folder(tmp_path, "BLUE"), folder(tmp_path, "RED")
    plugged.append(blue)
    async with shell.run_test(size=(100, 30)) as pilot:
        screen = await at_sticks(pilot)
        await until(pilot, lambda: list(screen.stick.folders) == [blue])
        plugged.append(red)
        screen.watch_sticks()
        await until(pilot, lambda: list(screen.stick.folders) == [blue, red])
        plugged.remove(blue)
        screen.watch_sticks()
        await until(pilot, lambda: list(screen.stick.folders) == [red])
        assert "was taken out." in str(screen.query_one("#folder-note", Label).render())
        plugged.append(blue)
        screen.watch_sticks()
        await until(pilot, lambda: list(screen.stick.folders) == [red, blue])


async def test_what_a_person_left_out_stays_out_until_it_is_plugged_in_again(
    full: Path, tmp_path: Path, plugged: list[Path]
) -> None:
    shell, blue = shell_of(full), folder(tmp_path, "BLUE")
    plugged.append(blue)
    async with shell.run_test(size=(100, 30)) as pilot:
        screen = await at_sticks(pilot)
        await until(pilot, lambda: list(screen.stick.folders) == [blue])
        screen.query_one("#folders").focus()
        await pilot.press("down", "delete")
        assert screen.stick.folders == {}
        screen.watch_sticks()
        await pilot.pause()
        assert screen.stick.folders == {}


async def test_room_is_told_before_anything_is_written(full: Path, tmp_path: Path, plugged: list[Path]) -> None:
    shell, blue = shell_of(full), folder(tmp_path, "BLUE")
    async with shell.run_test(size=(100, 40)) as pilot:
        screen = await at_sticks(pilot)
        plugged.append(blue)
        with nearly_full(MIB):
            screen.watch_sticks()
            await until(pilot, lambda: screen.stick.folders.get(blue) is not None)
            await until(pilot, lambda: "Too small" in seen(shell))
        assert "Together the sticks get" in seen(shell)
        assert list(blue.iterdir()) == []
        before = screen.stick.folders[blue]
        assert before is not None
        screen.query_one("#k", Input).value = "9"
        await pilot.press("f5")
        assert "The numbers must be between" in str(screen.query_one("#folder-note", Label).render())
        screen.query_one("#k", Input).value = "1"
        await pilot.pause()
        assert str(screen.query_one("#folder-note", Label).render()) == ""
        screen.query_one("#n", Input).value = "1"
        await until(pilot, lambda: screen.stick.folders[blue] != before and "Too small" not in seen(shell))


def begin_paused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Writing pauses before its first byte."""
    real = outbox.export

    def waiting(*given: Any, halt: Any, **more: Any) -> ExportReport:
        halt.pause()
        return real(*given, halt=halt, **more)

    monkeypatch.setattr(outbox, "export", waiting)


async def test_writing_pauses_goes_on_and_stops(
    full: Path, tmp_path: Path, plugged: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    shell, blue = shell_of(full), folder(tmp_path, "BLUE")
    begin_paused(monkeypatch)
    plugged.append(blue)
    async with shell.run_test(size=(100, 30)) as pilot:
        screen = await at_sticks(pilot)
        await until(pilot, lambda: blue in screen.stick.folders)
        await pilot.press("f5")
        await until(pilot, lambda: screen.halt.paused)
        assert screen.running
        await pilot.press("escape")
        assert shell.screen is screen
        await pilot.press("f8")
        await until(pilot, lambda: screen.report is not None)
        assert "Stopped. What was being written was taken away again." in seen(shell)
        assert not list(blue.glob("*.vol"))
        assert [row.state for row in shell.field.interviews()] == ["sealed"]
        await pilot.press("enter")
        await until(pilot, lambda: screen.face == "choose")
        await pilot.press("f5")
        await until(pilot, lambda: screen.halt.paused)
        screen._hold(screen.halt.pause)
        assert "Paused. F6 goes on." in str(screen.query_one("#held", Label).render())
        await pilot.press("f6")
        await until(pilot, lambda: screen.report is not None)
        assert "Everything is on the sticks and was read back" in seen(shell)
        assert "Safe to take out." in seen(shell)
        assert len(list(blue.glob("*.vol"))) == 5


async def test_a_key_pressed_twice_does_not_hide_the_verdict(full: Path, tmp_path: Path, plugged: list[Path]) -> None:
    shell, blue = shell_of(full), folder(tmp_path, "BLUE")
    plugged.append(blue)
    async with shell.run_test(size=(100, 30)) as pilot:
        screen = await at_sticks(pilot)
        await until(pilot, lambda: blue in screen.stick.folders)
        await pilot.press("f5")
        await until(pilot, lambda: screen.report is not None)
        await pilot.press("f5", "f6", "f7", "f8")
        assert screen.face == "stick"
        assert "Everything is on the sticks and was read back" in seen(shell)
        assert "⏎ Choose sticks" in seen(shell)
        await pilot.press("enter")
        assert screen.face == "choose"


async def test_each_stick_is_told_as_it_is_finished_also_after_the_language_changed(
    full: Path, tmp_path: Path, plugged: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    shell, real, go = shell_of(full), outbox.export, threading.Event()
    heard: list[StickVerdict] = []

    def words() -> str:
        return " ".join(seen(shell).split())

    def slow(*given: Any, told: Any, progress: Any, **more: Any) -> ExportReport:
        def stands(stick: StickVerdict) -> None:
            heard.append(stick)
            told(stick)
            if len(heard) == 1:
                go.wait(60)
                progress("check", 1, 2)

        return real(*given, told=stands, progress=progress, **more)

    monkeypatch.setattr(outbox, "export", slow)
    plugged.extend(folder(tmp_path, name) for name in ("BLUE", "RED"))
    async with shell.run_test(size=(120, 40)) as pilot:
        screen = await at_sticks(pilot)
        await until(pilot, lambda: len(screen.stick.folders) == 2)
        await pilot.press("f5")
        await until(pilot, lambda: "Leave it in until the end." in words())
        assert "✓ " in words()
        assert "BLUE 3 volumes whole" in words()
        assert "Safe to take out." not in words()
        assert "RED" not in words()
        await pilot.press("f2")
        await until(pilot, lambda: "Не виймайте до кінця." in words())
        go.set()
        await until(pilot, lambda: screen.report is not None)
        await pilot.pause()
        assert screen.report is not None
        assert screen.report.ok
        assert [Path(stick.folder).name for stick in heard] == ["BLUE", "RED", "BLUE", "RED"]
        assert [stick.settled for stick in heard] == [False, False, True, True]
        assert [stick.as_dict() for stick in heard[2:]] == [stick.as_dict() for stick in screen.report.sticks]


async def test_a_lock_ends_a_pause(
    full: Path, tmp_path: Path, plugged: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    shell, blue = shell_of(full), folder(tmp_path, "BLUE")
    begin_paused(monkeypatch)
    plugged.append(blue)
    async with shell.run_test(size=(100, 30)) as pilot:
        screen = await at_sticks(pilot)
        await until(pilot, lambda: blue in screen.stick.folders)
        await pilot.press("f5")
        await until(pilot, lambda: screen.halt.paused)
        await pilot.press("f4")
        await until(pilot, lambda: shell.opened is None and screen.halt.stopped)


async def test_receipts_are_taken_from_a_stick_that_is_plugged_in(
    full: Path, tmp_path: Path, plugged: list[Path]
) -> None:
    shell = shell_of(full)
    plugged.extend(folder(tmp_path, name) for name in ("BLUE", "RED"))
    async with shell.run_test(size=(80, 24)) as pilot:
        await unlock(pilot)
        await pilot.press("f7", "f5")
        screen = shell.screen_stack[-2]
        assert isinstance(screen, ReceiptsScreen)
        assert isinstance(shell.screen, Choose)
        assert "On which stick are the receipts?" in seen(shell)
        await pilot.press("escape")
        assert shell.screen is screen
        assert screen.report is None
        await pilot.press("f5", "end", "enter")
        assert isinstance(shell.screen, AskFolder)
        await pilot.press("escape", "f5", "down", "enter")
        await until(pilot, lambda: screen.report is not None)
        assert "There are no receipts for this computer." in seen(shell)


def parts(room: Room) -> str:
    return Content.assemble(*folder_parts(room.folder, room)).plain


def test_what_speaks_against_a_folder_stands_below_it() -> None:
    at = Path("/media/BLUE")
    assert parts(Room(at, 3 * MIB, 9 * MIB, "vfat", "stick")) == "▪ /media/BLUE  gets 3.0 MiB, free: 9.0 MiB"
    assert "Too small" in parts(Room(at, 3 * MIB, MIB, "vfat", "stick"))
    assert "Too small" in parts(Room(at, 3 * MIB, None))
    protected = parts(Room(at, 3 * MIB, 0, "vfat", "stick", True))
    assert "Write-protected" in protected
    assert "Too small" not in protected
    assert "computer's memory" in parts(Room(at, 1, 9, "tmpfs", "memory"))
    assert "own disk" in parts(Room(at, 1, 9, "ext4", "own-disk"))
    assert "another computer" in parts(Room(at, 1, 9, "nfs4", "network"))


def said(*sticks: StickVerdict, stopped: bool = False, whole: bool = True) -> str:
    problem = None if whole else Problem("E_STICK_FULL")
    bundle = BundleExport("1", "2", ("K" * 12,), 1, 2, 1, 16, 2, problem)
    return verdict(ExportReport([bundle], list(sticks), [], stopped)).plain


def test_a_stick_that_failed_is_told_while_others_are_written() -> None:
    told = so_far([
        StickVerdict("/a", 3, 3, MIB), StickVerdict("/b", 2, 1, MIB, problem=Problem("E_STICK_FULL")),
        StickVerdict("/c", 1, 1, MIB, settled=True),
    ]).plain.splitlines()  # fmt: skip
    assert told[0] == "✓ /a  3 volumes whole · 1.0 MiB  Leave it in until the end."
    assert told[1].startswith("! /b  1 volume whole")
    assert "E_STICK_FULL" in told[2]
    assert told[3] == "✓ /c  1 volume whole · 1.0 MiB  Safe to take out."


def test_only_what_was_synced_may_be_pulled_out() -> None:
    good = StickVerdict("/a", 1, 1, MIB, settled=True)
    assert "You may pull them out." in said(good)
    assert "Safe to take out." in said(good)
    unsettled = said(good, StickVerdict("/b", 1, 1, MIB))
    assert "You may pull them out." not in unsettled
    assert "Use your system's eject before you pull them out." in unsettled
    assert unsettled.count("Safe to take out.") == 1
    assert "courier check" in said(StickVerdict("/a", 1, 1, MIB, settled=True, from_medium=False))
    assert "courier check" not in said(good)
    gone = StickVerdict("/c", 1, 0, 0, problem=Problem("E_STICK_GONE", folder="/c", error="EIO"))
    assert said(good, gone).startswith("! Everything was read back and can be put together, but not every stick")
    assert said(good, gone).count("Safe to take out.") == 1
    assert "eject" not in said(good, gone)
    small = StickVerdict("/d", 0, 0, 0, problem=Problem("E_STICK_SPACE", folder="/d", needed=5, free=3, trash=0))
    assert "✓ Everything" not in said(good, small)
    assert said(stopped=True, whole=False).startswith("Stopped.")
