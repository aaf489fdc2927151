"""Undo and redo on the interview screen: the field first, then the interview, and one line that says what it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from schemas.session_types import Value
from tests.tui.conftest import begin, consent, reopened, seen, shell_of, type_text, until
from tui.screens.dialogs import Confirm
from tui.screens.interview.persons import PersonsDialog
from tui.screens.interview.screen import InterviewScreen
from tui.screens.interviews import InterviewsScreen
from tui.screens.shell import Shell
from tui.widgets.account import Account

PEOPLE = ("q_perp", "pp")
EVENTS = ("h_event", "ev")
ACCOUNT = ("d_account", "narrative_text")


def told(shell: Shell) -> list[str]:
    """What was said in one line, the last at the end."""
    return [notice.message for notice in shell._notifications]


def value(screen: InterviewScreen, *path: Any) -> Value:
    return screen.interview.session.value(path)


async def person(pilot: Pilot[Any], screen: InterviewScreen, name: str) -> tuple[Any, ...]:
    """A new person involved, with something said of them."""
    screen.go(PEOPLE)
    await pilot.press("f9")
    entry = screen.view.entry_around(screen.cursor)
    assert entry is not None
    kind = screen.interview.session.node((*entry, "pp_kind"))
    screen.changed(screen.interview.answer(kind.path, kind.choices[0].value))
    screen.changed(screen.interview.answer((*entry, "pp_name"), name))
    return entry


async def test_a_typed_answer_is_undone_and_done_again(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        path = ("f_status", "citizenship_before")
        screen.go(path)
        line = next(node.path for node in screen.view.within(("f_status",)) if screen.go(node.path) and lined(screen))
        screen.go(line)
        await type_text(pilot, "first words")
        await pilot.press("tab")
        assert screen.cursor != line
        assert value(screen, *line) == "first words"
        await pilot.press("ctrl+z")
        assert value(screen, *line) is None
        assert screen.cursor == line
        assert told(shell)[-1].startswith("Undone: the answer to “")
        assert told(shell)[-1].endswith("”. ^Y brings it back.")
        await pilot.press("ctrl+y")
        assert value(screen, *line) == "first words"
        assert screen.query_one("#line", Input).value == "first words"
        assert told(shell)[-1].startswith("Done again: the answer to “")


def lined(screen: InterviewScreen) -> bool:
    """Whether a plain text is answered here, in one line."""
    node = screen.card.node
    return node is not None and screen.card.editor == "line" and getattr(node.definition, "type", "") == "text"


async def test_what_is_typed_goes_before_an_act(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        line = next(node.path for node in screen.view.within(("f_status",)) if screen.go(node.path) and lined(screen))
        screen.go(line)
        await type_text(pilot, "half")
        await pilot.press("ctrl+z")
        assert screen.query_one("#line", Input).value == ""
        assert value(screen, *ACCOUNT) == "They came in the evening."
        await pilot.press("ctrl+y")
        assert screen.query_one("#line", Input).value == "half"
        await pilot.press("ctrl+z", "ctrl+z")
        assert value(screen, *ACCOUNT) is None
        assert screen.cursor == ACCOUNT


async def test_the_accounts_own_undo_goes_first(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        screen.go(ACCOUNT)
        account = screen.card.query_one(Account)
        await type_text(pilot, "more")
        await pilot.press("ctrl+z")
        assert account.text == "They came in the evening."
        assert value(screen, *ACCOUNT) == "They came in the evening."
        assert told(shell) == []
        await pilot.press("ctrl+z")
        assert value(screen, *ACCOUNT) is None
        assert account.text == ""
        await pilot.press("ctrl+y")
        assert account.text == "They came in the evening."


async def test_nothing_to_undo_is_said(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        await begin(pilot)
        await pilot.press("ctrl+y")
        assert told(shell)[-1] == "There is nothing to do again."
        await pilot.press("ctrl+z")
        assert told(shell)[-1] == "There is nothing more to undo."


async def test_a_removed_entry_comes_back_after_the_program_was_closed(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        entry = await person(pilot, screen, "Ivan Invented")
        code = screen.interview.code
        await pilot.press("ctrl+r")
        assert isinstance(shell.screen, Confirm)
        await pilot.pause()
        assert "^Z brings it" in seen(shell)
        shell.screen.dismiss(True)
        await until(pilot, lambda: entry not in screen.view.nodes)
        assert told(shell)[-1] == "Entry P1 is removed. ^Z brings it back."
        await pilot.press("escape")
        assert isinstance(shell.screen, InterviewsScreen)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(shell.screen, InterviewScreen))
        screen = shell.screen
        await pilot.press("ctrl+z")
        assert screen.cursor == entry
        assert screen.interview.session.codes() == {"P1": entry}
        assert told(shell)[-1] == "Entry P1 is back with all its answers."
        await pilot.pause()
        assert "Ivan Invented" in seen(shell)
        shell.opened.close()
        shell.opened = None
    with reopened(home) as field:
        assert field.open_interview(code).session.codes() == {"P1": entry}


async def test_an_empty_entry_is_removed_without_asking(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        screen.go(PEOPLE)
        await pilot.press("f9", "ctrl+r")
        assert shell.screen is screen
        assert screen.interview.session.codes() == {}
        await pilot.press("f9")
        assert list(screen.interview.session.codes()) == ["P2"]


async def test_an_entry_is_copied(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        entry = await person(pilot, screen, "Ivan Invented")
        await pilot.press("ctrl+d")
        copy = screen.interview.session.codes()["P2"]
        assert screen.view.entry_around(screen.cursor) == copy
        assert value(screen, *copy, "pp_name") == "Ivan Invented"
        assert told(shell)[-1].startswith("P2 has the answers of P1.")
        await pilot.press("ctrl+z")
        assert list(screen.interview.session.codes().values()) == [entry]
        assert told(shell)[-1] == "Undone: the copy of entry P1."


async def test_codes_are_offered_where_persons_are_named(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        await person(pilot, screen, "Ivan Invented")
        await person(pilot, screen, "Unit Made-Up")
        screen.go(EVENTS)
        await pilot.press("f9")
        event = screen.view.entry_around(screen.cursor)
        path = (*event, "ev_perp_refs")
        screen.go(path)
        await until(pilot, lambda: "codes given so far: P1, P2" in seen(shell))
        await pilot.press("down")
        assert isinstance(shell.screen, PersonsDialog)
        await pilot.pause()
        assert "P1  Person · Ivan Invented" in seen(shell)
        await pilot.press("down", "enter")
        await until(pilot, lambda: shell.screen is screen)
        assert screen.query_one("#line", Input).value == "P2"
        await pilot.press("down")
        await until(pilot, lambda: isinstance(shell.screen, PersonsDialog))
        assert "✓ P2" in str(shell.screen.query_one(OptionList).get_option_at_index(1).prompt)
        await pilot.press("enter", "tab")
        await until(pilot, lambda: shell.screen is screen)
        await pilot.press("tab")
        assert value(screen, *path) == "P2, P1"


async def test_tab_goes_over_closed_entries(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        entries = [await person(pilot, screen, name) for name in ("Ivan Invented", "Unit Made-Up", "Oleh")]
        screen.go(entries[0])
        stood = []
        for _ in range(3):
            stood.append(screen.cursor)
            await pilot.press("tab")
        assert stood == entries
        assert screen.cursor == PEOPLE
        await pilot.press("shift+tab", "shift+tab")
        assert screen.cursor == entries[1]
        await pilot.pause()
        assert "▸ P1" in seen(shell)
        assert "▸ P3" in seen(shell)
        await pilot.press("enter")
        assert screen.view.entry_around(screen.cursor) == entries[1]
        assert screen.cursor != entries[1]


@pytest.mark.parametrize("key", ["ctrl+z", "ctrl+y", "ctrl+d", "ctrl+r"])
async def test_nothing_is_undone_under_a_dialog(home: Path, key: str) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        await person(pilot, screen, "Ivan Invented")
        await pilot.press("ctrl+r")
        before = screen.interview.session.kept()
        await pilot.press(key)
        assert isinstance(shell.screen, Confirm)
        assert screen.interview.session.kept() == before


async def test_a_file_that_is_undone_says_how_long_it_can_come_back(home: Path, tmp_path: Path) -> None:
    source = tmp_path / "page.txt"
    source.write_text("an invented page")
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        entry, changes = screen.interview.add_entry(("r_items", "at"))
        screen.changed(changes, reload=True)
        place = next(node.path for node in screen.view.within(entry) if getattr(node.definition, "type", "") == "file")
        taken = screen.interview.attach(place, source)
        screen.changed(frozenset({place}), reload=True)
        await pilot.press("ctrl+z")
        assert "^Y brings it back" in told(shell)[-1]
        assert screen.interview.files() == []
        await pilot.press("ctrl+y")
        assert [each.sid for each in screen.interview.files()] == [taken.sid]
