"""What ways to answer, notes and attachments look like, in every language; and that no word is cut off."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tests.collector.test_preview import PLACE, jpeg, tiff
from tests.tui.conftest import begin, seen, shell_of, type_text, until
from tests.tui.kinds import enrolled_with_kinds
from tests.tui.pictures import Step, both_sizes, every_language, picture_of, still
from tui import locale
from tui.screens.interview import files as panel_module
from tui.screens.interview.files import FileList
from tui.screens.interview.screen import InterviewScreen
from tui.screens.interview.taking import TakingOver


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home, made once."""
    return enrolled_with_kinds(tmp_path_factory.mktemp("kinds") / "home")


@pytest.fixture
def home(kinds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plain_pictures: None) -> Path:
    """A copy of it, beside a stick with a photograph."""
    stick = tmp_path / "STICK"
    stick.mkdir()
    (stick / "summons.jpg").write_bytes(jpeg(exif=tiff(PLACE)))
    monkeypatch.setattr(panel_module, "mounted_sticks", lambda: [stick])
    return Path(shutil.copytree(kinds, tmp_path / "home"))


async def narrowed(pilot: Pilot[Any]) -> None:
    screen = await begin(pilot)
    screen.go(("place",))
    await type_text(pilot, "ро")


async def ranked(pilot: Pilot[Any]) -> None:
    screen = await begin(pilot)
    screen.go(("parts",))
    await pilot.press("down", "space", "end", "space")


async def scale(pilot: Pilot[Any]) -> None:
    screen = await begin(pilot)
    screen.go(("pain",))
    await pilot.press("up", "up", "up")


async def silent(pilot: Pilot[Any]) -> None:
    screen = await begin(pilot)
    screen.go(("silent",))


async def at_files(pilot: Pilot[Any]) -> InterviewScreen:
    screen = await begin(pilot)
    screen.go(("paper",))
    await until(pilot, lambda: bool(screen.query_one(FileList).lines))
    return screen


async def sticks(pilot: Pilot[Any]) -> None:
    await at_files(pilot)
    await pilot.press("down")


async def fate(pilot: Pilot[Any]) -> None:
    screen = await at_files(pilot)
    await pilot.press("down", "enter")
    await until(pilot, lambda: [line.text for line in screen.query_one(FileList).lines] == ["summons.jpg"])
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(pilot.app.screen, TakingOver) and pilot.app.screen.attachment is not None)


async def preview(pilot: Pilot[Any]) -> None:
    await fate(pilot)
    await pilot.press("enter")
    await until(pilot, lambda: "4000 x 3000" in seen(pilot.app))  # type: ignore[arg-type]


async def note(pilot: Pilot[Any]) -> None:
    screen = await begin(pilot)
    screen.go(("point",))
    await pilot.press("ctrl+e")
    await type_text(pilot, "shown on a map")
    await pilot.press("tab")
    screen.query_one("#line", Input).value = "48.5 N 35.1 E"
    await pilot.pause()
    await pilot.press("tab", "shift+tab", "ctrl+e")


STEPS: list[Step] = [narrowed, ranked, scale, silent, sticks, fate, preview, note]


@picture_of(STEPS)
@every_language
@both_sizes
def test_screen(snap_compare: Any, home: Path, step: Step, size: tuple[int, int], language: str) -> None:
    locale.set_language(language)
    assert snap_compare(shell_of(home), terminal_size=size, run_before=still(step))
