"""The clock that hides everything, and F12 twice."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.helpers.mission import PASSPHRASE, Office
from tests.helpers.opening import open_sealed
from tests.tui.conftest import begin, consent, reopened, seen, shell_of, type_text, unlock, until
from tests.tui.test_shell import Clock
from tui import locale
from tui.screens import hide
from tui.screens.dialogs import Confirm
from tui.screens.hide import HideScreen
from tui.screens.interview.screen import InterviewScreen
from tui.screens.interviews import InterviewsScreen
from tui.screens.shell import Shell
from tui.screens.unlock import UnlockScreen

ACCOUNT = ("d_account", "narrative_text")
CLOCK = datetime(2026, 3, 4, 14, 5)


@pytest.fixture(autouse=True)
def standing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock on the wall stands."""
    monkeypatch.setattr(hide, "now", lambda: CLOCK)


def wiped(shell: Shell) -> bool:
    """Whether the cover alone is there and the vault is closed."""
    return shell.opened is None and len(shell.screen_stack) <= 2


async def in_the_account(pilot: Pilot[Any]) -> InterviewScreen:
    """An interview with consent, in the middle of a sentence."""
    screen = await begin(pilot)
    consent(screen)
    screen.go(ACCOUNT)
    await pilot.press("ctrl+end")
    await type_text(pilot, " MARKED words")
    return screen


async def hidden(pilot: Pilot[Any]) -> None:
    shell = pilot.app
    assert isinstance(shell, Shell)
    await pilot.press("f10")
    await until(pilot, lambda: isinstance(shell.screen, HideScreen) and wiped(shell))


# hiding


@pytest.mark.parametrize("language", ["en", "uk"])
async def test_nothing_of_the_program_is_on_the_clock(home: Path, language: str) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await in_the_account(pilot)
        code = screen.interview.code
        locale.set_language(language)
        await hidden(pilot)
        words = seen(shell)
        assert not any(char.isalpha() for char in words)
        assert "".join(str(item) for item in shell.screen.walk_children()).casefold().find("svidok") < 0
        assert code not in words
        assert shell.opened is None
        assert shell.clipboard == ""


async def test_the_passphrase_typed_blind_brings_back_the_question_and_the_words(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        await in_the_account(pilot)
        await hidden(pilot)
        before = seen(shell)
        await type_text(pilot, PASSPHRASE)
        assert seen(shell) == before
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(shell.screen, InterviewScreen) and shell.screen.card.node is not None)
        again = shell.screen
        assert isinstance(again, InterviewScreen)
        assert again.cursor == ACCOUNT
        assert again.card.typed == "They came in the evening. MARKED words"


async def test_a_wrong_passphrase_stays_on_the_clock_and_the_right_one_follows(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        await unlock(pilot)
        await hidden(pilot)
        before = seen(shell)
        screen = shell.screen
        assert isinstance(screen, HideScreen)
        await type_text(pilot, "wrong horse")
        await pilot.press("enter")
        await until(pilot, lambda: not screen._busy)
        assert shell.screen is screen
        assert seen(shell) == before
        await type_text(pilot, "slip")
        await pilot.press("escape")
        await type_text(pilot, PASSPHRASE + "x")
        await pilot.press("backspace", "enter")
        await until(pilot, lambda: shell.opened is not None)
        assert isinstance(shell.screen, InterviewsScreen)


async def test_no_other_key_does_anything_on_the_clock(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        await unlock(pilot)
        await hidden(pilot)
        screen, before, language = shell.screen, seen(shell), locale.current_language()
        await pilot.press("f1", "f2", "f3", "f4", "f5", "ctrl+p", "ctrl+t", "f10", "f12", "f12", "tab", "down", "enter")
        assert shell.screen is screen
        assert seen(shell) == before
        assert locale.current_language() == language


async def test_another_key_hides_where_the_terminal_keeps_f10(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        await unlock(pilot)
        await pilot.press("ctrl+l")
        await until(pilot, lambda: isinstance(shell.screen, HideScreen) and wiped(shell))


async def test_a_dialog_is_covered_too(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await in_the_account(pilot)
        screen.go(("q_perp", "pp"))
        await pilot.press("enter", "space", "ctrl+r")
        assert isinstance(shell.screen, Confirm)
        await hidden(pilot)
        assert "P1" not in seen(shell)


async def test_the_first_screen_can_be_hidden_and_a_fault_comes_back_to_it(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await hidden(pilot)
        with reopened(home):
            await type_text(pilot, PASSPHRASE)
            await pilot.press("enter")
            await until(pilot, lambda: isinstance(shell.screen, UnlockScreen))
            first = shell.screen
            assert isinstance(first, UnlockScreen)
            assert first.problem is not None


async def test_there_is_nothing_to_hide_before_there_is_a_home(tmp_path: Path) -> None:
    shell = shell_of(tmp_path / "none")
    async with shell.run_test(size=(80, 24)) as pilot:
        await pilot.press("f10")
        assert isinstance(shell.screen, UnlockScreen)


# F12 twice


async def panicked(pilot: Pilot[Any]) -> None:
    shell = pilot.app
    assert isinstance(shell, Shell)
    await pilot.press("f12", "f12")
    await until(pilot, lambda: isinstance(shell.screen, UnlockScreen) and wiped(shell))


async def test_f12_twice_seals_every_draft_with_what_stands_in_the_editor(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        code = (await in_the_account(pilot)).interview.code
        await panicked(pilot)
        assert "Open the vault" in seen(shell)
        assert "Locked" not in seen(shell)
        assert shell.resume is None
    with reopened(home) as field:
        row = next(row for row in field.interviews() if row.code == code)
        assert (row.state, row.incomplete) == ("sealed", "panic")
        assert row.entry is not None
        keys = list(Office(seed=b"tui").recipient_keys().values())
        entry = open_sealed(field, bytes.fromhex(row.entry), keys)
        assert entry.answer(2, ACCOUNT)[0] == "They came in the evening. MARKED words"


async def test_the_first_press_says_what_the_second_does_and_waits_three_seconds(home: Path) -> None:
    clock = Clock()
    shell = shell_of(home, clock)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        await pilot.press("f12")
        await pilot.pause()
        assert "F12 once more: seal everything and lock" in seen(shell)
        assert shell.screen is screen
        clock.now = 3.5
        shell.look_at_network()
        await pilot.pause()
        assert "F12" not in seen(shell)
        await pilot.press("f12")
        await pilot.pause()
        assert shell.opened is not None
        await panicked_by_one(pilot)
    with reopened(home) as field:
        assert field.interviews() == [], "consent was not asked, nothing was told"


async def panicked_by_one(pilot: Pilot[Any]) -> None:
    shell = pilot.app
    assert isinstance(shell, Shell)
    await pilot.press("f12")
    await until(pilot, lambda: wiped(shell))


async def test_f12_does_nothing_while_the_vault_is_closed(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        await pilot.press("f12", "f12")
        assert isinstance(shell.screen, UnlockScreen)
        assert shell.sign == ""
