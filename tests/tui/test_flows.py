"""From review to receipt on the screen: what blocks, the seal, sticks, receipts, purge; and the mission."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from textual.pilot import Pilot
from textual.widgets import Button, Input

from tests.helpers.mission import Office, new_field
from tests.tui.conftest import begin, consent, reopened, seen, shell_of, type_text, unlock, until
from tui.screens.dialogs import AskFolder, AskLine, Confirm
from tui.screens.interviews import InterviewsScreen
from tui.screens.mission import MissionScreen
from tui.screens.problem import ProblemDialog
from tui.screens.receipts import ReceiptsScreen
from tui.screens.review import ReviewScreen
from tui.screens.seal_card import SealCard
from tui.screens.transfer import TransferScreen


async def broken_off(pilot: Pilot[Any], reason: str = "shelling") -> str:
    """Begin an interview, consent, and seal it as broken off. Returns the record code."""
    shell: Any = pilot.app
    screen = await begin(pilot)
    consent(screen)
    await pilot.press("f5")
    await until(pilot, lambda: isinstance(shell.screen, ReviewScreen))
    await pilot.press("f8")
    await type_text(pilot, reason)
    await pilot.press("enter")
    assert isinstance(shell.screen, Confirm)
    assert shell.focused is shell.screen.query_one("#no", Button)
    await pilot.press("right", "enter")
    await until(pilot, lambda: isinstance(shell.screen, SealCard))
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(shell.screen, InterviewsScreen))
    return screen.interview.code


async def test_review_names_what_blocks_and_enter_goes_there(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        await pilot.press("f5")
        await pilot.pause()
        text = seen(shell)
        assert "Must be answered before it can be sealed" in text
        assert "What kind of account is this?" in text
        assert "F5 Seal" not in text
        await pilot.press("down", "enter")
        await until(pilot, lambda: shell.screen is screen)
        assert screen.cursor == shell.screen.interview.review().blocking[1].path


async def test_an_interview_broken_off_is_sealed_with_its_reason(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        await broken_off(pilot)
        assert "1 still has to leave" in seen(shell)
        assert "sealed · has to leave" in seen(shell)
        row = shell.field.interviews()[0]
        assert row.state == "sealed"
        assert row.incomplete == "shelling"
        await pilot.press("enter")
        assert isinstance(shell.screen, InterviewsScreen)


async def test_not_yet_changes_nothing(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        await pilot.press("f5", "f8")
        assert isinstance(shell.screen, AskLine)
        await type_text(pilot, "x")
        await pilot.press("enter", "enter")
        await pilot.pause()
        assert isinstance(shell.screen, ReviewScreen)
        assert shell.field.interviews()[0].state == "open"


async def test_without_consent_the_seal_is_refused_and_the_interview_goes_on(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        for name, value in (("age_gate", "adult"), ("proceed_decision", "proceed_full")):
            screen.changed(screen.interview.answer(("b_safety", name), value))
        code = screen.interview.code
        await pilot.press("f5", "f8")
        await type_text(pilot, "x")
        await pilot.press("enter", "right", "enter")
        await until(pilot, lambda: isinstance(shell.screen, ProblemDialog))
        assert "E_SEAL_CONSENT" in seen(shell)
        await pilot.press("enter")
        await pilot.pause()
        assert shell.screen.interview.code == code
        assert not shell.screen.interview.closed


async def test_sealed_interviews_go_to_sticks_and_the_verdict_is_what_was_read_back(home: Path, tmp_path: Path) -> None:
    shell = shell_of(home)
    sticks = [tmp_path / f"stick{number}" for number in range(3)]
    for stick in sticks:
        stick.mkdir()
    async with shell.run_test(size=(100, 30)) as pilot:
        await broken_off(pilot)
        await pilot.press("f6")
        screen = shell.screen
        assert isinstance(screen, TransferScreen)
        await pilot.press("f5")
        assert not screen.running
        for stick in sticks:
            screen.query_one("#folder", Input).value = str(stick)
            await pilot.press("enter")
            await until(pilot, lambda stick=stick: stick in screen.stick.folders)
        await pilot.press("f5")
        await until(pilot, lambda: screen.report is not None)
        assert "Everything is on the sticks and was read back" in seen(shell)
        assert "1 waits for a receipt" in seen(shell)
        assert "travels again" not in seen(shell)
        assert sum(1 for stick in sticks for _volume in stick.glob("*.vol")) == 5
        await pilot.press("escape")
        await pilot.pause()
        assert "on a stick since" in seen(shell)


async def test_a_folder_that_is_not_there_is_named(home: Path, tmp_path: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        await unlock(pilot)
        await pilot.press("f6")
        screen = shell.screen
        screen.query_one("#folder", Input).value = str(tmp_path / "nothing")
        await pilot.press("enter")
        await until(pilot, lambda: "no folder of that name" in seen(shell))
        assert screen.stick.folders == {}


async def test_without_receipts_nothing_can_be_removed(home: Path, tmp_path: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        await broken_off(pilot)
        await pilot.press("f7")
        screen = shell.screen
        assert isinstance(screen, ReceiptsScreen)
        await pilot.press("f8")
        assert shell.screen is screen
        await pilot.press("f5")
        assert isinstance(shell.screen, AskFolder)
        shell.screen.query_one("#path", Input).value = str(tmp_path)
        await pilot.press("enter")
        await until(pilot, lambda: screen.report is not None)
        assert "There are no receipts for this computer." in seen(shell)
        assert len(shell.field.interviews()) == 1


async def test_a_locked_home_lets_go_of_the_seal_in_another_screen(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        code = await broken_off(pilot)
        await pilot.press("f6", "f4")
        await pilot.pause()
        assert shell.opened is None
    with reopened(home) as field:
        assert [row.code for row in field.interviews()] == [code]


async def test_enrolment_shows_the_pack_and_asks_before_it_is_taken_in(tmp_path: Path) -> None:
    home, office = tmp_path / "home", Office(seed=b"enrol")
    with new_field(home) as field:
        request, _fingerprint = field.request()
    pack = tmp_path / "mission.pack"
    pack.write_bytes(office.pack_for(request))
    shell = shell_of(home)
    async with shell.run_test(size=(90, 30)) as pilot:
        await unlock(pilot)
        await pilot.press("f9", "f5")
        shell.screen.query_one("#path", Input).value = str(tmp_path)
        await pilot.press("enter")
        await until(pilot, lambda: (tmp_path / "svidok-request.req").exists())
        assert (tmp_path / "svidok-request.req").read_bytes() == request
        await pilot.press("f6")
        shell.screen.query_one("#path", Input).value = str(pack)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(shell.screen, AskLine))
        shell.screen.query_one("#line", Input).value = "1 2 3"
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(shell.screen, ProblemDialog))
        await pilot.press("enter")
        # One wrong digit of forty: they stand there to be mended, and the pack is not asked for again.
        await until(pilot, lambda: isinstance(shell.screen, AskLine))
        assert shell.screen.query_one("#line", Input).value == "1 2 3"
        shell.screen.query_one("#line", Input).value = office.fingerprint
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(shell.screen, Confirm))
        assert shell.field.pack() is None
        await pilot.press("right", "enter")
        await until(pilot, lambda: isinstance(shell.screen, MissionScreen) and shell.field.pack() is not None)
        await until(pilot, lambda: "Mission Test mission of Test Office" in seen(shell))
    with reopened(home) as field:
        assert field.pack() is not None
