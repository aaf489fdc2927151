"""Keys that come faster than they are handled do what the same keys do one by one."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
from pathlib import Path

import pytest
from textual import events
from textual.widget import Widget

from tests.tui.conftest import account_of, begin, consent, reopened, seen, shell_of, until
from tests.tui.test_keys_at_once import at_once, hand_over
from tui.screens.help import HelpDialog
from tui.screens.interview.screen import InterviewScreen

ALONE = ["space", "tab", "shift+tab", "down", "up", "enter", "delete", "a", "2", "backspace"]
DEEDS = [
    *([key] for key in (*ALONE, "ctrl+z", "ctrl+y", "f6", "f8")),
    *(["p", "r", "o"], ["f1", "escape"], ["f3", "escape"], ["f3", "a", "g", "enter"], ["f3", "down", "enter"]),
]
"""Keys of the interview, by themselves or with what ends a dialog that they open."""
STARTS = (
    ("a_setting", "interview_mode"),
    ("e_person", "age_band"),
    ("f_status", "occ_since"),
    ("d_account", "narrative_text"),
)


async def typed(home: Path, start: tuple[str, ...], bursts: list[list[str]]) -> tuple[object, ...]:
    """What stands in the interview, and where one is, after these keys."""
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        screen.go(start)
        await pilot.pause()
        for burst in bursts:
            await at_once(pilot, *burst)
            await until(pilot, lambda: not shell.keys.under_way)
        answers = [(node.path, node.value, node.missing) for node in screen.interview.session.walk()]
        return type(shell.screen), screen.cursor, answers


@pytest.mark.parametrize("seed", range(6))
async def test_keys_at_once_do_what_they_do_one_by_one(enrolled: Path, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    start, deeds = chance.choice(STARTS), chance.choices(DEEDS, k=20)
    keys = [key for deed in deeds for key in deed]
    slow, fast = (Path(shutil.copytree(enrolled, tmp_path / name)) for name in ("slow", "fast"))
    assert await typed(fast, start, [keys]) == await typed(slow, start, [[key] for key in keys]), keys


async def test_keys_behind_one_that_closes_what_it_was_typed_into_are_all_handled(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        screen.go(("a_setting", "documenter_code"))
        await pilot.pause()
        await at_once(pilot, "f1", "escape", "S", "-", "f1", "escape", "7", "f1")
        await until(pilot, lambda: isinstance(shell.screen, HelpDialog))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(shell.screen, InterviewScreen))
        assert screen.card.typed == "S-7"
        assert "S-7" in seen(shell)


async def test_a_screen_that_does_not_come_to_an_end_does_not_hold_the_keys_up(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.screens.key_order.LOOKS", 2)
    shell, go_on = shell_of(home), asyncio.Event()
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        screen.go(("a_setting", "documenter_code"))
        await pilot.pause()
        screen.call_later(go_on.wait)
        hand_over(pilot, "S", "f1")
        async with asyncio.timeout(30):
            while not isinstance(shell.screen, HelpDialog):
                await asyncio.sleep(0.01)
        go_on.set()
        await until(pilot, lambda: not shell.keys.under_way)
        assert screen.card.typed == "S"


async def test_a_click_and_a_pointer_that_moves_on_select_nothing(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        account = await account_of(pilot, screen)
        place, driver = account.region, shell._driver
        assert driver is not None
        for kind, x in ((events.MouseDown, 8), (events.MouseUp, 8), (events.MouseMove, 4), (events.MouseMove, 2)):
            at = place.x + x, place.y
            event = kind(None, *at, 0, 0, 1, False, False, False, screen_x=at[0], screen_y=at[1])
            event.set_sender(shell)
            driver.send_message(event)
        hand_over(pilot, "X")
        await until(pilot, lambda: "X" in (screen.card.typed or ""))
        assert screen.card.typed == "They camXe in the evening."


async def test_the_order_of_keys_holds_no_editor_when_nothing_is_under_way(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        await account_of(pilot, await begin(pilot))
        await pilot.press("X")
        await until(pilot, lambda: not shell.keys.under_way)
        assert not [name for name, held in vars(shell.keys).items() if isinstance(held, Widget)]


async def test_what_came_before_a_lost_connection_is_kept_behind_a_key_that_is_under_way(home: Path) -> None:
    shell, go_on = shell_of(home), asyncio.Event()
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        code = screen.interview.code
        screen.go(("a_setting", "documenter_code"))
        await pilot.pause()
        screen.call_later(go_on.wait)  # the screen is slow; the pilot would wait for it
        hand_over(pilot, "left", "S", "-", "7")
        async with asyncio.timeout(30):
            while len(shell.keys._waiting) < 3:
                await asyncio.sleep(0)
        os.kill(os.getpid(), signal.SIGHUP)
        await asyncio.sleep(0)
        go_on.set()
        await until(pilot, lambda: shell.opened is None)
    with reopened(home) as field:
        assert "S-7" in str(field.open_interview(code).session.value(("a_setting", "documenter_code")))
