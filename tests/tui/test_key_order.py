"""Keys that come faster than they are handled do what the same keys do one by one."""

from __future__ import annotations

import asyncio
import random
import shutil
from pathlib import Path

import pytest

from tests.tui.conftest import begin, consent, seen, shell_of, until
from tests.tui.test_keys_at_once import at_once, hand_over
from tui.screens.help import HelpDialog
from tui.screens.interview.screen import InterviewScreen

ALONE = ["space", "tab", "shift+tab", "down", "up", "enter", "delete", "a", "2", "backspace"]
DEEDS = [
    *([key] for key in (*ALONE, "ctrl+z", "ctrl+y", "f6", "f8")),
    *(["p", "r", "o"], ["f1", "escape"], ["f3", "escape"], ["f3", "a", "g", "enter"]),
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
        while not isinstance(shell.screen, HelpDialog):
            await asyncio.sleep(0)
        go_on.set()
        await until(pilot, lambda: not shell.keys.under_way)
        assert screen.card.typed == "S"
