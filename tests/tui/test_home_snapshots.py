"""What the list, the sticks and the word after a panic look like. Rooms and verdicts stand still; all else is real."""

from __future__ import annotations

import shutil
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from collector import codes, files, panic_note
from collector.panic_note import PanicNote
from schemas.problems import Problem
from sync import room
from sync.export_report import BundleExport, ExportReport, StickVerdict
from sync.room import Room
from tests.helpers.mission import DAY, NOW
from tests.tui.conftest import shell_of, unlock, until
from tests.tui.network import enrolled_with, office_with_form, sealed, settled
from tests.tui.pictures import Step, both_sizes, every_language, picture_of, still
from tui import locale
from tui.screens.panic_told import PanicTold
from tui.screens.transfer import TransferScreen

MIB = 1 << 20
STATES = (("exported", 16), ("needs-human", 2), ("imported", 30))


@pytest.fixture(scope="session")
def full_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A draft, one interview on a stick, one that the office could not take, one that it has."""
    base = tmp_path_factory.mktemp("home-pictures")
    files.make_private_dir(base / "files")
    with pytest.MonkeyPatch.context() as patch:
        numbers = count(1)
        patch.setattr(codes, "draw", lambda: f"{next(numbers):012d}".replace("0", "K"))
        with enrolled_with(base / "home", office_with_form()) as field:
            made = sealed(field, base / "files", 3)
            for code, (state, days) in zip(made, STATES, strict=True):
                settled(field, code, state, NOW - days * DAY)
            field.new_interview()
    return base / "home"


@pytest.fixture
def home(full_home: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(full_home, tmp_path / "home"))


async def at_home(pilot: Pilot[Any]) -> None:
    await unlock(pilot)


async def narrowed(pilot: Pilot[Any]) -> None:
    await unlock(pilot)
    await pilot.press("right", "k", "1")


async def at_transfer(pilot: Pilot[Any]) -> TransferScreen:
    await unlock(pilot)
    await pilot.press("f6")
    screen = pilot.app.screen
    assert isinstance(screen, TransferScreen)
    return screen


async def sticks_in(pilot: Pilot[Any]) -> None:
    screen = await at_transfer(pilot)
    rooms = (
        Room(Path("/media/BLUE"), 9 * MIB, 14_900 * MIB, "vfat", "stick"),
        Room(Path("/media/RED"), 9 * MIB, 3 * MIB, "vfat", "stick"),
        Room(Path("/media/LOCKED"), 5 * MIB, 40 * MIB, "vfat", "stick", True),
        Room(Path("/home/anna/office"), 5 * MIB, 90_000 * MIB, "ext4", "own-disk"),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "forecast", lambda *_given: list(rooms))
        for each in rooms:
            screen.stick.folders[each.folder] = None
        screen.stick.measure()
        await until(pilot, lambda: all(screen.stick.folders.values()))


async def held(pilot: Pilot[Any]) -> None:
    screen = await at_transfer(pilot)
    screen.running = True
    screen._turn("stick")
    screen.query_one("#write").advance(31 * MIB, 80 * MIB)  # type: ignore[attr-defined]
    await pilot.press("f6")


async def sticks_told(pilot: Pilot[Any]) -> None:
    screen = await at_transfer(pilot)
    bundle = BundleExport("1", "2", ("KKKKKKKKKKK1",), 3, 5, 1, 16, 4, None)
    sticks = [
        StickVerdict("/media/BLUE", 2, 2, 9 * MIB, settled=True),
        StickVerdict("/media/RED", 2, 2, 9 * MIB, settled=True, from_medium=False),
        StickVerdict("/media/GREEN", 1, 0, 0, problem=Problem("E_STICK_GONE", folder="/media/GREEN", error="EIO")),
    ]
    screen.report = ExportReport([bundle], sticks)
    screen._turn("stick")


async def panic_is_told(pilot: Pilot[Any]) -> None:
    await unlock(pilot)
    shell: Any = pilot.app
    note = PanicNote(
        NOW,
        ("KKKKKKKKKKK8", "KKKKKKKKKKK9"),
        (("KKKKKKKKKK1K", "refused"), ("KKKKKKKKKK11", "untold")),
        (("KKKKKKKKKK12", Problem("E_DISK_FULL", error="ENOSPC")),),
    )
    panic_note.keep(shell.field.vault.db, note)
    shell.push_screen(PanicTold(panic_note.load(shell.field.vault.db), None))


STEPS: list[Step] = [at_home, narrowed, sticks_in, held, sticks_told, panic_is_told]
pytestmark = pytest.mark.usefixtures("plain_pictures")


@every_language
@both_sizes
@picture_of(STEPS)
def test_screen(snap_compare: Any, home: Path, step: Step, size: tuple[int, int], language: str) -> None:
    locale.set_language(language)
    assert snap_compare(shell_of(home), terminal_size=size, run_before=still(step))
