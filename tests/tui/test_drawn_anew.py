"""The language is changed while something goes on: what was typed stays, and nothing that goes on is hurt."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from sync import room
from tests.helpers.mission import PASSPHRASE
from tests.tui.conftest import seen, shell_of, unlock, until
from tests.tui.network import CARD, enrolled_with, give_job, office_with_form, picture
from tui.screens.profiles import Opened
from tui.screens.transfer import TransferScreen
from tui.screens.transfer_stick import StickChoice


@pytest.fixture
def sending(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home whose mission has a receiver; screens look after a run all the time."""
    monkeypatch.setattr("tui.screens.transfer.mounted_sticks", list)
    monkeypatch.setattr("tui.screens.transfer.WATCH_SECONDS", 0.01)
    monkeypatch.setattr("tui.screens.base.REPORT_SECONDS", 0.0)
    enrolled_with(tmp_path / "home", office_with_form(), receivers=(CARD,)).close()
    return tmp_path / "home"


async def transfer(pilot: Pilot[Any]) -> TransferScreen:
    """Unlock, and go to what can be sent."""
    await unlock(pilot)
    await pilot.press("f6")
    screen = pilot.app.screen
    assert isinstance(screen, TransferScreen)
    return screen


async def test_the_language_changes_while_volumes_are_sent(sending: Path) -> None:
    shell = shell_of(sending)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await transfer(pilot)
        give_job(shell, picture())
        screen.action_watch()
        for _turn in range(6):
            await pilot.press("f2")
            await pilot.pause(0.02)
        assert shell.screen is screen


async def test_the_language_changes_while_sticks_are_written(sending: Path) -> None:
    shell = shell_of(sending)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await transfer(pilot)
        screen.running, screen.face = True, "stick"
        screen.halt.pause()
        screen.restored()
        ended, report = threading.Event(), screen.reporter(lambda done, whole: screen._advance("write", done, whole))

        def write() -> None:
            count = 0
            while not ended.wait(0.002):
                report(count := count + 1, 1_000_000)

        writing = threading.Thread(target=write)
        writing.start()
        for _turn in range(3):
            await pilot.press("f2")
        ended.set()
        writing.join()
        assert shell.screen is screen
        assert str(screen.query_one("#held").render()), "it still says that it is paused"


async def test_the_language_changes_while_room_on_sticks_is_measured(
    sending: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go, measuring, forecast = threading.Event(), threading.Event(), room.forecast

    def slow(*args: Any) -> Any:
        measuring.set()
        go.wait(30)
        return forecast(*args)

    monkeypatch.setattr(room, "forecast", slow)
    shell = shell_of(sending)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await transfer(pilot)
        screen.query_one(StickChoice).measure()
        await until(pilot, measuring.is_set)
        screen._drawing = 1
        go.set()
        await until(pilot, lambda: all(worker.is_finished for worker in shell.workers))
        screen._drawing = 0
        await pilot.press("f2")
        await until(pilot, lambda: "Передавати нічого." in seen(shell))
        assert shell.screen is screen


async def test_what_was_typed_for_the_sticks_stays(sending: Path, tmp_path: Path) -> None:
    shell = shell_of(sending)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await transfer(pilot)
        screen.query_one("#k", Input).value, screen.query_one("#folder", Input).value = "1", str(tmp_path)
        await pilot.press("f2")
        await until(pilot, lambda: screen.query_one("#folder", Input).value == str(tmp_path))
        assert screen.query_one("#k", Input).value == "1"


async def test_what_comes_from_a_thread_while_everything_is_drawn_anew_is_shown_afterwards(sending: Path) -> None:
    shell = shell_of(sending)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen, done, told = await transfer(pilot), threading.Event(), list[str]()
        screen._drawing = 1
        screen.work(done.wait, lambda _done: told.append("there"))
        screen.set_timer(0.001, lambda: told.append("later"))
        done.set()
        await until(pilot, lambda: len(screen._put_off) == 4)  # with the two that the screen looks after by itself
        assert told == []
        screen._drawing = 0
        await screen.recompose()
        screen.restored()
        await until(pilot, lambda: sorted(told) == ["later", "there"])


async def test_while_the_vault_is_opened_it_is_not_opened_again(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shell, go, begun = shell_of(home), threading.Event(), list[str]()
    opened = shell.profile.open

    def slow(place: Path, passphrase: str) -> Opened:
        begun.append(passphrase)
        go.wait(20)
        return opened(place, passphrase)

    monkeypatch.setattr(shell.profile, "open", slow)
    async with shell.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        shell.screen.query_one("#passphrase", Input).value = PASSPHRASE
        await pilot.press("enter")
        await until(pilot, lambda: bool(begun))
        await pilot.press("f2")
        await pilot.pause()
        assert "Відкриваю сховище" in seen(shell)
        await pilot.press(*"again", "enter")
        assert shell.screen.query_one("#passphrase", Input).disabled
        go.set()
        await until(pilot, lambda: shell.opened is not None)
        assert begun == [PASSPHRASE]


async def test_a_passphrase_half_typed_stays(tmp_path: Path) -> None:
    shell = shell_of(tmp_path / "new")
    async with shell.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press(*"one two", "enter", *"one tw", "left", "f2")
        await pilot.pause()
        first, again = (shell.screen.query_one(name, Input) for name in ("#passphrase", "#again"))
        assert (first.value, again.value) == ("one two", "one tw")
        await pilot.press("x")
        assert again.value == "one txw"
        await pilot.press("backspace", "f2", "f2")
        assert again.parent is None, "drawn anew"
        assert shell.screen.query_one("#again", Input).value == "one tw"
