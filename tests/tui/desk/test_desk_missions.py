"""Missions and enrolment: nothing before the digits were compared; the pack opens on the computer that asked."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from textual.pilot import Pilot
from textual.widgets import Button, Input

from collector.field import Field
from sync.desk.desk import Desk
from tests.helpers.mission import PASSPHRASE, SMALL, SetClock
from tests.tui.conftest import seen, until
from tests.tui.desk.conftest import World, at, at_desk, open_desk, rest
from tui.screens.desk.enrol import EnrolScreen
from tui.screens.desk.founding import FoundingScreen
from tui.screens.desk.missions import MissionsScreen
from tui.screens.dialogs import AskFolder, Choose
from tui.screens.problem import ProblemDialog


async def missions(pilot: Pilot[Any]) -> MissionsScreen:
    await open_desk(pilot)
    await pilot.press("f9")
    screen = await at(pilot, MissionsScreen)
    await until(pilot, lambda: screen.missions is not None and bool(screen.fingerprint))
    await rest(pilot)
    assert isinstance(screen, MissionsScreen)
    return screen


async def comparing(pilot: Pilot[Any], request: Path) -> EnrolScreen:
    """Give the request and wait for the question."""
    await missions(pilot)
    await pilot.press("f5")
    screen = await at(pilot, EnrolScreen)
    screen.query_one("#request", Input).value = str(request)
    await pilot.press("enter")
    await until(pilot, lambda: bool(screen.query("#no")))
    assert isinstance(screen, EnrolScreen)
    return screen


async def founding(pilot: Pilot[Any], name: str) -> FoundingScreen:
    await missions(pilot)
    await pilot.press("f3")
    screen = await at(pilot, FoundingScreen)
    screen.query_one("#mission-name", Input).value = name
    await pilot.pause()
    assert isinstance(screen, FoundingScreen)
    return screen


async def test_the_pack_opens_on_the_computer_that_asked(fresh: Path, world: World, tmp_path: Path) -> None:
    waiting = Path(shutil.copytree(world.waiting, tmp_path / "waiting"))
    async with at_desk(fresh) as (shell, pilot):
        screen = await comparing(pilot, world.request)
        field = Field.open(waiting, PASSPHRASE, clock=SetClock())
        spoken = field.request()[1]
        assert screen.request is not None
        assert screen.request.fingerprint == spoken
        assert screen.query_one("#no", Button).has_focus
        await pilot.press("right", "enter")
        await until(pilot, lambda: isinstance(shell.screen, AskFolder))
        shell.screen.query_one(Input).value = str(tmp_path)
        await pilot.press("enter")
        await until(pilot, lambda: screen.written is not None and bool(screen.query("#done")))
        assert screen.written is not None
        assert "The computer is enrolled." in seen(shell)
        summary = field.accept_pack(Path(screen.written.path).read_bytes(), screen.written.fingerprint)
        assert summary.mission == "Demonstration"
        field.close()
        await pilot.press("enter")
        await at(pilot, MissionsScreen)


async def test_enter_says_no_and_then_nothing_is_made(fresh: Path, world: World) -> None:
    async with at_desk(fresh) as (shell, pilot):
        await comparing(pilot, world.request)
        assert "Did the documenter read exactly these digits to you?" in seen(shell)
        await pilot.press("enter")
        await until(pilot, lambda: "Nothing was made." in seen(shell))
    with Desk.open(fresh, PASSPHRASE) as desk:
        assert desk.vault.db.one("SELECT count(*) FROM device") == (2,)


async def test_a_file_that_is_no_request_is_a_problem(fresh: Path, tmp_path: Path) -> None:
    path = tmp_path / "letter.req"
    path.write_text("no request")
    async with at_desk(fresh) as (shell, pilot):
        await missions(pilot)
        await pilot.press("f5")
        screen = await at(pilot, EnrolScreen)
        for name in (tmp_path / "none.req", path):
            screen.query_one("#request", Input).value = str(name)
            await pilot.press("enter")
            await rest(pilot)
            assert ("There is no file" in seen(shell)) == (name != path)
        await until(pilot, lambda: isinstance(shell.screen, ProblemDialog))
        assert "E_" in seen(shell)


async def test_of_several_missions_one_is_chosen(fresh: Path, world: World, tmp_path: Path) -> None:
    async with at_desk(fresh) as (shell, pilot):
        screen = await founding(pilot, "Second [mission]")
        await pilot.press("f5")
        listed = await at(pilot, MissionsScreen)
        await until(pilot, lambda: len(listed.missions or []) == 2)
        await rest(pilot)
        assert "Second [mission]" in seen(shell)
        assert not screen.is_attached
        await pilot.press("f5")
        enrol = await at(pilot, EnrolScreen)
        enrol.query_one("#request", Input).value = str(world.request)
        await pilot.press("enter")
        await until(pilot, lambda: bool(enrol.query("#no")))
        await pilot.press("right", "enter")
        await until(pilot, lambda: isinstance(shell.screen, Choose))
        await pilot.press("down", "enter")
        await until(pilot, lambda: isinstance(shell.screen, AskFolder))
        shell.screen.query_one(Input).value = str(tmp_path)
        await pilot.press("enter")
        await until(pilot, lambda: enrol.written is not None)


async def test_a_name_that_exists_is_a_problem_and_what_was_typed_stays(fresh: Path) -> None:
    async with at_desk(fresh) as (shell, pilot):
        screen = await founding(pilot, "Demonstration")
        await pilot.press("f5")
        await until(pilot, lambda: isinstance(shell.screen, ProblemDialog))
        assert "E_MISSION_EXISTS" in seen(shell)
        await pilot.press("escape")
        assert screen.query_one("#mission-name", Input).value == "Demonstration"
        assert "F5 Found the mission" in seen(shell)


async def test_forms_of_ones_own_are_checked_when_they_are_added(tmp_path: Path) -> None:
    good = tmp_path / "good.md"
    good.write_text(
        "| survey |      |      |       |\n|        | type | name | label |\n|        | text | q1   | Who?  |\n"
        "| settings |         |         |\n|          | form_id | version |\n|          | mine    | 1       |\n"
    )
    bad = tmp_path / "bad.xml"
    bad.write_text("<h:html")
    Desk.create(tmp_path / "desk", PASSPHRASE, params=SMALL, clock=SetClock()).close()
    async with at_desk(tmp_path / "desk") as (shell, pilot):
        await open_desk(pilot)
        await pilot.press("f9")
        await at(pilot, MissionsScreen)
        assert "This desk has no mission yet." in seen(shell)
        await pilot.press("f3")
        screen = await at(pilot, FoundingScreen)
        assert "F5 Found the mission" not in seen(shell)
        await pilot.press("M", "enter")
        for path in (bad, good):
            screen.query_one("#form", Input).value = str(path)
            await pilot.press("enter")
            await rest(pilot)
            if path is bad:
                await until(pilot, lambda: isinstance(shell.screen, ProblemDialog))
                assert "E_FORM_XML" in seen(shell)
                await pilot.press("escape")
        await until(pilot, lambda: len(screen.forms) == 1)
        assert "mine" in seen(shell)
        await pilot.press("f5")
        await at(pilot, MissionsScreen)
    with Desk.open(tmp_path / "desk", PASSPHRASE) as desk:
        assert [mission.name for mission in desk.missions()] == ["M"]
        assert desk.vault.db.query("SELECT id FROM mission_form") == [("mine",)]
