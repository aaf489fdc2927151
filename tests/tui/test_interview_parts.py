"""Entries of repeats and files in the interview screen."""

from __future__ import annotations

from pathlib import Path

from textual.widgets import Button, Input, OptionList

from tests.tui.conftest import begin, consent, seen, shell_of, until
from tui.screens.dialogs import Confirm
from tui.screens.interview.taking import TakingOver
from tui.screens.problem import ProblemDialog
from tui.screens.review import ReviewScreen


async def test_entries_are_added_and_removed_and_removing_asks_with_no_as_default(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        screen.go(("q_perp", "pp"))
        await pilot.press("enter")
        first = ("q_perp", ("pp", 1))
        assert screen.cursor[:2] == first
        await pilot.press("space", "f9")
        assert screen.cursor[:2] == ("q_perp", ("pp", 2))
        await pilot.pause()
        assert "P1" in seen(shell)
        assert "P2" in seen(shell)
        await pilot.press("space", "ctrl+r")
        assert isinstance(shell.screen, Confirm)
        assert shell.focused is shell.screen.query_one("#no", Button)
        await pilot.press("enter")
        assert ("q_perp", ("pp", 2)) in screen.view.nodes
        await pilot.press("ctrl+r", "right", "enter")
        await pilot.pause()
        assert ("q_perp", ("pp", 2)) not in screen.view.nodes
        assert first in screen.view.nodes
        await pilot.press("f9")
        assert screen.cursor[:2] == ("q_perp", ("pp", 3))


async def test_closed_entries_are_one_line_and_enter_opens_them(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        screen.go(("q_perp", "pp"))
        await pilot.press("enter", "space", "f9")
        screen.go(("q_perp", ("pp", 1)))
        await pilot.pause()
        assert screen.card.editor == "none"
        await pilot.press("enter")
        assert len(screen.cursor) == 3


async def test_the_review_says_in_which_entry_something_is_missing(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(120, 40)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        screen.go(("q_perp", "pp"))
        await pilot.press("enter", "tab", "f9")
        await pilot.press("f5")
        await until(pilot, lambda: isinstance(shell.screen, ReviewScreen))
        listed = [str(option.prompt) for option in shell.screen.query_one(OptionList).options]
        question = screen.view.nodes[("q_perp", ("pp", 1), "pp_kind")].label
        assert [line.split(" ", 2)[2] for line in listed if question in line] == [
            f"P1 · {question}",
            f"P2 · {question}",
        ]


# files


async def test_a_file_is_taken_over_shown_and_taken_away(home: Path, tmp_path: Path) -> None:
    source = tmp_path / "recording.ogg"
    source.write_bytes(b"OggS" + bytes(200_000))
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        path = ("d_account", "narrative_audio")
        screen.go(path)
        screen.query_one("#file-path", Input).value = str(source)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(shell.screen, TakingOver) and shell.screen.attachment is not None)
        await pilot.press("enter")
        await until(pilot, lambda: shell.screen is screen)
        assert source.exists()
        assert "195.3 KiB" in seen(shell)
        assert "SHA-256" in seen(shell)
        assert len(screen.interview.files()) == 1
        await pilot.press("delete")
        assert screen.view.nodes[path].value is None
        assert screen.interview.files() == []


async def test_a_file_that_is_not_there_is_a_problem_and_the_question_stays(home: Path, tmp_path: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        path = ("d_account", "narrative_audio")
        screen.go(path)
        screen.query_one("#file-path", Input).value = str(tmp_path / "nothing.ogg")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(shell.screen, ProblemDialog))
        await pilot.press("enter")
        assert screen.cursor == path
        assert screen.view.nodes[path].value is None
