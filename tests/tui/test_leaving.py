"""Leaving asks first where nothing may be kept, from whatever stands above the interview."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.conftest import begin, reopened, shell_of, until
from tui.screens.interview.gates import GateDialog

RISK = ("b_safety", "risk_level")


@pytest.mark.parametrize("above", [["f5"], ["f1"], ["f5", "f1"], ["f3"], ["ctrl+e"], ["ctrl+g"]])
async def test_leaving_from_above_the_interview_asks_and_then_erases(home: Path, above: list[str]) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        screen.changed(screen.interview.answer(RISK, "unacceptable"))
        await pilot.pause()
        await pilot.press("escape", *above)
        await pilot.press("ctrl+q")
        await pilot.pause()
        assert shell.opened is not None
        asking = shell.screen
        assert isinstance(asking, GateDialog)
        assert asking.leaving
        await pilot.press("right", "enter")
        await until(pilot, lambda: shell.opened is None)
    with reopened(home) as field:
        assert field.interviews() == []


async def test_who_leaves_a_second_time_leaves(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        screen.changed(screen.interview.answer(RISK, "unacceptable"))
        await pilot.pause()
        await pilot.press("escape", "f5", "ctrl+q", "ctrl+q")
        await until(pilot, lambda: shell.opened is None)
    with reopened(home) as field:
        assert len(field.interviews()) == 1
