"""The inbox: import while the screen stays alive, stopping, locking, quarantine, and what goes out."""

from __future__ import annotations

import csv
import threading
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from collector import files
from schemas.problems import Problem
from sync.desk.desk import Desk
from tests.helpers.mission import PASSPHRASE, SMALL
from tests.tui.conftest import seen, type_text, unlock, until
from tests.tui.desk.conftest import RECORDS, World, at, at_desk, office_of, open_desk, rest
from tui.screens.desk import office
from tui.screens.desk.common import problem_of
from tui.screens.desk.inbox import InboxScreen
from tui.screens.desk.profile import IDLE_MINUTES
from tui.screens.desk.quarantine import QuarantineScreen
from tui.screens.desk.search import SearchScreen
from tui.screens.dialogs import AskFolder, Choose, Confirm
from tui.screens.problem import ProblemDialog
from tui.screens.unlock import UnlockScreen


async def give(pilot: Pilot[Any], folders: list[Path]) -> None:
    """Type the folders into the inbox."""
    screen = pilot.app.screen
    assert isinstance(screen, InboxScreen)
    for folder in folders:
        known = len(screen.folders)
        screen.query_one("#folder", Input).value = str(folder)
        await pilot.press("enter")
        await until(pilot, lambda known=known: len(screen.folders) == known + 1)  # type: ignore[misc]


async def ended(pilot: Pilot[Any]) -> None:
    """Wait until the import has ended and the inbox has seen it."""
    shell: Any = pilot.app
    await until(pilot, lambda: shell.opened is not None and not office_of(shell).importing)
    inbox = next(screen for screen in shell.screen_stack if isinstance(screen, InboxScreen))
    inbox.watch_import()
    await rest(pilot)


async def test_import_shows_what_it_brought_and_the_second_time_that_it_was_known(fresh: Path, world: World) -> None:
    async with at_desk(fresh) as (shell, pilot):
        await open_desk(pilot)
        assert "0 records" in seen(shell)
        await give(pilot, world.sticks)
        await pilot.press("f5")
        await ended(pilot)
        words = seen(shell)
        assert f"✓ {RECORDS} records imported" in words
        assert "1 lost, 1 damaged: what they held was rebuilt from the others" in words
        assert f"{RECORDS} records" in words
        await give(pilot, world.sticks)
        await pilot.press("f5")
        await ended(pilot)
        assert "Nothing new was found." in seen(shell)
        assert f"{RECORDS} were known already" in seen(shell)


async def test_what_is_refused_stands_in_quarantine_with_its_three_sentences(fresh: Path, world: World) -> None:
    async with at_desk(fresh, size=(120, 40)) as (shell, pilot):
        await open_desk(pilot)
        await give(pilot, [world.refused])
        await pilot.press("f5")
        await ended(pilot)
        assert "1 stands in quarantine" in seen(shell)
        assert "1 in quarantine" in seen(shell)
        await pilot.press("f6")
        screen = await at(pilot, QuarantineScreen)
        words = " ".join(seen(shell).split())
        problem = problem_of(screen.items[0])
        assert problem.code == "E_DEVICE_REVOKED"
        for sentence in (problem.what, problem.safe, problem.remedy, problem.code):
            assert sentence in words
        assert str(screen.items[0]["bundle"]) in words


async def test_too_few_volumes_are_refused_and_say_what_is_missing(fresh: Path, world: World) -> None:
    async with at_desk(fresh, size=(80, 40)) as (shell, pilot):
        await open_desk(pilot)
        await give(pilot, world.sticks[1:3])
        await pilot.press("f5")
        await ended(pilot)
        assert "Nothing was imported." in seen(shell)
        assert "was refused" in seen(shell)
        assert "E_VOL_MISSING" in seen(shell)
        await give(pilot, [world.sticks[0], world.sticks[4]])  # the others are still in the list
        await pilot.press("f5")
        await ended(pilot)
        assert f"✓ {RECORDS} records imported" in seen(shell)
        assert "▪" not in seen(shell).split("Folder of a stick")[1]


async def test_a_folder_that_is_gone_does_not_keep_the_others_back(fresh: Path, world: World, tmp_path: Path) -> None:
    gone = tmp_path / "GONE"
    gone.mkdir()
    async with at_desk(fresh, size=(80, 40)) as (shell, pilot):
        screen = await open_desk(pilot)
        await give(pilot, [gone])
        gone.rmdir()
        await pilot.press("f5")
        assert not office_of(shell).importing
        await pilot.pause()
        assert "GONEwastakenout." in "".join(seen(shell).split())
        gone.mkdir()
        await give(pilot, [gone, *world.sticks])
        gone.rmdir()
        await pilot.press("f5")
        await ended(pilot)
        assert f"✓ {RECORDS} records imported" in seen(shell)
        assert screen.folders == {}


