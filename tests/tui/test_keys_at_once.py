"""Keys that arrive at once, and what ends below a help: done once, and nothing below is closed."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot

from tests.helpers.mission import PASSPHRASE
from tests.tui.conftest import begin, consent, reopened, seen, shell_of, type_text, unlock, until
from tests.tui.network import CARD, Standing, enrolled_with, office_with_form, picture, sealed
from tests.tui.test_shell import Slow
from tui.screens.dialogs import Busy, Confirm
from tui.screens.help import CommandsDialog, HelpDialog
from tui.screens.hide import HideScreen
from tui.screens.interview import reading
from tui.screens.interview.consent import ReconfirmScreen
from tui.screens.interview.reading import Repeats
from tui.screens.interview.screen import InterviewScreen
from tui.screens.interviews import InterviewsScreen
from tui.screens.readback import ReadBackScreen
from tui.screens.review import ReviewScreen
from tui.screens.transfer import TransferScreen
from tui.screens.unlock import UnlockScreen

AGE = ("e_person", "age_band")
HELD = {name: getattr(reading, name) for name in ("FIRST_REPEAT_SECONDS", "NEXT_REPEAT_SECONDS")}
"""As they are for people; the tests' screens know of no waiting."""


async def at_once(pilot: Pilot[Any], *keys: str) -> None:
    """Keys that are all there before the first of them is looked at, as a terminal hands them over."""
    hand_over(pilot, *keys)
    await pilot.pause()
    await pilot.pause()


def hand_over(pilot: Pilot[Any], *keys: str) -> None:
    """As `at_once`, without waiting for what they do."""
    driver = pilot.app._driver
    assert driver is not None
    for key in keys:
        event = events.Key(key, key if len(key) == 1 else None)
        event.set_sender(pilot.app)
        driver.send_message(event)


