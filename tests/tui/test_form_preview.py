"""The preview: the interview screen on a session in memory."""

# lines of sheets and scripts
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input

from collector.interview import Interview
from collector.live_draft import LiveDraft
from collector.undoing import Undoing
from schemas.problems import Problem
from schemas.session_types import Issue
from tests.tui.conftest import seen, type_text
from tests.tui.form_kit import CASE, written
from tests.tui.pictures import both_sizes, every_language, still
from tui import locale
from tui.commands.form_files import load_form, new_session
from tui.screens.preview import PreviewReview, PreviewScreen, PreviewShell, Rehearsal
from tui.theme import DARK

pytestmark = pytest.mark.usefixtures("plain_pictures")


@pytest.fixture
def case(tmp_path: Path) -> Path:
    """The small form as a file."""
    return written(tmp_path / "case.md", CASE)


def shell_of(form: Path) -> PreviewShell:
    shell = PreviewShell(new_session(form))
    shell.theme = DARK.name
    return shell


def screen_of(shell: PreviewShell) -> PreviewScreen:
    assert isinstance(shell.screen, PreviewScreen)
    return shell.screen


async def test_a_preview_says_that_nothing_is_written_and_writes_nothing(case, tmp_path):
    (tmp_path / "p.jpg").write_bytes(b"picture")
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    shell = shell_of(case)
    async with shell.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        assert "nothing is written" in seen(shell)
        await type_text(pilot, "Olena")
        await pilot.press("tab")
        await type_text(pilot, "30")
        await pilot.press("tab", "space", "tab")
        screen = screen_of(shell)
        assert screen.cursor == ("work", "photo")
        screen.query_one("#file-path", Input).value = str(tmp_path / "p.jpg")
        await pilot.press("enter")
        for _ in range(500):
            if screen.interview.session.value(("work", "photo")) is not None and shell.screen is screen:
                break
            await pilot.pause(0.01)
        assert [each.name for each in screen.interview.files()] == ["p.jpg"]
        assert screen.interview.session.to_nested()["work"]["paid"] == "yes"
        await pilot.press("delete")
        assert screen.interview.files() == []
        assert "nothing is written" in seen(shell)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


async def test_the_form_speaks_its_next_language_and_keeps_what_is_typed(case):
    shell = shell_of(case)
    async with shell.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        await type_text(pilot, "Ol")
        await pilot.press("f4")
        await pilot.pause()
        assert "Як вас звати?" in seen(shell)
        assert "Ukrainian (uk)" in seen(shell)
        assert screen_of(shell).interview.session.value(("name",)) == "Ol"
        await pilot.press("f4")
        await pilot.pause()
        assert "What is your name?" in seen(shell)


async def test_entries_come_and_go(case):
    shell = shell_of(case)
    async with shell.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        screen = screen_of(shell)
        screen.go(("kids",))
        await pilot.press("enter")
        assert screen.cursor == (("kids", 1), "kid")
        screen.remove_entry((("kids", 1),))
        assert screen.interview.session.node(("kids",)).count == 0


async def test_the_review_of_a_preview_offers_no_seal(case):
    shell = shell_of(case)
    async with shell.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        await pilot.press("f5")
        await pilot.pause()
        assert isinstance(shell.screen, PreviewReview)
        assert "What is your name?" in seen(shell)
        assert {"seal", "incomplete"}.isdisjoint(
            active.binding.action for active in shell.screen.active_bindings.values() if active.enabled
        )
        await pilot.press("enter")
        await type_text(pilot, "Olena")
        await pilot.press("f5")
        await pilot.pause()
        assert "could be sealed" in seen(shell)
        await pilot.press("f5", "f8")
        assert isinstance(shell.screen, PreviewReview)


async def test_leaving_asks_first(case):
    shell = shell_of(case)
    async with shell.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        await pilot.press("escape", "escape")
        assert isinstance(shell.screen, PreviewScreen)
        await pilot.press("escape", "right", "enter")
        await pilot.pause()
        assert not shell.is_running or shell._exit


async def test_there_is_nothing_to_lock(case):
    shell = shell_of(case)
    async with shell.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        assert "Lock" not in seen(shell)
        await shell.lock()
        assert isinstance(shell.screen, PreviewScreen)


def test_a_rehearsal_answers_everything_that_an_interview_does(case, tmp_path):
    """What a screen may ask of an interview works on one without a vault: nothing falls through to a vault."""
    own = {name for name in vars(Rehearsal) if not name.startswith("_")}
    inherited = {
        name for each in (Interview, Undoing, LiveDraft) for name in vars(each) if not name.startswith("_")
    } - own
    assert inherited <= {
        "begin",
        "resume",
        "draft",
        "ledger",
        "answer",
        "missing",
        "clear",
        "add_entry",
        "copy_entry",
        "remove_entry",
        "unconfirmed",
    }
    rehearsal = Rehearsal(new_session(case))
    rehearsal.answer(("age",), 20)
    rehearsal.missing(("name",), "declined")
    entry, _ = rehearsal.add_entry(("kids",))
    rehearsal.remove_entry(entry)
    assert rehearsal.undo() is not None
    assert rehearsal.redo() is not None
    assert rehearsal.undo() is not None
    rehearsal.keep((*entry, "kid"), "half")
    assert rehearsal.unconfirmed() == (*entry, "kid")
    assert rehearsal.given(("age",)) is None
    assert rehearsal.all_given() == {}
    with pytest.raises(Problem, match="E_ATTACH_QUESTION"):
        rehearsal.attach(("age",), case)
    with pytest.raises(Problem, match="E_FORMAT"):
        rehearsal.attach(None, tmp_path)
    loose = rehearsal.attach(None, case)
    assert rehearsal.files() == [loose]
    rehearsal.detach(loose.sid)
    assert rehearsal.files() == []
    assert all(isinstance(each, Issue) for each in rehearsal.review().invalid)
    rehearsal.close()
    assert rehearsal.closed


async def test_questions_in_no_group_are_a_section(case):
    shell = shell_of(case)
    async with shell.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        view = screen_of(shell).view
        assert [(node.name, node.label) for node in view.sections()] == [
            ("name", "Questions"), ("work", "Work"), ("kids", "Children"),
        ]  # fmt: skip
        assert view.progress(("name",)).relevant == 2
        assert view.stops(("name",), None) == [("name",), ("age",)]
        assert view.section_of(("age",)) == ("name",)
        await type_text(pilot, "O")
        await pilot.press("tab", "tab")
        assert screen_of(shell).cursor == ("kids",)
        assert view.progress(("name",)).answered == 1


@every_language
@both_sizes
def test_preview_screen(snap_compare: Any, case: Path, size: tuple[int, int], language: str) -> None:
    async def filled(pilot: Any) -> None:
        await pilot.pause()
        await type_text(pilot, "Olena")
        await pilot.press("tab")
        await type_text(pilot, "30")
        await pilot.press("tab")
        await pilot.pause()

    locale.set_language(language)
    assert load_form(case).title == "A case"
    assert snap_compare(shell_of(case), terminal_size=size, run_before=still(filled))