async def test_sticks_appear_and_go_while_the_inbox_is_open(
    fresh: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugged = [world.sticks[0]]
    monkeypatch.setattr("tui.screens.desk.inbox.mounted_sticks", lambda: list(plugged))
    async with at_desk(fresh) as (shell, pilot):
        screen = await open_desk(pilot)
        await until(pilot, lambda: list(screen.folders) == [world.sticks[0]])
        plugged.append(world.sticks[2])
        screen.watch_sticks()
        await until(pilot, lambda: list(screen.folders) == [world.sticks[0], world.sticks[2]])
        plugged.remove(world.sticks[0])
        screen.watch_sticks()
        assert list(screen.folders) == [world.sticks[2]]
        await pilot.pause()
        assert "wastakenout." in "".join(seen(shell).split())
        await type_text(pilot, "/nowhere at all")
        await rest(pilot)
        assert "wastakenout." not in "".join(seen(shell).split())


async def test_an_empty_desk_says_where_records_come_from_and_offers_no_key_that_does_nothing(fresh: Path) -> None:
    async with at_desk(fresh) as (shell, pilot):
        await open_desk(pilot)
        await pilot.press("f3")
        await at(pilot, SearchScreen)
        assert "There are no records yet. They come by the inbox: Esc." in seen(shell)
        assert "⏎ Open" not in seen(shell)
        assert "Narrow" not in seen(shell)
        await pilot.press("escape", "f6")
        await at(pilot, QuarantineScreen)
        assert "What an import could not take in would stand here" in seen(shell)


async def test_the_screen_stays_alive_and_an_import_that_was_left_is_finished(fresh: Path, world: World) -> None:
    async with at_desk(fresh) as (shell, pilot):
        await open_desk(pilot)
        await give(pilot, world.sticks)
        await pilot.press("f5", "f3")
        await at(pilot, SearchScreen)
        await ended(pilot)
        await pilot.press("escape")
        await at(pilot, InboxScreen)
        assert f"✓ {RECORDS} records imported" in seen(shell)


async def test_a_stopped_import_goes_on_with_the_rest(
    fresh: Path,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with at_desk(fresh) as (shell, pilot):
        await open_desk(pilot)
        await give(pilot, world.sticks)
        start = office.ImportJob.run

        def told_before(job: office.ImportJob, desk: Desk) -> None:
            job.stop()
            start(job, desk)

        with monkeypatch.context() as patch:
            patch.setattr(office.ImportJob, "run", told_before)
            await pilot.press("f5")
            await ended(pilot)
        assert "The import was stopped" in seen(shell)
        await pilot.press("f5")
        await ended(pilot)
        assert f"✓ {RECORDS} records imported" in seen(shell)


async def test_stopping_asks_first(fresh: Path, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    hold = threading.Event()
    start = office.ImportJob.run

    def held(job: office.ImportJob, desk: Desk) -> None:
        hold.wait(20)
        start(job, desk)

    monkeypatch.setattr(office.ImportJob, "run", held)
    async with at_desk(fresh) as (shell, pilot):
        await open_desk(pilot)
        await give(pilot, world.sticks)
        await pilot.press("f5")
        assert "Reading the volumes" in seen(shell)
        await pilot.press("escape")
        assert isinstance(shell.screen, Confirm)
        await pilot.press("enter")
        job = office_of(shell).job
        assert job is not None
        assert not job.stopping
        await pilot.press("escape", "right", "enter")
        assert job.stopping
        hold.set()
        await ended(pilot)
        assert job.state == "stopped"


async def test_a_lock_stops_the_import_and_unlocking_waits_until_the_desk_is_closed(
    fresh: Path,
    world: World,
) -> None:
    async with at_desk(fresh) as (shell, pilot):
        await open_desk(pilot)
        await give(pilot, world.sticks)
        await pilot.press("f5")
        job = office_of(shell).job
        assert job is not None
        await pilot.press("f4")
        assert isinstance(shell.screen, UnlockScreen)
        assert job.stopping
        await unlock(pilot)
        screen = await at(pilot, InboxScreen)
        assert job.state in ("stopped", "done")
        if job.state == "stopped":
            assert "The import was stopped" in seen(shell)
            assert list(screen.folders) == world.sticks
            await pilot.press("f5")
            await ended(pilot)
        assert f"{RECORDS} records" in seen(shell)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_the_desk_locks_when_idle_but_not_while_it_imports(full: Path) -> None:
    clock = Clock()
    async with at_desk(full, clock) as (shell, pilot):
        await open_desk(pilot)
        office_of(shell).job = office.ImportJob([])
        clock.now += IDLE_MINUTES * 60 + 1
        await shell.look_whether_idle()
        assert shell.opened is not None
        office_of(shell).job.state = "done"
        await shell.look_whether_idle()
        assert shell.opened is None
        assert isinstance(shell.screen, UnlockScreen)


async def test_a_folder_that_is_not_there_is_said_and_one_can_be_left_out(fresh: Path, world: World) -> None:
    async with at_desk(fresh) as (shell, pilot):
        screen = await open_desk(pilot)
        screen.query_one("#folder", Input).value = "/no/such/folder"
        await pilot.press("enter")
        await rest(pilot)
        assert "There is no folder of that name." in seen(shell)
        assert "F5 Import" not in seen(shell)
        await give(pilot, world.sticks[:2])
        screen.query_one("#folders").focus()
        await pilot.press("home", "delete")
        assert list(screen.folders) == world.sticks[1:2]


async def test_an_import_that_cannot_work_says_why(fresh: Path, tmp_path: Path) -> None:
    async with at_desk(fresh) as (shell, pilot):
        screen = await open_desk(pilot)
        screen.office.start_import([tmp_path / "gone"])  # taken out after the key was pressed
        screen._begun()
        await ended(pilot)
        assert "! The import broke off" in seen(shell)
        assert "E_STICK_FOLDER" in seen(shell)


async def test_receipts_are_written_to_a_folder(full: Path, tmp_path: Path) -> None:
    async with at_desk(full) as (shell, pilot):
        await open_desk(pilot)
        await pilot.press("f7")
        assert isinstance(shell.screen, AskFolder)
        shell.screen.query_one(Input).value = str(tmp_path)
        await pilot.press("enter")
        await at(pilot, InboxScreen)
        assert f"✓ {RECORDS} receipts written" in seen(shell)
        assert len(list(tmp_path.glob("*.ret"))) == 1


async def test_tables_are_written_only_after_a_warning_to_which_enter_says_no(full: Path, tmp_path: Path) -> None:
    out = tmp_path / "tables"
    out.mkdir()
    async with at_desk(full) as (shell, pilot):
        await open_desk(pilot)
        await pilot.press("f8")
        assert "plain text" in seen(shell)
        await pilot.press("enter")
        await at(pilot, InboxScreen)
        await pilot.press("f8", "right", "enter")
        await at(pilot, Choose)
        assert "Who gets the tables?" in seen(shell)
        await pilot.press("enter")
        await at(pilot, AskFolder)
        shell.screen.query_one(Input).value = str(out)
        await pilot.press("enter")
        await at(pilot, InboxScreen)
        assert "narrative.csv" in seen(shell)
        with (out / "narrative.csv").open(newline="") as table:
            assert sum(1 for _row in csv.DictReader(table)) == RECORDS


async def test_a_full_disk_is_a_problem_in_three_sentences(
    full: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def no_room(*_args: object, **_kwargs: object) -> None:
        raise Problem("E_DISK_FULL")

    async with at_desk(full) as (shell, pilot):
        await open_desk(pilot)
        monkeypatch.setattr(files, "write_durably", no_room)
        await pilot.press("f7")
        shell.screen.query_one(Input).value = str(tmp_path)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(shell.screen, ProblemDialog))
        assert "E_DISK_FULL" in seen(shell)
        monkeypatch.undo()


async def test_a_desk_without_mission_says_what_to_do(tmp_path: Path) -> None:
    Desk.create(tmp_path / "desk", PASSPHRASE, params=SMALL).close()
    async with at_desk(tmp_path / "desk") as (shell, pilot):
        await open_desk(pilot)
        assert "none yet: F9 founds one" in seen(shell)
        assert "F5 Import" not in seen(shell)


async def test_what_the_vault_noticed_when_it_was_opened_is_said(full: Path) -> None:
    async with at_desk(full) as (shell, pilot):
        screen = await open_desk(pilot)
        office_of(shell).run(lambda desk: setattr(desk.vault, "warnings", (Problem("E_ARCHIVE_AHEAD", count=3),)))
        screen.restored()
        await rest(pilot)
        assert "! " in seen(shell)
        assert "E_ARCHIVE_AHEAD" in seen(shell)