async def test_enter_twice_in_the_commands_closes_nothing_below(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        await pilot.press("ctrl+p")
        assert isinstance(shell.screen, CommandsDialog)
        await at_once(pilot, "enter", "enter")
        assert screen in shell.screen_stack


async def test_enter_twice_at_the_end_of_reading_back_stays_in_the_interview(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        await pilot.press("ctrl+o", "space")
        assert isinstance(shell.screen, ReadBackScreen)
        await pilot.press("down")
        await at_once(pilot, "enter", "enter")
        assert shell.screen_stack[-1] is screen


async def test_enter_twice_at_a_use_of_consent_answers_one(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        uses = [("c_consent", "consent_audio"), ("c_consent", "consent_store")]
        shell.push_screen(again := ReconfirmScreen(screen, uses))
        await pilot.pause()
        await pilot.press("down")
        await at_once(pilot, "enter", "enter")
        assert again.place == 1
        assert shell.screen is again


async def test_enter_twice_at_a_reason_and_at_the_seal_seals_once(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        await pilot.press("f5", "f8")
        await type_text(pilot, "tired")
        await at_once(pilot, "enter", "enter")
        await until(pilot, lambda: isinstance(shell.screen, Confirm | ReviewScreen))
        assert screen in shell.screen_stack


# what ends below a help


async def test_what_ended_below_a_help_is_gone_when_the_help_is_closed(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        await unlock(pilot)
        told: list[None] = []
        busy = Busy("…")
        shell.push_screen(busy, told.append)
        await pilot.press("f1")
        assert isinstance(shell.screen, HelpDialog)
        busy.dismiss(None)
        await pilot.pause()
        assert isinstance(shell.screen, HelpDialog), "nobody's help is closed"
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(shell.screen, InterviewsScreen)
        assert told == [None]


async def test_a_help_while_the_passphrase_is_checked_leaves_no_first_screen_below(home: Path) -> None:
    shell = shell_of(home)
    shell.profile = slow = Slow()
    async with shell.run_test(size=(80, 24)) as pilot:
        await type_text(pilot, PASSPHRASE)
        await pilot.press("enter", "f1")
        assert isinstance(shell.screen, HelpDialog)
        slow.go.set()
        await until(pilot, lambda: isinstance(shell.screen, InterviewsScreen))
        assert not any(isinstance(each, UnlockScreen) for each in shell.screen_stack)


async def test_hiding_while_the_passphrase_is_checked_leaves_nothing_open(home: Path) -> None:
    shell = shell_of(home)
    shell.profile = slow = Slow()
    async with shell.run_test(size=(80, 24)) as pilot:
        await type_text(pilot, PASSPHRASE)
        await pilot.press("enter", "f10")
        await until(pilot, lambda: isinstance(shell.screen, HideScreen) and len(shell.screen_stack) == 2)
        await type_text(pilot, PASSPHRASE)
        slow.go.set()
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(shell.screen, InterviewsScreen))


async def test_what_was_opened_for_nobody_is_closed(home: Path) -> None:
    shell = shell_of(home)
    shell.profile = slow = Slow()
    async with shell.run_test(size=(80, 24)) as pilot:
        await type_text(pilot, PASSPHRASE)
        await pilot.press("enter", "f10")
        await until(pilot, lambda: isinstance(shell.screen, HideScreen) and len(shell.screen_stack) == 2)
        slow.go.set()
        await until(pilot, lambda: all(worker.is_finished for worker in shell.workers))
        assert shell.opened is None
        with reopened(home):  # nobody else holds it
            pass


# one run


class Waiting(Standing):
    """A run that goes on until it is let go, and counts how many there are."""

    def __init__(self, go: threading.Event, runs: list[Waiting]) -> None:
        super().__init__(picture())
        self.go = go
        runs.append(self)

    def run(self) -> Any:
        self.go.wait(30)
        return super().run()


async def test_the_key_that_sends_begins_one_run_however_often_it_is_pressed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.screens.transfer.mounted_sticks", list)
    field = enrolled_with(tmp_path / "home", office_with_form(), receivers=(CARD,))
    sealed(field, tmp_path, 1)
    field.close()
    shell = shell_of(tmp_path / "home")
    go, runs = threading.Event(), list[Waiting]()
    async with shell.run_test(size=(80, 24)) as pilot:
        await unlock(pilot)
        monkeypatch.setattr(shell.network, "sender", lambda **_: Waiting(go, runs))
        await pilot.press("f6")
        assert isinstance(shell.screen, TransferScreen)
        await at_once(pilot, "f6", "f6", "f6")
        await until(pilot, lambda: shell.network.going and all(each.is_finished for each in shell.workers))
        assert len(runs) == 1
        assert "Pause" in seen(shell)
        go.set()


# what takes one press to the next place


@pytest.mark.parametrize("delay", [0.25, 0.5, 0.66])
def test_a_key_that_is_held_down_is_one_press_however_late_it_begins_to_repeat(
    delay: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, seconds in HELD.items():
        monkeypatch.setattr(reading, name, seconds)
    now = 100.0
    repeats = Repeats(lambda: now)
    repeats.led(AGE)
    now += delay
    for _again in range(200):
        assert repeats.at(AGE)
        assert not repeats.at(("e_person", "sex")), "somewhere else it is another press"
        now += 0.033
    now += 0.75
    assert not repeats.at(AGE), "let go, and pressed for what stands there"


async def test_a_reserved_answer_pressed_twice_at_once_is_given_to_one_question(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.screens.interview.reading.FIRST_REPEAT_SECONDS", 3600.0)
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        screen.go(AGE)
        after = screen.view.step(AGE, 1)
        await at_once(pilot, "f6", "f6")
        assert screen.view.nodes[AGE].missing == "unknown"
        assert screen.view.nodes[after].missing is None
        assert screen.cursor == after
        await pilot.press("shift+tab", "f6")
        assert screen.view.nodes[AGE].missing is None, "gone back to, the key takes its answer back"


async def test_an_entry_is_added_once_by_a_key_that_is_pressed_twice_at_once(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.screens.interview.reading.FIRST_REPEAT_SECONDS", 3600.0)
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        screen.go(("q_perp", "pp"))
        await at_once(pilot, "f9", "f9")
        assert screen.interview.session.node(("q_perp", "pp")).count == 1
        await pilot.press("tab")
        await at_once(pilot, "ctrl+d", "ctrl+d")
        assert screen.interview.session.node(("q_perp", "pp")).count == 2


async def test_an_answer_stands_under_its_question_when_the_next_key_comes_at_once(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        first, second = ("b_safety", "vulnerability_flags"), ("b_safety", "prior_account")
        screen.go(first)
        await pilot.pause()
        await at_once(pilot, "space", "tab", "space", "shift+tab")
        await until(pilot, lambda: screen.interview.session.value(second) and screen.cursor == first)
        assert screen.interview.session.value(first) == ("none",)
        assert screen.interview.session.value(second) == ("none",)


async def test_letters_right_after_a_new_interview_do_not_narrow_the_list(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        await begin(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(shell.screen, InterviewsScreen))
        await at_once(pilot, "f3", "a", "b")
        await until(pilot, lambda: isinstance(shell.screen, InterviewScreen))
        (below,) = (screen for screen in shell.screen_stack if isinstance(screen, InterviewsScreen))
        assert not below.filter.active
