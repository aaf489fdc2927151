"""What is told in passing goes with the screen on which it was told: nothing of it stands on a cover or a lock."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.conftest import begin, seen, shell_of, until
from tests.tui.test_keys_at_once import at_once
from tui.screens.hide import HideScreen
from tui.screens.interview.screen import InterviewScreen


@pytest.mark.parametrize("keys", [["f10"], ["ctrl+w"], ["f4"], ["f12", "f12"], ["f3", "f10"], ["f1", "f4"]])
async def test_nothing_that_was_told_in_passing_stands_there_when_it_is_closed(home: Path, keys: list[str]) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24), notifications=True) as pilot:
        screen = await begin(pilot)
        await pilot.press("ctrl+b")
        await until(pilot, lambda: "Marked." in seen(shell))
        screen.say("The answer to “Sex” was replaced.")
        await pilot.press(*keys)
        await until(pilot, lambda: shell.opened is None and not isinstance(shell.screen, InterviewScreen))
        await pilot.pause()
        words = seen(shell)
        assert "Marked." not in words
        assert "replaced" not in words
        if isinstance(shell.screen, HideScreen):
            assert not any(char.isalpha() for char in words)


@pytest.mark.parametrize("key", ["f10", "f4"])
async def test_what_is_on_its_way_when_it_is_closed_is_not_told_either(home: Path, key: str) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24), notifications=True) as pilot:
        await begin(pilot)
        await at_once(pilot, "ctrl+b", key)
        await until(pilot, lambda: shell.opened is None and not isinstance(shell.screen, InterviewScreen))
        await pilot.pause()
        assert "Marked." not in seen(shell)
