"""What can be typed into a path at the desk ends nothing."""

from __future__ import annotations

from pathlib import Path

from textual.widgets import Input

from tests.tui.conftest import seen, type_text, until
from tests.tui.desk.conftest import at, at_desk, open_desk
from tui.screens.desk.enrol import EnrolScreen
from tui.screens.desk.founding import FoundingScreen
from tui.screens.desk.missions import MissionsScreen

LONG = "/tmp/" + "x" * 400


async def test_a_tilde_of_nobody_and_a_name_that_is_too_long(fresh: Path) -> None:
    async with at_desk(fresh) as (shell, pilot):
        await open_desk(pilot)
        await type_text(pilot, "~zz/a")
        await pilot.press("enter")
        await until(pilot, lambda: "There is no folder of that name." in seen(shell))
        shell.screen.query_one("#folder", Input).value = LONG
        await pilot.press("enter")
        await until(pilot, lambda: "There is no folder of that name." in seen(shell))
        await pilot.press("f9")
        await at(pilot, MissionsScreen)
        await pilot.press("f5")
        await at(pilot, EnrolScreen)
        for text in ("~zz/a", LONG):
            shell.screen.query_one("#request", Input).value = text
            await pilot.press("enter")
            await until(pilot, lambda: "There is no file of that name." in seen(shell))
        await pilot.press("escape", "f3")
        await at(pilot, FoundingScreen)
        for text in ("~zz/a", LONG):
            shell.screen.query_one("#form", Input).focus()
            shell.screen.query_one("#form", Input).value = text
            await pilot.press("enter")
            await until(pilot, lambda: "There is no file of that name." in seen(shell))
