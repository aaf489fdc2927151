"""The idle lock comes after what it would break off, and nothing of a testimony is seen until then."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input

from sync import outbox
from tests.tui.conftest import account_of, begin, consent, seen, shell_of, type_text, unlock, until
from tests.tui.network import enrolled_with, office_with_form, sealed
from tests.tui.test_shell import Clock
from tui.screens.dialogs import AskLine
from tui.screens.interview.jump import JumpDialog
from tui.screens.interview.taking import TakingOver
from tui.screens.transfer import TransferScreen
from tui.screens.unlock import UnlockScreen

LONG = 24 * 3600.0


async def test_sticks_are_written_to_their_end_and_the_verdict_can_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.screens.transfer.mounted_sticks", list)
    with enrolled_with(tmp_path / "home", office_with_form()) as field:
        sealed(field, tmp_path, 1)
    go, export = threading.Event(), outbox.export
    monkeypatch.setattr(outbox, "export", lambda *args, **more: go.wait(60) and export(*args, **more))
    (tmp_path / "stick").mkdir()
    clock = Clock()
    shell = shell_of(tmp_path / "home", clock)
    async with shell.run_test(size=(80, 24)) as pilot:
        await unlock(pilot)
        await pilot.press("f6")
        screen = shell.screen
        assert isinstance(screen, TransferScreen)
        screen.query_one("#k", Input).value = screen.query_one("#n", Input).value = "1"
        screen.stick.add(tmp_path / "stick")
        await until(pilot, lambda: bool(screen.stick.folders))
        await pilot.press("f5")
        assert screen.running
        clock.now = LONG
        await shell.look_whether_idle()
        assert shell.screen_stack[-1] is screen
        go.set()
        await until(pilot, lambda: isinstance(screen, TransferScreen) and screen.report is not None)
        await shell.look_whether_idle()
        assert "Everything is on the sticks" in seen(shell)
        clock.now += LONG
        await shell.look_whether_idle()
        assert isinstance(shell.screen, UnlockScreen)


async def test_sticks_that_are_paused_keep_nothing_open(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.screens.transfer.mounted_sticks", list)
    clock = Clock()
    shell = shell_of(home, clock)
    async with shell.run_test(size=(80, 24)) as pilot:
        await unlock(pilot)
        await pilot.press("f6")
        screen = shell.screen
        assert isinstance(screen, TransferScreen)
        screen.running = True
        screen.halt.pause()
        clock.now = LONG
        await shell.look_whether_idle()
        assert isinstance(shell.screen, UnlockScreen)


async def test_a_long_recording_is_taken_over_to_its_end_and_covers_the_questions(home: Path, tmp_path: Path) -> None:
    clock, go = Clock(), threading.Event()
    shell = shell_of(home, clock)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        await account_of(pilot, screen)

        def attach(*_args: Any, **_more: Any) -> None:
            go.wait(60)

        screen.interview.attach = attach  # type: ignore[method-assign,assignment]  # a slow card under the real interview
        shell.push_screen(TakingOver(screen.interview, ("d_account",), tmp_path / "a", lambda _problem: None))
        await pilot.pause()
        clock.now = LONG
        await shell.look_whether_idle()
        await pilot.pause()
        assert isinstance(shell.screen, TakingOver)
        assert "evening" not in seen(shell)
        assert "Taking the file over" in seen(shell)
        go.set()
        await until(pilot, lambda: shell.screen is screen)
        await shell.look_whether_idle()
        assert isinstance(shell.screen_stack[-1], UnlockScreen)


async def test_the_lock_says_whether_all_that_was_typed_is_kept(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        screen.go(("d_account", "narrative_text"))
        await type_text(pilot, "Того ранку")
        await pilot.press("f3")
        await until(pilot, lambda: isinstance(shell.screen, JumpDialog))
        await type_text(pilot, "особ")
        await pilot.press("f4")
        await until(pilot, lambda: isinstance(shell.screen, UnlockScreen))
        assert "Locked. What you were typing is kept." in seen(shell)
        await unlock(pilot)
        shell.push_screen(AskLine("Why?"))
        await until(pilot, lambda: isinstance(shell.screen, AskLine))
        await type_text(pilot, "because")
        await pilot.press("f4")
        await until(pilot, lambda: isinstance(shell.screen, UnlockScreen))
        assert "type it anew" in seen(shell)
        assert "What you were typing is kept" not in seen(shell)


@pytest.mark.parametrize("pressed", [False, True])
async def test_a_minute_before_it_locks_for_idleness_it_says_so(home: Path, pressed: bool) -> None:
    clock = Clock()
    shell = shell_of(home, clock)
    async with shell.run_test(size=(80, 24), notifications=True) as pilot:
        screen = await begin(pilot)
        minutes = shell.profile.idle_minutes(shell.field)
        clock.now = minutes * 60 - 61
        await shell.look_whether_idle()
        await pilot.pause()
        assert "Any key" not in seen(shell)
        clock.now += 2
        await shell.look_whether_idle()
        await until(pilot, lambda: "Any key" in seen(shell))
        if pressed:
            await pilot.press("f1", "escape")
            await until(pilot, lambda: "Any key" not in seen(shell))
        clock.now += 60
        await shell.look_whether_idle()
        await pilot.pause()
        assert (shell.screen is screen) is pressed
        assert isinstance(shell.screen, UnlockScreen) is not pressed
        assert "Any key" not in seen(shell)
