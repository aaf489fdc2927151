"""At the desk there is nothing to seal: F12 twice locks, and the clock hides as everywhere."""

from __future__ import annotations

from pathlib import Path

from tests.tui.conftest import seen, until
from tests.tui.desk.conftest import desk_shell, open_desk
from tests.tui.test_shell import Clock
from tui.screens.hide import HideScreen
from tui.screens.unlock import UnlockScreen


async def test_f12_twice_locks_the_desk(fresh: Path) -> None:
    shell = desk_shell(fresh, Clock())
    async with shell.run_test(size=(80, 24)) as pilot:
        await open_desk(pilot)
        await pilot.press("f12")
        await pilot.pause()
        assert "F12 once more: lock" in seen(shell)
        await pilot.press("f12")
        await until(pilot, lambda: isinstance(shell.screen, UnlockScreen) and shell.opened is None)


async def test_the_clock_hides_the_desk(fresh: Path) -> None:
    shell = desk_shell(fresh)
    async with shell.run_test(size=(80, 24)) as pilot:
        await open_desk(pilot)
        await pilot.press("f10")
        await until(pilot, lambda: isinstance(shell.screen, HideScreen) and shell.opened is None)
        assert not any(char.isalpha() for char in seen(shell))
