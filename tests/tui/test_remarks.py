"""The documenter's note to an answer: written under ^E, kept at once, seen beside the answer, sealed in the process."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Label

from tests.tui.conftest import begin, reopened, seen, shell_of, type_text, until
from tui.screens.interview.remarks import RemarkDialog
from tui.screens.interview.screen import InterviewScreen
from tui.screens.interview.words import REMARK_SIGN
from tui.screens.unlock import UnlockScreen

MODE = ("a_setting", "interview_mode")


async def test_a_note_is_written_seen_and_taken_away(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(100, 30)) as pilot:
        screen = await begin(pilot)
        code = screen.interview.code
        screen.go(MODE)
        await pilot.press("ctrl+e")
        assert isinstance(shell.screen, RemarkDialog)
        await type_text(pilot, "over the phone first")
        await pilot.press("tab")
        await until(pilot, lambda: shell.screen is screen)
        assert "Your note: over the phone first" in seen(shell)
        await pilot.press("tab")
        await pilot.pause()
        row = next(line for line in seen(shell).splitlines() if REMARK_SIGN in line)
        assert "Your note" not in row
        await pilot.press("shift+tab", "ctrl+e")
        await pilot.pause()
        assert "over the phone first" in seen(shell)
        await type_text(pilot, "never mind")
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(shell.screen, RemarkDialog)
        told = str(shell.screen.query_one("#remark-problem", Label).content)
        assert "Escape once more drops it" in told, "what is typed does not go without a word"
        await pilot.press("escape")
        await pilot.pause()
        assert "Your note: over the phone first" in seen(shell)
        assert shell.opened is not None
        shell.opened.close()
        shell.opened = None
    with reopened(home) as field:
        assert list(field.open_interview(code).asides("note")) == [MODE]
    raw = b"".join(each.read_bytes() for each in home.rglob("*") if each.is_file())
    assert b"over the phone" not in raw
    shell = shell_of(home)
    async with shell.run_test(size=(100, 30)) as pilot:
        await begin(pilot)


async def test_an_empty_note_is_none_and_a_long_one_is_refused(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        screen.go(MODE)
        await pilot.press("ctrl+e", "x", "ctrl+e")
        await until(pilot, lambda: shell.screen is screen)
        assert screen.interview.asides("note")
        await pilot.press("ctrl+e", "ctrl+a", "backspace", "f5")
        await until(pilot, lambda: shell.screen is screen)
        assert not screen.interview.asides("note")
        assert REMARK_SIGN not in seen(shell)
        await pilot.press("ctrl+e")
        dialog = shell.screen
        assert isinstance(dialog, RemarkDialog)
        dialog.query_one("#remark").load("x" * 2001)  # type: ignore[attr-defined]
        await pilot.press("tab")
        await pilot.pause()
        assert shell.screen is dialog
        assert "2001" in seen(shell)


async def test_a_lock_keeps_what_is_typed_in_the_note(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        code = screen.interview.code
        screen.go(MODE)
        await pilot.press("ctrl+e")
        await type_text(pilot, "half a th")
        await pilot.press("f4")
        await until(pilot, lambda: isinstance(shell.screen, UnlockScreen))
    with reopened(home) as field:
        assert field.open_interview(code).asides("note")[MODE][0] == "half a th"


@pytest.mark.parametrize("size", [(80, 24), (40, 12)])
async def test_the_editor_of_a_note_has_room(home: Path, size: tuple[int, int]) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=size) as pilot:
        screen = await begin(pilot)
        screen.go(MODE)
        await pilot.press("ctrl+e")
        await pilot.pause()
        assert isinstance(screen, InterviewScreen)
        assert shell.screen.query_one("#remark").size.height >= 2
